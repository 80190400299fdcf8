# SPDX-License-Identifier: Apache-2.0
"""The demonstration world agrees with its description, and is built through the services alone."""

import json
import os
import stat
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from accord.envelope.tree.notes import VerifierKey
from alerts.boxes.inbox import Owed
from alerts.boxes.outbox import read_sent
from alerts.boxes.overdue import read_overdue
from alerts.drafting.revisions import read_revision
from alerts.models import Alert, ReceivedAlert
from alerts.review.preview import check_draft
from demo.history import tell_history
from demo.past import Log, Past
from demo.stories import Story, read_stories
from ledger.verification import verify_ledger
from notices.models import Notification
from officers.models import Officer
from peers.models import Agency
from science.board.reading import read_board
from science.law.newly_caught import list_caught
from sharing.models import Agreement, Delivery, Envelope, LaneSuspension
from tests.builders import Hub
from tests.desk_calls import deliveries_are_asked_for_by_hand
from tests.entries import the_desk_takes_in_by_hand
from tests.mail_server import MailServer

pytestmark = pytest.mark.slow


def _sent_on(day: int) -> Envelope:
    """The one alert that was sent this many days from today."""
    moment = timezone.now() + timedelta(days=day)
    near = (moment - timedelta(days=1), moment + timedelta(days=1))
    return Envelope.objects.get(received_at__range=near)


def _answers(envelope: Envelope) -> dict[str, str]:
    """The progress of each recipient: acknowledged, opened, told or nothing."""
    return {row.recipient_id: _how_far(row) for row in Delivery.objects.filter(envelope=envelope)}


def _how_far(row: Delivery) -> str:
    if row.acknowledged_at is not None:
        return "acknowledged"
    if row.opened_at is not None:
        return "opened"
    return "told" if row.told_at is not None else ""


def _marking(envelope: Envelope) -> tuple[str, str, str, str]:
    return envelope.tlp, envelope.pri, envelope.lane, envelope.suite


def _ten_alerts(now: datetime) -> None:
    """Check that alerts 1 to 7 of the description were sent, and their deliveries."""
    wheel = _sent_on(-58)
    assert _marking(wheel) == ("AMBER", "urgent", "enforcement", "EC1")
    assert _answers(wheel) == {"xa-lab": "acknowledged"}
    expired = datetime.fromtimestamp(wheel.exp, UTC)
    assert expired.date() == (now - timedelta(days=28)).date()

    collapses = _sent_on(-51)
    assert _marking(collapses) == ("GREEN", "flash", "public_health", "PQ1")
    for delivery in Delivery.objects.filter(envelope=collapses):
        assert delivery.acknowledged_at is not None
        assert delivery.acknowledged_at - collapses.received_at < timedelta(hours=1)
        has_officers_here = Agency.objects.get(pk=delivery.recipient_id).is_hosted
        assert (delivery.told_at is not None) == has_officers_here, (
            "who is told elsewhere is told by nobody here"
        )
    assert len(_answers(collapses)) == 4

    forwarder = _sent_on(-44)
    assert _marking(forwarder) == ("RED", "urgent", "trade", "PQ1")
    assert _answers(forwarder) == {"xe-drugs": "acknowledged"}

    vape = Delivery.objects.filter(envelope=_sent_on(-37))
    assert Alert.objects.get(md=vape[0].envelope_id).state == "withdrawn"
    assert (len(vape), sum(row.recall_confirmed_at is not None for row in vape)) == (3, 2)

    parcel = _sent_on(-20)
    assert _marking(parcel) == ("AMBER", "urgent", "enforcement", "PQ1")
    assert _answers(parcel) == {"xa-lab": "acknowledged", "xe-drugs": "acknowledged"}

    sedative = _sent_on(-9)
    assert _marking(sedative) == ("GREEN", "routine", "public_health", "PQ1")
    assert _answers(sedative) == {"xa-lab": "acknowledged", "xb-health": "told", "xc-customs": "opened"}
    assert sedative.reply_by == int((sedative.received_at.replace(microsecond=0)).timestamp()) + 7 * 86_400
    overdue = ReceivedAlert.objects.filter(md=sedative.md, acknowledged_at=None, ack_by__lt=now)
    assert {row.agency_id for row in overdue} == {"xb-health", "xc-customs"}

    festival = _sent_on(-6)
    assert (festival.status, festival.pri, festival.ack_by) == ("exercise", "flash", None)
    assert set(_answers(festival).values()) == {"acknowledged"}


def _question_of_four(aroha: Officer, now: datetime) -> None:
    """The health authority's question was answered by three agencies; the fourth is overdue."""
    asked = Envelope.objects.get(iss_id="xb-health", reply_by__isnull=False)
    rows = read_sent(aroha, Alert.objects.get(md=asked.md), now=now).recipients
    codes = {row.agency: row.answer.code if row.answer else None for row in rows}
    assert codes == {
        "xa-lab": "hit",
        "xc-customs": "no_hit",
        "xe-drugs": "information_supplied",
        "xd-reg": None,
    }
    owing = [one.agency.pk for one in read_overdue(aroha, now=now).they_owe if one.owed is Owed.ANSWER]
    assert owing == ["xd-reg"]


