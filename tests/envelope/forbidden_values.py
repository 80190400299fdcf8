# SPDX-License-Identifier: Apache-2.0
"""Forbidden values of each member of each object on the wire, written down from the specification's tables.

A *sort* is a tuple of values that a member of that sort never has; a *shape* gives the sort of each member, and
the shapes of the objects in it. Independent of the code: words and limits are repeated here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str | int, ...]
Sort = tuple[Any, ...]

_DIGEST = "A" * 43
_UUID = "0193a5d8-7c31-7fce-819d-6b804eff5a3f"

NOT_TEXT: Sort = (None, True, 5, ["x"], {}, [])
TEXT: Sort = NOT_TEXT
WORD: Sort = ("", "another", "OPENED", " ", *NOT_TEXT)
DIGEST: Sort = (
    "", "A" * 42, "A" * 44, "A" * 42 + "B", "A" * 42 + "=", "+" + "A" * 42, "A" * 43 + "\n", [_DIGEST], *NOT_TEXT,
)  # fmt: skip
AGENCY: Sort = ("", "XA-alpha", "x-alpha", "xa-a", "xa-" + "a" * 21, "xa-alpha\n", "xa_alpha", *NOT_TEXT)
UUID7: Sort = (
    "", _UUID.upper(), _UUID.replace("-", ""), _UUID.replace("-7", "-4"), _UUID[:-1], _UUID + "0", *NOT_TEXT,
)  # fmt: skip
OFFICER: Sort = ("", "a" * 65, "of 1", "of/1", "of\n", "öf", *NOT_TEXT)
FINGERPRINT: Sort = ("", "a" * 63, "a" * 65, "A" * 64, "g" * 64, *NOT_TEXT)
NOT_COUNT: Sort = (None, True, False, "1", -1, 2**53, [1], {})
TIME: Sort = NOT_COUNT
FLAG: Sort = (None, 0, 1, "true", [], {})
OBJECT: Sort = (None, True, 5, "x", [], [["k", 1]])
ARRAY: Sort = (None, True, 5, "x", {}, {"0": 1})


def octets(size: int) -> Sort:
    """The sort of base64url of exactly `size` octets."""
    texts = ["A" * -(-4 * (size + more) // 3) for more in (-1, 1)]
    return ("", "=", "A" * -(-4 * size // 3) + "=", "\u00e9" * 4, *texts, *NOT_TEXT)


def count(least: int = 0, most: int = 2**53 - 1) -> Sort:
    """The sort of an integer from `least` to `most`."""
    return (*NOT_COUNT, least - 1, most + 1, str(least))


def nullable(sort: Sort) -> Sort:
    """The sort of a member that may also be null."""
    return tuple(value for value in sort if value is not None)


def words(*pair: str, least: int = 0) -> Sort:
    """The sort of a sorted set of words, two of which are given in order."""
    wrong: Sort = (
        None,
        True,
        5,
        {},
        pair[0],
        ["other"],
        [*pair[::-1]],
        [pair[0], pair[0]],
        [5],
        [None],
        [[pair[0]]],
    )
    return (*wrong, []) if least else wrong


def agencies(most: int = 500, least: int = 1) -> Sort:
    """The sort of a sorted set of agency ids."""
    many = [f"xz-{number:04d}" for number in range(most + 1)]
    few = [[many[0]]] if least == 2 else []
    return (*words("xa-aa", "xb-bb", least=1), many, ["xA-aa"], ["xa-aa\n"], *few)


Shape = Mapping[str, Any]
"""A sort, a shape, or a list of one shape (an array of such objects) for every member."""


class Maybe(dict[str, Any]):
    """The shape of an object that may be null."""


_ANY_STATEMENT: Shape = {
    "v": count(1, 1), "k": WORD, "suite": WORD, "iss": AGENCY, "id": UUID7, "iat": TIME, "nonce": octets(16),
    "signers": (None, True, {}, "x", [], [5], ["A" * 42], [_DIGEST, _DIGEST], {_DIGEST: 1}),
    "act": nullable(OFFICER), "cp": nullable(OBJECT),
}  # fmt: skip
_SUBJECT: Shape = {"k": WORD, "id": UUID7, "d": DIGEST}
_CHECKPOINT: Shape = Maybe({"n": count(), "root": DIGEST})


def statement(body: Shape, *, subject: bool = True, ends: bool = False) -> Shape:
    """The shape of a statement's payload with this body."""
    return {
        **_ANY_STATEMENT,
        "exp": TIME if ends else nullable(OBJECT),
        "sub": _SUBJECT if subject else nullable(OBJECT),
        "cp": _CHECKPOINT,
        "body": body,
    }


