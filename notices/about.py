# SPDX-License-Identifier: Apache-2.0
"""What a notice carries of the alert it tells of, so that nobody else need be asked when it is sent."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AboutAlert:
    """What a notice needs of a received alert: where it leads, how fast it is, and who may hear of it."""

    md: str
    reference: str
    pri: str
    status: str
    tlp: str
    lane: str


NO_ALERT = AboutAlert("", "", "", "", "", "")
