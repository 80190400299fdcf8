# SPDX-License-Identifier: Apache-2.0
"""Filters in the address of a list: what is offered, what is set, and the addresses that change one of them.

Only offered names and values count; the rest of an address is dropped, so that none of it reaches the database.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.utils.functional import Promise

Text = str | Promise
Choices = Sequence[tuple[str, Text]]
YES: Final[Choices] = (("yes", ""),)
"""Choices of a filter that is on or off."""


@dataclass(frozen=True)
class Filter:
    """One filter. A value in an address that is not offered does not filter."""

    name: str
    label: Text
    choices: Choices = YES

    @property
    def is_toggle(self) -> bool:
        return self.choices is YES

    def text_of(self, value: str) -> Text:
        """Return the words of a value; empty for a filter that is only on or off."""
        return "" if self.is_toggle else dict(self.choices)[value]


@dataclass(frozen=True)
class Entered:
    """Filter that is set by entering a value, such as a day, and the value as people read it."""

    name: str
    label: Text
    value: str
    text: Text


@dataclass(frozen=True)
class Chip:
    """Filter that is set, and the address of the same list without it."""

    label: Text
    text: Text
    clear_address: str


@dataclass(frozen=True)
class Filters:
    """Filters of an address. `bare` is the query of an address that sets none, so that no default view opens."""

    offered: tuple[Filter, ...]
    values: dict[str, str]
    bare: str = ""
    entered: tuple[Entered, ...] = ()

    @property
    def active(self) -> bool:
        """Tell whether any filter is set."""
        return any(self.values.values())

    @property
    def chosen(self) -> dict[str, str]:
        """Filters that are set, by name."""
        return {name: value for name, value in self.values.items() if value}

    @property
    def chips(self) -> Iterator[Chip]:
        """A chip for each filter that is set, in the order in which they are offered; then those that are entered."""
        for entry in self.offered:
            if value := self.values[entry.name]:
                yield Chip(entry.label, entry.text_of(value), self._address_without(entry.name))
        for one in self.entered:
            yield Chip(one.label, one.text, self._address_without(one.name))

    @property
    def clear_address(self) -> str:
        """Address of the list without any filter."""
        return self._address({})

    def next_address(self, cursor: str) -> str:
        """Return the address of the same list from another place; of its top for an empty cursor."""
        return self._address({**self.chosen, **({"cursor": cursor} if cursor else {})})

    def _address_without(self, name: str) -> str:
        rest = self.chosen | {one.name: one.value for one in self.entered}
        return self._address({kept: value for kept, value in rest.items() if kept != name})

    def _address(self, values: Mapping[str, str]) -> str:
        return "?" + (urlencode(values) if values else self.bare)


def read_filters(
    query: Mapping[str, str], offered: Iterable[Filter], *, bare: str = "", entered: Iterable[Entered] = ()
) -> Filters:
    """Read the filters of an address; unknown names and values are dropped."""
    known = tuple(offered)
    chosen = {entry.name: query.get(entry.name, "") for entry in known}
    return Filters(
        known,
        {f.name: chosen[f.name] if chosen[f.name] in dict(f.choices) else "" for f in known},
        bare,
        tuple(entered),
    )
