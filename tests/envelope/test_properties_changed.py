# SPDX-License-Identifier: Apache-2.0
"""An object changed on its way is refused, or its reader learns exactly the same.

Without a refusal only the spelling of JSON outside of signed octets may vary: white space between the tokens of a
slice, a receipt, a JWE or an array of entries, and the order of their members. The properties:

- After any edit of the octets the reader raises an EnvelopeError, or returns a result that equals that of the
  unchanged octets in every field.
- For signed objects alone (manifest, statement, keyset), for blobs and for sealed parts, nothing may vary but the
  order of members.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.envelope.challenges import issue_challenge
from accord.envelope.content import Attachment, OpenedAlert
from accord.envelope.encoding import unb64u
from accord.envelope.errors import EnvelopeError
from accord.envelope.intake import VerifiedEnvelope
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import verify_keyset
from accord.envelope.release_intake import EnvelopeFacts, accept_release
from accord.envelope.seal import SealedEnvelope
from accord.envelope.statements.checks import verify_logged_revoke, verify_statement
from accord.envelope.statements.form import make_statement, parse_statement
from accord.envelope.tree.receipts import Receipt
from accord.envelope.unseal import open_attachment, open_challenge
from accord.envelope.verifying import verify_receipt
from tests.envelope.examples import examples
from tests.envelope.good_statements import good_statement
from tests.envelope.releasing import DELTA, ECHO, Chain
from tests.envelope.tampering import flipped, read, write
from tests.envelope.world import NOW, World, known_agency, make_world, uuid7

FILE = Attachment("a.bin", "application/octet-stream", b"attached" * 20)
SUITES = pytest.mark.parametrize("suite", [PQ1, EC1])


@cache
def scene(suite: str) -> tuple[World, SealedEnvelope, VerifiedEnvelope, bytes]:
    """One alert on its way, shared by all examples, with the ledger as it was when the alert was logged."""
    world = make_world(suite)
    world.ledger.log("B" * 42 + "A", NOW - 60)
    sealed = world.seal(attachments=[FILE])
    verified = world.intake(sealed)
    return world, sealed, verified, world.slice_of(verified, "xb-bravo")


# A way to read each object, and its octets.


def at_intake(suite: str, **parts: Any) -> tuple[Any, ...]:
    """All that the exchange keeps, without the spelling of the manifest."""
    world, sealed, _, _ = scene(suite)
    verified = world.intake(replace(sealed, **parts))
    return verified.manifest, verified.jwe_head, verified.entries, verified.leaf_hashes


def opened(suite: str, octets: bytes) -> OpenedAlert:
    world, sealed, _, _ = scene(suite)
    return world.open(octets, world.others[0], blobs=sealed.blobs)


@dataclass(frozen=True)
class Released:
    """Bravo's release for delta and echo: the statement, its entries, delta's slice."""

    chain: Chain
    statement: bytes
    entries: bytes
    slice: bytes


@cache
def released(suite: str) -> Released:
    chain = Chain(make_world(suite))
    statement, resealed = chain.release(chain.world.others[0], [DELTA, ECHO])
    return Released(chain, statement, resealed.entries, chain.slice(DELTA, [(statement, resealed)]))


def opened_by_release(suite: str, octets: bytes) -> OpenedAlert:
    return released(suite).chain.open(octets, DELTA)


def accepted(suite: str, statement: bytes, entries: bytes) -> tuple[Any, ...]:
    """All that the exchange keeps of a release, without the spelling of its outer JSON."""
    chain = released(suite).chain
    release = accept_release(
        parse_statement(statement),
        entries,
        envelope=EnvelopeFacts(chain.carried.manifest, ["xb-bravo", "xc-charlie"]),
        caller="xb-bravo",
        directory=chain.world.directory,
        now=NOW,
    )
    return release.statement, release.entries, release.leaf_hashes


def _is_json(octets: bytes) -> bool:
    """Tell whether any JSON parser reads it; the exchange's own is stricter."""
    try:
        json.loads(octets)
    except ValueError:
        return False
    return True


@cache
def acknowledgement() -> bytes:
    return good_statement(known_agency("xb-bravo"), "ack opened")


def heard(suite: str, octets: bytes) -> object:
    return verify_statement(parse_statement(octets), scene(suite)[0].directory, log_time=NOW)


def keyset(suite: str, octets: bytes) -> object:
    bravo = known_agency("xb-bravo")
    return verify_keyset(octets, pinned=bravo.root.fingerprint, strict=True, log_time=NOW)


@cache
def revocation() -> bytes:
    bravo = known_agency("xb-bravo")
    return make_statement(
        "revoke", iss=bravo.id, signer=bravo.root.signer, suite=PQ1, id=uuid7(3), iat=NOW, nonce=bytes(16),
        body={"kid": bravo.rows[0].kid, "since": NOW - 60, "code": "stolen"},
    )  # fmt: skip


