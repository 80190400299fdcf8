# SPDX-License-Identifier: Apache-2.0
"""Suspension of keys by an officer: at once here, and at the exchange as soon as it can be told.

Only the root lifts a suspension, by a keyset signed afterwards that lists the key as current. What the exchange says of
a suspended key changes nothing here.
"""

import logging
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db import transaction
from django.db.models import Q

from accord.calls.errors import ClientError, RefusedError
from accord.moments import moment_of
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.errors import AbsentError
from ledger.audit import record_event
from peers.exchange import exchange_of
from peers.models import Agency
from vault.exchangekeys import lacking, note_lacking
from vault.models import KeyStatement, SuspendedKey
from vault.own_keys import KEYSET, OwnKeyState

REFUSED_REST: Final = timedelta(hours=1)
log = logging.getLogger(__name__)


class Told(StrEnum):
    """Outcome of telling the exchange of a suspension, which holds here whatever it says."""

    TAKEN = "taken"
    AWAY = "away"
    LACKS_RIGHT = "lacks-right"
    """The desk's API key was not given what this takes: telling it again is in vain before the key is replaced."""
    REFUSED = "refused"


def suspend_key(actor: Actor, agency: Agency, kid: str, *, now: datetime) -> Told:
    """Suspend a key of the agency; what the exchange said of it. Again changes nothing. Not inside a transaction.

    For a key officer. Raises NotPermittedError, AbsentError (another agency, no key of it).
    """
    require(actor, Capability.KEY_MANAGE)
    if actor.agency_id != agency.pk:
        raise AbsentError
    _keep(actor, agency, kid, now)
    return _tell(SuspendedKey.objects.get(pk=kid), now)


def tell_suspensions(*, now: datetime) -> int:
    """Tell the exchange of what it has not heard and the root has not answered since; how many it has taken.

    Of an agency whose API key lacks the right for it nothing is told before that key is replaced; what the exchange has
    refused otherwise is told again after `REFUSED_REST`.
    """
    rests = Q(refused_at__gt=now - REFUSED_REST)
    untold = SuspendedKey.objects.filter(told_at=None).exclude(agency_id__in=_lack_the_right()).exclude(rests)
    return sum(_tell(row, now) == Told.TAKEN for row in untold if not _is_answered(row, now))


def reason_untold(agency_id: str) -> Told:
    """Say why a suspension of the agency's stands here alone, where waiting does not mend it; `TAKEN` where none does."""
    untold = list(SuspendedKey.objects.filter(agency_id=agency_id, told_at=None))
    if untold and agency_id in _lack_the_right():
        return Told.LACKS_RIGHT
    return Told.REFUSED if any(row.refused_at for row in untold) else Told.TAKEN


def refused_suspensions() -> list[str]:
    """List the agencies of which the exchange refuses to note a suspended key, for another cause than a right that is lacking."""
    refused = SuspendedKey.objects.filter(told_at=None, refused_at__isnull=False)
    return list(refused.order_by("agency_id").values_list("agency_id", flat=True).distinct())


def _lack_the_right() -> list[str]:
    return [agency_id for agency_id, scopes in lacking().items() if Capability.KEY_SUSPEND in scopes]


def _is_answered(row: SuspendedKey, now: datetime) -> bool:
    """Tell whether a later keyset lists the key as current, even one that waits: the exchange would suspend the key anew."""
    if row.kid not in OwnKeyState(row.agency_id, now).suspended:
        return True
    waiting = KeyStatement.objects.filter(agency_id=row.agency_id, k=KEYSET, taken_at=None, ended_at=None)
    keysets = [statement.keyset for statement in waiting if statement.is_bound]
    later = [one.row(row.kid) for one in keysets if moment_of(one.iat) > row.suspended_at]
    return any(listed is not None and listed.st == "current" for listed in later)


@transaction.atomic
def _keep(actor: Actor, agency: Agency, kid: str, now: datetime) -> None:
    Agency.objects.select_for_update().get(pk=agency.pk)
    own_keys = OwnKeyState(agency.pk, now)
    if own_keys.keyset is None or own_keys.keyset.row(kid) is None:
        raise AbsentError
    if kid in own_keys.suspended:
        return
    SuspendedKey.objects.filter(pk=kid).delete()
    SuspendedKey(kid=kid, agency_id=agency.pk, suspended_by=actor.audit_name, suspended_at=now).save()
    record_event("key.suspended", actor=actor.audit_name, agency=agency.pk, subject=kid, now=now)


def _tell(row: SuspendedKey, now: datetime) -> Told:
    if row.told_at is None:
        row.require_bound()
        try:
            exchange_of(row.agency_id).suspend_key(row.kid)
        except ClientError as trouble:
            log.warning(
                "the exchange has not heard of a suspension of %s: %s", row.agency_id, type(trouble).__name__
            )
            return _note_untold(row, trouble, now)
        SuspendedKey.objects.filter(pk=row.kid).update(told_at=now)
    return Told.TAKEN


def _note_untold(row: SuspendedKey, trouble: ClientError, now: datetime) -> Told:
    if not isinstance(trouble, RefusedError):
        return Told.AWAY
    if note_lacking(row.agency_id, trouble):
        return Told.LACKS_RIGHT
    SuspendedKey.objects.filter(pk=row.kid).update(refused_at=now)
    return Told.REFUSED
