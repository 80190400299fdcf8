# SPDX-License-Identifier: Apache-2.0
"""One holder of an identity: the command announces itself, stops if a named other one holds it, takes over and gives back."""

from uuid import uuid4

import pytest

from accord.cli import exits
from accord.client.errors import BusyError, GivenBackError, HeldElsewhereError
from accord.client.holder import ANNOUNCED_EVERY_SECS, SOFTWARE
from accord.client.watching import Rhythm
from agencies.models import Instance
from tests.client.altered_answers import Instead, lying_connection
from tests.client.conftest import PartnerWorld, alert_to
from tests.client.terminals import Terminal

OTHER = str(uuid4())
DESK = "Accord desk 0.2.0 desk.example"


def hold_elsewhere(world: PartnerWorld, agency: str) -> None:
    """Let a desk hold the identity at the hub."""
    now = world.hub.now
    Instance.objects.update_or_create(
        agency_id=agency,
        defaults={"instance_id": OTHER, "software": DESK, "since": now, "seen_at": now},
    )


class Counted:
    """A connection that counts the announcements sent over it."""

    def __init__(self) -> None:
        self.announced = 0
        self.connect = lying_connection(announce_instance=self._count)

    def _count(self, answer: object, *_: object) -> object:
        self.announced += 1
        return answer


def test_it_announces_itself_before_it_sends_and_once_an_hour(world: PartnerWorld) -> None:
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    alpha.inbox()
    assert not Instance.objects.exists(), "reading announces nothing"
    moment, counted = [alpha.state().newest_log_time + 1], Counted()
    client = world.client_with("xa-alpha", clock=lambda: moment[0], connect=counted.connect)
    for _again in range(2):
        client.submit(alert_to("xb-bravo"))
    row = Instance.objects.get()
    assert (row.agency_id, row.instance_id, row.software) == ("xa-alpha", client.state().instance, SOFTWARE)
    assert counted.announced == 1
    moment[0] += ANNOUNCED_EVERY_SECS
    list(client.watch(once=True, rhythm=Rhythm(lambda: 0.5)))
    list(client.watch(once=True, rhythm=Rhythm(lambda: 0.5)))
    assert counted.announced == 2


def test_a_copied_home_is_the_same_holder_and_a_second_one_is_not(world: PartnerWorld) -> None:
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    drawn = alpha.state().instance
    assert alpha.holder().instance == drawn == Instance.objects.get().instance_id


def test_while_another_one_holds_it_nothing_is_signed_and_reading_goes_on(world: PartnerWorld) -> None:
    alpha, bravo = world.partners("xa-alpha", "xb-bravo")
    got = bravo.submit(alert_to("xa-alpha"), wait_secs=10)
    hold_elsewhere(world, "xa-alpha")
    told: list[str] = []
    news = list(
        alpha.watch(
            opening=True,
            once=True,
            rhythm=Rhythm(lambda: 0.5),
            elsewhere=lambda other: told.append(other.software),
        )
    )
    assert news[0].opened is not None and told == [DESK]
    before = alpha.state().submissions
    sealed = world.folder / "sealed"
    for refused in (
        lambda: alpha.submit(alert_to("xb-bravo")),
        lambda: alpha.acknowledge(got.md, officer="officer-7"),
        lambda: alpha.seal(alert_to("xb-bravo"), sealed),
        lambda: alpha.state_entry(telephone=None, zone="Europe/Vienna", contacts=()),
        lambda: alpha.keys.renew(wait_secs=0),
        alpha.resend,
    ):
        with pytest.raises(HeldElsewhereError, match=r"Accord desk 0\.2\.0.*holder --take-over") as stopped:
            refused()
        assert stopped.value.other.holder == OTHER
    assert alpha.state().submissions == before and not sealed.exists()
    assert alpha.open(got.md).md == got.md
    assert alpha.keys.plan_revocation(alpha.keys.held()[0].kid)
    Instance.objects.all().delete()
    assert alpha.submit(alert_to("xb-bravo")).md, "its end is noticed at once"


def test_it_is_taken_over_once_a_person_has_stopped_the_other_one_and_given_back(
    world: PartnerWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    terminal = Terminal(world, "xa-alpha", capsys)
    hold_elsewhere(world, "xa-alpha")
    assert "Accord desk 0.2.0" in terminal.run("holder")
    assert terminal.json("holder")["other"]["holder"] == OTHER
    terminal.run("entry", "set", "--zone", "Europe/Vienna", expect=exits.REFUSED)
    assert "accord holder --take-over" in terminal.err
    terminal.run("holder", "--take-over", "--give-back", expect=exits.USAGE)
    assert "This home holds" in terminal.run("holder", "--take-over")
    assert Instance.objects.get().instance_id == alpha.state().instance
    terminal.run("entry", "set", "--zone", "Europe/Vienna")

    assert "has given" in terminal.run("holder", "--give-back")
    assert not Instance.objects.exists()
    terminal.run("watch", "--once")
    assert not Instance.objects.exists(), "what was given back is not taken again unasked"
    terminal.run("entry", "set", "--zone", "Europe/Vienna", expect=exits.REFUSED)
    with pytest.raises(GivenBackError):
        alpha.submit(alert_to("xb-bravo"))
    terminal.run("holder", "--take-over")
    alpha.submit(alert_to("xb-bravo"))


def test_a_hub_that_does_not_answer_it_changes_nothing(world: PartnerWorld) -> None:
    world.partners("xa-alpha", "xb-bravo")

    def busy(*_: object, **__: object) -> None:
        raise BusyError("Try again later.", 503)

    connect = lying_connection(announce_instance=Instead(busy))
    client = world.client_with("xa-alpha", connect=connect)
    assert client.submit(alert_to("xb-bravo")).md
    with pytest.raises(BusyError):
        client.holder()
    assert client.state().elsewhere is None
