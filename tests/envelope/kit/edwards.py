# SPDX-License-Identifier: Apache-2.0
"""Ed25519 by hand (RFC 8032), for signatures and keys with a part of small order, which no library makes."""

from __future__ import annotations

import hashlib

from tests.envelope.kit.seeds import octets

Point = tuple[int, int]

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, P) % P
_BASE_Y = 4 * pow(5, -1, P) % P
_ORDER_8_Y = 2707385501144840649318225287225658788936804267575313519463743609750303402022
NEUTRAL: Point = (0, 1)


def _with_y(y: int) -> Point:
    """The point of this y whose x is even."""
    square = (y * y - 1) * pow(_D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert x * x % P == square
    return (x if x % 2 == 0 else P - x), y


def add(one: Point, other: Point) -> Point:
    (x1, y1), (x2, y2) = one, other
    both = _D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + both, -1, P) % P
    return x, (y1 * y2 + x1 * x2) * pow(1 - both, -1, P) % P


def times(number: int, point: Point) -> Point:
    found = NEUTRAL
    while number:
        if number & 1:
            found = add(found, point)
        point, number = add(point, point), number >> 1
    return found


def encode(point: Point) -> bytes:
    """The 32 octets of a point."""
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE, ORDER_8 = _with_y(_BASE_Y), _with_y(_ORDER_8_Y)
SECRET = int.from_bytes(octets("by hand", 32), "little") % ORDER
PUBLIC = times(SECRET, BASE)


def sign(message: bytes, *, public: Point, more: Point, zero: bool) -> bytes:
    """A signature that verifies with the cofactor, under `public` = PUBLIC and perhaps a point of small order.

    `more` is added to R. `zero` chooses it so that k times such a point is neutral (k reduced or not), or is not.
    """
    for n in range(10_000):
        r = int.from_bytes(octets(f"by hand {n}", 32), "little") % ORDER
        point = encode(add(times(r, BASE), more))
        k = int.from_bytes(hashlib.sha512(point + encode(public) + message).digest(), "little")
        parts = {k % 8, k % ORDER % 8}
        if parts == {0} if zero else not parts & {0}:
            return point + ((r + k * SECRET) % ORDER).to_bytes(32, "little")
    raise AssertionError("no such signature")
