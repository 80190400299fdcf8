# SPDX-License-Identifier: Apache-2.0
"""Access of an actor to the desk's rows. Absent rows and other agencies' rows give the same answer, `AbsentError`."""

import datetime as dt
import uuid
import zoneinfo
from typing import TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from alerts.errors import SendingStoppedError
from alerts.models import Alert, ReceivedAlert
from callers.actors import Actor
from callers.directory import AgencyStatus
from callers.errors import AbsentError
from callers.problems import AGENCY_SUSPENDED
from callers.rows import one_of
from peers.models import Agency

Row = TypeVar("Row", bound=Model)


def find_alert(actor: Actor, alert_id: uuid.UUID | str) -> Alert:
    """Return an alert of the actor's own agency."""
    beside = (
        "agency",
        "previous",
        "author",
        "released_by",
        "withdrawn_by",
        "structure",
        "resent_from__alert",
    )
    return _only(Alert.objects.visible_to(actor).select_related(*beside), pk=_uuid(alert_id))


def find_received(actor: Actor, received_id: uuid.UUID | str) -> ReceivedAlert:
    """Return an alert that the actor's own agency received."""
    return _only(_received(actor), pk=_uuid(received_id))


def find_by_reference(actor: Actor, reference: str) -> ReceivedAlert:
    """Return the received alert with a mail's reference; case and surrounding spaces do not matter."""
    return _only(_received(actor), reference=reference.strip().upper()[:16])


def lock_alert(actor: Actor, alert: Alert) -> Alert:
    """Return the alert, read again and locked to the end of the caller's transaction."""
    rows = Alert.objects.visible_to(actor).select_related("agency__desk_policy", "author")
    return _only(rows.select_for_update(of=("self",)), pk=alert.pk)


def lock_received(actor: Actor, received: ReceivedAlert) -> ReceivedAlert:
    """Return the received alert, read again and locked to the end of the caller's transaction."""
    return _only(_received(actor).select_for_update(of=("self",)), pk=received.pk)


def agency_of(actor: Actor) -> Agency:
    """Return the actor's own agency; raises `AbsentError` for an actor without one."""
    return _only(Agency.objects.all(), pk=actor.agency_id)


def sending_agency_of(actor: Actor) -> Agency:
    """Return the actor's agency if it may send now; raises `SendingStoppedError` while it is suspended."""
    agency = agency_of(actor)
    if agency.status != AgencyStatus.ACTIVE:
        raise SendingStoppedError(_(AGENCY_SUSPENDED.sentence))
    return agency


def today_of(actor: Actor, now: dt.datetime) -> dt.date:
    """Return today's date in the actor's time zone; UTC for a system."""
    zone = getattr(actor, "effective_timezone", "UTC")
    return now.astimezone(zoneinfo.ZoneInfo(zone)).date()


def _received(actor: Actor) -> QuerySet[ReceivedAlert]:
    return ReceivedAlert.objects.visible_to(actor).select_related(
        "agency__desk_policy", "issuer", "acknowledged_by"
    )


def _only(rows: QuerySet[Row], **lookup: object) -> Row:
    row = one_of(rows.filter(**lookup))
    if row is None:
        raise AbsentError
    return row


def _uuid(value: uuid.UUID | str) -> uuid.UUID:
    try:
        return value if isinstance(value, uuid.UUID) else uuid.UUID(value)
    except ValueError:
        raise AbsentError from None
