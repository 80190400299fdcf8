# SPDX-License-Identifier: Apache-2.0
"""Acts of the operator on agreements; afterwards every hosted desk asks the exchange, as its worker does."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from peers.agreements import follow_agreements
from sharing import agreements
from tests import desk_calls

P = ParamSpec("P")
R = TypeVar("R")


def take_in_agreements(*, now: datetime) -> None:
    """Have every hosted agency ask the exchange for its agreements."""
    ask = desk_calls.at_its_moment(follow_agreements)
    for agency in sorted(desk_calls.hosted_agencies()):
        ask(agency, now=now)


def _told(service: Callable[P, R]) -> Callable[P, R]:
    @wraps(service)
    def act(*args: P.args, **kwargs: P.kwargs) -> R:
        answer = service(*args, **kwargs)
        take_in_agreements(now=cast(datetime, kwargs["now"]))
        return answer

    return act


record_agreement = _told(agreements.record_agreement)
record_circle = _told(agreements.record_circle)
change_circle = _told(agreements.change_circle)
