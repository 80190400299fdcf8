# SPDX-License-Identifier: Apache-2.0
"""An answer that waits is told of: before it is due, then along the duty list; and who asked learns what is missing."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries, Settings

from accord.answer_times import first_telling, pause_of
from alerts.drafting.drafts import save_revision
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.opening import OpeningReason
from alerts.replies.beginning import open_to_answer, start_reply
from alerts.replies.calls import note_call
from alerts.replies.reminding import due_to_remind, remind_of_answers
from alerts.sending.amendment import amend_alert
from alerts.sending.withdrawal import withdraw_alert
from callers.capabilities import Role
from notices.models import Notification
from notices.sending import send_notifications
from notices.states import ANSWER_OCCASIONS, Cause, NotificationState, Occasion
from officers.models import AgencyCalendar, AgencyPolicy, Officer
from peers.models import Agency
from tests import stages
from tests.bound_rows import rewrite
from tests.builders import DAY_SECS, START, seconds
from tests.mail_server import MailServer
from tests.notices.conftest import NoticeWorld
from tests.own_desk import RedDesk
from tests.pages.desk_world import CONTENT, DeskWorld
from tests.pages.test_in_doubt import lose_key
from tests.role_logins import under_login_of

QUESTION: Mapping[str, Any] = {
    "alert_type": "request_for_information",
    "title": f"Who has met this powder {CONTENT}",
    "question": f"Have you seen this? {CONTENT}",
    "request_priority": "urgent_direct",
    "lane": "science",
    "purpose": "science",
    "pri": "routine",
}
SWEPT_HOURS = (1.0, 3.9, 4.1, 4.2, 7.9, 8.1, 8.2, 11.9, 12.2, 16.3, 30, 60, 180, 250, 300)
"""The answer is due after 8 hours, so that the pause is 4; 180 are at most 8 days in any zone, 250 more, at any time of day."""
Act = Callable[[DeskWorld, Alert], object]


@pytest.fixture
def desk(db: None, tmp_path: Path) -> DeskWorld:
    """A desk whose duty lists are two officers long: author and reader who owe the answer, author and admin who ask."""
    desk = DeskWorld.kept(tmp_path / "ledger")
    lengthen_duty_lists(desk)
    return desk


@pytest.fixture
def asked(desk: DeskWorld) -> Alert:
    """A question, put back from memory: before the mail server in a test, which would have it sent anew."""
    return ask(desk)


@stages.act
def lengthen_duty_lists(desk: DeskWorld) -> None:
    put_on_duty(desk.casimir, 2)
    put_on_duty(desk.sunniva, 2)


def put_on_duty(officer: Officer, rank: int) -> None:
    officer.duty_rank = rank
    officer.save(update_fields=["duty_rank"])


@stages.act
def ask(desk: DeskWorld, **changes: Any) -> Alert:
    return desk.send(desk.draft(**{**QUESTION, **changes}))


def owed(desk: DeskWorld) -> ReceivedAlert:
    return ReceivedAlert.objects.filter(agency=desk.health, reply_by__isnull=False).latest("number")


@stages.act
def answer(desk: DeskWorld, code: str = "no_hit", **data: Any) -> Alert:
    opened = open_to_answer(desk.aroha, owed(desk), reason=OpeningReason.ON_DUTY.value, now=desk.tick())
    draft = start_reply(
        desk.aroha, opened, alert_type="answer", data={"answer_code": code, **data}, now=desk.tick()
    )
    return desk.send(draft, desk.haitham)


def sweep(desk: DeskWorld, hours: float, *, since: float = 0.0) -> None:
    """Run the desk-worker's task at each of `SWEPT_HOURS` after the question came, up to `hours`."""
    came = owed(desk).received_at
    for at in SWEPT_HOURS:
        if since < at <= hours:
            _look(desk, came + timedelta(hours=at))


@stages.act
def _look(desk: DeskWorld, now: datetime) -> None:
    look(now)


