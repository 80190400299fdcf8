# SPDX-License-Identifier: Apache-2.0
"""A keyset follows the one before it: versions in order, keys that stay, a root that changes to the announced one."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.private import DecryptionKey, Root, SigningKey
from agencies.accession import accept_keyset
from agencies.models import Key, KeyState, KeyUse
from peers.models import Agency
from tests.agencies.entering import enter
from tests.agencies.world import (
    DAY,
    NOW,
    OwnKeys,
    accept,
    enrolling,
    od_of,
    seconds,
)

pytestmark = pytest.mark.django_db
TICK = timedelta(seconds=1)


def test_a_new_key_comes_with_the_next_version(agency: Agency, keys: OwnKeys) -> None:
    first = enter(agency, keys)
    more = keys.adding(SigningKey.generate("ES256"), now=NOW + DAY)
    second = accept(agency, more, more.keyset(version=2, prev=first.od, now=NOW + DAY), now=NOW + DAY)
    assert second.version == 2
    assert Key.objects.filter(agency_id=agency.pk).exclude(use=KeyUse.ROOT).count() == 5


def test_a_new_encryption_key_alone_is_vouched_for_by_the_signing_keys(agency: Agency, keys: OwnKeys) -> None:
    first = enter(agency, keys)
    more = keys.adding(DecryptionKey.generate("P-256"), now=NOW + DAY)
    stored = accept(agency, more, more.keyset(version=2, prev=first.od, now=NOW + DAY), now=NOW + DAY)
    assert stored.version == 2


def test_a_keyset_that_adds_nothing_needs_no_proof(agency: Agency, keys: OwnKeys) -> None:
    first = enter(agency, keys)
    renewed = keys.keyset(version=2, prev=first.od, now=NOW + DAY)
    assert accept_keyset(enrolling(agency), "xa-lab", pop=None, keyset=renewed, now=NOW + DAY).version == 2


def test_a_state_that_changes_is_registered(agency: Agency, keys: OwnKeys) -> None:
    first = enter(agency, keys)
    retiring = (replace(keys.rows[0], st="retiring", exp=seconds(NOW + 30 * DAY)), *keys.rows[1:])
    signed = replace(keys, rows=retiring).keyset(version=2, prev=first.od, now=NOW + DAY)
    accept_keyset(enrolling(agency), "xa-lab", pop=None, keyset=signed, now=NOW + DAY)
    key = Key.objects.get(pk=keys.rows[0].kid)
    assert (key.st, key.exp) == (KeyState.RETIRING, seconds(NOW + 30 * DAY))


ROLLBACKS: dict[str, dict[str, Any]] = {
    "the first version again": {"version": 1, "prev": None},
    "the same version": {"version": 2},
    "a version left out": {"version": 4},
    "another predecessor": {"version": 3, "prev": "A" * 43},
}


def test_what_does_not_follow_the_newest_version_is_refused(
    agency: Agency, keys: OwnKeys, subtests: pytest.Subtests
) -> None:
    first = enter(agency, keys)
    second = accept_keyset(
        enrolling(agency),
        "xa-lab",
        pop=None,
        keyset=keys.keyset(version=2, prev=first.od, now=NOW + DAY),
        now=NOW + DAY,
    )
    fewer = replace(keys, rows=keys.rows[:-1])
    cases = {sentence: (keys, changed) for sentence, changed in ROLLBACKS.items()}
    for sentence, (signer, changed) in (cases | {"a key dropped": (fewer, {"version": 3})}).items():
        signed = signer.keyset(**({"prev": second.od} | changed), now=NOW + 2 * DAY)
        with subtests.test(sentence):
            with pytest.raises(VerificationError) as refused:
                accept_keyset(enrolling(agency), "xa-lab", pop=None, keyset=signed, now=NOW + 2 * DAY)
            assert refused.value.failure == Failure.KEYSET_CHAIN


def test_a_root_changes_to_the_announced_one_signed_by_both(agency: Agency, keys: OwnKeys) -> None:
    first = enter(agency, keys)
    changed = replace(keys, root=keys.successor, successor=Root.generate())
    signed = changed.keyset(
        version=2, prev=first.od, now=NOW + DAY, signer=keys.root.change_signer(keys.successor)
    )
    accept_keyset(enrolling(agency), "xa-lab", pop=None, keyset=signed, now=NOW + DAY)
    agency.refresh_from_db()
    assert agency.root_fingerprint == keys.successor.fingerprint
    assert Key.objects.get(pk=keys.root.public[0].kid).st == KeyState.RETIRED
    third = changed.keyset(version=3, prev=od_of(signed), now=NOW + 2 * DAY)
    assert accept_keyset(enrolling(agency), "xa-lab", pop=None, keyset=third, now=NOW + 2 * DAY).version == 3


def test_a_root_that_was_not_announced_is_refused(agency: Agency, keys: OwnKeys) -> None:
    first, thief = enter(agency, keys), Root.generate()
    signed = replace(keys, root=thief).keyset(
        version=2, prev=first.od, now=NOW + DAY, signer=keys.root.change_signer(thief)
    )
    with pytest.raises(VerificationError) as refused:
        accept_keyset(enrolling(agency), "xa-lab", pop=None, keyset=signed, now=NOW + DAY)
    assert refused.value.failure == Failure.KEYSET_ROOT
