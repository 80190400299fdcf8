# SPDX-License-Identifier: Apache-2.0
"""A recovery signed by the announced root alone waits 72 hours in public, and changes nothing until then.

A recovery may come from the agency that lost its root, or from a thief of the one kept in reserve: nobody can tell
before the 72 hours are over, in which the old root may cancel.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.keyrule import Valid, judge_key
from accord.envelope.keys import PQ1
from accord.envelope.keysets import read_keyset
from accord.envelope.private import DecryptionKey, Root, SigningKey
from agencies.accession import accept_keyset, accept_revoke
from agencies.directory import (
    DatabaseKeyDirectory,
    list_agencies,
    list_agencies_now,
    newest_keyset,
    published_keyset,
)
from agencies.errors import KeyTakenError
from agencies.models import Key, Keyset, KeyState, KeyUse, Revocation
from agencies.registry import take_over_recoveries
from agencies.tasks import tidy
from callers.actors import ApiClient
from callers.capabilities import EXCHANGE_SCOPES
from callers.errors import InputError
from ledger.entries import append_entry
from ledger.models import AuditEvent
from peers.models import Agency
from tests.agencies.entering import enter
from tests.agencies.world import (
    DAY,
    NOW,
    OPERATOR,
    OwnKeys,
    accept,
    admit,
    enrol,
    enrolling,
    hosted_agency,
    log_everything,
    od_of,
    own_agency,
    seconds,
)
from tests.builders import client_with
from vault import agency_keys, services
from vault.errors import RecoveryWaitsError
from vault.models import VaultKey
from vault.wrapped_keys import private_keys

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
TICK = timedelta(seconds=1)
DELAY = timedelta(hours=72)
CLIENT = ApiClient("xa-lab", "system", "prefix", EXCHANGE_SCOPES)
BEGUN = NOW + DAY
"""The moment at which the recovery of these tests is accepted and logged."""


class Recovery:
    """xa-lab has entered; at BEGUN the announced root alone signs version 2."""

    def __init__(self, agency: Agency, keys: OwnKeys, folder: Path) -> None:
        self.agency, self.keys, self._folder = agency, keys, folder
        self.first = enter(agency, keys)
        self.log(NOW)
        self.by_new = replace(keys, root=keys.successor, successor=Root.generate())

    def log(self, now: datetime) -> None:
        log_everything(self._folder, now=now)

    def begin(self, keys: OwnKeys | None = None) -> Keyset:
        signer = keys or self.by_new
        signed = signer.keyset(version=2, prev=self.first.od, now=BEGUN)
        row = accept(self.agency, signer, signed, now=BEGUN)
        self.log(BEGUN)
        return row

    def cancel(self, keys: OwnKeys | None = None, *, now: datetime = BEGUN + HOUR) -> Keyset:
        signer = keys or self.keys
        row = self.follow(signer, 2, self.first.od, now)
        self.log(now)
        return row

    def follow(self, keys: OwnKeys, version: int, prev: str, now: datetime) -> Keyset:
        signed = keys.keyset(version=version, prev=prev, now=now)
        return accept(self.agency, keys, signed, now=now)

    def refusal(self, keys: OwnKeys, version: int, prev: str, now: datetime) -> Failure:
        with pytest.raises(VerificationError) as refused:
            self.follow(keys, version, prev, now)
        return refused.value.failure

    @property
    def registered_root(self) -> str:
        return Agency.objects.get(pk="xa-lab").root_fingerprint


@pytest.fixture
def recovery(agency: Agency, keys: OwnKeys, tmp_path: Path) -> Recovery:
    return Recovery(agency, keys, tmp_path)


def with_state(keys: OwnKeys, place: int, **changes: Any) -> OwnKeys:
    rows = list(keys.rows)
    rows[place] = replace(rows[place], **changes)
    return replace(keys, rows=tuple(rows))


def in_force(now: datetime) -> tuple[int, str]:
    found = newest_keyset("xa-lab", now=now)
    assert found is not None
    return found.version, found.succession


# Until a recovery is in force, only a keyset of the old root may follow it.


def test_one_more_keyset_does_not_bring_a_recovery_into_force(recovery: Recovery) -> None:
    begun = recovery.begin()
    at = BEGUN + timedelta(minutes=1)
    assert recovery.refusal(recovery.by_new, 3, begun.od, at) is Failure.KEYSET_CHAIN
    recovery.log(at)
    assert in_force(at) == (1, "same")
    assert recovery.registered_root == recovery.keys.root.fingerprint
    assert recovery.cancel(now=at + HOUR).version == 2
    assert in_force(at + HOUR) == (2, "same")


def test_a_stored_successor_of_a_waiting_recovery_is_not_in_force_either(recovery: Recovery) -> None:
    """An older version of the hub accepted such rows."""
    begun = recovery.begin()
    signed = recovery.by_new.keyset(version=3, prev=begun.od, now=BEGUN + HOUR)
    facts = {field.name: getattr(begun, field.name) for field in Keyset._meta.fields if field.name != "id"}
    changed = {"version": 3, "prev": begun.od, "od": od_of(signed), "jws": signed, "succession": "same"}
    with transaction.atomic():
        row = Keyset.objects.create(**(facts | changed))
        append_entry(row.od, kind="keyset", agency="xa-lab", now=BEGUN + HOUR)
    recovery.log(BEGUN + HOUR)
    assert in_force(BEGUN + DELAY - TICK) == (1, "same")
    assert in_force(BEGUN + DELAY) == (3, "same")
    directory = DatabaseKeyDirectory(BEGUN + 2 * HOUR)
    assert set(directory.recipient_keys(["xa-lab"], PQ1, seconds(BEGUN + 2 * HOUR))) == {"xa-lab"}
    assert directory.keyset("xa-lab") == directory.keyset_logged_before("xa-lab", seconds(BEGUN + HOUR))


def test_no_second_recovery_is_accepted_while_one_waits(recovery: Recovery) -> None:
    recovery.begin()
    for at in (BEGUN + HOUR, BEGUN + DELAY - TICK):
        assert recovery.refusal(recovery.by_new, 2, recovery.first.od, at) is Failure.KEYSET_CHAIN
    assert Keyset.objects.filter(agency="xa-lab").count() == 2


def test_a_recovery_that_waits_for_the_ledger_is_followed_by_nothing(recovery: Recovery) -> None:
    signed = recovery.by_new.keyset(version=2, prev=recovery.first.od, now=BEGUN)
    accept(recovery.agency, recovery.by_new, signed, now=BEGUN)
    # The delay counts from the log time, which does not exist yet, however late it is.
    late = BEGUN + 5 * DAY
    assert recovery.refusal(recovery.by_new, 3, od_of(signed), late) is Failure.KEYSET_CHAIN
    assert recovery.cancel(now=late).version == 2


def test_after_its_delay_the_recovered_root_signs_on_and_the_old_one_no_longer(recovery: Recovery) -> None:
    begun = recovery.begin()
    at = BEGUN + DELAY
    assert recovery.refusal(recovery.keys, 2, recovery.first.od, at) is Failure.KEYSET_ROOT
    assert recovery.follow(recovery.by_new, 3, begun.od, at).version == 3
    recovery.log(at)
    assert in_force(at) == (3, "same")
    assert recovery.registered_root == recovery.keys.successor.fingerprint


def test_a_cancelled_recovery_may_be_tried_again_and_waits_again(recovery: Recovery) -> None:
    recovery.begin()
    cancel = recovery.cancel()
    again = BEGUN + 2 * HOUR
    assert recovery.refusal(recovery.by_new, 2, recovery.first.od, again) is Failure.KEYSET_CHAIN
    assert recovery.follow(recovery.by_new, 3, cancel.od, again).succession == "recovered"
    recovery.log(again)
    assert in_force(BEGUN + DELAY) == (2, "same")
    assert in_force(again + DELAY) == (3, "recovered")


# A recovery that waits or was cancelled changes no key and revokes none.


def test_a_recovery_that_waits_touches_no_key(recovery: Recovery) -> None:
    before = {row["kid"]: row for row in Key.objects.filter(agency="xa-lab").values()}
    revoking = with_state(recovery.by_new, 0, st="revoked", since=seconds(NOW))
    recovery.begin(with_state(revoking, 1, exp=seconds(BEGUN + HOUR)))
    after = {row["kid"]: row for row in Key.objects.filter(agency="xa-lab").values()}
    assert {kid: after[kid] for kid in before} == before
    assert after.keys() - before.keys() == {key.kid for key in recovery.keys.successor.public}
    assert recovery.registered_root == recovery.keys.root.fingerprint


def test_a_key_that_a_waiting_recovery_adds_is_reserved_and_not_in_use(recovery: Recovery) -> None:
    added = DecryptionKey.generate("HPKE-9-KE")
    recovery.begin(recovery.by_new.adding(added, now=BEGUN))
    assert Key.objects.get(pk=added.public.kid).st == KeyState.RETIRED
    other = admit("xb-health", fingerprint=(theirs := OwnKeys.draw("xb-health")).root.fingerprint)
    with pytest.raises(KeyTakenError):
        accept(other, theirs.adding(added), theirs.adding(added).keyset())
    assert take_over_recoveries(now=BEGUN + DELAY) == 1
    assert Key.objects.get(pk=added.public.kid).st == KeyState.CURRENT


def test_a_cancelled_recovery_revokes_nothing(recovery: Recovery) -> None:
    stolen = recovery.by_new
    for place in range(len(stolen.rows)):
        stolen = with_state(stolen, place, st="revoked", since=seconds(NOW))
    recovery.begin(stolen)
    own_word = with_state(recovery.keys, 3, st="revoked", since=seconds(BEGUN))
    recovery.cancel(own_word)
    directory = DatabaseKeyDirectory(BEGUN + 9 * DAY)
    words = directory.revocations("xa-lab")
    assert {word.kid for word in words} == {recovery.keys.rows[3].kid}
    keyset = directory.keyset("xa-lab")
    assert keyset is not None
    for row in recovery.keys.rows[:2]:
        assert judge_key(keyset, row.kid, seconds(BEGUN + 5 * DAY), words) == Valid()
        assert Key.objects.get(pk=row.kid).st == KeyState.CURRENT


def test_a_recovery_revokes_from_when_it_is_in_force(recovery: Recovery) -> None:
    kid = recovery.keys.rows[0].kid
    recovery.begin(with_state(recovery.by_new, 0, st="revoked", since=seconds(NOW)))
    assert DatabaseKeyDirectory(BEGUN + DELAY - TICK).revocations("xa-lab") == ()
    (word,) = DatabaseKeyDirectory(BEGUN + DELAY).revocations("xa-lab")
    assert (word.kid, word.since, word.log_time) == (kid, seconds(NOW), seconds(BEGUN + DELAY))


def test_the_lowest_suite_of_a_recovery_binds_from_when_it_is_in_force(recovery: Recovery) -> None:
    recovery.begin(replace(recovery.by_new, low="PQ1"))
    directory = DatabaseKeyDirectory(BEGUN + 9 * DAY)
    lows = {}
    for moment in (BEGUN, BEGUN + DELAY - TICK, BEGUN + DELAY, BEGUN + 9 * DAY):
        found = directory.keyset_logged_before("xa-lab", seconds(moment))
        assert found is not None
        lows[moment] = found.low
    assert list(lows.values()) == ["EC1", "EC1", "PQ1", "PQ1"]


# A root that waits signs no revocation.


def test_while_a_recovery_waits_the_old_root_revokes_and_the_new_one_does_not(recovery: Recovery) -> None:
    recovery.begin()
    kid, at = recovery.keys.rows[0].kid, BEGUN + HOUR
    with pytest.raises(VerificationError) as refused:
        accept_revoke(CLIENT, recovery.by_new.revoke(kid, since=at, now=at), now=at)
    assert refused.value.failure is Failure.SIGNERS
    assert kid not in DatabaseKeyDirectory(at).suspended_kids("xa-lab")
    accept_revoke(CLIENT, recovery.keys.revoke(kid, since=at, now=at), now=at)
    assert kid in DatabaseKeyDirectory(at).suspended_kids("xa-lab")


def test_once_in_force_the_recovered_root_revokes_and_the_old_one_does_not(recovery: Recovery) -> None:
    recovery.begin()
    kid, at = recovery.keys.rows[0].kid, BEGUN + DELAY
    with pytest.raises(VerificationError):
        accept_revoke(CLIENT, recovery.keys.revoke(kid, since=at, now=at), now=at)
    accept_revoke(CLIENT, recovery.by_new.revoke(kid, since=at, now=at), now=at)
    assert Revocation.objects.get().key_id == kid


# After the delay the recovery is in force.


def test_in_force_its_root_and_keys_become_the_agencys(recovery: Recovery) -> None:
    added = DecryptionKey.generate("X25519")
    retiring = with_state(recovery.by_new, 3, st="retiring").adding(added, now=BEGUN)
    begun = recovery.begin(retiring)
    assert take_over_recoveries(now=BEGUN + DELAY - TICK) == 0
    assert recovery.registered_root == recovery.keys.root.fingerprint
    assert take_over_recoveries(now=BEGUN + DELAY) == 1
    assert take_over_recoveries(now=BEGUN + DELAY) == 0
    assert recovery.registered_root == recovery.keys.successor.fingerprint
    assert Key.objects.get(pk=recovery.keys.rows[3].kid).st == KeyState.RETIRING
    roots = Key.objects.filter(agency="xa-lab", use=KeyUse.ROOT)
    assert set(roots.filter(st=KeyState.CURRENT).values_list("kid", flat=True)) == {
        key.kid for key in recovery.keys.successor.public
    }
    event = AuditEvent.objects.get(act="keyset.recovered")
    assert (event.agency, event.subject, event.actor) == ("xa-lab", begun.od, "system:register")


def test_the_hourly_task_lets_it_take_over(tmp_path: Path) -> None:
    entered = timezone.now() - 5 * DAY
    agency, keys = own_agency("xa-lab", now=entered)
    log_everything(tmp_path, now=entered)
    by_new = replace(keys, root=keys.successor, successor=Root.generate())
    first = Keyset.objects.get(agency_id=agency.pk)
    begun = entered + DAY
    accept(agency, by_new, by_new.keyset(version=2, prev=first.od, now=begun), now=begun)
    log_everything(tmp_path, now=begun)
    for _ in range(2):
        tidy()
    agency.refresh_from_db()
    assert agency.root_fingerprint == keys.successor.fingerprint
    assert AuditEvent.objects.filter(act="keyset.recovered").count() == 1


def test_a_cancelled_recovery_never_takes_over(recovery: Recovery) -> None:
    recovery.begin()
    recovery.cancel()
    assert take_over_recoveries(now=BEGUN + 9 * DAY) == 0
    assert recovery.registered_root == recovery.keys.root.fingerprint


def test_a_word_of_the_old_root_that_was_logged_too_late_does_not_keep_it(recovery: Recovery) -> None:
    recovery.begin()
    in_time = BEGUN + DELAY - TICK
    recovery.follow(recovery.keys, 2, recovery.first.od, in_time)
    recovery.log(BEGUN + DELAY)
    assert in_force(BEGUN + DELAY) == (2, "recovered")
    assert take_over_recoveries(now=BEGUN + DELAY) == 1
    assert recovery.registered_root == recovery.keys.successor.fingerprint


def test_a_key_once_revoked_stays_revoked_whatever_a_later_keyset_says(recovery: Recovery) -> None:
    kid = recovery.keys.rows[0].kid
    accept_revoke(CLIENT, recovery.keys.revoke(kid, since=NOW + HOUR, now=NOW + HOUR), now=NOW + HOUR)
    recovery.begin()
    take_over_recoveries(now=BEGUN + DELAY)
    key = Key.objects.get(pk=kid)
    assert (key.st, key.since) == (KeyState.REVOKED, seconds(NOW + HOUR))


def test_the_directory_shows_the_root_in_force_to_the_second(recovery: Recovery) -> None:
    recovery.begin()
    own_agency("xb-health")
    reader = client_with(recovery.agency.pk, "reader")
    old, new = recovery.keys.root.fingerprint, recovery.keys.successor.fingerprint
    for moment, expected in ((BEGUN + DELAY - TICK, old), (BEGUN + DELAY, new)):
        shown = {agency.pk: agency.root_fingerprint for agency in list_agencies_now(reader, now=moment)}
        assert shown["xa-lab"] == expected
        assert list(shown) == [agency.pk for agency in list_agencies(reader)]
        assert published_keyset(reader, "xa-lab", now=moment).row.root_fingerprint == expected


# For hosted agencies the hub holds the root.


def test_a_recovery_by_a_thief_is_cancelled_for_a_hosted_agency_and_not_by_accident(tmp_path: Path) -> None:
    agency = hosted_agency("xa-lab")
    officer = enrol(agency, "key_officer")
    with pytest.raises(InputError):
        agency_keys.cancel_root_recovery(officer, agency, now=NOW)
    log_everything(tmp_path, now=NOW)
    first = Keyset.objects.get(agency_id=agency.pk)
    kids = VaultKey.objects.filter(agency_id=agency.pk, use=KeyUse.ROOT).values_list("kid", flat=True)
    held = private_keys("xa-lab", list(kids))
    thief = _successor_of(first, [key for key in held.values() if isinstance(key, SigningKey)])
    signed = thief.keyset(version=2, prev=first.od, now=BEGUN)
    accept_keyset(enrolling(agency), "xa-lab", pop=None, keyset=signed, now=BEGUN)
    log_everything(tmp_path, now=BEGUN)
    for verb in (
        agency_keys.renew_agency_keys,
        agency_keys.rotate_agency_keys,
        agency_keys.change_agency_root,
    ):
        with pytest.raises(RecoveryWaitsError):
            verb(officer, agency, now=BEGUN + HOUR)
    cancelled = agency_keys.cancel_root_recovery(officer, agency, now=BEGUN + HOUR)
    log_everything(tmp_path, now=BEGUN + HOUR)
    assert (cancelled.keyset.version, cancelled.succession) == (2, "same")
    assert in_force(BEGUN + 9 * DAY) == (2, "same")
    assert services.renew_agency_keys(OPERATOR, agency, now=BEGUN + 9 * DAY).keyset.version == 3


def _successor_of(first: Keyset, held: list[SigningKey]) -> OwnKeys:
    """The keys of a hosted agency as a holder of the announced root has them."""
    keyset = read_keyset(bytes(first.jws))
    current = {key.kid for key in keyset.root}
    classical, lattice = sorted(
        (key for key in held if key.public.kid not in current), key=lambda key: key.public.alg
    )
    stolen = Root(classical, lattice)
    assert stolen.fingerprint == keyset.nroot
    return OwnKeys("xa-lab", stolen, Root.generate(), (), (), keyset.rows, keyset.custody, keyset.low)


def test_the_next_keyset_settles_a_recovery_that_no_task_has_taken_over(recovery: Recovery) -> None:
    begun = recovery.begin()
    at = BEGUN + DELAY
    assert recovery.registered_root == recovery.keys.root.fingerprint
    assert recovery.follow(recovery.by_new, 3, begun.od, at).version == 3
    assert recovery.registered_root == recovery.keys.successor.fingerprint
    assert AuditEvent.objects.get(act="keyset.recovered").subject == begun.od
    assert take_over_recoveries(now=at) == 0
