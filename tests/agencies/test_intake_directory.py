# SPDX-License-Identifier: Apache-2.0
"""The directory made for one submission answers as the full directory does, in every state of the agencies' keys."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import DjangoAssertNumQueries

from accord.envelope.keys import EC1, PQ1
from agencies.accession import accept_revoke, suspend_key
from agencies.directory import DatabaseKeyDirectory
from agencies.intake_directory import SubmissionDirectory
from agencies.models import Keyset
from callers.actors import ApiClient
from callers.capabilities import Capability
from peers.models import Agency
from tests.agencies.world import (
    DAY,
    NOW,
    OwnKeys,
    accept,
    log_everything,
    own_agency,
    seconds,
    system_of,
)

AT = NOW + DAY
AGENCIES = ["xa-lab", "xb-health"]


def everything_is_plain(folder: Path, keys: OwnKeys) -> None:
    pass


def an_encryption_key_is_suspended(folder: Path, keys: OwnKeys) -> None:
    _suspend(keys.decryption[0].public.kid)


def a_signing_key_is_suspended(folder: Path, keys: OwnKeys) -> None:
    _suspend(keys.signing[0].public.kid)


def a_revocation_waits_for_the_ledger(folder: Path, keys: OwnKeys) -> None:
    _revoke(keys)


def a_revocation_is_logged(folder: Path, keys: OwnKeys) -> None:
    _revoke(keys)
    log_everything(folder, now=AT)


def a_next_keyset_waits_for_the_ledger(folder: Path, keys: OwnKeys) -> None:
    first = Keyset.objects.get(agency="xa-lab")
    jws = keys.keyset(version=2, prev=first.od, now=AT)
    accept(Agency.objects.get(pk="xa-lab"), keys, jws, now=AT)


def _suspend(kid: str) -> None:
    suspend_key(system_of("xa-lab"), kid, now=NOW)


def _revoke(keys: OwnKeys) -> None:
    system = ApiClient("xa-lab", "x", "0" * 12, frozenset({Capability.STATEMENT_SUBMIT}))
    accept_revoke(system, keys.revoke(keys.decryption[0].public.kid, since=AT, now=AT), now=AT)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "happens",
    [
        everything_is_plain,
        an_encryption_key_is_suspended,
        a_signing_key_is_suspended,
        a_revocation_waits_for_the_ledger,
        a_revocation_is_logged,
        a_next_keyset_waits_for_the_ledger,
    ],
)
def test_it_answers_as_the_directory_does(tmp_path: Path, happens: Callable[[Path, OwnKeys], None]) -> None:
    (_, keys), (_, others) = own_agency("xa-lab"), own_agency("xb-health")
    log_everything(tmp_path, now=NOW)
    happens(tmp_path, keys)
    kids = [key.public.kid for held in (keys, others) for key in held.decryption]
    kids += [keys.signing[0].public.kid, "A" * 43]
    whole = DatabaseKeyDirectory(AT)
    for issuer in AGENCIES:
        narrow = SubmissionDirectory(AT, issuer=issuer, kids=kids)
        assert narrow.owners(kids) == whole.owners(kids)
        assert narrow.keyset(issuer) == whole.keyset(issuer)
        assert set(narrow.suspended_kids(issuer)) == set(whole.suspended_kids(issuer))
        assert narrow.revocations(issuer) == whole.revocations(issuer)
        for suite in (PQ1, EC1):
            wanted = whole.recipient_keys(AGENCIES, suite, seconds(AT))
            assert narrow.recipient_keys(AGENCIES, suite, seconds(AT)) == wanted


@pytest.mark.django_db
def test_an_issuer_without_a_keyset_has_none(tmp_path: Path) -> None:
    own_agency("xa-lab")
    directory = SubmissionDirectory(NOW, issuer="xa-lab", kids=[])
    assert directory.keyset("xa-lab") is None
    log_everything(tmp_path, now=NOW)
    assert SubmissionDirectory(NOW, issuer="xz-nobody", kids=[]).keyset("xz-nobody") is None


@pytest.mark.django_db
def test_what_a_usual_submission_asks_takes_one_query(
    tmp_path: Path, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    held = [own_agency(f"xa-lab{number}")[1] for number in range(6)]
    log_everything(tmp_path, now=NOW)
    kids = [keys.decryption[0].public.kid for keys in held]
    with django_assert_num_queries(1):
        directory = SubmissionDirectory(NOW, issuer="xa-lab0", kids=kids)
        owners = directory.owners(kids)
        assert directory.keyset("xa-lab0") is not None
        assert not (directory.suspended_kids("xa-lab0") or directory.revocations("xa-lab0"))
        assert len(directory.recipient_keys(sorted(owners.values()), PQ1, seconds(NOW))) == len(held)
