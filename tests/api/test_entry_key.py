# SPDX-License-Identifier: Apache-2.0
"""The entry key that the operator hands out: it brings an agency's keys in, and neither reads nor acts."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from agencies.accession import admit_agency
from agencies.entrykeys import issue_entry_key
from agencies.models import ApiKey, Keyset
from callers.capabilities import CALLS_OF_A_DESK, Capability, usual_scopes
from callers.errors import NotPermittedError
from tests.agencies.partners import part
from tests.agencies.world import OwnKeys
from tests.alerts.conftest import Desks
from tests.builders import OPERATOR

READS = (
    "caller", "agencies", "agencies/xf-labs/keyset", "inbox", "submissions", "agreements", "circles",
    "ledger/checkpoint",
)  # fmt: skip


class Newcomer:
    """An agency with its own keys for which the operator has issued an entry key."""

    def __init__(self, client: Client) -> None:
        self.now, self.client = timezone.now(), client
        self.keys = OwnKeys.draw("xf-labs", now=self.now)
        admit_agency(
            OPERATOR, "xf-labs", name="Forensic Office, Ferrow", kind="laboratory", country="XF", timezone="UTC",
            language="en", custody="agency", root_fingerprint=self.keys.root.fingerprint, now=self.now,
        )  # fmt: skip
        self.api_key = self.issued()

    def issued(self) -> str:
        return issue_entry_key(OPERATOR, "xf-labs", client="case system", now=timezone.now())[1]

    def get(self, path: str) -> Any:
        return self.client.get(f"/api/v1/{path}", headers=self.headers)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Api-Key {self.api_key}"}

    def challenge(self) -> Any:
        return self.client.post(
            "/api/v1/agencies/xf-labs/challenges",
            {"keys": self.keys.offered()},
            content_type="application/json",
            headers=self.headers,
        )

    def hand_in(self, keyset: bytes, pop: bytes | None = None, query: str = "") -> Any:
        parts = {"keyset": part("keyset", keyset)} | ({"pop": part("pop", pop)} if pop else {})
        return self.client.post(f"/api/v1/agencies/xf-labs/keysets{query}", parts, headers=self.headers)

    def enter(self) -> Any:
        pop = self.keys.pop(self.challenge().json(), now=self.now)
        answer = self.hand_in(self.keys.keyset(now=self.now), pop)
        assert answer.status_code == 201, answer.content
        return answer


@pytest.fixture
def newcomer(desks: Desks, client: Client) -> Newcomer:
    return Newcomer(client)


@pytest.mark.parametrize("entered", [False, True], ids=["entering", "in"])
def test_the_key_that_the_operator_handed_out_reads_nothing(newcomer: Newcomer, entered: bool) -> None:
    if entered:
        newcomer.enter()
    assert {path: newcomer.get(path).status_code for path in READS} == dict.fromkeys(READS, 403)


def test_it_ends_when_the_keyset_stands(newcomer: Newcomer) -> None:
    newcomer.enter()
    assert newcomer.challenge().status_code == 403
    renewed = newcomer.keys.keyset(version=2, prev=Keyset.objects.get(agency_id="xf-labs").od)
    assert newcomer.hand_in(renewed).status_code == 403


def test_the_first_working_key_comes_sealed_and_again_for_a_day(newcomer: Newcomer) -> None:
    before = newcomer.get("accession").json()
    keyset = newcomer.keys.keyset(now=newcomer.now)
    pop = newcomer.keys.pop(newcomer.challenge().json(), now=newcomer.now)
    answer = newcomer.hand_in(keyset, pop)
    again = newcomer.hand_in(keyset)
    assert (again.status_code, again.json()) == (201, answer.json())
    after = newcomer.get("accession").json()
    assert (before["status"], before["keyset"]) == ("entering", None)
    assert (after["status"], after["keyset"]) == ("active", answer.json()["od"])

    entry, newcomer.api_key = newcomer.api_key, newcomer.keys.first_api_key(answer.json())
    assert newcomer.get("caller").json()["capabilities"] == sorted(usual_scopes())
    assert newcomer.get("accession").status_code == 403
    held = ApiKey.objects.get(prefix=newcomer.api_key.split(".")[0])
    assert newcomer.api_key.encode() not in answer.content
    newcomer.api_key = entry
    ApiKey.objects.filter(follows=None).update(expires_at=timezone.now())
    assert newcomer.hand_in(keyset).status_code == 401
    assert held.expires_at > timezone.now() + timedelta(days=89)


@pytest.mark.parametrize(("query", "given"), [("", usual_scopes()), ("?desk=true", CALLS_OF_A_DESK)])
def test_a_desk_that_hands_the_keys_in_gets_all_that_a_desk_does(
    newcomer: Newcomer, query: str, given: frozenset[Capability]
) -> None:
    pop = newcomer.keys.pop(newcomer.challenge().json(), now=newcomer.now)
    answer = newcomer.hand_in(newcomer.keys.keyset(now=newcomer.now), pop, query)
    newcomer.api_key = newcomer.keys.first_api_key(answer.json())
    assert newcomer.get("caller").json()["capabilities"] == sorted(given)


def test_a_key_handed_out_again_ends_the_one_before(newcomer: Newcomer) -> None:
    again = newcomer.issued()
    assert newcomer.get("accession").status_code == 401
    newcomer.api_key = again
    assert newcomer.get("accession").status_code == 200


def test_agencies_that_are_in_get_none(newcomer: Newcomer) -> None:
    newcomer.enter()
    for agency in ("xf-labs", "xa-lab"):
        with pytest.raises(NotPermittedError):
            issue_entry_key(OPERATOR, agency, client="x", now=timezone.now())
    assert not ApiKey.objects.filter(agency="xa-lab", scopes__contains=[Capability.KEY_ENROL]).exists()
