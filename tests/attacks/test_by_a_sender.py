# SPDX-License-Identifier: Apache-2.0
"""Attacks by a dishonest sender with its own valid keys."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from accord.envelope.encoding import b64u, canonical, sha256
from accord.envelope.errors import Failure, OpeningError, VerificationError
from accord.envelope.jwe import (
    head_of,
    join_jwe,
    leaf_hashes,
    parse_jwe,
    recipients_root,
    wrap_for,
)
from accord.envelope.keyrule import Reaffirmed, Repudiated
from accord.envelope.keysets import KeyRow, Revocation, verify_keyset
from accord.envelope.private import SignerSet, generate_signing_keys
from accord.envelope.reaffirming import standing_after
from accord.envelope.seal import SealedEnvelope
from accord.envelope.statements.checks import verify_logged_revoke, verify_statement
from accord.envelope.statements.form import SubjectRef, make_statement, parse_statement
from accord.envelope.unseal import decrypt
from tests.attacks.gcm import two_faced
from tests.envelope.receiving import intake_failure, opening_cause, slice_failure, slice_for
from tests.envelope.tampering import manifest_of, read, signed_again
from tests.envelope.world import ALERT, DAY, NOW, World, terms, uuid7


def test_sealing_two_contents_under_one_ciphertext(scene: World) -> None:
    """One ciphertext and tag opens for bravo with one key and for charlie with another: the signed `pd` fits only one of them."""
    sealed = scene.seal()
    jwe = parse_jwe(sealed.jwe, scene.suite, limit=10**6)
    first, second = os.urandom(32), os.urandom(32)
    genuine = scene.open(slice_for(scene, sealed, scene.others[0]), scene.others[0]).inner_jws
    stream = Cipher(algorithms.AES(first), modes.CTR(jwe.iv + (2).to_bytes(4, "big"))).encryptor()
    ciphertext, tag = two_faced((first, second), jwe.iv, stream.update(genuine), jwe.gcm_aad, free=20)
    forged = replace(jwe, ciphertext=ciphertext, tag=tag)
    faces = [decrypt(forged, key) for key in (first, second)]
    assert faces[0] != faces[1]
    assert faces[0][:320] == genuine[:320]

    envelope = _under_both_keys(scene, forged, sealed, (first, first, second), faces[0])
    bravo, charlie = scene.others
    assert opening_cause(scene, slice_for(scene, envelope, charlie), charlie) is Failure.INNER_DIGEST
    # Bravo's plaintext has the signed digest and fails at the next check: the solved block is not base64url.
    assert opening_cause(scene, slice_for(scene, envelope, bravo), bravo) is Failure.MALFORMED


def _under_both_keys(
    scene: World, jwe: object, sealed: SealedEnvelope, content_keys: tuple[bytes, ...], inner: bytes
) -> SealedEnvelope:
    """Return alpha's manifest over a forged ciphertext, each entry wrapping the key it is given."""
    agencies = [scene.alpha, *scene.others]
    entries = [
        wrap_for(scene.suite, agency.decryption[scene.suite].public, key)
        for agency, key in zip(agencies, content_keys, strict=True)
    ]
    parts = [b64u(getattr(jwe, name)) for name in ("iv", "ciphertext", "tag")]
    protected, aad = jwe.protected, jwe.aad  # type: ignore[attr-defined]
    head = head_of(protected, aad, *parts)
    facts = {
        "ct": jwe.ct,  # type: ignore[attr-defined]
        "pd": b64u(sha256(inner)),
        "rr": recipients_root(leaf_hashes([agency.id for agency in agencies], entries)),
    }
    with_entries = replace(sealed, jwe=join_jwe(head, entries).encode())
    return signed_again(with_entries, scene.alpha.signing[scene.suite], **facts)


