# SPDX-License-Identifier: Apache-2.0
"""Lanes that this agency suspends with others, and resumes, by its signed statements."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from accord.client.errors import RequestError
from accord.client.results import Stated
from accord.client.session import Act
from accord.client.stating import own_officer, settled, state
from accord.envelope.encoding import agency_ids
from accord.envelope.errors import MalformedError
from accord.envelope.statements.bodies import SUSPEND_REASONS
from accord.envelope.vocabulary import LANES
from accord.suspensions import RESUME, SUSPEND


def suspend_lanes(
    act: Act,
    agencies: Collection[str],
    lanes: Collection[str],
    *,
    why: str | None,
    officer: str | None,
    wait_secs: float,
) -> Stated:
    """Suspend lanes with these agencies, in every agreement with them. Raises RequestError, RefusedError."""
    if why is not None and why not in SUSPEND_REASONS:
        raise RequestError(f"why: choose one of {', '.join(sorted(SUSPEND_REASONS))}.")
    return _state_of_lanes(act, SUSPEND, agencies, lanes, {"why": why}, officer, wait_secs)


def resume_lanes(
    act: Act, agencies: Collection[str], lanes: Collection[str], *, officer: str | None, wait_secs: float
) -> Stated:
    """Lift the own suspension of these lanes with each of these agencies. Raises RequestError, RefusedError."""
    return _state_of_lanes(act, RESUME, agencies, lanes, {}, officer, wait_secs)


def _state_of_lanes(
    act: Act,
    k: str,
    agencies: Collection[str],
    lanes: Collection[str],
    more: Mapping[str, Any],
    officer: str | None,
    wait_secs: float,
) -> Stated:
    body = {"lanes": sorted(set(lanes)), "with": sorted(set(agencies)), **more}
    _check(act.agency, body["lanes"], body["with"])
    stated = state(act, k, None, body, officer=own_officer(officer))
    return settled(act, stated, wait_secs)


def _check(own: str, lanes: Collection[str], agencies: Collection[str]) -> None:
    if not lanes or not LANES.issuperset(lanes):
        raise RequestError(f"lane: choose of {', '.join(sorted(LANES))}.")
    try:
        agency_ids(agencies, "with")
    except MalformedError as exc:
        raise RequestError("Name agencies by their ids, as xa-lab.") from exc
    if not agencies or own in agencies:
        raise RequestError("Name one or more other agencies.")
