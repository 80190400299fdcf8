# SPDX-License-Identifier: Apache-2.0
"""Changes of the keys of an agency whose root is in the vault, too (custody `hub`).

- The hub can act as these agencies, and says so wherever custody is shown.
- Each change is made by a key officer of the agency. The keeper, too, may make the first keys and renew a keyset.
- Old private keys stay, for reading.
- Each function keeps what the root has signed in one transaction and hands it to the exchange afterwards
  (`vault.outgoing`), so none may be called inside a transaction. The statement returned may still wait, where the
  exchange is away.
- `seen` is the version of the keyset that the person saw (0 for none), None where nobody looked.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accord.envelope.errors import EnvelopeError
from accord.envelope.keyrule import check_window
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import CHANGED, Keyset, check_next_keyset
from accord.envelope.private import Root, SignerSet
from accord.envelope.statements.bodies import REVOKE_CODES
from accord.envelope.vocabulary import statement_typ
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.directory import Custody
from callers.errors import AbsentError, InputError, MoveError
from ledger.audit import record_event
from peers.models import Agency
from vault import outgoing
from vault.changes import (
    USES,
    CancelRecovery,
    ChangeRoot,
    Create,
    Following,
    Renew,
    Retire,
    RootCard,
    Rotate,
    read_announced,
)
from vault.errors import (
    CustodyRefusedError,
    KeysMovedError,
    RecoveryWaitsError,
    SigningKeysMissingError,
)
from vault.handing import has_left
from vault.making import (
    build_keyset,
    build_revoke,
    held_root,
    held_signing_keys,
    keep_keyset,
    keep_revoke,
    keep_roots,
    plan_change,
    sign_by_root,
    succession_of,
)
from vault.models import KeyStatement
from vault.own_keys import OwnKeyState, keyset_in_force


def create_agency_keys(
    actor: Actor,
    agency: Agency,
    *,
    suites: Sequence[str] = (PQ1, EC1),
    low: str = "",
    now: datetime,
) -> KeyStatement:
    """Draw and keep root and keys of an agency of custody `hub`, and hand in its first keyset.

    `low` is the lowest suite that the agency accepts: PQ1 where it has PQ1, unless EC1 is chosen on purpose.

    For the keeper, or a key officer of the agency. Raises NotPermittedError, AbsentError, CustodyRefusedError,
    InputError, and what `send_statement` raises.
    """
    require_key_officer(actor, agency, or_keeper=True)
    root, successor = Root.generate(), Root.generate()
    change = Create(tuple(suites), RootCard(root.public, successor.fingerprint), low)
    with transaction.atomic():
        locked = lock_agency(agency, has_root_here=True)
        outgoing.require_none_waits(locked.pk)
        if locked.root_fingerprint or keyset_in_force(locked.pk, now=now) is not None:
            raise CustodyRefusedError(locked.pk, locked.custody)
        plan = plan_change(locked, change, now=now)
        roots = keep_roots(locked, (root, successor), now=now)
        signed = sign_by_root(locked, build_keyset(locked, plan, now=now), plan.signers)
        act, listed = "agency.keys_created", sorted(suites)
        statement = keep_keyset(
            actor, locked, signed, act, roots=roots, drawn=plan.drawn, now=now, suites=listed
        )
    return outgoing.send_statement(statement.od, now=now)


def renew_agency_keys(
    actor: Actor, agency: Agency, *, seen: int | None = None, now: datetime
) -> KeyStatement:
    """Sign the next version of a keyset with the same keys; it ends after 90 days.

    For the keeper, or a key officer of the agency. Raises NotPermittedError, AbsentError, CustodyRefusedError,
    RecoveryWaitsError, ChangeWaitsError, KeysMovedError, and what `send_statement` raises.
    """
    require_key_officer(actor, agency, or_keeper=True)
    return _change_keys(actor, agency, Renew(), "agency.keyset_renewed", seen, now)


def rotate_agency_keys(
    actor: Actor,
    agency: Agency,
    *,
    uses: Sequence[str] = USES,
    suites: Sequence[str] | None = None,
    seen: int | None = None,
    now: datetime,
) -> KeyStatement:
    """Replace keys by fresh ones; the old ones retire over 30 days, and always open what was sealed to them.

    `suites`: those the agency has, unless named. Raises as `renew_agency_keys`, and InputError.
    """
    require_key_officer(actor, agency)
    change = Rotate(tuple(uses), None if suites is None else tuple(suites))
    return _change_keys(actor, agency, change, "agency.keys_rotated", seen, now, uses=sorted(uses))


def retire_agency_key(
    actor: Actor, agency: Agency, *, kid: str, seen: int | None = None, now: datetime
) -> KeyStatement:
    """End one key now; nothing is said about what it signed. The last key of its kind is rotated, not retired.

    Raises as `renew_agency_keys`, and InputError.
    """
    require_key_officer(actor, agency)
    return _change_keys(actor, agency, Retire(kid), "agency.key_retired", seen, now, kid=kid)


def revoke_agency_key(
    actor: Actor,
    agency: Agency,
    *,
    kid: str,
    since: datetime,
    code: str,
    seen: int | None = None,
    now: datetime,
) -> KeyStatement:
    """Revoke a key: the root states that it is not to be trusted from `since` on. It cannot be taken back; rotate afterwards.

    The key signs nothing here from now on, also while the exchange is away. Raises NotPermittedError, AbsentError,
    CustodyRefusedError, InputError, KeysMovedError, and what `send_statement` raises.
    """
    require_key_officer(actor, agency)
    body = read_revocation(agency, kid=kid, since=since, code=code, now=now)
    with transaction.atomic():
        locked = lock_agency(agency, has_root_here=True)
        before = require_keyset(locked, now)
        require_seen(before, seen)
        payload = build_revoke(locked, before.root, body, now=now)
        statement = keep_revoke(actor, locked, sign_by_root(locked, payload, before.root), now=now)
    return outgoing.send_statement(statement.od, now=now)


def change_agency_root(
    actor: Actor, agency: Agency, *, seen: int | None = None, now: datetime
) -> KeyStatement:
    """Change to the announced root, signed by both roots; a new successor is drawn and announced. Raises as the others."""
    require_key_officer(actor, agency)
    return _replace_root(actor, agency, "agency.root_changed", seen, now, alone=False)


def announce_own_root(
    actor: Actor, agency: Agency, fingerprint: str, *, seen: int | None = None, now: datetime
) -> KeyStatement:
    """Change to the announced root, signed by both, and announce a root that the agency's head keeps, by its fingerprint.

    From then on this desk cannot change the root without the head, so that the agency can leave it. Raises as the
    others, and InputError (`announce`), MoveError (the agency is leaving already and changes no keys here).
    """
    require_key_officer(actor, agency)
    with transaction.atomic():
        locked = lock_agency(agency, has_root_here=True)
        if has_left(locked.pk):
            raise MoveError("leaving", "announce")
        before = require_keyset(locked, now)
        announced = read_announced(fingerprint, own=before.nroot)
        change = ChangeRoot(RootCard(held_root(locked, before.nroot), announced))
        statement = _keep_change(actor, locked, change, "agency.root_changed", seen, now)
    return outgoing.send_statement(statement.od, now=now)


def sign_move(actor: Actor, agency: Agency, payload: bytes, *, now: datetime) -> bytes:
    """Sign the keyset by which the agency leaves this desk, with the root that is here; its head signs it, too.

    `payload` is what the other desk proposes: it names the announced root and custody `agency`, ends every key of this
    desk, and adds new ones. Any other payload raises InputError (`proposal`). Raises NotPermittedError, AbsentError,
    CustodyRefusedError, MoveError (nobody has agreed that the agency leaves).
    """
    require_key_officer(actor, agency)
    with transaction.atomic():
        locked = lock_agency(agency, has_root_here=True)
        if not has_left(locked.pk):
            raise MoveError("here", "sign")
        before = require_keyset(locked, now)
        keyset = _checked_move(locked, payload, before, now)
        signer = SignerSet(held_signing_keys(locked, before.root))
        record("agency.move_signed", actor, locked, keyset.od, now, version=keyset.version)
    return signer.sign_jws(statement_typ("keyset"), payload)


def _checked_move(agency: Agency, payload: bytes, before: Keyset, now: datetime) -> Keyset:
    try:
        keyset = check_next_keyset(payload, previous=before)
        check_window(keyset.iat, int(now.timestamp()))
    except EnvelopeError as refused:
        raise InputError(
            "proposal",
            _(
                "Proposal: it does not follow your agency's keys as they stand now (%(code)s). Have the other desk propose it anew."
            )
            % {"code": refused.code},
        ) from None
    known = {row.kid for row in before.rows}
    is_left = all(row.st not in ("current", "retiring") for row in keyset.rows if row.kid in known)
    if keyset.custody != Custody.AGENCY or keyset.succession != CHANGED or not is_left:
        raise InputError(
            "proposal",
            _(
                "Proposal: it does not take your agency's keys home. Choose the file that the own desk made for that."
            ),
        )
    return keyset


def recover_agency_root(
    actor: Actor, agency: Agency, *, seen: int | None = None, now: datetime
) -> KeyStatement:
    """Replace a lost root by the announced one, which signs alone; it comes into force after 72 hours in public.

    Raises as the others.
    """
    require_key_officer(actor, agency)
    return _replace_root(actor, agency, "agency.root_recovered", seen, now, alone=True)


def cancel_root_recovery(
    actor: Actor, agency: Agency, *, seen: int | None = None, now: datetime
) -> KeyStatement:
    """Cancel a recovery that waits, by a statement of the old root; it never comes into force.

    Raises as the others, and InputError where none waits.
    """
    require_key_officer(actor, agency)
    return _change_keys(actor, agency, CancelRecovery(), "agency.recovery_cancelled", seen, now)


def _change_keys(
    actor: Actor,
    agency: Agency,
    change: Following,
    act: str,
    seen: int | None,
    now: datetime,
    **detail: Any,
) -> KeyStatement:
    with transaction.atomic():
        locked = lock_agency(agency, has_root_here=True)
        statement = _keep_change(actor, locked, change, act, seen, now, **detail)
    return outgoing.send_statement(statement.od, now=now)


def _replace_root(
    actor: Actor, agency: Agency, act: str, seen: int | None, now: datetime, *, alone: bool
) -> KeyStatement:
    successor = Root.generate()
    with transaction.atomic():
        locked = lock_agency(agency, has_root_here=True)
        before = require_keyset(locked, now)
        change = succession_of(locked, before, successor, alone=alone)
        roots = keep_roots(locked, (successor,), now=now)
        statement = _keep_change(actor, locked, change, act, seen, now, roots=roots)
    return outgoing.send_statement(statement.od, now=now)


def _keep_change(
    actor: Actor,
    locked: Agency,
    change: Following,
    act: str,
    seen: int | None,
    now: datetime,
    *,
    roots: Sequence[str] = (),
    **detail: Any,
) -> KeyStatement:
    outgoing.require_none_waits(locked.pk)
    check_recovery(locked, change, now)
    require_seen(keyset_in_force(locked.pk, now=now), seen)
    plan = plan_change(locked, change, now=now)
    signed = sign_by_root(locked, build_keyset(locked, plan, now=now), plan.signers)
    detail |= {"version": plan.body["ver"]}
    return keep_keyset(actor, locked, signed, act, roots=roots, drawn=plan.drawn, now=now, **detail)


def require_key_officer(actor: Actor, agency: Agency, *, or_keeper: bool = False) -> None:
    """Raise NotPermittedError for an officer without key management, AbsentError for other agencies; `or_keeper` admits
    the keeper.
    """
    if or_keeper and Capability.DESK_KEEP in actor.capabilities:
        return
    if actor.agency_id != agency.pk:
        raise AbsentError
    require(actor, Capability.KEY_MANAGE)


def lock_agency(agency: Agency, *, has_root_here: bool) -> Agency:
    """Return the agency's row, locked; raises CustodyRefusedError where its root is held otherwise."""
    locked = Agency.objects.select_for_update().get(pk=agency.pk)
    if (locked.custody == Custody.HUB) != has_root_here:
        raise CustodyRefusedError(locked.pk, locked.custody)
    return locked


