# SPDX-License-Identifier: Apache-2.0
"""A signing key is stolen with alerts in flight: found, revoked, told, reaffirmed and withdrawn; nothing is deleted."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.utils import timezone

from accord.client.client import Client
from accord.client.errors import RefusedError
from accord.client.results import Sent
from alerts.boxes.inbox import list_received
from alerts.models import ReceivedAlert
from alerts.receiving.opening import OpenedView, open_alert
from alerts.receiving.signature_state import SignatureState
from devtool.processes import wait_until
from ledger.models import Leaf
from officers.models import Officer
from peers.models import Agency
from sharing.models import Delivery, Envelope, FeedItem, Statement
from tests.client.conftest import PASSPHRASE, PartnerWorld, alert_to
from tests.conftest import HubProcesses
from tests.mail_server import MailServer
from tests.pages.desk_world import DeskWorld

pytestmark = pytest.mark.slow
VICTIM, PARTNER, HOSTED = "xk-alpha", "xm-bravo", "xb-health"
WAIT_SECS = 90


class RunningPartners(PartnerWorld):
    """Partners of a hub with running processes, which a waiting client waits for."""

    def client(self, agency: str) -> Client:
        client = Client(self.home(agency), PASSPHRASE)
        self.clients.append(client)
        return client


@dataclass
class Theft:
    """Two partners with keys of their own and a hosted agency; the hub's real processes run."""

    desk: DeskWorld
    partners: RunningPartners
    victim: Client
    partner: Client
    sent: dict[str, Sent] = field(default_factory=dict)

    def send(self, name: str, sender: Client) -> Sent:
        self.sent[name] = sender.submit(alert_to(PARTNER, HOSTED), wait_secs=WAIT_SECS)
        return self.sent[name]

    def thief(self) -> Client:
        """The client of a thief who copied the victim's home with its passphrase."""
        shutil.copytree(self.partners.home(VICTIM), self.partners.home("thief"))
        return self.partners.client("thief")

    def at_the_desk(self, name: str) -> OpenedView:
        """Open the alert as an officer of the hosted agency sees it now."""
        rows = ReceivedAlert.objects.visible_to(self.desk.aroha).filter(md=self.sent[name].md)
        _soon(rows.exists, "the alert is at the desk")
        return open_alert(self.desk.aroha, rows.get(), reason="on_duty", now=timezone.now())

    def marks(self, name: str) -> set[str]:
        """The marks that the partner's client shows for the alert now."""
        return set(self.partner.open(self.sent[name].md).marks)

    def reference(self, name: str, agency: str) -> str:
        return Delivery.objects.get(envelope_id=self.sent[name].md, recipient_id=agency).reference


@pytest.fixture
def theft(desk: DeskWorld, running: HubProcesses, tmp_path: Path) -> Iterator[Theft]:
    running.exchange()
    partners = RunningPartners(desk.hub, running.world.exchange_url, tmp_path)
    victim, partner = partners.enrol(VICTIM), partners.enrol(PARTNER)
    desk.hub.now = timezone.now()
    desk.hub.make_agreement("G8", VICTIM, PARTNER, HOSTED)
    for client in (victim, partner):
        client.pin(VICTIM, victim.fingerprint)
        client.pin(PARTNER, partner.fingerprint)
        client.pin(HOSTED, Agency.objects.get(pk=HOSTED).root_fingerprint)
    yield Theft(desk, partners, victim, partner)
    for client in partners.clients:
        client.close()


def _soon(holds: Callable[[], bool], what: str) -> None:
    wait_until(holds, what, timeout_seconds=WAIT_SECS)


def _wait_for_mail(world: MailServer, officer: Officer, *subjects: str) -> None:
    def has_come(_: object) -> bool:
        return set(subjects) <= {str(mail.message["Subject"]) for mail in world.mails_to(officer.email)}

    world.wait_for(has_come, timeout_seconds=WAIT_SECS)


def _revoke(theft: Theft, kids: tuple[str, ...], since: int) -> None:
    """Revoke both keys of the stolen pair, with new ones in their place."""
    theft.victim.keys.revoke(kids[0], code="stolen", since=since, rotate=True, wait_secs=WAIT_SECS)
    theft.victim.keys.revoke(kids[1], code="stolen", since=since, wait_secs=WAIT_SECS)


