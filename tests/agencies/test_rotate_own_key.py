# SPDX-License-Identifier: Apache-2.0
"""An API key replaces itself once, in its last 30 days; ending one key ends its whole chain."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from agencies.apikeys import KEYRING, authenticate_key
from agencies.entrykeys import issue_entry_key
from agencies.models import ApiKey
from agencies.selfrotation import rotate_own_key
from callers.actors import ApiClient
from callers.directory import AgencyStatus
from callers.errors import CredentialError, NotPermittedError, RotationRefusedError
from callers.systemkeys import LAST_DAYS, LONGEST_OVERLAP
from ledger.models import AuditEvent
from peers.models import Agency
from tests.agencies.world import DAY, NOW, OPERATOR, admit, api_key
from tests.entries import change_entry
from tests.exchange_keys import ISSUER

pytestmark = pytest.mark.django_db
TICK = timedelta(microseconds=1)
PEER = "192.0.2.7"
NETWORKS = ["192.0.2.0/24"]
LATE = NOW + 61 * DAY


@pytest.fixture
def agency() -> Agency:
    admitted = admit("xa-lab")
    change_entry(admitted.pk, status=AgencyStatus.ACTIVE)
    admitted.refresh_from_db()
    return admitted


@pytest.fixture
def issued(agency: Agency) -> tuple[ApiKey, str]:
    return api_key(agency, scopes=["feed:read", "envelope:read"], networks=NETWORKS, lifetime=90 * DAY)


def signed_in(text: str, *, now: object = LATE) -> ApiClient:
    return authenticate_key(text, PEER, now=now)  # type: ignore[arg-type]


def ends(text: str, *, now: object = LATE) -> bool:
    try:
        signed_in(text, now=now)
    except CredentialError:
        return True
    return False


def test_a_key_replaces_itself_by_one_that_may_no_more(issued: tuple[ApiKey, str]) -> None:
    key, text = issued
    new, new_text = rotate_own_key(signed_in(text), now=LATE)
    client = signed_in(new_text)
    assert client.capabilities == signed_in(text).capabilities
    assert (new.networks, new.client, new.line) == (NETWORKS, key.client, key.prefix)
    assert new.expires_at == LATE + 90 * DAY
    assert not ends(text, now=LATE + LONGEST_OVERLAP - TICK)
    assert ends(text, now=LATE + LONGEST_OVERLAP)
    assert new.created_by == client.audit_name
    acts = AuditEvent.objects.filter(act="apikey.rotated", actor=client.audit_name)
    assert acts.get().subject == f"apikey:{key.prefix}"


@pytest.mark.parametrize(("early", "taken"), [(TICK, False), (timedelta(0), True)])
def test_not_before_its_last_thirty_days(issued: tuple[ApiKey, str], early: timedelta, taken: bool) -> None:
    key, text = issued
    at = key.expires_at - LAST_DAYS - early
    if taken:
        assert rotate_own_key(signed_in(text, now=at), now=at)
        return
    with pytest.raises(RotationRefusedError) as refused:
        rotate_own_key(signed_in(text, now=at), now=at)
    assert refused.value.cause == "too-early"
    assert refused.value.from_at == (key.expires_at - LAST_DAYS).isoformat(timespec="seconds")
    assert ApiKey.objects.count() == 1


def test_an_answer_that_got_lost_is_asked_for_again_until_the_new_key_is_used(
    issued: tuple[ApiKey, str],
) -> None:
    _, text = issued
    _, lost = rotate_own_key(signed_in(text), now=LATE)
    _, kept = rotate_own_key(signed_in(text), now=LATE)
    assert ends(lost)
    signed_in(kept)
    with pytest.raises(RotationRefusedError) as refused:
        rotate_own_key(signed_in(text), now=LATE)
    assert refused.value.cause == "replaced"
    assert not ends(kept)


def test_a_key_for_entering_does_not_replace_itself() -> None:
    entering = admit("xb-health")
    _, text = issue_entry_key(OPERATOR, entering.pk, client="case system", now=NOW)
    with pytest.raises(NotPermittedError):
        rotate_own_key(signed_in(text, now=NOW), now=NOW)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_ending_one_key_ends_its_chain(agency: Agency, issued: tuple[ApiKey, str], which: int) -> None:
    key, text = issued
    second, second_text = rotate_own_key(signed_in(text), now=LATE)
    later = second.expires_at - LAST_DAYS
    third, third_text = rotate_own_key(signed_in(second_text, now=later), now=later)
    _, other = api_key(agency, client="another system", now=LATE)
    with transaction.atomic():
        KEYRING.end(ISSUER, KEYRING.lock_line((key, second, third)[which]), now=LATE)
    assert ends(text) and ends(second_text, now=later) and ends(third_text, now=later)
    assert not ends(other)
    revoked = AuditEvent.objects.filter(act="apikey.revoked").values_list("subject", flat=True)
    assert set(revoked) == {f"apikey:{row.prefix}" for row in (key, second, third)}


def test_over_http_the_text_is_in_one_answer(agency: Agency) -> None:
    now = timezone.now()
    key, text = api_key(agency, scopes=["feed:read"], lifetime=10 * DAY, now=now)
    client, headers = Client(), {"Authorization": f"Api-Key {text}"}
    assert client.get("/api/v1/caller", headers=headers).json()["expires_at"] == key.expires_at.isoformat(
        timespec="microseconds"
    ).replace("+00:00", "Z")
    answer = client.post("/api/v1/caller/rotate", headers=headers)
    assert (answer.status_code, answer["Cache-Control"]) == (201, "no-store"), answer.content
    assert not ends(answer.json()["key"], now=timezone.now())
    refused = client.post("/api/v1/caller/rotate", headers=headers)
    assert (refused.status_code, refused.json()["cause"]) == (409, "replaced")
