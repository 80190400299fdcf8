# SPDX-License-Identifier: Apache-2.0
"""Keysets: signed by the pinned root, one after the other, with no key dropped or rewritten."""

from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.encoding import sha256
from accord.envelope.errors import EnvelopeError, Failure, KeyRefusedError, MalformedError, VerificationError
from accord.envelope.keys import EC1, ENC, PQ1, PublicKey
from accord.envelope.keysets import (
    KeyRow,
    Keyset,
    newest_encryption_key,
    newest_in_force,
    newest_signing_keys,
    read_keyset,
    revocations_of,
    verify_keyset,
)
from accord.envelope.private import DecryptionKey, Root, SignerSet, SigningKey
from accord.envelope.statements.form import make_statement
from tests.envelope.world import DAY, NOW, Agency, make_agency, uuid7

HOUR = 3600


@pytest.fixture(scope="module")
def alpha() -> Agency:
    return make_agency("xa-alpha")


def second(alpha: Agency, *, signer: SignerSet | None = None, iat: int = NOW, **changes: Any) -> bytes:
    """Sign version 2 after alpha's first, with changes to the body."""
    body = alpha.body(**({"version": 2, "prev": alpha.keyset.od} | changes))
    return alpha.sign_keyset(body, signer=signer, iat=iat)


def follow(alpha: Agency, octets: bytes, **changes: Any) -> Keyset:
    arguments: dict[str, Any] = {
        "pinned": alpha.root.fingerprint, "previous": alpha.keyset, "strict": True, "log_time": NOW
    }  # fmt: skip
    return verify_keyset(octets, **(arguments | changes))


def test_first_keyset_is_verified_against_the_pin(alpha: Agency) -> None:
    keyset = verify_keyset(alpha.keyset_jws, pinned=alpha.root.fingerprint, strict=True, log_time=NOW)
    assert (keyset.agency, keyset.version, keyset.prev) == ("xa-alpha", 1, None)
    assert keyset.root_fingerprint == alpha.root.fingerprint
    assert read_keyset(alpha.keyset_jws, log_time=NOW) == keyset


def test_fingerprint_is_over_both_kids(alpha: Agency) -> None:
    kids = [key.kid for key in alpha.root.public]
    assert alpha.root.fingerprint == sha256(f'["{kids[0]}","{kids[1]}"]'.encode()).hex()


def test_another_root_is_refused(alpha: Agency) -> None:
    with pytest.raises(VerificationError) as refused:
        verify_keyset(alpha.keyset_jws, pinned=alpha.next_root.fingerprint)
    assert refused.value.failure is Failure.KEYSET_ROOT


def test_a_keyset_signed_by_another_root_is_refused(alpha: Agency) -> None:
    forged = alpha.sign_keyset(signer=Root.generate().signer)
    with pytest.raises(VerificationError) as refused:
        verify_keyset(forged, pinned=alpha.root.fingerprint)
    assert refused.value.failure is Failure.SIGNERS


def test_one_root_signature_is_not_enough(alpha: Agency) -> None:
    alone = SignerSet([SigningKey.from_bytes(alpha.root.to_bytes()[0])])
    with pytest.raises(VerificationError) as refused:
        verify_keyset(alpha.sign_keyset(signer=alone), pinned=alpha.root.fingerprint)
    assert refused.value.failure is Failure.SIGNERS


def test_a_reader_may_have_missed_versions(alpha: Agency) -> None:
    fifth = second(alpha, version=5, prev="A" * 43)
    assert follow(alpha, fifth, strict=False).version == 5
    with pytest.raises(VerificationError):
        follow(alpha, fifth)


def test_the_hub_demands_version_one_first(alpha: Agency) -> None:
    with pytest.raises(VerificationError) as refused:
        verify_keyset(second(alpha), pinned=alpha.root.fingerprint, strict=True)
    assert refused.value.failure is Failure.KEYSET_CHAIN
    assert verify_keyset(second(alpha), pinned=alpha.root.fingerprint).version == 2


def test_iat_does_not_run_back(alpha: Agency) -> None:
    with pytest.raises(VerificationError) as refused:
        follow(alpha, second(alpha, iat=alpha.keyset.iat - 1))
    assert refused.value.failure is Failure.KEYSET_CHAIN