def revoked(suite: str, octets: bytes) -> object:
    return verify_logged_revoke(octets, [known_agency("xb-bravo").keyset], log_time=NOW)


def proved(suite: str, receipt: Receipt) -> object:
    world, _, verified, _ = scene(suite)
    return verify_receipt(receipt, verified.md, world.ledger.view()), receipt.index


def receipt_of(suite: str) -> Receipt:
    return Receipt.parse(read(scene(suite)[3])["receipts"][0])


@cache
def challenge() -> tuple[str, bytes]:
    bravo = known_agency("xb-bravo")
    issued = issue_challenge(
        bravo.id, [bravo.decryption[PQ1].public], challenge=bytes(32), nonces=[b"nonce" * 6 + b"!!"]
    )
    return issued.chal, write(issued.sealed[0]["jwe"])


def answered(suite: str, octets: bytes) -> str:
    bravo, chal = known_agency("xb-bravo"), challenge()[0]
    value = json.loads(octets) if _is_json(octets) else None
    return open_challenge(value, agency=bravo.id, chal=chal, key=bravo.decryption[PQ1])


def detached(suite: str, octets: bytes) -> bytes:
    """Open an attachment from its blob without the first check, so that the second one decides."""
    _, sealed, _, slice_octets = scene(suite)
    (attachment,) = opened(suite, slice_octets).attachments
    return open_attachment(attachment, sealed.jti, octets)


Reading = tuple[Callable[[str], bytes], Callable[[str, bytes], object]]
OBJECTS: dict[str, Reading] = {
    "manifest": (lambda suite: scene(suite)[1].manifest, lambda suite, data: at_intake(suite, manifest=data)),
    "jwe": (lambda suite: scene(suite)[1].jwe, lambda suite, data: at_intake(suite, jwe=data)),
    "blob at intake": (
        lambda suite: scene(suite)[1].blobs[0],
        lambda suite, data: at_intake(suite, blobs=(data,)),
    ),
    "blob": (lambda suite: scene(suite)[1].blobs[0], detached),
    "slice": (lambda suite: scene(suite)[3], opened),
    "slice of a release": (lambda suite: released(suite).slice, opened_by_release),
    "release": (
        lambda suite: released(suite).statement,
        lambda suite, data: accepted(suite, data, released(suite).entries),
    ),
    "entries of a release": (
        lambda suite: released(suite).entries,
        lambda suite, data: accepted(suite, released(suite).statement, data),
    ),
    "statement": (lambda suite: acknowledgement(), heard),
    "keyset": (lambda suite: known_agency("xb-bravo").keyset_jws, keyset),
    "revoke": (lambda suite: revocation(), revoked),
    "receipt": (
        lambda suite: write(receipt_of(suite).as_json()),
        lambda suite, data: proved(suite, Receipt.parse_bytes(data)),
    ),
    "receipt as text": (
        lambda suite: receipt_of(suite).tlog_proof().encode(),
        lambda suite, data: proved(suite, Receipt.parse_tlog_proof(data.decode("utf-8", "replace"))),
    ),
    "challenge": (lambda suite: challenge()[1], answered),
}
# Signed objects leave no room for spelling, so every edit is refused; every octet of a blob is hashed.
RIGID = frozenset({"manifest", "blob at intake", "blob", "release", "statement", "keyset", "revoke"})

PLACES = st.floats(0, 1, exclude_max=True)


