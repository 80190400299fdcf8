# SPDX-License-Identifier: Apache-2.0
"""Suspensions of lanes between an agency and its peers, read from verified statements `suspend` and `resume`.

- A suspension is of a lane and a pair. It lasts from its statement to the first resumption by the same agency that names lane and
  peer. The lane is open while neither of the two suspends it.
- Meanwhile the clocks of answers stand still; each goes on where it stood, so that the answer is due later by that time, at most
  at `keep`. Where every signed agreement between the two says that clocks run on, nothing stands still.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from accord.agreements import SignedVersion
from accord.calls.agreements import AgreementAnswer

SUSPEND: Final = "suspend"
RESUME: Final = "resume"
RUN: Final = "run"


@dataclass(frozen=True)
class SaidOfLanes:
    """A verified statement of either kind; `at` in seconds."""

    k: str
    iss: str
    body: Mapping[str, Any]
    at: int


@dataclass(frozen=True)
class Suspension:
    """A lane that `agency` has suspended with `peer`; times in seconds, `until` None while it lasts."""

    agency: str
    peer: str
    lane: str
    since: int
    why: str | None
    until: int | None = None

    def other(self, reader: str) -> str:
        """Return the one of the two that is not the reader."""
        return self.peer if self.agency == reader else self.agency


@dataclass(frozen=True)
class Span:
    """Time in seconds for which one of two agencies, or both, suspended a lane; `until` None while that lasts."""

    since: int
    until: int | None = None


@dataclass(frozen=True)
class Clock:
    """Time by which an answer is due as it counts, in seconds, and since when nothing passes between the two agencies.

    `suspended_since` is None while the lane is open, and for what was overdue before. `runs`: by the agreements the clock runs on
    meanwhile; else it stands still.
    """

    due: int
    suspended_since: int | None = None
    runs: bool = True


@dataclass(frozen=True)
class KnownSuspensions:
    """Every suspension between the reader and its peers, past and present, and the agreements by which they count.

    `agreements` are those in force; `versions` all that were ever signed.
    """

    reader: str
    agreements: Sequence[AgreementAnswer] = ()
    stated: Sequence[Suspension] = ()
    versions: Sequence[SignedVersion] = ()

    def suspended_since(self, peer: str, lane: str, pri: str) -> int | None:
        """Return since when nothing of this speed passes between the two on the lane; None where something does."""
        spans = self._spans(peer, lane, pri)
        return spans[-1].since if spans and spans[-1].until is None else None

    def clock(self, peer: str, lane: str, pri: str, *, due: int, came: int, keep: int | None) -> Clock:
        """Return the clock of an answer between the two: signed as due then, asked for at `came` by the ledger, kept until `keep`."""
        spans = self._spans(peer, lane, pri)
        stopping = self.stopping(peer, lane, pri)
        moved = move_due(due, came=came, keep=keep, spans=stopping)
        last = spans[-1] if spans else Span(0, 0)
        if last.until is not None or last.since >= moved:
            return Clock(moved)
        return Clock(moved, last.since, runs=last not in stopping)

    def stopping(self, peer: str, lane: str, pri: str) -> list[Span]:
        """Return when clocks of answers between the two stood still, in order and apart."""
        return [span for span in self._spans(peer, lane, pri) if not self._runs_on(peer, lane, span.since)]

    def _spans(self, peer: str, lane: str, pri: str) -> list[Span]:
        """Return when the lane was suspended, in order and apart; nothing where what has this speed survives."""
        covering = (one for one in self.agreements if peer in one.parties and lane in one.lanes)
        if any(one.survives(lane, pri) for one in covering):
            return []
        between = (one for one in self.stated if one.lane == lane and one.other(self.reader) == peer)
        return join_spans(Span(one.since, one.until) for one in between)

    def _runs_on(self, peer: str, lane: str, at: int) -> bool:
        """Tell whether every agreement then in force says that clocks run on; what the operator recorded says that they freeze."""
        is_recorded = any(
            one.od == "" and one.nbf <= at and peer in one.parties and lane in one.lanes
            for one in self.agreements
        )
        signed = [one for one in self.versions if one.covers((self.reader, peer), lane, at)]
        return bool(signed) and not is_recorded and all(one.body["clocks"] == RUN for one in signed)


def join_spans(spans: Iterable[Span]) -> list[Span]:
    """Return the union of these times, in order, each apart from the next."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: span.since):
        last = joined[-1] if joined else None
        if last is None or (last.until is not None and last.until < span.since):
            joined.append(span)
        elif last.until is not None:
            until = None if span.until is None else max(last.until, span.until)
            joined[-1] = Span(last.since, until)
    return joined


def move_due(due: int, *, came: int, keep: int | None, spans: Iterable[Span]) -> int:
    """Return when an answer is due after these suspensions, which are in order and apart.

    Each one that is over moves it by the time that it took from the clock: all of it after the question came. What was due when a
    suspension began stays so. Nothing moves beyond `keep`.
    """
    for span in spans:
        if span.until is not None and span.since < due:
            due += max(0, span.until - max(span.since, came))
    return due if keep is None else min(due, keep)


def read_suspensions(reader: str, said: Iterable[SaidOfLanes]) -> tuple[Suspension, ...]:
    """Return every suspension between the reader and a peer, past and present; statements of one issuer come in their order.

    What others state of third parties is left out.
    """
    ended: list[Suspension] = []
    lasting: dict[tuple[str, str, str], Suspension] = {}
    for one in said:
        peers = one.body["with"] if one.iss == reader else {reader}.intersection(one.body["with"])
        for key in ((one.iss, peer, lane) for peer in peers for lane in one.body["lanes"]):
            if one.k == SUSPEND and key not in lasting:
                lasting[key] = Suspension(*key, one.at, one.body["why"])
            elif one.k == RESUME and key in lasting:
                ended.append(replace(lasting.pop(key), until=one.at))
    return (*ended, *lasting.values())
