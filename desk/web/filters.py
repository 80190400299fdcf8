# SPDX-License-Identifier: Apache-2.0
"""Filters that live in the address: what is offered, what is set, and the addresses that change one of them.

Only a name and a value that are offered count; whatever else an address holds is dropped, so that nothing in
it reaches the database.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

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

    def text_of(self, value: str) -> Text:
        """The words of a value; none for a filter that is only on or off."""
        return "" if self.is_toggle else dict(self.choices)[value]


@dataclass(frozen=True)
class Chip:
    """A filter that is set, and the address of the same list without it."""

    label: Text
    text: Text
    clear_address: str


@dataclass(frozen=True)
class Filters:
    """What an address sets. `bare` is what an address says that sets none, so that no view opens by itself."""

    offered: tuple[Filter, ...]
    values: dict[str, str]
    bare: str = ""

    @property
    def active(self) -> bool:
        """Whether any is set."""
        return any(self.values.values())

    @property
    def chosen(self) -> dict[str, str]:
        """The filters that are set, by name."""
        return {name: value for name, value in self.values.items() if value}

    @property
    def chips(self) -> Iterator[Chip]:
        """One for each filter that is set, in the order they are offered."""
        for entry in self.offered:
            if value := self.values[entry.name]:
                rest = {name: kept for name, kept in self.chosen.items() if name != entry.name}
                yield Chip(entry.label, entry.text_of(value), self._address(rest))

    @property
    def clear_address(self) -> str:
        """The list without any filter."""
        return self._address({})

    def next_address(self, cursor: str) -> str:
        """The same list from another place on; its top for an empty cursor."""
        return self._address({**self.chosen, **({"cursor": cursor} if cursor else {})})

    def _address(self, values: Mapping[str, str]) -> str:
        return "?" + (urlencode(values) if values else self.bare)


def read_filters(query: Mapping[str, str], offered: Iterable[Filter], *, bare: str = "") -> Filters:
    """The filters of an address; unknown names and values are dropped."""
    known = tuple(offered)
    chosen = {entry.name: query.get(entry.name, "") for entry in known}
    return Filters(
        known,
        {f.name: chosen[f.name] if chosen[f.name] in dict(f.choices) else "" for f in known},
        bare,
    )
