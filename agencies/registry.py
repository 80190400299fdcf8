# SPDX-License-Identifier: Apache-2.0
"""The register of keysets and keys: which keyset may follow which, and what a stored keyset changes.

- A keyset must follow the one in force. While a recovered root waits, that is the one before the recovery, so that only a
  keyset of the old root is accepted: it cancels the recovery.
- A waiting recovery changes no key; it takes effect once it is in force (`take_over_recoveries`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import F

from accord.envelope import keysets as envelope
from accord.envelope.errors import Failure, VerificationError
from accord.envelope.keyrule import check_window
from accord.envelope.keys import PublicKey
from accord.envelope.statements.form import Statement, parse_statement
from accord.moments import moment_of
from agencies.errors import KeyTakenError
from agencies.models import Agency, Key, Keyset, KeyState, KeyUse, Revocation, Succession
from callers.actors import Actor, SystemActor
from callers.directory import AgencyStatus, Custody
from ledger import proofs
from ledger.audit import record_event
from ledger.entries import append_entry
from ledger.models import Distrust
from ledger.set_aside import Item, Loop, begin_round

KEYSET_ENTRY: Final = "keyset"

_REGISTER = SystemActor("register")
RECOVERING: Final = Loop("keys.recoveries", _REGISTER.audit_name)


@dataclass(frozen=True)
class NewKeyset:
    """A verified new keyset. `known` is its row if it came before; `added` are its new keys.

    `is_logged`: it was accepted and logged before, and lost by a restore.
    """

    keyset: envelope.Keyset
    jws: bytes
    added: tuple[envelope.KeyRow, ...]
    known: Keyset | None = None
    is_logged: bool = False


def find_known(agency_id: str, jws: bytes) -> Keyset | None:
    """Return the row of a keyset that came before; raise MalformedError or VerificationError for bytes that are no statement."""
    return Keyset.objects.filter(od=parse_statement(jws).od, agency_id=agency_id).first()


def verify_newcomer(agency: Agency, jws: bytes, *, now: datetime) -> NewKeyset:
    """Check signatures, root, succession and times against the stored keysets; raise the envelope's errors."""
    known = find_known(agency.pk, jws)
    if known is not None:
        return NewKeyset(_read(known), jws, (), known)
    statement = parse_statement(jws).statement
    is_logged = check_root_statement(statement, agency.pk, now)
    _refuse_used_id(agency.pk, statement)
    previous = keyset_in_force(agency.pk, now=now)
    pinned = previous.root_fingerprint if previous else _first_root(agency, jws)
    keyset = envelope.verify_keyset(jws, pinned=pinned, previous=previous, strict=True)
    if keyset.succession == Succession.RECOVERED:
        _refuse_second_recovery(agency, keyset)
    before = {row.kid for row in previous.rows} if previous else set()
    added = tuple(row for row in keyset.rows if row.kid not in before)
    return NewKeyset(keyset, jws, added, is_logged=is_logged)


def _first_root(agency: Agency, jws: bytes) -> str:
    """Return the root from paper; where a desk makes the root there is none yet, and the key for entering vouches for it."""
    if agency.custody == Custody.HUB and not agency.root_fingerprint:
        return envelope.read_keyset(jws).root_fingerprint
    return agency.root_fingerprint


def keyset_in_force(agency_id: str, *, now: datetime) -> envelope.Keyset | None:
    """Return the keyset that the agency's next keyset must follow, or next statement be signed under; None before the first.

    It is the newest in force. A keyset that waits for the ledger counts as logged now, since it will be logged before whatever
    comes after it; a recovered root that waits for its delay to end does not count.
    """
    at = int(now.timestamp())
    return envelope.newest_in_force(_chain(agency_id, at), at)


def waiting_recovery(agency_id: str, *, now: datetime) -> envelope.Keyset | None:
    """Return the recovered root that waits for its delay to end, if there is one; its `log_time` is None until it is logged."""
    at = int(now.timestamp())
    chain = _chain(agency_id, at)
    begun = {keyset.od for keyset in envelope.in_force(chain, at)}
    coming = envelope.in_force(chain, at + envelope.RECOVERY_DELAY_SECS)
    waiting = [item for item in coming if item.od not in begun and item.succession == Succession.RECOVERED]
    if not waiting:
        return None
    return _read(Keyset.objects.get(od=waiting[0].od), proofs.log_times([waiting[0].od]).get(waiting[0].od))


def _chain(agency_id: str, at: int) -> list[envelope.Keyset]:
    """Return every accepted keyset; one that waits for the ledger counts as logged at `at`."""
    rows = list(Keyset.objects.filter(agency_id=agency_id).order_by("version", "accepted_at"))
    times = proofs.log_times(row.od for row in rows)
    return [_read(row, times.get(row.od, at)) for row in rows]


