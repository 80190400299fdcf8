# SPDX-License-Identifier: Apache-2.0
"""The start page's one list: every kind of waiting work as a row, verb first, under At once (flash alerts), Late, Today and Later."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from accord.agreements import SignedVersion
from accord.moments import moment_of
from accord.suspensions import SUSPEND
from alerts.agency.lanes import LaneChange
from alerts.boxes.inbox import InboxRow
from alerts.boxes.on_the_way import WayRow
from alerts.boxes.overdue import TheyOwe
from alerts.boxes.start import Start, ToPhone
from alerts.boxes.state_words import is_past
from alerts.models import Alert, ReceivedAlert
from alerts.projections.cards import Card
from alerts.replies.calls import Call
from alerts.withheld.lists import WithheldLane
from callers.capabilities import Capability
from callers.closed_lists import Lane
from callers.endings import Ending
from casework.tasks import TaskRow
from desk.reciprocity.words import SUPPLIES
from desk.web.tones import isolated
from notices.models import Notification
from officers.models import Officer
from peers.models import Agency
from reciprocity.commitments import Standing

Text = str | Promise
NOTE_LENGTH: Final = 200
NIGHT: Final = timedelta(hours=12)
AT_ONCE, LATE, TODAY, LATER = "at once", "late", "today", "later"
HEADINGS: Final[Mapping[str, Text]] = {
    AT_ONCE: pgettext_lazy("work", "At once"),
    LATE: pgettext_lazy("work", "Late"),
    TODAY: pgettext_lazy("work", "Today"),
    LATER: pgettext_lazy("work", "Later"),
}


@dataclass(frozen=True)
class StartRow:
    """One thing to do. `title` may be what somebody wrote; `about` are words below it, `ways` other acts as label and address.

    `phone` and `zone` are of the agency to call. `due`: by when; `since`: how long it has waited, where nothing says by when; `answer_by`: by when an answer is owed besides. `key` names the row for a page that is open.
    """

    key: str
    verb: Text
    title: str
    address: str
    about: tuple[Text, ...] = ()
    due: datetime | None = None
    since: datetime | None = None
    alert: Alert | ReceivedAlert | None = None
    ways: tuple[tuple[Text, str], ...] = ()
    is_answer: bool = False
    is_flash: bool = False
    answer_by: datetime | None = None
    is_unread: bool = False
    opens_on_duty: bool = False
    phone: str = ""
    zone: str = ""

    def group(self, now: datetime) -> str:
        """Return where it stands: no late work hides a flash alert; what has no time waits today, and so does what is due in the
        coming night.
        """
        if self.is_flash:
            return AT_ONCE
        if is_past(self.due, now):
            return LATE
        if self.due is None or self.due <= now + NIGHT:
            return TODAY
        return LATER if timezone.localdate(self.due) > timezone.localdate(now) else TODAY


def grouped(rows: Iterable[StartRow], now: datetime) -> list[tuple[Text, list[StartRow]]]:
    """Return the rows under their headings, each by due time, then what has none in the order given."""
    groups: dict[str, list[StartRow]] = {name: [] for name in HEADINGS}
    for row in rows:
        groups[row.group(now)].append(row)
    for found in groups.values():
        found.sort(key=lambda row: (row.due is None, row.due or now))
    return [(HEADINGS[name], found) for name, found in groups.items() if found]


def rows_of_work(
    officer: Officer, work: Start, answers_in_doubt: Sequence[Mapping[str, Any]]
) -> Iterator[StartRow]:
    """Yield a row for each alert of the officer's work."""
    yield from _in_doubt(work, answers_in_doubt)
    together = {row.received.pk: row for row in (*work.acknowledge.rows, *work.answer.rows)}
    writes = Capability.ALERT_WRITE in officer.capabilities
    yield from (_owed(row, writes=writes) for row in together.values())
    yield from (_second_look(alert) for alert in work.second_looks)
    answer_by = {row.received.md: row.received.answer_by for row in work.answer.rows if not row.held_text}
    for waiting in work.release.rows:
        words = (*_by(waiting.alert.author), str(waiting.alert.get_state_display()))
        row = _of_alert(
            pgettext_lazy("act", "Release"), "review", waiting.alert, waiting.card, words, waiting.since
        )
        yield replace(row, due=answer_by.get(waiting.re_md))
    yield from (_returned(officer, row) for row in work.returned.rows)
    yield from (_withdrawn(row) for row in work.confirm.rows)
    yield from (_to_phone(row) for row in work.late.rows)


