# SPDX-License-Identifier: Apache-2.0
"""`submissions --check` finds alerts that were sent with copied keys, and alerts that the hub does not list."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from accord.cli import exits
from accord.client.client import Client
from accord.client.outcome import PAGE
from tests.client.altered_answers import lying_connection
from tests.client.conftest import PASSPHRASE, PartnerWorld, alert_to
from tests.client.terminals import Terminal


def thief_of(world: PartnerWorld, agency: str) -> Client:
    """The client of a thief who has copied the whole home and its passphrase and works elsewhere."""
    place = world.folder / "elsewhere"
    shutil.copytree(world.home(agency), place)
    return world.client_with(place)


def test_nothing_amiss(world: PartnerWorld) -> None:
    sent = world.deliver("xa-alpha", "xb-bravo")
    alpha, bravo = world.partners("xa-alpha", "xb-bravo")
    bravo.acknowledge(sent.md, officer="officer-7", wait_secs=10)
    for client in (alpha, bravo):
        found = client.check_submissions()
        assert (found.listed, found.waiting, found.alarm) == (1, 0, False)
        assert (found.since, found.kids) == (None, ())


def test_what_a_thief_sent_is_found_with_its_keys_and_its_time(world: PartnerWorld) -> None:
    ours = world.deliver("xa-alpha", "xb-bravo")
    alpha, bravo = world.partners("xa-alpha", "xb-bravo")
    to_alpha = bravo.submit(alert_to("xa-alpha"), wait_secs=10)
    thief = thief_of(world, "xa-alpha")
    stolen = thief.submit(alert_to("xb-bravo"), wait_secs=10)
    said = thief.acknowledge(to_alpha.md, officer="officer-7", wait_secs=10)

    found = alpha.check_submissions()
    assert {item.d for item in found.strangers} == {stolen.md, said.od}
    assert ours.md not in {item.d for item in found.strangers}
    signing = {key.public.kid for key in world.place("xa-alpha").open_keys(PASSPHRASE).ring.signing}
    assert set(found.kids) == signing
    assert stolen.log_time is not None
    assert found.since == stolen.log_time
    assert all(item.log_time is not None for item in found.strangers)
    assert (found.unlisted, found.foreign_keys) == ((), ())


def test_what_waits_for_its_receipt_is_found_too(world: PartnerWorld) -> None:
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    stolen = thief_of(world, "xa-alpha").submit(alert_to("xb-bravo"))
    (stranger,) = alpha.check_submissions().strangers
    assert (stranger.d, stranger.log_time, stranger.kids) == (stolen.md, None, ())


def test_all_pages_are_compared(world: PartnerWorld) -> None:
    """The thief's alert comes first and is on the last page."""
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    stolen = thief_of(world, "xa-alpha").submit(alert_to("xb-bravo"), wait_secs=10)
    for _ in range(3):
        alpha.submit(alert_to("xb-bravo"), wait_secs=10)
    asked: list[int] = []

    class Paging:
        """An exchange that gives one object a page, whatever limit was asked for."""

        def __init__(self, honest: Any) -> None:
            self.honest = honest

        def __getattr__(self, name: str) -> Any:
            return getattr(self.honest, name)

        def submissions(self, *, after: str | None, limit: int) -> Any:
            asked.append(limit)
            return self.honest.submissions(after=after, limit=1)

    connect = lying_connection()
    client = world.client_with("xa-alpha", connect=lambda hub, key: Paging(connect(hub, key)))
    found = client.check_submissions()
    assert (found.listed, [item.d for item in found.strangers]) == (4, [stolen.md])
    assert asked == [PAGE] * 4


def test_what_the_hub_has_taken_and_does_not_list_is_named(world: PartnerWorld) -> None:
    kept = world.deliver("xa-alpha", "xb-bravo")
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    lost = alpha.submit(alert_to("xb-bravo"), wait_secs=10)

    def hide(page: Any) -> Any:
        return replace(page, items=tuple(item for item in page.items if item.d != lost.md))

    client = world.lied_to("xa-alpha", submissions=hide)
    found = client.check_submissions()
    assert ([record.d for record in found.unlisted], found.listed, found.strangers) == ([lost.md], 1, ())
    assert kept.md != lost.md
    assert found.alarm


def test_a_key_of_the_own_keyset_that_nobody_here_holds_is_named(world: PartnerWorld) -> None:
    """A thief of the root could have added the key; in this test the key file has lost it."""
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    alpha.submit(alert_to("xb-bravo"), wait_secs=10)
    place = world.place("xa-alpha")
    keys = place.open_keys(PASSPHRASE)
    lost = keys.ring.signing[-1].public.kid
    keys.replace(replace(keys.ring, signing=keys.ring.signing[:-1]))
    found = world.client("xa-alpha").check_submissions()
    assert (found.foreign_keys, found.strangers) == ((lost,), ())


def test_the_alarm_at_a_terminal_says_what_to_do(
    world: PartnerWorld, terminals: tuple[Terminal, Terminal], tmp_path: Path
) -> None:
    alpha, _ = terminals
    alpha.client.submit(alert_to("xb-bravo"))
    world.sequence()
    assert "All of it was sent from here" in alpha.run("submissions", "--check")
    assert alpha.json("submissions", "--check")["alarm"] is False

    stolen = thief_of(world, "xa-alpha").submit(alert_to("xb-bravo"), wait_secs=10)
    shown = alpha.run("submissions", "--check", expect=exits.NOT_OURS)
    assert "NOT FROM HERE" in shown
    assert stolen.md in shown
    kids = [key.public.kid for key in world.place("xa-alpha").open_keys(PASSPHRASE).ring.signing]
    for kid in kids:
        assert f"accord keys revoke {kid} --code stolen --since 20" in alpha.err
    assert alpha.err.startswith("accord: ALARM")
    alpha.run("submissions", "--check", "--json", expect=exits.NOT_OURS)
    found = json.loads(alpha.out)
    assert (found["alarm"], found["kids"], found["since"]) == (True, sorted(kids), stolen.log_time)
    assert json.loads(alpha.err)["exit"] == exits.NOT_OURS