def test_old_root_is_no_key_of_the_new_keyset(alpha: Agency) -> None:
    listed = [*alpha.rows, KeyRow(alpha.root.public[0], NOW, NOW + DAY)]
    octets = second(
        alpha,
        signer=alpha.root.change_signer(alpha.next_root),
        root=alpha.next_root.public,
        nroot=Root.generate().fingerprint,
        rows=listed,
    )
    with pytest.raises(KeyRefusedError):
        follow(alpha, octets)


def rows(alpha: Agency, index: int, **changes: Any) -> dict[str, Any]:
    changed = list(alpha.rows)
    changed[index] = replace(changed[index], **changes)
    return {"rows": changed}


ALLOWED = {
    "nothing new": lambda alpha: {},
    "another key": lambda alpha: {
        "rows": [*alpha.rows, KeyRow(SigningKey.generate().public, NOW, NOW + DAY)]
    },
    "a key retired": lambda alpha: rows(alpha, 0, st="retired"),
    "an end moved later": lambda alpha: rows(alpha, 0, exp=NOW + 400 * DAY),
    "an end moved to now": lambda alpha: rows(alpha, 0, exp=NOW),
    "a key revoked since yesterday": lambda alpha: rows(alpha, 0, st="revoked", since=NOW - DAY),
    "custody changed": lambda alpha: {"custody": "hub"},
    "lowest suite raised": lambda alpha: {"low": PQ1},
}


@pytest.mark.parametrize("changes", ALLOWED.values(), ids=ALLOWED.keys())
def test_a_later_keyset_may_have(alpha: Agency, changes: Any) -> None:
    assert follow(alpha, second(alpha, **changes(alpha))).version == 2


REFUSED = {
    "a key dropped": (lambda alpha: {"rows": alpha.rows[1:]}, Failure.KEYSET_CHAIN),
    "nbf changed": (lambda alpha: rows(alpha, 0, nbf=NOW), Failure.KEYSET_CHAIN),
    "an end moved before its own iat": (lambda alpha: rows(alpha, 0, exp=NOW - 1), Failure.KEYSET_CHAIN),
    "since after iat": (lambda alpha: rows(alpha, 0, st="revoked", since=NOW + 1), Failure.KEYSET_CHAIN),
    "the same version": (lambda alpha: {"version": 1, "prev": None}, Failure.KEYSET_CHAIN),
    "a version left out": (lambda alpha: {"version": 3}, Failure.KEYSET_CHAIN),
    "another predecessor": (lambda alpha: {"prev": "A" * 43}, Failure.KEYSET_CHAIN),
    "another successor root": (lambda alpha: {"nroot": "0" * 64}, Failure.KEYSET_CHAIN),
    "another root": (lambda alpha: {"root": Root.generate().public}, Failure.KEYSET_ROOT),
}


@pytest.mark.parametrize(("changes", "failure"), REFUSED.values(), ids=REFUSED.keys())
def test_a_later_keyset_may_not_have(alpha: Agency, changes: Any, failure: Failure) -> None:
    with pytest.raises(VerificationError) as refused:
        follow(alpha, second(alpha, **changes(alpha)))
    assert refused.value.failure is failure


def test_use_of_a_key_never_changes() -> None:
    key = SigningKey.generate("ES256")
    alpha = make_agency("xa-alpha", signing={EC1: SignerSet([key])})
    turned = [
        replace(row, key=PublicKey(row.key.jwk, ENC)) if row.kid == key.public.kid else row
        for row in alpha.rows
    ]
    with pytest.raises(VerificationError) as refused:
        follow(alpha, second(alpha, rows=turned))
    assert refused.value.failure is Failure.KEYSET_CHAIN


def test_since_moves_only_earlier(alpha: Agency) -> None:
    revoked = second(alpha, **rows(alpha, 0, st="revoked", since=NOW - DAY))
    previous = follow(alpha, revoked)

    def third(**changes: Any) -> bytes:
        return second(alpha, version=3, prev=previous.od, **rows(alpha, 0, **changes))

    assert follow(alpha, third(st="revoked", since=NOW - 2 * DAY), previous=previous).version == 3
    for changes in ({"st": "revoked", "since": NOW - 1}, {"st": "current"}):
        with pytest.raises(VerificationError):
            follow(alpha, third(**changes), previous=previous)


