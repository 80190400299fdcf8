# SPDX-License-Identifier: Apache-2.0
"""Count of the answers to questions that the agency has sent, for lists."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from alerts.models import Alert
from alerts.projections.cards import Card
from alerts.red_readers import reads_answers
from alerts.replies.answers import answers_given
from alerts.replies.thread_rows import read_replies
from alerts.sending.amendment import versions_asking, versions_of
from alerts.sending.sent_signatures import sent_of
from alerts.states import AlertState
from officers.models import Officer
from peers.sent import envelopes_of


@dataclass(frozen=True)
class AnswersCounted:
    """Number of final answers `given` to an own alert of those `owed`."""

    alert: Alert
    given: int
    owed: int

    @property
    def text(self) -> str:
        return _("%(given)d of %(owed)d have answered.") % {"given": self.given, "owed": self.owed}


def count_answers(
    officer: Officer, alerts: Collection[Alert], cards: Mapping[str, Card], *, now: datetime
) -> list[AnswersCounted]:
    """Return the count for each of these alerts that was sent and asks, and whose answers the officer may see.

    `cards` are the alerts' opened cards by id; one whose card does not open is left out.
    """
    sent = {alert.md: alert for alert in alerts if alert.state == AlertState.RELEASED}
    asked = envelopes_of(officer.agency_id or "").filter(md__in=sent, reply_by__isnull=False)
    mds = set(asked.values_list("md", flat=True)) if sent else set[str]()
    asking = [alert for md, alert in sent.items() if md in mds and str(alert.pk) in cards]
    asking = [one for one in asking if reads_answers(officer, one.tlp, cards[str(one.pk)].reply_to)]
    if not asking:
        return []
    terms = sent_of(officer, [alert.md for alert in asking])
    versions = {alert.md: versions_asking(versions_of(alert)) for alert in asking}
    held = read_replies(officer, [md for found in versions.values() for md in found], now=now)
    counted = []
    for alert in asking:
        given = answers_given(versions[alert.md], held, due=lambda _agency: None)
        owed = {fact.recipient for fact in terms[alert.md].facts} - set(cards[str(alert.pk)].for_attention)
        final = sum(one in given and given[one].is_final for one in owed)
        counted.append(AnswersCounted(alert, final, len(owed)))
    return counted