def _board_and_law(ilka: Officer, now: datetime) -> None:
    """A cluster of harm stands out, and the rule that the laboratory follows reaches what it knows."""
    clusters = [one for one in read_board(ilka, now=now).board.clusters if one.region == "Harbour District"]
    assert {one.country for one in clusters} == {"XB"}
    assert max(one.fatal for one in clusters) == 1
    assert {by.jurisdiction for line in list_caught(ilka)[0] for by in line.by} >= {"XA", "XB"}


def _own_drafts(ilka: Officer) -> None:
    """Alert 10 is a draft with three hints; alert 8, of another agency, waits for its second person."""
    (draft,) = Alert.objects.visible_to(ilka).filter(state="draft")
    found = check_draft(ilka, draft, now=timezone.now())
    assert (dict(found.errors), found.questions, len(found.hints)) == ({}, (), 3)
    assert Alert.objects.get(state="submitted").agency_id == "xb-health"


def _what_customs_wrote(nourin: Officer) -> None:
    """Alert 9 was checked and not sent: one of its two recipients has suspended the lane."""
    licence = Alert.objects.visible_to(nourin).get(state="validated")
    stored = {row["agency"]: row["will"] for row in licence.validated_preview or ()}
    assert stored == {"xe-drugs": True, "xd-reg": False}
    assert read_revision(licence).data["kyc_result"] == "fail"


def _told(tmp_path: Path, hub: Hub, *, is_whole: bool) -> str:
    """Build the world with its logs in one folder; return what it says of itself."""
    past = Past(Log(hub.key, tmp_path / "ledger"), datetime(2000, 1, 1, tzinfo=UTC))
    today = timezone.now() - timedelta(minutes=5)
    # The demonstration plays the desk-worker itself, at the moment of each alert.
    with the_desk_takes_in_by_hand(), deliveries_are_asked_for_by_hand():
        return tell_history(past, tmp_path / "demo", today=today, is_whole=is_whole)


def test_the_world_and_its_past(
    transactional_db: None, tmp_path: Path, mail_server: MailServer, settings: Settings
) -> None:
    settings.EXCHANGE_URL = "http://127.0.0.1:8001"
    hub = Hub(tmp_path / "ledger")
    said = _told(tmp_path, hub, is_whole=False)
    assert said == "6 agencies, 11 officers of desks, 1 keeper, 20 alerts"

    assert Officer.objects.count() == 12, "who works in a system of its own agency has no account"
    assert dict(Agency.objects.values_list("pk", "status")) == {
        **dict.fromkeys(("xa-lab", "xb-health", "xc-customs", "xd-reg", "xe-drugs"), "active"),
        "xf-border": "suspended",
    }
    assert set(Agreement.objects.values_list("ref", flat=True)) == {"G1", "G2", "G3", "G4", "G5"}
    assert set(LaneSuspension.objects.values_list("lane", "agency_id")) == {
        ("enforcement", "xd-reg"),
        ("trade", "xd-reg"),
    }
    now = timezone.now()
    _ten_alerts(now)
    assert Envelope.objects.count() == 7 + _sent_in(read_stories(is_whole=False))
    _question_of_four(Officer.objects.get(email="aroha@xb-health.example"), now)
    _board_and_law(Officer.objects.get(email="ilka@xa-lab.example"), now)
    _own_drafts(Officer.objects.get(email="ilka@xa-lab.example"))
    _what_customs_wrote(Officer.objects.get(email="nourin@xc-customs.example"))

    states = set(Notification.objects.values_list("state", flat=True))
    assert {"sent", "failed", "held", "suppressed"} <= states
    assert "BZO-HEXOXIZID" not in "".join(mail.text for mail in mail_server.mails)

    logins = tmp_path / "demo" / "logins.json"
    assert stat.S_IMODE(logins.stat().st_mode) == 0o600
    assert len(json.loads(logins.read_text(encoding="utf-8"))) == 12
    keys = [VerifierKey.parse(hub.key.vkey)]
    assert verify_ledger(keys, folder=tmp_path / "ledger").signed_leaves > 100


@pytest.mark.skipif("ACCORD_WHOLE_WORLD" not in os.environ, reason="takes minutes; ACCORD_WHOLE_WORLD=1")
def test_every_story_is_told(
    transactional_db: None, tmp_path: Path, mail_server: MailServer, settings: Settings
) -> None:
    settings.EXCHANGE_URL = "http://127.0.0.1:8001"
    hub, stories = Hub(tmp_path / "ledger"), read_stories(is_whole=True)
    _told(tmp_path, hub, is_whole=True)
    assert Envelope.objects.count() == 7 + _sent_in(stories)
    assert Alert.objects.filter(state="withdrawn").count() == 2
    keys = [VerifierKey.parse(hub.key.vkey)]
    assert verify_ledger(keys, folder=tmp_path / "ledger").signed_leaves > 1_000


def _sent_in(stories: Iterable[Story]) -> int:
    """Return how many alerts and answers the stories tell."""
    return sum(1 + len(told.answers) for story in stories for told in story.alerts)
