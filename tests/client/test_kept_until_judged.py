# SPDX-License-Identifier: Apache-2.0
"""A signed envelope is kept until the hub itself has judged it; then a copy stays."""

import json
import re
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from accord.calls.exchange import HttpExchange
from accord.calls.transport import HttpTransport, Patience
from accord.calls.verdicts import FINAL
from accord.cli.exits import NO_ANSWER, REFUSED, code_of
from accord.cli.sentences import sentence_of
from accord.client.client import Client
from accord.client.errors import ClientError, RefusedError
from accord.client.watching import _may_pass
from hub.problems import ROWS
from tests.client.altered_answers import Instead
from tests.client.conftest import PASSPHRASE, PartnerWorld, alert_to
from tests.client.scripted_hub import ScriptedHub, served

KEPT = 12
HTML = {"Content-Type": "text/html"}
PAGE = b"<html><h1>Not here</h1></html>"


def problem(status: int, slug: str, prefix: str = "urn:accord:problem:") -> tuple[int, dict[str, str], bytes]:
    body = {"type": prefix + slug, "title": f"Said of {slug}.", "status": status}
    return status, {"Content-Type": "application/problem+json"}, json.dumps(body).encode()


JUDGES_NOTHING = {
    **{
        f"page {status}": (status, HTML, PAGE)
        for status in (301, 401, 403, 404, 408, 409, 413, 425, 451, 500)
    },
    "a long page": (403, HTML, b"x" * 200_000),
    "still worked on": problem(409, "request-in-progress"),
    "scopes": problem(403, "not-permitted"),
    "a fault": problem(500, "broken"),
    "somebody else's problem": problem(422, "envelope-refused", "https://proxy.example/"),
    "not marked as a problem": (422, HTML, problem(422, "envelope-refused")[2]),
    "not listed": problem(422, "of-a-later-version"),
}
NO_ANSWER_AT_ALL = {"cut": (0, {}, b""), "away": (503, HTML, PAGE), "gateway": (502, HTML, PAGE)}
JUDGED = {
    "check": problem(422, "envelope-refused"),
    "policy": problem(403, "policy-denied"),
    "size": problem(413, "too-large"),
    "id": problem(409, "id-taken"),
}


@pytest.fixture
def between() -> Iterator[ScriptedHub]:
    with served((200, {}, b"{}")) as hub:
        yield hub


@pytest.fixture
def sender(world: PartnerWorld, between: ScriptedHub) -> Client:
    """Alpha's client, whose envelopes go through the scripted hub; all other calls reach the real one."""
    world.partners("xa-alpha", "xb-bravo")
    carrier = HttpExchange(HttpTransport(between.address, patience=Patience(tries=1)))
    return world.lied_to("xa-alpha", post_envelope=Instead(carrier.post_envelope))


def kept(world: PartnerWorld) -> list[str]:
    return world.place("xa-alpha").spool.ids()


def test_what_judges_nothing_leaves_it_in_the_spool(
    world: PartnerWorld, sender: Client, between: ScriptedHub, subtests: pytest.Subtests
) -> None:
    between.answers[:] = [JUDGES_NOTHING["page 403"]]
    with pytest.raises(ClientError):
        sender.submit(alert_to("xb-bravo"))
    (jti,) = kept(world)
    octets = world.place("xa-alpha").spool.envelope(jti)
    for name, answer in (JUDGES_NOTHING | NO_ANSWER_AT_ALL).items():
        with subtests.test(name):
            between.answers[:] = [answer]
            with pytest.raises(ClientError) as caught:
                sender.resend()
            assert kept(world) == [jti]
            assert code_of(caught.value) == (NO_ANSWER if name in NO_ANSWER_AT_ALL else KEPT)
            assert "accord submit --resend" in sentence_of(caught.value)
    assert world.place("xa-alpha").spool.envelope(jti) == octets
    (sent,) = world.client("xa-alpha").resend()
    assert sent.jti == jti


