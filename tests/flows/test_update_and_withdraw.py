# SPDX-License-Identifier: Apache-2.0
"""An alert is amended and withdrawn across two hosted agencies and one with keys of its own, over real HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client as Browser
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from accord.client.client import Client
from accord.client.errors import AbsentError, RefusedError
from accord.envelope.manifest import Reference
from alerts.drafting.drafts import save_revision
from alerts.models import Alert, ReceivedAlert
from alerts.sending.amendment import amend_alert
from notices.models import Notification
from officers.models import Officer
from peers.models import Agency
from tests.client.conftest import PartnerWorld, alert_to
from tests.pages.desk_world import CONTENT, DeskWorld

PARTNER, HEALTH, LAB = "xm-bravo", "xb-health", "xa-lab"


@dataclass
class Three:
    """The laboratory writes; the health authority and the partner receive."""

    desk: DeskWorld
    partners: PartnerWorld
    partner: Client

    def browser(self, officer: Officer) -> Browser:
        browser = Browser()
        browser.force_login(officer, "officers.login.backends.EmailBackend")
        return browser

    def amended(self, alert: Alert, **changes: object) -> Alert:
        """Write, release and carry the next version."""
        self.desk.catch_up()
        draft = amend_alert(self.desk.ilka, alert, now=self.desk.tick())
        save_revision(self.desk.ilka, draft, data=changes, base=draft.current, now=self.desk.tick())
        draft.refresh_from_db()
        return self.desk.send(draft)

    def at_health(self, md: str) -> ReceivedAlert:
        return ReceivedAlert.objects.get(agency_id=HEALTH, md=md)

    def read_at_health(self, md: str) -> str:
        """Read the alert as an officer of the health authority; return the page."""
        address = f"/inbox/{self.at_health(md).pk}/"
        page = self.browser(self.desk.aroha).post(address, {"reason": "on_duty"}, follow=True)
        return page.content.decode()


@pytest.fixture
def three(live_server: LiveServer, desk: DeskWorld, tmp_path: Path) -> Iterator[Three]:
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    partners = PartnerWorld(desk.hub, live_server.url, tmp_path)
    partner = partners.enrol(PARTNER)
    desk.hub.now = timezone.now()
    desk.hub.make_agreement("G8", LAB, HEALTH, PARTNER)
    for agency in (PARTNER, HEALTH, LAB):
        partner.pin(agency, Agency.objects.get(pk=agency).root_fingerprint)
    desk.hub.sequence()
    yield Three(desk, partners, partner)
    for client in partners.clients:
        client.close()


def test_a_next_version_replaces_the_first_and_is_withdrawn_with_a_receipt_of_each(three: Three) -> None:
    desk = three.desk
    first = desk.send(desk.draft(recipients=[HEALTH, PARTNER]))
    assert three.partner.open(first.md).manifest.terms.kind == "alert"
    three.partner.acknowledge(first.md, officer="officer-7")
    assert CONTENT in three.read_at_health(first.md)

    second = three.amended(first, title="Nine collapses, two dead", cases_fatal=2)
    opened = three.partner.open(second.md)
    assert opened.manifest.terms.kind == "update"
    assert opened.manifest.terms.re == Reference(first.jti, first.md)
    assert opened.alert["cases_fatal"] == 2
    page = three.read_at_health(second.md)
    assert "Nine collapses, two dead" in page and "Updated, version 2" in page
    assert "An older version. Version 2 replaces it." in three.read_at_health(first.md)

    third = three.amended(second, recipients=[HEALTH], narrative="For health alone.")
    assert "Updated, version 3" in three.read_at_health(third.md)
    assert third.md not in {entry.d for entry in three.partner.inbox()}
    with pytest.raises(AbsentError):
        three.partner.open(third.md)
    sent = three.browser(desk.benno).get(f"/outbox/{third.pk}/").content.decode()
    assert "Hold an older version only" in sent and f"<bdi>Agency {PARTNER}</bdi>" in sent
    _withdrawn_with_a_receipt_of_each(three, first, second, third)


def _withdrawn_with_a_receipt_of_each(three: Three, first: Alert, held: Alert, newest: Alert) -> None:
    """Withdraw the newest version; the partner, who holds an older one, has to confirm too."""
    desk = three.desk
    sender = three.browser(desk.benno)
    address = f"/outbox/{newest.pk}/"
    assert "Withdraw from 2 agencies?" in sender.get(f"{address}withdraw/").content.decode()
    assert sender.post(f"{address}withdraw/", {"code": "contaminated"}).status_code == 302
    desk.catch_up()
    page = sender.get(address).content.decode()
    assert "0 of 2 agencies have confirmed" in page and "Remind 2 agencies" in page
    assert "version 2 only" in page, "whoever holds an older version only has to confirm too"

    retraction = three.partner.open(held.md).retraction
    assert retraction is not None and retraction.body["code"] == "contaminated"
    three.partner.confirm(held.md, officer="officer-7", wait_secs=30)
    page = sender.get(address).content.decode()
    assert "0 of 2 agencies have confirmed" in page, "it holds the first version too"
    three.partner.confirm(first.md, officer="officer-7", wait_secs=30)
    page = sender.get(address).content.decode()
    assert "1 of 2 agencies have confirmed" in page and "Remind 1 agency" in page
    before = Notification.objects.filter(occasion="withdrawn", recipient_id=HEALTH).count()
    assert sender.post(f"{address}remind/").status_code == 302
    desk.catch_up()
    reminded = Notification.objects.filter(occasion="withdrawn", recipient_id=HEALTH).count() - before
    assert reminded == desk.health.officers.filter(is_active=True).count()
    assert (
        "They were reminded less than an hour ago."
        in sender.post(f"{address}remind/", follow=True).content.decode()
    )

    row = three.at_health(newest.md)
    assert three.browser(desk.aroha).post(f"/inbox/{row.pk}/confirm/").status_code == 302
    desk.catch_up()
    page = sender.get(address).content.decode()
    assert "2 of 2 agencies have confirmed" in page
    assert "Every agency has confirmed that it stopped using it." in page and "Remind" not in page
    assert "It is readable only as a withdrawn alert." in three.read_at_health(first.md)
    assert "confirmed that it stopped using it" in page, "the thread says so, with its log entry"


def test_a_partners_update_is_read_in_place_of_the_first_and_cannot_be_rolled_back(three: Three) -> None:
    first = three.partner.submit(alert_to(HEALTH), wait_secs=30)
    three.desk.catch_up()
    update = alert_to(HEALTH, kind="update", re=Reference(first.jti, first.md))
    second = three.partner.submit(update, wait_secs=30)
    three.desk.catch_up()
    inbox = three.browser(three.desk.aroha).get("/inbox/").content.decode()
    assert "Updated, version 2" in inbox
    assert f"/inbox/{three.at_health(first.md).pk}/" not in inbox
    with pytest.raises(RefusedError) as again:
        three.partner.submit(update, wait_secs=30)
    assert again.value.slug == "superseded"
    assert three.at_health(first.md).replaced_by == three.at_health(second.md)
