# SPDX-License-Identifier: Apache-2.0
"""Questions by command: what waits for an answer, the answer, its refusals, and what the asker reads of it."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accord.cli import exits
from accord.client.answering import Answer
from accord.client.client import Client
from accord.client.errors import (
    AbsentError,
    DocumentError,
    NotEntitledError,
    NotToAnswerError,
    RefusedError,
    UnreachableError,
)
from accord.client.results import AnswerGiven, InboxEntry, Question, Sent
from accord.envelope.content import NamedOfficer
from accord.envelope.manifest import Reference
from peers.models import Agency
from sharing.models import Delivery, Statement
from tests.client.altered_answers import Instead, cut_off
from tests.client.asked_questions import (
    ASKED,
    DAY,
    HOUR,
    answer,
    answered_between_two,
    ask,
    asked_between_two,
    printed_at,
    watched_at,
)
from tests.client.conftest import PartnerWorld, alert_to
from tests.client.terminals import Terminal
from tests.client.test_repudiated_items import revoke
from tests.stolen_vault_keys import as_recipient


def entry_of(world: PartnerWorld, asked: Sent) -> InboxEntry:
    return next(entry for entry in world.client("xb-bravo").inbox() if entry.d == asked.md)


def question(world: PartnerWorld, asked: Sent) -> Question | None:
    return entry_of(world, asked).question


def state(world: PartnerWorld, asked: Sent) -> str | None:
    found = question(world, asked)
    return None if found is None else found.state


def waits(world: PartnerWorld) -> list[str]:
    entries, doubts, unknown = world.client("xb-bravo").to_answer()
    assert (doubts, unknown) == ([], [])
    return [entry.d for entry in entries]


def given(world: PartnerWorld, asked: Sent, *, opening: bool = True) -> AnswerGiven | None:
    """Return what the asker reads of the answer, once what has come was opened."""
    alpha = world.client("xa-alpha")
    list(alpha.watch(once=True, opening=opening))
    return next(iter(alpha.submission(asked.md).answers), None)


@pytest.fixture
def asked(world: PartnerWorld) -> Sent:
    return asked_between_two(world)


def test_a_question_waits_unopened_and_acknowledged_until_it_is_answered(
    world: PartnerWorld, asked: Sent
) -> None:
    bravo = world.client("xb-bravo")
    assert (waits(world), state(world, asked)) == ([asked.md], "open")
    assert not Delivery.objects.exclude(fetched_at=None).exists(), "a listed question was not collected"
    bravo.acknowledge(asked.md, officer="officer-7", wait_secs=10)
    assert (waits(world), state(world, asked)) == ([asked.md], "open")

    sent = answer(world, asked)
    assert (waits(world), state(world, asked)) == ([], "answered")
    found = question(world, asked)
    assert found is not None and (found.code, found.answered_at) == ("no_hit", sent.log_time)
    assert given(world, asked) == AnswerGiven("xb-bravo", "no_hit", sent.log_time, False, False, ())


def test_an_answer_is_marked_as_its_question_and_goes_to_the_asker_alone(
    world: PartnerWorld, asked: Sent
) -> None:
    sent = answer(world, asked, "information_supplied", text="Two cases since May.")
    opened = world.client("xa-alpha").open(sent.md)
    terms = opened.manifest.terms
    assert (terms.kind, terms.re) == ("reply", Reference(asked.jti, asked.md))
    assert (terms.tlp, terms.lane, terms.purpose, terms.status) == ("AMBER", "science", "prevent", "actual")
    assert set(opened.content.audience) == {"xa-alpha"}
    assert dict(opened.alert) == {
        "schema": "accord-alert/1",
        "alert_type": "answer",
        "title": "Re: Who has met this powder",
        "handling": ["H3"],
        "handling_condition": "Not to be told to the press.",
        "answer_code": "information_supplied",
        "narrative": "Two cases since May.",
    }


def test_after_an_interim_answer_the_question_waits_for_another(world: PartnerWorld, asked: Sent) -> None:
    day = (timezone.now() + timedelta(days=9)).date().isoformat()
    answer(world, asked, "needs_judicial_authorisation", expected=day)
    assert (waits(world), state(world, asked)) == ([asked.md], "interim")
    seen = given(world, asked)
    assert seen is not None and seen.code == "needs_judicial_authorisation"
    answer(world, asked, "hit")
    assert state(world, asked) == "answered"
    seen = given(world, asked)
    assert seen is not None and seen.code == "hit"


def test_a_withdrawn_answer_opens_the_question_again(world: PartnerWorld, asked: Sent) -> None:
    answer(world, asked, "partial", text="Half of the laboratories have looked.")
    second = answer(world, asked, "hit")
    seen = given(world, asked)
    assert seen is not None and seen.code == "hit"
    world.client("xb-bravo").retract(second.md, code="error", wait_secs=10)
    assert (state(world, asked), waits(world)) == ("open", [asked.md])
    seen = given(world, asked)
    assert seen is not None and seen.code is None, "no earlier answer takes its place"


def test_an_amended_answer_takes_the_place_of_the_first(world: PartnerWorld) -> None:
    asked, first = answered_between_two(world)
    amended = {
        "schema": "accord-alert/1",
        "alert_type": "answer",
        "title": "Re: powder",
        "answer_code": "hit",
    }
    order = alert_to("xa-alpha", alert=amended, kind="update", tlp="AMBER", re=Reference(first.jti, first.md))
    world.client("xb-bravo").submit(order, wait_secs=10)
    found, seen = question(world, asked), given(world, asked)
    assert found is not None and (found.state, found.code) == ("answered", "hit")
    assert seen is not None and seen.code == "hit"


def test_an_answer_counts_for_the_next_version_of_the_question(world: PartnerWorld) -> None:
    asked, sent = answered_between_two(world)
    newer = ask(world, kind="update", re=Reference(asked.jti, asked.md))
    assert question(world, asked) is None
    assert (state(world, newer), waits(world)) == ("answered", [])
    seen = given(world, newer)
    assert seen is not None and (seen.code, seen.at) == ("no_hit", sent.log_time)


def test_a_version_that_asks_anew_takes_no_earlier_answer(world: PartnerWorld) -> None:
    asked, _ = answered_between_two(world)
    anew = ASKED | {"question_change": "asks_anew"}
    newer = ask(world, alert=anew, kind="update", re=Reference(asked.jti, asked.md))
    world.client("xb-bravo").open(newer.md)
    assert (state(world, newer), waits(world)) == ("open", [newer.md])
    assert given(world, newer) is None
    sent = answer(world, newer, "hit")
    seen = given(world, newer)
    assert (state(world, newer), seen) == (
        "answered",
        AnswerGiven("xb-bravo", "hit", sent.log_time, False, False, ()),
    )


def test_a_closed_question_waits_no_more_and_takes_no_answer(world: PartnerWorld, asked: Sent) -> None:
    answer(world, asked, "partial", text="More follows.")
    closed = ASKED | {"question_change": "closed"}
    closing = ask(world, alert=closed, reply_by=None, kind="update", re=Reference(asked.jti, asked.md))
    assert waits(world) == []
    for md in (asked.md, closing.md):
        with pytest.raises(NotToAnswerError) as refused:
            world.client("xb-bravo").answer_order(md, Answer("hit"))
        assert refused.value.reason == "closed"
    seen = given(world, closing)
    assert seen is not None and (seen.code, seen.late) == ("partial", False)


def test_what_a_version_changes_in_its_question_fits_the_order(world: PartnerWorld, asked: Sent) -> None:
    update = {"kind": "update", "re": Reference(asked.jti, asked.md)}
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("closed", {"kind": "alert"}, "only a next version"),
        ("closed", update, "leave out the time to answer by"),
        ("asks_anew", update | {"reply_by": None}, "say by when"),
    ]
    for change, order, text in wrong:
        with pytest.raises(DocumentError) as refused:
            ask(world, alert=ASKED | {"question_change": change}, **order)
        assert text in str(refused.value)


def test_a_question_for_attention_waits_for_no_answer_once_it_was_opened(world: PartnerWorld) -> None:
    world.partners("xa-alpha", "xb-bravo", "xc-charlie")
    document = ASKED | {"for_attention": ["xb-bravo"]}
    asked = ask(world, to=("xb-bravo", "xc-charlie"), alert=document)
    world.client("xb-bravo").open(asked.md)
    assert (waits(world), question(world, asked)) == ([], None)
    assert world.client("xa-alpha").submission(asked.md).for_attention == ("xb-bravo",)
    with pytest.raises(DocumentError, match="not all of them"):
        ask(world, alert=document)


def test_a_noted_call_ends_what_a_watch_says_of_an_overdue_answer_and_answers_nothing(
    world: PartnerWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    world.partners("xa-alpha", "xb-bravo")
    asked, other = ask(world, within=HOUR // 2), ask(world, within=HOUR // 2)
    bravo = Terminal(world, "xb-bravo", capsys)
    list(world.client("xb-bravo").watch(once=True))
    assert "called xa-alpha" in bravo.run("called", asked.md, "--text", "They wait until Monday.")
    (line,) = watched_at(bravo, HOUR)
    assert "OVERDUE" in line and other.md in line
    assert set(waits(world)) == {asked.md, other.md}


def test_a_bad_note_of_a_call_is_refused(
    world: PartnerWorld, asked: Sent, capsys: pytest.CaptureFixture[str]
) -> None:
    waits(world)
    bravo = Terminal(world, "xb-bravo", capsys)
    for text, options in {
        "whom you spoke to": ("--text", " "),
        "a time up to now": ("--text", "Monday.", "--at", "9999-01-31T12:00Z"),
        "it came from xa-alpha": ("--text", "Monday.", "--agency", "xc-charlie"),
    }.items():
        bravo.run("called", asked.md, *options, expect=exits.USAGE)
        assert text in bravo.err
    assert world.client("xb-bravo").state().calls == []


def test_a_question_whose_time_is_past_is_overdue_and_its_answer_late(world: PartnerWorld) -> None:
    world.partners("xa-alpha", "xb-bravo")
    asked = ask(world, within=HOUR // 2)
    bravo = world.client("xb-bravo")
    bravo.submit(bravo.answer_order(asked.md, Answer("partial", text="More follows.")))
    assert state(world, asked) == "interim"
    # The ledger, and with it the client's trusted time, goes on by an hour.
    world.hub.now = timezone.now() + timedelta(hours=1)
    world.hub.sequence()
    seen = given(world, asked)
    assert seen is not None and (seen.code, seen.late) == ("partial", True)
    bravo.submissions()
    assert state(world, asked) == "overdue"


def test_a_question_past_the_time_for_which_it_is_kept_waits_no_longer(
    world: PartnerWorld, asked: Sent, capsys: pytest.CaptureFixture[str]
) -> None:
    bravo = Terminal(world, "xb-bravo", capsys)
    keep = world.client("xb-bravo").open(asked.md).manifest.terms.keep
    left = keep - int(time.time())
    assert "xa-alpha" in printed_at(bravo, left - HOUR, "inbox", "--to-answer")
    assert (
        printed_at(bravo, left, "inbox", "--to-answer") == "No question waits for an answer of your agency.\n"
    )


def test_an_answer_that_was_not_opened_yet_is_named(world: PartnerWorld) -> None:
    asked, sent = answered_between_two(world)
    seen = given(world, asked, opening=False)
    assert seen is not None and (seen.code, seen.unopened) == (None, (sent.md,))
    world.client("xb-bravo").retract(sent.md, code="error", wait_secs=10)
    seen = given(world, asked, opening=False)
    assert seen is not None and seen.unopened == (), "nobody can open it any more"


def test_a_manifest_that_the_hub_holds_back_is_told_and_asked_for_again(
    world: PartnerWorld, asked: Sent
) -> None:
    def absent(md: str) -> Any:
        raise AbsentError(404, "absent", "There is nothing here for you.", "", {})

    liar = world.lied_to("xb-bravo", manifest=Instead(absent))
    entries, doubts, unknown = liar.to_answer()
    assert (entries, doubts, [doubt.d for doubt in unknown]) == ([], [], [asked.md])
    assert waits(world) == [asked.md]


def test_what_the_hub_has_deleted_is_not_asked_for_again(world: PartnerWorld, asked: Sent) -> None:
    calls: list[str] = []

    def deleted(md: str) -> Any:
        calls.append(md)
        raise RefusedError(410, "content-deleted", "Its content was deleted.", "", {})

    liar = world.lied_to("xb-bravo", manifest=Instead(deleted))
    assert [liar.to_answer(), liar.to_answer()] == [([], [], [])] * 2
    assert calls == [asked.md]


def withdrawn(world: PartnerWorld, asked: Sent) -> Sent:
    world.client("xa-alpha").retract(asked.md, code="error", wait_secs=10)
    return asked


def replaced(world: PartnerWorld, asked: Sent) -> Sent:
    ask(world, kind="update", re=Reference(asked.jti, asked.md))
    return asked


def answered(world: PartnerWorld, asked: Sent) -> Sent:
    answer(world, asked)
    return asked


def kept_in_the_spool(world: PartnerWorld, asked: Sent) -> Sent:
    bravo = world.lied_to("xb-bravo", post_envelope=Instead(cut_off))
    with pytest.raises(UnreachableError):
        bravo.submit(bravo.answer_order(asked.md, Answer("no_hit")))
    return asked


def in_doubt(world: PartnerWorld, asked: Sent) -> Sent:
    assert asked.log_time is not None
    revoke(world, world.client("xa-alpha"), asked.log_time)
    world.sequence()
    return asked


def unasked(world: PartnerWorld, asked: Sent) -> Sent:
    return ask(world, reply_by=None)


def asked_by_ourselves(world: PartnerWorld, asked: Sent) -> Sent:
    return world.client("xb-bravo").submit(alert_to("xa-alpha", reply_by=int(time.time()) + DAY))


REFUSED: dict[str, tuple[Callable[[PartnerWorld, Sent], Sent], str]] = {
    "own": (asked_by_ourselves, "accord submissions "),
    "no-question": (unasked, "--kind reply --re "),
    "withdrawn": (withdrawn, "accord confirm "),
    "replaced": (replaced, "accord open "),
    "answered": (answered, "--kind update --re "),
    "waits": (kept_in_the_spool, "accord submit --resend"),
    "in-doubt": (in_doubt, "Call xa-alpha "),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_takes_no_answer_is_refused_with_what_to_do_instead(
    world: PartnerWorld, asked: Sent, capsys: pytest.CaptureFixture[str], reason: str
) -> None:
    make, remedy = REFUSED[reason]
    md = make(world, asked).md
    with pytest.raises(NotToAnswerError) as caught:
        world.client("xb-bravo").answer_order(md, Answer("hit"))
    assert caught.value.reason == reason
    before = len(world.client("xb-bravo").state().submissions)
    bravo = Terminal(world, "xb-bravo", capsys)
    bravo.run("answer", md, "--code", "hit", "--yes", expect=exits.REFUSED)
    assert remedy in bravo.err
    assert len(world.client("xb-bravo").state().submissions) == before


RED: dict[str, Any] = {"tlp": "RED", "names": (NamedOfficer("xb-bravo", "officer-7"),)}


def test_a_red_question_is_answered_red_to_whom_it_names_for_that(world: PartnerWorld, asked: Sent) -> None:
    world.hub.make_agreement("G2", "xa-alpha", "xb-bravo", ceiling="RED")
    with pytest.raises(DocumentError) as refused:
        ask(world, **RED)
    assert [finding.pointer for finding in refused.value.findings] == ["/reply_to"]
    red = ask(world, **RED, alert={**ASKED, "reply_to": ["officer-1", "officer-2"]})
    bravo, alpha = world.client("xb-bravo"), world.client("xa-alpha")
    for officer in (None, "officer-8"):
        with pytest.raises(NotEntitledError):
            bravo.answer_order(red.md, Answer("hit"), officer=officer)
    order = bravo.answer_order(red.md, Answer("hit"), officer="officer-7")
    assert (order.tlp, order.to) == ("RED", ("xa-alpha",))
    sent = bravo.submit(order, wait_secs=10)
    assert state(world, red) == "answered"
    with pytest.raises(NotEntitledError):
        alpha.open(sent.md, officer="officer-7")
    opened = alpha.open(sent.md, officer="officer-2")
    assert opened.names == (NamedOfficer("xa-alpha", "officer-1"), NamedOfficer("xa-alpha", "officer-2"))
    assert alpha.submission(red.md).answers[0].code == "hit"


def test_a_red_question_that_names_nobody_for_its_answers_is_for_the_telephone(
    world: PartnerWorld, asked: Sent
) -> None:
    held = world.hub.make_agency("xc-held")
    world.hub.make_agreement("G2", "xc-held", "xb-bravo", ceiling="RED")
    bravo = world.client("xb-bravo")
    bravo.pin("xc-held", held.root.fingerprint)
    recipient = as_recipient(Agency.objects.get(pk="xb-bravo"))
    red = world.hub.deliver(held, recipient, **RED, alert=ASKED, reply_by=int(time.time()) + DAY)
    with pytest.raises(NotToAnswerError, match="Call xc-held") as caught:
        bravo.answer_order(red.md, Answer("hit"), officer="officer-7")
    assert caught.value.reason == "red"


TOMORROW = (timezone.now() + timedelta(days=2)).date().isoformat()
CONTRADICTIONS: dict[str, tuple[Answer, str]] = {
    "a refusal without a reason": (Answer("refused"), "/refusal_reason"),
    "a reason without a refusal": (Answer("hit", reason="security"), "/refusal_reason"),
    "another reason without a text": (Answer("refused", reason="other"), "/narrative"),
    "information without a text": (Answer("information_supplied"), "/narrative"),
    "an authorisation without a day": (Answer("needs_judicial_authorisation"), "/expected_at"),
    "a day after a final answer": (Answer("no_hit", expected=TOMORROW), "/expected_at"),
    "a day that is past": (Answer("partial", text="More follows.", expected="2020-01-31"), "/expected_at"),
    "a day that does not exist": (Answer("partial", text="More.", expected="2027-02-30"), "/expected_at"),
    "a code that nobody listed": (Answer("perhaps"), "/answer_code"),
}


def test_an_answer_that_contradicts_itself_is_refused_as_at_a_desk(
    world: PartnerWorld, asked: Sent, subtests: pytest.Subtests
) -> None:
    bravo = world.client("xb-bravo")
    for name, (said, pointer) in CONTRADICTIONS.items():
        with subtests.test(name):
            with pytest.raises(DocumentError) as caught:
                bravo.answer_order(asked.md, said)
            assert [finding.pointer for finding in caught.value.findings] == [pointer]


def test_the_whole_job_at_two_terminals(
    world: PartnerWorld, asked: Sent, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    alpha, bravo = Terminal(world, "xa-alpha", capsys), Terminal(world, "xb-bravo", capsys)
    spectrum = tmp_path / "powder.msp"
    spectrum.write_text("NAME: powder\n")
    assert "to answer: open" in bravo.run("inbox")
    (line,) = bravo.run("inbox", "--to-answer").splitlines()[1:]
    assert "  open  " in line and line.endswith(asked.md)
    (item,) = bravo.json("inbox", "--to-answer")["items"]
    assert item == bravo.json("inbox")["items"][0]
    assert set(item["question"]) == {"reply_by", "answer_by", "state", "code", "answered_at", "in_doubt"}

    argv = ["answer", item["ref"], "--code", "hit", "--text", "Two cases.", "--attach", str(spectrum)]
    bravo.run(*argv, expect=exits.USAGE)
    assert "Send to xa-alpha?" in bravo.err and "--yes" in bravo.err
    bravo.run("answer", asked.md, "--code", "refused", "--yes", expect=exits.USAGE)
    assert "/refusal_reason: a refusal has a reason" in bravo.err
    said = bravo.run(*argv, "--as", "officer-7", "--yes")
    assert said.startswith(f"Answered (hit): {asked.md}\nSent to xa-alpha\n")
    assert "Acknowledged (opened)" in said
    assert Statement.objects.filter(k="ack", sub_d=asked.md).count() == 1
    world.sequence()
    assert bravo.run("inbox", "--to-answer") == "No question waits for an answer of your agency.\n"
    bravo.run("submissions")
    assert "to answer: answered (hit 20" in bravo.run("inbox")

    (reply,) = [item for item in alpha.json("inbox")["items"] if item["what"] == "envelope"]
    assert f"not opened yet: {reply['d']}" in alpha.run("submissions", asked.md)
    assert "answer_code: hit" in alpha.run("open", reply["d"], "--out", str(tmp_path / "out"))
    assert (tmp_path / "out" / "00_powder.msp").read_bytes() == spectrum.read_bytes()
    assert "  hit 20" in alpha.run("submissions", asked.md)
    (shown,) = alpha.json("submissions", asked.md)["answers"]
    assert (shown["agency"], shown["code"], shown["late"]) == ("xb-bravo", "hit", False)


def test_a_watch_says_once_that_an_answer_is_due_and_once_that_it_is_overdue(
    world: PartnerWorld, asked: Sent, capsys: pytest.CaptureFixture[str]
) -> None:
    bravo = Terminal(world, "xb-bravo", capsys)
    assert watched_at(bravo, 0) == []
    (line,) = watched_at(bravo, 2 * DAY + HOUR)
    assert line.startswith("answer due by 20") and f"(accord answer {asked.md})" in line
    assert watched_at(bravo, 2 * DAY + 2 * HOUR) == []
    (line,) = map(json.loads, watched_at(bravo, 3 * DAY + HOUR, "--json"))
    assert (line["what"], line["d"], line["iss"]) == ("answer-overdue", asked.md, "xa-alpha")
    assert watched_at(bravo, 3 * DAY + 2 * HOUR) == []


def test_while_its_lane_is_suspended_a_question_is_frozen_and_a_watch_tells_nobody(
    world: PartnerWorld, asked: Sent, capsys: pytest.CaptureFixture[str]
) -> None:
    bravo, late = Terminal(world, "xb-bravo", capsys), 3 * DAY + HOUR
    alpha = world.client("xa-alpha")
    alpha.suspend(["xb-bravo"], ["science"])
    world.sequence()
    assert " frozen " in printed_at(bravo, late, "inbox", "--to-answer")
    assert watched_at(bravo, late) == []
    alpha.resume(["xb-bravo"], ["science"])
    world.sequence()
    assert " OVERDUE " in printed_at(bravo, late, "inbox", "--to-answer")
    (line,) = watched_at(bravo, late)
    assert line.startswith("ANSWER OVERDUE")


def suspended_for(world: PartnerWorld, secs: int, *homes: str) -> None:
    """Have the first partner suspend the lane and resume it; in these homes it was resumed so much later."""
    alpha = world.client("xa-alpha")
    alpha.suspend(["xb-bravo"], ["science"])
    world.sequence()
    resumed = alpha.resume(["xb-bravo"], ["science"])
    world.sequence()
    for home in homes:
        client: Client = world.client(home)
        client.inbox()
        with client._session.state_file.change() as kept:
            said = kept.statements[resumed.od]
            kept.statements[resumed.od] = replace(said, log_time=said.log_time + secs)


def test_once_a_suspension_is_over_the_answer_is_due_later_by_it(
    world: PartnerWorld, asked: Sent, capsys: pytest.CaptureFixture[str]
) -> None:
    bravo, late = Terminal(world, "xb-bravo", capsys), 3 * DAY + HOUR
    assert len(watched_at(bravo, 2 * DAY + HOUR)) == 1
    suspended_for(world, 2 * DAY, "xb-bravo")
    assert " open (signed for " in printed_at(bravo, late, "inbox", "--to-answer")
    (item,) = json.loads(printed_at(bravo, late, "inbox", "--to-answer", "--json"))["items"]
    moved_by = item["question"]["answer_by"] - item["question"]["reply_by"]
    assert abs(moved_by - 2 * DAY) < HOUR
    assert watched_at(bravo, late) == []
    (line,) = watched_at(bravo, 4 * DAY + HOUR)
    assert line.startswith("answer due by"), "it is told of once more, by the time as moved"
    (line,) = watched_at(bravo, 5 * DAY + HOUR)
    assert line.startswith("ANSWER OVERDUE")


def test_an_answer_is_late_by_the_due_time_as_moved(world: PartnerWorld) -> None:
    asked, _ = answered_between_two(world)
    suspended_for(world, 2 * DAY, "xa-alpha")
    given(world, asked)
    alpha: Client = world.client("xa-alpha")
    for days, late in ((4, False), (6, True)):
        with alpha._session.state_file.change() as kept:
            for md, record in kept.manifests.items():
                if record is not None and record.code:
                    kept.manifests[md] = replace(record, log_time=int(time.time()) + days * DAY)
        (read,) = alpha.submission(asked.md).answers
        assert read.late is late


def test_a_watch_says_nothing_of_what_was_answered_and_a_home_that_adopts_an_answer_has_answered(
    world: PartnerWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, _ = answered_between_two(world)
    assert watched_at(Terminal(world, "xb-bravo", capsys), 3 * DAY + HOUR) == []
    bravo: Client = world.client("xb-bravo")
    with bravo._session.state_file.change() as kept:
        kept.submissions.clear()
    assert state(world, asked) == "open"
    bravo.adopt(bravo.own_history().found)
    assert state(world, asked) == "answered"
