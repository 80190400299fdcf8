# SPDX-License-Identifier: Apache-2.0
"""Acknowledgement of several received alerts for one reason, each by a signed statement of its own.

Only an alert that somebody of the agency has opened can be acknowledged; nothing is opened here. One that cannot be
acknowledged is refused with its cause and does not stop the others.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext as _

from accord.envelope.errors import EnvelopeError
from alerts.boxes.inbox import InboxRow, inbox_rows
from alerts.errors import AlertsError, NotOpenedError, SendingStoppedError
from alerts.models import ReceivedAlert
from alerts.problems import words_for
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.opening import reason_text
from alerts.receiving.verification import failed_text
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from officers.models import Officer
from vault.errors import VaultError

AT_MOST: Final = 50


class Outcome(StrEnum):
    """Outcome for one alert; in a preview `ACKNOWLEDGED` means that it will be."""

    ACKNOWLEDGED = "acknowledged"
    ALREADY = "already"
    REFUSED = "refused"


@dataclass(frozen=True)
class Acknowledgement:
    """Result for one chosen alert. `row` is None where the officer has no such alert; `text` says why it is refused."""

    id: uuid.UUID
    row: InboxRow | None
    outcome: Outcome
    text: str = ""


def preview_acknowledgements(
    officer: Officer, ids: Iterable[uuid.UUID | str], *, now: datetime
) -> tuple[Acknowledgement, ...]:
    """Return what `acknowledge_alerts` would do now, in the given order; raises `InputError` for none, or too many."""
    require(officer, Capability.ALERT_ACKNOWLEDGE)
    chosen = _chosen(ids)
    found = ReceivedAlert.objects.visible_to(officer).filter(pk__in=chosen)
    rows = inbox_rows(officer, list(found.select_related("issuer", "agency")), now=now)
    by_id = {row.received.pk: row for row in rows}
    return tuple(_judged(alert_id, by_id.get(alert_id)) for alert_id in chosen)


def acknowledge_alerts(
    officer: Officer, ids: Iterable[uuid.UUID | str], *, reason: str, reference: str = "", now: datetime
) -> tuple[Acknowledgement, ...]:
    """Acknowledge every alert that can be; each audit entry has the reason. Not inside a transaction.

    `reason` and `reference` are those of an opening. Raises `InputError`.
    """
    words = reason_text(reason, reference)
    judged = preview_acknowledgements(officer, ids, now=now)
    return tuple(
        _acknowledge(officer, item, words, now) if item.outcome is Outcome.ACKNOWLEDGED else item
        for item in judged
    )


def _chosen(ids: Iterable[uuid.UUID | str]) -> list[uuid.UUID]:
    """Return the chosen ids, each once."""
    try:
        chosen = list(dict.fromkeys(item if isinstance(item, uuid.UUID) else uuid.UUID(item) for item in ids))
    except ValueError:
        raise InputError("ids", _("Choose alerts from the list.")) from None
    if not 1 <= len(chosen) <= AT_MOST:
        raise InputError("ids", _("Choose 1 to %(most)d alerts.") % {"most": AT_MOST})
    return chosen


def _judged(alert_id: uuid.UUID, row: InboxRow | None) -> Acknowledgement:
    if row is None:
        return Acknowledgement(alert_id, None, Outcome.REFUSED, _("There is no such alert for you."))
    if row.received.acknowledged_at is not None:
        return Acknowledgement(alert_id, row, Outcome.ALREADY, _("Acknowledged before."))
    return Acknowledgement(alert_id, row, *_verdict(row.received))


def _verdict(alert: ReceivedAlert) -> tuple[Outcome, str]:
    if alert.withdrawn_at is not None:
        return Outcome.REFUSED, _("It was withdrawn: open its page and confirm that you stopped using it.")
    if alert.is_elsewhere:
        return Outcome.REFUSED, failed_text(alert)
    if alert.unopenable:
        return Outcome.REFUSED, _("It cannot be opened: call the sender.")
    if alert.first_opened_at is None:
        return Outcome.REFUSED, words_for(NotOpenedError())
    return Outcome.ACKNOWLEDGED, ""


def _acknowledge(officer: Officer, item: Acknowledgement, reason: str, now: datetime) -> Acknowledgement:
    assert item.row is not None
    try:
        acknowledge_alert(officer, item.row.received, reason=reason, now=now)
    except (AbsentError, NotOpenedError):
        text = _("It has changed meanwhile: look at it again.")
    except SendingStoppedError as stop:
        text = words_for(stop)
    except (AlertsError, VaultError, EnvelopeError):
        text = _(
            "It could not be signed or logged now. Try again; if it stays so, call whoever runs this desk."
        )
    else:
        return item
    return Acknowledgement(item.id, item.row, Outcome.REFUSED, text)