def look(now: datetime) -> None:
    with under_login_of("desk-worker"):
        remind_of_answers(now=now)


def told() -> dict[str, set[str]]:
    """Return the names before @ of whom was told, by occasion, that an answer waits."""
    found: dict[str, set[str]] = {}
    rows = Notification.objects.filter(occasion__in=ANSWER_OCCASIONS)
    for occasion, email in rows.values_list("occasion", "officer__email"):
        found.setdefault(occasion, set()).add(email.partition("@")[0])
    return found


def missing() -> set[tuple[str, str]]:
    """Return the names before @ of whom was told how many have not answered, with that number."""
    rows = Notification.objects.filter(occasion=Occasion.ANSWERS_MISSING)
    return {(row.officer.email.partition("@")[0], row.subject.rpartition(":")[2]) for row in rows}


BEFORE, OVERDUE = Occasion.ANSWER_DUE.value, Occasion.ANSWER_OVERDUE.value
EVERYBODY = {"aroha", "casimir"}


def nothing(desk: DeskWorld, asked: Alert) -> None:
    return None


@stages.act
def acknowledge(desk: DeskWorld, asked: Alert) -> None:
    open_to_answer(desk.aroha, owed(desk), reason=OpeningReason.ON_DUTY.value, now=desk.tick())
    acknowledge_alert(desk.aroha, owed(desk), now=desk.tick())


def give(code: str, *, in_days: int | None = None, **data: Any) -> Act:
    def act(desk: DeskWorld, asked: Alert) -> None:
        if in_days is not None:
            data["expected_at"] = (desk.hub.now + timedelta(days=in_days)).date().isoformat()
        answer(desk, code, **data)

    return act


@stages.act
def withdraw(desk: DeskWorld, asked: Alert) -> None:
    withdraw_alert(desk.benno, asked, code="error", now=desk.tick())
    desk.settle()


@stages.act
def take_answer_back(desk: DeskWorld, asked: Alert) -> None:
    withdraw_alert(desk.haitham, answer(desk), code="error", now=desk.tick())
    desk.settle()


@stages.act
def replace_question(desk: DeskWorld, asked: Alert) -> None:
    draft = amend_alert(desk.ilka, asked, now=desk.tick())
    changed = {"question": "Have you seen this blue one?"}
    save_revision(desk.ilka, draft, data=changed, base=draft.current, now=desk.tick())
    draft.refresh_from_db()
    desk.send(draft)


def put_in_doubt(desk: DeskWorld, asked: Alert) -> None:
    lose_key(desk, desk.benno)


ASKERS = {"ilka", "sunniva"}
ONE = {"recipients": ["xb-health"]}
JUDGE = give("needs_judicial_authorisation", in_days=8)
HALF = give("partial", narrative="Half.")
Steps = list[tuple[float, dict[str, set[str]], set[str]]]
SITUATIONS: dict[str, tuple[dict[str, Any], Act, Steps]] = {
    "nothing is done": (
        {},
        nothing,
        [
            (3.9, {}, set()),  # half of the time is left
            (4.1, {BEFORE: EVERYBODY}, set()),
            (7.9, {BEFORE: EVERYBODY}, set()),
            (8.2, {BEFORE: EVERYBODY, OVERDUE: {"aroha"}}, {"2"}),
            (12.2, {BEFORE: EVERYBODY, OVERDUE: EVERYBODY}, {"2"}),  # overdue for one pause
            (300, {BEFORE: EVERYBODY, OVERDUE: EVERYBODY}, {"2"}),  # nobody is left
        ],
    ),
    "it was acknowledged": (ONE, acknowledge, [(8.2, {BEFORE: EVERYBODY, OVERDUE: {"aroha"}}, {"1"})]),
    "an interim answer announces a day, which then is over": (
        ONE,
        JUDGE,
        [(180, {}, set()), (250, {OVERDUE: {"aroha"}}, {"1"}), (300, {OVERDUE: EVERYBODY}, {"1"})],
    ),
    "an interim answer announces none": (
        {},
        HALF,
        [(7.9, {}, set()), (300, {OVERDUE: EVERYBODY}, {"2"})],
    ),
    "one of two has answered": ({}, give("no_hit"), [(8.2, {}, {"1"}), (300, {}, {"1"})]),
    "it goes to one, who has answered": (ONE, give("hit"), [(300, {}, set())]),
    "its answer was withdrawn": (
        {},
        take_answer_back,
        [(8.2, {BEFORE: EVERYBODY, OVERDUE: {"aroha"}}, {"2"})],
    ),
    "it was withdrawn": ({}, withdraw, [(300, {}, set())]),
    "it is in doubt": ({}, put_in_doubt, [(300, {}, {"2"})]),
    "it is an exercise": ({"status": "exercise"}, nothing, [(300, {}, set())]),
}
"""What is done about a question, and after these hours: who of the recipient was told, and how many the askers miss."""