def test_what_is_judged_is_dropped_in_words_and_leaves_a_copy_that_can_be_sent(
    world: PartnerWorld, sender: Client, between: ScriptedHub, subtests: pytest.Subtests
) -> None:
    for name, answer in JUDGED.items():
        with subtests.test(name):
            between.answers[:] = [answer]
            with pytest.raises(RefusedError) as caught:
                sender.submit(alert_to("xb-bravo"))
            assert (kept(world), sender.state().submissions) == ([], {})
            assert code_of(caught.value) == REFUSED
            (copy,) = [
                path
                for path in (world.home("xa-alpha") / "refused").iterdir()
                if path.name in sentence_of(caught.value)
            ]
            assert f"accord submit --sealed {copy}" in sentence_of(caught.value)
    sent = world.client("xa-alpha").submit_sealed(copy, wait_secs=10)
    assert (sent.jti, sent.log_time is not None) == (copy.name, True)


def test_one_that_judges_nothing_holds_up_no_later_one(
    world: PartnerWorld, sender: Client, between: ScriptedHub
) -> None:
    between.answers[:] = [JUDGES_NOTHING["page 413"]]
    for _ in range(2):
        with pytest.raises(ClientError):
            sender.submit(alert_to("xb-bravo"))
    asked = len(between.asked)
    with pytest.raises(RefusedError):
        sender.resend()
    assert (len(between.asked) - asked, len(kept(world))) == (2, 2)


def test_a_statement_is_kept_too(world: PartnerWorld, between: ScriptedHub) -> None:
    sent = world.deliver("xa-alpha", "xb-bravo")
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    carrier = HttpExchange(HttpTransport(between.address, patience=Patience(tries=1)))
    client = world.lied_to("xa-alpha", post_statement=Instead(carrier.post_statement))
    between.answers[:] = [JUDGES_NOTHING["page 404"]]
    with pytest.raises(RefusedError):
        client.retract(sent.md, code="error")
    (statement_id,) = kept(world)
    (again,) = alpha.resend()
    assert again.jti == statement_id


def test_a_page_in_the_hub_s_place_neither_ends_a_watch_nor_makes_anything_absent(
    between: ScriptedHub,
) -> None:
    reader = HttpExchange(HttpTransport(between.address, patience=Patience(tries=1)))
    between.answers[:] = [JUDGES_NOTHING["page 404"]]
    with pytest.raises(RefusedError) as caught:
        reader.keyset("xb-bravo")
    assert _may_pass(caught.value)


def test_each_problem_that_ends_a_matter_is_one_of_the_hub_s_own() -> None:
    listed = {slug: row.status for slug, row in ROWS.items()}
    assert {slug for slug in FINAL if not 400 <= listed.get(slug, 0) < 500} == set()
    guide = (
        Path("docs/api.md")
        .read_text()
        .partition("`urn:accord:problem:` with")[2]
        .partition("Keep the bytes")[0]
    )
    assert set(re.findall(r"`([a-z-]+)`", guide)) == FINAL
    assert not FINAL & {"request-in-progress", "not-authenticated", "not-permitted", "too-many-requests"}


def test_copies_of_the_refused_are_cleared_away_after_thirty_days(
    world: PartnerWorld, sender: Client, between: ScriptedHub
) -> None:
    between.answers[:] = [JUDGED["check"]]
    with pytest.raises(RefusedError):
        sender.submit(alert_to("xb-bravo"))
    folder = world.home("xa-alpha") / "refused"
    assert len(list(folder.iterdir())) == 1
    for days, left in ((29, 1), (31, 0)):
        now = int(time.time()) + days * 24 * 3600
        client = Client(world.home("xa-alpha"), PASSPHRASE, clock=partial(int, now))
        client.resend()
        client.close()
        assert len(list(folder.iterdir())) == left
