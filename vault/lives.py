# SPDX-License-Identifier: Apache-2.0
"""The life of an agency's keys whose root, too, is in the vault (custody `hub`): one verb each.

The hub can act as these agencies, and says so wherever custody is shown. Each verb is by a key officer of the
agency; making the first keys and renewing a keyset are the keeper's, too. Old private keys stay for reading.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import Keyset as EnvelopeKeyset
from accord.envelope.private import Root
from accord.envelope.statements.bodies import REVOKE_CODES
from agencies.accession import accept_revoke
from agencies.errors import CustodyRefusedError, RecoveryWaitsError
from agencies.models import Key, Keyset, KeyUse, Revocation
from agencies.registry import begin_root, standing_keyset, waiting_recovery
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.directory import Custody
from callers.errors import AbsentError, InputError
from ledger.audit import record_event
from peers.models import Agency
from vault.changes import USES, CancelRecovery, Create, Following, Renew, Retire, RootCard, Rotate
from vault.errors import SigningKeysMissingError
from vault.making import (
    bring_in,
    build_keyset,
    build_revoke,
    keep_roots,
    plan_change,
    sign_by_root,
    succession_of,
)


def create_agency_keys(
    actor: Actor, agency: Agency, *, suites: Sequence[str] = (PQ1, EC1), low: str = "", now: datetime
) -> Keyset:
    """Draws, registers and keeps root and keys of an agency of custody `hub`, whose first keyset this is.

    `low` is the lowest suite it will take part in: PQ1 where it has PQ1, unless EC1 is chosen on purpose.

    By the keeper, or a key officer of the agency. Raises NotPermittedError, AbsentError, CustodyRefusedError,
    InputError.
    """
    require_key_officer(actor, agency, or_keeper=True)
    root, successor = Root.generate(), Root.generate()
    change = Create(tuple(suites), RootCard(root.public, successor.fingerprint), low)
    with transaction.atomic():
        locked = lock_agency(agency, Custody.HUB)
        plan = plan_change(locked, change, now=now)
        begin_root(locked.pk, root.fingerprint)
        keep_roots(locked, (root, successor), now=now)
        signed = sign_by_root(locked, build_keyset(locked, plan, now=now), plan.signers)
        keyset = bring_in(actor, locked, signed, plan.rows, plan.drawn, now=now)
        record("agency.keys_created", actor, locked, keyset.od, now, suites=sorted(suites))
    return keyset


def renew_agency_keys(actor: Actor, agency: Agency, *, now: datetime) -> Keyset:
    """Signs the next version of a keyset, which ends after 90 days: the same keys, for 90 days more.

    By the keeper, or a key officer of the agency. Raises NotPermittedError, AbsentError, CustodyRefusedError,
    RecoveryWaitsError.
    """
    require_key_officer(actor, agency, or_keeper=True)
    return _change_keys(actor, agency, Renew(), "agency.keyset_renewed", now)


def rotate_agency_keys(
    actor: Actor,
    agency: Agency,
    *,
    uses: Sequence[str] = USES,
    suites: Sequence[str] | None = None,
    now: datetime,
) -> Keyset:
    """Fresh keys; the old ones retire over 30 days, and open what was sealed to them for ever.

    `suites`: those the agency has, unless named. Raises as `renew_agency_keys`, and InputError.
    """
    require_key_officer(actor, agency)
    change = Rotate(tuple(uses), None if suites is None else tuple(suites))
    return _change_keys(actor, agency, change, "agency.keys_rotated", now, uses=sorted(uses))


def retire_agency_key(actor: Actor, agency: Agency, *, kid: str, now: datetime) -> Keyset:
    """Ends one key now, without a word about what it signed. The last of its kind is rotated, not retired.

    Raises as `renew_agency_keys`, and InputError.
    """
    require_key_officer(actor, agency)
    return _change_keys(actor, agency, Retire(kid), "agency.key_retired", now, kid=kid)


def revoke_agency_key(
    actor: Actor, agency: Agency, *, kid: str, since: datetime, code: str, now: datetime
) -> Revocation:
    """The root's word that a key is not to be believed since `since`; it cannot be taken back. Rotate afterwards.

    Raises NotPermittedError, AbsentError, CustodyRefusedError, InputError.
    """
    require_key_officer(actor, agency)
    body = read_revocation(agency, kid=kid, since=since, code=code, now=now)
    with transaction.atomic():
        locked = lock_agency(agency, Custody.HUB)
        before = standing_or_refuse(locked, now)
        payload = build_revoke(locked, before.root, body, now=now)
        return accept_revoke(actor, sign_by_root(locked, payload, before.root), now=now)


def change_agency_root(actor: Actor, agency: Agency, *, now: datetime) -> Keyset:
    """To the announced root, signed by both; a new successor is drawn and announced. Raises as the others."""
    require_key_officer(actor, agency)
    return _replace_root(actor, agency, "agency.root_changed", now, alone=False)


def recover_agency_root(actor: Actor, agency: Agency, *, now: datetime) -> Keyset:
    """To the announced root, which signs alone, for a root that is lost; it waits 72 hours in public.

    Raises as the others.
    """
    require_key_officer(actor, agency)
    return _replace_root(actor, agency, "agency.root_recovered", now, alone=True)


def cancel_root_recovery(actor: Actor, agency: Agency, *, now: datetime) -> Keyset:
    """The word of the old root, by which a recovery that waits never comes into force.

    Raises as the others, and InputError where none waits.
    """
    require_key_officer(actor, agency)
    return _change_keys(actor, agency, CancelRecovery(), "agency.recovery_cancelled", now)


def _change_keys(
    actor: Actor, agency: Agency, change: Following, act: str, now: datetime, **detail: Any
) -> Keyset:
    with transaction.atomic():
        locked = lock_agency(agency, Custody.HUB)
        check_recovery(locked, change, now)
        plan = plan_change(locked, change, now=now)
        signed = sign_by_root(locked, build_keyset(locked, plan, now=now), plan.signers)
        keyset = bring_in(actor, locked, signed, plan.rows, plan.drawn, now=now)
        record(act, actor, locked, keyset.od, now, version=keyset.version, **detail)
    return keyset


def _replace_root(actor: Actor, agency: Agency, act: str, now: datetime, *, alone: bool) -> Keyset:
    successor = Root.generate()
    with transaction.atomic():
        locked = lock_agency(agency, Custody.HUB)
        before = standing_or_refuse(locked, now)
        change = succession_of(locked, before, successor, alone=alone)
        keyset = _change_keys(actor, locked, change, act, now)
        keep_roots(locked, (successor,), now=now)
    return keyset


def require_key_officer(actor: Actor, agency: Agency, *, or_keeper: bool = False) -> None:
    """A key officer of the agency, or the keeper where that is said; for anybody else the agency is absent."""
    if or_keeper and Capability.DESK_KEEP in actor.capabilities:
        return
    if actor.agency_id != agency.pk:
        raise AbsentError
    require(actor, Capability.KEY_MANAGE)


def lock_agency(agency: Agency, custody: Custody) -> Agency:
    """The agency's row, locked; raises CustodyRefusedError where its keys are held otherwise."""
    locked = Agency.objects.select_for_update().get(pk=agency.pk)
    if locked.custody != custody:
        raise CustodyRefusedError(locked.pk, locked.custody)
    return locked


