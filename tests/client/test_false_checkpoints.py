# SPDX-License-Identifier: Apache-2.0
"""A member that signs for another ledger than the kept one raises an alarm each time, and nobody else is held up."""

import json

import pytest

from accord.cli import exits
from accord.client.errors import LedgerAlarmError
from accord.envelope.statements.form import CheckpointRef, SubjectRef, parse_statement
from tests.client.conftest import PartnerWorld, alert_to
from tests.client.terminals import Terminal
from tests.client.test_statements import signed
from tests.client.test_watch import STEADY, numbers


@pytest.fixture
def bravo(world: PartnerWorld, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """The recipient of two statements under a false checkpoint, with an honest alert before and after each."""
    world.restored("false checkpoints", lambda: send_false_words(world))
    return Terminal(world, "xb-bravo", capsys)


def send_false_words(world: PartnerWorld) -> None:
    """Let bravo open an alert, and alpha make statements about it through the hub's own API."""
    sent = world.deliver("xa-alpha", "xb-bravo")
    alpha, bravo = world.partners("xa-alpha", "xb-bravo")
    bravo.open(sent.md)
    for _ in range(2):
        subject = SubjectRef("manifest", sent.jti, sent.md)
        view = CheckpointRef(1, "A" * 43)
        jws = signed(world, "xa-alpha", "reaffirm", subject, body={}, cp=view)
        alpha._session.exchange.post_statement(parse_statement(jws).statement.id, jws)
        world.sequence()
        alpha.submit(alert_to("xb-bravo"), wait_secs=10)


def test_each_alarm_is_told_once(bravo: Terminal) -> None:
    client = bravo.client
    watching = client.watch(opening=True, rhythm=STEADY)
    news = [next(watching) for _ in range(5)]
    watching.close()
    assert numbers(news) == [1, 2, 3, 4, 5]
    assert [isinstance(item.error, LedgerAlarmError) for item in news] == [False, True, False, True, False]
    assert [item.opened is not None for item in news] == [True, False, True, False, True]
    assert numbers(list(client.watch(once=True, rhythm=STEADY))) == [5]
    assert list(client.watch(once=True, rhythm=STEADY)) == []


def test_the_command_says_it_loudly(bravo: Terminal) -> None:
    shown = bravo.run("watch", "--once", "--open", "--json", expect=exits.NOT_VERIFIED)
    assert [json.loads(line)["number"] for line in shown.splitlines()] == [1, 2, 3, 4, 5]
    said = [json.loads(line) for line in bravo.err.splitlines()]
    assert [line["agency"] for line in said if line.get("warning") == "alarm"] == ["xa-alpha"] * 2
    assert said[-1]["exit"] == exits.NOT_VERIFIED