def test_saying_different_things_outside_and_inside(scene: World) -> None:
    """A manifest promises GREEN and the content says CLEAR: the reader compares them, and the manifest binds the sealed part."""
    sealed = scene.seal()
    signer = scene.alpha.signing[scene.suite]
    assert intake_failure(scene, signed_again(sealed, signer, tlp="CLEAR")) is Failure.AAD
    relabelled = signed_again(sealed, signer, pri="flash")
    octets = slice_for(scene, relabelled, scene.others[0])
    assert opening_cause(scene, octets, scene.others[0]) is Failure.INNER_DIFFERS


def test_backdating_a_signature(scene: World) -> None:
    """`iat` is dated before a key was stolen, or before it was valid: the ledger's time counts, not the signer's."""
    kid = scene.alpha.signing[scene.suite].signers[0].kid
    scene.directory.revokes = [Revocation("xa-alpha", kid, NOW - DAY, "stolen", "A" * 43, NOW - 60)]
    backdated = scene.seal(terms=terms(iat=NOW - 9 * DAY))
    bravo = scene.others[0]
    with pytest.raises(VerificationError) as refused:
        scene.intake(backdated)
    assert refused.value.failure is Failure.KEY_REVOKED
    scene.directory.revokes = []
    assert intake_failure(scene, backdated) is Failure.STALE
    # If a hub carries it all the same, it logs it now, and readers see the log's time.
    octets = slice_for(scene, scene.seal(), bravo)
    scene.directory.revokes = [Revocation("xa-alpha", kid, NOW - DAY, "stolen", "A" * 43, NOW - 60)]
    assert slice_failure(scene, octets, bravo) is Failure.KEY_REVOKED


def test_backdating_a_revocation(scene: World) -> None:
    """Alpha regrets an alert and revokes its key "since before": the alert stays, shown to everybody as repudiated."""
    bravo = scene.others[0]
    octets = slice_for(scene, scene.seal(), bravo)
    kid = scene.alpha.signing[scene.suite].signers[0].kid
    scene.directory.revokes = [Revocation("xa-alpha", kid, NOW - DAY, "lost", "A" * 43, NOW + 60)]
    opened = scene.open(octets, bravo)
    assert (opened.alert, opened.standing) == (ALERT, Repudiated(NOW, NOW - DAY, NOW + 60))


def test_reaffirming_with_the_revoked_key(pq1: World) -> None:
    """The holder of a stolen key says that the alert was genuine: only a statement under a valid key counts."""
    bravo = pq1.others[0]
    sealed = pq1.seal()
    octets = slice_for(pq1, sealed, bravo)
    subject = SubjectRef("manifest", sealed.jti, sealed.md)
    stolen = pq1.alpha.signing["PQ1"]
    fresh = SignerSet(generate_signing_keys("PQ1"))
    rows = (*pq1.alpha.keyset.rows, *(KeyRow(key, NOW - DAY, NOW + DAY) for key in fresh.signers))
    pq1.directory.keysets["xa-alpha"].append(replace(pq1.alpha.keyset, version=2, rows=rows))
    pq1.directory.revokes = [
        Revocation("xa-alpha", stolen.signers[0].kid, NOW - DAY, "stolen", "A" * 43, NOW + 60)
    ]
    standing = pq1.open(octets, bravo).standing
    words = {
        name: make_statement(
            "reaffirm", iss="xa-alpha", signer=signer, suite="PQ1", id=uuid7(n), iat=NOW + 90, nonce=bytes(16),
            sub=subject,
        )
        for n, (name, signer) in enumerate({"thief": stolen, "owner": fresh}.items())
    }  # fmt: skip
    with pytest.raises(VerificationError) as refused:
        verify_statement(parse_statement(words["thief"]), pq1.directory, log_time=NOW + 90)
    assert refused.value.failure is Failure.KEY_REVOKED
    while_repudiated = verify_statement(parse_statement(words["thief"]), pq1.directory, log_time=NOW)
    assert standing_after(standing, [while_repudiated], subject, "xa-alpha") == standing
    owner = verify_statement(parse_statement(words["owner"]), pq1.directory, log_time=NOW + 90)
    assert standing_after(standing, [owner], subject, "xa-alpha") == Reaffirmed(
        NOW, NOW - DAY, NOW + 60, NOW + 90
    )