def revoked_since(agency_id: str) -> dict[str, int]:
    """Return the smallest `since` of each key that an accepted `revoke` of this agency names, by kid."""
    said = Revocation.objects.filter(agency_id=agency_id).order_by("-since")
    return dict(said.values_list("key_id", "since"))


def _refuse_used_id(agency_id: str, statement: Statement) -> None:
    """Raise VerificationError if this keyset's id was used before."""
    rows = Keyset.objects.filter(agency_id=agency_id)
    if any(parse_statement(bytes(row.jws)).statement.id == statement.id for row in rows):
        raise VerificationError(Failure.REPLAY, statement.id)


def refuse_taken(agency_id: str, claims: Mapping[str, str]) -> None:
    """Raise KeyTakenError where a kid belongs to another agency or use; `claims` is use by kid. Ownership is permanent."""
    for registered in Key.objects.filter(kid__in=claims).order_by("kid"):
        if registered.agency_id != agency_id or registered.use != claims[registered.kid]:
            raise KeyTakenError(registered.kid)


def check_root_statement(statement: Statement, agency_id: str, now: datetime) -> bool:
    """Return whether a restore has lost this statement of a root while the ledger has it: then its log time counts.

    Raises VerificationError for another issuer, or for invalid times.
    """
    leaf = proofs.wanted_place(statement.od)
    at = int(now.timestamp()) if leaf is None else leaf.t
    if statement.iss != agency_id:
        raise VerificationError(Failure.ISSUER)
    check_window(statement.iat, at)
    if statement.exp is not None and statement.exp <= at:
        raise VerificationError(Failure.EXPIRED)
    return leaf is not None


def register_keyset(caller: Actor, agency: Agency, newcomer: NewKeyset, *, now: datetime) -> Keyset:
    """Store a keyset that passed every check, with its keys, ledger entry and audit event; the agency is locked."""
    keyset = newcomer.keyset
    row = Keyset.objects.create(
        agency=agency,
        version=keyset.version,
        od=keyset.od,
        prev=keyset.prev,
        succession=keyset.succession,
        jws=newcomer.jws,
        root_fingerprint=keyset.root_fingerprint,
        custody=keyset.custody,
        low=keyset.low,
        iat=keyset.iat,
        exp=keyset.exp,
        rows=[_facts(item) for item in keyset.rows],
        accepted_at=now,
    )
    _register_keys(agency, keyset)
    if keyset.succession != Succession.RECOVERED:
        _take_over(agency, keyset, now)
    if agency.status == AgencyStatus.ENTERING:
        agency.status = AgencyStatus.ACTIVE
        agency.save(update_fields=["status"])
    append_entry(keyset.od, kind=KEYSET_ENTRY, agency=agency.pk, now=now)
    detail = {"version": keyset.version, "added": [item.kid for item in newcomer.added]}
    record_event(
        "keyset.accepted",
        actor=caller.audit_name,
        agency=agency.pk,
        subject=keyset.od,
        detail=detail,
        now=now,
    )
    return row


def take_over_recoveries(*, now: datetime) -> int:
    """Register recovered roots, with their keys, whose delay is over; return how many.

    Safe to run at any time and twice. The directory shows them from the end of the delay, whether this ran or not.
    """
    recovered = Keyset.objects.filter(succession=Succession.RECOVERED)
    waiting = recovered.exclude(root_fingerprint=F("agency__root_fingerprint"))
    agencies = list(waiting.order_by("agency").values_list("agency", flat=True).distinct())
    a_round, settled = begin_round(RECOVERING, now=now), list[bool]()
    a_round.try_again(lambda agency: settled.append(settle_recovery(agency, now=now)))
    for agency in sorted(set(agencies) - a_round.keys_aside()):
        a_round.take(
            Item(agency, agency, Distrust.AGENCY, agency),
            lambda agency=agency: settled.append(settle_recovery(agency, now=now)),  # type: ignore[misc]
        )
    return sum(settled)


def settle_recovery(agency_id: str, *, now: datetime) -> bool:
    """Register an agency's recovered root if its delay is over; return whether anything changed."""
    with transaction.atomic():
        agency = Agency.objects.select_for_update().get(pk=agency_id)
        standing = keyset_in_force(agency_id, now=now)
        if standing is None or standing.root_fingerprint == agency.root_fingerprint:
            return False
        _take_over(agency, standing, now)
        record_event(
            "keyset.recovered",
            actor=_REGISTER.audit_name,
            agency=agency_id,
            subject=standing.od,
            detail={"version": standing.version, "root_fingerprint": standing.root_fingerprint},
            now=now,
        )
    return True


