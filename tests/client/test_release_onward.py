# SPDX-License-Identifier: Apache-2.0
"""Releases onward by command: opened by the newcomer, told to the sender, ended by either; and what is refused before signing."""

import pytest

from accord.client.client import Client
from accord.client.errors import RefusedError, RequestError
from accord.client.releasing import NOBODY_MAY, SENDER_MAY, OnwardOrder
from accord.client.results import Sent
from accord.envelope.errors import Failure, VerificationError
from sharing.models import Release
from tests.client.conftest import PartnerWorld, alert_to
from tests.client.terminals import Terminal


@pytest.fixture
def three(world: PartnerWorld) -> tuple[Client, Client, Client]:
    alpha, bravo, charlie = world.partners("xa-alpha", "xb-bravo", "xc-charlie")
    return alpha, bravo, charlie


def sent(world: PartnerWorld, alpha: Client, **changes: object) -> Sent:
    made = alpha.submit(alert_to("xb-bravo", **({"rel": "recipients"} | changes)))
    world.sequence()
    return made


def test_a_recipient_releases_it_the_sender_reads_of_it_and_ends_it(
    world: PartnerWorld, three: tuple[Client, Client, Client], capsys: pytest.CaptureFixture[str]
) -> None:
    alpha, bravo, charlie = (Terminal(world, name, capsys) for name in ("xa-alpha", "xb-bravo", "xc-charlie"))
    md = sent(world, three[0]).md
    said = bravo.run(
        "release-onward", md, "--to", "xc-charlie", "--until", "2d", "--condition", "no-court", "--yes"
    )
    assert f"Released: {md} to xc-charlie" in said
    world.sequence()
    shown = charlie.run("open", md)
    assert "! released onward by xb-bravo until 20" in shown
    assert "no-court" in shown
    assert f"xb-bravo releases your alert {md} to xc-charlie" in alpha.run("inbox")
    charlie.run("acknowledge", md, "--as", "officer-3")
    world.sequence()
    assert "opened about" in alpha.run("inbox")

    (release,) = Release.objects.values_list("od", flat=True)
    assert f"Ended: {release}" in alpha.run("unrelease", release, "--yes")
    world.sequence()
    for terminal in (bravo, charlie):
        assert f"xa-alpha ends the release {release}" in terminal.run("inbox")
    with pytest.raises(RefusedError) as refused:
        three[2].open(md)
    assert refused.value.slug == "access-ended"


def test_who_released_it_ends_it_too_and_a_saved_copy_opens_no_more(
    world: PartnerWorld, three: tuple[Client, Client, Client]
) -> None:
    alpha, bravo, charlie = three
    md = sent(world, alpha).md
    now = bravo._session.clock()
    stated = bravo.release_onward(md, OnwardOrder(["xc-charlie"], now + 3600))
    world.sequence()
    saved = charlie.open(md).slice_octets
    bravo.unrelease(stated.od, code="condition")
    world.sequence()
    assert [entry.statement.k for entry in alpha.inbox() if entry.statement] == ["release", "unrelease"]
    charlie.inbox()
    with pytest.raises(VerificationError) as closed:
        charlie.open_saved(saved)
    assert closed.value.failure is Failure.WITHDRAWN_ACCESS


@pytest.mark.parametrize(("rel", "sentence"), [("none", NOBODY_MAY), ("originator", SENDER_MAY)])
def test_what_the_sender_forbids_is_not_signed(
    world: PartnerWorld, three: tuple[Client, Client, Client], rel: str, sentence: str
) -> None:
    md = sent(world, three[0], rel=rel).md
    order = OnwardOrder(["xc-charlie"], three[1]._session.clock() + 3600)
    with pytest.raises(RequestError, match=sentence):
        three[1].release_onward(md, order)
    assert three[1].state().submissions == {}


def test_an_end_that_is_past_or_after_the_alert_is_not_signed(
    world: PartnerWorld, three: tuple[Client, Client, Client]
) -> None:
    md, now = sent(world, three[0]).md, three[1]._session.clock()
    for until in (now - 5, now + 11 * 366 * 24 * 3600):
        with pytest.raises(RequestError, match="until"):
            three[1].release_onward(md, OnwardOrder(["xc-charlie"], until))


def test_an_emergency_that_is_not_agreed_is_refused_and_says_why(
    world: PartnerWorld, three: tuple[Client, Client, Client]
) -> None:
    md = sent(world, three[0], lane="public_health", pri="flash").md
    with pytest.raises(RefusedError) as refused:
        three[1].release_onward(
            md, OnwardOrder(["xc-charlie"], three[1]._session.clock() + 3600, emergency=True)
        )
    assert refused.value.members["denials"][0]["code"] == "emergency-not-agreed"
