# SPDX-License-Identifier: Apache-2.0
"""The command's words are true: nothing is signed twice, and an altered alert is not reported as sent."""

from collections.abc import Callable
from typing import Any

import pytest

from accord.cli.sentences import sentence_of
from accord.cli.showing import held_sentence, print_alert
from accord.client.checks import LOG, ORDER, all_held
from accord.client.client import Client
from accord.client.errors import RequestError
from accord.client.keys.revoking import is_named
from accord.document.schema import in_reading_order
from accord.envelope.errors import MalformedError
from accord.envelope.manifest import Reference
from sharing.models import Statement
from tests.client.conftest import DOCUMENT, PartnerWorld, alert_to
from tests.client.terminals import Terminal
from tests.client.test_keys_revoked import held

KID = "abcdefGHIJKLMNOPQRSTUVWXYZ0123456789-_wxyz"


def test_acknowledging_again_signs_nothing_and_says_when_it_was(
    world: PartnerWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    sent = world.deliver("xa-alpha", "xb-bravo")
    bravo = world.client("xb-bravo")
    waiting = bravo.acknowledge(sent.md, officer="officer-7")
    assert bravo.acknowledge(sent.md, officer="officer-7").od == waiting.od
    world.sequence()
    bravo.submissions()

    again = bravo.acknowledge(sent.md, officer="officer-7")
    assert (again.od, again.stated_before) == (waiting.od, True) and again.log_time is not None
    said = Terminal(world, "xb-bravo", capsys).run("acknowledge", sent.md, "--as", "officer-7")
    assert "Acknowledged before (opened)" in said and "nothing was signed now" in said and "logged 20" in said
    assert Statement.objects.filter(k="ack").count() == 1


def test_nothing_is_reaffirmed_that_nobody_has_repudiated(world: PartnerWorld) -> None:
    sent = world.deliver("xa-alpha", "xb-bravo")
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    with pytest.raises(RequestError, match="nothing to reaffirm"):
        alpha.reaffirm(sent.md)
    assert not Statement.objects.filter(k="reaffirm").exists()


def test_what_was_withdrawn_or_superseded_is_not_listed_as_logged(
    world: PartnerWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    first = world.deliver("xa-alpha", "xb-bravo")
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    second = alpha.submit(
        alert_to("xb-bravo", kind="update", re=Reference(first.jti, first.md)), wait_secs=10
    )
    alpha.retract(second.md, code="error", wait_secs=10)
    assert {status.d: status.fate for status in alpha.submissions() if status.what == "envelope"} == {
        first.md: ("superseded",),
        second.md: ("withdrawn",),
    }
    one = Terminal(world, "xa-alpha", capsys).run("submissions", first.md)
    assert "superseded" in one and f"jti {first.jti}" in one


def test_an_opened_alert_begins_with_its_title_and_leaves_out_what_says_nothing(
    pair: tuple[Client, Client], capsys: pytest.CaptureFixture[str]
) -> None:
    alpha, bravo = pair
    document = {"severity": "severe", "synonyms": [], "narrative": "", "place_country": "XA"}
    sent = alpha.submit(alert_to("xb-bravo", alert=document | DOCUMENT | {"narrative": None}), wait_secs=10)
    print_alert(bravo.open(sent.md))
    said = capsys.readouterr().out
    names = [line.partition(":")[0] for line in said.partition("\n\n")[2].splitlines() if ": " in line]
    assert names[:5] == ["title", "alert_type", "place_country", "harm_evidence", "severity"]
    assert "none\n" not in said and "synonyms" not in said
    assert f"jti {sent.jti}" in said


def test_what_the_client_does_not_understand_is_named(
    world: PartnerWorld, pair: tuple[Client, Client], capsys: pytest.CaptureFixture[str]
) -> None:
    _, bravo = pair
    foreign = {
        "schema": "accord-alert/1",
        "alert_type": None,
        "severity": ["9" * 600],
        "x-\x07colour": "blue",
    }
    sealed = world.hub.deliver(held(world, "xa-alpha"), held(world, "xb-bravo"), alert=foreign)
    print_alert(bravo.open(sealed.md))
    said = capsys.readouterr().out
    assert "! The sender left out what every alert says: title." in said
    assert "! Not of the form accord-alert/1, shown below (?) as it came: severity, x-\ufffdcolour." in said
    assert "? x-\ufffdcolour: blue\n" in said
    assert f'? severity: ["{"9" * 498}...\n' in said


def test_who_takes_part_and_what_was_agreed_is_listed(
    world: PartnerWorld, pair: tuple[Client, Client], capsys: pytest.CaptureFixture[str]
) -> None:
    world.hub.make_agency("xc-charlie")
    alpha = Terminal(world, "xa-alpha", capsys)
    rows = {row["id"]: (row["custody"], row["pinned"]) for row in alpha.json("agencies")}
    assert rows["xb-bravo"] == ("agency", True) and rows["xc-charlie"] == ("agency", None)
    assert "Agency xb-bravo" in alpha.run("agencies")
    (agreement,) = alpha.json("agreements")
    assert (agreement["ref"], agreement["parties"]) == ("G1", ["xa-alpha", "xb-bravo"])
    assert "science" in alpha.run("agreements")


def test_what_was_cut_off_on_its_way_blames_nobody_who_sent_it(world: PartnerWorld) -> None:
    sent = world.deliver("xa-alpha", "xb-bravo")
    bravo = world.client("xb-bravo")
    opened = bravo.open(sent.md)
    cut = opened.slice_octets[: len(opened.slice_octets) // 2]
    reader = world.lied_to("xb-bravo", slice=lambda answer, md: cut)
    ways: list[Callable[[], object]] = [lambda: reader.open(sent.md), lambda: reader.open_saved(cut)]
    for read in ways:
        with pytest.raises(MalformedError) as failed:
            read()
        said = sentence_of(failed.value)
        assert "cut off" in said and "call the hub" in said and "sender" not in said


@pytest.mark.parametrize(
    ("left_out", "said"),
    [((), "10 checks held."), ((LOG,), "9 of 10 checks held, 1 could not be made.")],
    ids=["all", "the log not compared"],
)
def test_no_check_is_counted_that_was_not_made(left_out: tuple[str, ...], said: str) -> None:
    assert held_sentence(all_held(ORDER, left_out)) == said


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (KID, True),
        ("abcdef", True),
        ("abcdefGH...", True),
        ("…wxyz", True),
        ("abcde", False),
        ("xyz", False),
        ("cdefGH", False),
    ],
)
def test_a_key_is_named_by_its_beginning_or_its_end(name: str, found: bool) -> None:
    assert is_named(KID, name) is found


def test_unknown_members_come_last_in_the_order_of_reading() -> None:
    names: list[Any] = ["zz", "handling", "evidence", "title", "schema"]
    assert in_reading_order(names) == ["title", "schema", "evidence", "handling", "zz"]
