# SPDX-License-Identifier: Apache-2.0
"""Keys are rotated with alerts in flight: alerts sealed before still open, later ones take the new keys."""

import json
import os
from datetime import datetime

import pytest

from accord.envelope.keys import PQ1
from accord.envelope.seal import Recipient, SealedEnvelope, seal
from agencies.directory import DatabaseKeyDirectory
from agencies.models import Key
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.opening import OpenedView, OpeningReason, open_alert
from alerts.sending.release import release_alert
from callers.capabilities import Role
from sharing.errors import KeysetStaleError
from sharing.models import Delivery
from tests.builders import ALERT, HeldAgency, Hub
from tests.pages.desk_world import CONTENT, DeskWorld
from vault import agency_keys

pytestmark = pytest.mark.slow


def _release(desk: DeskWorld) -> Alert:
    """Write, check and release an alert that nothing carries on yet."""
    checked = desk.validate(desk.submit(desk.draft(recipients=["xb-health", "xd-reg"])))
    return release_alert(desk.benno, checked, revision=checked.current, now=desk.tick())


def _opened_by(desk: DeskWorld, md: str) -> OpenedView:
    received = ReceivedAlert.objects.visible_to(desk.aroha).get(md=md)
    return open_alert(desk.aroha, received, reason=OpeningReason.ON_DUTY, now=desk.tick())


def _current(agency: str, now: datetime) -> str:
    """The encryption key to which senders seal."""
    seconds = int(now.timestamp())
    return DatabaseKeyDirectory(now).recipient_keys([agency], PQ1, seconds)[agency].kid


def test_alerts_on_their_way_open_after_both_sides_have_rotated(desk: DeskWorld) -> None:
    keeper = desk.hub.make_officer(desk.health, Role.KEY_OFFICER)
    before = _current("xb-health", desk.hub.now)
    in_flight = _release(desk)
    agency_keys.rotate_agency_keys(keeper, desk.health, now=desk.tick())
    agency_keys.rotate_agency_keys(desk.benno, desk.lab, now=desk.tick())
    desk.settle()
    opened = _opened_by(desk, in_flight.md)
    assert CONTENT in str(opened.sections) and opened.verification.state == "verified"
    after = _current("xb-health", desk.hub.now)
    assert after != before and Key.objects.get(pk=before).st == "retiring"
    follows = _release(desk)
    desk.settle()
    assert CONTENT in str(_opened_by(desk, follows.md).sections)
    assert in_flight_and_after(in_flight, follows) == (before, after)


def in_flight_and_after(*alerts: Alert) -> tuple[str, ...]:
    """The keys to which these alerts were sealed for the health authority."""
    entries = [Delivery.objects.get(envelope_id=alert.md, recipient="xb-health").entry for alert in alerts]
    return tuple(str(json.loads(entry or "{}")["header"]["kid"]) for entry in entries)


def _sealed_to_health(hub: Hub, sender: HeldAgency) -> SealedEnvelope:
    """Seal as the sender's own system does, with the directory of this moment."""
    directory = DatabaseKeyDirectory(hub.now)
    own, theirs = directory.keyset(sender.id), directory.keyset("xb-health")
    assert own is not None and theirs is not None
    return seal(
        hub.terms(),
        ALERT,
        suite=PQ1,
        originator=Recipient(own, sender.root.fingerprint),
        recipients=[Recipient(theirs, theirs.root_fingerprint)],
        signer=sender.signing[PQ1],
        nonce=os.urandom(16),
        now=int(hub.now.timestamp()),
    )


def test_what_was_sealed_to_a_key_just_replaced_is_refused_and_sealed_again(desk: DeskWorld) -> None:
    """A sender with own keys learns of the rotation by the refusal, and its next try succeeds."""
    hub = desk.hub
    keeper = hub.make_officer(desk.health, Role.KEY_OFFICER)
    (sender,) = hub.make_agencies("xe-drugs")
    hub.make_agreement("G9", sender, "xb-health")
    sealed = _sealed_to_health(hub, sender)
    agency_keys.rotate_agency_keys(keeper, desk.health, now=hub.later(seconds=1))
    hub.later(seconds=1)
    hub.sequence()
    with pytest.raises(KeysetStaleError) as refused:
        hub.carry(sender, sealed)
    assert refused.value.agencies == ["xb-health"]
    hub.carry(sender, _sealed_to_health(hub, sender))
    desk.settle()
    received = desk.received(desk.aroha)
    opened = open_alert(desk.aroha, received, reason=OpeningReason.ON_DUTY, now=hub.now)
    assert opened.verification.state == "verified"


def test_a_sealed_alert_that_was_carried_before_a_rotation_is_numbered_and_opened_after_it(
    desk: DeskWorld,
) -> None:
    """Accepted under the old keyset and logged after the new one, it still has a valid signature and opens."""
    hub = desk.hub
    keeper = hub.make_officer(desk.health, Role.KEY_OFFICER)
    (sender,) = hub.make_agencies("xe-drugs")
    hub.make_agreement("G9", sender, "xb-health")
    agency_keys.rotate_agency_keys(keeper, desk.health, now=hub.later(seconds=1))
    hub.carry(sender, _sealed_to_health(hub, sender))
    hub.later(seconds=1)
    desk.settle()
    received = desk.received(desk.aroha)
    opened = open_alert(desk.aroha, received, reason=OpeningReason.ON_DUTY, now=hub.now)
    assert opened.verification.state == "verified"