@st.composite
def edits(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """Draw a small change: an octet replaced, inserted, removed or exchanged; a piece cut, doubled or moved."""
    kind = draw(st.sampled_from(["flip", "replace", "insert", "delete", "swap", "cut", "double", "move"]))
    place, other, octet, bit = draw(PLACES), draw(PLACES), draw(st.integers(1, 255)), draw(st.integers(0, 7))

    def edit(data: bytes) -> bytes:
        at, to = int(place * len(data)), int(other * len(data))
        piece, rest = data[at : at + 1 + octet % 40], data[:at] + data[at + 1 + octet % 40 :]
        return {
            "flip": flipped(data, at, bit),
            "replace": data[:at] + bytes([data[at] ^ octet]) + data[at + 1 :],
            "insert": data[:at] + bytes([octet]) + data[at:],
            "delete": data[:at] + data[at + 1 :],
            "swap": data[:at] + data[at + 1 : at + 2] + data[at : at + 1] + data[at + 2 :],
            "cut": data[:at],
            "double": data[:at] + piece + data[at:],
            "move": rest[:to] + piece + rest[to:],
        }[kind]

    return edit


def refused(attempt: Callable[[], object], unchanged: object) -> bool:
    """True for a typed error; otherwise asserts that every field read equals that of the unchanged octets."""
    try:
        got = attempt()
    except EnvelopeError:
        return True
    assert got == unchanged
    return False


@SUITES
@pytest.mark.parametrize("name", OBJECTS)
@examples(60)
@given(edit=edits())
def test_an_edit_is_refused_or_changes_nothing(suite: str, name: str, edit: Callable[[bytes], bytes]) -> None:
    octets_of, read_it = OBJECTS[name]
    octets = octets_of(suite)
    changed = edit(octets)
    if changed != octets and refused(lambda: read_it(suite, changed), read_it(suite, octets)) is False:
        assert name not in RIGID
        assert json.loads(changed) == json.loads(octets)


@SUITES
@pytest.mark.parametrize("name", OBJECTS)
@examples(60)
@given(place=PLACES, bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused(suite: str, name: str, place: float, bit: int) -> None:
    """A single bit makes no space in compact JSON, so every flipped bit in any object is refused."""
    octets_of, read_it = OBJECTS[name]
    octets = octets_of(suite)
    with pytest.raises(EnvelopeError):
        pytest.fail(f"gives {read_it(suite, flipped(octets, int(place * len(octets)), bit))}"[:200])


@pytest.mark.parametrize("name", ["receipt", "receipt as text", "challenge"])
def test_every_single_bit_of_the_small_ones_is_refused(name: str) -> None:
    octets_of, read_it = OBJECTS[name]
    octets = octets_of(EC1)
    survivors = [
        (place, bit)
        for place in range(0, len(octets), 1 if name != "challenge" else 7)
        for bit in range(8)
        if not refused(lambda place=place, bit=bit: read_it(EC1, flipped(octets, place, bit)), object())  # type: ignore[misc]
    ]
    assert survivors == []


@SUITES
def test_every_signature_digest_and_sealed_part_of_a_slice_matters(suite: str) -> None:
    """Texts that must matter, each in its first, middle and last character."""
    octets = scene(suite)[3]
    value = read(octets)
    texts = [value["manifest"]["payload"], value["path"][0]]
    texts += [value["jwe"][name] for name in ("protected", "aad", "iv", "ciphertext", "tag")]
    texts += [value["jwe"]["recipients"][0]["encrypted_key"]]
    texts += [signature["signature"] for signature in value["manifest"]["signatures"]]
    for text in texts:
        assert unb64u(text)
        start = octets.index(text.encode())
        for position in (start, start + len(text) // 2, start + len(text) - 1):
            with pytest.raises(EnvelopeError):
                opened(suite, flipped(octets, position, 0))


# Spellings that may vary, each shown to vary.


def respelled(value: Any, draw: Callable[[Any], Any]) -> str:
    """Write the JSON value with its members in another order and white space anywhere between tokens."""
    space = st.sampled_from(["", "", " ", "\n", "\t", "\r\n  "])
    if isinstance(value, dict):
        items = draw(st.permutations(list(value.items())))
        parts = [
            f"{draw(space)}{json.dumps(name)}{draw(space)}:{draw(space)}{respelled(item, draw)}{draw(space)}"
            for name, item in items
        ]
        return "{" + ",".join(parts) + "}"
    if isinstance(value, list):
        return "[" + ",".join(f"{draw(space)}{respelled(item, draw)}{draw(space)}" for item in value) + "]"
    return json.dumps(value, ensure_ascii=draw(st.booleans()))


@SUITES
@pytest.mark.parametrize(
    "name", ["jwe", "slice", "slice of a release", "entries of a release", "receipt", "challenge"]
)
@examples(12)
@given(data=st.data())
def test_another_spelling_says_the_same(suite: str, name: str, data: st.DataObject) -> None:
    octets_of, read_it = OBJECTS[name]
    octets = octets_of(suite)
    spelled = respelled(json.loads(octets), data.draw).encode()
    assert read_it(suite, spelled) == read_it(suite, octets)


@pytest.mark.parametrize("name", ["manifest", "release", "statement", "keyset", "revoke"])
@examples(12)
@given(data=st.data())
def test_signed_objects_may_order_their_members_and_no_more(name: str, data: st.DataObject) -> None:
    octets_of, read_it = OBJECTS[name]
    octets = octets_of(PQ1)
    value = read(octets)
    signatures = [dict(data.draw(st.permutations(list(item.items())))) for item in value["signatures"]]
    members = data.draw(st.permutations([("payload", value["payload"]), ("signatures", signatures)]))
    same = write(dict(members))
    assert read_it(PQ1, same) == read_it(PQ1, octets)
    spaced = same.replace(b":", b": ", 1)
    with pytest.raises(EnvelopeError):
        read_it(PQ1, spaced)
