# SPDX-License-Identifier: Apache-2.0
"""Releases onward at the terminal: release-onward, unrelease."""

from __future__ import annotations

import time

from accord.cli.asking import confirm
from accord.cli.showing import moment
from accord.cli.workplace import Workplace
from accord.client.outgoing import read_agencies, read_time
from accord.client.releasing import OnwardOrder


def release_onward(place: Workplace) -> None:
    """Release an alert to further agencies."""
    options = place.options
    order = OnwardOrder(
        read_agencies(options.to),
        read_time(options.until, now=int(time.time()), where="--until"),
        options.purpose,
        options.condition,
        further=options.further,
        emergency=options.emergency,
    )
    to = ", ".join(order.to)
    confirm(
        f"Release it to {to} until {moment(order.until)}? Its sender is told; what is read stays read.",
        said_yes=options.yes,
    )
    with place.client() as client:
        stated = client.release_onward(options.place, order, officer=options.officer, wait_secs=options.wait)
    place.tell(stated, f"Released: {stated.about} to {to}", f"release {stated.od}")


def unrelease(place: Workplace) -> None:
    """End a release onward."""
    options = place.options
    confirm("End it? New reading stops, what was read stays read.", said_yes=options.yes)
    with place.client() as client:
        stated = client.unrelease(
            options.d, code=options.code, officer=options.officer, wait_secs=options.wait
        )
    place.tell(stated, f"Ended: {stated.about}", f"statement {stated.od}")
