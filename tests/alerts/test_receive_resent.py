# SPDX-License-Identifier: Apache-2.0
"""An alert that was sent after a suspension, at its recipient: both dates, and shown once whichever of the two came first."""

import uuid
from typing import Any

import pytest

from accord.envelope.seal import SealedEnvelope
from alerts.boxes.inbox import list_received
from alerts.models import ReceivedAlert
from alerts.receiving.opening import open_alert
from alerts.receiving.versions import versions_held
from tests.alerts.conftest import Desks
from tests.alerts.test_follow_feed import PARTNER_ALERT
from tests.builders import seconds
from tests.stolen_vault_keys import as_recipient


def sealed(desks: Desks, **document: Any) -> SealedEnvelope:
    return desks.hub.alert_to(
        as_recipient(desks.health.agency), sender=desks.own, alert=PARTNER_ALERT | document
    )


def deliver(desks: Desks, *envelopes: SealedEnvelope) -> None:
    for envelope in envelopes:
        desks.hub.carry(desks.own, envelope)
        desks.settle()


@pytest.mark.parametrize("first", ["original", "copy"])
def test_the_two_are_one_alert_with_both_dates(desks: Desks, first: str) -> None:
    written, original = desks.hub.now, sealed(desks)
    copy = sealed(desks, resent={"jti": original.jti, "md": original.md, "logged": seconds(written)})
    order = (original, copy) if first == "original" else (copy, original)
    deliver(desks, order[0])
    desks.hub.later(hours=1)
    deliver(desks, order[1])
    (row,) = list_received(desks.health.reader, now=desks.hub.now).rows
    assert row.received.md == order[1].md, "the newer one stands in the list"
    held = versions_held(desks.health.reader, row.received, now=desks.hub.now)
    assert [(one.md, one.version) for one in held] == [(order[1].md, 1), (order[0].md, 1)]
    resent = ReceivedAlert.objects.get(md=copy.md)
    assert (resent.resent_jti, resent.resent_at) == (original.jti, written)
    view = open_alert(desks.health.reader, resent, reason="on_duty", now=desks.hub.now)
    assert view.document["resent"]["md"] == original.md and view.as_text == ()


@pytest.mark.parametrize(
    "resent",
    [
        {"jti": "no id", "md": "A" * 43, "logged": 1},
        {"jti": str(uuid.UUID(int=7)), "md": "A" * 43, "logged": 1},
        {"md": "A" * 43, "logged": 1},
        {"jti": "x", "md": 3, "logged": -1, "more": True},
        "yesterday",
        [],
    ],
)
def test_what_does_not_name_an_alert_is_shown_as_text_and_nothing_else(desks: Desks, resent: object) -> None:
    deliver(desks, sealed(desks, resent=resent))
    row = ReceivedAlert.objects.get()
    assert (row.resent_jti, row.resent_at) == ("", None)
    view = open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now)
    assert [one.name for one in view.as_text] == ["resent"]


def test_a_copy_of_another_agency_s_alert_changes_nothing_of_it(desks: Desks) -> None:
    """Its issuer vouches for its own alerts alone."""
    theirs = desks.received()
    resent = {"jti": theirs.jti, "md": theirs.md, "logged": seconds(desks.hub.now)}
    deliver(desks, sealed(desks, resent=resent))
    assert len(list_received(desks.health.reader, now=desks.hub.now).rows) == 2
    theirs.refresh_from_db()
    assert theirs.replaced_by is None
