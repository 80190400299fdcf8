# SPDX-License-Identifier: Apache-2.0
"""A hub with a sender that holds its own keys, and a hosted recipient whose officers are to be told."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from accord.envelope.seal import SealedEnvelope
from alerts.models import ReceivedAlert
from alerts.receiving.following import follow_feed
from callers.capabilities import Role
from notices.models import Notification
from notices.sending import Tally, send_notifications
from officers.models import Officer
from peers.models import Agency
from tests.alerts.conftest import Desks, kept_desks
from tests.builders import HeldAgency, Hub, make_hosted_agency
from tests.restored_worlds import restored_world
from tests.role_logins import under_login_of
from tests.stolen_vault_keys import as_recipient

THRESHOLDS = (30, 14, 7, 1)
HOURS_BEFORE_AN_END = sorted(
    {*range(0, 32 * 24, 24), *(days * 24 + near for days in THRESHOLDS for near in (6, -6))}, reverse=True
)
"""Each day of the last month, and a moment before and after each threshold of a warning."""


@dataclass
class NoticeWorld:
    """A hub on which alpha sends to bravo, whose readers wait for mail."""

    hub: Hub
    alpha: HeldAgency
    bravo: HeldAgency
    readers: list[Officer]
    sent: dict[str, SealedEnvelope] = field(default_factory=dict)

    def deliver(self, **terms: Any) -> SealedEnvelope:
        """Send an alert and log it, so that it has its number; the desk has not taken it in."""
        sealed = self.hub.deliver(self.alpha, self.bravo, **terms)
        self.sent[sealed.md] = sealed
        return sealed

    def queue(self, **terms: Any) -> ReceivedAlert:
        """Send an alert that the desk takes in: its readers are to be told."""
        sealed = self.deliver(**terms)
        self.follow()
        return ReceivedAlert.objects.get(md=sealed.md)

    def follow(self) -> None:
        with under_login_of("desk-worker"):
            follow_feed(self.bravo.row, now=self.hub.now)

    def send(self, *, jitter: float = 0.5) -> Tally:
        with under_login_of("mailer"):
            return send_notifications(clock=lambda: self.hub.now, jitter=lambda: jitter)

    def states(self) -> dict[str, str]:
        """Return the states of the notices by the officers' addresses."""
        return dict(Notification.objects.values_list("officer__email", "state"))


def make_notice_world(hub: Hub, *, readers: int = 3) -> NoticeWorld:
    alpha = hub.make_agency("xa-alpha", log=False)
    bravo = as_recipient(make_hosted_agency(hub, "xb-bravo", "Agency xb-bravo"))
    hub.sequence()
    hub.make_agreement("G1", alpha, bravo)
    officers = [hub.make_officer(bravo, Role.READER, name=f"Reader {n}") for n in range(readers)]
    return NoticeWorld(hub, alpha, bravo, officers)


@pytest.fixture
def notice_world(transactional_db: None, tmp_path: Path) -> NoticeWorld:
    return restored_world("notices", lambda folder: make_notice_world(Hub(folder)), tmp_path / "ledger")


def _make_alpha(folder: Path) -> tuple[Hub, Agency]:
    hub = Hub(folder)
    agency = make_hosted_agency(hub, "xa-alpha", "Agency xa-alpha")
    hub.sequence()
    return hub, agency


@pytest.fixture
def hosted(transactional_db: None, tmp_path: Path) -> tuple[Hub, Agency]:
    """A hub with one agency, whose keys it holds."""
    return restored_world("one hosted agency", _make_alpha, tmp_path / "ledger")


@pytest.fixture
def desks(db: None, tmp_path: Path) -> Desks:
    return kept_desks(tmp_path / "ledger")
