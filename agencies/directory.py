# SPDX-License-Identifier: Apache-2.0
"""The directory: the agencies, and their keys in force.

- Only what a signed checkpoint covers is in force: a keyset without a receipt is shown to no other agency and used for nothing.
- `DatabaseKeyDirectory` answers the envelope's checks. One instance serves one request or one batch and caches what it has
  read, so that 500 recipients cost a handful of queries.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

from django.db.models import Exists, F, OuterRef, QuerySet

from accord.envelope import keysets as envelope
from accord.envelope.errors import EnvelopeError
from accord.envelope.keys import ENC, suite_rank
from agencies.errors import KeysetUnreadableError
from agencies.models import Agency, Key, Keyset, Revocation, Succession
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.errors import AbsentError
from ledger import proofs
from ledger.models import Distrust
from ledger.set_aside import set_aside_about

log = logging.getLogger(__name__)


def list_agencies(actor: Actor) -> QuerySet[Agency]:
    """Return every agency this actor may see, by id; raise NotPermittedError."""
    require(actor, Capability.DIRECTORY_READ)
    return Agency.objects.visible_to(actor).order_by("id")


def list_agencies_now(actor: Actor, *, now: datetime) -> list[Agency]:
    """Return the agencies of `list_agencies`, each with the fingerprint of the root in force now. Raises NotPermittedError."""
    agencies = list(list_agencies(actor))
    roots = _recovered_roots(now)
    for agency in agencies:
        agency.root_fingerprint = roots.get(agency.pk, agency.root_fingerprint)
    return agencies


def _recovered_roots(now: datetime) -> dict[str, str]:
    """Return, by agency, the root in force where a recovery may have changed the registered one."""
    recovered = Keyset.objects.filter(succession=Succession.RECOVERED)
    agencies = recovered.exclude(root_fingerprint=F("agency__root_fingerprint")).values_list(
        "agency", flat=True
    )
    directory = DatabaseKeyDirectory(now)
    directory.preload(agencies)
    found = {agency: directory.keyset(agency) for agency in agencies}
    return {agency: keyset.root_fingerprint for agency, keyset in found.items() if keyset is not None}


def find_agency(actor: Actor, agency_id: str) -> Agency:
    """Return one agency of the directory; raise AbsentError for one unknown or not yet admitted."""
    agency = Agency.objects.visible_to(actor).filter(pk=agency_id).first()
    if agency is None:
        raise AbsentError
    return agency


@dataclass(frozen=True)
class PublishedKeyset:
    """A keyset as the directory shows it. `receipt` is None until the ledger has logged it."""

    row: Keyset
    receipt: dict[str, Any] | None
    revokes: tuple[tuple[bytes, dict[str, Any]], ...]
    """Every logged `revoke` of the agency, as signed, each with its receipt."""


def published_keyset(
    actor: Actor, agency_id: str, *, version: int | None = None, now: datetime
) -> PublishedKeyset:
    """Return the keyset in force, or the one of `version`. Only the own agency sees one without a receipt.

    Raises AbsentError.
    """
    agency = find_agency(actor, agency_id)
    row = _keyset_row(agency, version, now, is_own=actor.agency_id == agency.pk)
    if row is None:
        raise AbsentError
    revokes = list(Revocation.objects.filter(agency=agency).order_by("accepted_at"))
    receipts = proofs.receipts_for([row.od, *(revoke.od for revoke in revokes)])
    logged = [revoke for revoke in revokes if revoke.od in receipts]
    return PublishedKeyset(
        row, receipts.get(row.od), tuple((bytes(revoke.jws), receipts[revoke.od]) for revoke in logged)
    )


def newest_keyset(agency_id: str, *, now: datetime) -> Keyset | None:
    """Return the stored keyset in force now, or None."""
    in_force = DatabaseKeyDirectory(now).keyset(agency_id)
    return Keyset.objects.get(od=in_force.od) if in_force else None


def _keyset_row(agency: Agency, version: int | None, now: datetime, *, is_own: bool) -> Keyset | None:
    accepted = Keyset.objects.filter(agency=agency)
    if version is None:
        in_force = newest_keyset(agency.pk, now=now)
        return in_force or (accepted.order_by("-version").first() if is_own else None)
    rows = list(accepted.filter(version=version).order_by("accepted_at"))
    logged = proofs.log_times(row.od for row in rows)
    return next((row for row in reversed(rows) if is_own or row.od in logged), None)


class DatabaseKeyDirectory:
    """The envelope's `IntakeDirectory` over the database, at one moment; it caches what it has read."""

    def __init__(self, now: datetime) -> None:
        self._now = int(now.timestamp())
        self._newest: dict[str, envelope.Keyset | None] = {}
        self._histories: dict[str, tuple[envelope.Keyset, ...]] = {}
        self._revokes: dict[str, list[envelope.Revocation]] = {}
        self._revoked: dict[str, tuple[envelope.Revocation, ...]] = {}
        self._unreadable: set[str] = set()

    def preload(self, agencies: Iterable[str]) -> None:
        """Read the newest keysets and the revocations of many agencies in three queries, four if there are any."""
        wanted = [agency for agency in set(agencies) if agency not in self._newest]
        rows = list(_newest_accepted(wanted))
        places = proofs.log_places(row.od for row in rows)
        known = {row.agency_id: self._read(row, places[row.od]) for row in rows if _is_plain(row, places)}
        self._revokes |= self._logged_revokes(wanted)
        for agency in wanted:
            self._newest[agency] = known.get(agency) or self._newest_by_history(agency)

    def _logged_revokes(self, agencies: Iterable[str]) -> dict[str, list[envelope.Revocation]]:
        return _logged_revokes(agencies)

    def keyset(self, agency: str) -> envelope.Keyset | None:
        """Return the newest keyset in force, or None."""
        if agency not in self._newest:
            self.preload([agency])
        return self._newest[agency]

    def require_readable(self, agency: str) -> None:
        """Raise KeysetUnreadableError where a stored keyset of the agency is unreadable: then none of its keysets counts."""
        self.keyset(agency)
        if agency in self._unreadable:
            raise KeysetUnreadableError(agency)

    def keyset_logged_before(
        self, agency: str, log_time: int, index: int | None = None
    ) -> envelope.Keyset | None:
        """Return the keyset that was in force at `log_time` (seconds), for the leaf of this index."""
        newest = self.keyset(agency)
        # Histories were read only where the newest keyset alone does not tell everything.
        if newest is None or (agency not in self._histories and _is_logged_by(newest, log_time)):
            return newest
        if log_time > self._now:
            return envelope.newest_in_force(self._history(agency), self._now)
        return envelope.newest_in_force(self._history(agency), log_time, index=index)

    def revocations(self, agency: str) -> Sequence[envelope.Revocation]:
        """Return every logged revocation of a key of the agency."""
        if agency not in self._revoked:
            stating, revokes = self._stating_revocations(agency), self._revokes[agency]
            self._revoked[agency] = envelope.revocations_of(stating, revokes, now=self._now)
        return self._revoked[agency]

    def kids_revoked_by_word(self, agency: str) -> set[str]:
        """Return the keys that a logged `revoke` names, whether or not the keyset in force also marks them."""
        self.keyset(agency)
        return {word.kid for word in self._revokes[agency]}

    def suspended_kids(self, agency: str) -> Collection[str]:
        """Return the keys blocked at intake: suspended, or revoked by a `revoke` that the ledger has yet to log."""
        suspended = Key.objects.filter(agency_id=agency, suspended_at__isnull=False)
        revoked = Revocation.objects.filter(agency_id=agency)
        return {*suspended.values_list("kid", flat=True), *revoked.values_list("key_id", flat=True)}

    def owners(self, kids: Sequence[str]) -> Mapping[str, str]:
        """Return the agency of each of these encryption keys, in any state; unknown kids are missing."""
        return dict(Key.objects.filter(kid__in=kids, use=ENC).values_list("kid", "agency_id"))

    def recipient_keys(
        self, agencies: Sequence[str], suite: str, now: int
    ) -> Mapping[str, envelope.RecipientKey]:
        """Return the key that senders seal to, for each agency that can be sealed to, in five queries for any number.

        These agencies have none:

        - one whose `low` is above the suite;
        - one whose newest key is blocked here: its senders, who do not know of the block, would not accept an older key;
        - one whose keyset or revocation was set aside: it may have revoked its keys.
        """
        distrusted = distrusted_agencies(agencies)
        rows = {
            row.agency_id: row for row in self._rows_in_force(agencies) if row.agency_id not in distrusted
        }
        revoked, blocked = _revoked_and_blocked(agencies)
        return pick_recipient_keys(rows, suite, now, revoked=revoked, blocked=blocked)

    def _rows_in_force(self, agencies: Sequence[str]) -> list[Keyset]:
        rows = list(_newest_accepted(agencies).defer("jws"))
        places = proofs.log_places(row.od for row in rows)
        plain = [row for row in rows if _is_plain(row, places)]
        others = [self._newest_by_history(row.agency_id) for row in rows if not _is_plain(row, places)]
        ods = [keyset.od for keyset in others if keyset is not None]
        return plain + (list(Keyset.objects.filter(od__in=ods).defer("jws")) if ods else [])

    def _newest_by_history(self, agency: str) -> envelope.Keyset | None:
        return envelope.newest_in_force(self._history(agency), self._now)

    def _history(self, agency: str) -> tuple[envelope.Keyset, ...]:
        """Return every accepted keyset that the ledger has logged."""
        if agency not in self._histories:
            rows = list(Keyset.objects.filter(agency_id=agency).order_by("version"))
            places = proofs.log_places(row.od for row in rows)
            read = [self._read(row, places[row.od]) for row in rows if row.od in places]
            # A missing keyset might have revoked a key: without it none counts.
            self._histories[agency] = tuple(filter(None, read)) if None not in read else ()
        return self._histories[agency]

    def _read(self, row: Keyset, place: tuple[int, int]) -> envelope.Keyset | None:
        """Read a keyset at its index and log time; an unreadable one of one agency holds up no other agency."""
        index, log_time = place
        try:
            return read_stored_keyset(bytes(row.jws), log_time, row.succession, index)
        except EnvelopeError:
            log.error("a stored keyset of %s cannot be read", row.agency_id)
            self._unreadable.add(row.agency_id)
            return None

    def _stating_revocations(self, agency: str) -> Sequence[envelope.Keyset]:
        newest = self.keyset(agency)
        # A later keyset keeps every `since`, so if the one in force has none, no earlier one had.
        if newest is None or all(row.since is None for row in newest.rows):
            return ()
        return self._history(agency)