@pytest.mark.parametrize(("changes", "act", "steps"), SITUATIONS.values(), ids=SITUATIONS.keys())
def test_who_is_told_that_an_answer_waits_and_who_asked_once_how_many_are_missing(
    desk: DeskWorld, changes: dict[str, Any], act: Act, steps: Steps
) -> None:
    act(desk, ask(desk, **changes))
    since = 0.0
    for hours, expected, counts in steps:
        sweep(desk, hours, since=since)
        assert told() == expected, hours
        assert missing() == {(name, count) for name in ASKERS for count in counts}, hours
        since = hours


def call(desk: DeskWorld, hours: float) -> None:
    """Note, at the agency that owes the answer, a call to who asked."""
    now = owed(desk).received_at + timedelta(hours=hours)
    note_call(desk.casimir, owed(desk), called_at=now, text="They wait until Monday.", now=now)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(1.0, {BEFORE: EVERYBODY}), (8.3, {BEFORE: EVERYBODY, OVERDUE: {"aroha"}})],
)
def test_a_call_to_the_asker_ends_the_escalation_and_not_the_reminder_before(
    desk: DeskWorld, hours: float, expected: dict[str, set[str]]
) -> None:
    ask(desk)
    sweep(desk, hours)
    call(desk, hours)
    sweep(desk, 300, since=hours)
    assert told() == expected
    assert owed(desk).answered_at is None and owed(desk).acknowledged_at is None


def test_a_call_before_an_interim_answer_ends_nothing_after_it(desk: DeskWorld) -> None:
    ask(desk)
    call(desk, 0)
    answer(
        desk,
        "needs_judicial_authorisation",
        expected_at=(desk.hub.now + timedelta(days=8)).date().isoformat(),
    )
    sweep(desk, 300)
    assert told() == {OVERDUE: EVERYBODY}


def test_who_asked_is_not_told_of_an_agency_that_was_called(desk: DeskWorld) -> None:
    asked = ask(desk)
    due = owed(desk).reply_by
    assert due is not None
    note_call(desk.ilka, asked, agency="xd-reg", called_at=due, text="On Monday.", now=due)
    look(due + timedelta(hours=2))
    assert missing() == {(name, "1") for name in ASKERS}


def test_nobody_is_reminded_of_a_question_that_is_for_attention(desk: DeskWorld) -> None:
    ask(desk, for_attention=["xb-health"])
    due = owed(desk).reply_by
    assert due is not None
    sweep(desk, 300)
    look(due + timedelta(hours=2))
    assert (told(), missing()) == ({}, {(name, "1") for name in ASKERS})


def work_in_the_morning(agency: Agency, *holidays: date) -> None:
    """State that an agency, which is in UTC here, works from 9 to 12 each day but for these."""
    rewrite(Agency.objects.filter(pk=agency.pk), timezone="UTC")
    rows = [[day.isoformat(), ""] for day in holidays]
    AgencyCalendar.objects.create(
        agency=agency, working_days=[1, 2, 3, 4, 5, 6, 7], opens=time(9), closes=time(12), holidays=rows
    )


