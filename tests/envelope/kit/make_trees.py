# SPDX-License-Identifier: Apache-2.0
"""The ledger: tree hashing and proofs, signed checkpoints, receipts. Ed25519 signatures are equal on every run."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from accord.envelope.private import LedgerKey
from tests.envelope.kit import formulas
from tests.envelope.kit.building import Body, bad, document, good
from tests.envelope.kit.make_payloads import digest
from tests.envelope.kit.seeds import LEDGER_NAME, ledger_key, octets
from tests.envelope.world import NOW

LEAVES = [f"leaf {n}" for n in range(8)]
HASHES = [formulas.leaf_hash(leaf.encode()) for leaf in LEAVES]


def _texts(hashes: list[bytes]) -> list[str]:
    return [formulas.b64u(value) for value in hashes]


def merkle() -> Body:
    sizes = [
        good(f"{size} leaves", "tree-root", formulas.b64u(formulas.root(HASHES[:size])), leaves=LEAVES[:size])
        for size in range(9)
    ]
    proofs = [
        good(f"{index} of {size}", "inclusion", True, **_inclusion(index, size)) for index, size in _PLACES
    ]
    grown = [
        good(f"{first} to {size}", "consistency", True, **_growth(first, size)) for first, size in _GROWN
    ]
    return document("RFC 9162 over leaves of text; hashes base64url.", [*sizes, *proofs, *grown, *_broken()])


_PLACES = ((0, 1), (0, 2), (1, 2), (2, 3), (0, 5), (4, 5), (3, 7), (6, 7), (5, 8))
_GROWN = ((0, 3), (3, 3), (1, 2), (2, 3), (3, 7), (4, 8), (6, 8), (7, 8))


def _inclusion(index: int, size: int) -> dict[str, Any]:
    leaves = HASHES[:size]
    path = _texts(formulas.path(leaves, index))
    root = formulas.b64u(formulas.root(leaves))
    return {"leaf": formulas.b64u(leaves[index]), "index": index, "size": size, "path": path, "root": root}


def _growth(first: int, second: int) -> dict[str, Any]:
    path = formulas.consistency(HASHES[:second], first) if first else []
    roots = [formulas.b64u(formulas.root(HASHES[:size])) for size in (first, second)]
    return {
        "first": first, "second": second, "path": _texts(path), "first_root": roots[0], "second_root": roots[1],
    }  # fmt: skip


def _broken() -> list[Body]:
    proof, growth = _inclusion(3, 7), _growth(3, 7)
    path = proof["path"]
    wrong: dict[str, tuple[str, dict[str, Any]]] = {
        "inclusion: another index": ("inclusion", proof | {"index": 2}),
        "inclusion: index = size": ("inclusion", proof | {"index": 7}),
        "inclusion: a negative index": ("inclusion", proof | {"index": -1}),
        "inclusion: another size": ("inclusion", proof | {"size": 4}),
        "inclusion: a hash too few": ("inclusion", proof | {"path": path[:-1]}),
        "inclusion: a hash too many": ("inclusion", proof | {"path": [*path, path[0]]}),
        "inclusion: two hashes swapped": ("inclusion", proof | {"path": [path[1], path[0], *path[2:]]}),
        "inclusion: another root": ("inclusion", proof | {"root": path[0]}),
        "inclusion: a short hash": ("inclusion", proof | {"path": ["AAAA", *path[1:]]}),
        "inclusion: a node passed off as a leaf": ("inclusion", _node_as_leaf()),
        "consistency: two roots for one size": ("consistency", _growth(3, 3) | {"second_root": path[0]}),
        "consistency: the smaller root": ("consistency", growth | {"first_root": path[0]}),
        "consistency: the larger root": ("consistency", growth | {"second_root": path[0]}),
        "consistency: no proof": ("consistency", growth | {"path": []}),
        "consistency: a hash too many": ("consistency", growth | {"path": [*growth["path"], path[0]]}),
        "consistency: backwards": ("consistency", growth | {"first": 7, "second": 3}),
        "consistency: an empty tree of another root": (
            "consistency",
            _growth(0, 3) | {"first_root": path[0]},
        ),
    }
    return [bad(name, do, "proof-refused", "receipt", **given) for name, (do, given) in wrong.items()]


def _node_as_leaf() -> dict[str, Any]:
    proof = _inclusion(0, 2)
    content = HASHES[0] + HASHES[1]
    return proof | {"leaf": formulas.b64u(formulas.leaf_hash(content)), "size": 1, "path": []}


def checkpoint_text(size: int, root: bytes, origin: str = LEDGER_NAME) -> str:
    """A checkpoint's text: origin, size, root."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def note(text: str, key: LedgerKey | None = None, *, name: str | None = None) -> str:
    """Sign a note over `text` by the formula of the page."""
    signer = key or ledger_key()
    signature = signer._material.sign(text.encode())
    return formulas.note(name or signer.name, signer.verifier.public, signature, text)


