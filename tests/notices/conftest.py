# SPDX-License-Identifier: Apache-2.0
"""A hub with a sender and recipients whose officers are to be told."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from accord.envelope.seal import SealedEnvelope
from callers.capabilities import Role
from notices.expansion import expand_deliveries
from notices.models import Notification
from notices.sending import Tally, send_notifications
from officers.models import Officer
from sharing.models import Delivery
from tests.builders import HeldAgency, Hub, desk_reaches_the_heads
from tests.role_logins import under_login_of


@dataclass
class Telling:
    """Alpha sends to bravo; bravo's readers wait for mail."""

    hub: Hub
    alpha: HeldAgency
    bravo: HeldAgency
    readers: list[Officer]
    sent: dict[str, SealedEnvelope] = field(default_factory=dict)

    def deliver(self, **terms: str) -> Delivery:
        """An alert with its number, hence its receipt."""
        sealed = self.hub.deliver(self.alpha, self.bravo, **terms)
        desk_reaches_the_heads(now=self.hub.now)
        self.sent[sealed.md] = sealed
        return Delivery.objects.get(envelope_id=sealed.md)

    def queue(self, **terms: str) -> Delivery:
        delivery = self.deliver(**terms)
        with under_login_of("worker"):
            expand_deliveries(now=self.hub.now)
        return delivery

    def send(self, *, jitter: float = 0.5) -> Tally:
        with under_login_of("worker"):
            return send_notifications(clock=lambda: self.hub.now, jitter=lambda: jitter)

    def states(self) -> dict[str, str]:
        """State by the officer's address."""
        return dict(Notification.objects.values_list("officer__email", "state"))


def make_telling(folder: Path, *, readers: int = 3) -> Telling:
    hub = Hub(folder)
    alpha, bravo = hub.make_agencies("xa-alpha", "xb-bravo")
    hub.make_agreement("G1", alpha, bravo)
    officers = [hub.make_officer(bravo, Role.READER, name=f"Reader {n}") for n in range(readers)]
    return Telling(hub, alpha, bravo, officers)


@pytest.fixture
def telling(transactional_db: None, tmp_path: Path) -> Telling:
    return make_telling(tmp_path / "ledger")