def ask_within(desk: DeskWorld, **within: int) -> ReceivedAlert:
    """Ask at noon of a day for an answer within this time."""
    desk.hub.now = (desk.hub.now + timedelta(days=1)).replace(hour=12, minute=0, second=0)
    due = f"{desk.hub.now + timedelta(**within):%Y-%m-%dT%H:%MZ}"
    ask(desk, request_priority="custom", due_at=due, due_reason="The court sits.")
    return owed(desk)


def test_a_routine_reminder_keeps_to_the_calendar_of_who_answers_and_the_signed_time_counts(
    desk: DeskWorld,
) -> None:
    day = (desk.hub.now + timedelta(days=1)).date()
    due_on = day + timedelta(days=4)
    work_in_the_morning(desk.health, due_on, due_on - timedelta(days=1))
    received = ask_within(desk, days=4)
    assert received.reply_by is not None and received.reply_by.date() == due_on, (
        "a holiday where it is answered"
    )
    before = datetime.combine(due_on - timedelta(days=2), time(11, 59), UTC)
    assert received.remind_at == before, "a day before it is due nobody works"
    look(received.reply_by + timedelta(minutes=1))
    received.refresh_from_db()
    following = datetime.combine(due_on + timedelta(days=1), time(9), UTC)
    assert (told(), received.remind_at) == ({}, following)
    look(following)
    assert told() == {OVERDUE: {"aroha"}}


def test_what_is_urgent_is_told_of_at_night(notice_world: NoticeWorld) -> None:
    hub, now = notice_world.hub, seconds(notice_world.hub.now)
    work_in_the_morning(notice_world.bravo.row)
    put_on_duty(notice_world.readers[0], 1)
    # Eight hours count from when it was signed, ten seconds ago.
    urgent = {
        notice_world.queue(pri=pri, reply_by=now + within).md
        for pri, within in (("flash", 4 * DAY_SECS), ("routine", 8 * 3600 - 10))
    }
    notice_world.queue(reply_by=now + 4 * DAY_SECS)
    look((hub.now + timedelta(days=5)).replace(hour=3))
    rows = Notification.objects.filter(occasion__in=ANSWER_OCCASIONS)
    assert set(rows.values_list("about", flat=True)) == urgent, "a routine question of days waits for the day"


def test_of_several_versions_only_the_newest_is_told_of(desk: DeskWorld) -> None:
    replace_question(desk, ask(desk))
    sweep(desk, 300)
    assert told() == {BEFORE: EVERYBODY, OVERDUE: EVERYBODY}
    rows = Notification.objects.filter(occasion__in=ANSWER_OCCASIONS)
    assert set(rows.values_list("about", flat=True)) == {owed(desk).md} and rows.count() == 4


def test_an_answer_between_two_steps_ends_the_escalation_and_withholds_what_was_not_sent(
    desk: DeskWorld,
) -> None:
    ask(desk)
    sweep(desk, 8.2)
    desk.hub.now += timedelta(hours=8.2)
    answer(desk)
    sweep(desk, 300, since=8.2)
    assert told() == {BEFORE: EVERYBODY, OVERDUE: {"aroha"}}
    assert set(
        Notification.objects.filter(occasion__in=ANSWER_OCCASIONS).values_list("withheld", flat=True)
    ) == {Cause.SETTLED}


def test_the_duty_list_is_told_as_it_stands_at_each_step(desk: DeskWorld) -> None:
    ask(desk)
    put_on_duty(desk.haitham, 1)
    put_on_duty(desk.aroha, 3)
    sweep(desk, 8.2)
    assert told()[OVERDUE] == {"haitham"}
    Officer.objects.filter(pk=desk.casimir.pk).update(duty_rank=None)
    sweep(desk, 12.2, since=8.2)
    assert told()[OVERDUE] == {"haitham", "aroha"}