def rows_of_tasks(tasks: Iterable[TaskRow], left: int) -> Iterator[StartRow]:
    """Yield a row for each task, and one for the `left` tasks of officers who are no longer there."""
    for row in tasks:
        if row.task is not None:
            yield StartRow(
                f"task-{row.task.pk}",
                row.kind.label,
                _("A task that does not open")
                if row.text is None
                else Truncator(row.text).chars(NOTE_LENGTH),
                reverse("admin:task", args=[row.task.pk]),
                about=(_title(row.card),) if row.card else (),
                due=row.due_at,
                since=row.task.created_at,
                alert=row.subject,
            )
    if left:
        title = ngettext(
            "%(n)d task belongs to an officer who has left",
            "%(n)d tasks belong to officers who have left",
            left,
        )
        address = reverse("admin:tasks") + "?whose=all"
        yield StartRow("tasks-left", pgettext_lazy("act", "Hand over"), title % {"n": left}, address)


def _in_doubt(work: Start, answers: Sequence[Mapping[str, Any]]) -> Iterator[StartRow]:
    reaffirm, withdraw = gettext_lazy("Reaffirm…"), gettext_lazy("Withdraw…")
    for doubted in work.in_doubt:
        unsent = reverse("admin:withdraw_unsent", args=[doubted.md])
        words, key = (str(doubted.standing.short),), f"doubt-{doubted.md}"
        if doubted.alert is None:
            title = _("An alert in your agency's name that this desk never sent")
            yield StartRow(
                key, pgettext_lazy("act", "Withdraw"), title, unsent, about=words, ways=((withdraw, unsent),)
            )
            continue
        pk = [doubted.alert.pk]
        ways = (
            (reaffirm, reverse("admin:reaffirm", args=pk)),
            (withdraw, reverse("admin:withdraw", args=pk)),
        )
        title, address = _title(doubted.card), reverse("admin:sent", args=pk)
        yield StartRow(
            key, pgettext_lazy("act", "Reaffirm"), title, address, about=words, alert=doubted.alert, ways=ways
        )
    for item in answers:
        address, row = reverse("admin:reaffirm_answer", args=[item["row"].od]), item["row"]
        title = ", ".join(str(word) for word in (item["kind"], item["by"]) if word)
        yield StartRow(
            f"doubt-{row.od}", pgettext_lazy("act", "Reaffirm"), title, address, about=(str(row.standing.short),),
            ways=((reaffirm, address),),
        )  # fmt: skip


def _owed(row: InboxRow, *, writes: bool) -> StartRow:
    """Return the row of what is to be acknowledged or answered; who does not write answers assigns them."""
    received = row.received
    if row.owed is None:
        return _in_doubt_here(row)
    answer = pgettext_lazy("act", "Answer") if writes else pgettext_lazy("act", "Assign")
    first = _("first answer sent") if received.interim_at else ""
    waits = _("a reply waits to be sent") if row.reply_waits else ""
    sender = _("from %(name)s") % {"name": isolated(received.issuer.name)}
    return StartRow(
        f"owed-{received.pk}",
        answer if row.owed == "answer" else pgettext_lazy("act", "Acknowledge"),
        _title(row.card, received.reference),
        reverse("admin:received", args=[received.pk]),
        about=tuple(
            filter(None, (*(row.card.about if row.card else ()), sender, first, waits, row.held_text))
        ),
        due=row.due,
        alert=received,
        is_answer=row.owed == "answer",
        is_flash=_is_flash(received),
        answer_by=received.answer_by
        if row.owes_answer and row.owed != "answer" and not row.held_text
        else None,
        is_unread=row.is_unread,
        opens_on_duty=row.opens_on_duty,
    )