def standing_or_refuse(agency: Agency, now: datetime) -> EnvelopeKeyset:
    """The keyset that the next word must follow; raises SigningKeysMissingError before the first."""
    standing = standing_keyset(agency.pk, now=now)
    if standing is None:
        raise SigningKeysMissingError(agency.pk, PQ1)
    return standing


def check_recovery(agency: Agency, change: Create | Following, now: datetime) -> None:
    """Nothing but `CancelRecovery` follows a recovery that waits, since it would cancel it unasked.

    Raises RecoveryWaitsError, InputError.
    """
    waiting = waiting_recovery(agency.pk, now=now)
    if waiting is not None and not isinstance(change, CancelRecovery):
        raise RecoveryWaitsError(agency.pk, waiting.version)
    if waiting is None and isinstance(change, CancelRecovery):
        raise InputError("recovery", _("Recovery: none waits."))


def read_revocation(agency: Agency, *, kid: str, since: datetime, code: str, now: datetime) -> dict[str, Any]:
    """The body of a revoke, checked; raises AbsentError (no key of this agency), InputError."""
    key = Key.objects.filter(pk=kid, agency_id=agency.pk).exclude(use=KeyUse.ROOT).first()
    if key is None:
        raise AbsentError
    if since > now:
        raise InputError("since", _("Since: choose a time that is not ahead."))
    at = int(since.timestamp())
    if key.since is not None and at >= key.since:
        raise InputError(
            "since", _("Since: this key is revoked already; only an earlier time changes anything.")
        )
    if code not in REVOKE_CODES:
        raise InputError("code", _("Reason: choose stolen, lost, error or ended."))
    return {"kid": kid, "since": at, "code": code}


def record(act: str, actor: Actor, agency: Agency, subject: str, now: datetime, **detail: Any) -> None:
    """The audit event of one verb."""
    record_event(act, actor=actor.audit_name, agency=agency.pk, subject=subject, detail=detail, now=now)