def test_where_nobody_is_on_duty_every_reader_is_told_at_once(desk: DeskWorld) -> None:
    ask(desk)
    Officer.objects.filter(agency=desk.health).update(duty_rank=None)
    sweep(desk, 8.2)
    assert told() == {BEFORE: {"aroha"}, OVERDUE: {"aroha", "casimir", "haitham"}}
    sweep(desk, 300, since=8.2)
    assert told()[OVERDUE] == {"aroha", "casimir", "haitham"}


def test_an_exercise_starts_no_clock(notice_world: NoticeWorld) -> None:
    now = notice_world.hub.now
    for reader in notice_world.readers:
        put_on_duty(reader, 1)
    for status in ("exercise", "test"):
        received = notice_world.queue(status=status, reply_by=int(now.timestamp()) + 3600)
        look(now + timedelta(days=2))
        assert (received.remind_at, told()) == (None, {}), status
    notice_world.queue(reply_by=int(now.timestamp()) + 3600)
    look(now + timedelta(days=2))
    assert told()


@pytest.fixture
def red(db: None, settings: Settings, tmp_path: Path) -> RedDesk:
    settings.OWN_DESK = True
    return RedDesk.kept(tmp_path / "ledger")


def test_of_a_red_item_the_duty_list_hears_only_that_it_waits(red: RedDesk, mail_server: MailServer) -> None:
    put_on_duty(red.other, 1)
    row = red.received(red.named, reply_by=int(red.hub.now.timestamp()) + 8 * 3600)
    Notification.objects.all().delete()
    for hours in (4.1, 8.1, 12.1, 300):
        look(row.received_at + timedelta(hours=hours))
    Notification.objects.filter(officer=red.named).delete()
    rows = Notification.objects.all()
    assert {(row.officer_id, row.occasion, row.reference, row.pri) for row in rows} == {
        (red.other.pk, Occasion.RED_WAITS, "", "")
    }
    assert len(rows) == 2
    with under_login_of("mailer"):
        send_notifications(clock=lambda: red.hub.now + timedelta(hours=13), jitter=lambda: 0.5)
    mail = mail_server.mails[0]
    assert mail.message["Subject"] == "[Accord] WAITS"
    assert (
        body_of(mail.text).splitlines()[0]
        == f"Tell your colleagues at {row.agency.name}: a RED item waits for the officers whom it names."
    )
    assert row.reference not in mail.text and "xe-drugs" not in mail.text


def test_an_officer_whose_ceiling_does_not_reach_it_is_passed_over(notice_world: NoticeWorld) -> None:
    hub = notice_world.hub
    above = hub.make_officer(notice_world.bravo, Role.KEY_OFFICER)
    put_on_duty(notice_world.readers[0], 1)
    put_on_duty(above, 2)
    policy = AgencyPolicy.objects.filter(pk=notice_world.bravo.id)
    rewrite(policy, role_ceilings={Role.READER.value: "GREEN"})
    notice_world.queue(tlp="AMBER", reply_by=int(hub.now.timestamp()) + 3600)
    look(hub.now + timedelta(hours=2))
    rows = Notification.objects.filter(occasion__in=ANSWER_OCCASIONS)
    assert {row.officer_id for row in rows} == {above.pk}


def body_of(text: str) -> str:
    return text.partition("\r\n\r\n")[2].replace("\r\n", "\n")


LINES = {
    Occasion.ANSWER_DUE: ("TO ANSWER", r"Answer a question to {agency} by {moment}\."),
    Occasion.ANSWER_OVERDUE: (
        "ANSWER OVERDUE",
        r"Answer a question to {agency} now: it was due on {moment}\.",
    ),
}


