# SPDX-License-Identifier: Apache-2.0
"""Receipts: each proves one entry, and nothing else passes for a receipt."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from accord.envelope.encoding import b64u
from accord.envelope.errors import EnvelopeError, MalformedError
from accord.envelope.private import LedgerKey
from accord.envelope.tree.merkle import inclusion_path, leaf_hash, root_of
from accord.envelope.tree.notes import Checkpoint, VerifierKey
from accord.envelope.tree.receipts import LeafEntry, Receipt

ORIGIN = "ledger.example/accord"
KEY = LedgerKey.generate(ORIGIN)
PINNED = [VerifierKey.parse(KEY.vkey)]
D = [b64u(leaf_hash(bytes([number]))) for number in range(7)]
ENTRIES = [LeafEntry(d=d, k="x", t=1_790_000_000 + number) for number, d in enumerate(D[:6])]
ENTRIES.append(LeafEntry(d=D[6], k="keyset", t=1_790_000_009, a="xa-lab"))
HASHES = [leaf_hash(entry.encode()) for entry in ENTRIES]
NOTE = KEY.sign_note(Checkpoint(ORIGIN, 7, root_of(HASHES)).text)


def receipt_of(index: int) -> Receipt:
    return Receipt(ENTRIES[index], index, tuple(inclusion_path(HASHES, index)), NOTE)


def test_a_receipt_proves_its_digest_and_says_when_it_was_logged() -> None:
    for index in range(6):
        assert receipt_of(index).verify(d=D[index], keys=PINNED) == 1_790_000_000 + index


def test_a_keyset_receipt_names_its_agency() -> None:
    receipt = receipt_of(6)
    assert receipt.verify(d=D[6], keys=PINNED, k="keyset", a="xa-lab") == 1_790_000_009
    for k, a in (("x", None), ("keyset", "xb-lab"), ("revoke", "xa-lab"), ("keyset", None)):
        with pytest.raises(EnvelopeError):
            receipt.verify(d=D[6], keys=PINNED, k=k, a=a)


def test_the_leaf_is_hashed_as_canonical_json() -> None:
    assert ENTRIES[0].encode() == f'{{"d":"{D[0]}","k":"x","t":1790000000}}'.encode()
    assert ENTRIES[6].encode() == f'{{"a":"xa-lab","d":"{D[6]}","k":"keyset","t":1790000009}}'.encode()


def test_json_and_proof_text_carry_the_same_receipt() -> None:
    receipt = receipt_of(4)
    assert Receipt.parse(receipt.as_json()) == receipt
    assert Receipt.parse_bytes(json.dumps(receipt.as_json()).encode()) == receipt
    assert Receipt.parse_tlog_proof(receipt.tlog_proof()) == receipt
    assert receipt.tlog_proof().startswith("c2sp.org/tlog-proof@v1\nextra ")


def test_a_receipt_for_a_ledger_of_one_leaf_has_no_path() -> None:
    note = KEY.sign_note(Checkpoint(ORIGIN, 1, HASHES[0]).text)
    receipt = Receipt.parse_tlog_proof(Receipt(ENTRIES[0], 0, (), note).tlog_proof())
    assert receipt.verify(d=D[0], keys=PINNED) == 1_790_000_000


def change(receipt: dict[str, Any], **members: Any) -> dict[str, Any]:
    return receipt | members


FORGERIES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "another index": lambda receipt: change(receipt, index=2),
    "an index outside the tree": lambda receipt: change(receipt, index=7),
    "another log time": lambda receipt: change(receipt, leaf=receipt["leaf"] | {"t": 1}),
    "another digest": lambda receipt: change(receipt, leaf=receipt["leaf"] | {"d": D[1]}),
    "a cut path": lambda receipt: change(receipt, path=receipt["path"][:-1]),
    "a longer path": lambda receipt: change(receipt, path=[*receipt["path"], D[0]]),
    "a path in another order": lambda receipt: change(receipt, path=receipt["path"][::-1]),
    "a checkpoint of another size": lambda receipt: change(
        receipt, checkpoint=receipt["checkpoint"].replace("\n7\n", "\n8\n")
    ),
    "a checkpoint of another ledger": lambda receipt: change(
        receipt, checkpoint=LedgerKey.generate(ORIGIN).sign_note(Checkpoint(ORIGIN, 7, root_of(HASHES)).text)
    ),
    "no checkpoint": lambda receipt: change(receipt, checkpoint=""),
    "a further member": lambda receipt: change(receipt, promise=True),
    "a missing member": lambda receipt: {name: receipt[name] for name in ("leaf", "index", "path")},
    "a further member in the leaf": lambda receipt: change(receipt, leaf=receipt["leaf"] | {"x": 1}),
    "an agency in a plain leaf": lambda receipt: change(receipt, leaf=receipt["leaf"] | {"a": "xa-lab"}),
    "a kind of its own": lambda receipt: change(receipt, leaf=receipt["leaf"] | {"k": "y"}),
    "a truth for an index": lambda receipt: change(receipt, index=True),
    "a path that is text": lambda receipt: change(receipt, path=D[0]),
    "a hash that is not one": lambda receipt: change(receipt, path=["AAAA", *receipt["path"][1:]]),
    "an endless path": lambda receipt: change(receipt, path=[D[0]] * 65),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_receipt_is_refused(forge: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    sound = receipt_of(3).as_json()
    assert Receipt.parse(sound).verify(d=D[3], keys=PINNED)
    with pytest.raises(EnvelopeError):
        Receipt.parse(forge(sound)).verify(d=D[3], keys=PINNED)


def test_a_sound_receipt_of_another_object_is_refused() -> None:
    with pytest.raises(EnvelopeError):
        receipt_of(3).verify(d=D[4], keys=PINNED)


@pytest.mark.parametrize(
    "leaf",
    [
        pytest.param(f'{{"d":"{D[0]}","k":"x","t":1}} ', id="white space"),
        pytest.param(f'{{"k":"x","d":"{D[0]}","t":1}}', id="another order"),
        pytest.param(f'{{"d":"{D[0]}","k":"x","k":"x","t":1}}', id="a member twice"),
        pytest.param(f'{{"d":"{D[0]}","k":"keyset","t":1}}', id="a keyset without agency"),
        pytest.param(f'{{"d":"{D[0]}","k":"x","t":-1}}', id="a time before 1970"),
        pytest.param("[]", id="not an object"),
    ],
)
def test_a_leaf_of_another_shape_is_refused(leaf: str) -> None:
    with pytest.raises(MalformedError):
        LeafEntry.parse(leaf.encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("tlog-proof@v1", "tlog-proof@v2", id="another version"),
        pytest.param("extra ", "other ", id="no leaf"),
        pytest.param("index 3", "index 03", id="a leading zero"),
        pytest.param("index ", "place ", id="no index"),
        pytest.param("\n\n", "\n", id="no blank line"),
    ],
)
def test_a_proof_text_of_another_shape_is_refused(old: str, new: str) -> None:
    with pytest.raises(EnvelopeError):
        Receipt.parse_tlog_proof(receipt_of(3).tlog_proof().replace(old, new)).verify(d=D[3], keys=PINNED)
