# SPDX-License-Identifier: Apache-2.0
"""Facts about an alert that its notice carries, so that none need be looked up when it is sent."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AlertFacts:
    """Facts about a received alert: its reference, priority and status, and the markings that limit who may be told."""

    md: str
    reference: str
    pri: str
    status: str
    tlp: str
    lane: str


NO_ALERT = AlertFacts("", "", "", "", "", "")
