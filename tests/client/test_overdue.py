# SPDX-License-Identifier: Apache-2.0
"""`accord overdue`: what an agency without a desk owes others and what they owe it, by the rules of the overdue page."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from accord.calls.deliveries import REACHED, UNACKNOWLEDGED
from accord.client.results import Sent
from accord.envelope.manifest import Reference
from callers import deliveries
from tests.client.asked_questions import ASKED, DAY, HOUR, answer, ask, asked_between_two, printed_at
from tests.client.conftest import PartnerWorld, alert_to
from tests.client.terminals import Terminal
from tests.client.test_repudiated_items import revoke

LATE = 3 * DAY + HOUR
ACK, ANSWER = "acknowledgement", "answer"


@pytest.fixture
def asked(world: PartnerWorld) -> Sent:
    return asked_between_two(world)


@dataclass
class Boards:
    """The boards of asker and answerer, on machines whose clock is so many seconds ahead, as far as they are about one question."""

    asker: Terminal
    answerer: Terminal
    md: str

    def read(self, ahead_secs: int, *more: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """Return whom the answerer owes what, and who owes the asker what."""
        return self.side(self.answerer, "we_owe", ahead_secs, *more), self.side(
            self.asker, "they_owe", ahead_secs, *more
        )

    def side(self, one: Terminal, name: str, ahead_secs: int, *more: str) -> list[tuple[str, str]]:
        board = json.loads(printed_at(one, ahead_secs, "overdue", "--json", *more))
        assert board["unknown"] == board["doubts"] == []
        return [(row["what"], row["agency"]) for row in board[name] if row["d"] == self.md]


@pytest.fixture
def boards(world: PartnerWorld, asked: Sent, capsys: pytest.CaptureFixture[str]) -> Boards:
    return Boards(Terminal(world, "xa-alpha", capsys), Terminal(world, "xb-bravo", capsys), asked.md)


def test_the_same_debt_stands_on_both_boards_until_it_is_paid(
    world: PartnerWorld, asked: Sent, boards: Boards
) -> None:
    assert boards.read(HOUR) == ([], [])
    assert boards.read(DAY + HOUR) == ([(ACK, "xa-alpha")], [(ACK, "xb-bravo")])
    ours, theirs = boards.read(LATE)
    assert ours == [(ACK, "xa-alpha"), (ANSWER, "xa-alpha")], "the longest overdue first"
    assert theirs == [(ACK, "xb-bravo"), (ANSWER, "xb-bravo")]
    world.client("xb-bravo").acknowledge(asked.md, officer="officer-7", wait_secs=10)
    assert boards.read(LATE) == ([(ANSWER, "xa-alpha")], [(ANSWER, "xb-bravo")])
    interim = answer(world, asked, "partial", text="One laboratory has not looked yet.")
    world.client("xa-alpha").open(interim.md)
    assert boards.read(LATE) == ([(ANSWER, "xa-alpha")], [(ANSWER, "xb-bravo")]), (
        "an interim answer pays nothing"
    )
    sent = answer(world, asked)
    assert boards.read(LATE)[0] == []
    (row,) = json.loads(printed_at(boards.asker, LATE, "overdue", "--json"))["they_owe"]
    assert (row["what"], row["unopened"]) == (ANSWER, [sent.md]), "it may be the answer"
    assert f"! xb-bravo has sent {sent.md}" in printed_at(boards.asker, LATE, "overdue")
    world.client("xa-alpha").open(sent.md)
    assert boards.read(LATE, "--coming") == ([], [])


def test_a_person_reads_since_when_by_when_and_the_last_call(
    world: PartnerWorld, asked: Sent, boards: Boards
) -> None:
    assert printed_at(boards.answerer, 0, "overdue").splitlines() == [
        "We owe: 0",
        "Your agency owes nothing that is overdue.",
        "",
        "They owe: 0",
        "Nobody owes your agency anything that is overdue.",
    ]
    coming = printed_at(boards.answerer, 0, "overdue", "--coming")
    assert "We owe: 2" in coming and "by 20" in coming and " left)" in coming and asked.md in coming
    assert "Nobody owes your agency anything.\n" in coming
    boards.asker.run("called", asked.md, "--agency", "xb-bravo", "--text", "Ms Ito looks into it.")
    heads, ack, reply = printed_at(boards.asker, LATE, "overdue").partition("They owe: 2\n")[2].splitlines()
    assert heads.split() == ["due", "owed", "speed", "agency", "called", "reference", "md"]
    assert ack.startswith("since 20") and "Z (2 d " in ack and ACK in ack
    assert "Z (1 h " in reply and " late)" in reply and "xb-bravo  20" in reply and "Ms Ito" not in reply


def withdrawn(world: PartnerWorld, asked: Sent) -> None:
    world.client("xa-alpha").retract(asked.md, code="error", wait_secs=10)


def closed(world: PartnerWorld, asked: Sent) -> None:
    order = alert_to(
        "xb-bravo",
        alert=ASKED | {"question": None, "question_change": "closed"},
        tlp="AMBER",
        kind="update",
        re=Reference(asked.jti, asked.md),
        ack_by=int(time.time()) + 9 * DAY,
    )
    world.client("xa-alpha").submit(order, wait_secs=10)


def suspended(world: PartnerWorld, asked: Sent) -> None:
    world.client("xa-alpha").suspend(["xb-bravo"], ["science"])
    world.sequence()


def in_doubt(world: PartnerWorld, asked: Sent) -> None:
    assert asked.log_time is not None
    revoke(world, world.client("xa-alpha"), asked.log_time)
    world.sequence()


NEITHER = (False, False)
SITUATIONS: dict[str, tuple[Callable[[PartnerWorld, Sent], None], tuple[bool, bool]]] = {
    "withdrawn": (withdrawn, NEITHER),
    "closed by its next version": (closed, NEITHER),
    "suspended": (suspended, NEITHER),
    "in doubt": (in_doubt, (False, True)),
}
"""Whether an answer is owed, as answerer and asker read it: the rows of the table of a desk's rules; both where nothing changes it."""


@pytest.mark.parametrize(("arrange", "owed"), SITUATIONS.values(), ids=SITUATIONS)
def test_what_is_said_of_a_question(
    world: PartnerWorld,
    asked: Sent,
    boards: Boards,
    arrange: Callable[[PartnerWorld, Sent], None],
    owed: tuple[bool, bool],
) -> None:
    arrange(world, asked)
    ours, theirs = boards.read(LATE)
    assert ((ANSWER, "xa-alpha") in ours, (ANSWER, "xb-bravo") in theirs) == owed


def test_an_exercise_owes_nothing(world: PartnerWorld, capsys: pytest.CaptureFixture[str]) -> None:
    world.partners("xa-alpha", "xb-bravo")
    asked = ask(world, status="exercise")
    boards = Boards(Terminal(world, "xa-alpha", capsys), Terminal(world, "xb-bravo", capsys), asked.md)
    assert boards.read(LATE) == ([], [])


def test_states_of_deliveries_are_those_of_a_desk() -> None:
    assert {*UNACKNOWLEDGED} == {*map(str, deliveries.UNACKNOWLEDGED)}
    assert {*REACHED} == {*map(str, deliveries.REACHED)}
