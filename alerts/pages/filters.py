# SPDX-License-Identifier: Apache-2.0
"""Filters that live in the address: what is offered, what is set, and the address of the next page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.functional import Promise

Text = str | Promise
Choices = Sequence[tuple[str, Text]]
YES: Final[Choices] = (("yes", ""),)
"""The choices of a filter that is on or off."""


@dataclass(frozen=True)
class Filter:
    """One filter. An address that names a value which is not offered counts as not filtered."""

    name: str
    label: Text
    choices: Choices = YES

    @property
    def is_toggle(self) -> bool:
        return self.choices is YES


@dataclass(frozen=True)
class Filters:
    offered: tuple[Filter, ...]
    values: dict[str, str]

    @property
    def active(self) -> bool:
        """Whether any is set."""
        return any(self.values.values())

    def next_address(self, cursor: str) -> str:
        return self._address(cursor)

    def _address(self, cursor: str) -> str:
        kept = {name: value for name, value in self.values.items() if value}
        return "?" + urlencode({**kept, **({"cursor": cursor} if cursor else {})})


def read_filters(query: QueryDict, offered: Iterable[Filter]) -> Filters:
    """The filters of an address; unknown names and values are dropped."""
    known = tuple(offered)
    chosen = {entry.name: query.get(entry.name, "") for entry in known}
    return Filters(
        known, {f.name: chosen[f.name] if chosen[f.name] in dict(f.choices) else "" for f in known}
    )