def _refuse_second_recovery(agency: Agency, keyset: envelope.Keyset) -> None:
    """Raise VerificationError for a second recovery while one waits: only the old root may answer it."""
    recoveries = Keyset.objects.filter(agency=agency, succession=Succession.RECOVERED)
    if recoveries.filter(version=keyset.version).exists():
        raise VerificationError(Failure.KEYSET_CHAIN, "a recovery waits")


def _read(row: Keyset, log_time: int | None = None) -> envelope.Keyset:
    return envelope.read_keyset(bytes(row.jws), log_time=log_time, succession=row.succession)


def _facts(row: envelope.KeyRow) -> dict[str, Any]:
    return {
        "kid": row.kid,
        "use": row.use,
        "alg": row.key.alg,
        "crv": row.key.curve,
        "suites": sorted(row.key.suites),
        "nbf": row.nbf,
        "exp": row.exp,
        "st": row.st,
        "since": row.since,
    }


def _register_keys(agency: Agency, keyset: envelope.Keyset) -> None:
    """Register every key of a keyset to the agency, for ever; leave keys that were registered before unchanged."""
    keys = _keys_of(agency, keyset)
    if keyset.succession == Succession.RECOVERED:
        # Reserved while the recovery waits, but not in use.
        for key in keys:
            key.st, key.since = KeyState.RETIRED, None
    # Insert first and check afterwards: of two agencies that claim one key at a time, the second waits here.
    Key.objects.bulk_create(keys, ignore_conflicts=True)
    refuse_taken(agency.pk, {key.kid: str(key.use) for key in keys})


def _take_over(agency: Agency, keyset: envelope.Keyset, now: datetime) -> None:
    """Set the agency's root and keys from this keyset; keys that a `revoke` names stay revoked."""
    keys = _keys_of(agency, keyset)
    revoked = revoked_since(agency.pk)
    for key in keys:
        if key.kid in revoked:
            key.st, key.since = KeyState.REVOKED, min(revoked[key.kid], key.since or revoked[key.kid])
    Key.objects.bulk_update(keys, ["exp", "st", "since"])
    _lift_suspensions(agency, keyset, [key.kid for key in keys if key.st == KeyState.CURRENT], now)
    if agency.root_fingerprint != keyset.root_fingerprint:
        current = [key.kid for key in keyset.root]
        former = Key.objects.filter(agency=agency, use=KeyUse.ROOT).exclude(kid__in=current)
        former.update(st=KeyState.RETIRED)
        agency.root_fingerprint = keyset.root_fingerprint
        agency.save(update_fields=["root_fingerprint"])


def _lift_suspensions(
    agency: Agency, keyset: envelope.Keyset, current: Collection[str], now: datetime
) -> None:
    """Lift suspensions of keys that a keyset signed after the suspension lists as current.

    A keyset suffices, without a statement kind of its own: the root signs it, every reader finds it in the log, and each answer
    to a suspicion (revoke, retire, go on) is a keyset. One that was signed before the suspension lifts nothing.
    """
    suspended = Key.objects.filter(agency=agency, kid__in=current, until_keyset=True)
    lifted = suspended.filter(suspended_at__lt=moment_of(keyset.iat))
    for kid in list(lifted.order_by("kid").values_list("kid", flat=True)):
        Key.objects.filter(pk=kid).update(suspended_at=None, until_keyset=False)
        record_event(
            "key.resumed",
            actor=_REGISTER.audit_name,
            agency=agency.pk,
            subject=kid,
            detail={"keyset": keyset.od},
            now=now,
        )


def _keys_of(agency: Agency, keyset: envelope.Keyset) -> list[Key]:
    keys = [_operational(agency, row) for row in keyset.rows]
    return keys + [_root(agency.pk, key, keyset.iat) for key in keyset.root]


def _operational(agency: Agency, row: envelope.KeyRow) -> Key:
    return Key(
        kid=row.kid,
        agency=agency,
        use=row.use,
        alg=row.key.alg,
        suites=sorted(row.key.suites),
        jwk=row.key.jwk,
        nbf=row.nbf,
        exp=row.exp,
        st=row.st,
        since=row.since,
    )


def _root(agency_id: str, key: PublicKey, since: int) -> Key:
    return Key(
        kid=key.kid,
        agency_id=agency_id,
        use=KeyUse.ROOT,
        alg=key.alg,
        suites=[],
        jwk=key.jwk,
        nbf=since,
        exp=None,
        st=KeyState.CURRENT,
    )
