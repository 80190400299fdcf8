# SPDX-License-Identifier: Apache-2.0
"""Sealed rows and private keys in the database that were swapped, rolled back, stolen or erased."""

import os
from pathlib import Path
from typing import Any

import pytest
from django.core import serializers
from pytest_django import DjangoAssertNumQueries

from accord.envelope.private import DecryptionKey, SigningKey
from agencies.models import KeyUse
from tests.agencies.key_rings import ring
from tests.agencies.world import logged_agencies, own_agency
from vault import services
from vault.errors import KekUnknownError, SealBrokenError, SecretMissingError
from vault.kek import KekRing, held_ring
from vault.models import VaultKey, VaultSecret
from vault.wrapped_keys import HeldDecryptionKeys, private_keys

pytestmark = pytest.mark.django_db
CONTENT = "Vape liquid \u2013 液体".encode()


@pytest.fixture(autouse=True)
def _two_hosted_agencies(db: None, tmp_path: Path) -> None:
    logged_agencies(tmp_path, "xa-lab", "xb-health")


def sealed(agency: str = "xa-lab", table: str = "alertrevision", row: str = "r1", rev: int = 1) -> bytes:
    return services.seal_row(agency, table, row, rev, CONTENT)


def test_a_row_opens_where_it_was_sealed() -> None:
    for table in ("alert", "alertrevision", "draftattachment", "receivedalert"):
        assert services.open_row("xa-lab", table, "r1", 1, sealed(table=table)) == CONTENT
        assert CONTENT not in sealed(table=table)


SWAPS: dict[str, tuple[str, str, str, int]] = {
    "into another agency's row": ("xb-health", "alertrevision", "r1", 1),
    "into another row": ("xa-lab", "alertrevision", "r2", 1),
    "into another revision": ("xa-lab", "alertrevision", "r1", 2),
    "into another table": ("xa-lab", "receivedalert", "r1", 1),
    "into another table of the same purpose": ("xa-lab", "draftattachment", "r1", 1),
}


def test_a_row_swapped_or_with_a_changed_header_does_not_open(subtests: pytest.Subtests) -> None:
    for sentence, (agency, table, row, rev) in SWAPS.items():
        with subtests.test(sentence), pytest.raises(SealBrokenError):
            services.open_row(agency, table, row, rev, sealed())
    for sentence, change in HEADERS.items():
        with subtests.test(sentence), pytest.raises(SealBrokenError):
            services.open_row("xa-lab", "alertrevision", "r1", 1, change(sealed()))


HEADERS: dict[str, Any] = {
    "another form": lambda row: b"\x02" + row[1:],
    "another schema": lambda row: row[:5] + b"\x00\x09" + row[7:],
    "too short to have one": lambda row: row[:6],
    "nothing": lambda row: b"",
}


def test_root_secrets_swapped_between_agencies_open_nothing() -> None:
    row, one = sealed(), VaultSecret.objects.get(agency_id="xa-lab")
    theirs = VaultSecret.objects.get(agency_id="xb-health")
    VaultSecret.objects.filter(pk=one.pk).update(wrapped=theirs.wrapped)
    with pytest.raises(SealBrokenError):
        services.open_row("xa-lab", "alertrevision", "r1", 1, row)
    with pytest.raises(SealBrokenError):
        private_keys("xa-lab", list(VaultKey.objects.filter(agency_id="xa-lab").values_list("pk", flat=True)))


def test_an_epoch_that_is_not_there_does_not_open() -> None:
    row = sealed()
    with pytest.raises(SecretMissingError):
        services.open_row("xa-lab", "alertrevision", "r1", 1, row[:1] + b"\x00\x00\x00\x09" + row[5:])


def test_a_table_that_holds_no_sealed_rows_is_unknown() -> None:
    with pytest.raises(KeyError):
        services.seal_row("xa-lab", "agency", "r1", 1, CONTENT)


def test_many_rows_open_with_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    rows = [(f"r{number}", number, sealed(row=f"r{number}", rev=number)) for number in range(1, 6)]
    with django_assert_num_queries(1):
        assert services.open_rows("xa-lab", "alertrevision", rows) == [CONTENT] * 5
    assert services.open_rows("xa-lab", "alertrevision", []) == []


def test_the_digest_of_a_row_names_this_sealing_and_not_its_content() -> None:
    row = sealed()
    assert services.row_digest(row) == services.row_digest(memoryview(row).tobytes())
    assert services.row_digest(row) != services.row_digest(sealed())


