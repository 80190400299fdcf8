# SPDX-License-Identifier: Apache-2.0
"""Story 11: politics switches cooperation off for seventeen months; science goes on with the others, and all is caught up after.

A hosted agency, an agency at a desk of its own, and one that works by command. The own desk suspends science and public health
with both. Keysets are renewed and keys replaced meanwhile. What is still wanted then arrives, each once and with its date.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from pytest_django import Settings

from accord.calls.errors import BusyError
from accord.client.client import Client
from accord.client.errors import RequestError
from accord.client.withheld import OPEN_STATES
from accord.envelope.private import Root
from alerts.agency.lanes import resume_lanes, suspend_lanes
from alerts.drafting.drafts import create_draft, save_revision
from alerts.models import Alert, ReceivedAlert
from alerts.peers.agreements import ask_for_agreements
from alerts.receiving.following import follow_feed
from alerts.receiving.opening import open_alert
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending.amendment import amend_alert
from alerts.sending.release import release_alert
from alerts.sending.withdrawal import withdraw_alert
from alerts.withheld.deciding import choose_withheld, decline_withheld
from alerts.withheld.lists import list_withheld, withheld_groups, withheld_lane, withheld_lanes
from alerts.withheld.sending import send_chosen
from callers import clock
from callers.actors import SystemActor
from callers.capabilities import Role
from peers.models import Agency
from tests.alerts.conftest import GOOD
from tests.builders import make_hosted_agency
from tests.client.conftest import (  # noqa: F401 - fixtures
    DOCUMENT,
    PASSPHRASE,
    PartnerWorld,
    alert_to,
    static_folder,
    world,
)
from tests.own_desk import at_desk_of, change_keys, make_own_agency
from vault.agency_keys import renew_agency_keys, rotate_agency_keys
from vault.changes import Renew, Rotate

pytestmark = pytest.mark.slow
HOST, OWN, COMMAND = "xc-host", "xb-own", "xa-alpha"
SCIENCE, HEALTH = "science", "public_health"
STEP: Final = timedelta(days=75)
STEPS: Final = 7
LAST: Final = STEPS - 1
"""525 days; API keys last 90 and are replaced in their last 30, keysets last 90, keys a year."""


class Halted:
    """The three agencies, and the clock that all of them and the exchange read."""

    def __init__(self, world: PartnerWorld, settings: Settings) -> None:  # noqa: F811
        self.world, self.settings, self.root = world, settings, Root.generate()
        self.host = make_hosted_agency(world.hub, HOST, "Forensic Laboratory")
        with self._own_desk():
            self.own = make_own_agency(world.hub, OWN, "Health Authority", root=self.root)
        self.carry()
        self.host.refresh_from_db()
        self.own.refresh_from_db()
        world.enrol(COMMAND)
        self.command = Client(
            world.home(COMMAND),
            PASSPHRASE,
            clock=lambda: int(clock.now().timestamp()),
            sleep=lambda secs: self.carry(),
        )
        world.clients.append(self.command)
        for agency in (self.host, self.own):
            self.command.pin(agency.pk, agency.root_fingerprint)
        world.hub.make_agreement("G1", HOST, OWN, COMMAND, survive_flash=True)
        self.author, self.releaser, self.keeper = (
            world.hub.make_officer(self.host, role, name=name)
            for role, name in (
                (Role.AUTHOR, "Ilka Torvane"),
                (Role.RELEASER, "Benno Ashgrove"),
                (Role.KEY_OFFICER, "Edda Quillane"),
            )
        )
        self.admin, self.reader, self.own_keeper = (
            world.hub.make_officer(self.own, role)
            for role in (Role.AGENCY_ADMIN, Role.READER, Role.KEY_OFFICER)
        )

    def _own_desk(self) -> Any:
        self.settings.OWN_DESK = False
        return at_desk_of(Agency(pk=OWN, custody="agency"))

    @property
    def now(self) -> datetime:
        return clock.now()

    def carry(self) -> None:
        """Log what waits; both desks take it in."""
        hub = self.world.hub
        for _ in range(2):
            hub.now = clock.now()
            hub.sequence()
            for agency in (getattr(self, "host", None), getattr(self, "own", None)):
                if agency is not None:
                    with at_desk_of(agency):
                        follow_feed(agency, now=hub.now)
        hub.now = clock.now()

    def go_on(self, step: int) -> None:
        """Let ten weeks pass: keysets and the API key are renewed, in the fifth step the keys themselves replaced."""
        self.settings.CLOCK_OFFSET_SECONDS += STEP.total_seconds()
        is_new = step == 4
        if is_new:
            rotate_agency_keys(self.keeper, self.host, now=self.now)
        else:
            renew_agency_keys(self.keeper, self.host, now=self.now)
        with at_desk_of(self.own):
            change_keys(self.own_keeper, Rotate() if is_new else Renew(), self.root, now=self.now)
        self.carry()
        self.command.rotate_api_key()
        if is_new:
            self.command.keys.rotate()
        else:
            self.command.keys.renew()
        self.carry()
        for agency in (self.host, self.own):
            ask_for_agreements(SystemActor("desk-worker", agency.pk), agency.pk, now=self.now)

    def send(self, draft: Alert) -> Alert:
        """Submit, check and send a draft of the hosted agency."""
        submit_alert(self.author, draft, revision=draft.current, now=self.now)
        draft.refresh_from_db()
        validate_alert(self.releaser, draft, revision=draft.current, now=self.now)
        release_alert(self.releaser, draft, revision=draft.current, now=self.now)
        self.carry()
        return Alert.objects.get(pk=draft.pk)

    def write(self, title: str, **changes: Any) -> Alert:
        data = {**GOOD, "title": title, "recipients": [OWN, COMMAND], **changes}
        return self.send(create_draft(self.author, data=data, now=self.now))

    def resend(self) -> None:
        """Have the command send what was withheld; it is repeated while the hub catches up with its log.

        What the hub was too busy for may be the last of it: then nothing is left to be sent the next time.
        """
        for _ in range(STEPS):
            with suppress(BusyError):
                self.command.resend_withheld(OWN, SCIENCE)
            self.carry()
            self.command.resend()
            states = {row.state for row in self.command.withheld() if (row.peer, row.lane) == (OWN, SCIENCE)}
            assert "refused" not in states
            if not states & OPEN_STATES:
                return
        raise AssertionError("the hub stayed busy")

    def at_own_desk(self) -> list[str]:
        """Open everything that the own desk's lists show; return the titles."""
        self.carry()
        with at_desk_of(self.own):
            rows = ReceivedAlert.objects.filter(agency=self.own, replaced_by=None).order_by("number")
            return [open_alert(self.reader, row, reason="on_duty", now=self.now).title for row in rows]