def checkpoints() -> Body:
    text = checkpoint_text(8, formulas.root(HASHES))
    signed, other = note(text), note(text, ledger_key("other.example"))
    line = other.split("\n\n")[1]
    vkeys = [ledger_key().vkey]
    both = [*vkeys, ledger_key("other.example").vkey]
    cases = _good_notes(signed, line, both)
    cases += [_no_checkpoint(name, written) for name, written in _no_notes(signed, text).items()]
    cases += [
        _no_checkpoint("a bad second signature by a pinned key", signed + _other_signature(line), vkeys=both),
        _no_checkpoint("signed by a pinned key of another name", other, vkeys=both),
        _no_checkpoint("a pinned key of small order", signed, vkeys=[_vkey_of(bytes([1, *bytes(31)]))]),
    ]
    return document("A C2SP signed note with a checkpoint, under pinned keys.", cases, vkeys=vkeys)


def _good_notes(signed: str, line: str, both: list[str]) -> list[Body]:
    """Accepted notes; `line` is a signature by the other key of `both`."""
    result = {"origin": LEDGER_NAME, "size": 8, "root": formulas.b64u(formulas.root(HASHES))}
    empty = {"origin": LEDGER_NAME, "size": 0, "root": formulas.b64u(formulas.h())}
    unknown_name = signed + _stranger("un\x80known")
    short = signed + _stranger(size=5)
    return [
        good("a checkpoint", "checkpoint", result, note=signed),
        good("an empty tree", "checkpoint", empty, note=note(checkpoint_text(0, formulas.h()))),
        good("a second signature by an unknown key", "checkpoint", result, note=signed + line),
        good("two pinned keys", "checkpoint", result, note=signed + line, vkeys=both),
        good("64 signature lines", "checkpoint", result, note=signed + line * 63),
        good("a control character above U+007F in an unknown name", "checkpoint", result, note=unknown_name),
        good("a signature of one octet by an unknown key", "checkpoint", result, note=short),
    ]


def _no_checkpoint(name: str, written: str, **given: Any) -> Body:
    return bad(name, "checkpoint", "note-refused", "receipt", note=written, **given)


def _vkey_of(public: bytes) -> str:
    key_id = formulas.h(LEDGER_NAME.encode(), b"\n\x01", public)[:4].hex()
    return f"{LEDGER_NAME}+{key_id}+{base64.b64encode(bytes([1]) + public).decode()}"


def _other_signature(line: str) -> str:
    """Change one bit of the signature in a signature line."""
    head, _, encoded = line.rstrip("\n").rpartition(" ")
    changed = bytearray(base64.b64decode(encoded))
    changed[20] ^= 1
    return f"{head} {base64.b64encode(changed).decode()}\n"


def _stranger(name: str = "unknown", size: int = 68) -> str:
    """A signature line of an unknown key: key id and signature are `size` meaningless octets."""
    return f"\N{EM DASH} {name} {base64.b64encode(octets('stranger', size)).decode()}\n"