def test_revoking_from_tomorrow(pq1: World) -> None:
    """Refuse a `since` in the future, in a `revoke` and in a row of a keyset: it would leave a thief time."""
    alpha = pq1.alpha
    kid = alpha.signing["PQ1"].signers[0].kid
    payload = {
        "v": 1, "k": "revoke", "suite": "PQ1", "iss": alpha.id, "id": uuid7(5), "iat": NOW, "exp": None,
        "nonce": b64u(bytes(16)), "signers": [key.kid for key in alpha.root.signer.signers], "sub": None,
        "act": None, "cp": None, "body": {"kid": kid, "since": NOW + 1, "code": "stolen"},
    }  # fmt: skip
    ahead = alpha.root.signer.sign_jws("accord-revoke+jws", canonical(payload))
    with pytest.raises(Exception, match="revoke since"):
        verify_logged_revoke(ahead, [alpha.keyset], log_time=NOW)
    rows = [replace(row, st="revoked", since=NOW + 1) if row.kid == kid else row for row in alpha.rows]
    octets = alpha.sign_keyset(alpha.body(version=2, prev=alpha.keyset.od, rows=rows), iat=NOW)
    with pytest.raises(VerificationError) as refused:
        verify_keyset(octets, pinned=alpha.root.fingerprint, previous=alpha.keyset, log_time=NOW)
    assert refused.value.failure is Failure.KEYSET_CHAIN


def test_loosening_a_since(pq1: World) -> None:
    """A later keyset withdraws a revocation, or dates it later, so that the thief's signatures would count again."""
    alpha = pq1.alpha
    kid = alpha.signing["PQ1"].signers[0].kid

    def rows(since: int | None) -> list[KeyRow]:
        state = "current" if since is None else "revoked"
        return [replace(row, st=state, since=since) if row.kid == kid else row for row in alpha.rows]

    pinned = alpha.root.fingerprint
    strict = verify_keyset(
        alpha.sign_keyset(alpha.body(version=2, prev=alpha.keyset.od, rows=rows(NOW - DAY)), iat=NOW),
        pinned=pinned,
        previous=alpha.keyset,
        log_time=NOW,
    )
    for since in (NOW - DAY + 1, None):
        loose = alpha.sign_keyset(alpha.body(version=3, prev=strict.od, rows=rows(since)), iat=NOW)
        with pytest.raises(VerificationError) as refused:
            verify_keyset(loose, pinned=pinned, previous=strict, log_time=NOW)
        assert refused.value.failure is Failure.KEYSET_CHAIN
    earlier = alpha.sign_keyset(alpha.body(version=3, prev=strict.od, rows=rows(NOW - 2 * DAY)), iat=NOW)
    assert verify_keyset(earlier, pinned=pinned, previous=strict, log_time=NOW).version == 3


def test_giving_a_recipient_an_entry_that_does_not_open(scene: World) -> None:
    """Charlie's entry wraps a wrong key, to exclude it silently: its client can say so in a signed statement."""
    sealed, charlie = scene.seal(), scene.others[1]
    value = read(sealed.jwe)
    value["recipients"][2] = json.loads(
        wrap_for(scene.suite, charlie.decryption[scene.suite].public, bytes(32))
    )
    texts = [json.dumps(entry, sort_keys=True, separators=(",", ":")) for entry in value["recipients"]]
    rr = recipients_root(leaf_hashes(["xa-alpha", "xb-bravo", "xc-charlie"], texts))
    forged = signed_again(
        replace(sealed, jwe=json.dumps(value, separators=(",", ":")).encode()),
        scene.alpha.signing[scene.suite],
        rr=rr,
    )
    with pytest.raises(OpeningError) as refused:
        scene.open(slice_for(scene, forged, charlie), charlie)
    assert refused.value.ack_code == "check-failed"
    assert manifest_of(sealed)["ct"] == manifest_of(forged)["ct"]
