# SPDX-License-Identifier: Apache-2.0
"""A retract is judged at each display, like any signed object, by the keys in force then."""

from dataclasses import dataclass, replace

import pytest

from accord.cli.showing import print_alert
from accord.client.client import Client
from accord.client.errors import RequestError
from accord.client.results import Sent, Stated
from accord.client.stating import state
from accord.envelope.statements.form import SubjectRef
from tests.client.conftest import PartnerWorld
from tests.client.test_reaffirm import signing_kid, wait_past


@dataclass(frozen=True)
class Doubtful:
    """An alert and its retract, whose key is revoked since."""

    sent: Sent
    said: Stated


def retracted(world: PartnerWorld) -> Doubtful:
    """Let bravo open an alert, and alpha retract it."""
    sent = world.deliver("xa-alpha", "xb-bravo")
    alpha, bravo = world.partners("xa-alpha", "xb-bravo")
    assert sent.log_time is not None
    bravo.open(sent.md)
    wait_past(sent.log_time)
    return Doubtful(sent, alpha.retract(sent.md, code="error", wait_secs=10))


def revoke_from_the_retract_on(world: PartnerWorld, said: Stated) -> None:
    assert said.log_time is not None
    kid = signing_kid(world, "xa-alpha")
    world.client("xa-alpha").keys.revoke(kid, code="stolen", since=said.log_time, rotate=True)


def test_a_thiefs_retract_that_was_learned_before_the_revocation_does_not_stand(world: PartnerWorld) -> None:
    before = retracted(world)
    bravo = world.client("xb-bravo")
    bravo.inbox()
    assert "retracted" in bravo.open(before.sent.md).marks
    revoke_from_the_retract_on(world, before.said)
    assert "retracted" not in bravo.open(before.sent.md).marks


@pytest.fixture
def doubtful(world: PartnerWorld) -> Doubtful:
    """An alert opened and retracted, whose retract's key is then revoked from before the retract."""

    def build() -> Doubtful:
        before = retracted(world)
        revoke_from_the_retract_on(world, before.said)
        return before

    return world.restored("doubtful", build)


@pytest.fixture
def pair(world: PartnerWorld, doubtful: Doubtful) -> tuple[Client, Client]:
    """The sender and the recipient of the alert."""
    return world.client("xa-alpha"), world.client("xb-bravo")


def test_a_retract_learned_after_the_revocation_is_shown_and_withdraws_nothing(
    pair: tuple[Client, Client], doubtful: Doubtful, capsys: pytest.CaptureFixture[str]
) -> None:
    bravo = pair[1]
    entries = {(entry.d, entry.what): entry for entry in bravo.inbox()}
    assert not entries[doubtful.sent.md, "envelope"].retracted
    retract = entries[doubtful.said.od, "statement"]
    assert retract.statement is not None
    assert retract.repudiated
    opened = bravo.open(doubtful.sent.md)
    assert opened.marks == ("retract-repudiated",)
    print_alert(opened)
    shown = capsys.readouterr().out
    assert "REPUDIATED, it withdraws nothing" in shown
    assert "WITHDRAWN by its sender" not in shown
    with pytest.raises(RequestError):
        bravo.confirm(doubtful.sent.md)


def test_a_retract_counts_again_once_its_sender_stands_by_it(
    world: PartnerWorld, pair: tuple[Client, Client], doubtful: Doubtful
) -> None:
    """No command makes this statement yet; the profile lets the sender reaffirm a statement of its own."""
    bravo = pair[1]
    subject = SubjectRef("retract", doubtful.said.id, doubtful.said.od)
    act = pair[0]._session.begin()
    state(act, "reaffirm", subject, {}, officer=None)
    world.sequence()
    assert bravo.open(doubtful.sent.md).marks == ("retracted",)
    entries = {(entry.d, entry.what): entry for entry in bravo.inbox()}
    assert entries[doubtful.sent.md, "envelope"].retracted
    assert entries[doubtful.said.od, "statement"].reaffirmed
    assert bravo.confirm(doubtful.sent.md, wait_secs=10).k == "confirm"


def test_what_an_earlier_version_kept_is_verified_once_more(
    pair: tuple[Client, Client], doubtful: Doubtful
) -> None:
    bravo = pair[1]
    bravo.inbox()
    with bravo._session.state_file.change() as state:
        known = state.statements[doubtful.said.od]
        state.statements[doubtful.said.od] = replace(known, signers=(), suite="")
    bravo.inbox()
    assert bravo.state().statements[doubtful.said.od].signers == known.signers