STATEMENTS: Mapping[str, Shape] = {
    "ack": statement({"st": WORD, "code": nullable(WORD)}),
    "retract": statement({"code": WORD, "by": nullable(UUID7)}),
    "confirm": statement({"st": WORD}),
    "ask": statement({
        "aud": agencies(), "purpose": WORD, "due": nullable(TIME),
        "part": (True, 5, "1", {}, [], [2, 1], [1, 1], ["1"], [-1], [True], [None]),
    }),
    "answer": statement({"st": WORD, "code": nullable(WORD), "ref": nullable(DIGEST)}),
    "release": statement({
        "parent": nullable(DIGEST), "aud": agencies(), "rn": (*count(1, 500), 3), "rr": DIGEST, "rel": WORD,
        "purpose": WORD, "cond": words("no-court", "read-only"), "code": nullable(WORD),
    }, ends=True),
    "unrelease": statement({"code": WORD}),
    "reaffirm": statement({}),
    "agreement": statement({
        "ref": ("", None, 5, {}, "-a", "a-", "a" * 21, "a\nb", "a_b", "a/b", "\u00e9"),
        "ver": count(1), "prev": DIGEST, "parties": agencies(501, least=2),
        "lanes": words("science", "trade", least=1), "tlp": WORD, "purposes": words("prevent", "science", least=1),
        "nbf": TIME, "survive": {"lanes": words("science", "trade"), "flash": FLAG}, "clocks": WORD, "emergency": FLAG,
        "text": Maybe({"jti": UUID7, "md": DIGEST}),
    }, subject=False, ends=True),
    "accept": statement({"st": WORD}),
    "leave": statement({}),
    "suspend": statement(
        {"lanes": words("science", "trade", least=1), "with": agencies(), "why": nullable(WORD)}, subject=False
    ),
    "resume": statement({"lanes": words("science", "trade", least=1), "with": agencies()}, subject=False),
    "keyset": statement({
        "ver": count(1), "prev": DIGEST, "root": (*ARRAY, [], [{}], [{}, {}, {}]), "nroot": FINGERPRINT,
        "custody": WORD, "low": WORD,
        "keys": [{"jwk": OBJECT, "use": WORD, "nbf": TIME, "exp": TIME, "st": WORD, "since": TIME}],
    }, subject=False, ends=True),
    "revoke": statement({"kid": DIGEST, "since": TIME, "code": WORD}, subject=False),
    "apikey": statement({
        "st": WORD,
        "client": ("x", 5, {}),
        "scopes": (None, {}, "a:b", [5], ["a:b"], ["b:b", "a:a"]),
        "networks": (None, {}, "192.0.2.0/24", [5], ["192.0.2.0/24"], ["b", "a"]),
        "days": (0, 1, 91, "30", True, {}),
        "prefix": (None, 5, {}, "", "4F0B7C19D2E8", "4f0b7c19d2e", "4f0b7c19d2e8\n"),
    }, subject=False),
    "entry": statement({
        "telephone": ("", 5, {}, "+", "12", "call us", "+1\n23", "1" * 41, "+" + "1" * 40),
        "zone": (None, 5, {}, "", "/Vienna", "Europe/", "Europe Vienna", "a/b/c/d", "A" * 65),
        "contacts": (
            None, {}, "a@b.example", [5], [None], ["b@b.example", "a@b.example"], ["a@b.example"] * 2,
            ["a"], ["@b.example"], ["a@b"], ["a@b..example"], ["a..b@b.example"], ["a b@b.example"],
            ["a@-b.example"], ["a@b.example\n"], ["a" * 250 + "@b.example"],
            [f"{n}@b.example" for n in range(6)],
        ),
    }, subject=False),
    "pop": statement({"chal": octets(32), "enc": [{"kid": DIGEST, "nonce": octets(32)}]}, subject=False),
}  # fmt: skip