def _no_notes(signed: str, text: str) -> dict[str, str]:
    body, lines = signed.split("\n\n")
    root = text.split("\n")[2]
    return {
        "another size": signed.replace("\n8\n", "\n9\n"),
        "a changed signature": f"{body}\n\n{_other_signature(lines)}",
        "no signature": f"{body}\n\n",
        "no blank line": f"{body}\n{lines}",
        "a fourth line": note(text + "extension\n"),
        "two lines": note(f"{LEDGER_NAME}\n8\n"),
        "a size with a leading zero": note(text.replace("\n8\n", "\n08\n")),
        "a size of 2^53": note(text.replace("\n8\n", f"\n{2**53}\n")),
        "a root of 31 octets": note(f"{LEDGER_NAME}\n8\n{base64.b64encode(bytes(31)).decode()}\n"),
        "a root in base64url": note(text.replace(root, "-" + root[1:])),
        "an empty tree with a root": note(text.replace("\n8\n", "\n0\n")),
        "another origin than the key's name": note(checkpoint_text(8, bytes(32), "else.example/log")),
        "a carriage return": note(text.replace("\n8\n", "\r\n8\n")),
        "a hyphen for the dash": signed.replace("\N{EM DASH}", "-"),
        "no final line feed": signed[:-1],
        "65 signature lines": signed + _stranger() * 64,
        "an unknown key without signature": signed + _stranger(size=4),
        "a space of U+0085 in an unknown name": signed + _stranger("un\x85known"),
        "a space of U+00A0 in an unknown name": signed + _stranger("un\xa0known"),
        "a space of U+2028 in an unknown name": signed + _stranger("un\u2028known"),
        "U+007F in an unknown name": signed + _stranger("un\x7fknown"),
        "a plus in an unknown name": signed + _stranger("un+known"),
        "an unknown name of 256": signed + _stranger("x" * 256),
        "a tab in an unknown name": signed + _stranger("un\tknown"),
        "the pinned name with another key id": f"{body}\n\n{_stranger(LEDGER_NAME, 68)}",
        "by a key that nobody pinned": note(text, ledger_key("stranger.example")),
    }


def handovers() -> Body:
    old, new, newest = (ledger_key(number=number) for number in (1, 2, 3))
    first, second = _handed(old, new, 1077), _handed(new, newest, 2000)
    line, other = _handover_text(old, new, 1077), ledger_key("other.example")
    signed = {old.vkey: 1077, new.vkey: 2000, newest.vkey: None}
    chains = [
        good("one, from the old key", "handovers", {old.vkey: 1077, new.vkey: None}, notes=[first], vkeys=[old.vkey]),
        good("one, from the new key", "handovers", {old.vkey: 1077, new.vkey: None}, notes=[first], vkeys=[new.vkey]),
        good("two, in any order", "handovers", signed, notes=[second, first], vkeys=[old.vkey]),
        good("two, from the key between", "handovers", signed, notes=[first, second], vkeys=[new.vkey]),
        good("two, from the last key", "handovers", signed, notes=[first, second], vkeys=[newest.vkey]),
        good("a stranger's", "handovers", {other.vkey: None}, notes=[first], vkeys=[other.vkey]),
        good("none", "handovers", {old.vkey: None}, notes=[], vkeys=[old.vkey]),
    ]  # fmt: skip
    refused = {
        "by the old key alone": [note(line, old)],
        "by the new key alone": [note(line, new)],
        "a bad signature of the new key": [note(line, old) + _other_signature(_line(line, new))],
        "to a key of another name": [_handed(old, other, 1077)],
        "to itself": [_handed(old, old, 1077)],
        "of another edition": [_signed(line.replace("/1\n", "/2\n", 1), old, new)],
        "with a line more": [_signed(f"{line}more\n", old, new)],
        "without its size": [_signed(line.rpartition("\n1077")[0] + "\n", old, new)],
        "with a leading zero": [_handed(old, new, "01077")],
        "with a size of 2^53": [_handed(old, new, 2**53)],
        "with a key that is none": [_signed(line.replace(new.vkey, new.vkey[:-1]), old, new)],
        "a checkpoint": [note(checkpoint_text(8, formulas.root(HASHES)), old)],
        "one key to two": [first, _handed(old, newest, 1077)],
    }
    cases = [
        bad(name, "handovers", "note-refused", "receipt", notes=notes, vkeys=[old.vkey])
        for name, notes in refused.items()
    ]
    cases.append(
        bad(
            "a hand-over for a checkpoint",
            "checkpoint",
            "note-refused",
            "receipt",
            note=first,
            vkeys=[old.vkey],
        )
    )
    return document(
        "The ledger's key is replaced: notes that both keys signed, under pinned keys.", chains + cases
    )