def _in_doubt_here(row: InboxRow) -> StartRow:
    """Return the row of a received alert that nobody is to act on before its sender was called."""
    received = row.received
    sender = _("from %(name)s") % {"name": isolated(received.issuer.name)}
    return StartRow(
        f"owed-{received.pk}",
        pgettext_lazy("act", "Phone"),
        _title(row.card, received.reference),
        reverse("admin:received", args=[received.pk]),
        about=(row.state_text, sender),
        since=received.logged_at,
        alert=received,
        phone=received.issuer.duty_phone,
        zone=received.issuer.timezone,
    )


def _returned(officer: Officer, row: WayRow) -> StartRow:
    words = {"note": isolated(row.text[:NOTE_LENGTH])}
    if row.returned_by is None or row.returned_by == officer:
        why = _("You took it back: %(note)s") % words
    else:
        why = _("%(name)s returned it: %(note)s") % {"name": isolated(row.returned_by.display_name), **words}
    return StartRow(
        f"draft-{row.alert.pk}",
        pgettext_lazy("act", "Correct"),
        (row.card.title if row.card else "") or _("Untitled draft"),
        reverse("admin:draft", args=[row.alert.pk, 2]),
        about=(why,),
        since=row.since,
        alert=row.alert,
    )


def _withdrawn(row: InboxRow) -> StartRow:
    received = row.received
    return StartRow(
        f"confirm-{received.pk}",
        pgettext_lazy("act", "Confirm"),
        _title(row.card, received.reference),
        reverse("admin:received", args=[received.pk]),
        about=(_("withdrawn by %(name)s: stop using it") % {"name": isolated(received.issuer.name)},),
        since=received.withdrawn_at,
        alert=received,
    )


def _second_look(alert: Alert) -> StartRow:
    return StartRow(
        f"second-{alert.pk}",
        pgettext_lazy("act", "Look again"),
        _("Flash alert that one officer sent"),
        reverse("admin:sent", args=[alert.pk]),
        about=_by(alert.released_by),
        due=alert.second_look_by,
        alert=alert,
    )


def _by(person: object) -> tuple[str, ...]:
    return (
        (_("by %(name)s") % {"name": isolated(person.display_name)},) if isinstance(person, Officer) else ()
    )


def _to_phone(row: ToPhone) -> StartRow:
    """Return the row of one call about all that an agency has not acknowledged; it says of what kind that is, not what."""
    count, only = len(row.alerts), row.alerts[0] if len(row.alerts) == 1 else None
    missed = ngettext(
        "has not acknowledged an alert of yours", "has not acknowledged %(n)d alerts of yours", count
    )
    kinds = dict.fromkeys(card.alert_type_text for card in row.cards if card)
    about = (missed % {"n": count}, *kinds)
    return _call(
        f"phone-{row.agency.pk}", row.agency, about, only=only, due=row.due, called=row.called,
        is_flash=any(map(_is_flash, row.alerts)),
    )  # fmt: skip


def rows_of_questions(owed: Sequence[TheyOwe]) -> Iterator[StartRow]:
    """Yield a row for one call to each agency that has not answered in time."""
    by_agency: dict[str, list[TheyOwe]] = {}
    for one in owed:
        by_agency.setdefault(one.agency.pk, []).append(one)
    for agency_id, missing in by_agency.items():
        first, only = missing[0], missing[0].alert if len(missing) == 1 else None
        missed = ngettext(
            "has not answered a question of yours", "has not answered %(n)d questions of yours", len(missing)
        )
        calls = [one.called for one in missing if one.called]
        called = max(calls, key=lambda call: call.called_at, default=None)
        about = (missed % {"n": len(missing)},)
        yield _call(
            f"ask-{agency_id}", first.agency, about, only=only, due=first.due, called=called,
            is_flash=any(_is_flash(one.alert) for one in missing),
        )  # fmt: skip


