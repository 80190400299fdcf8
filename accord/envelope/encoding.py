# SPDX-License-Identifier: Apache-2.0
"""Bytes and texts: the one strict JSON parser, canonical JSON, base64url, digests.

Guarantees that two parties who accept the same bytes read the same values: duplicate keys, floats,
NaN, -0, integers outside +-(2^53 - 1), lone surrogates, a BOM, trailing bytes, depth over 16 and more
than 50,000 members and items are refused. Canonical JSON is RFC 8785 restricted to ASCII keys and to values without floats.
Source: docs/spec/envelope.md, "Encodings".
"""

from __future__ import annotations

import binascii
import hashlib
import json
import operator
import re
from typing import Any

from accord.envelope.errors import MalformedError, TooLargeError

MAX_ENVELOPE_BYTES = 3 * 512 * 1024
MAX_ENTRIES_BYTES = 3 * 512 * 1024
MAX_STATEMENT_BYTES = 256 * 1024
MAX_SLICE_BYTES = 512 * 1024
# A slice must hold a manifest, a ciphertext as long as the inner JWS, and up to three releases.
MAX_MANIFEST_BYTES = 64 * 1024
MAX_INNER_JWS_BYTES = 128 * 1024
MAX_RELEASE_BYTES = 64 * 1024
MAX_HEADER_BYTES = 1024
MAX_DEPTH = 16
MAX_INTEGER = 2**53 - 1
# Members and items in all: each costs a reader a hundred times the octets it takes to write.
MAX_VALUES = 50_000
MAX_TIME = 253_402_300_799
"""The last second of the year 9999: calendars of most languages end there."""

_INTEGER_DIGITS = 17
_BRACKETS = (b"{", b"[")
_CONTAINERS = (dict, list)
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
# By the length modulo four: the last characters that carry no stray bits. A remainder of one is no base64.
_LAST_CHARACTERS = (
    frozenset(("", *_ALPHABET)),
    frozenset[str](),
    frozenset(_ALPHABET[::16]),
    frozenset(_ALPHABET[::4]),
)
# 32 octets: the last character carries two zero bits.
_DIGEST = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
_AGENCY = re.compile(r"[a-z]{2}-[a-z0-9]{2,20}")
_AGENCIES = re.compile(r"(?:[a-z]{2}-[a-z0-9]{2,20}+\n)*+")
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_OFFICER = re.compile(r"[A-Za-z0-9_-]{1,64}")


def parse_json(data: bytes, *, limit: int, where: str = "json", most_values: int | None = MAX_VALUES) -> Any:
    """Read JSON of at most `limit` octets; raise TooLargeError or MalformedError, never ValueError.

    `most_values` bounds members and items together, before anything is parsed; None for lists of a trusted sender.
    """
    if len(data) > limit:
        raise TooLargeError(where, limit)
    if most_values is not None and _holds_more(data, most_values):
        raise TooLargeError(f"{where} values", most_values)
    try:
        text = data.decode("utf-8")
        value = _DECODER.decode(text)
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise MalformedError(where) from None
    except RecursionError:
        raise TooLargeError(f"{where} depth", MAX_DEPTH) from None
    if _may_be_deep(data):
        _check_depth(value, where)
    escaped = data.find(b"\\")
    if escaped >= 0 and _ESCAPED_SURROGATE.search(data, escaped):
        _check_strings(value, where)
    return value


def parse_object(data: bytes, *, limit: int, where: str = "json") -> dict[str, Any]:
    """Read JSON that must be an object."""
    value = parse_json(data, limit=limit, where=where)
    if not isinstance(value, dict):
        raise MalformedError(f"{where} is not an object")
    return value


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedError("duplicate member")
    return members


def _integer_of(digits: str) -> int:
    number = int(digits) if len(digits) <= _INTEGER_DIGITS else MAX_INTEGER + 1
    if digits == "-0" or abs(number) > MAX_INTEGER:
        raise MalformedError("integer out of range")
    return number


def _refuse_number(_: str) -> Any:
    raise MalformedError("not an integer")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object_of,
    parse_int=_integer_of,
    parse_float=_refuse_number,
    parse_constant=_refuse_number,
)


def _holds_more(data: bytes, most_values: int) -> bool:
    """Tell whether it has more members and items than that: a comma precedes each but the first of its kind."""
    if data.count(b",") < most_values:
        return False
    return _STRING.sub(b"", data).count(b",") >= most_values


def _may_be_deep(data: bytes) -> bool:
    """Tell whether it has more than MAX_DEPTH opening brackets, counting those inside strings too."""
    left = MAX_DEPTH
    for bracket in _BRACKETS:
        at = data.find(bracket)
        while at >= 0:
            left -= 1
            if left < 0:
                return True
            at = data.find(bracket, at + 1)
    return False


def _check_depth(value: Any, where: str) -> None:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [item for item in level if isinstance(item, _CONTAINERS)]
        if not level:
            return
        level = [child for item in level for child in (item.values() if isinstance(item, dict) else item)]
    raise TooLargeError(f"{where} depth", MAX_DEPTH)


def _check_strings(value: Any, where: str) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise MalformedError(f"{where} holds a lone surrogate") from None


def canonical(value: Any) -> bytes:
    """Return RFC 8785 JSON over ASCII keys, strings, integers, booleans, null; raise MalformedError on anything else."""
    _check_canonical(value, 1)
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise MalformedError("lone surrogate") from None