KEYSETS_NEVER_ACCEPTED = {
    "a kid twice": (lambda alpha: {"rows": [*alpha.rows, alpha.rows[0]]}, KeyRefusedError),
    "a root key in a row": (
        lambda alpha: {"rows": [*alpha.rows, KeyRow(alpha.root.public[0], NOW, NOW + DAY)]},
        KeyRefusedError,
    ),
    "no key": (lambda alpha: {"rows": []}, MalformedError),
    "a key that ends before it begins": (lambda alpha: rows(alpha, 0, exp=alpha.rows[0].nbf), MalformedError),
    "revoked without since": (lambda alpha: rows(alpha, 0, st="revoked"), MalformedError),
    "since without revoked": (lambda alpha: rows(alpha, 0, since=NOW - DAY), MalformedError),
    "an unknown state": (lambda alpha: rows(alpha, 0, st="lost"), MalformedError),
    "an unknown custody": (lambda alpha: {"custody": "cloud"}, MalformedError),
    "an unknown suite": (lambda alpha: {"low": "PQ2"}, MalformedError),
    "roots in the wrong order": (lambda alpha: {"root": alpha.root.public[::-1]}, KeyRefusedError),
    "upper-case nroot": (lambda alpha: {"nroot": "A" * 64}, MalformedError),
    "one root key": (lambda alpha: {"root": alpha.root.public[:1]}, MalformedError),
    "version one with a predecessor": (lambda alpha: {"prev": "A" * 43}, MalformedError),
}


@pytest.mark.parametrize(
    ("changes", "error"), KEYSETS_NEVER_ACCEPTED.values(), ids=KEYSETS_NEVER_ACCEPTED.keys()
)
def test_no_keyset_may_have(alpha: Agency, changes: Any, error: type[EnvelopeError]) -> None:
    with pytest.raises(error):
        verify_keyset(alpha.sign_keyset(alpha.body(**changes(alpha))), pinned=alpha.root.fingerprint)


def test_a_key_of_small_order_is_refused(alpha: Agency) -> None:
    body = alpha.body()
    body["keys"][0]["jwk"] = {"kty": "OKP", "crv": "Ed25519", "x": "AQ" + "A" * 41}
    with pytest.raises(KeyRefusedError):
        verify_keyset(alpha.sign_keyset(body), pinned=alpha.root.fingerprint)


def test_lasts_ninety_days_at_most(alpha: Agency) -> None:
    with pytest.raises(VerificationError) as refused:
        verify_keyset(alpha.sign_keyset(days=91), pinned=alpha.root.fingerprint)
    assert refused.value.failure is Failure.KEYSET_CHAIN


def change_root(alpha: Agency, signer: SignerSet, *, root: Root | None = None) -> bytes:
    root = root or alpha.next_root
    return second(alpha, signer=signer, root=root.public, nroot=Root.generate().fingerprint)


def test_root_changes_to_the_announced_one_signed_by_both(alpha: Agency) -> None:
    changed = follow(alpha, change_root(alpha, alpha.root.change_signer(alpha.next_root)))
    assert (changed.succession, changed.root_fingerprint) == ("changed", alpha.next_root.fingerprint)
    assert changed.in_force_from == NOW


def test_root_never_changes_to_another(alpha: Agency) -> None:
    stranger = Root.generate()
    with pytest.raises(VerificationError) as refused:
        follow(alpha, change_root(alpha, alpha.root.change_signer(stranger), root=stranger))
    assert refused.value.failure is Failure.KEYSET_ROOT


@pytest.mark.parametrize("signer", ["old", "reversed"])
def test_root_change_is_signed_by_old_then_new(alpha: Agency, signer: str) -> None:
    by = {"old": alpha.root.signer, "reversed": alpha.next_root.change_signer(alpha.root)}[signer]
    with pytest.raises(VerificationError) as refused:
        follow(alpha, change_root(alpha, by))
    assert refused.value.failure is Failure.SIGNERS


def test_recovered_root_waits_seventy_two_hours(alpha: Agency) -> None:
    recovered = follow(alpha, change_root(alpha, alpha.next_root.signer))
    assert recovered.succession == "recovered"
    assert recovered.in_force_from == NOW + 72 * HOUR
    chain = [alpha.keyset, recovered]
    assert newest_in_force(chain, NOW + 72 * HOUR - 1) == alpha.keyset
    assert newest_in_force(chain, NOW + 72 * HOUR) == recovered


