# SPDX-License-Identifier: Apache-2.0
"""The real exchange with single answers changed on their way."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from accord.calls.exchange import Exchange
from accord.client.errors import UnreachableError
from accord.client.session import connect_http
from accord.envelope.private import LedgerKey
from accord.envelope.tree.merkle import inclusion_path, leaf_hash, root_of
from accord.envelope.tree.notes import Checkpoint
from accord.envelope.tree.receipts import LeafEntry, Receipt

Lie = Callable[..., Any]


@dataclass(frozen=True)
class Instead:
    """A lie that never asks the honest exchange: `answer` is called in its place."""

    answer: Callable[..., Any]


class LyingExchange:
    """The honest exchange whose answers a lie rewrites: `lie(answer, *arguments)`.

    A lie about `slice` changes each of many slices too.
    """

    def __init__(self, honest: Exchange, **lies: "Lie | Instead") -> None:
        self.honest = honest
        self.lies = lies

    def __getattr__(self, name: str) -> Any:
        lie = self.lies.get(name)
        if name == "slices" and "slice" in self.lies:
            return self._lie_about_each
        if isinstance(lie, Instead):
            return lie.answer
        honest = getattr(self.honest, name)
        return honest if lie is None else lambda *args, **named: lie(honest(*args, **named), *args)

    def _lie_about_each(self, mds: Sequence[str]) -> list[Any]:
        lie = self.lies["slice"]
        if isinstance(lie, Instead):
            return [lie.answer(md) for md in mds]
        answers = zip(self.honest.slices(mds), mds, strict=False)
        return [lie(answer, md) if isinstance(answer, bytes) else answer for answer, md in answers]


def lying_connection(**lies: Lie | Instead) -> Any:
    """The `connect` argument of a `Client`: the hub over HTTP, with these lies."""
    return lambda hub, api_key: LyingExchange(connect_http(hub, api_key), **lies)


def cut_off(*parts: Any, **more: Any) -> None:
    """Be a call that never arrives, or whose answer is lost."""
    raise UnreachableError("The connection broke.")


def flip(octets: bytes, place: int) -> bytes:
    """Change the lowest bit of the octet at `place`."""
    return octets[:place] + bytes([octets[place] ^ 1]) + octets[place + 1 :]


def forged_receipt(key: LedgerKey, leaf: LeafEntry, *, before: int) -> Receipt:
    """A receipt of another tree, signed by the ledger's own key: `before` other leaves, then this one."""
    leaves = [leaf_hash(b"somebody else's %d" % n) for n in range(before)] + [leaf_hash(leaf.encode())]
    checkpoint = Checkpoint(key.name, len(leaves), root_of(leaves))
    return Receipt(leaf, before, tuple(inclusion_path(leaves, before)), key.sign_note(checkpoint.text))
