# SPDX-License-Identifier: Apache-2.0
"""Attacks by a thief of a private key: a root, the next root or a signing key; and by one who claims a key it does not hold."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.challenges import issue_challenge
from accord.envelope.errors import Failure, VerificationError
from accord.envelope.keysets import (
    RECOVERY_DELAY_SECS,
    KeyRow,
    Keyset,
    in_force,
    newest_in_force,
    revocations_of,
    verify_keyset,
)
from accord.envelope.private import DecryptionKey, Root, SignerSet, generate_signing_keys
from accord.envelope.statements.checks import verify_logged_revoke, verify_pop
from accord.envelope.statements.form import make_statement
from accord.envelope.unseal import open_challenge
from tests.envelope.receiving import intake_failure, slice_failure, slice_for
from tests.envelope.tampering import signed_again
from tests.envelope.world import DAY, NOW, Agency, World, known_agency, make_agency, uuid7


@pytest.fixture
def alpha() -> Agency:
    return known_agency("xa-alpha")


def following(
    agency: Agency, previous: Keyset, root: Root, nroot: str, *, signer: SignerSet | None = None, **more: Any
) -> bytes:
    """Return the keyset after `previous`, under this root and naming that successor."""
    at = more.pop("at", NOW)
    body = agency.body(version=previous.version + 1, prev=previous.od, root=root.public, nroot=nroot, **more)
    return agency.sign_keyset(body, signer=signer or root.signer, iat=at)


def refusal(octets: bytes, agency: Agency, previous: Keyset, *, pinned: str = "") -> Failure:
    with pytest.raises(VerificationError) as refused:
        verify_keyset(
            octets, pinned=pinned or agency.root.fingerprint, previous=previous, strict=True, log_time=NOW
        )
    return refused.value.failure


def test_thief_of_the_root_names_its_successor(alpha: Agency) -> None:
    """Have the thief, with the stolen root alone, announce its own root in `nroot`, or change to it at once."""
    thiefs = Root.generate()
    naming = following(alpha, alpha.keyset, alpha.root, thiefs.fingerprint)
    assert refusal(naming, alpha, alpha.keyset) is Failure.KEYSET_CHAIN
    for signer in (alpha.root.signer, thiefs.signer, alpha.root.change_signer(thiefs)):
        taking = following(alpha, alpha.keyset, thiefs, thiefs.fingerprint, signer=signer)
        assert refusal(taking, alpha, alpha.keyset) in (Failure.KEYSET_ROOT, Failure.SIGNERS)
    with pytest.raises(VerificationError) as refused:
        verify_keyset(
            following(alpha, alpha.keyset, thiefs, thiefs.fingerprint),
            pinned=alpha.root.fingerprint,
            log_time=NOW,
        )
    assert refused.value.failure is Failure.KEYSET_ROOT


def test_thief_of_the_next_root_hurries(alpha: Agency) -> None:
    """Have the thief, with the next root alone, recover, follow itself at once, and revoke alpha's keys: all of it must wait."""
    kid = alpha.signing["PQ1"].signers[0].kid
    own = Root.generate()
    revoked = [replace(row, st="revoked", since=NOW - DAY) if row.kid == kid else row for row in alpha.rows]
    recovery = verify_keyset(
        following(alpha, alpha.keyset, alpha.next_root, own.fingerprint, rows=revoked),
        pinned=alpha.root.fingerprint,
        previous=alpha.keyset,
        log_time=NOW,
    )
    second = verify_keyset(
        following(alpha, recovery, alpha.next_root, own.fingerprint, rows=revoked, at=NOW + 60),
        pinned=alpha.next_root.fingerprint,
        previous=recovery,
        log_time=NOW + 60,
    )
    chain = [alpha.keyset, recovery, second]
    end = NOW + RECOVERY_DELAY_SECS
    assert newest_in_force(chain, end - 1) == alpha.keyset
    assert revocations_of(chain, now=end - 1) == ()
    word = _revoke(alpha, alpha.next_root, kid)
    with pytest.raises(VerificationError) as refused:
        verify_logged_revoke(word, chain, log_time=NOW + 120)
    assert refused.value.failure is Failure.SIGNERS

    # Alpha sees the entry in the ledger and signs a keyset with the old root: none of the thief's keysets ever counts.
    rescue = verify_keyset(
        following(alpha, alpha.keyset, alpha.root, alpha.next_root.fingerprint),
        pinned=alpha.root.fingerprint,
        previous=alpha.keyset,
        log_time=end - 1,
    )
    cancelled = [*chain, rescue]
    for moment in (end, end + 365 * DAY):
        assert [keyset.od for keyset in in_force(cancelled, moment)] == [alpha.keyset.od, rescue.od]
        assert revocations_of(cancelled, now=moment) == ()