def _check_canonical(value: Any, depth: int) -> None:
    if value is None or isinstance(value, bool | str):
        return
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise MalformedError("integer out of range")
    elif depth > MAX_DEPTH:
        raise TooLargeError("depth", MAX_DEPTH)
    elif isinstance(value, dict):
        for key, child in value.items():
            if not (isinstance(key, str) and key.isascii()):
                raise MalformedError("member name is not ASCII")
            _check_canonical(child, depth + 1)
    elif isinstance(value, list | tuple):
        for child in value:
            _check_canonical(child, depth + 1)
    else:
        raise MalformedError("value without a canonical form")


def b64u(data: bytes) -> str:
    """Return base64url without padding."""
    encoded = binascii.b2a_base64(data, newline=False).rstrip(b"=").decode("ascii")
    return encoded.replace("+", "-").replace("/", "_")


def unb64u(text: object, *, size: int | None = None, where: str = "base64url") -> bytes:
    """Decode canonical base64url without padding; `size` in octets, if given, is demanded."""
    if not isinstance(text, str) or not text.isascii():
        raise MalformedError(where)
    # Only one spelling per value: no padding, no characters of the other alphabet, no stray last bits.
    if "+" in text or "/" in text or "=" in text or text[-1:] not in _LAST_CHARACTERS[len(text) % 4]:
        raise MalformedError(where)
    padded = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
    try:
        data = binascii.a2b_base64(padded, strict_mode=True)
    except binascii.Error:
        raise MalformedError(where) from None
    if size is not None and len(data) != size:
        raise MalformedError(where)
    return data


def sha256(data: bytes) -> bytes:
    """Return SHA-256 as 32 raw octets."""
    return hashlib.sha256(data).digest()


def object_digest(typ: str, payload: bytes) -> str:
    """Return the `od` of a signed object: SHA-256(ASCII(typ) 0x00 payload), base64url, 43 characters."""
    return b64u(sha256(typ.encode("ascii") + b"\x00" + payload))


def padme(size: int) -> int:
    """Return the PADME length of `size` octets (Barman et al., PURBs): leaks O(log log size) bits, pads <= 12 %."""
    if size < 2:
        return size
    exponent = size.bit_length() - 1
    low_bits = exponent - exponent.bit_length()
    mask = (1 << low_bits) - 1
    return (size + mask) & ~mask


def members(value: object, names: frozenset[str], where: str) -> dict[str, Any]:
    """Demand an object with exactly these members."""
    if not isinstance(value, dict):
        raise MalformedError(f"{where} is not an object")
    if missing := names - value.keys():
        raise MalformedError(f"{where} without {', '.join(sorted(missing))}")
    if len(value) > len(names):
        raise MalformedError(f"{where} with a member too many")
    return value


def text(value: object, where: str) -> str:
    """Demand a string."""
    if not isinstance(value, str):
        raise MalformedError(where)
    return value


def integer(value: object, where: str, *, least: int = 0, most: int = MAX_INTEGER) -> int:
    """Demand an integer (never a boolean) in a range."""
    if type(value) is not int or not least <= value <= most:
        raise MalformedError(where)
    return value


def timestamp(value: object, where: str, *, least: int = 0, most: int = MAX_TIME) -> int:
    """Demand a time: whole seconds since 1970 UTC, not after the year 9999."""
    return integer(value, where, least=least, most=min(most, MAX_TIME))


def one_of(value: object, allowed: frozenset[str] | tuple[str, ...], where: str) -> str:
    """Demand one of a closed list."""
    if not isinstance(value, str) or value not in allowed:
        raise MalformedError(where)
    return value


def digest(value: object, where: str) -> str:
    """Demand a base64url SHA-256 digest."""
    if not (isinstance(value, str) and _DIGEST.fullmatch(value)):
        raise MalformedError(where)
    return value


def agency_id(value: object, where: str = "agency id") -> str:
    """Demand an agency id, `^[a-z]{2}-[a-z0-9]{2,20}$`."""
    if not (isinstance(value, str) and _AGENCY.fullmatch(value)):
        raise MalformedError(where)
    return value


def uuid7(value: object, where: str) -> str:
    """Demand a lower-case UUID of version 7 (RFC 9562)."""
    if not (isinstance(value, str) and _UUID7.fullmatch(value)):
        raise MalformedError(where)
    return value


def officer_id(value: object, where: str = "officer id") -> str:
    """Demand an opaque officer id, `[A-Za-z0-9_-]{1,64}`."""
    if not (isinstance(value, str) and _OFFICER.fullmatch(value)):
        raise MalformedError(where)
    return value


def sorted_set(value: object, where: str) -> list[str]:
    """Demand an array of strings, sorted, without repeats."""
    if not isinstance(value, list) or not set(map(type, value)) <= {str}:
        raise MalformedError(where)
    if len(set(value)) != len(value) or value != sorted(value):
        raise MalformedError(f"{where} is not a sorted set")
    return value


def agency_ids(value: object, where: str) -> list[str]:
    """Demand an array of agency ids, sorted, without repeats."""
    try:
        lines = "\n".join(value) + "\n" if value else ""  # type: ignore[arg-type]
    except TypeError:
        raise MalformedError(where) from None
    # One pass for all: an envelope names up to 500 agencies, and the alphabet holds no line feed.
    if not isinstance(value, list) or not _AGENCIES.fullmatch(lines):
        raise MalformedError(where)
    if not all(map(operator.lt, value, value[1:])):
        raise MalformedError(f"{where} is not a sorted set")
    return value
