# SPDX-License-Identifier: Apache-2.0
"""Attacks on the rows that a hub stores: the database is stolen, changed or replaced by an older one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.apps import apps
from django.db import connection

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.private import SigningKey
from accord.envelope.tree.receipts import Receipt
from accord.envelope.verifying import KeptCheckpoint, Ledger, verify_receipt
from agencies.accession import issue_challenge
from ledger import proofs
from ledger.adoption import adopt_ledger
from ledger.errors import StateError
from peers.models import Agency
from tests.agencies.entering import enter, refusal
from tests.agencies.world import NOW, OwnKeys, enrolling, hosted_agency
from tests.ledger.bench import Bench
from tests.ledger.test_adopt_ledger import restore_old_database
from vault import services
from vault.errors import SealBrokenError
from vault.kek import held_ring
from vault.models import VaultKey, VaultSecret
from vault.wrapped_keys import private_keys

CONTENT = b"0123456789 what the officer wrote"


def everything_stored() -> Iterable[bytes]:
    """Yield every octet of every row of every table, as a copy of the database holds it."""
    for model in apps.get_models():
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" AS t')  # noqa: S608
            for (row,) in cursor.fetchall():
                yield row.encode()


@pytest.mark.django_db
def test_stealing_the_database() -> None:
    """A thief has every table: no private key, no text of a hosted agency, and not the key that wraps them."""
    hosted_agency("xa-lab")
    sealed = services.seal_row("xa-lab", "alertrevision", "r1", 1, CONTENT)
    kids = list(VaultKey.objects.values_list("kid", flat=True))
    secrets = [key.to_bytes() for key in private_keys("xa-lab", kids).values()]
    secrets += [CONTENT, held_ring().key(held_ring().current)]
    stolen = b"\n".join(everything_stored())
    assert len(secrets) > 4
    for secret in secrets:
        assert secret not in stolen
        assert secret.hex().encode() not in stolen
    wrapped = [bytes(secret) for secret in VaultSecret.objects.values_list("wrapped", flat=True)]
    for octets in (*wrapped, sealed):
        for guess in (bytes(32), os.urandom(32)):
            with pytest.raises(InvalidTag):
                AESGCM(guess).decrypt(octets[:12], octets[12:], None)


@pytest.mark.django_db
def test_swapping_rows_of_the_stolen_database() -> None:
    """A thief who can also write swaps wrapped keys, secrets and rows: each opens in its own place only."""
    for name in ("xa-lab", "xb-health"):
        hosted_agency(name)
    row = services.seal_row("xa-lab", "alertrevision", "r1", 2, CONTENT)
    for agency, number, revision in (("xb-health", "r1", 2), ("xa-lab", "r2", 2), ("xa-lab", "r1", 1)):
        with pytest.raises(SealBrokenError):
            services.open_row(agency, "alertrevision", number, revision, row)
    one, two = VaultKey.objects.filter(use="enc").order_by("agency_id")[::2][:2]
    VaultKey.objects.filter(pk=two.pk).update(wrapped=one.wrapped)
    with pytest.raises(SealBrokenError):
        private_keys(two.agency_id, [two.kid])
    mine, theirs = VaultSecret.objects.order_by("agency_id")
    VaultSecret.objects.filter(pk=mine.pk).update(wrapped=theirs.wrapped)
    with pytest.raises(SealBrokenError):
        services.open_row("xa-lab", "alertrevision", "r1", 2, row)


def test_restoring_an_old_backup(bench: Bench) -> None:
    """The operator restores yesterday's database and goes on: the sequencer refuses to sign a second history."""
    bench.log(3)
    bench.log(2)
    restore_old_database(3)
    bench.append(2)
    with pytest.raises(StateError):
        bench.batch()
    remaining = proofs.latest_checkpoint()
    assert remaining is not None
    assert remaining.size == 3


def test_splitting_the_view(bench: Bench) -> None:
    """The operator runs the sequencer on an old copy, without its state: everyone who kept a checkpoint sees the split."""
    bench.log(3)
    (last,) = bench.log(1)
    genuine = receipt_of(last)
    kept = KeptCheckpoint(genuine.checkpoint_under(bench.keys), int(bench.now.timestamp()))
    restore_old_database(3)
    bench.folder = bench.folder.parent / "a state folder of its own"
    adopt_ledger(bench.keys, bench.folder, now=bench.now)
    (fresh,) = bench.log(1)
    forked = receipt_of(fresh)
    assert forked.index == genuine.index
    for consistency in (None, lambda first, second: [bytes(32)]):
        with pytest.raises(VerificationError) as refused:
            verify_receipt(forked, fresh, Ledger(keys=bench.keys, kept=kept, consistency=consistency))
        assert refused.value.failure is Failure.LEDGER_FORK


def receipt_of(od: str) -> Receipt:
    found = proofs.receipt_for(od)
    assert found is not None
    return Receipt.parse(found)


def test_replaying_a_proof_of_possession(agency: Agency, keys: OwnKeys) -> None:
    """A proof that was accepted once, with its challenge, is handed in again for a keyset with one key more: refused."""
    proof = keys.pop(issue_challenge(enrolling(agency), agency.pk, keys.offered(), now=NOW))
    stored = enter(agency, keys, pop=proof)
    more = keys.adding(SigningKey.generate("Ed25519"))
    replayed = more.keyset(version=2, prev=stored.od, now=NOW + timedelta(seconds=1))
    assert refusal(agency, more, pop=proof, keyset=replayed) is Failure.CHALLENGE