def _revoke(agency: Agency, root: Root, kid: str) -> bytes:
    return make_statement(
        "revoke", iss=agency.id, signer=root.signer, suite="PQ1", id=uuid7(6), iat=NOW, nonce=bytes(16),
        body={"kid": kid, "since": NOW - DAY, "code": "lost"},
    )  # fmt: skip


def test_revoking_another_agencys_key(alpha: Agency) -> None:
    """Mallory's valid root revokes alpha's key, in its own name and in alpha's."""
    mallory = known_agency("xm-mallory")
    kid = alpha.signing["PQ1"].signers[0].kid
    own_name = _revoke(mallory, mallory.root, kid)
    for chain, failure in (([mallory.keyset], Failure.KEY_UNKNOWN), ([alpha.keyset], Failure.ISSUER)):
        with pytest.raises(VerificationError) as refused:
            verify_logged_revoke(own_name, chain, log_time=NOW)
        assert refused.value.failure is failure
    with pytest.raises(VerificationError) as refused:
        verify_logged_revoke(_revoke(alpha, mallory.root, kid), [alpha.keyset], log_time=NOW)
    assert refused.value.failure is Failure.SIGNERS


def test_using_a_stolen_signing_key(scene: World) -> None:
    """A thief seals in alpha's name: intake refuses once the key is suspended, readers refuse once it is revoked."""
    bravo = scene.others[0]
    stolen = scene.seal()
    kids = {key.kid for key in scene.alpha.signing[scene.suite].signers}
    scene.directory.suspended |= kids
    # A suspension blocks no reader: an envelope that came in before stays valid.
    assert intake_failure(scene, stolen) is Failure.KEY_SUSPENDED
    scene.directory.suspended -= kids
    octets = slice_for(scene, stolen, bravo)
    assert scene.open(octets, bravo).log_time == NOW
    rows = tuple(
        replace(row, st="revoked", since=NOW) if row.kid in kids else row for row in scene.alpha.keyset.rows
    )
    ended = replace(scene.alpha.keyset, version=2, rows=rows, log_time=NOW)
    scene.directory.keysets["xa-alpha"].append(ended)
    assert slice_failure(scene, octets, bravo) is Failure.KEY_REVOKED


def test_using_a_key_of_another_agency_or_use(scene: World) -> None:
    """Alpha's manifest names a signing key that is bravo's, or alpha's own encryption key."""
    sealed, bravo = scene.seal(), scene.others[0]
    borrowed = signed_again(
        sealed, bravo.signing[scene.suite], signers=[key.kid for key in bravo.signing[scene.suite].signers]
    )
    assert intake_failure(scene, borrowed) is Failure.KEY_UNKNOWN
    misused = replace(
        scene.alpha.keyset,
        rows=tuple(
            KeyRow(DecryptionKey.generate("X25519").public, row.nbf, row.exp) if row.use == "sign" else row
            for row in scene.alpha.keyset.rows
        ),
    )
    scene.directory.keysets["xa-alpha"] = [misused]
    assert intake_failure(scene, sealed) is Failure.KEY_UNKNOWN
    # An encryption key under the kid of a signing key verifies no signature either.
    swapped = _relabelled(scene)
    scene.directory.keysets["xa-alpha"] = [swapped]
    assert intake_failure(scene, sealed) is Failure.KEY_USE


