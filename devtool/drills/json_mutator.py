# SPDX-License-Identifier: Apache-2.0
"""Mutate JSON where it matters: a member, a number, a text, JSON inside base64url inside JSON.

A fuzzer that only changes octets hardly ever gets past base64url and the first member; this one starts from well-formed input.
Deterministic for a seed.
"""

import copy
import json
import random
from collections.abc import Callable
from typing import Any

from accord.envelope.encoding import b64u, unb64u
from accord.envelope.errors import MalformedError

VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 64, 2**31, 2**53 - 1, 2**53, -(2**53), 1.5, "", "A", "A" * 43, "=", "\u00e9",
    "\ud800", "\x00", [], {}, [[]], {"": ""}, "PQ1", "EC1", "Ed25519", "EdDSA", "none", "xa-alpha", "zz-", "RED",
)  # fmt: skip
_CHARACTERS = 'A0-_=+/\\" \n\u00e9{}[],:z'
Place = tuple[Any, Any]


def mutate_json(data: bytes, seed: int) -> bytes:
    """Return JSON octets with one to three changes; raise ValueError or RecursionError where `data` is no JSON."""
    chance = random.Random(seed)  # noqa: S311 (repeatable, not secret)
    holder = [json.loads(data)]
    for _ in range(chance.randint(1, 3)):
        _change_somewhere(holder, chance)
    text = json.dumps(holder[0], separators=(",", ":"), ensure_ascii=chance.random() < 0.5)
    return text.encode("utf-8", "surrogatepass")


def _change_somewhere(holder: list[Any], chance: random.Random) -> None:
    places = _places(holder)
    container, key = chance.choice(places)
    chance.choice(_CHANGES)(container, key, places, chance)


def _places(root: list[Any]) -> list[Place]:
    """Return every value in it, as its container and its name or position there."""
    places: list[Place] = []
    waiting: list[Any] = [root]
    while waiting:
        container = waiting.pop()
        for key, value in list(container.items() if isinstance(container, dict) else enumerate(container)):
            places.append((container, key))
            if isinstance(value, dict | list):
                waiting.append(value)
    return places


def _replace(container: Any, key: Any, places: list[Place], chance: random.Random) -> None:
    container[key] = copy.deepcopy(chance.choice(VALUES))


def _copy_another(container: Any, key: Any, places: list[Place], chance: random.Random) -> None:
    other, name = chance.choice(places)
    container[key] = json.loads(json.dumps(other[name]))


def _remove(container: Any, key: Any, places: list[Place], chance: random.Random) -> None:
    if len(places) > 1 and container is not places[0][0]:
        del container[key]


def _add(container: Any, key: Any, places: list[Place], chance: random.Random) -> None:
    if isinstance(container, dict):
        container[chance.choice(("x", "zip", "v", "a", "kid", "crit"))] = copy.deepcopy(chance.choice(VALUES))
    elif container is not places[0][0]:
        container.insert(chance.randint(0, len(container)), copy.deepcopy(container[key]))


def _nudge(container: Any, key: Any, places: list[Place], chance: random.Random) -> None:
    """Change a number by a little, a text by one character or inside its base64url."""
    value = container[key]
    if type(value) is int:
        container[key] = value + chance.choice((-1, 1, -3600, 3600, 2**32))
    elif isinstance(value, str):
        container[key] = (
            _nudged_inside(value, chance) if chance.random() < 0.7 else _nudged_text(value, chance)
        )


def _nudged_text(value: str, chance: random.Random) -> str:
    at = chance.randint(0, len(value))
    return value[:at] + chance.choice(("", chance.choice(_CHARACTERS))) + value[at + chance.randint(0, 1) :]


def _nudged_inside(value: str, chance: random.Random) -> str:
    """Return a base64url text with its content changed: JSON as JSON, else one octet."""
    try:
        inside = unb64u(value)
        return b64u(mutate_json(inside, chance.getrandbits(32)))
    except (ValueError, RecursionError):
        return b64u(_nudged_octets(inside, chance))
    except MalformedError:
        return _nudged_text(value, chance)


def _nudged_octets(octets: bytes, chance: random.Random) -> bytes:
    changed = bytearray(octets or b"\x00")
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed[: chance.choice((len(changed), len(changed), len(changed) - 1))])


_CHANGES: tuple[Callable[[Any, Any, list[Place], random.Random], None], ...] = (
    _replace, _copy_another, _remove, _add, _nudge, _nudge, _nudge,
)  # fmt: skip
