# SPDX-License-Identifier: Apache-2.0
"""A member that signs for another ledger than the kept one raises an alarm each time, and nobody else is held up."""

import json

import pytest

from accord.cli import exits
from accord.client.errors import LedgerAlarmError
from accord.client.results import Sent
from accord.envelope.statements.form import CheckpointRef, SubjectRef, parse_statement
from tests.client.conftest import PartnerWorld, alert_to
from tests.client.terminals import Terminal, joined
from tests.client.test_statements import signed
from tests.client.test_watch import STEADY, numbers


@pytest.fixture
def terminals(world: PartnerWorld, capsys: pytest.CaptureFixture[str]) -> tuple[Terminal, Terminal]:
    return joined(world, capsys, "xa-alpha", "xb-bravo")


@pytest.fixture
def sent(terminals: tuple[Terminal, Terminal]) -> Sent:
    """An alert that its recipient has opened, so that its sender may make statements about it."""
    sent = terminals[0].client.submit(alert_to("xb-bravo"), wait_secs=10)
    terminals[1].client.open(sent.md)
    return sent


@pytest.fixture
def false_words(world: PartnerWorld, terminals: tuple[Terminal, Terminal], sent: Sent) -> None:
    """Let the sender make two statements under a false checkpoint, with an honest alert after each, through the hub's own API."""
    for _ in range(2):
        subject = SubjectRef("manifest", sent.jti, sent.md)
        view = CheckpointRef(1, "A" * 43)
        jws = signed(world, "xa-alpha", "reaffirm", subject, body={}, cp=view)
        exchange = terminals[0].client._session.exchange
        statement_id = parse_statement(jws).statement.id
        exchange.post_statement(statement_id, jws)
        world.sequence()
        terminals[0].client.submit(alert_to("xb-bravo"), wait_secs=10)


def test_each_alarm_is_told_once(terminals: tuple[Terminal, Terminal], false_words: None) -> None:
    bravo = terminals[1].client
    watching = bravo.watch(opening=True, rhythm=STEADY)
    news = [next(watching) for _ in range(5)]
    watching.close()
    assert numbers(news) == [1, 2, 3, 4, 5]
    assert [isinstance(item.error, LedgerAlarmError) for item in news] == [False, True, False, True, False]
    assert [item.opened is not None for item in news] == [True, False, True, False, True]
    assert numbers(list(bravo.watch(once=True, rhythm=STEADY))) == [5]
    assert list(bravo.watch(once=True, rhythm=STEADY)) == []


def test_the_command_says_it_loudly(terminals: tuple[Terminal, Terminal], false_words: None) -> None:
    bravo = terminals[1]
    shown = bravo.run("watch", "--once", "--open", "--json", expect=exits.NOT_VERIFIED)
    assert [json.loads(line)["number"] for line in shown.splitlines()] == [1, 2, 3, 4, 5]
    said = [json.loads(line) for line in bravo.err.splitlines()]
    assert [line["agency"] for line in said if line.get("warning") == "alarm"] == ["xa-alpha"] * 2
    assert said[-1]["exit"] == exits.NOT_VERIFIED
