# SPDX-License-Identifier: Apache-2.0
"""The hub's answers about agreements and circles, parsed strictly: the hub's word, which nobody has signed."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from accord.calls.answers import (
    SuspendedLane,
    other_shape,
    read_moment,
    read_suspensions,
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
    """The current version of an agreement, perhaps ended; times in seconds. An empty `purposes` allows every purpose."""

    ref: str
    title: str
    version: int
    parties: tuple[str, ...]
    lanes: tuple[str, ...]
    ceiling: str
    purposes: tuple[str, ...]
    nbf: int
    until: int | None
    survive_lanes: tuple[str, ...]
    survive_flash: bool
    suspended: tuple[SuspendedLane, ...]

    def stopped_since(self, agencies: Container[str], lane: str, pri: str) -> int | None:
        """Return since when one of these agencies has suspended the lane; None where none has, or what is sent survives that."""
        if lane in self.survive_lanes or (self.survive_flash and (pri, lane) == ABOUT_LIFE):
            return None
        return min(
            (stop.since for stop in self.suspended if stop.lane == lane and stop.agency in agencies),
            default=None,
        )


def suspended_since(
    agreements: Iterable[AgreementAnswer], agency: str, peer: str, lane: str, pri: str
) -> int | None:
    """Return since when nothing of this speed passes between the two on the lane; None where something does, or nothing may.

    `agreements` are the agency's own that are in force.
    """
    covering = [one for one in agreements if peer in one.parties and lane in one.lanes]
    times = [one.stopped_since((agency, peer), lane, pri) for one in covering]
    stopped = [at for at in times if at is not None]
    return max(stopped) if stopped and len(stopped) == len(times) else None


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
    until, flash = row.get("until"), row.get("survive_flash")
    if not isinstance(flash, bool):
        raise other_shape("agreements")
    return AgreementAnswer(
        ref=_text(row.get("ref"), "agreements"),
        title=_text(row.get("title"), "agreements"),
        version=require_integer(row.get("version"), "agreements"),
        parties=_texts(row, "parties"),
        lanes=_texts(row, "lanes"),
        ceiling=_text(row.get("ceiling"), "agreements"),
        purposes=_texts(row, "purposes"),
        nbf=read_moment(row.get("nbf"), "agreements"),
        until=None if until is None else read_moment(until, "agreements"),
        survive_lanes=_texts(row, "survive_lanes"),
        survive_flash=flash,
        suspended=tuple(read_suspensions(row.get("suspended"))),
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
