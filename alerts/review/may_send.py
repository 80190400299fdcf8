# SPDX-License-Identifier: Apache-2.0
"""Answers to whether the agency may send something to another one, and why not: the preview of sending, with what is agreed and open beside it.

Preview and release judge by the same call, so that the answer is the same before and at sending. A peer whose keys failed a check when
they were last fetched is answered No; a preview says so in words alone. It names no suspension but those between the officer's
agency and the one asked about.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from accord.calls.agreements import ABOUT_LIFE, AgreementAnswer
from accord.suspensions import Suspension
from alerts.peers.suspensions import FLASH, ROUTINE, Suspensions, stated_suspensions
from alerts.peers.withheld_recipients import KEYS_FAILED, LANE_SUSPENDED
from alerts.review.preview import Preview, candidates_for, for_display, preview_recipients_of
from alerts.review.verdicts import RecipientVerdict
from callers.capabilities import Capability, require
from callers.closed_lists import Lane
from callers.denials import OURS, Arguments
from officers.models import Officer
from peers.agreements import kept_agreements

ASKED: Final = ("lane", "purpose", "tlp", "pri")


@dataclass(frozen=True)
class Answer:
    """Verdict on one agency. `ref`: the agreement that allows it, or came nearest; else one that joins the two; else empty.

    `ceiling`: the strictest marking that this agreement allows; empty where it is not in force.
    `open_lanes`: on which anything may pass now. `life_passes`: flash on public health does although that lane is suspended.
    """

    verdict: RecipientVerdict
    ref: str
    ceiling: str
    open_lanes: tuple[str, ...]
    life_passes: bool
    is_own_stop: bool
    """The agency itself suspends the lane asked about."""


@dataclass(frozen=True)
class Answers:
    """Answers by name. `as_of`: when the exchange said so, where it could not be asked now."""

    rows: tuple[Answer, ...]
    as_of: datetime | None


def may_send(
    officer: Officer, terms: Mapping[str, str], agencies: Collection[str] = (), *, now: datetime
) -> Answers:
    """Tell for each of these agencies, or for the whole directory, whether it would receive something with these terms now.

    `terms` has the names of `ASKED`, each with a value of its list. Not inside a transaction. Raises NotPermittedError,
    ExchangeAwayError, NotBoundError.
    """
    require(officer, Capability.AGREEMENT_READ)
    asked = {**terms, "status": "actual", "recipients": sorted(set(agencies))}
    own = officer.agency_id or ""
    preview = (preview_recipients_of if agencies else candidates_for)(officer, asked, now=now)
    agreed, said = _Agreed(own, now), _said(preview)
    judged = map(_denied_for_keys, for_display(own, preview).rows)
    rows = (agreed.answer(row, said.get(row.agency, {}), terms["lane"]) for row in judged)
    return Answers(tuple(rows), preview.as_of)


def _denied_for_keys(row: RecipientVerdict) -> RecipientVerdict:
    """Return the denial of what would be sealed to keys that failed, which alone gives an allowance a text."""
    return replace(row, will=False, code=KEYS_FAILED) if row.will and row.text else row


def _said(preview: Preview) -> dict[str, Arguments]:
    """Return what the exchange names in each answer, by agency."""
    answers = preview.from_exchange.answers if preview.from_exchange else ()
    return {one.agency: one.args for one in answers}


class _Agreed:
    """Agreements in force and suspensions of one agency, by peer."""

    def __init__(self, own: str, now: datetime) -> None:
        kept, at = kept_agreements(own), int(now.timestamp())
        self._own = own
        self._agreements = defaultdict[str, list[AgreementAnswer]](list)
        self._stops = defaultdict[str, list[Suspension]](list)
        for one in kept.agreements if kept else ():
            if one.until is None or one.until > at:
                for party in one.parties:
                    self._agreements[party].append(one)
        for stop in stated_suspensions(own, now=now):
            if stop.until is None:
                self._stops[stop.other(own)].append(stop)

    def answer(self, row: RecipientVerdict, said: Arguments, lane: str) -> Answer:
        agreements: Sequence[AgreementAnswer] = self._agreements.get(row.agency, [])
        stops = self._stops.get(row.agency, [])
        known = Suspensions(self._own, tuple(agreements), tuple(stops))
        covered = {code for one in agreements for code in one.lanes}
        is_open = tuple(
            code for code in Lane.values if code in covered and known.since(row.agency, code, ROUTINE) is None
        )
        about_life = ABOUT_LIFE[1]
        ref = str(said.get("ref", "")) or next((one.ref for one in agreements if lane in one.lanes), "")
        return Answer(
            row,
            ref,
            row.ceiling or next((one.ceiling for one in agreements if one.ref == ref), ""),
            is_open,
            about_life in covered.difference(is_open) and known.since(row.agency, about_life, FLASH) is None,
            # Where the exchange would let it through, the agency's own book holds it.
            row.code == LANE_SUSPENDED and OURS in said.get("by", OURS),
        )
