# SPDX-License-Identifier: Apache-2.0
"""The one exception by which this reader refuses, with a word of section 11 and the stage of the refusal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Refused(Exception):  # noqa: N818  (a refusal is no error of the program)
    """An input that the page refuses."""

    def __init__(self, word: str, stage: str | None = None) -> None:
        super().__init__(word)
        self.word = word
        self.stage = stage


def need(holds: object, word: str = "malformed") -> None:
    """Refuse with `word` unless `holds`."""
    if not holds:
        raise Refused(word)


@contextmanager
def at(stage: str) -> Iterator[None]:
    """Give refusals of the block this stage, unless they have one already."""
    try:
        yield
    except Refused as refused:
        if refused.stage is None:
            refused.stage = stage
        raise


@contextmanager
def said_as(word: str) -> Iterator[None]:
    """Give refusals of the block this word."""
    try:
        yield
    except Refused as refused:
        raise Refused(word, refused.stage) from refused
