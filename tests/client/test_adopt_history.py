# SPDX-License-Identifier: Apache-2.0
"""A restored or second home adopts the alerts that its agency sent: each is verified, and a person confirms it."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from accord.cli import exits
from accord.client.client import Client
from tests.client.conftest import DOCUMENT, PASSPHRASE, PartnerWorld, alert_to
from tests.client.terminals import Terminal


def copy_of(world: PartnerWorld, agency: str) -> Path:
    place = world.folder / "copy"
    shutil.copytree(world.home(agency), place)
    return place


def restored(world: PartnerWorld, agency: str, copy: Path) -> Client:
    shutil.rmtree(world.home(agency))
    shutil.copytree(copy, world.home(agency))
    return world.client(agency)


def test_a_restored_home_takes_in_what_it_sent_after_the_copy_was_made(world: PartnerWorld) -> None:
    alpha, bravo = world.partners("xa-alpha", "xb-bravo")
    to_alpha = bravo.submit(alert_to("xa-alpha"), wait_secs=10)
    alpha.inbox()
    copy = copy_of(world, "xa-alpha")
    sent = alpha.submit(alert_to("xb-bravo"), wait_secs=10)
    said = alpha.acknowledge(to_alpha.md, officer="officer-7", wait_secs=10)
    withdrawn = alpha.retract(sent.md, code="error", wait_secs=10)

    alpha = restored(world, "xa-alpha", copy)
    assert alpha.check_submissions().alarm
    history = alpha.own_history()
    assert [item.record.d for item in history.found] == [sent.md, said.od, withdrawn.od]
    assert (history.found[0].title, history.found[0].record.to) == (DOCUMENT["title"], ("xb-bravo",))
    assert not any(item.predates_known or item.is_repudiated for item in history.found)
    later = replace(history.found[2].record, logged_at=(sent.log_time or 0) + 60)
    alpha.adopt([history.found[1], replace(history.found[2], record=later)])
    assert [item.d for item in alpha.check_submissions().strangers] == [sent.md]
    # Objects that this home knows were logged later, so no old copy of it explains that this one is missing.
    assert [item.predates_known for item in alpha.own_history().found] == [True]
    alpha.adopt(alpha.own_history().found)
    assert (alpha.check_submissions().alarm, alpha.own_history().found) == (False, ())
    (entry,) = alpha.inbox()
    assert entry.acknowledged == said.od


def test_what_the_own_keys_did_not_sign_is_not_taken_in(world: PartnerWorld) -> None:
    """The hub lists another agency's alert, and one statement, as this agency's."""
    _, bravo = world.partners("xa-alpha", "xb-bravo")
    foreign = bravo.submit(alert_to("xa-alpha"), wait_secs=10)
    listed = bravo.submissions()[0]

    item = bravo._session.exchange.submission(foreign.md)
    client = world.lied_to("xa-alpha", submissions=lambda page: replace(page, items=(item, *page.items)))
    history = client.own_history()
    assert (history.found, [item.d for item in history.doubtful]) == ((), [listed.d])


def test_what_a_revoked_key_signed_is_said_to_be_so_and_no_revoked_key_is_revoked_again(
    world: PartnerWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    world.partners("xa-alpha", "xb-bravo")
    alpha = Terminal(world, "xa-alpha", capsys)
    copy = copy_of(world, "xa-alpha")
    sent = alpha.client.submit(alert_to("xb-bravo"), wait_secs=10)
    signers = [key.public.kid for key in world.place("xa-alpha").open_keys(PASSPHRASE).ring.signing]
    alpha.client.keys.revoke(signers[0], code="stolen", since=sent.log_time or 0, rotate=True, wait_secs=10)
    shutil.copy(world.home("xa-alpha") / "keys.accord", copy / "keys.accord")
    restored(world, "xa-alpha", copy)
    alpha.run("submissions", "--check", expect=exits.NOT_OURS)
    assert "accord adopt" in alpha.err
    assert [f"keys revoke {kid} " in alpha.err for kid in signers] == [False, *(True for _ in signers[1:])]
    shown = alpha.run("adopt", "--yes", expect=exits.NOT_OURS)
    assert f"left: alert {sent.md}" in shown and "was revoked since" in shown


def test_at_a_terminal_all_are_named_and_taken_in(
    world: PartnerWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    world.partners("xa-alpha", "xb-bravo")
    alpha = Terminal(world, "xa-alpha", capsys)
    copy = copy_of(world, "xa-alpha")
    sent = alpha.client.submit(alert_to("xb-bravo"), wait_secs=10)
    restored(world, "xa-alpha", copy)
    alpha.run("adopt", expect=exits.USAGE)
    assert "Did your agency send it?" in alpha.err
    shown = alpha.run("adopt", "--yes")
    assert f"taken in: alert {sent.md} to xb-bravo" in shown and str(DOCUMENT["title"]) in shown
    assert "knows all" in alpha.run("adopt", "--yes")
    assert "All of it was sent from here" in alpha.run("submissions", "--check")
