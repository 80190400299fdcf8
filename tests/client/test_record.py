# SPDX-License-Identifier: Apache-2.0
"""The record of an agency by command with one at a desk: the same list and digest on both sides."""

from datetime import timedelta
from pathlib import Path

from accord.cli import exits
from accord.reciprocity import Period
from alerts.receiving.following import follow_feeds
from callers.capabilities import Role
from officers.models import Officer
from peers.models import Agency
from reciprocity.brief import Brief, read_brief
from tests.client.conftest import PartnerWorld, alert_to
from tests.client.terminals import Terminal
from tests.client.test_agreement_at_a_desk import Agreed, agreed

__all__ = ["agreed"]


def around(world: PartnerWorld) -> Period:
    today = world.hub.now.date()
    return Period(today - timedelta(days=1), today + timedelta(days=1))


def brief(world: PartnerWorld, agency: Agency) -> Brief:
    """Have the desk take in the news, and return its brief on the other."""
    world.sequence()
    follow_feeds(now=world.hub.now)
    reader: Officer = world.hub.make_officer(agency, Role.READER)
    return read_brief(reader, "xa-alpha", around(world), now=world.hub.now)


def test_both_sides_have_the_same_list_until_one_retract_is_not_known_yet(
    world: PartnerWorld, agreed: Agreed
) -> None:
    alpha, agency = world.client("xa-alpha"), agreed.agency
    kept, taken_back = (alpha.submit(alert_to("xb-own"), wait_secs=10) for _n in range(2))
    alpha.submit(alert_to("xb-own", status="exercise"), wait_secs=10)
    alpha.submit(alert_to("xc-charlie"), wait_secs=10)
    at_desk, here = brief(world, agency), alpha.record("xb-own", around(world))
    assert (dict(here.gave), dict(here.got)) == ({"alert": 2}, {})
    assert set(here.items) == {kept.md, taken_back.md}
    assert (here.items, here.digest) == (at_desk.items, at_desk.digest)
    assert (dict(here.gave), dict(here.got)) == ({"alert": 2}, {})
    alpha.retract(taken_back.md, code="error", wait_secs=10)
    here = alpha.record("xb-own", around(world))
    assert here.items == (kept.md,) and here.withdrawn_gave == 1
    assert here.digest != at_desk.digest
    assert brief(world, agency).digest == here.digest


def test_the_command_prints_and_compares(
    world: PartnerWorld, terminals: tuple[Terminal, Terminal], tmp_path: Path
) -> None:
    alpha, bravo = terminals
    sent = [alpha.client.submit(alert_to("xb-bravo"), wait_secs=10) for _n in range(2)]
    days = ("--from", str(around(world).first), "--to", str(around(world).last))
    listed = bravo.json("record", "xa-alpha", *days)
    assert (listed["got"], listed["items"]) == ({"alert": 2}, sorted(one.md for one in sent))
    theirs = tmp_path / "list.txt"
    theirs.write_text("\n".join(listed["items"]))
    said = alpha.run("record", "xb-bravo", *days, "--compare", str(theirs))
    assert "Both records agree." in said and listed["digest"] in said
    theirs.write_text(listed["items"][0])
    said = alpha.run("record", "xb-bravo", *days, "--list", "--compare", str(theirs))
    assert f"counted here alone: {listed['items'][1]}" in said and said.count(listed["items"][0]) == 1


def test_wrong_days_and_an_absent_list_are_refused(terminals: tuple[Terminal, Terminal]) -> None:
    for first, last, *more in (
        ("soon", "2026-01-01"),
        ("2026-02-01", "2026-01-01"),
        ("2026-01-01", "2026-02-01", "--compare", "absent.txt"),
    ):
        terminals[0].run("record", "xb-bravo", "--from", first, "--to", last, *more, expect=exits.USAGE)
