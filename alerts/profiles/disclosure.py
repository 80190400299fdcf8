# SPDX-License-Identifier: Apache-2.0
"""State of disclosure between two agencies about a match of profiles: asked, answered, agreed by one or both, disclosed.

Silence is not consent, and there is no negative answer: an agency that has not answered cannot be told from one without a match.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alerts.models import Alert, ReceivedAlert
from alerts.receiving.retractions import judge_for_display
from alerts.replies.kinds import PROFILE_ANSWER, PROFILE_DETAILS
from alerts.replies.summary import ReplySummary, open_summaries
from alerts.replies.thread_rows import (
    CLIMBED_AT_MOST,
    judged_received,
    replies_below,
    root_of,
    still_counts,
)
from alerts.rows.replies import ProfileQuestion, Reply
from alerts.sending.amendment import newest_of, versions_of
from alerts.sending.sent_signatures import sent_of
from alerts.states import AlertState
from officers.models import Officer
from peers.models import Agency


@dataclass(frozen=True)
class Disclosure:
    """Disclosure with one agency. `answer` is what either side answered; `last` is its newest envelope here."""

    agency: str
    name: str
    answer: Mapping[str, Any] | None = None
    contact: str = field(default="", repr=False)
    we_agreed: bool = False
    they_agreed: bool = False
    they_told: bool = False
    we_told: bool = False
    last: ReceivedAlert | None = None
    told_in: tuple[ReceivedAlert, ...] = ()

    @property
    def has_answered(self) -> bool:
        return self.answer is not None

    @property
    def both_agreed(self) -> bool:
        return self.we_agreed and self.they_agreed


def has_agreed(agency_id: str, md: str, *, now: datetime) -> bool:
    """Tell whether the sender of this envelope, which reached the agency, has agreed to exchange case details."""
    issuer = (
        ReceivedAlert.objects.filter(agency_id=agency_id, md=md).values_list("issuer_id", flat=True).first()
    )
    rows = replies_below(Reply.objects.filter(agency_id=agency_id), [root_of(agency_id, md)])
    theirs = [row for row in rows if _issuer(row) == issuer and issuer is not None]
    summaries = open_summaries(agency_id, theirs)
    judged_received(theirs, now=now)
    return any(_type(summaries, row) == PROFILE_DETAILS and still_counts(row) for row in theirs)


def is_question_withdrawn(agency_id: str, md: str, *, now: datetime) -> bool:
    """Tell whether the question that began this thread, own or received, was withdrawn since."""
    root = root_of(agency_id, md, levels=CLIMBED_AT_MOST)
    rows = ReceivedAlert.objects.select_related("issuer", "agency").filter(agency_id=agency_id, md=root)
    received = rows.first()
    if received is not None:
        return judge_for_display(received, now=now).withdrawn_at is not None
    return Alert.objects.filter(agency_id=agency_id, md=root, state=AlertState.WITHDRAWN).exists()


def is_sample_withdrawn(alert: Alert, reply: Reply | None) -> bool:
    """Tell whether the own alert with the sample of this message was withdrawn, in its newest version."""
    asked = ProfileQuestion.objects.filter(alert__in=[alert.pk, alert.previous_id]).first()
    sample = reply.sample if reply is not None else asked.sample if asked is not None else None
    return sample is not None and newest_of(sample).state == AlertState.WITHDRAWN


def disclosures_of_question(officer: Officer, question: Alert, *, now: datetime) -> list[Disclosure]:
    """Return the state with each agency that an own question went to, by name."""
    rows = _judged(officer, [question.md], now)
    summaries = open_summaries(officer.agency_id or "", rows)
    sent = sent_of(officer, [question.md]).get(question.md)
    asked = [fact.recipient for fact in sent.facts] if sent else []
    names = _names(asked)
    goes = _recipients_of(rows)
    found = [_disclosure(agency, names.get(agency, agency), rows, summaries, goes) for agency in asked]
    return sorted(found, key=lambda exchange: exchange.name)


def disclosure_about(officer: Officer, received: ReceivedAlert, *, now: datetime) -> Disclosure:
    """Return the state with the sender of a question, an answer or details that reached the agency."""
    agency_id = officer.agency_id or ""
    rows = _judged(officer, [root_of(agency_id, received.md)], now)
    summaries = open_summaries(agency_id, rows)
    return _disclosure(received.issuer_id, received.issuer.name, rows, summaries, _recipients_of(rows))


def questions_about(officer: Officer, sample: Alert) -> list[Alert]:
    """Return the agency's questions about the profile of one of its samples, newest first, sent or not yet sent.

    Questions about an earlier version of the sample's alert are included.
    """
    asked = ProfileQuestion.objects.filter(sample__in=versions_of(sample)).values("alert")
    return list(Alert.objects.visible_to(officer).filter(pk__in=asked).order_by("-created_at", "-id")[:50])


def sample_of(officer: Officer, received: ReceivedAlert) -> Alert | None:
    """Return the own alert with this thread's sample: the one asked about, or the one answered with."""
    agency_id = officer.agency_id or ""
    root = root_of(agency_id, received.md)
    asked = ProfileQuestion.objects.filter(alert__md=root, alert__agency_id=agency_id).first()
    if asked is not None:
        return _visible(officer, asked.sample_id)
    answered = [
        row for row in replies_below(Reply.objects.visible_to(officer), [root]) if row.sample_id is not None
    ]
    return _visible(officer, answered[-1].sample_id) if answered else None