def _handover_text(old: LedgerKey, new: LedgerKey, size: int | str) -> str:
    return f"accord-ledger-handover/1\n{old.vkey}\n{new.vkey}\n{size}\n"


def _handed(old: LedgerKey, new: LedgerKey, size: int | str) -> str:
    return _signed(_handover_text(old, new, size), old, new)


def _signed(text: str, *keys: LedgerKey) -> str:
    """A note over `text` with a signature of each key."""
    return f"{text}\n" + "".join(_line(text, key) for key in keys)


def _line(text: str, key: LedgerKey) -> str:
    return note(text, key).removeprefix(f"{text}\n")


def leaf(n: int, **changes: Any) -> dict[str, Any]:
    """The leaf of the n-th object of a small ledger."""
    return {"d": digest(f"object {n}"), "k": "x", "t": NOW + n} | changes


LOG = [
    leaf(0),
    leaf(1, k="keyset", a="xa-alpha"),
    leaf(2),
    leaf(3, k="revoke", a="xb-bravo"),
    leaf(4),
    leaf(5),
]


def receipt_of(
    index: int, size: int = 6, log: list[dict[str, Any]] | None = None, **changes: Any
) -> dict[str, Any]:
    """The receipt of one leaf among the first `size` ones."""
    hashes = [formulas.leaf_hash(formulas.compact(item).encode()) for item in (log or LOG)][:size]
    signed = note(checkpoint_text(size, formulas.root(hashes)))
    path = _texts(formulas.path(hashes, index))
    return {"leaf": (log or LOG)[index], "index": index, "path": path, "checkpoint": signed} | changes


def _log_root(size: int) -> str:
    return formulas.b64u(
        formulas.root([formulas.leaf_hash(formulas.compact(item).encode()) for item in LOG[:size]])
    )


def _log_growth(first: int, second: int) -> list[str]:
    hashes = [formulas.leaf_hash(formulas.compact(item).encode()) for item in LOG[:second]]
    return _texts(formulas.consistency(hashes, first))


def _kept(size: int, kept_at: int, **changes: Any) -> dict[str, Any]:
    return {"origin": LEDGER_NAME, "size": size, "root": _log_root(size), "kept_at": kept_at} | changes


def receipts() -> Body:
    od = digest("object 2")
    good_ones = [
        good("an object", "receipt", _found(NOW + 2), receipt=receipt_of(2), od=od),
        good("alone in the ledger", "receipt", _found(NOW), receipt=receipt_of(0, 1), od=digest("object 0")),
        good(
            "a keyset", "receipt", _found(NOW + 1), receipt=receipt_of(1), od=digest("object 1"),
            kind="keyset", agency="xa-alpha",
        ),
        good("proved before with an earlier time", "receipt", _found(NOW - 9), receipt=receipt_of(2), od=od,
             known_log_times={od: NOW - 9}),
    ]  # fmt: skip
    cases = [*good_ones, *_under_kept(od), *_no_receipts(od)]
    about = "A receipt for the object `od`, under the pinned ledger and what the verifier kept of it."
    return document(about, cases, ledger=[ledger_key().vkey])


def _found(log_time: int, compared: bool = True) -> dict[str, Any]:
    return {"log_time": log_time, "compared": compared}