_TERMS: Shape = {
    "v": count(1, 1), "suite": WORD, "kind": WORD, "status": WORD, "iss": AGENCY, "jti": UUID7, "iat": TIME, "exp": TIME,
    "keep": TIME, "tlp": WORD, "named": count(0, 32_000), "rel": WORD, "lane": WORD, "purpose": WORD, "pri": WORD,
    "ack_by": nullable(TIME), "reply_by": nullable(TIME), "re": {"jti": UUID7, "md": DIGEST},
    "signers": (None, {}, "xy", [], [5, 6], ["A" * 42, _DIGEST], [_DIGEST] * 3, {_DIGEST: 1, "E" * 43: 2}),
}  # fmt: skip
_BLOB: Shape = {"n": (*count(0, 31), 1), "sha256": DIGEST, "len": count(36, 64 * 1024 * 1024)}
MANIFEST: Shape = {**_TERMS, "pd": DIGEST, "ct": DIGEST, "rn": count(2, 501), "rr": DIGEST, "att": [_BLOB]}
INNER: Shape = {
    **_TERMS,
    "aud": agencies(),
    "names": [{"a": AGENCY, "o": OFFICER}],
    "nonce": octets(16),
    "alert": {"schema": ("", "accord-alert/0", "accord-alert/1 ", "accord-alert", *NOT_TEXT)},
    "att": [{
        **_BLOB, "size": count(0, 64 * 1024 * 1024), "cty": ("", "text", "text/", "/x", "t\u00e9xt/plain", "a/" + "b" * 126, *NOT_TEXT),
        "fn": ("", "a/b", "a\\b", "a\nb", "a" * 256, "\u00e9" * 128, *NOT_TEXT), "k": octets(32),
    }],
    "pad": ("1", " ", "0" * 4000, *NOT_TEXT),
}  # fmt: skip
RECEIPT: Shape = {
    "leaf": {"d": DIGEST, "k": WORD, "t": TIME}, "index": count(), "checkpoint": NOT_TEXT,
    "path": (*ARRAY, ["A" * 42], [5], [None], [_DIGEST] * 65),
}  # fmt: skip
KEYSET_LEAF: Shape = {"d": DIGEST, "k": WORD, "t": TIME, "a": AGENCY}
_ENTRY_TEXTS: Shape = {"encrypted_key": ("", "AAAA", "A" * 65 + "=", "+" * 64, *NOT_TEXT)}
JWE: Shape = {
    "protected": ("", "e30", *NOT_TEXT), "aad": ("=", "A", "\u00e9", *NOT_TEXT), "iv": octets(12), "tag": octets(16),
    "ciphertext": ("=", "A", "A" * 174_768, *NOT_TEXT),
    "recipients": [{**_ENTRY_TEXTS, "header": OBJECT}],
}  # fmt: skip
SLICE: Shape = {
    "v": count(1, 1), "manifest": OBJECT, "jwe": OBJECT, "index": count(), "via": (*ARRAY, [5], [None], [{}] * 4),
    "path": (*ARRAY, ["A" * 42], [5], [None], [_DIGEST] * 17), "receipts": (True, 5, "x", {}, [5], [{}]),
}  # fmt: skip
PQ1_HEADER: Shape = {
    "alg": WORD, "kid": DIGEST, "ek": ("", "AAAA", "A" * 1493 + "B", "A" * 1495, "+" * 1494, *NOT_TEXT),
}  # fmt: skip
_POINT: Shape = {"kty": WORD, "crv": WORD, "x": DIGEST}
EC1_HEADER: Shape = {"alg": WORD, "kid": DIGEST, "epk": _POINT}
JWS: Shape = {
    "payload": ("=", "A", "\u00e9", *NOT_TEXT),
    "signatures": [{"protected": ("", "=", "A", "e30", "bnVsbA", *NOT_TEXT), "signature": ("=", "A", *NOT_TEXT)}],
}  # fmt: skip


def members_of(shape: Shape, path: Path = ()) -> Iterator[tuple[Path, Sort]]:
    """Yield every member with its forbidden values; the first object stands for an array of objects."""
    for name, inside in shape.items():
        at = (*path, name)
        if isinstance(inside, Mapping):
            yield at, nullable(OBJECT) if isinstance(inside, Maybe) else OBJECT
            yield from members_of(inside, at)
        elif isinstance(inside, list):
            yield at, ARRAY
            yield (*at, 0), OBJECT
            yield from members_of(inside[0], (*at, 0))
        else:
            yield at, inside


def objects_of(shape: Shape, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every object, the outermost included."""
    yield path
    for name, inside in shape.items():
        if isinstance(inside, Mapping):
            yield from objects_of(inside, (*path, name))
        elif isinstance(inside, list):
            yield from objects_of(inside[0], (*path, name, 0))


def with_value(good: Any, path: Path, value: Any) -> Any:
    """Copy `good` with another value at `path`."""
    copy = json.loads(json.dumps(good))
    holder = copy
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return copy


def at(good: Any, path: Path) -> Any:
    """The value at `path`."""
    for step in path:
        good = good[step]
    return good


def without_and_with_more(good: Any, path: Path) -> Iterator[Any]:
    """Yield copies in which the object at `path` lacks a member, has one more, or a misspelt one."""
    known = at(good, path)
    changed = [{name: value for name, value in known.items() if name != gone} for gone in known]
    changed.append(known | {"extra": None})
    changed += [
        {(f"{name}x" if name == odd else name): value for name, value in known.items()} for odd in known
    ]
    for value in changed:
        yield value if not path else with_value(good, path, value)
