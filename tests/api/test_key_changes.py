# SPDX-License-Identifier: Apache-2.0
"""The keys of a hosted agency in JSON: the keys in force, changes that wait for the exchange, and giving those up."""

from typing import Any

import pytest

from agencies.models import Keyset
from callers.capabilities import Role
from tests.alerts.conftest import Desks
from tests.api.sessions import Session
from tests.desk_calls import ViewsInPlaceOfSockets

RENEW = {"verb": "renew", "version": 1}


@pytest.fixture
def keeper(desks: Desks) -> Session:
    return Session(desks.hub.make_officer(desks.lab.agency, Role.KEY_OFFICER, name="Kim Keys"))


def to_send(keeper: Session) -> list[dict[str, Any]]:
    return list(keeper("GET", "keys").json()["to_send"])


def newest() -> int:
    return (
        Keyset.objects.filter(agency="xa-lab").order_by("version").values_list("version", flat=True).last()
        or 0
    )


def test_a_change_that_waits_is_listed_sent_again_and_done_once(
    keeper: Session, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    exchange_as_asked.is_away = True
    for _ in range(2):
        answer = keeper("POST", "keys/changes", RENEW, idempotency_key="renew-1")
        assert answer.status_code == 200, answer.content
    (word,) = answer.json()["to_send"]
    assert (word["act"], word["trouble"], word["cause"]) == ("agency.keyset_renewed", "away", "")
    refused = keeper("POST", "keys/changes", RENEW)
    assert refused.status_code == 409 and refused.json()["type"].endswith(":change-waits")
    exchange_as_asked.is_away = False
    sent = keeper("POST", f"keys/to-send/{word['od']}")
    assert sent.status_code == 200 and sent.json()["to_send"] == []
    assert newest() == 2 and sent.json()["keyset"]["version"] == 2
    assert keeper("POST", f"keys/to-send/{word['od']}").status_code == 404


def test_what_may_be_taken_is_not_given_up(keeper: Session, exchange_as_asked: ViewsInPlaceOfSockets) -> None:
    exchange_as_asked.is_away = True
    keeper("POST", "keys/changes", RENEW)
    (word,) = to_send(keeper)
    early = keeper("DELETE", f"keys/to-send/{word['od']}")
    assert early.status_code == 409 and early.json()["type"].endswith(":may-be-taken")
    exchange_as_asked.is_away = False
    assert keeper("DELETE", f"keys/to-send/{word['od']}").json()["to_send"] == []
    assert newest() == 1


def test_a_key_is_suspended_and_no_verb_resumes_it(keeper: Session) -> None:
    kid = keeper("GET", "keys").json()["keys"][0]["kid"]
    answer = keeper("POST", "keys/changes", {"verb": "suspend", "version": 1, "kid": kid})
    assert [key["state"] for key in answer.json()["keys"] if key["kid"] == kid] == ["suspended"]
    resumed = keeper("POST", "keys/changes", {"verb": "resume", "version": 1, "kid": kid})
    assert resumed.status_code == 422