def _visible(officer: Officer, pk: uuid.UUID | None) -> Alert | None:
    rows = Alert.objects.visible_to(officer).select_related("agency", "author")
    return None if pk is None else rows.filter(pk=pk).first()


def _judged(officer: Officer, mds: Iterable[str], now: datetime) -> list[Reply]:
    rows = replies_below(Reply.objects.visible_to(officer), mds)
    judged_received(rows, now=now)
    return [row for row in rows if still_counts(row)]


def _disclosure(
    agency: str,
    name: str,
    rows: Iterable[Reply],
    summaries: Mapping[str, ReplySummary],
    goes: Mapping[str, str],
) -> Disclosure:
    theirs = [row for row in rows if _issuer(row) == agency]
    own = [row for row in rows if row.received_id is None and goes.get(row.re_md) == agency]
    answers = [
        summary
        for row in (*theirs, *own)
        if (summary := summaries.get(str(row.pk))) and summary.alert_type == PROFILE_ANSWER
    ]
    details = [row for row in theirs if _type(summaries, row) == PROFILE_DETAILS]
    told = [row for row in own if _type(summaries, row) == PROFILE_DETAILS]
    contacts = [summaries[str(row.pk)].contact for row in theirs if str(row.pk) in summaries]
    received = [row.received for row in theirs if isinstance(row.received, ReceivedAlert)]
    return Disclosure(
        agency=agency,
        name=name,
        answer=answers[-1].comparison if answers else None,
        contact=next((contact for contact in reversed(contacts) if contact), ""),
        we_agreed=bool(told),
        they_agreed=bool(details),
        they_told=any(summaries[str(row.pk)].has_case for row in details),
        we_told=any(summaries[str(row.pk)].has_case for row in told),
        last=received[-1] if received else None,
        told_in=tuple(
            row.received
            for row in details
            if isinstance(row.received, ReceivedAlert) and summaries[str(row.pk)].has_case
        ),
    )


def _recipients_of(rows: Iterable[Reply]) -> dict[str, str]:
    """Return the recipient of each own reply, by the address it answers: the sender of that envelope alone."""
    own = [row for row in rows if row.received_id is None]
    answered = ReceivedAlert.objects.filter(
        agency_id__in={row.agency_id for row in own}, md__in={row.re_md for row in own}
    )
    return dict(answered.values_list("md", "issuer_id")) if own else {}


def _issuer(row: Reply) -> str | None:
    return row.received.issuer_id if isinstance(row.received, ReceivedAlert) else None


def _type(summaries: Mapping[str, ReplySummary], row: Reply) -> str:
    summary = summaries.get(str(row.pk))
    return summary.alert_type if summary else ""


def _names(ids: Iterable[str]) -> dict[str, str]:
    return dict(Agency.objects.filter(pk__in=list(ids)).values_list("pk", "name"))
