# SPDX-License-Identifier: Apache-2.0
"""Answers to whether this agency may send to others, and why not: the hub's policy, which is asked again on sending, and own pins."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final

from accord.calls.answers import PreviewAnswer
from accord.client.errors import RequestError
from accord.client.session import Act
from accord.envelope.encoding import agency_ids
from accord.envelope.errors import MalformedError
from accord.envelope.keys import PQ1

NOT_PINNED: Final = "not-pinned"


def ask_policy(act: Act, agencies: Collection[str], terms: Mapping[str, str]) -> list[PreviewAnswer]:
    """Return an answer for each of these agencies, by id; for every other one where none is named. Raises RequestError.

    `terms`: lane, purpose, tlp, and what is not pri routine, status actual, suite PQ1.
    """
    try:
        wanted = agency_ids(sorted(set(agencies)), "agencies") if agencies else None
    except MalformedError as exc:
        raise RequestError("Name agencies by their ids, as xa-lab.") from exc
    asked = {"pri": "routine", "status": "actual", "suite": PQ1, **terms}
    return [_held(act, one) for one in act.session.exchange.previews(asked, wanted)]


def _held(act: Act, answer: PreviewAnswer) -> PreviewAnswer:
    """Return the answer; an agency whose root nobody has pinned here is sent nothing, whatever the hub says."""
    if not answer.allowed or answer.agency in act.state.pins:
        return answer
    return replace(answer, allowed=False, code=NOT_PINNED, args={})