def _call(
    key: str,
    agency: Agency,
    about: tuple[str | Promise, ...],
    *,
    only: Alert | None,
    due: datetime,
    called: Call | None,
    is_flash: bool,
) -> StartRow:
    """Return the row of one call to an agency. `only`: the one alert that it is about; None for several.

    About a flash alert it is for at once, until somebody has called.
    """
    by = _("called by %(name)s") % {"name": isolated(called.noted_by)} if called else ""
    unknown = "" if agency.duty_phone else _("its duty telephone is not known here")
    note = f"{reverse('admin:call_recipient', args=[only.pk])}?agency={agency.pk}" if only else ""
    return StartRow(
        key,
        pgettext_lazy("act", "Phone"),
        agency.name,
        reverse("admin:sent", args=[only.pk]) if only else reverse("admin:overdue"),
        about=tuple(filter(None, (*about, by, unknown))),
        due=due,
        alert=only,
        is_flash=is_flash and called is None,
        ways=((_("Note a call…"), note),) if note else (),
        phone=agency.duty_phone,
        zone=agency.timezone,
    )


def _of_alert(
    verb: Text,
    page: str,
    alert: Alert,
    card: Card | None,
    about: tuple[str, ...],
    since: datetime | None,
) -> StartRow:
    address = reverse(f"admin:{page}", args=[alert.pk])
    return StartRow(
        f"{page}-{alert.pk}",
        verb,
        _title(card),
        address,
        about=about,
        since=since,
        alert=alert,
        is_flash=_is_flash(alert),
    )


def _is_flash(alert: Alert | ReceivedAlert) -> bool:
    return alert.pri == "flash" and alert.status == "actual"


def _title(card: Card | None, reference: str = "") -> str:
    if card is None:
        return _("Sealed alert %(fallback)s") % {"fallback": reference}
    return card.title or reference


def rows_of_keys(endings: Sequence[Ending]) -> Iterator[StartRow]:
    """Yield a row for each key that ends."""
    for ending in endings:
        words = {"short": ending.short, "suite": ending.suite}
        if ending.kind == "keyset":
            title = _("The keyset: afterwards nothing can be sent")
        elif ending.use == "sign":
            title = _("Signing key …%(short)s, %(suite)s") % words
        else:
            title = _("Encryption key …%(short)s, %(suite)s") % words
        key = f"key-{ending.kind}-{ending.short}"
        yield StartRow(key, pgettext_lazy("act", "Replace"), title, reverse("admin:keys"), due=ending.ends_at)


def rows_of_withheld(lanes: Iterable[WithheldLane]) -> Iterator[StartRow]:
    """Yield a row for each peer and lane that is open again, with what can be sent or what a colleague has chosen."""
    for one in lanes:
        address = reverse("admin:withheld_lane", args=[one.peer.pk, one.lane])
        words = {"name": isolated(one.peer.name), "lane": one.label}
        if one.chosen:
            title = ngettext(
                "%(n)d withheld alert for %(name)s (%(lane)s)",
                "%(n)d withheld alerts for %(name)s (%(lane)s)",
                one.chosen,
            )
            about = (_("a colleague has chosen what is sent"),)
            yield StartRow(
                f"withheld-{one.peer.pk}-{one.lane}-chosen", pgettext_lazy("act", "Release"),
                title % {"n": one.chosen, **words}, address, about=about,
            )  # fmt: skip
        if one.offered:
            title = ngettext(
                "whether %(n)d withheld alert is sent to %(name)s (%(lane)s)",
                "whether %(n)d withheld alerts are sent to %(name)s (%(lane)s)",
                one.offered,
            )
            yield StartRow(
                f"withheld-{one.peer.pk}-{one.lane}", pgettext_lazy("act", "Decide"),
                title % {"n": one.offered, **words}, address,
            )  # fmt: skip


