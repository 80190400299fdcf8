# SPDX-License-Identifier: Apache-2.0
"""Display of replies outside their own page: in a thread, and in a row of a list."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from alerts.models import Alert, ReceivedAlert
from alerts.projections.cards import open_alert_cards, open_received_cards
from alerts.replies.summary import ReplySummary
from alerts.replies.thread_rows import RepliesHeld, md_of, still_counts
from alerts.rows.replies import Reply
from officers.models import Officer


@dataclass(frozen=True)
class ReplyInThread:
    """Reply in a thread. `md` is the reply's own address, `version` that of the alert at the top of the thread."""

    md: str
    text: str = field(repr=False)
    version: int
    counts: bool
    alert: uuid.UUID | None
    received: uuid.UUID | None


def replies_told(held: RepliesHeld, versions: Mapping[str, int]) -> dict[str, ReplyInThread]:
    """Return the replies under these versions (their number by address), by their own address."""
    summaries, numbers, told = held.summaries, dict(versions), dict[str, ReplyInThread]()
    for row in held.rows:
        version = numbers.get(row.re_md, 0)
        numbers.setdefault(md_of(row), version)
        told[md_of(row)] = ReplyInThread(
            md=md_of(row),
            text=_words(row, summaries.get(str(row.pk))),
            version=version,
            counts=still_counts(row) or _withdrawn(row),
            alert=row.alert_id,
            received=row.received_id,
        )
    return told


def titles_answered(officer: Officer, received: Iterable[ReceivedAlert]) -> dict[str, str]:
    """Return what each reply among these answers, by the reply's id: its title, or its reference where it has no card."""
    rows = [row for row in received if row.kind != "alert"]
    replies = Reply.objects.filter(received__in=rows, agency_id=officer.agency_id) if rows else ()
    answers = {str(reply.received_id): reply.re_md for reply in replies}
    if not answers:
        return {}
    titles = _titles(officer, set(answers.values()))
    return {pk: titles.get(md, "") for pk, md in answers.items()}


@dataclass(frozen=True)
class Answered:
    """Alert that a reply answers; `alert` and `received` are both None where the agency does not have it."""

    title: str = field(default="", repr=False)
    alert: uuid.UUID | None = None
    received: uuid.UUID | None = None


def answered_by(officer: Officer, reply: Alert | ReceivedAlert) -> Answered | None:
    """Return the alert that this own or received reply answers; None for an alert that is no reply."""
    if reply.kind == "alert":
        return None
    rows = Reply.objects.filter(agency_id=officer.agency_id)
    mine = rows.filter(alert=reply) if isinstance(reply, Alert) else rows.filter(received=reply)
    row = mine.first()
    if row is None:
        return None
    received = ReceivedAlert.objects.visible_to(officer).filter(md=row.re_md).first()
    alert = None if received else Alert.objects.visible_to(officer).filter(md=row.re_md).first()
    titles = _named(officer, [alert] if alert else [], [received] if received else [])
    title = titles.get(row.re_md, "")
    return Answered(title, alert.pk if alert else None, received.pk if received else None)


def _titles(officer: Officer, mds: set[str]) -> dict[str, str]:
    own: list[Alert] = list(Alert.objects.visible_to(officer).filter(md__in=mds))
    received: list[ReceivedAlert] = list(ReceivedAlert.objects.visible_to(officer).filter(md__in=mds))
    return _named(officer, own, received)


def _named(officer: Officer, own: list[Alert], received: list[ReceivedAlert]) -> dict[str, str]:
    agency_id = officer.agency_id or ""
    cards = open_alert_cards(agency_id, own) | open_received_cards(agency_id, received)
    rows: list[Alert | ReceivedAlert] = [*own, *received]
    named = {row.md: cards[str(row.pk)].title for row in rows if str(row.pk) in cards}
    return {row.md: row.reference for row in received} | named


def _words(row: Reply, summary: ReplySummary | None) -> str:
    words = summary.words if summary is not None else _("replied")
    return _("%(what)s, and withdrew it") % {"what": words} if _withdrawn(row) else words


def _withdrawn(row: Reply) -> bool:
    source = row.received if row.received_id else row.alert
    return getattr(source, "withdrawn_at", None) is not None