def require_seen(keyset: Keyset | None, seen: int | None) -> None:
    """Raise KeysMovedError where the keyset is not the version that somebody saw; `seen` is None where nobody looked."""
    if seen is not None and (keyset.version if keyset else 0) != seen:
        raise KeysMovedError


def require_keyset(agency: Agency, now: datetime) -> Keyset:
    """Return the keyset that the next statement must follow; raises SigningKeysMissingError before the first."""
    keyset = keyset_in_force(agency.pk, now=now)
    if keyset is None:
        raise SigningKeysMissingError(agency.pk, PQ1)
    return keyset


def check_recovery(agency: Agency, change: Create | Following, now: datetime) -> None:
    """Refuse every change but `CancelRecovery` while a recovery waits, since it would cancel the recovery unasked.

    Raises RecoveryWaitsError, InputError.
    """
    waiting = OwnKeyState(agency.pk, now).waiting
    if waiting is not None and not isinstance(change, CancelRecovery):
        raise RecoveryWaitsError(agency.pk, waiting.version)
    if waiting is None and isinstance(change, CancelRecovery):
        raise InputError("recovery", _("Recovery: none waits."))


def read_revocation(agency: Agency, *, kid: str, since: datetime, code: str, now: datetime) -> dict[str, Any]:
    """Return the body of a revoke, checked; raises AbsentError (no key of this agency), InputError."""
    own_keys = OwnKeyState(agency.pk, now)
    row = own_keys.keyset.row(kid) if own_keys.keyset else None
    if row is None:
        raise AbsentError
    if since > now:
        raise InputError("since", _("Since: choose a time that is not ahead."))
    at, said = int(since.timestamp()), own_keys.revoked.get(kid)
    before = [one for one in (row.since, said) if one is not None]
    if any(at >= one for one in before):
        raise InputError(
            "since", _("Since: this key is revoked already; only an earlier time changes anything.")
        )
    if code not in REVOKE_CODES:
        raise InputError("code", _("Reason: choose stolen, lost, error or ended."))
    return {"kid": kid, "since": at, "code": code}


def record(act: str, actor: Actor, agency: Agency, subject: str, now: datetime, **detail: Any) -> None:
    """Record the audit event of a change."""
    record_event(act, actor=actor.audit_name, agency=agency.pk, subject=subject, detail=detail, now=now)