def test_theft_with_alerts_in_flight(theft: Theft, mail_server: MailServer) -> None:
    read = theft.send("read", theft.victim)
    assert theft.marks("read") == set()
    assert theft.at_the_desk("read").standing.state is SignatureState.VALID
    thief = theft.thief()
    forged = theft.send("forged", thief)
    theft.send("unread", theft.victim)
    late = thief.seal(alert_to(PARTNER, HOSTED), theft.partners.folder / "late")
    assert theft.at_the_desk("forged").standing.state is SignatureState.VALID

    found = theft.victim.check_submissions()
    assert [stranger.d for stranger in found.strangers] == [forged.md]
    assert read.log_time is not None
    _let_the_second_pass()
    _revoke(theft, found.strangers[0].kids, since=read.log_time)
    with pytest.raises(RefusedError) as refused:
        thief.submit_sealed(late.folder)
    assert refused.value.slug == "envelope-refused"

    _they_are_told(theft, mail_server)
    _everything_is_repudiated(theft, read.log_time)
    _each_gets_its_word(theft, mail_server)
    _nothing_is_deleted(theft)


def _let_the_second_pass() -> None:
    """Wait: an object logged in the very second of the revocation is refused, not repudiated."""
    newest = Leaf.objects.order_by("-index").values_list("t", flat=True)[0]
    _soon(lambda: timezone.now().timestamp() >= newest + 1, "the second of the newest entry is over")


def _they_are_told(theft: Theft, world: MailServer) -> None:
    """Check that officers of each alert's desk get a mail without content; an agency without a desk reads it in its feed."""
    references = [theft.reference(name, HOSTED) for name in ("read", "forged", "unread")]
    _wait_for_mail(world, theft.desk.aroha, *(f"[Accord] ROUTINE IN DOUBT {ref}" for ref in references))
    mails = "".join(mail.text for mail in world.mails)
    assert "Metodesnitazene" not in mails and VICTIM not in mails


def _everything_is_repudiated(theft: Theft, since: int) -> None:
    for name in ("read", "forged", "unread"):
        assert theft.marks(name) == {"repudiated"}
        view, log_time = theft.at_the_desk(name), theft.sent[name].log_time
        facts = view.standing
        assert facts.state is SignatureState.REPUDIATED and facts.text in view.marks
        assert facts.logged_at and facts.since and facts.revoked_at and log_time
        assert (facts.logged_at.timestamp(), facts.since.timestamp()) == (log_time, since)
        assert facts.revoked_at > facts.logged_at and view.document["title"]
    listed = list_received(theft.desk.aroha, now=timezone.now()).rows
    assert {row.state for row in listed} == {"repudiated"}
    mds = {theft.sent[name].md for name in ("read", "forged", "unread")}
    marked = FeedItem.objects.filter(recipient=PARTNER, what=FeedItem.REPUDIATED)
    _soon(lambda: set(marked.values_list("d", flat=True)) == mds, "the partner's feed marks each")
    assert {entry.d for entry in theft.partner.inbox()} == mds


def _each_gets_its_word(theft: Theft, world: MailServer) -> None:
    """Reaffirm the genuine alerts under the new keys, and withdraw the thief's."""
    for name in ("read", "unread"):
        theft.victim.reaffirm(theft.sent[name].md, wait_secs=WAIT_SECS)
    theft.victim.retract(theft.sent["forged"].md, code="error", wait_secs=WAIT_SECS)
    theft.partner.inbox()
    for name in ("read", "unread"):
        _wait_for_mail(
            world, theft.desk.aroha, f"[Accord] ROUTINE REAFFIRMED {theft.reference(name, HOSTED)}"
        )
        assert theft.marks(name) == {"reaffirmed"}
        facts = theft.at_the_desk(name).standing
        assert facts.state is SignatureState.REAFFIRMED and facts.reaffirmed_at and facts.revoked_at
        assert facts.reaffirmed_at >= facts.revoked_at
    _wait_for_mail(world, theft.desk.aroha, f"[Accord] ROUTINE WITHDRAWN {theft.reference('forged', HOSTED)}")
    assert theft.marks("forged") == {"repudiated", "retracted"}
    _soon(lambda: theft.at_the_desk("forged").received.withdrawn_at is not None, "the desk withdrew it")


def _nothing_is_deleted(theft: Theft) -> None:
    mds = [theft.sent[name].md for name in ("read", "forged", "unread")]
    kept = Envelope.objects.filter(pk__in=mds, manifest__isnull=False, jwe_head__isnull=False)
    assert kept.count() == 3 and Envelope.objects.filter(iss_id=VICTIM).count() == 3
    assert sorted(Statement.objects.filter(iss_id=VICTIM).values_list("k", flat=True)) == [
        "reaffirm",
        "reaffirm",
        "retract",
    ]
    states = Delivery.objects.filter(envelope_id__in=mds).values_list("state", flat=True)
    assert set(states) == {"fetched"}
