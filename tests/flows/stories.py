# SPDX-License-Identifier: Apache-2.0
"""Steps of every story over REST: a draft is submitted, checked and sent, never by its author alone."""

import os
from typing import Any

import pytest

from officers.models import Officer
from tests.api.sessions import Session
from tests.own_desk import at_desk_of
from tests.pages.desk_world import DeskWorld

LAB, HEALTH = "xa-lab", "xb-health"
EVERY_PAIRING = [
    pytest.param((HEALTH,), id="hosted to own"),
    pytest.param((LAB,), id="own to hosted"),
    pytest.param((LAB, HEALTH), id="own to own"),
]
PAIRINGS = EVERY_PAIRING if "ACCORD_EVERY_PAIRING" in os.environ else EVERY_PAIRING[-1:]
"""Pairings by the agency that has a desk of its own; the stories in a browser cover hosted to hosted. The suite runs the
pairing that differs most from that, `ACCORD_EVERY_PAIRING=1 ./dev test tests/flows` all.
"""


class AtDesk(Session):
    """A session at the desk of the officer's agency, own or hosted."""

    def __init__(self, officer: Officer, **defaults: Any) -> None:
        super().__init__(officer, **defaults)
        assert officer.agency is not None
        self.agency = officer.agency

    def __call__(self, *asked: Any, **more: Any) -> Any:
        with at_desk_of(self.agency):
            return super().__call__(*asked, **more)


def send_by_two_and_carry(desk: DeskWorld, author: Session, second: Session, made: Any) -> dict[str, Any]:
    """Send the draft that `made` answered, as `sent_by_two` does, and carry it on; return the sent alert."""
    sent = sent_by_two(author, second, made)
    desk.catch_up()
    return sent


def sent_by_two(author: Session, second: Session, made: Any) -> dict[str, Any]:
    """Submit the draft, see it refused to its author, and let a second officer check and send it; the hub carries it on."""
    assert made.status_code in (200, 201), made.content
    at, tag = f"alerts/{made.json()['id']}", made.headers["ETag"]
    submitted = author("POST", f"{at}/submit", etag=tag)
    assert submitted.status_code == 200, submitted.content
    tag = submitted.headers["ETag"]
    assert author("POST", f"{at}/validate", {}, etag=tag).status_code == 403
    shown = second("GET", at).json()["preview"]["digest"]
    checked = second("POST", f"{at}/validate", {"preview": shown}, etag=tag)
    assert checked.status_code == 200, checked.content
    sent = second("POST", f"{at}/release", etag=checked.headers["ETag"])
    assert sent.status_code == 200, sent.content
    return dict(sent.json())
