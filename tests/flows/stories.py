# SPDX-License-Identifier: Apache-2.0
"""What every story over REST does: a draft goes its way, and never by its author alone."""

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
"""Which of the two agencies has a desk of its own; hosted to hosted is what the stories in a browser are. The suite takes the one
that differs most from that, `ACCORD_EVERY_PAIRING=1 ./dev test tests/flows` all."""


class AtDesk(Session):
    """Session at the desk of the officer's agency, own or hosted."""

    def __init__(self, officer: Officer, **defaults: Any) -> None:
        super().__init__(officer, **defaults)
        assert officer.agency is not None
        self.agency = officer.agency

    def __call__(self, *asked: Any, **more: Any) -> Any:
        with at_desk_of(self.agency):
            return super().__call__(*asked, **more)


def released(desk: DeskWorld, author: Session, second: Session, made: Any) -> dict[str, Any]:
    """Of the answer that made a draft or saved it: submitted, refused to its author, checked and sent by a second."""
    sent = sent_by_two(author, second, made)
    desk.catch_up()
    return sent


def sent_by_two(author: Session, second: Session, made: Any) -> dict[str, Any]:
    """The same where the hub's own processes carry it on."""
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
