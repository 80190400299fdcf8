# SPDX-License-Identifier: Apache-2.0
"""The exchange accepts a keyset that the pinned root signed, in time and from a permitted caller, and logs it in the ledger."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from accord.envelope.errors import Failure
from accord.envelope.private import Root
from agencies.accession import accept_keyset, issue_challenge
from agencies.errors import CustodyRefusedError
from agencies.models import Key, Keyset, KeyUse
from callers.actors import SystemActor
from callers.capabilities import Capability
from callers.directory import AgencyStatus
from callers.errors import AbsentError, NotPermittedError
from ledger.models import AuditEvent, Entry
from peers.models import Agency
from tests.agencies.entering import enter, refusal
from tests.agencies.world import DAY, NOW, OwnKeys, enrolling, seconds
from tests.builders import client_with

pytestmark = pytest.mark.django_db
TICK = timedelta(seconds=1)


def test_a_first_keyset_makes_the_agency_active_and_enters_the_ledger(agency: Agency, keys: OwnKeys) -> None:
    stored = enter(agency, keys)
    agency.refresh_from_db()
    assert agency.status == AgencyStatus.ACTIVE
    assert (stored.version, stored.root_fingerprint) == (1, keys.root.fingerprint)
    entry = Entry.objects.get(od=stored.od)
    assert (entry.kind, entry.agency) == ("keyset", "xa-lab")
    assert AuditEvent.objects.get(act="keyset.accepted").subject == stored.od


def test_it_is_kept_as_signed_and_its_keys_and_its_root_are_registered(agency: Agency, keys: OwnKeys) -> None:
    signed = keys.keyset()
    assert bytes(enter(agency, keys, keyset=signed).jws) == signed
    assert {key.kid for key in Key.objects.filter(agency_id=agency.pk).exclude(use=KeyUse.ROOT)} == {
        row.kid for row in keys.rows
    }
    roots = Key.objects.filter(agency_id=agency.pk).filter(use=KeyUse.ROOT)
    assert {key.kid for key in roots} == {key.kid for key in keys.root.public}
    assert all(key.exp is None for key in roots)


def test_the_same_bytes_again_give_the_same_row(agency: Agency, keys: OwnKeys) -> None:
    signed = keys.keyset()
    first = enter(agency, keys, keyset=signed)
    again = accept_keyset(enrolling(agency), "xa-lab", pop=None, keyset=signed, now=NOW + 30 * DAY)
    assert again.pk == first.pk
    assert Entry.objects.filter(kind="keyset").count() == 1


def test_a_keyset_row_is_never_doubled(agency: Agency, keys: OwnKeys) -> None:
    stored = enter(agency, keys)
    with pytest.raises(IntegrityError):
        Keyset.objects.create(**{name: getattr(stored, name) for name in _columns(stored)} | {"od": "x" * 43})


def test_what_the_root_on_paper_did_not_sign_for_this_agency_is_refused(
    agency: Agency, keys: OwnKeys, subtests: pytest.Subtests
) -> None:
    signed = keys.keyset()
    at = signed.rindex(b'"signature":"') + 20
    broken = signed[:at] + (b"A" if signed[at : at + 1] != b"A" else b"B") + signed[at + 1 :]
    cases = {
        "another root than on paper": (
            replace(keys, root=Root.generate()).keyset(),
            Failure.KEYSET_ROOT,
        ),
        "another root's signature": (
            keys.keyset(signer=Root.generate().signer),
            Failure.SIGNERS,
        ),
        "a broken signature": (broken, Failure.SIGNATURE),
        "another agency's keyset": (keys.keyset(iss="xb-health"), Failure.ISSUER),
    }
    for sentence, (keyset, failure) in cases.items():
        with subtests.test(sentence):
            assert refusal(agency, keys, keyset=keyset) == failure
    with subtests.test("another custody than agreed"), pytest.raises(CustodyRefusedError):
        enter(agency, keys, keyset=replace(keys, custody="hub").keyset())


TIMES: dict[str, tuple[dict[str, Any], Failure | None]] = {
    "five minutes ahead": ({"iat": seconds(NOW) + 300}, None),
    "a second more": ({"iat": seconds(NOW) + 301}, Failure.FUTURE),
    "a day old": ({"iat": seconds(NOW) - 86400}, None),
    "a second older": ({"iat": seconds(NOW) - 86401}, Failure.STALE),
    "ended this second": ({"iat": seconds(NOW) - 10, "exp": seconds(NOW)}, Failure.EXPIRED),
    "over ninety days": ({"exp": seconds(NOW + 90 * DAY) + 1}, Failure.KEYSET_CHAIN),
}


@pytest.mark.parametrize("accepted", ["five minutes ahead", "a day old"])
def test_times_of_a_keyset(agency: Agency, keys: OwnKeys, accepted: str, subtests: pytest.Subtests) -> None:
    signed = {
        sentence: (keys.keyset(**({"exp": seconds(NOW + 80 * DAY)} | changed)), expected)
        for sentence, (changed, expected) in TIMES.items()
    }
    for sentence, (keyset, expected) in signed.items():
        if expected is not None:
            with subtests.test(sentence):
                assert refusal(agency, keys, keyset=keyset) == expected
    assert enter(agency, keys, keyset=signed[accepted][0]).version == 1


def test_a_key_officer_may_hand_in_what_the_root_signed(agency: Agency, keys: OwnKeys) -> None:
    first = enter(agency, keys)
    renewed = keys.keyset(version=2, prev=first.od, now=NOW + DAY)
    officer = client_with("xa-lab", "key_officer")
    assert accept_keyset(officer, "xa-lab", pop=None, keyset=renewed, now=NOW + DAY).version == 2


def test_other_officers_may_not(agency: Agency, keys: OwnKeys) -> None:
    for role in ("reader", "releaser", "agency_admin", "auditor"):
        with pytest.raises(NotPermittedError):
            accept_keyset(client_with("xa-lab", role), "xa-lab", pop=None, keyset=keys.keyset(), now=NOW)


def test_for_a_stranger_the_agency_is_absent(agency: Agency, keys: OwnKeys) -> None:
    stranger = SystemActor("test", "xb-health", frozenset(Capability))
    for unknown in ("xa-lab", "xz-none"):
        with pytest.raises(AbsentError):
            accept_keyset(stranger, unknown, pop=None, keyset=keys.keyset(), now=NOW)
        with pytest.raises(AbsentError):
            issue_challenge(stranger, unknown, keys.offered(), now=NOW)


def test_a_refusal_is_audited_with_its_cause_and_nothing_is_stored(agency: Agency, keys: OwnKeys) -> None:
    assert refusal(agency, keys, keyset=replace(keys, root=Root.generate()).keyset()) == Failure.KEYSET_ROOT
    event = AuditEvent.objects.get(act="keyset.refused")
    assert (event.agency, event.detail) == ("xa-lab", {"code": "keyset-not-of-the-pinned-root"})
    assert not Keyset.objects.exists()
    assert not Entry.objects.filter(kind="keyset").exists()


def _columns(row: Keyset) -> list[str]:
    return [field.attname for field in row._meta.concrete_fields if field.attname != "id"]
