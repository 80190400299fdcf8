# SPDX-License-Identifier: Apache-2.0
"""A move of an agency's keys: the keyset is checked before signing, two roots sign apart, a slice opens by a newer key."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accord.envelope.encoding import parse_json
from accord.envelope.errors import (
    Failure,
    KeyRefusedError,
    MalformedError,
    OpeningError,
    VerificationError,
)
from accord.envelope.jwe import Entry, read_entries
from accord.envelope.jws import add_signatures
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import CHANGED, check_next_keyset, verify_keyset
from accord.envelope.private import DecryptionKey, Root, generate_decryption_key
from accord.envelope.reading import open_alert
from accord.envelope.reseal import hand_over
from accord.envelope.statements.form import parse_statement
from accord.envelope.vocabulary import statement_typ
from tests.envelope.receiving import slice_for
from tests.envelope.world import ALERT, NOW, Agency, World, make_agency

NEW = generate_decryption_key(PQ1)


def moved(alpha: Agency, *, signer: Any = None, **changes: Any) -> bytes:
    """The payload of version 2, under the announced root."""
    usual = {"version": 2, "prev": alpha.keyset.od, "root": alpha.next_root.public, "nroot": "ab" * 32}
    both = signer or alpha.root.change_signer(alpha.next_root)
    signed = alpha.sign_keyset(alpha.body(**usual | {"custody": "agency"} | changes), signer=both, iat=NOW)
    return parse_statement(signed).jws.payload


def test_two_roots_sign_apart_and_the_whole_is_the_keyset_that_was_checked() -> None:
    alpha = make_agency("xa-alpha", custody="hub")
    payload = moved(alpha)
    checked = check_next_keyset(payload, previous=alpha.keyset)
    assert (checked.custody, checked.succession) == ("agency", CHANGED)
    halves = [
        root.signer.sign_jws(statement_typ("keyset"), payload) for root in (alpha.root, alpha.next_root)
    ]
    whole = verify_keyset(
        add_signatures(*halves), pinned=alpha.root.fingerprint, previous=alpha.keyset, strict=True
    )
    assert whole == checked
    with pytest.raises(VerificationError) as refused:
        verify_keyset(add_signatures(*reversed(halves)), pinned=alpha.root.fingerprint, previous=alpha.keyset)
    assert refused.value.failure is Failure.SIGNERS
    with pytest.raises(MalformedError):
        add_signatures(halves[0], alpha.next_root.signer.sign_jws(statement_typ("keyset"), payload + b" "))
    with pytest.raises(MalformedError):
        add_signatures(halves[0], b"{}")


@pytest.mark.parametrize(
    ("changes", "failure"),
    [
        ({"prev": "A" * 43}, Failure.KEYSET_CHAIN),
        ({"root": Root.generate().public}, Failure.KEYSET_ROOT),
    ],
)
def test_what_does_not_follow_is_not_signed(changes: dict[str, Any], failure: Failure) -> None:
    alpha = make_agency("xa-alpha")
    with pytest.raises(VerificationError) as refused:
        check_next_keyset(moved(alpha, **changes), previous=alpha.keyset)
    assert refused.value.failure is failure


def test_a_keyset_with_a_kid_twice_is_not_signed() -> None:
    alpha = make_agency("xa-alpha")
    with pytest.raises(KeyRefusedError):
        check_next_keyset(moved(alpha, rows=[*alpha.rows, alpha.rows[0]]), previous=alpha.keyset)


def test_other_signers_than_those_who_must_are_refused() -> None:
    alpha = make_agency("xa-alpha")
    payload = moved(alpha, signer=alpha.root.change_signer(Root.generate()))
    with pytest.raises(VerificationError) as refused:
        check_next_keyset(payload, previous=alpha.keyset)
    assert refused.value.failure is Failure.SIGNERS


def handed(octets: bytes, reader: Agency, to: DecryptionKey) -> Entry:
    """Seal the slice's content key again to another key."""
    entry = json.loads(octets)["jwe"]["recipients"][0]
    suite = PQ1 if entry["header"]["alg"].startswith("HPKE") else EC1
    (own,) = read_entries([entry], suite)
    text = hand_over(own, key=reader.private_keys[own.kid], to=to.public)
    (found,) = read_entries([parse_json(text.encode(), limit=8192)], *to.public.suites)
    return found


def opened_by(scene: World, octets: bytes, reader: Agency, entry: Entry, key: DecryptionKey) -> Any:
    return open_alert(
        scene.verify(octets, reader.id),
        handed=entry,
        keys={key.public.kid: key},
        blobs=[],
        seen=lambda iss, jti: None,
        now=NOW,
    )


def test_a_slice_opens_by_what_was_sealed_again_and_by_nothing_else(scene: World) -> None:
    bravo, charlie = scene.others[:2]
    octets = slice_for(scene, scene.seal(), bravo)
    entry = handed(octets, bravo, NEW)
    assert entry.kid == NEW.public.kid
    assert opened_by(scene, octets, bravo, entry, NEW).alert == ALERT
    other = slice_for(scene, scene.seal(), bravo)
    with pytest.raises(OpeningError) as refused:
        opened_by(scene, other, bravo, entry, NEW)
    assert refused.value.cause is Failure.DECRYPT
    stranger = generate_decryption_key(PQ1)
    with pytest.raises(OpeningError) as refused:
        opened_by(scene, octets, bravo, entry, stranger)
    assert refused.value.cause is Failure.KEY_MISSING
    with pytest.raises(OpeningError) as refused:
        hand_over(entry, key=next(iter(charlie.private_keys.values())), to=NEW.public)
    assert refused.value.cause is Failure.KEY_MISSING
