# SPDX-License-Identifier: Apache-2.0
"""Questions that auditors ask again and again, as links: filters of the audit's page, and nothing that is stored."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accord.envelope.vocabulary import RED
from desk.agency.audit.act_kinds import EXPORTS, REFUSALS, ROLES, SIGN_INS
from desk.agency.audit.trail import Question


@dataclass(frozen=True)
class SavedQuestion:
    """A question with the name of its link."""

    name: str | Promise
    question: Question


def saved_questions(today: date, *, has_alerts: bool) -> Iterator[SavedQuestion]:
    """Yield the questions as of today; those about alerts only for an agency, since the keeper's audit has none."""
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    last_month = first - timedelta(days=1)
    exported = _days(last_month.replace(day=1), last_month)
    yield SavedQuestion(_("All exports last month"), Question(kind=EXPORTS, days=exported))
    if has_alerts:
        opened = Question(act="alert.opened", tlp=RED, days=_days(first))
        yield SavedQuestion(_("Who opened RED this month"), opened)
    yield SavedQuestion(_("Refusals this week"), Question(kind=REFUSALS, days=_days(monday)))
    yield SavedQuestion(_("Sign-ins this week"), Question(kind=SIGN_INS, days=_days(monday)))
    yield SavedQuestion(_("Changes of roles"), Question(kind=ROLES, days=_days()))


def _days(since: date | None = None, until: date | None = None) -> dict[str, date | None]:
    return {"since": since, "until": until}
