# SPDX-License-Identifier: Apache-2.0
"""Reviews of releases onward in an emergency: within a day, by somebody of the agency who took no part in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.document.characters import hidden_characters
from alerts.errors import SecondPersonNeededError
from alerts.rows.onward import REVIEWS, OnwardRelease
from callers.capabilities import require
from callers.errors import AbsentError, InputError
from ledger.audit import record_event
from officers.attribution import attributed_to, counts_as
from officers.models import Officer
from peers.models import Agency
from vault.sealed_store import REVISION, SealedStore

if TYPE_CHECKING:
    from django.db.models import QuerySet

REVIEWED_WITHIN: Final = timedelta(hours=24)
TEXT_CHARS: Final = 2_000
REVIEW_TEXTS: Final = SealedStore[str]("onwardrelease", str.encode, bytes.decode)


@dataclass(frozen=True)
class Emergency:
    """An emergency release of the own agency, for its review. `text` None: not reviewed, or damaged."""

    row: OnwardRelease
    to: tuple[str, ...]
    may_review: bool
    text: str | None = field(default=None, repr=False)

    @property
    def reference(self) -> str:
        """The beginning of the release's digest, for a reviewer who may not see the alert."""
        return self.row.od[:12]


def emergencies_to_review(officer: Officer) -> list[Emergency]:
    """Return the emergencies of the own agency that wait for a review, by when it is due."""
    rows = _for_review(officer).filter(reviewed_at=None).order_by("review_by")
    return _emergencies(officer, list(rows[:50]))


def find_emergency(officer: Officer, release_id: UUID) -> Emergency:
    """Return one emergency, reviewed or not; raises AbsentError."""
    row = _for_review(officer).filter(pk=release_id).first()
    if row is None:
        raise AbsentError
    row.require_bound()
    return _emergencies(officer, [row])[0]


def seen_by(officer: Officer, found: Iterable[Emergency]) -> list[Emergency]:
    """Return those whose alert this officer may see, who need not: the others name no alert. One query, if there is any."""
    rows = list(found)
    if not rows:
        return []
    releases = OnwardRelease.objects.visible_to(officer).filter(pk__in=[one.row.pk for one in rows])
    seen = set(releases.values_list("pk", flat=True))
    return [one for one in rows if one.row.pk in seen]


@transaction.atomic
def review_emergency(
    officer: Officer, release_id: UUID, *, is_justified: bool, text: str, now: datetime
) -> None:
    """Keep the review of an emergency by somebody who took no part in it, once.

    Raises SecondPersonNeededError, InputError (`text`), AbsentError.
    """
    require(officer, *REVIEWS)
    rows = OnwardRelease.objects.reviewed_by(officer).select_for_update(of=("self",))
    row = rows.filter(pk=release_id, reviewed_at=None).first()
    if row is None:
        raise AbsentError
    if not _took_no_part(officer, row):
        raise SecondPersonNeededError("review")
    said = text.strip()
    if not said or len(said) > TEXT_CHARS or hidden_characters(said, lines=True):
        raise InputError("text", _("Review: say in up to 2,000 characters what you found."))
    row.review = REVIEW_TEXTS.seal(row.agency_id, row.pk, said)
    row.reviewed_by, row.reviewed_at, row.is_justified = officer, now, is_justified
    row.save()
    record_event(
        "alert.emergency_reviewed",
        actor=officer.audit_name,
        agency=row.agency_id,
        subject=row.od,
        detail={"justified": is_justified},
        now=now,
    )


def _for_review(officer: Officer) -> "QuerySet[OnwardRelease]":
    people = ("prepared_by", "released_by", "reviewed_by")
    return OnwardRelease.objects.reviewed_by(officer).select_related(*people, "received", "alert")


def _emergencies(officer: Officer, rows: Sequence[OnwardRelease]) -> list[Emergency]:
    named = {agency for row in rows for agency in row.recipients}
    names = dict(Agency.objects.filter(pk__in=named).values_list("pk", "name"))
    sealed = [(row.pk, REVISION, row.review) for row in rows if row.review is not None]
    texts = dict(
        zip(
            [key for key, _revision, _octets in sealed],
            REVIEW_TEXTS.open_many(officer.agency_id or "", sealed),
            strict=True,
        )
    )
    return [
        Emergency(
            row,
            tuple(names.get(agency, agency) for agency in row.recipients),
            row.reviewed_at is None and _took_no_part(officer, row),
            texts.get(row.pk),
        )
        for row in rows
    ]


def _took_no_part(officer: Officer, row: OnwardRelease) -> bool:
    part = [one.audit_name for one in (row.prepared_by, row.released_by) if one is not None]
    return counts_as(officer).isdisjoint(attributed_to(part))
