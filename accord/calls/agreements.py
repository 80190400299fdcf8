# SPDX-License-Identifier: Apache-2.0
"""The hub's answers about agreements and circles, parsed strictly: the hub's word, which nobody has signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from accord.calls.answers import (
    other_shape,
    read_moment,
    require_array,
    require_integer,
    require_object,
    require_text,
)
from accord.calls.errors import AnswerError

ABOUT_LIFE: Final = ("flash", "public_health")
"""Speed and lane of what is about danger to life."""


@dataclass(frozen=True)
class AgreementAnswer:
    """The current version of an agreement, perhaps ended; times in seconds.

    `od` is the digest of its proposal, empty for what the operator recorded. An empty `purposes` allows every purpose.
    """

    ref: str
    title: str
    version: int
    od: str
    parties: tuple[str, ...]
    lanes: tuple[str, ...]
    ceiling: str
    purposes: tuple[str, ...]
    nbf: int
    until: int | None
    survive_lanes: tuple[str, ...]
    survive_flash: bool
    emergency: bool

    def is_in_force(self, at: int) -> bool:
        """Tell whether it has begun and not ended at this time, in seconds."""
        return self.nbf <= at and (self.until is None or at < self.until)

    def survives(self, lane: str, pri: str) -> bool:
        """Tell whether it says that a suspension of the lane does not stop what has this speed."""
        return lane in self.survive_lanes or (self.survive_flash and (pri, lane) == ABOUT_LIFE)


@dataclass(frozen=True)
class CircleAnswer:
    """A named group under one agreement, and its start in seconds."""

    name: str
    agreement: str
    members: tuple[str, ...]
    since: int


def _text(value: object, where: str) -> str:
    """Return a text that a database accepts."""
    text = require_text(value, where)
    if "\x00" in text:
        raise other_shape(where)
    return text


def read_agreements(rows: Sequence[Any], agency: str) -> list[AgreementAnswer]:
    """Parse the agreements, each once, with this agency among its parties."""
    found = [_agreement(require_object(row, "agreements")) for row in rows]
    if len({one.ref for one in found}) != len(found) or any(agency not in one.parties for one in found):
        raise AnswerError("The hub listed an agreement twice, or one of others.")
    return found


def read_circles(rows: Sequence[Any], agency: str) -> list[CircleAnswer]:
    """Parse the circles, each once, with this agency among its members."""
    found = [_circle(require_object(row, "circles")) for row in rows]
    if len({one.name for one in found}) != len(found) or any(agency not in one.members for one in found):
        raise AnswerError("The hub listed a circle twice, or one of others.")
    return found


def _agreement(row: Mapping[str, Any]) -> AgreementAnswer:
    until, flash, emergency = row.get("until"), row.get("survive_flash"), row.get("emergency")
    if not isinstance(flash, bool) or not isinstance(emergency, bool):
        raise other_shape("agreements")
    return AgreementAnswer(
        ref=_text(row.get("ref"), "agreements"),
        title=_text(row.get("title"), "agreements"),
        version=require_integer(row.get("version"), "agreements"),
        od=_text(row.get("od"), "agreements"),
        parties=_texts(row, "parties"),
        lanes=_texts(row, "lanes"),
        ceiling=_text(row.get("ceiling"), "agreements"),
        purposes=_texts(row, "purposes"),
        nbf=read_moment(row.get("nbf"), "agreements"),
        until=None if until is None else read_moment(until, "agreements"),
        survive_lanes=_texts(row, "survive_lanes"),
        survive_flash=flash,
        emergency=emergency,
    )


def _circle(row: Mapping[str, Any]) -> CircleAnswer:
    return CircleAnswer(
        _text(row.get("name"), "circles"),
        _text(row.get("agreement"), "circles"),
        _texts(row, "members"),
        read_moment(row.get("since"), "circles"),
    )


def _texts(row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(_text(item, name) for item in require_array(row.get(name), name))