def distrusted_agencies(agencies: Iterable[str]) -> set[str]:
    """Return those agencies whose keyset or revocation was set aside, so that nobody knows which keys count."""
    return set_aside_about(Distrust.AGENCY, agencies)


class KeysetFacts(Protocol):
    """A stored keyset's facts about its keys, without its signatures: `rows` as in `agencies.models.Keyset`."""

    @property
    def exp(self) -> int: ...

    @property
    def low(self) -> str: ...

    @property
    def custody(self) -> str: ...

    @property
    def rows(self) -> Sequence[dict[str, Any]]: ...


def pick_recipient_keys(
    keysets: Mapping[str, KeysetFacts],
    suite: str,
    now: int,
    *,
    revoked: Collection[str],
    blocked: Collection[str],
) -> dict[str, envelope.RecipientKey]:
    """Return the key to seal to, by agency, from the keyset in force of each; an agency without one is missing."""
    found = {}
    for agency, keyset in keysets.items():
        open_to = now < keyset.exp and suite_rank(suite) >= suite_rank(keyset.low)
        key = _newest_encryption_row(keyset.rows, suite, now, revoked) if open_to else None
        if key is not None and key["kid"] not in blocked:
            found[agency] = envelope.RecipientKey(agency, key["kid"], key["alg"], key["crv"], keyset.custody)
    return found


