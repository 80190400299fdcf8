# SPDX-License-Identifier: Apache-2.0
"""An alert whose key was revoked since is shown as repudiated, and as reaffirmed once its sender confirms it, never as valid."""

import json
import time

import pytest

from accord.cli import exits
from accord.cli.showing import print_alert
from accord.client.client import Client
from accord.client.errors import RequestError
from accord.client.results import Sent
from accord.envelope.keyrule import Reaffirmed, Repudiated
from tests.client.conftest import PASSPHRASE, PartnerWorld
from tests.client.terminals import Terminal


def signing_kid(world: PartnerWorld, agency: str) -> str:
    return world.place(agency).open_keys(PASSPHRASE).ring.signing[0].public.kid


def wait_past(log_time: int) -> None:
    """Wait until this second is over: an object logged in the second of the revocation no longer counts."""
    while int(time.time()) <= log_time:
        time.sleep(0.05)


@pytest.fixture
def revoked(world: PartnerWorld) -> Sent:
    """An alert that was logged after the theft of its key and before its discovery."""
    return world.restored("revoked", lambda: send_and_revoke(world))


def send_and_revoke(world: PartnerWorld) -> Sent:
    sent = world.deliver("xa-alpha", "xb-bravo")
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    assert sent.log_time is not None
    alpha.keys.revoke(signing_kid(world, "xa-alpha"), code="stolen", since=sent.log_time, rotate=True)
    return sent


@pytest.fixture
def pair(world: PartnerWorld, revoked: Sent) -> tuple[Client, Client]:
    """The sender and the recipient of the alert."""
    return world.client("xa-alpha"), world.client("xb-bravo")


def test_repudiated_until_its_sender_stands_by_it(pair: tuple[Client, Client], revoked: Sent) -> None:
    alpha, bravo = pair
    opened = bravo.open(revoked.md)
    assert "repudiated" in opened.marks
    assert isinstance(opened.content.standing, Repudiated)
    assert alpha.submission(revoked.md).fate == ("repudiated",)

    stated = alpha.reaffirm(revoked.md, wait_secs=10)
    assert (stated.k, stated.about) == ("reaffirm", revoked.md)
    opened = bravo.open(revoked.md)
    standing = opened.content.standing
    assert isinstance(standing, Reaffirmed)
    assert standing.reaffirmed_at == stated.log_time
    assert opened.marks == ("reaffirmed",)
    assert alpha.submission(revoked.md).fate == ("reaffirmed",)
    with pytest.raises(RequestError, match="reaffirmed before"):
        alpha.reaffirm(revoked.md)
    assert "reaffirmed" in bravo.open_saved(opened.slice_octets).marks
    (kept,) = [record for record in bravo.state().statements.values() if record.k == "reaffirm"]
    assert kept.jws is not None


def test_a_watch_learns_it_from_the_feed(
    pair: tuple[Client, Client], revoked: Sent, capsys: pytest.CaptureFixture[str]
) -> None:
    alpha, bravo = pair
    alpha.reaffirm(revoked.md, wait_secs=10)
    news = {item.entry.what: item for item in bravo.watch(opening=True, once=True)}
    opened = news["envelope"].opened
    assert opened is not None
    assert opened.marks == ("reaffirmed",)
    assert news["statement"].entry.statement is not None
    print_alert(opened)
    said = capsys.readouterr().out
    assert "! REPUDIATED: Signed by a key that xa-alpha says was in other hands since" in said
    assert "REAFFIRMED" in said
    assert "Nothing has changed since" not in said


def test_the_reaffirming_key_revoked_in_its_turn_takes_it_back(
    world: PartnerWorld, pair: tuple[Client, Client], revoked: Sent
) -> None:
    alpha, bravo = pair
    stated = alpha.reaffirm(revoked.md, wait_secs=10)
    assert stated.log_time is not None
    second = world.place("xa-alpha").open_keys(PASSPHRASE).ring.signing[-1].public.kid
    alpha.keys.revoke(second, code="stolen", since=stated.log_time, rotate=True)
    assert "repudiated" in bravo.open(revoked.md).marks


def test_an_answer_is_stood_by_as_well(world: PartnerWorld) -> None:
    """Bravo's acknowledgement counts for nobody after its key was stolen, and again once bravo reaffirms it."""
    sent = world.deliver("xa-alpha", "xb-bravo")
    alpha, bravo = world.client("xa-alpha"), world.client("xb-bravo")
    said = bravo.acknowledge(sent.md, officer="officer-7", wait_secs=10)
    assert said.log_time is not None
    bravo.keys.revoke(signing_kid(world, "xb-bravo"), code="stolen", since=said.log_time, rotate=True)
    assert [entry.repudiated for entry in alpha.inbox() if entry.d == said.od] == [True]

    stated = bravo.reaffirm(said.od, wait_secs=10)
    assert (stated.k, stated.about) == ("reaffirm", said.od)
    (entry,) = [entry for entry in alpha.inbox() if entry.d == said.od]
    assert (entry.repudiated, entry.reaffirmed) == (False, True)


def test_it_is_asked_at_a_terminal_of_what_was_sent_from_here(
    world: PartnerWorld, revoked: Sent, capsys: pytest.CaptureFixture[str]
) -> None:
    alpha = Terminal(world, "xa-alpha", capsys)
    for wrong in ("A" * 43, "nonsense"):
        with pytest.raises(RequestError):
            alpha.client.reaffirm(wrong)
    alpha.run("reaffirm", revoked.md, expect=exits.USAGE)
    assert "Did your agency write and send this?" in alpha.err
    stated = json.loads(alpha.run("reaffirm", revoked.md, "--yes", "--json"))
    assert (stated["k"], stated["about"]) == ("reaffirm", revoked.md)
