# SPDX-License-Identifier: Apache-2.0
"""Lanes suspended and resumed by command: signed, carried, verified by the other side, which lists both directions."""

import pytest

from accord.client.client import Client
from accord.client.errors import RefusedError, RequestError
from sharing.models import LaneSuspension, Statement
from tests.client.conftest import PartnerWorld, alert_to
from tests.client.terminals import Terminal


def test_one_suspends_both_know_and_the_same_one_resumes(
    world: PartnerWorld, terminals: tuple[Terminal, Terminal]
) -> None:
    alpha, bravo = terminals
    assert "No lane is or was suspended" in alpha.run("suspensions")
    said = alpha.run("suspend", "xb-bravo", "--lane", "science", "--why", "political", "--yes")
    assert "Suspended: science with xb-bravo" in said
    world.sequence()
    for terminal in (alpha, bravo):
        (row,) = terminal.json("suspensions")
        assert (row["agency"], row["peer"], row["lane"]) == ("xa-alpha", "xb-bravo", "science")
        assert (row["why"], row["until"]) == ("political", None)
    with pytest.raises(RefusedError) as refused:
        bravo.client.submit(alert_to("xa-alpha"))
    assert refused.value.slug == "policy-denied"
    alpha.run("resume", "xb-bravo", "--lane", "science")
    world.sequence()
    assert all(row["until"] for terminal in terminals for row in terminal.json("suspensions"))
    assert bravo.client.submit(alert_to("xa-alpha"))


def test_it_says_to_whom_something_may_be_sent(
    world: PartnerWorld, terminals: tuple[Terminal, Terminal]
) -> None:
    alpha, bravo = terminals
    terms = ("--lane", "science", "--purpose", "prevent", "--tlp", "GREEN")
    (before,) = bravo.json("may-send", "xa-alpha", *terms)
    assert (before["agency"], before["allowed"]) == ("xa-alpha", True)
    alpha.run("suspend", "xb-bravo", "--lane", "science", "--yes")
    world.sequence()
    assert "lane-suspended" in (said := bravo.run("may-send", *terms)) and "by theirs" in said
    alone = world.enrol("xd-delta")
    world.hub.make_agreement("G4", "xa-alpha", "xd-delta")
    (unpinned,) = alone.may_send(["xa-alpha"], lane="science", purpose="prevent", tlp="GREEN")
    assert (unpinned.allowed, unpinned.code) == (False, "not-pinned")
    with pytest.raises(RequestError):
        alone.may_send(["Alpha"], lane="science", purpose="prevent", tlp="GREEN")


def test_the_other_side_reads_it_in_words(world: PartnerWorld, terminals: tuple[Terminal, Terminal]) -> None:
    alpha, bravo = terminals
    alpha.run("suspend", "xb-bravo", "--lane", "trade", "--lane", "science", "--yes")
    world.sequence()
    assert "xa-alpha suspends science, trade with your agency" in bravo.run("inbox")
    alpha.run("resume", "xb-bravo", "--lane", "trade")
    world.sequence()
    assert "xa-alpha resumes trade with your agency" in bravo.run("inbox")


def test_what_no_exchange_would_take_is_not_signed(pair: tuple[Client, Client]) -> None:
    for agencies, lanes, why in (
        (["xa-alpha"], ["science"], None),
        ([], ["science"], None),
        (["Bravo"], ["science"], None),
        (["xb-bravo"], [], None),
        (["xb-bravo"], ["weather"], None),
        (["xb-bravo"], ["science"], "weather"),
    ):
        with pytest.raises(RequestError):
            pair[0].suspend(agencies, lanes, why=why)
    assert pair[0].state().submissions == {} and not Statement.objects.exists()


def test_what_the_exchange_refuses_is_known_nowhere(pair: tuple[Client, Client]) -> None:
    with pytest.raises(RefusedError) as refused:
        pair[0].resume(["xb-bravo"], ["science"])
    assert refused.value.slug == "agreement-refused"
    assert pair[0].suspensions() == () and not LaneSuspension.objects.exists()
