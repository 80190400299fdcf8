# SPDX-License-Identifier: Apache-2.0
"""An agency with own keys at a desk, among partners who work by the command."""

from dataclasses import dataclass

from accord.client.client import Client
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.following import follow_feed
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending.release import release_alert
from callers.capabilities import Role
from officers.models import Officer
from peers.models import Agency
from tests.client.conftest import PartnerWorld
from tests.own_desk import make_own_agency


@dataclass
class AtDesk:
    """The agency "xb-own" at its desk, with an officer of that role."""

    agency: Agency
    officer: Officer


def at_desk(world: PartnerWorld, role: Role) -> AtDesk:
    agency = make_own_agency(world.hub, "xb-own", "Health Authority")
    world.sequence()
    agency.refresh_from_db()
    return AtDesk(agency, world.hub.make_officer(agency, role))


def desk_and_partner(world: PartnerWorld) -> AtDesk:
    """Return the desk with an author; "xa-alpha" works by the command, and both share up to RED."""

    def build() -> AtDesk:
        desk = at_desk(world, Role.AUTHOR)
        world.enrol("xa-alpha").pin("xb-own", desk.agency.root_fingerprint)
        world.hub.make_agreement("G1", "xa-alpha", "xb-own", ceiling="RED")
        return desk

    return world.restored("a desk and a partner", build)


def desk_and_two(world: PartnerWorld) -> AtDesk:
    """Return the desk with an admin; "xa-alpha" and "xc-charlie" work by the command, and pinned each other and the desk."""

    def build() -> AtDesk:
        desk = at_desk(world, Role.AGENCY_ADMIN)
        alpha, charlie = world.enrol("xa-alpha"), world.enrol("xc-charlie")
        for one, other, name in ((alpha, charlie, "xc-charlie"), (charlie, alpha, "xa-alpha")):
            one.pin(name, other.fingerprint)
            one.pin("xb-own", desk.agency.root_fingerprint)
        return desk

    return world.restored("a desk and two partners", build)


def two_by_command(world: PartnerWorld) -> tuple[Client, Client]:
    return world.client("xa-alpha"), world.client("xc-charlie")


def release_by_two(world: PartnerWorld, author: Officer, draft: Alert) -> Alert:
    """Send a draft by its author and a releaser of the same agency, and log it."""
    assert author.agency is not None
    releaser = world.hub.make_officer(author.agency, Role.RELEASER)
    draft.refresh_from_db()
    submit_alert(author, draft, revision=draft.current, now=world.hub.now)
    revision = Alert.objects.get(pk=draft.pk).current
    validate_alert(releaser, draft, revision=revision, now=world.hub.now)
    sent = release_alert(releaser, draft, revision=revision, now=world.hub.now)
    world.sequence()
    return sent


def received_at(world: PartnerWorld, agency: Agency, md: str) -> ReceivedAlert:
    """Have the desk take in what was logged; return the alert."""
    world.sequence()
    follow_feed(agency, now=world.hub.now)
    return ReceivedAlert.objects.get(agency=agency, md=md)