def _relabelled(scene: World) -> Keyset:
    """Return alpha's keyset with the kids of signing keys put on encryption keys, as a faulty store could have it."""
    signers = {key.kid for key in scene.alpha.signing[scene.suite].signers}

    def under(row: KeyRow) -> KeyRow:
        key = DecryptionKey.generate("X25519").public
        key.kid = row.kid
        return replace(row, key=key) if row.kid in signers else row

    return replace(scene.alpha.keyset, rows=tuple(map(under, scene.alpha.keyset.rows)))


def test_forging_a_proof_of_possession(alpha: Agency) -> None:
    """Mallory claims alpha's public keys as its own, without the private halves."""
    keys = [row.key for row in alpha.rows if row.use == "enc"]
    signing = [row.key for row in alpha.rows if row.use == "sign"]
    challenge = issue_challenge("xm-mallory", keys, challenge=os.urandom(32), nonces=[os.urandom(32)] * 2)
    guesses = [{"kid": key.kid, "nonce": "A" * 43} for key in keys]
    mallory = make_agency("xm-mallory", suites=("PQ1",))

    def proof(signer: SignerSet, enc: list[dict[str, str]], chal: str) -> bytes:
        return make_statement(
            "pop", iss="xm-mallory", signer=signer, suite="PQ1", id=uuid7(9), iat=NOW, nonce=bytes(16),
            body={"chal": chal, "enc": enc},
        )  # fmt: skip

    own = mallory.signing["PQ1"]
    for octets, expected, failure in (
        (proof(own, guesses, challenge.chal), signing, Failure.SIGNERS),
        (proof(own, guesses, challenge.chal), own.signers, Failure.CHALLENGE),
        (proof(own, [], challenge.chal), own.signers, Failure.CHALLENGE),
    ):
        with pytest.raises(VerificationError) as refused:
            verify_pop(
                octets, agency="xm-mallory", signing=list(expected), chal=challenge.chal,
                nonce_digests=challenge.nonce_digests, now=NOW,
            )  # fmt: skip
        assert refused.value.failure is failure


def test_replaying_a_proof_of_possession(alpha: Agency) -> None:
    """A true proof of yesterday, or for another challenge, is shown again."""
    key, signer = alpha.decryption["PQ1"], SignerSet(generate_signing_keys("PQ1"))
    old, new = (
        issue_challenge(alpha.id, [key.public], challenge=os.urandom(32), nonces=[os.urandom(32)])
        for _ in range(2)
    )
    nonce = open_challenge(old.sealed[0]["jwe"], agency=alpha.id, chal=old.chal, key=key)
    proof = make_statement(
        "pop", iss=alpha.id, signer=signer, suite="PQ1", id=uuid7(9), iat=NOW, nonce=bytes(16),
        body={"chal": old.chal, "enc": [{"kid": key.public.kid, "nonce": nonce}]},
    )  # fmt: skip
    known: dict[str, Any] = {"agency": alpha.id, "signing": signer.signers}
    assert verify_pop(proof, chal=old.chal, nonce_digests=old.nonce_digests, now=NOW, **known).id == uuid7(9)
    for challenge, digests, now, failure in (
        (new.chal, new.nonce_digests, NOW, Failure.CHALLENGE),
        (new.chal, old.nonce_digests, NOW, Failure.CHALLENGE),
        (old.chal, old.nonce_digests, NOW + DAY + 1, Failure.STALE),
    ):
        with pytest.raises(VerificationError) as refused:
            verify_pop(proof, chal=challenge, nonce_digests=digests, now=now, **known)
        assert refused.value.failure is failure