def _under_kept(od: str) -> list[Body]:
    late = digest("object 4")
    fork = _kept(3, NOW, root=digest("fork"))
    ok: Callable[..., Body] = good
    return [
        ok("kept, smaller: consistent", "receipt", _found(NOW + 4), receipt=receipt_of(4), od=late,
           kept=_kept(3, NOW + 2), consistency=_log_growth(3, 6)),
        ok("kept, larger: consistent", "receipt", _found(NOW + 2), receipt=receipt_of(2, 3), od=od,
           kept=_kept(6, NOW + 5), consistency=_log_growth(3, 6)),
        ok("kept, the same", "receipt", _found(NOW + 2), receipt=receipt_of(2), od=od, kept=_kept(6, NOW + 5)),
        ok("kept, nobody to ask", "receipt", _found(NOW + 4, False), receipt=receipt_of(4), od=late,
           kept=_kept(3, NOW + 2)),
        ok("kept 300 s after the log time", "receipt", _found(NOW + 4, False), receipt=receipt_of(4), od=late,
           kept=_kept(3, NOW + 304)),
        bad("kept 301 s after the log time", "receipt", "ledger-time-refused", "receipt", receipt=receipt_of(4),
            od=late, kept=_kept(3, NOW + 305)),
        bad("kept, of the same size and another root", "receipt", "ledger-forked", "receipt",
            receipt=receipt_of(2, 3), od=od, kept=fork, consistency=[]),
        bad("kept, of another origin", "receipt", "ledger-forked", "receipt", receipt=receipt_of(2), od=od,
            kept=_kept(6, NOW + 5, origin="other.example")),
        bad("kept, smaller: a fork", "receipt", "ledger-forked", "receipt", receipt=receipt_of(4), od=late,
            kept=fork, consistency=_log_growth(3, 6)),
        bad("kept, smaller: a broken proof", "receipt", "ledger-forked", "receipt", receipt=receipt_of(4),
            od=late, kept=_kept(3, NOW + 2), consistency=_log_growth(2, 6)),
    ]  # fmt: skip


def _no_receipts(od: str) -> list[Body]:
    path = receipt_of(2)["path"]
    wrong: dict[str, tuple[str, dict[str, Any]]] = {
        "of another object": ("receipt-refused", receipt_of(4)),
        "of a keyset": (
            "receipt-refused",
            receipt_of(1, log=[LOG[0], leaf(2, k="keyset", a="xa-alpha")], size=2),
        ),
        "a changed log time": ("proof-refused", receipt_of(2, leaf=leaf(2, t=NOW))),
        "another index": ("proof-refused", receipt_of(2) | {"index": 3}),
        "a hash too few": ("proof-refused", receipt_of(2, path=path[:-1])),
        "a checkpoint of another size": (
            "proof-refused",
            receipt_of(2, checkpoint=receipt_of(2, 5)["checkpoint"]),
        ),
        "an unsigned checkpoint": ("note-refused", receipt_of(2, checkpoint=checkpoint_text(6, bytes(32)))),
        "an additional member": ("malformed", receipt_of(2, x=1)),
        "an additional member of the leaf": ("malformed", receipt_of(2, leaf=leaf(2, x=1))),
        "an agency for a plain object": ("malformed", receipt_of(2, leaf=leaf(2, a="xa-alpha"))),
        "a kind unknown": ("malformed", receipt_of(2, leaf=leaf(2, k="y"))),
        "a log time in the year 10000": ("malformed", receipt_of(2, leaf=leaf(2, t=253_402_300_800))),
        "a log time as text": ("malformed", receipt_of(2, leaf=leaf(2, t=str(NOW)))),
        "a path of 65": ("malformed", receipt_of(2, path=["A" * 43] * 65)),
        "a negative index": ("malformed", receipt_of(2) | {"index": -1}),
    }
    cases = [
        bad(name, "receipt", word, "receipt", receipt=item, od=od) for name, (word, item) in wrong.items()
    ]
    keyset: dict[str, Any] = {"receipt": receipt_of(1), "od": digest("object 1"), "kind": "keyset"}
    cases.append(
        bad(
            "a keyset of another agency", "receipt", "receipt-refused", "receipt", agency="xb-bravo", **keyset
        )
    )
    return cases