@pytest.mark.parametrize(("hours", "cancelled"), [(71, True), (73, False)])
def test_recovery_is_cancelled_by_the_old_root_in_time(alpha: Agency, hours: int, cancelled: bool) -> None:
    recovered = follow(alpha, change_root(alpha, alpha.next_root.signer))
    objection = follow(alpha, second(alpha), log_time=NOW + hours * HOUR)
    newest = newest_in_force([objection, alpha.keyset, recovered], NOW + 100 * HOUR)
    assert newest is not None
    # Not cancelled, both are version 2: the recovered root is in force, the old root's keyset came too late.
    assert newest.od == (objection.od if cancelled else recovered.od)


def test_a_keyset_counts_only_when_logged(alpha: Agency) -> None:
    unlogged = read_keyset(alpha.keyset_jws)
    assert unlogged.in_force_from is None
    assert newest_in_force([unlogged], NOW) is None


def test_another_agency_does_not_follow(alpha: Agency) -> None:
    stranger = make_agency("xm-mallory")
    with pytest.raises(VerificationError):
        verify_keyset(second(alpha), pinned=alpha.root.fingerprint, previous=stranger.keyset)
    renamed = Agency("xb-bravo", alpha.root, alpha.next_root, {}, {}, alpha.rows)
    body = renamed.body(version=2, prev=alpha.keyset.od)
    with pytest.raises(VerificationError) as refused:
        follow(alpha, renamed.sign_keyset(body, iat=NOW))
    assert refused.value.failure is Failure.ISSUER


def test_other_statements_are_no_keysets(alpha: Agency) -> None:
    revoke = make_statement(
        "revoke",
        iss="xa-alpha",
        signer=alpha.root.signer,
        suite=PQ1,
        id=uuid7(3),
        iat=NOW,
        nonce=bytes(16),
        body={"kid": alpha.rows[0].kid, "since": NOW, "code": "lost"},
    )
    with pytest.raises(VerificationError) as refused:
        verify_keyset(revoke, pinned=alpha.root.fingerprint)
    assert refused.value.failure is Failure.TYP


def encryption_row(nbf: int, **changes: Any) -> KeyRow:
    return KeyRow(DecryptionKey.generate().public, nbf, NOW + DAY, **changes)


def test_newest_encryption_key_has_the_greatest_nbf_and_of_equals_is_the_last(alpha: Agency) -> None:
    old, first, last = encryption_row(NOW - 9), encryption_row(NOW - 5), encryption_row(NOW - 5)
    keyset = replace(alpha.keyset, rows=(first, last, old))
    assert newest_encryption_key(keyset, PQ1, NOW) == last
    assert newest_encryption_key(keyset, PQ1, NOW, revoked={last.kid}) == first
    assert newest_encryption_key(keyset, EC1, NOW) is None


@pytest.mark.parametrize(
    ("row", "usable"),
    [
        (encryption_row(NOW), True),
        (encryption_row(NOW + 1), False),
        (replace(encryption_row(NOW - 9), exp=NOW), False),
        (replace(encryption_row(NOW - 9), exp=NOW + 1), True),
        (encryption_row(NOW - 9, st="retiring"), False),
        (encryption_row(NOW - 9, st="revoked", since=NOW - 1), False),
    ],
    ids=["begins now", "begins later", "ends now", "ends later", "retiring", "revoked"],
)
def test_only_a_current_and_valid_key_is_sealed_to(alpha: Agency, row: KeyRow, usable: bool) -> None:
    keyset = replace(alpha.keyset, rows=(row,))
    assert newest_encryption_key(keyset, PQ1, NOW) == (row if usable else None)


def test_newest_signing_keys_are_complete_or_none(alpha: Agency) -> None:
    algs = [row.key.alg for row in newest_signing_keys(alpha.keyset, PQ1, NOW)]
    assert algs == ["Ed25519", "ML-DSA-65"]
    lattice_alone = tuple(row for row in alpha.rows if row.key.alg == "ML-DSA-65")
    assert newest_signing_keys(replace(alpha.keyset, rows=lattice_alone), PQ1, NOW) == ()
    assert newest_signing_keys(replace(alpha.keyset, rows=lattice_alone), EC1, NOW) == ()


def test_revocations_of_a_chain_count_from_the_first_word(alpha: Agency) -> None:
    revoked = follow(alpha, second(alpha, **rows(alpha, 0, st="revoked", since=NOW - DAY)))
    (said,) = revocations_of([alpha.keyset, revoked])
    assert (said.agency, said.kid, said.since) == ("xa-alpha", alpha.rows[0].kid, NOW - DAY)
    assert (said.log_time, said.code) == (NOW, None)
