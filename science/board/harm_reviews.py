# SPDX-License-Identifier: Apache-2.0
"""Harm reviews: an officer looks again at a substance without known harm, and notes the outcome and the next date.

A review is the agency's own note and is sent to nobody. Harm that was found is reported by an alert, or by a new version of one.
"""

import datetime as dt
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.access import agency_of, today_of
from alerts.document.characters import hidden_characters
from alerts.models import Alert, ReceivedAlert
from alerts.red_readers import is_red
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from ledger.audit import record_event
from officers.models import Officer
from science.board.counting import LastHarmReview
from science.rows.harm_reviews import HarmReview
from vault.errors import VaultError
from vault.sealed_store import SealedStore, as_json

HARM_REVIEWS: Final = SealedStore[dict[str, str]]("harmreview", as_json, json.loads)
NOTE_AT_MOST: Final = 500
FARTHEST: Final = dt.timedelta(days=731)
"""Latest date of the next review."""
SHOWN: Final = 20


class HarmReviewOutcome(TextChoices):
    """Outcome of a harm review."""

    NONE_FOUND = "none_found", gettext_lazy("Still no harm known")
    HARM_FOUND = "harm_found", gettext_lazy("Harm is known now")
    CLOSED = "closed", gettext_lazy("Closed: it is followed no further")


@dataclass(frozen=True)
class HarmReviewShown:
    """Harm review, opened."""

    row: HarmReview
    outcome: str = field(repr=False)
    note: str = field(repr=False)

    @property
    def outcome_text(self) -> str:
        return str(HarmReviewOutcome(self.outcome).label) if self.outcome in HarmReviewOutcome.values else ""


def record_review(
    officer: Officer,
    subject: ReceivedAlert | Alert,
    *,
    outcome: str,
    next_on: dt.date | None = None,
    note: str = "",
    now: dt.datetime,
) -> HarmReview:
    """Record a harm review. `next_on` is required for the outcome `none_found`, and allowed for no other.

    Raises NotPermittedError, AbsentError for an alert that was not sent, `InputError`.
    """
    require(officer, Capability.SCIENCE_READ)
    agency = agency_of(officer)
    if isinstance(subject, Alert) and subject.released_at is None:
        raise AbsentError
    if is_red(subject.tlp):
        text = _("An alert marked RED is not followed on the board, which your whole agency reads.")
        raise InputError("outcome", text)
    words = _checked(outcome, next_on, note, today_of(officer, now))
    row = HarmReview(agency=agency, next_on=next_on, looked_at=now, looked_by=officer)
    row.received = subject if isinstance(subject, ReceivedAlert) else None
    row.alert = subject if isinstance(subject, Alert) else None
    row.sealed = HARM_REVIEWS.seal(agency.pk, row.pk, {"outcome": outcome, "note": words})
    with transaction.atomic():
        row.save(force_insert=True)
        record_event("harm.looked", actor=officer.audit_name, agency=agency.pk, subject=subject.md, now=now)
    return row


def reviews_of(officer: Officer, subject: ReceivedAlert | Alert) -> list[HarmReviewShown]:
    """Return the reviews of this alert, newest first; one that does not open has no outcome."""
    rows = HarmReview.objects.visible_to(officer).select_related("looked_by")
    if isinstance(subject, ReceivedAlert):
        found = rows.filter(received=subject)
    else:
        found = rows.filter(alert=subject)
    return [_opened(row) for row in found[:SHOWN]]


def newest_reviews(officer: Officer) -> dict[uuid.UUID, LastHarmReview]:
    """Return the newest review by the alert that was reviewed; no content is opened."""
    rows = HarmReview.objects.visible_to(officer).order_by("looked_at", "pk")
    looks: dict[uuid.UUID, LastHarmReview] = {}
    for row in rows.only("received_id", "alert_id", "looked_at", "next_on"):
        key = row.alert_id if row.received_id is None else row.received_id
        if key is not None:
            looks[key] = LastHarmReview(row.looked_at.date(), row.next_on)
    return looks


def forget_reviews(received: Iterable[ReceivedAlert]) -> None:
    """Delete the reviews of these alerts."""
    HarmReview.objects.filter(received__in=list(received)).delete()


def _checked(outcome: str, next_on: dt.date | None, note: str, today: dt.date) -> str:
    """Check a review; return the note as it is kept. Raises `InputError`."""
    if outcome not in HarmReviewOutcome.values:
        raise InputError("outcome", _("Outcome: choose one."))
    if outcome == HarmReviewOutcome.NONE_FOUND:
        if next_on is None:
            raise InputError("next_on", _("Next review: name the day."))
        if not today < next_on <= today + FARTHEST:
            raise InputError("next_on", _("Next review: choose a day after today, within two years."))
    elif next_on is not None:
        raise InputError("next_on", _("Next review: leave it empty; with this outcome none is due."))
    words = note.strip()
    if len(words) > NOTE_AT_MOST or hidden_characters(words, lines=True):
        raise InputError("note", _("Note: use up to 500 characters, without control or direction marks."))
    return words


def _opened(row: HarmReview) -> HarmReviewShown:
    try:
        content = HARM_REVIEWS.open(row.agency_id, row.pk, row.sealed)
    except VaultError:
        return HarmReviewShown(row, "", "")
    return HarmReviewShown(row, content["outcome"], content["note"])
