# SPDX-License-Identifier: Apache-2.0
"""Received alerts that are now in doubt: `watch` and `inbox` report each once, in order, in true words."""

import json
import shutil
from typing import Any

import pytest
from django.utils import timezone

from accord.calls.answers import FeedEntry, FeedPage
from accord.client.client import Client
from accord.client.results import Sent
from sharing.repudiation import find_repudiated, mark_doubts
from tests.client.conftest import PartnerWorld
from tests.client.terminals import Terminal
from tests.client.test_reaffirm import signing_kid, wait_past
from tests.client.test_watch import numbers, watched


def revoke(world: PartnerWorld, alpha: Client, since: int) -> None:
    alpha.keys.revoke(signing_kid(world, "xa-alpha"), code="stolen", since=since, rotate=True)


@pytest.fixture
def sent(world: PartnerWorld) -> Sent:
    """An alert delivered and opened, whose key is then revoked from before it."""
    return world.restored("repudiated", lambda: repudiated(world))


@pytest.fixture
def terminals(
    world: PartnerWorld, sent: Sent, capsys: pytest.CaptureFixture[str]
) -> tuple[Terminal, Terminal]:
    return Terminal(world, "xa-alpha", capsys), Terminal(world, "xb-bravo", capsys)


@pytest.fixture
def pair(world: PartnerWorld, sent: Sent) -> tuple[Client, Client]:
    return world.client("xa-alpha"), world.client("xb-bravo")


def repudiated(world: PartnerWorld) -> Sent:
    sent = world.deliver("xa-alpha", "xb-bravo")
    alpha, bravo = world.partners("xa-alpha", "xb-bravo")
    assert numbers(watched(bravo, opening=True)) == [1]
    assert sent.log_time is not None
    wait_past(sent.log_time)
    revoke(world, alpha, sent.log_time)
    # Do the exchange-worker's round.
    while find_repudiated(now=timezone.now()) + mark_doubts(now=timezone.now()):
        pass
    world.sequence()
    return sent


def test_a_watch_tells_once_and_shows_it_anew(pair: tuple[Client, Client], sent: Sent) -> None:
    bravo = pair[1]
    watching = bravo.watch(once=True)
    assert next(watching).entry.what == "repudiated"
    watching.close()
    # Stopped there, it begins there.
    (news,) = watched(bravo, opening=True)
    entry, opened = news.entry, news.opened
    assert (entry.number, entry.what, entry.d, entry.iss) == (2, "repudiated", sent.md, "xa-alpha")
    assert (entry.repudiated, news.problem) == (True, None)
    assert opened is not None
    assert opened.marks == ("repudiated",)
    assert watched(bravo, opening=True) == []
    assert bravo.state().watched == 2


def test_the_inbox_tells_both_where_it_lay_and_that_it_came(pair: tuple[Client, Client], sent: Sent) -> None:
    alpha, bravo = pair
    first, second = bravo.inbox()
    assert (first.number, first.what, first.repudiated) == (1, "envelope", True)
    assert (second.number, second.what, second.d) == (2, "repudiated", sent.md)
    assert [entry.number for entry in bravo.inbox(after=1)] == [2]
    alpha.reaffirm(sent.md, wait_secs=10)
    assert [(entry.repudiated, entry.reaffirmed) for entry in bravo.inbox()[:2]] == [(False, True)] * 2


def test_the_commands_say_it_with_all_three_times(
    world: PartnerWorld, terminals: tuple[Terminal, Terminal], sent: Sent
) -> None:
    bravo, again = terminals[1], Terminal(world, "xb-bravo", terminals[1].capsys)
    again.environment["ACCORD_HOME"] = str(shutil.copytree(world.home("xb-bravo"), world.folder / "again"))
    (line,) = again.run("watch", "--once", "--json").splitlines()
    item = json.loads(line)
    assert (item["what"], item["repudiated"], item["reaffirmed"]) == ("repudiated", True, False)
    shown = bravo.run("watch", "--once", "--open")
    assert shown.startswith("2  alert from xa-alpha")
    assert "REPUDIATED: xa-alpha says that a key of its was in other hands" in shown
    listed = bravo.run("inbox")
    assert listed.count("REPUDIATED: key revoked since") == 2
    text = bravo.run("open", sent.md)
    assert "Nothing has changed since" not in text
    standing = bravo.json("open", sent.md)["standing"]
    assert set(standing) == {"log_time", "since", "revoked_at", "reaffirmed_at"}
    assert (standing["log_time"], standing["since"], standing["reaffirmed_at"]) == (
        sent.log_time,
        sent.log_time,
        None,
    )
    assert standing["revoked_at"] > standing["since"]
    last = text.rstrip().splitlines()[-1]
    assert last.startswith("Signed by a key that xa-alpha says was in other hands since 20")
    assert "; logged 20" in last
    assert "; said at 20" in last


def test_a_hint_without_a_revocation_is_a_doubt(world: PartnerWorld) -> None:
    """The hub's word alone proves nothing about an agency's keys."""
    sent = world.deliver("xa-alpha", "xb-bravo")
    bravo = world.client("xb-bravo")
    bravo.inbox()

    def hinting(page: FeedPage) -> FeedPage:
        hint = FeedEntry(2, "repudiated", sent.md, "xa-alpha", sent.jti, None)
        return FeedPage((hint,), 2) if not page.items else page

    asked: list[int] = []

    def inbox(page: FeedPage, *_: Any) -> FeedPage:
        asked.append(1)
        return hinting(page) if len(asked) == 1 else page

    liar = world.lied_to("xb-bravo", inbox=inbox)
    entries, doubts = liar.inbox_with_doubts()
    assert [(doubt.number, doubt.iss) for doubt in doubts] == [(2, "xa-alpha")]
    assert not any(entry.repudiated for entry in entries)
    assert [doubt.number for doubt in bravo.inbox_with_doubts()[1]] == [2]