def test_tokens_join_rows_of_one_agency_and_of_no_two() -> None:
    assert services.token("xa-lab", "cas_rn", "50-00-0") == services.token("xa-lab", "cas_rn", "50-00-0")
    assert services.token("xa-lab", "cas_rn", "50-00-0") != services.token("xb-health", "cas_rn", "50-00-0")
    assert services.tokens("xa-lab", [("a", "b"), ("a", "c")]) == [
        services.token("xa-lab", "a", "b"),
        services.token("xa-lab", "a", "c"),
    ]
    assert len(services.token("xa-lab", "a", "b")) == 16


def test_an_agency_with_own_keys_has_no_place_in_the_vault() -> None:
    own_agency("xd-reg")
    with pytest.raises(SecretMissingError):
        services.seal_row("xd-reg", "alertrevision", "r1", 1, CONTENT)
    with pytest.raises(SecretMissingError):
        services.token("xd-reg", "a", "b")


def test_an_erased_secret_erases_what_it_sealed() -> None:
    row = sealed()
    VaultSecret.objects.filter(agency_id="xa-lab").delete()
    with pytest.raises(SecretMissingError):
        services.open_row("xa-lab", "alertrevision", "r1", 1, row)


def test_the_private_halves_are_kept_root_and_successor_included() -> None:
    held = VaultKey.objects.filter(agency_id="xa-lab")
    by_use = [held.filter(use=use).count() for use in (KeyUse.SIGN, KeyUse.ENC, KeyUse.ROOT)]
    assert by_use == [2, 2, 4]
    kids = list(held.values_list("kid", flat=True))
    found = private_keys("xa-lab", kids)
    assert {kid: key.public.kid for kid, key in found.items()} == {kid: kid for kid in kids}
    assert all(isinstance(key, SigningKey | DecryptionKey) for key in found.values())


def test_one_agencys_private_keys_are_not_found_for_another() -> None:
    kids = list(VaultKey.objects.filter(agency_id="xa-lab").values_list("kid", flat=True))
    assert private_keys("xb-health", kids) == {}


def test_a_private_key_in_another_place_does_not_open() -> None:
    """Swapped between rows, beside another public key, or moved to another agency."""
    one, two = VaultKey.objects.filter(agency_id="xa-lab", use=KeyUse.ENC)
    theirs = VaultKey.objects.filter(agency_id="xb-health", use=KeyUse.ENC)[0]
    moves: list[tuple[VaultKey, dict[str, Any]]] = [
        (one, {"wrapped": two.wrapped}),
        (two, {"jwk": one.jwk}),
        (theirs, {"agency_id": "xa-lab"}),
    ]
    for key, changed in moves:
        VaultKey.objects.filter(pk=key.pk).update(**changed)
        with pytest.raises(SealBrokenError):
            private_keys("xa-lab", [key.pk])


def test_decryption_keys_are_found_by_kid_and_signing_keys_are_not_among_them() -> None:
    keys = HeldDecryptionKeys("xa-lab")
    signing = VaultKey.objects.filter(agency_id="xa-lab", use=KeyUse.SIGN)[0].pk
    assert len(keys) == len(list(keys)) == 2
    assert all(keys[kid].public.kid == kid for kid in keys)
    assert keys.get(signing) is None
    assert keys.get("K" * 43) is None


def test_the_database_holds_no_key_in_the_clear() -> None:
    rows: list[VaultSecret | VaultKey] = [*VaultSecret.objects.all(), *VaultKey.objects.all()]
    dump = serializers.serialize("json", rows).encode()
    found = private_keys("xa-lab", list(VaultKey.objects.values_list("pk", flat=True)))
    assert all(key.to_bytes()[-32:] not in bytes(row.wrapped) for key in found.values() for row in rows)
    assert held_ring().key(held_ring().current) not in dump


def test_another_key_encryption_key_opens_nothing() -> None:
    row = sealed()
    wrong = KekRing(held_ring().current, {held_ring().current: os.urandom(32)})
    with ring(wrong), pytest.raises(SealBrokenError):
        services.open_row("xa-lab", "alertrevision", "r1", 1, row)
    with ring(KekRing("other", {"other": os.urandom(32)})), pytest.raises(KekUnknownError):
        services.open_row("xa-lab", "alertrevision", "r1", 1, row)
    assert services.open_row("xa-lab", "alertrevision", "r1", 1, row) == CONTENT
