# SPDX-License-Identifier: Apache-2.0
"""A party's system suspends and resumes a lane, if its key was given that scope by name."""

from dataclasses import replace
from typing import Any

import pytest

from callers.capabilities import Capability, usual_scopes
from callers.errors import AbsentError, NotPermittedError
from ledger.models import AuditEvent
from sharing.agreements import resume_lane, suspend_lane
from sharing.models import Delivery, FeedItem
from tests.builders import Hub
from tests.sharing.callers import Caller, slug
from tests.sharing.conftest import Callers, Four


def acts() -> list[tuple[str, str, str]]:
    events = AuditEvent.objects.filter(act__startswith="lane.").order_by("seq")
    return [(event.act, event.agency, event.actor) for event in events]


def test_a_lane_is_stopped_and_resumed_once_however_often_it_is_asked_for(hub: Hub, four: Four) -> None:
    for _ in range(2):
        (stop,) = suspend_lane(four.bravo.client, "G1", "science", now=hub.now)
        assert (stop.lane, stop.agency_id, stop.suspended_at) == ("science", "xb-bravo", hub.now)
    (ours, theirs) = suspend_lane(four.alpha.client, "G1", "science", now=hub.later(hours=1))
    assert (ours.agency_id, theirs.agency_id) == ("xa-alpha", "xb-bravo")
    for _ in range(2):
        left = resume_lane(four.bravo.client, "G1", "science", now=hub.now)
        assert [row.agency_id for row in left] == ["xa-alpha"]
    assert acts() == [
        ("lane.suspended", "xb-bravo", "client:xb-bravo/system"),
        ("lane.suspended", "xa-alpha", "client:xa-alpha/system"),
        ("lane.resumed", "xb-bravo", "client:xb-bravo/system"),
    ]


def test_only_a_party_whose_key_was_given_the_scope(hub: Hub, four: Four) -> None:
    for ref in ("G1", "G99"):
        with pytest.raises(AbsentError):
            suspend_lane(four.delta.client, ref, "science", now=hub.now)
        with pytest.raises(AbsentError):
            resume_lane(four.delta.client, ref, "science", now=hub.now)
    usual = replace(four.bravo.client, scopes=usual_scopes())
    assert Capability.AGREEMENT_SUSPEND not in usual.scopes
    with pytest.raises(NotPermittedError):
        suspend_lane(usual, "G1", "science", now=hub.now)


def test_over_http_what_waits_is_held_and_delivered_when_the_lane_is_resumed(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    hub.carry(four.alpha, hub.alert_to(four.bravo, sender=four.alpha))
    system = Caller(hub.api_key(four.bravo, Capability.AGREEMENT_SUSPEND))
    stopped = system.post_json("agreements/G1/suspensions", {"lane": "science"})
    assert stopped.status_code == 200, stopped.content
    body: dict[str, Any] = stopped.json()
    assert body["ref"] == "G1"
    assert [(row["lane"], row["agency"]) for row in body["suspended"]] == [("science", "xb-bravo")]
    assert system.post_json("agreements/G1/suspensions", {"lane": "science"}).json() == body
    hub.sequence()
    assert Delivery.objects.get().state == "held"
    for _ in range(2):
        resumed = system.delete("agreements/G1/suspensions/science")
        assert (resumed.status_code, resumed.json()) == (200, {"ref": "G1", "suspended": []})
    hub.sequence()
    assert FeedItem.objects.get().recipient == "xb-bravo"


def test_over_http_a_lane_that_cannot_be_is_refused_by_its_field(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    hub.make_agreement("G3", four.alpha, four.bravo, lanes=["science"], survive_lanes=["science"])
    system = callers.bravo
    for lane in ("science", "trade"):
        answer = system.post_json("agreements/G3/suspensions", {"lane": lane})
        assert (answer.status_code, slug(answer)) == (422, "agreement-refused")
        assert answer.json()["field"] == "lane"
    assert slug(system.post_json("agreements/G3/suspensions", {"lane": "weather"})) == "input-refused"
    assert slug(system.delete("agreements/G3/suspensions/weather")) == "agreement-refused"
    reader = Caller(hub.api_key(four.bravo, Capability.DIRECTORY_READ))
    assert reader.post_json("agreements/G1/suspensions", {"lane": "science"}).status_code == 403
