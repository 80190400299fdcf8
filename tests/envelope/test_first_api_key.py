# SPDX-License-Identifier: Apache-2.0
"""An agency's first API key: sealed to its strongest suite, opened by it alone. The kit has every refusal."""

from dataclasses import replace

import pytest

from accord.envelope.credentials import SealedCredential, credential_aad, key_for_credential, seal_credential
from accord.envelope.errors import Failure, MalformedError, OpeningError
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import read_keyset
from accord.envelope.single import seal_single
from accord.envelope.unseal import open_credential
from accord.envelope.vocabulary import TYP_CREDENTIAL
from tests.envelope.world import NOW, Agency, make_agency

OD = "A" * 43
TEXT = "0123456789ab." + "S" * 43


@pytest.fixture(scope="module")
def alpha() -> Agency:
    return make_agency("xa-alpha")


@pytest.mark.parametrize("suite", [PQ1, EC1])
def test_it_opens_for_the_agency_that_it_was_sealed_to(alpha: Agency, suite: str) -> None:
    key = alpha.decryption[suite]
    sealed = seal_credential("xa-alpha", OD, key.public, TEXT.encode())
    assert sealed.kid == key.public.kid
    assert open_credential(sealed, agency="xa-alpha", od=OD, key=key) == TEXT
    assert TEXT not in repr(sealed) + str(sealed.jwe)


@pytest.mark.parametrize("text", [b"", TEXT.encode() + b"\n", TEXT.upper().encode(), TEXT.encode()[1:]])
def test_nothing_but_an_api_key_is_sealed_as_one(alpha: Agency, text: bytes) -> None:
    with pytest.raises(MalformedError):
        seal_credential("xa-alpha", OD, alpha.decryption[PQ1].public, text)


def test_what_a_hub_sealed_in_its_place_is_not_taken_for_one(alpha: Agency) -> None:
    key = alpha.decryption[PQ1]
    aad = credential_aad("xa-alpha", OD, key.public.kid)
    sealed = SealedCredential(key.public.kid, seal_single(TYP_CREDENTIAL, aad, key.public, b"anything else"))
    with pytest.raises(OpeningError) as refused:
        open_credential(sealed, agency="xa-alpha", od=OD, key=key)
    assert refused.value.cause is Failure.CREDENTIAL


def test_the_stronger_suite_is_chosen_and_the_lowest_of_the_agency_obeyed(alpha: Agency) -> None:
    keyset = read_keyset(alpha.keyset_jws)
    classical = tuple(row for row in keyset.rows if PQ1 not in row.key.suites)

    def chosen(**changes: object) -> str | None:
        row = key_for_credential(replace(keyset, **changes), NOW)  # type: ignore[arg-type]
        return None if row is None else row.kid

    assert chosen() == alpha.decryption[PQ1].public.kid
    assert chosen(rows=classical, low=EC1) == alpha.decryption[EC1].public.kid
    assert chosen(rows=classical, low=PQ1) is None
    assert chosen(rows=()) is None