@lru_cache(maxsize=128)
def read_stored_keyset(
    jws: bytes, log_time: int | None, succession: str, log_index: int | None = None
) -> envelope.Keyset:
    """Parse a keyset of our own store; the cache parses the same octets once."""
    return envelope.read_keyset(jws, log_time=log_time, log_index=log_index, succession=succession)


def _newest_accepted(agencies: Iterable[str]) -> QuerySet[Keyset, Any]:
    """Return the newest accepted keyset of each agency, with `was_recovered`: whether any of its keysets is a recovery."""
    accepted = Keyset.objects.filter(agency_id__in=list(agencies))
    recovery = Keyset.objects.filter(agency_id=OuterRef("agency_id"), succession=Succession.RECOVERED)
    return (
        accepted.annotate(was_recovered=Exists(recovery))
        .order_by("agency_id", "-version")
        .distinct("agency_id")
    )


def _is_plain(row: Any, places: Mapping[str, tuple[int, int]]) -> bool:
    """Tell whether the newest accepted keyset is in force whatever came before it."""
    return row.od in places and not row.was_recovered


def _is_logged_by(keyset: envelope.Keyset, log_time: int) -> bool:
    """Tell whether the keyset was logged in an earlier second; within one second the leaf index decides, in the chain."""
    return keyset.log_time is not None and keyset.log_time < log_time


def _logged_revokes(agencies: Iterable[str]) -> dict[str, list[envelope.Revocation]]:
    """Return every `revoke` of these agencies that the ledger has logged, by agency."""
    found: dict[str, list[envelope.Revocation]] = {agency: [] for agency in agencies}
    rows = list(Revocation.objects.filter(agency_id__in=found).order_by("accepted_at").defer("jws"))
    places = proofs.log_places(row.od for row in rows) if rows else {}
    for row in rows:
        if row.od in places:
            index, logged = places[row.od]
            said = envelope.Revocation(row.agency_id, row.key_id, row.since, row.code, row.od, logged, index)
            found[row.agency_id].append(said)
    return found


def _revoked_and_blocked(agencies: Sequence[str]) -> tuple[set[str], set[str]]:
    """Return the publicly revoked keys, and the keys blocked only here: suspended, or revoked and not yet logged."""
    suspended = Key.objects.filter(agency_id__in=agencies, use=ENC, suspended_at__isnull=False)
    said = dict(Revocation.objects.filter(agency_id__in=agencies).values_list("od", "key_id"))
    logged = proofs.log_times(said) if said else {}
    revoked = {kid for od, kid in said.items() if od in logged}
    return revoked, {*suspended.values_list("kid", flat=True), *said.values()} - revoked


def _newest_encryption_row(
    rows: Iterable[dict[str, Any]], suite: str, now: int, revoked: Collection[str]
) -> dict[str, Any] | None:
    """Choose as `newest_encryption_key`: current, valid now, with the greatest `nbf`; of equals the last."""
    newest: dict[str, Any] | None = None
    for row in rows:
        usable = row["use"] == ENC and row["st"] == "current" and row["nbf"] <= now < row["exp"]
        fits = usable and suite in row["suites"] and row["kid"] not in revoked
        if fits and (newest is None or row["nbf"] >= newest["nbf"]):
            newest = row
    return newest
