# SPDX-License-Identifier: Apache-2.0
"""Facts about an alert that its notice carries, so that none need be looked up when it is sent."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AlertFacts:
    """Facts about an alert: its reference, priority and status, and what limits who may be told.

    That are its markings and, for RED, the ids of the officers whom it names.
    """

    md: str
    reference: str
    pri: str
    status: str
    tlp: str
    lane: str
    named: frozenset[str] = frozenset()


NO_ALERT = AlertFacts("", "", "", "", "", "")
