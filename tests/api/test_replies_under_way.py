# SPDX-License-Identifier: Apache-2.0
"""A system that sends another reply while a draft is under way gets 409, not the answer of the first one."""

from pathlib import Path
from typing import Any

import pytest

from tests.api.sessions import Session
from tests.pages.desk_world import DeskWorld

WHY = {"reason": "on_duty"}


@pytest.fixture
def desk(db: None, tmp_path: Path) -> DeskWorld:
    return DeskWorld.kept(tmp_path / "ledger")


def test_another_opinion_than_that_of_the_draft_is_not_answered_as_said(desk: DeskWorld) -> None:
    desk.send(
        desk.draft(alert_type="new_substance", lane="science", purpose="science", recipients=["xb-health"])
    )
    desk.wait_for_the_clock()
    author, at = Session(desk.aroha), f"alerts/received/{desk.received(desk.aroha).pk}/reply"

    def review(opinion: str, **said: Any) -> Any:
        return author("POST", at, WHY | {"kind": "peer_review", "opinion": opinion, **said})

    first = review("agree")
    assert first.status_code == 201, first.content
    assert review("agree").json()["id"] == first.json()["id"], "asked again it is the same"
    for other in (review("disagree"), review("agree", opinion_text="As our reference.")):
        assert (other.status_code, other.json()["cause"]) == (409, "under-way")
        assert first.json()["id"] in other.json()["text"]
    kept = author("GET", f"alerts/{first.json()['id']}").json()["data"]
    assert (kept["opinion"], kept["opinion_text"]) == ("agree", None)
