# SPDX-License-Identifier: Apache-2.0
"""An agency's identity that another desk holds, in JSON: its holder, refused acts, and taking it over."""

from uuid import uuid4

import pytest

from agencies.instances import announce_instance
from agencies.models import Instance
from callers.actors import ApiClient
from callers.capabilities import EXCHANGE_SCOPES, Role
from tests.alerts.conftest import Desks
from tests.api.sessions import Session
from tests.desk_calls import ViewsInPlaceOfSockets, answer_as_of, give_exchange_keys
from vault.instances import announce_held, own_instance

OTHER, NAME = str(uuid4()), "accord 0.1.0"


@pytest.fixture(autouse=True)
def _held(desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets) -> None:
    give_exchange_keys()
    answer_as_of(desks.hub.now)
    system = ApiClient("xa-lab", "system", "prefix", EXCHANGE_SCOPES)
    announce_instance(system, OTHER, software=NAME, now=desks.hub.now)
    announce_held(now=desks.hub.now)


@pytest.fixture
def keeper(desks: Desks) -> Session:
    return Session(desks.hub.make_officer(desks.lab.agency, Role.KEY_OFFICER, name="Kim Keys"))


def test_the_keys_say_who_holds_it_and_a_key_officer_takes_it_over(keeper: Session) -> None:
    named = keeper("GET", "keys").json()["held_elsewhere"]
    assert (named["holder"], named["software"]) == (OTHER, NAME)
    assert keeper("POST", "keys/holder", {"holder": str(uuid4())}).status_code == 404
    for _ in range(2):
        answer = keeper("POST", "keys/holder", {"holder": OTHER}, idempotency_key="take-1")
        assert answer.status_code == 200 and answer.json()["held_elsewhere"] is None
    assert Instance.objects.get(agency_id="xa-lab").instance_id == own_instance()


def test_a_release_is_refused_by_a_problem_of_its_own(desks: Desks) -> None:
    alert = desks.validated()
    releaser = Session(desks.lab.releaser)
    tag = releaser("GET", f"alerts/{alert.pk}").headers["ETag"]
    refused = releaser("POST", f"alerts/{alert.pk}/release", {}, if_match=tag)
    problem = refused.json()
    assert (refused.status_code, problem["type"]) == (409, "urn:accord:problem:held-elsewhere")
    assert (problem["holder"], problem["software"]) == (OTHER, NAME)
    assert NAME in problem["text"] and problem["free_at"]
