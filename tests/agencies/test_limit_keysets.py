# SPDX-License-Identifier: Apache-2.0
"""The number of keysets a day is limited, and a thief who spends them delays no recovery."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agencies.accession import MOST_KEYSETS_A_DAY, accept_keyset
from agencies.errors import TooManyKeysetsError
from agencies.models import Keyset
from ledger.models import AuditEvent
from peers.models import Agency
from tests.agencies.entering import enter
from tests.agencies.partners import Partner, enter_over_http
from tests.agencies.test_recover_root import BEGUN, HOUR, TICK, Recovery, in_force
from tests.agencies.world import DAY, NOW, OwnKeys, enrolling

pytestmark = pytest.mark.django_db


@pytest.fixture
def recovery(agency: Agency, keys: OwnKeys, tmp_path: Path) -> Recovery:
    return Recovery(agency, keys, tmp_path)


def renew(agency: Agency, keys: OwnKeys, before: Keyset, times: list[datetime]) -> Keyset:
    """Hand in one version after the other at these moments; return the last."""
    for at in times:
        signed = keys.keyset(version=before.version + 1, prev=before.od, now=at)
        before = accept_keyset(enrolling(agency), "xa-lab", pop=None, keyset=signed, now=at)
    return before


def test_no_more_keysets_are_taken_in_a_day_than_a_change_of_keys_needs(
    agency: Agency, keys: OwnKeys
) -> None:
    last = renew(agency, keys, enter(agency, keys), [NOW + n * TICK for n in range(1, MOST_KEYSETS_A_DAY)])
    at = NOW + DAY - TICK
    with pytest.raises(TooManyKeysetsError) as refused:
        renew(agency, keys, last, [at])
    assert refused.value.again_at == (NOW + DAY).isoformat(timespec="seconds")
    assert AuditEvent.objects.get(act="keyset.refused").detail == {"code": "TooManyKeysetsError"}
    assert accept_keyset(enrolling(agency), "xa-lab", pop=None, keyset=bytes(last.jws), now=at) == last
    assert renew(agency, keys, last, [NOW + DAY]).version == MOST_KEYSETS_A_DAY + 1
    with pytest.raises(TooManyKeysetsError):
        renew(agency, keys, Keyset.objects.latest("version"), [NOW + DAY + TICK / 2])


def test_a_day_full_of_keysets_holds_up_no_recovery_and_no_answer_to_one(recovery: Recovery) -> None:
    """The thief of a root must not keep the agency out by spending the day's keysets."""
    last = recovery.first
    for version in range(2, MOST_KEYSETS_A_DAY + 2):
        last = recovery.follow(recovery.keys, version, last.od, BEGUN)
    with pytest.raises(TooManyKeysetsError):
        recovery.follow(recovery.keys, last.version + 1, last.od, BEGUN)
    begun = recovery.follow(recovery.by_new, last.version + 1, last.od, BEGUN + TICK)
    assert begun.succession == "recovered"
    recovery.log(BEGUN + TICK)
    answer = recovery.follow(recovery.keys, last.version + 1, last.od, BEGUN + HOUR)
    assert answer.succession == "same"
    recovery.log(BEGUN + HOUR)
    assert in_force(BEGUN + HOUR) == (last.version + 1, "same")


def test_a_partner_is_told_when_its_next_keyset_is_taken() -> None:
    """429 with the moment, as a time in the answer and as seconds in `Retry-After`."""
    partner = Partner()
    enter_over_http(partner)
    before = Keyset.objects.get()
    for version in range(2, MOST_KEYSETS_A_DAY + 1):
        signed = partner.keys.keyset(version=version, prev=before.od, now=partner.now)
        before = accept_keyset(enrolling(partner.agency), "xd-reg", pop=None, keyset=signed, now=partner.now)
    signed = partner.keys.keyset(version=MOST_KEYSETS_A_DAY + 1, prev=before.od, now=partner.now)
    answer = partner.hand_in(pop=None, keyset=signed)
    assert (answer.status_code, answer["Content-Type"]) == (429, "application/problem+json")
    body = answer.json()
    assert body["type"] == "urn:accord:problem:too-many-keysets"
    again_at = datetime.fromisoformat(body["again_at"])
    assert again_at == (partner.now + DAY).replace(microsecond=0)
    assert DAY - timedelta(minutes=10) < timedelta(seconds=int(answer["Retry-After"])) <= DAY
    assert Keyset.objects.filter(agency_id=partner.agency.pk).count() == MOST_KEYSETS_A_DAY
