# SPDX-License-Identifier: Apache-2.0
"""Section 2 of the page: base64url, strict JSON, canonical JSON, digests, and the plain values."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from tests.examples.independent.refusal import Refused, need

DEEPEST = 16
LARGEST = 2**53 - 1
LAST_SECOND = 253_402_300_799

AGENCY = re.compile(r"[a-z]{2}-[a-z0-9]{2,20}")
OFFICER = re.compile(r"[A-Za-z0-9_-]{1,64}")
UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


def unbase64(text: Any, size: int | None = None) -> bytes:
    """Decode a base64url text, to exactly `size` octets where it is given."""
    need(isinstance(text, str) and _BASE64URL.fullmatch(text) and len(text) % 4 != 1)
    octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    need(tobase64(octets) == text)
    need(size is None or len(octets) == size)
    return octets


def tobase64(octets: bytes) -> str:
    """Encode as base64url without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def digest(octets: bytes) -> str:
    """H(octets) as the page writes digests."""
    return tobase64(sha256(octets).digest())


def object_digest(typ: str, payload: bytes) -> str:
    """The od of section 2.4."""
    return digest(typ.encode("ascii") + b"\x00" + payload)


def _depth(octets: bytes) -> int:
    """The deepest nesting of brackets outside strings."""
    deepest = depth = 0
    for piece in re.finditer(rb'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', octets, re.DOTALL):
        first = piece.group()[:1]
        if first in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif first in b"]}":
            depth -= 1
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    need(len({name for name, _ in pairs}) == len(pairs))
    return dict(pairs)


def _integer(text: str) -> int:
    need(text != "-0" and len(text) <= 17)
    number = int(text)
    need(abs(number) <= LARGEST)
    return number


def _never(_: str) -> Any:
    raise Refused("malformed")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_never, parse_int=_integer, parse_constant=_never, strict=True
)


def parse(octets: bytes, limit: int) -> Any:
    """Read JSON as strictly as section 2.2 demands."""
    need(len(octets) <= limit, "too-large")
    need(_depth(octets) <= DEEPEST, "too-large")
    try:
        value = _DECODER.decode(octets.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Refused("malformed") from error
    need(not _has_surrogate(value))
    return value


def parse_text(text: str, limit: int) -> Any:
    """Read JSON from a text as `parse` does."""
    try:
        octets = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Refused("malformed") from error
    return parse(octets, limit)


def _has_surrogate(value: Any) -> bool:
    if isinstance(value, str):
        return any("\ud800" <= letter <= "\udfff" for letter in value)
    if isinstance(value, dict):
        return any(_has_surrogate(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(map(_has_surrogate, value))


def canonical(value: Any) -> bytes:
    """canonical(x) of section 2.2."""
    _ascii_names(value)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")


def _ascii_names(value: Any) -> None:
    if isinstance(value, dict):
        for name, member in value.items():
            need(name.isascii())
            _ascii_names(member)
    elif isinstance(value, list):
        for member in value:
            _ascii_names(member)


# Values (2.3). Each function returns the value that it checked.


def closed(value: Any, names: Iterable[str]) -> dict[str, Any]:
    """Check an object with exactly these members."""
    need(isinstance(value, dict) and set(value) == set(names))
    return dict(value)


def integer(value: Any, least: int = 0, most: int = LARGEST) -> int:
    """Check an integer of a range; `true` is not one."""
    need(type(value) is int and least <= value <= most)
    return int(value)


def time(value: Any, least: int = 0, most: int = LAST_SECOND) -> int:
    """Check a time, at most the last second of the year 9999."""
    return integer(value, least, min(most, LAST_SECOND))


def matching(value: Any, form: re.Pattern[str]) -> str:
    """Check a text that a regular expression matches whole."""
    need(isinstance(value, str) and form.fullmatch(value))
    return str(value)


def one_of(value: Any, words: Iterable[str | None]) -> Any:
    """Check a word of a list, or null where the list has it."""
    need((value is None or isinstance(value, str)) and value in tuple(words))
    return value


def agency(value: Any) -> str:
    return matching(value, AGENCY)


def kid(value: Any) -> str:
    """Check a digest or kid: 32 octets."""
    unbase64(value, 32)
    return str(value)


def array(value: Any, least: int, most: int) -> list[Any]:
    """Check an array with a number of values from `least` to `most`."""
    need(isinstance(value, list) and least <= len(value) <= most)
    return list(value)


def sorted_set(value: Any, least: int, most: int) -> list[str]:
    """Check a set: texts sorted by code point, none twice."""
    items = array(value, least, most)
    need(all(isinstance(item, str) for item in items) and items == sorted(set(items)))
    return items


def agencies(value: Any, least: int = 1, most: int = 500) -> list[str]:
    return [agency(item) for item in sorted_set(value, least, most)]


def identifier(kind: str, text: str) -> str:
    """Check a plain identifier of a kind, by the kit's name of the kind."""
    if kind == "digest":
        return kid(text)
    return matching(text, {"agency": AGENCY, "officer": OFFICER, "uuid7": UUID7}[kind])
