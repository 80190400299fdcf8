# SPDX-License-Identifier: Apache-2.0
"""Hosted desks at one hub: a laboratory writes, a health authority receives, drugs enforcement holds its own keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accord.envelope.keys import EC1, PQ1
from alerts.drafting.drafts import create_draft
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.following import follow_feed
from alerts.receiving.opening import open_alert
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending.release import release_alert
from callers.capabilities import Role
from officers.models import Officer
from peers import exchange
from peers.models import Agency
from tests.builders import HeldAgency, Hub, make_hosted_agency
from tests.desk_calls import give_exchange_keys, real_transport_of
from tests.restored_worlds import FRESH_SECONDS, restored_world
from tests.stages import Stages, act

GOOD: Mapping[str, Any] = {
    "alert_type": "new_substance",
    "title": "Impregnated paper in a book",
    "narrative": "Two sheets, reported by a prison.",
    "event_date": "2026-02-27",
    "place_country": "XA",
    "place_region": "Northern Arvenia",
    "identity_state": "tentative",
    "preferred_name": "etizolam",
    "harm_evidence": "suspected",
    "inchikey": "VMZUTJCNQWMAGF-UHFFFAOYSA-N",
    "tlp": "GREEN",
}


@dataclass
class Desk:
    """A hosted agency with its officers."""

    agency: Agency
    author: Officer
    releaser: Officer
    reader: Officer

    @property
    def id(self) -> str:
        return self.agency.pk


@dataclass
class Desks:
    """The agencies of these tests: `stranger` is hosted and in no agreement, `own` holds its own keys."""

    hub: Hub
    lab: Desk
    health: Desk
    stranger: Desk
    own: HeldAgency
    stages: Stages | None = field(default=None, compare=False)
    """Where acts are put back from memory."""

    def draft(self, *, author: Officer | None = None, **changes: Any) -> Alert:
        """Make a complete draft of the laboratory to the health authority."""
        data = {**GOOD, "recipients": [self.health.id], **changes}
        return create_draft(author or self.lab.author, data=data, now=self.hub.now)

    @act
    def submitted(self, **changes: Any) -> Alert:
        alert = self.draft(**changes)
        return submit_alert(self.lab.author, alert, revision=1, now=self.hub.now)

    @act
    def validated(self, **changes: Any) -> Alert:
        alert = self.submitted(**changes)
        return validate_alert(self.lab.releaser, alert, revision=1, now=self.hub.now)

    @act
    def released(self, **changes: Any) -> Alert:
        alert = self.validated(**changes)
        return release_alert(self.lab.releaser, alert, revision=alert.current, now=self.hub.now)

    @act
    def received(self, **changes: Any) -> ReceivedAlert:
        """Release an alert, log it, and let the health authority's desk take it in."""
        alert = self.released(**changes)
        self.settle()
        return ReceivedAlert.objects.get(agency=self.health.agency, md=alert.md)

    @act
    def opened(self, **changes: Any) -> ReceivedAlert:
        """Let the health authority receive an alert, and its reader open it."""
        received = self.received(**changes)
        open_alert(self.health.reader, received, reason="on_duty", now=self.hub.now)
        return ReceivedAlert.objects.get(pk=received.pk)

    @act
    def acknowledged(self, **changes: Any) -> ReceivedAlert:
        return acknowledge_alert(self.health.reader, self.opened(**changes), now=self.hub.now)

    @act
    def sequence(self) -> None:
        self.hub.sequence()

    @act
    def follow(self) -> None:
        """Let the workers of sender and recipient make their round; the stranger is sent nothing."""
        for desk in (self.lab, self.health):
            follow_feed(desk.agency, now=self.hub.now)

    def settle(self) -> None:
        """Log what waits, and let both desks take it in."""
        self.sequence()
        self.follow()


def make_desk(hub: Hub, agency_id: str, name: str, *, suites: Sequence[str] = (PQ1, EC1)) -> Desk:
    agency = make_hosted_agency(hub, agency_id, name, suites=suites)
    people = (
        hub.make_officer(agency, Role.AUTHOR, name="Ilka Torvane"),
        hub.make_officer(agency, Role.RELEASER, name="Benno Ashgrove"),
        hub.make_officer(agency, Role.READER, name="Sunniva Okparel"),
    )
    return Desk(agency, *people)


@pytest.fixture
def desks(db: None, tmp_path: Path) -> Desks:
    return kept_desks(tmp_path / "ledger")


@pytest.fixture
def committed_desks(transactional_db: None, tmp_path: Path) -> Desks:
    """Desks whose rows are committed, so that other connections see them."""
    return kept_desks(tmp_path / "ledger")


@pytest.fixture
def served(
    live_server: LiveServer,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Desks:
    """Desks whose exchange answers on a socket and asks for an API key."""
    desks = kept_desks_of_now(tmp_path_factory.mktemp("served") / "ledger")
    give_exchange_keys()
    settings.EXCHANGE_URL = live_server.url
    monkeypatch.setattr(exchange, "transport_of", real_transport_of)
    return desks


def kept_desks(folder: Path) -> Desks:
    return _staged(restored_world("desks", lambda folder: make_desks(Hub(folder)), folder))


def kept_desks_of_now(folder: Path, *, ago: timedelta = timedelta(0)) -> Desks:
    """Build desks whose world began this long ago, or a moment earlier, for code that reads the clock."""
    now = timezone.now().replace(microsecond=0) - ago
    return _staged(
        restored_world(
            f"desks of {ago} ago",
            lambda folder: make_desks(Hub(folder, now=now)),
            folder,
            fresh_seconds=FRESH_SECONDS,
        )
    )


def _staged(desks: Desks) -> Desks:
    desks.stages = Stages(desks, desks.hub.folder)
    return desks


def make_desks(hub: Hub) -> Desks:
    lab = make_desk(hub, "xa-lab", "Forensic Laboratory")
    health = make_desk(hub, "xb-health", "Health Authority")
    stranger = make_desk(hub, "xd-stranger", "Harbour Office")
    own = hub.make_agency("xe-drugs", log=False)
    hub.sequence()
    hub.make_agreement("G1", lab.id, health.id, own.id)
    for desk in (lab, health, stranger):
        desk.agency.refresh_from_db()
    return Desks(hub, lab, health, stranger, own)
