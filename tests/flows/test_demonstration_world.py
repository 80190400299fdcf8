# SPDX-License-Identifier: Apache-2.0
"""The demonstration world is what its description promises, built through the services alone."""

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from accord.envelope.tree.notes import VerifierKey
from agencies.models import Agency, Officer
from alerts.models import Alert
from demo.history import tell_history
from demo.past import Past
from ledger.verification import verify_ledger
from sharing.models import Agreement, Delivery, LaneSuspension, Notification
from tests.builders import Hub
from tests.outside_world import OutsideWorld

pytestmark = pytest.mark.slow


def _deliveries_of(day: int) -> list[Delivery]:
    """Of the alert that was sent so many days before today."""
    moment = timezone.now() + timedelta(days=day)
    near = (moment - timedelta(days=1), moment + timedelta(days=1))
    return list(Delivery.objects.filter(envelope__received_at__range=near))


def test_the_world_and_its_past(
    transactional_db: None, tmp_path: Path, outside_world: OutsideWorld, settings: Settings
) -> None:
    settings.EXCHANGE_URL = "http://127.0.0.1:8001"
    hub = Hub(tmp_path / "ledger")
    past = Past(hub.key, tmp_path / "ledger", datetime(2000, 1, 1, tzinfo=UTC))
    said = tell_history(past, tmp_path / "demo", today=timezone.now() - timedelta(minutes=5))
    assert said == "6 agencies, 18 officers, 1 operator, 5 alerts"

    assert Officer.objects.count() == 19
    assert dict(Agency.objects.values_list("pk", "status")) == {
        **dict.fromkeys(("xa-lab", "xb-health", "xc-customs", "xd-reg", "xe-drugs"), "active"),
        "xf-border": "suspended",
    }
    assert set(Agreement.objects.values_list("ref", flat=True)) == {"G1", "G2", "G3", "G4", "G5"}
    assert set(LaneSuspension.objects.values_list("lane", "agency_id")) == {
        ("enforcement", "xd-reg"),
        ("trade", "xd-reg"),
    }
    assert sorted(Alert.objects.values_list("state", flat=True)) == [
        "draft",
        "released",
        "released",
        "submitted",
        "withdrawn",
    ]

    collapses = _deliveries_of(-51)
    assert len(collapses) == 4
    for delivery in collapses:
        assert delivery.told_at is not None
        assert delivery.acknowledged_at is not None
        assert delivery.acknowledged_at - delivery.told_at < timedelta(hours=1)

    vape = _deliveries_of(-37)
    assert sum(delivery.recall_confirmed_at is not None for delivery in vape) == 2
    assert len(vape) == 3

    states = set(Notification.objects.values_list("state", flat=True))
    assert {"sent", "failed", "held", "suppressed"} <= states
    assert "BZO-HEXOXIZID" not in "".join(mail.text for mail in outside_world.mails)

    logins = tmp_path / "demo" / "logins.json"
    assert stat.S_IMODE(logins.stat().st_mode) == 0o600
    assert len(json.loads(logins.read_text(encoding="utf-8"))) == 19
    keys = [VerifierKey.parse(hub.key.vkey)]
    assert verify_ledger(keys, folder=tmp_path / "ledger").signed_leaves > 100
