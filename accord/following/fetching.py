# SPDX-License-Identifier: Apache-2.0
"""Fetching slices in the order of the feed, many at a time: one answer travels while the previous one is verified.

At most two answers of the hub are held, some megabytes each. Slices left when a batch ends early begin the next. The proofs for
their checkpoints are fetched in one go as well. Nothing here is verified.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from types import TracebackType
from typing import Final

from accord.calls.answers import SliceAnswer
from accord.calls.exchange import Exchange
from accord.envelope.errors import EnvelopeError
from accord.envelope.slices import UnverifiedSlice
from accord.following.log import KeptLog
from accord.following.slices import parse_slice_of

AT_ONCE: Final = 25
"""Slices in one question: few of those fetched are unread when a watch is stopped."""


@dataclass(frozen=True)
class Fetched:
    """A slice of the requested envelope: octets, and their parsed form."""

    md: str
    octets: bytes = field(repr=False)
    unverified: UnverifiedSlice = field(repr=False)


@dataclass(frozen=True)
class NotFetched:
    """A slice that was refused or cannot be parsed: `error` is what asking for it alone would have raised."""

    md: str
    error: Exception


class SlicesAhead:
    """The slices of one run over the feed; leaving it waits for an answer in transit."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._pool = ThreadPoolExecutor(1)
        self._here: deque[Fetched | NotFetched] = deque()
        self._asked: list[str] = []
        self._coming: Future[list[SliceAnswer]] | None = None
        self._log: KeptLog | None = None

    def __enter__(self) -> SlicesAhead:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown()

    def take(self, mds: Sequence[str], log: KeptLog) -> Fetched | NotFetched:
        """Return the answer for the first of these; the others are wanted next. Raises the errors of the call for them."""
        if self._next_md() not in (None, mds[0]):
            self._here.clear()
            self._coming = None
        if not self._here:
            self._receive(mds)
            self._log = None
        if self._log is not log:
            self._log = log
            log.ask_ahead(_notes_of(self._here))
        answer = self._here.popleft()
        if self._coming is None:
            self._ask(mds, beyond=1 + len(self._here))
        return answer

    def _next_md(self) -> str | None:
        if self._here:
            return self._here[0].md
        return None if self._coming is None else self._asked[0]

    def _receive(self, mds: Sequence[str]) -> None:
        if self._coming is None:
            self._ask(mds, beyond=0)
        coming, self._coming = self._coming, None
        assert coming is not None, "it was asked for just now"
        self._here.extend(_read(*pair) for pair in zip(self._asked, coming.result(), strict=False))

    def _ask(self, mds: Sequence[str], *, beyond: int) -> None:
        asked = list(islice(mds, beyond, beyond + AT_ONCE))
        if asked:
            self._asked, self._coming = asked, self._pool.submit(self._exchange.slices, asked)


def _read(md: str, answer: SliceAnswer) -> Fetched | NotFetched:
    if isinstance(answer, Exception):
        return NotFetched(md, answer)
    try:
        return Fetched(md, answer, parse_slice_of(md, answer))
    except EnvelopeError as failed:
        return NotFetched(md, failed)


def _notes_of(here: Iterable[Fetched | NotFetched]) -> list[str]:
    fetched = (answer for answer in here if isinstance(answer, Fetched))
    return [receipt.checkpoint for answer in fetched for receipt in answer.unverified.receipts]
