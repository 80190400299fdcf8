# SPDX-License-Identifier: Apache-2.0
"""One call for the keysets of many agencies: it returns those newer than the caller's, each as the directory shows it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accord.envelope.private import Root
from agencies import newer_keysets as module
from agencies.accession import accept_keyset, accept_revoke
from agencies.directory import published_keyset
from agencies.models import Keyset
from agencies.newer_keysets import NewerKeysets, newer_keysets
from callers.actors import ApiClient
from callers.capabilities import Capability
from callers.errors import NotPermittedError
from peers.models import Agency
from tests.agencies.world import (
    DAY,
    NOW,
    OwnKeys,
    accept,
    admit,
    api_key,
    enrolling,
    hosted_agency,
    log_everything,
    own_agency,
)

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
READER = ApiClient("xa-lab", "system", "prefix", frozenset({Capability.DIRECTORY_READ}))
SENDER = ApiClient("xa-lab", "system", "prefix", frozenset({Capability.STATEMENT_SUBMIT}))


def ask(now: Any = NOW, **held: int) -> NewerKeysets:
    return newer_keysets(READER, {name.replace("_", "-"): version for name, version in held.items()}, now=now)


def renew(keys: OwnKeys, *, now: Any) -> Keyset:
    newest = Keyset.objects.filter(agency_id=keys.agency).order_by("-version")[0]
    signed = keys.keyset(version=newest.version + 1, prev=newest.od, now=now)
    return accept(Agency.objects.get(pk=keys.agency), keys, signed, now=now)


def test_a_newer_keyset_is_given_as_by_the_directory_and_an_older_one_not(tmp_path: Path) -> None:
    _, keys = own_agency("xa-lab")
    hosted_agency("xb-health")
    log_everything(tmp_path, now=NOW)
    renew(keys, now=NOW + HOUR)
    log_everything(tmp_path, now=NOW + HOUR)
    found = ask(NOW + HOUR, xb_health=1, xa_lab=1, xb_none=3)
    assert found.newer == {"xa-lab": published_keyset(READER, "xa-lab", now=NOW + HOUR)}
    assert (found.newer["xa-lab"].row.version, found.unchanged, found.unknown, found.rest) == (
        2, ["xb-health"], ["xb-none"], [],
    )  # fmt: skip
    assert list(ask(NOW + HOUR, xb_health=0, xa_lab=0).newer) == ["xb-health", "xa-lab"]
    assert ask(NOW + HOUR, xa_lab=2).unchanged == ask(NOW + HOUR, xa_lab=3).unchanged == ["xa-lab"]


def test_what_is_not_logged_is_not_newer_and_who_has_not_entered_is_absent(tmp_path: Path) -> None:
    _, keys = own_agency("xa-lab")
    log_everything(tmp_path, now=NOW)
    renew(keys, now=NOW + HOUR)
    admit("xc-entering")
    hosted_agency("xd-unlogged")
    found = ask(NOW + HOUR, xa_lab=1, xc_entering=0, xd_unlogged=0)
    assert (found.newer, found.unchanged, found.unknown) == ({}, ["xa-lab"], ["xc-entering", "xd-unlogged"])


def test_a_revocation_is_news_until_the_keyset_that_follows_it(tmp_path: Path) -> None:
    _, keys = own_agency("xa-lab")
    log_everything(tmp_path, now=NOW)
    accept_revoke(SENDER, keys.revoke(keys.signing[0].public.kid, since=NOW), now=NOW + HOUR)
    assert ask(NOW + HOUR, xa_lab=1).unchanged == ["xa-lab"]
    log_everything(tmp_path, now=NOW + HOUR)
    assert len(ask(NOW + HOUR, xa_lab=1).newer["xa-lab"].revokes) == 1
    revoked = replace(keys.rows[0], st="revoked", since=int(NOW.timestamp()))
    renew(replace(keys, rows=(revoked, *keys.rows[1:])), now=NOW + DAY)
    log_everything(tmp_path, now=NOW + DAY)
    assert len(ask(NOW + DAY, xa_lab=1).newer["xa-lab"].revokes) == 1
    assert ask(NOW + DAY, xa_lab=2).unchanged == ["xa-lab"]


def test_a_recovered_root_is_newer_after_its_three_days(tmp_path: Path) -> None:
    agency, keys = own_agency("xa-lab")
    log_everything(tmp_path, now=NOW)
    recovered = replace(keys, root=keys.successor, successor=Root.generate())
    signed = recovered.keyset(version=2, prev=Keyset.objects.get().od, now=NOW + HOUR)
    accept_keyset(enrolling(agency), "xa-lab", pop=None, keyset=signed, now=NOW + HOUR)
    log_everything(tmp_path, now=NOW + HOUR)
    assert ask(NOW + 2 * HOUR, xa_lab=1).unchanged == ["xa-lab"]
    assert ask(NOW + 4 * DAY, xa_lab=1).newer["xa-lab"].row.version == 2


def test_as_many_are_given_as_fit_and_the_others_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agencies = ["xa-lab", "xb-health", "xc-customs"]
    for agency in agencies:
        hosted_agency(agency)
    log_everything(tmp_path, now=NOW)
    held = dict.fromkeys(agencies, 0)
    monkeypatch.setattr(module, "FULL_BYTES", 1)
    found = newer_keysets(READER, held, now=NOW)
    assert (list(found.newer), found.rest) == (agencies[:1], agencies[1:])


def test_the_number_of_statements_is_the_same_for_any_number_of_agencies(tmp_path: Path) -> None:
    for agency in ("xa-lab", "xb-health", "xc-customs"):
        hosted_agency(agency)
    log_everything(tmp_path, now=NOW)

    def count(**held: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            ask(**held)
        return len(queries)

    assert count(xa_lab=1) == count(xa_lab=1, xb_health=1, xc_customs=1, xd_none=1) == 2
    assert count(xa_lab=0) == count(xa_lab=0, xb_health=0, xc_customs=0) <= 8


def test_it_takes_the_right_to_read_the_directory() -> None:
    with pytest.raises(NotPermittedError):
        newer_keysets(SENDER, {"xa-lab": 0}, now=NOW)


@pytest.fixture
def client(tmp_path: Path) -> APIClient:
    """A system of a logged agency, by the real clock."""
    agency = hosted_agency("xa-lab", now=timezone.now())
    log_everything(tmp_path, now=timezone.now())
    _, key = api_key(agency, scopes=[Capability.DIRECTORY_READ], now=timezone.now())
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Api-Key {key}")
    return client


def test_over_http_a_keyset_is_the_one_of_the_single_address(client: APIClient) -> None:
    answer = client.post("/api/v1/keysets/query", {"agencies": {"xa-lab": 0, "xz-nobody": 0}}, format="json")
    assert answer.status_code == 200, answer.content
    alone = client.get("/api/v1/agencies/xa-lab/keyset").json()
    body = answer.json()
    assert body == {
        "items": [{"agency": "xa-lab", **alone}],
        "unchanged": [],
        "unknown": ["xz-nobody"],
        "rest": [],
    }
    assert bytes(Keyset.objects.get().jws) in answer.content


OTHER_FORMS: list[Any] = [
    None,
    {},
    [],
    {"xa-lab": -1},
    {"xa-lab": True},
    {"xa-lab": "1"},
    {"xa-lab": None},
    {"everybody": 1},
    {"xa-lab": 2**31},
    {f"xa-{n:04}": 0 for n in range(501)},
]


def test_a_question_of_another_form_is_refused_by_its_field(
    client: APIClient, subtests: pytest.Subtests
) -> None:
    for agencies in OTHER_FORMS:
        with subtests.test(str(agencies)[:60]):
            answer = client.post("/api/v1/keysets/query", {"agencies": agencies}, format="json")
            assert answer.status_code == 422, answer.content
            assert "agencies" in {answer.json().get("field"), *answer.json().get("errors", ())}
