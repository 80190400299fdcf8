# SPDX-License-Identifier: Apache-2.0
"""Reminders of a sender: `watch` and `inbox` report each once, open nothing, and go on."""

import json
from typing import Any

import pytest

from accord.calls.answers import FeedEntry, FeedPage
from accord.calls.exchange import HttpExchange
from accord.calls.transport import HttpTransport
from accord.client.client import Client
from accord.client.results import Sent
from sharing.models import Delivery
from sharing.reminders import REMINDED_EVERY
from tests.client.conftest import PartnerWorld
from tests.client.terminals import Terminal
from tests.client.test_watch import numbers, watched


@pytest.fixture
def sent(world: PartnerWorld) -> Sent:
    """An alert that is delivered, and whose recipient was reminded through the API."""
    return world.restored("reminded", lambda: send_and_remind(world))


@pytest.fixture
def terminals(
    world: PartnerWorld, sent: Sent, capsys: pytest.CaptureFixture[str]
) -> tuple[Terminal, Terminal]:
    return Terminal(world, "xa-alpha", capsys), Terminal(world, "xb-bravo", capsys)


def send_and_remind(world: PartnerWorld) -> Sent:
    sent = world.deliver("xa-alpha", "xb-bravo")
    alpha, bravo = world.partners("xa-alpha", "xb-bravo")
    assert numbers(watched(bravo, opening=True)) == [1]
    remind(world, alpha, sent)
    return sent


def remind(world: PartnerWorld, alpha: Client, sent: Sent, key: str = "one") -> None:
    exchange = HttpExchange(HttpTransport(world.address, api_key=alpha.state().api_key))
    answer = exchange.remind(sent.md, key=key)
    assert exchange.remind(sent.md, key=key) == answer
    exchange.close()
    assert answer.recipients == ("xb-bravo",)
    assert answer.reminded_at is not None
    assert answer.again_at == answer.reminded_at + REMINDED_EVERY.total_seconds()
    world.sequence()


def test_it_is_told_once_and_opens_nothing(terminals: tuple[Terminal, Terminal], sent: Sent) -> None:
    bravo = terminals[1]
    (line,) = bravo.run("watch", "--once", "--open", "--json").splitlines()
    item = json.loads(line)
    assert (item["number"], item["what"], item["d"]) == (2, "reminder", sent.md)
    assert (item["iss"], item["id"]) == ("xa-alpha", sent.jti)
    assert item["opened_at"] is not None and item["opened"] is None
    assert bravo.run("watch", "--once", "--open") == ""
    listed = bravo.run("inbox")
    assert "reminder" in listed and listed.count(sent.md) == 2


def test_the_sentence_says_what_is_asked_for(terminals: tuple[Terminal, Terminal], sent: Sent) -> None:
    shown = terminals[1].run("watch", "--once")
    assert shown.startswith("2  alert from xa-alpha")
    assert "REMINDER: its sender asks once more for an acknowledgement" in shown


def test_of_a_withdrawal_it_says_so(
    world: PartnerWorld, terminals: tuple[Terminal, Terminal], sent: Sent
) -> None:
    alpha, bravo = terminals
    watched(bravo.client, opening=False)
    alpha.client.retract(sent.md, code="error", wait_secs=10)
    watched(bravo.client, opening=False)
    Delivery.objects.update(reminded_at=None)
    remind(world, alpha.client, sent, "two")
    assert "asks once more for a confirmation that its use has stopped" in bravo.run("watch", "--once")


def test_one_of_what_never_came_is_passed_over(world: PartnerWorld) -> None:
    world.partners("xa-alpha", "xb-bravo")
    world.client("xb-bravo").inbox()
    lie = FeedEntry(1, "reminder", "A" * 43, "xa-alpha", "its own", None)
    asked: list[int] = []

    def inbox(page: FeedPage, *_: Any) -> FeedPage:
        asked.append(1)
        return FeedPage((lie,), 1) if len(asked) == 1 else page

    assert world.lied_to("xb-bravo", inbox=inbox).inbox_with_doubts() == ([], [])