def rows_of_notices(failed: Sequence[Notification]) -> Iterator[StartRow]:
    """Yield a row for each officer of the agency whom a mail did not reach; no number of theirs is held here."""
    for notice in failed:
        address = f"{reverse('admin:notifications')}?state={notice.state}"
        yield StartRow(
            f"notice-{notice.pk}", pgettext_lazy("act", "Tell"), notice.officer.display_name, address,
            about=(str(notice.get_state_display()),), since=notice.queued_at,
        )  # fmt: skip


def rows_of_commitments(soon: Iterable[tuple[Standing, datetime]]) -> Iterator[StartRow]:
    """Yield a row for each commitment of the own agency that is due soon."""
    for one, due in soon:
        words = {"what": SUPPLIES[one.commitment.what], "name": isolated(one.peer.name)}
        yield StartRow(
            f"commitment-{one.version.od}-{one.n}", pgettext_lazy("act", "Give"), _("%(what)s to %(name)s") % words,
            reverse("admin:commitments"), about=(one.version.ref,), due=due,
        )  # fmt: skip


def rows_of_proposals(waiting: Iterable[tuple[SignedVersion, str]]) -> Iterator[StartRow]:
    """Yield a row for each version of an agreement that waits for the agency, with the name of its proposer."""
    for version, name in waiting:
        title = _("agreement %(ref)s, which %(name)s proposes") % {
            "ref": isolated(version.ref),
            "name": isolated(name),
        }
        address = reverse("admin:agreement_version", args=[version.od])
        since = moment_of(version.proposed_at)
        yield StartRow(f"agreement-{version.od}", pgettext_lazy("act", "Decide"), title, address, since=since)


def rows_of_lanes(changes: Iterable[LaneChange]) -> Iterator[StartRow]:
    """Yield a row for each peer's statement that has lately suspended or resumed lanes."""
    for one in changes:
        words = {"name": isolated(one.name), "lanes": _lanes(one.lanes)}
        if one.said.k == SUSPEND:
            title = ngettext(
                "%(name)s has suspended a lane with your agency: %(lanes)s",
                "%(name)s has suspended lanes with your agency: %(lanes)s",
                len(one.lanes),
            )
        else:
            title = ngettext(
                "%(name)s has resumed a lane with your agency: %(lanes)s",
                "%(name)s has resumed lanes with your agency: %(lanes)s",
                len(one.lanes),
            )
        is_stopped = one.said.k == SUSPEND or one.still_stopped
        still = _("your agency still suspends: %(lanes)s") % {"lanes": _lanes(one.still_stopped)}
        yield StartRow(
            f"lanes-{one.said.od}", pgettext_lazy("act", "Look at"), title % words,
            reverse("admin:agreements") + ("?state=suspended" if is_stopped else ""),
            about=(still,) if one.still_stopped else (), since=moment_of(one.said.stated_at),
        )  # fmt: skip


def _lanes(codes: Iterable[str]) -> str:
    return ", ".join(str(Lane(code).label) for code in codes)


def rows_of_decisions(*, leaves: bool, powers: bool, caught: int) -> Iterator[StartRow]:
    """Yield a row for each decision, and for what a change of the law has reached."""
    decide = pgettext_lazy("act", "Decide")
    if leaves:
        title = _("A colleague has asked that your agency leaves this desk: it waits for your agreement")
        yield StartRow("leaving", decide, title, reverse("admin:leaving"))
    if powers:
        yield StartRow(
            "powers", decide, _("A change of power waits for a second person"), reverse("admin:powers")
        )
    if caught:
        words = ngettext(
            "One of your substances is newly caught", "%(n)s of your substances are newly caught", caught
        )
        yield StartRow(
            "caught", pgettext_lazy("act", "Look at"), words % {"n": caught}, reverse("admin:science_caught")
        )
