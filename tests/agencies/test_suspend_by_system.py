# SPDX-License-Identifier: Apache-2.0
"""A system of the agency suspends its key at once; only the root's next keyset lifts the suspension."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from agencies.accession import suspend_key
from agencies.models import Key, Keyset
from callers.capabilities import Capability, usual_scopes
from callers.errors import AbsentError, NotPermittedError
from ledger.models import AuditEvent
from peers.models import Agency
from tests.agencies.world import DAY, NOW, OwnKeys, accept, api_key, log_everything, own_agency, system_of

pytestmark = pytest.mark.django_db
SYSTEM = system_of("xa-lab")


@pytest.fixture
def entered(tmp_path: Path) -> tuple[Agency, OwnKeys]:
    agency, keys = own_agency("xa-lab")
    log_everything(tmp_path, now=NOW)
    return agency, keys


def acts(kid: str) -> list[tuple[str, str]]:
    return list(AuditEvent.objects.filter(subject=kid).order_by("seq").values_list("act", "actor"))


def second(agency: Agency, keys: OwnKeys, *, signed_at: timedelta) -> None:
    first = Keyset.objects.get(agency_id=agency.pk)
    signed = keys.keyset(version=2, prev=first.od, now=NOW + signed_at)
    accept(agency, keys, signed, now=NOW + DAY)


def test_the_next_keyset_that_lists_it_as_current_lifts_it(entered: tuple[Agency, OwnKeys]) -> None:
    agency, keys = entered
    kid = keys.rows[0].kid
    for _ in range(2):
        key = suspend_key(SYSTEM, kid, now=NOW + timedelta(hours=2))
        assert (key.suspended_at, key.until_keyset) == (NOW + timedelta(hours=2), True)
    second(agency, keys, signed_at=timedelta(hours=3))
    assert Key.objects.get(pk=kid).suspended_at is None
    assert acts(kid) == [("key.suspended", "client:xa-lab/case system"), ("key.resumed", "system:register")]


def test_one_signed_before_or_that_retires_it_lifts_nothing(entered: tuple[Agency, OwnKeys]) -> None:
    agency, keys = entered
    kid, other = keys.rows[0].kid, keys.rows[1].kid
    for one in (kid, other):
        suspend_key(SYSTEM, one, now=NOW + timedelta(hours=2))
    rows = (replace(keys.rows[0], st="retiring"), *keys.rows[1:])
    Key.objects.filter(pk=other).update(suspended_at=NOW + timedelta(hours=5))
    second(agency, replace(keys, rows=rows), signed_at=timedelta(hours=3))
    assert Key.objects.filter(suspended_at__isnull=False, kid__in=[kid, other]).count() == 2


def test_only_an_own_key_and_by_a_system_that_was_given_it(entered: tuple[Agency, OwnKeys]) -> None:
    _, others = own_agency("xb-health")
    for kid in (others.rows[0].kid, "k" * 43, entered[1].root.public[0].kid):
        with pytest.raises(AbsentError):
            suspend_key(SYSTEM, kid, now=NOW)
    assert Capability.KEY_SUSPEND not in usual_scopes()
    usual = replace(SYSTEM, scopes=usual_scopes())
    with pytest.raises(NotPermittedError):
        suspend_key(usual, entered[1].rows[0].kid, now=NOW)


def test_over_http_it_answers_alike(entered: tuple[Agency, OwnKeys]) -> None:
    agency, keys = entered
    _, text = api_key(agency, scopes=["key:suspend"], now=timezone.now())
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Api-Key {text}")
    kid = keys.rows[0].kid
    answers = [client.post(f"/api/v1/keys/{kid}/suspension") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert (answers[0].json()["kid"], answers[0].json()["until_keyset"]) == (kid, True)
    assert client.post(f"/api/v1/keys/{'k' * 43}/suspension").status_code == 404
