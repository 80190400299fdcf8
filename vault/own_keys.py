# SPDX-License-Identifier: Apache-2.0
"""An agency's own keys: what its desk has verified, and its own statements that the exchange has taken since.

A keyset that waits for the log counts as logged, since it will be logged before whatever follows it. A recovered root
that waits for its delay does not count.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from django.db.models import F, Q

from accord.envelope import keysets as envelope
from accord.envelope.statements.form import parse_statement
from accord.following.follower import trusted_now
from accord.following.pinned import PinnedDirectory, kept_chain
from accord.moments import moment_of
from peers.memory import PeerMemory
from peers.models import PeerKeyset
from vault.models import Arrival, KeyStatement, SuspendedKey, VaultKey

KEYSET, REVOKE = "keyset", "revoke"


class OwnKeyState:
    """An agency's keys at one moment. Raises NotBoundError where what was verified was altered outside the program."""

    def __init__(self, agency_id: str, now: datetime) -> None:
        self.agency_id = agency_id
        self._now = now

    @property
    def keyset(self) -> envelope.Keyset | None:
        """Keyset that the agency's next statement must follow or be signed by; None before the first."""
        return next(reversed(self._in_force), None)

    @property
    def waiting(self) -> envelope.Keyset | None:
        """Recovered root that waits for its delay to end, or None; its `log_time` is None until it is logged."""
        begun = {keyset.od for keyset in self._in_force}
        coming = envelope.in_force(self._chain, self._at + envelope.RECOVERY_DELAY_SECS)
        waiting = [one for one in coming if one.od not in begun and one.succession == envelope.RECOVERED]
        if not waiting or self.is_logged(waiting[0].od):
            return next(iter(waiting), None)
        return replace(waiting[0], log_time=None)

    @cached_property
    def revoked(self) -> Mapping[str, int]:
        """Revoked keys: by kid, the earliest time that a `revoke` of the agency states."""
        found: dict[str, int] = {}
        for jws in self._revokes():
            body = parse_statement(jws.encode()).statement.body
            found[body["kid"]] = min(body["since"], found.get(body["kid"], body["since"]))
        return found

    @cached_property
    def suspended(self) -> frozenset[str]:
        """Keys that an officer has suspended and that no later keyset lists as current."""
        rows = list(SuspendedKey.objects.filter(agency_id=self.agency_id))
        for row in rows:
            row.require_bound()
        return frozenset(row.kid for row in rows if not self._is_lifted(row))

    @property
    def blocked(self) -> frozenset[str]:
        """Keys that sign nothing: suspended, or revoked by a statement of the agency, even one that the exchange has yet
        to take.
        """
        return self.suspended | self.revoked.keys()

    def is_logged(self, od: str) -> bool:
        """Tell whether the log has this keyset or revocation, as it was verified here."""
        said = {record.od for record in self._memory.revocations(self.agency_id)}
        return od in {keyset.od for keyset in self._kept} | said

    def jws_of(self, od: str) -> bytes | None:
        """Return a keyset as it was signed; None for one that is not known here."""
        for record in self._memory.keysets(self.agency_id):
            if envelope.read_keyset(record.jws.encode()).od == od:
                return record.jws.encode()
        row = self._taken.get(od)
        return row.jws.encode() if row else None

    @cached_property
    def _memory(self) -> PeerMemory:
        return own_memory(self.agency_id)

    @cached_property
    def _at(self) -> int:
        return trusted_now(int(self._now.timestamp()), self._memory.newest_log_time())

    @cached_property
    def _kept(self) -> list[envelope.Keyset]:
        return kept_chain(self._memory, self.agency_id)

    @cached_property
    def _taken(self) -> dict[str, KeyStatement]:
        """Keysets that the exchange has taken and that were not seen in the log yet, by od."""
        known = {keyset.od for keyset in self._kept}
        return {
            row.od: row for row in _statements(self.agency_id, KEYSET) if row.taken_at and row.od not in known
        }

    @cached_property
    def _chain(self) -> list[envelope.Keyset]:
        taken = [replace(row.keyset, log_time=self._at) for row in self._taken.values()]
        return [*self._kept, *taken]

    @cached_property
    def _in_force(self) -> list[envelope.Keyset]:
        return envelope.in_force(self._chain, self._at)

    def _revokes(self) -> list[str]:
        """Return the revocations that the log has, and the agency's own that are not logged yet."""
        logged = [record.jws for record in self._memory.revocations(self.agency_id)]
        return [*logged, *(row.jws for row in _statements(self.agency_id, REVOKE))]

    def _is_lifted(self, row: SuspendedKey) -> bool:
        """Tell whether a keyset made after the suspension lists the key as current."""
        later = (one for one in self._in_force if moment_of(one.iat) > row.suspended_at)
        return any((listed := one.row(row.kid)) is not None and listed.st == "current" for one in later)


def own_memory(agency_id: str) -> PeerMemory:
    """Return what an agency's desk has verified; its own keysets are pinned by the first one that was made here."""
    return PeerMemory(agency_id, lambda peer: own_root(agency_id) if peer == agency_id else "")


def own_root(agency_id: str) -> str:
    """Return the root fingerprint of the first keyset that was handed in here; empty once that is verified, or where it is unknown.

    The exchange thus cannot show the agency another beginning of its own keys.
    """
    for row in _statements(agency_id, KEYSET):
        if row.keyset.version == 1:
            return row.keyset.root_fingerprint
    return ""


def own_directory(agency_id: str, now: datetime) -> PinnedDirectory:
    """Return the agency's own keys in force, for what it signs; raises NotBoundError as `OwnKeyState`."""
    memory = own_memory(agency_id)
    return PinnedDirectory(memory, lambda: trusted_now(int(now.timestamp()), memory.newest_log_time()))


def agencies_with_keys() -> set[str]:
    """Return the agencies of this desk whose first keyset the exchange has taken.

    An agency that comes from another desk is left out until keys are made here.
    """
    taken = KeyStatement.objects.filter(k=KEYSET, taken_at__isnull=False).order_by().values_list("agency_id")
    verified = PeerKeyset.objects.filter(peer=F("reader")).order_by().values_list("reader")
    made = VaultKey.objects.order_by().values("agency_id")
    coming = Arrival.objects.exclude(pk__in=made).values_list("pk", flat=True)
    return {agency_id for (agency_id,) in taken.union(verified)} - set(coming)


def keyset_in_force(agency_id: str, *, now: datetime) -> envelope.Keyset | None:
    return OwnKeyState(agency_id, now).keyset


def _statements(agency_id: str, k: str) -> list[KeyStatement]:
    """List the agency's statements that count: those given up are left out, and so are those altered outside the program."""
    rows = KeyStatement.objects.filter(Q(ended_at=None) | Q(k=REVOKE), agency_id=agency_id, k=k)
    return [row for row in rows.order_by("made_at") if row.is_bound]
