# SPDX-License-Identifier: Apache-2.0
"""Suspension of keys by an officer: at once here, and at the exchange as soon as it can be told.

Only the root lifts a suspension, by a keyset signed afterwards that lists the key as current. What the exchange says of
a suspended key changes nothing here.
"""

import logging
from datetime import datetime

from django.db import transaction

from accord.calls.errors import ClientError
from accord.moments import moment_of
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.errors import AbsentError
from ledger.audit import record_event
from peers.exchange import exchange_of
from peers.models import Agency
from vault.models import OwnWord, SuspendedKey
from vault.standing import KEYSET, StandingKeys

log = logging.getLogger(__name__)


def suspend_key(actor: Actor, agency: Agency, kid: str, *, now: datetime) -> bool:
    """Suspend a key of the agency; return whether the exchange was told. May be repeated. Not inside a transaction.

    For a key officer. Raises NotPermittedError, AbsentError (another agency, no key of it).
    """
    require(actor, Capability.KEY_MANAGE)
    if actor.agency_id != agency.pk:
        raise AbsentError
    _keep(actor, agency, kid, now)
    return _tell(SuspendedKey.objects.get(pk=kid), now)


def tell_suspensions(*, now: datetime) -> int:
    """Tell the exchange of suspensions that it was not told and the root has not lifted; return how many it accepted."""
    untold = [row for row in SuspendedKey.objects.filter(told_at=None) if not _is_answered(row, now)]
    return sum(_tell(row, now) for row in untold)


def _is_answered(row: SuspendedKey, now: datetime) -> bool:
    """Tell whether a later keyset lists the key as current, even one that waits: the exchange would suspend the key anew."""
    if row.kid not in StandingKeys(row.agency_id, now).suspended:
        return True
    waiting = OwnWord.objects.filter(agency_id=row.agency_id, k=KEYSET, taken_at=None, ended_at=None)
    keysets = [word.keyset for word in waiting if word.is_bound]
    later = [one.row(row.kid) for one in keysets if moment_of(one.iat) > row.suspended_at]
    return any(listed is not None and listed.st == "current" for listed in later)


@transaction.atomic
def _keep(actor: Actor, agency: Agency, kid: str, now: datetime) -> None:
    Agency.objects.select_for_update().get(pk=agency.pk)
    standing = StandingKeys(agency.pk, now)
    if standing.keyset is None or standing.keyset.row(kid) is None:
        raise AbsentError
    if kid in standing.suspended:
        return
    SuspendedKey.objects.filter(pk=kid).delete()
    SuspendedKey(kid=kid, agency_id=agency.pk, suspended_by=actor.audit_name, suspended_at=now).save()
    record_event("key.suspended", actor=actor.audit_name, agency=agency.pk, subject=kid, now=now)


def _tell(row: SuspendedKey, now: datetime) -> bool:
    if row.told_at is None:
        row.require_bound()
        try:
            exchange_of(row.agency_id).suspend_key(row.kid)
        except ClientError as trouble:
            log.warning(
                "the exchange has not heard of a suspension of %s: %s", row.agency_id, type(trouble).__name__
            )
            return False
        SuspendedKey.objects.filter(pk=row.kid).update(told_at=now)
    return True
