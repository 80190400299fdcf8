# SPDX-License-Identifier: Apache-2.0
"""A party's system reads the agreements of its agency; for all others there are none."""

from datetime import timedelta

import pytest

from callers.actors import SystemActor
from callers.capabilities import Capability
from ledger.models import AuditEvent
from sharing.agreement_facts import list_agreements, list_circles
from sharing.agreements import change_circle, record_circle
from sharing.errors import AgreementError
from sharing.models import AgreementParty
from tests.builders import OPERATOR
from tests.sharing.callers import Caller
from tests.sharing.conftest import Callers


@pytest.fixture
def agreed(callers: Callers) -> Callers:
    """G1, and a circle of two of its three parties."""
    hub = callers.hub
    record_circle(OPERATOR, name="Lantern", agreement="G1", members=["xa-alpha", "xb-bravo"], now=hub.now)
    return callers


def test_an_agreement_as_it_counts_now(agreed: Callers) -> None:
    (item,) = agreed.alpha.get("agreements").json()["items"]
    assert item.pop("nbf") and item == {
        "ref": "G1",
        "title": "Agreement G1",
        "version": 1,
        "od": "",
        "parties": ["xa-alpha", "xb-bravo", "xc-charlie"],
        "lanes": ["enforcement", "public_health", "science", "trade"],
        "ceiling": "AMBER+STRICT",
        "purposes": [],
        "until": None,
        "survive_lanes": [],
        "survive_flash": False,
        "emergency": False,
    }


def test_the_newest_begun_version_speaks_and_who_left_sees_it_no_more(agreed: Callers) -> None:
    hub, four = agreed.hub, agreed.four
    hub.make_agreement("G1", four.alpha, four.bravo, lanes=["science"], until=hub.now + timedelta(days=30))
    hub.make_agreement("G1", four.alpha, four.delta, nbf=hub.now + timedelta(days=1))
    (item,) = agreed.alpha.get("agreements").json()["items"]
    assert (item["version"], item["parties"], item["lanes"]) == (2, ["xa-alpha", "xb-bravo"], ["science"])
    assert item["until"]
    assert agreed.charlie.get("agreements").json() == {"items": []}
    assert agreed.delta.get("agreements").json() == {"items": []}


def test_circles_are_for_their_members(agreed: Callers) -> None:
    since = f"{agreed.hub.now:%Y-%m-%dT%H:%M:%S.%fZ}"
    seen = {"name": "Lantern", "agreement": "G1", "members": ["xa-alpha", "xb-bravo"], "since": since}
    assert agreed.alpha.get("circles").json() == {"items": [seen]}
    for outsider in (agreed.charlie, agreed.delta):
        assert outsider.get("circles").json() == {"items": []}


def members(caller: Caller) -> list[list[str]]:
    return [item["members"] for item in caller.get("circles").json()["items"]]


def test_a_circle_is_changed_and_ended_with_the_next_request(agreed: Callers) -> None:
    three = ["xa-alpha", "xb-bravo", "xc-charlie"]
    change_circle(OPERATOR, name="Lantern", members=three, now=agreed.hub.now)
    assert members(agreed.charlie) == members(agreed.alpha) == [three]
    change_circle(OPERATOR, name="Lantern", members=["xb-bravo", "xc-charlie"], now=agreed.hub.now)
    assert (members(agreed.alpha), members(agreed.charlie)) == ([], [["xb-bravo", "xc-charlie"]])
    with pytest.raises(AgreementError):
        change_circle(OPERATOR, name="Lantern", members=["xd-delta"], now=agreed.hub.now)
    change_circle(OPERATOR, name="Lantern", members=[], now=agreed.hub.now)
    assert members(agreed.bravo) == []
    with pytest.raises(AgreementError):
        record_circle(OPERATOR, name="Lantern", agreement="G1", members=three, now=agreed.hub.now)
    with pytest.raises(AgreementError):
        change_circle(OPERATOR, name="Candle", members=three, now=agreed.hub.now)
    acts = AuditEvent.objects.filter(act__startswith="circle.").order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["circle.recorded", "circle.changed", "circle.changed", "circle.ended"]


def test_whom_the_agreement_names_no_more_is_out_of_its_circles_at_once(agreed: Callers) -> None:
    hub, four = agreed.hub, agreed.four
    change_circle(OPERATOR, name="Lantern", members=["xa-alpha", "xb-bravo", "xc-charlie"], now=hub.now)
    hub.make_agreement("G1", four.alpha, four.bravo)
    assert (members(agreed.alpha), members(agreed.charlie)) == ([["xa-alpha", "xb-bravo"]], [])
    AgreementParty.objects.filter(agency_id="xb-bravo").update(left_at=hub.now)
    assert (members(agreed.alpha), members(agreed.bravo)) == ([["xa-alpha"]], [])


def test_a_read_without_news_costs_nothing(agreed: Callers) -> None:
    for path in ("agreements", "circles"):
        first = agreed.alpha.get(path)
        again = agreed.alpha.get(path, HTTP_IF_NONE_MATCH=first["ETag"])
        assert (again.status_code, again.content) == (304, b"")


def test_a_key_without_the_scope_is_refused(agreed: Callers) -> None:
    blind = Caller(agreed.hub.api_key(agreed.four.alpha, Capability.FEED_READ))
    assert [blind.get(path).status_code for path in ("agreements", "circles")] == [403, 403]


def test_without_an_agency_or_the_right_there_is_nothing(agreed: Callers) -> None:
    for actor in (OPERATOR, SystemActor("worker", "xa-alpha")):
        assert list_agreements(actor, now=agreed.hub.now) == []
        assert list_circles(actor, now=agreed.hub.now) == []


def test_many_agreements_cost_as_many_queries_as_one(
    agreed: Callers, django_assert_max_num_queries: object
) -> None:
    for n in range(2, 7):
        agreed.hub.make_agreement(f"G{n}", agreed.four.alpha, agreed.four.bravo)
    with django_assert_max_num_queries(5):  # type: ignore[operator]
        assert len(list_agreements(agreed.four.alpha.client, now=agreed.hub.now)) == 6
