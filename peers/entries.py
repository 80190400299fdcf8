# SPDX-License-Identifier: Apache-2.0
"""The agencies of this desk's table, as the exchange's directory lists them.

- The directory is the exchange's claim: name, status and custody are taken from it.
- A telephone number is taken only once, since whom to call in an alarm must not come from the party that may be
  suspected.
- Whether an agency's keys are in this vault is not asked of the exchange.
- An answer is taken whole or not at all, and nothing is deleted.
"""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from accord.calls.answers import AgencyAnswer
from accord.calls.errors import AnswerError
from callers.binding import has_maker, keep_bound
from callers.directory import Custody
from peers.exchange import exchange_of, held_agencies
from peers.models import Agency

FOLLOWED_EVERY: Final = timedelta(seconds=20)

_TAKEN: Final = ("name", "kind", "country", "timezone", "language", "status", "root_fingerprint")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Followed:
    """Result of following the directory: rows altered outside the program, which stay as they are, and changed telephone
    numbers.
    """

    altered: tuple[str, ...] = ()
    telephones: tuple[str, ...] = ()


def follow_entries(reader: str, *, now: datetime) -> Followed:
    """Take in the directory, asked for as one of this desk's agencies. Not inside a transaction.

    Raises `accord.calls.errors.ClientError`, after which nothing was taken.
    """
    listed = exchange_of(reader).agencies()
    if all(one.id != reader for one in listed):
        raise AnswerError("The hub does not list the agency that asked.")
    return _keep(listed, now)


def are_entries_due(*, now: datetime) -> bool:
    """Tell whether it is time to ask the exchange again."""
    heard_at = Agency.objects.aggregate(last=Max("heard_at"))["last"]
    return heard_at is None or not now - FOLLOWED_EVERY < heard_at <= now


@transaction.atomic
def begin_entry(entry: AgencyAnswer, *, is_hosted: bool, now: datetime) -> Agency:
    """Create the row of an agency that is taken in at this desk, before the exchange lists it; update an existing one.

    `is_hosted`: its keys are to be in this desk's vault. Raises AnswerError, NotBoundError.
    """
    row = Agency.objects.select_for_update(no_key=True).filter(pk=entry.id).first()
    if row is None:
        row = _new(entry, is_hosted, now)
    else:
        row.require_bound()
        _take(row, entry)
        row.is_hosted = row.is_hosted or is_hosted
    _check(row)
    row.save()
    return row


def note_first_release(agency_id: str, *, now: datetime) -> None:
    """Note that an agency's first actual alert is sent or has come in; in the caller's transaction.

    Raises NotBoundError.
    """
    waiting = Agency.objects.filter(pk=agency_id, first_release_at=None)
    for row in waiting.select_for_update(no_key=True):
        row.first_release_at = now
        row.save(update_fields=["first_release_at"])


@transaction.atomic
def take_telephone(agency_id: str, said: str) -> str | None:
    """Accept the number that the exchange names, and return the earlier one; None where it names another one by now, or nothing
    new.

    Raises NotBoundError.
    """
    row = Agency.objects.select_for_update(no_key=True).get(pk=agency_id)
    if row.phone_said != said or not row.is_other_phone_said:
        return None
    before, row.duty_phone = row.duty_phone, said
    row.save(update_fields=["duty_phone"])
    return before


@transaction.atomic
def note_own_entry(agency_id: str, *, telephone: str, timezone: str) -> None:
    """Take over at once what the agency has just stated of itself; raises NotBoundError."""
    row = Agency.objects.select_for_update(no_key=True).get(pk=agency_id)
    row.duty_phone = row.phone_said = telephone
    row.timezone = timezone
    row.save(update_fields=["duty_phone", "phone_said", "timezone"])


def altered_agencies() -> list[Agency]:
    """Return the rows that were altered outside the program; none in a process without a vault, which cannot check."""
    return [row for row in Agency.objects.all() if not row.is_bound] if has_maker() else []


@transaction.atomic
def _keep(listed: Sequence[AgencyAnswer], now: datetime) -> Followed:
    # Rows that refer to these may be stored meanwhile.
    rows = list(Agency.objects.select_for_update(no_key=True).order_by("pk"))
    altered = tuple(row.pk for row in rows if not row.is_bound)
    for pk in altered:
        log.error("the row of %s was changed past the program; what the exchange says of it is not taken", pk)
    said, hosted = {one.id: one for one in listed}, held_agencies()
    new = [_new(said[pk], pk in hosted, now) for pk in said.keys() - {row.pk for row in rows}]
    phones = {row.pk: row.phone_said for row in rows}
    changed = [
        row for row in rows if row.pk not in altered and _follow(row, said.get(row.pk), row.pk in hosted, now)
    ]
    for row in [*new, *changed]:
        _check(row)
    keep_bound(new)
    for row in changed:
        row.save()
    Agency.objects.filter(pk__in=said).update(heard_at=now)
    telephones = [row.pk for row in changed if row.is_other_phone_said and row.phone_said != phones[row.pk]]
    return Followed(altered, tuple(telephones))


def _new(entry: AgencyAnswer, is_hosted: bool, now: datetime) -> Agency:
    return Agency(
        **asdict(entry),
        phone_said=entry.duty_phone,
        is_hosted=is_hosted,
        admitted_at=now,
    )


def _follow(row: Agency, entry: AgencyAnswer | None, is_hosted: bool, now: datetime) -> bool:
    """Update a row in memory as the exchange states it now; return whether anything changed."""
    before = row.facts_now()
    row.is_hosted = row.is_hosted or is_hosted
    if entry is not None:
        row.gone_at = None
        _take(row, entry)
    elif row.heard_at is not None:
        row.gone_at = row.gone_at or now
    return row.facts_now() != before


def _take(row: Agency, entry: AgencyAnswer) -> None:
    for name in _TAKEN:
        setattr(row, name, getattr(entry, name))
    if not row.is_hosted:
        row.custody = entry.custody
    row.phone_said = entry.duty_phone


def _check(row: Agency) -> None:
    if row.is_hosted and (row.custody == Custody.AGENCY) != settings.OWN_DESK:
        raise AnswerError(
            f"The hub states another custody of {row.pk} than that of its keys, which are here."
        )
    try:
        row.clean_fields()
    except ValidationError as refused:
        raise AnswerError(
            f"The hub states an agency in another way than agreed: {', '.join(refused.message_dict)}."
        ) from None