@pytest.fixture
def halted(world: PartnerWorld, settings: Settings) -> Halted:  # noqa: F811
    settings.CLOCK_OFFSET_SECONDS = 0
    return Halted(world, settings)


def test_seventeen_months_are_caught_up_after_both_sides_have_resumed(halted: Halted) -> None:
    with at_desk_of(halted.own):
        suspend_lanes(halted.admin, [HOST, COMMAND], [SCIENCE, HEALTH], why="political", now=halted.now)
    halted.carry()
    halted.command.suspend([OWN], [SCIENCE], why="political")
    halted.carry()

    sent = {}
    for step in range(STEPS):
        halted.go_on(step)
        sent[step] = halted.write(f"Laboratory report {step}")
        by_command = alert_to(OWN, HOST, alert=DOCUMENT | {"title": f"Partner report {step}"}, tlp="GREEN")
        assert halted.command.submit(by_command, wait_secs=10).withheld == (OWN,)
    life = halted.write(
        "Deaths at a festival", lane=HEALTH, purpose="public_health", pri="flash", alert_type="harm_cluster"
    )
    assert life.md and halted.at_own_desk() == ["Deaths at a festival"], "danger to life survives, as agreed"
    assert len([entry for entry in halted.command.inbox() if entry.what == "envelope"]) == STEPS + 1
    partner_reports = ReceivedAlert.objects.filter(agency=halted.host, issuer=COMMAND)
    assert partner_reports.count() == STEPS, "what goes on among the others goes on"

    withdraw_alert(halted.releaser, sent[1], code="error", now=halted.now)
    halted.carry()
    newer = amend_alert(halted.author, sent[LAST], now=halted.now)
    save_revision(
        halted.author, newer, data={"title": "Last report, corrected"}, base=newer.current, now=halted.now
    )
    newer.refresh_from_db()
    sent[LAST] = halted.send(newer)
    with at_desk_of(halted.own):
        resume_lanes(halted.admin, [HOST, COMMAND], [SCIENCE, HEALTH], now=halted.now)
    halted.carry()
    assert withheld_lane(halted.releaser, OWN, SCIENCE, now=halted.now).offered == LAST
    with pytest.raises(RequestError):
        halted.command.resend_withheld(OWN, SCIENCE)
    halted.command.resume([OWN], [SCIENCE])
    halted.carry()

    (lane,) = withheld_lanes(halted.releaser, now=halted.now)
    assert (lane.peer.pk, lane.offered) == (OWN, LAST)
    rows = list_withheld(halted.author, OWN, SCIENCE, now=halted.now).rows
    useless = next(one.row.pk for one in rows if one.row.alert_id == sent[0].pk)
    decline_withheld(halted.author, OWN, SCIENCE, ids=[useless], now=halted.now)
    groups = [one.key for one in withheld_groups(halted.author, OWN, SCIENCE, now=halted.now)]
    choose_withheld(halted.author, OWN, SCIENCE, groups=groups, now=halted.now)
    while send_chosen(halted.releaser, OWN, SCIENCE, at_most=1, now=halted.now).left:
        halted.carry()
    halted.carry()
    halted.resend()

    arrived = halted.at_own_desk()
    wanted = ["Last report, corrected", *(f"Laboratory report {step}" for step in range(2, LAST))]
    wanted += [f"Partner report {step}" for step in range(STEPS)]
    assert sorted(arrived) == sorted(["Deaths at a festival", *wanted])
    dates = ReceivedAlert.objects.filter(agency=halted.own, issuer=HOST).exclude(resent_jti="")
    assert {row.resent_at for row in dates} == {
        Alert.objects.get(pk=sent[step].pk).logged_at for step in range(2, STEPS)
    }
    assert withheld_lane(halted.releaser, OWN, SCIENCE, now=halted.now).offered == 0