def test_a_mail_says_until_when_and_refers_to_the_question(
    notice_world: NoticeWorld, mail_server: MailServer
) -> None:
    now = notice_world.hub.now
    put_on_duty(notice_world.readers[0], 1)
    received = notice_world.queue(pri="urgent", reply_by=int(now.timestamp()) + 8 * 3600)
    notice_world.send()
    before = len(mail_server.mails)
    for hours in (4.1, 8.1):
        look(now + timedelta(hours=hours))
    notice_world.hub.now = now + timedelta(hours=9)
    notice_world.send()
    mails = mail_server.mails[before:]
    assert len(mails) == len(LINES)
    moment = r"\d{4}-\d\d-\d\d \d\d:\d\d \([\w/]+\)"
    for mail, (word, line) in zip(mails, LINES.values(), strict=True):
        assert mail.message["Subject"] == f"[Accord] URGENT {word} {received.reference}"
        assert re.fullmatch(
            line.format(agency=notice_world.bravo.row.name, moment=moment)
            + r"\nOpen: https?://\S+/a/[0-9A-Z]{4}-[0-9A-Z]{4}\n"
            r"This mail carries no content\. Unsure\? Type the desk's address\.\n",
            body_of(mail.text),
        )
        assert "xa-alpha" not in mail.text and "science" not in mail.text


def test_a_reminder_of_a_routine_question_keeps_to_what_an_officer_wants_of_routine_mail(
    desk: DeskWorld, asked: Alert, mail_server: MailServer
) -> None:
    desk.aroha.duty_rank, desk.aroha.routine_mail = None, False
    desk.aroha.save(update_fields=["duty_rank", "routine_mail"])
    sweep(desk, 4.1)
    with under_login_of("mailer"):
        send_notifications(clock=lambda: desk.hub.now + timedelta(hours=5), jitter=lambda: 0.5)
    rows = Notification.objects.filter(occasion=Occasion.ANSWER_DUE)
    assert set(rows.values_list("officer__full_name", "state")) == {
        (desk.aroha.full_name, NotificationState.SUPPRESSED),
        (desk.casimir.full_name, NotificationState.SENT),
    }
    assert mail_server.mails


def test_the_mail_to_who_asked_holds_the_count_and_nothing_else(
    desk: DeskWorld, asked: Alert, mail_server: MailServer
) -> None:
    Notification.objects.all().delete()
    Officer.objects.filter(pk=desk.sunniva.pk).update(duty_rank=None)
    look(asked.changed_at + timedelta(hours=9))
    Notification.objects.exclude(occasion=Occasion.ANSWERS_MISSING).delete()
    with under_login_of("mailer"):
        send_notifications(clock=lambda: desk.hub.now + timedelta(hours=9), jitter=lambda: 0.5)
    (mail,) = mail_server.mails
    assert mail.message["Subject"] == "[Accord] ROUTINE NO ANSWER"
    first, link, _last = body_of(mail.text).splitlines()
    assert first == f"Phone 2 agencies, which have not answered {desk.lab.name} in time."
    assert link.endswith("/overdue/")
    assert CONTENT not in mail.text and "health" not in mail.text


def test_when_somebody_is_told_by_when_it_came_and_is_due() -> None:
    came, hour, day, minute = START, timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
    rows = (
        (8 * hour, 4 * hour, 4 * hour),
        (3 * day, 2 * day, day),
        (7 * day, 6 * day, day),
        (20 * minute, 5 * minute, 15 * minute),
        (10 * minute, 10 * minute, 15 * minute),
        (-2 * hour, 0 * hour, 15 * minute),
    )
    for due, first, pause in rows:
        assert (first_telling(came, came + due), pause_of(came, came + due)) == (came + first, pause)
    assert first_telling(came, came - 8 * day) is None


def test_a_sweep_finds_what_is_due_by_an_index_and_asks_little_where_nothing_is(
    desk: DeskWorld, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    ask(desk)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    now = owed(desk).received_at + timedelta(hours=1)
    assert "received_to_remind" in due_to_remind(now).explain()
    assert "alert_answers_due" in Alert.objects.filter(answers_due_at__lte=now).explain()
    with django_assert_max_num_queries(4):
        remind_of_answers(now=now)
