# SPDX-License-Identifier: Apache-2.0
"""An author follows an alert over REST: submitted, returned with a reason, corrected, checked, sent, and what became of it."""

from pathlib import Path
from typing import Any

import pytest

from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.opening import OpeningReason, open_alert
from officers.models import Officer
from tests.api.sessions import Session
from tests.pages.desk_world import HARM, DeskWorld

REASON = "Say which hospital reported it."
HEALTH = "xb-health"


@pytest.fixture
def desk(db: None, tmp_path: Path) -> DeskWorld:
    return DeskWorld.kept(tmp_path / "ledger")


def ok(answer: Any) -> Any:
    assert answer.status_code in (200, 201), answer.content
    return answer


def on_the_way(author: Session) -> list[tuple[str, str, str]]:
    """Return state, who acts next and the text of each of the author's alerts."""
    rows = ok(author("GET", "alerts?box=on_the_way")).json()["items"]
    return [(row["state"], row["acts_next"], row["text"]) for row in rows]


def test_through_return_to_release(desk: DeskWorld) -> None:
    author, second = Session(desk.ilka), Session(desk.benno)
    made = ok(author("POST", "alerts", {"data": HARM | {"recipients": [HEALTH]}}))
    alert_id = made.json()["id"]
    at = f"alerts/{alert_id}"
    assert on_the_way(author) == [], "a draft is on no way yet"

    ok(author("POST", f"{at}/submit", etag=made.headers["ETag"]))
    (row,) = ok(author("GET", "alerts?box=on_the_way")).json()["items"]
    assert (row["state"], row["acts_next"]) == ("submitted", "officers")
    assert [officer["full_name"] for officer in row["could_act"]] == [desk.benno.full_name]

    tag = ok(second("GET", at)).headers["ETag"]
    ok(second("POST", f"{at}/return", {"reason": REASON}, etag=tag))
    assert on_the_way(author) == [("returned", "you", REASON)]

    tag = ok(author("GET", at)).headers["ETag"]
    corrected = {"data": {"narrative": "Reported by the city hospital."}}
    tag = ok(author("PATCH", at, corrected, etag=tag)).headers["ETag"]
    tag = ok(author("POST", f"{at}/submit", etag=tag)).headers["ETag"]
    assert on_the_way(author) == [("submitted", "officers", "")], "the reason has been met"

    shown = ok(second("GET", at)).json()["preview"]["digest"]
    tag = ok(second("POST", f"{at}/validate", {"preview": shown}, etag=tag)).headers["ETag"]
    assert on_the_way(author) == [("validated", "officers", "")]
    ok(second("POST", f"{at}/release", etag=tag))
    desk.settle()
    assert on_the_way(author) == [("released", "nobody", "")]
    assert what_became(author, at) == {HEALTH: (None, None)}

    received = desk.received(desk.aroha)
    open_alert(desk.aroha, received, reason=OpeningReason.ON_DUTY.value, now=desk.tick())
    acknowledge_alert(desk.aroha, received, now=desk.tick())
    desk.settle()
    opened, acknowledged = what_became(author, at)[HEALTH]
    assert opened and acknowledged
    assert acts_of(desk.edda, alert_id) >= {
        "alert.submitted",
        "alert.returned",
        "alert.validated",
        "alert.released",
    }


def what_became(author: Session, at: str) -> dict[str, tuple[str | None, str | None]]:
    """Return when each recipient opened and acknowledged the alert."""
    rows = ok(author("GET", at)).json()["recipients"]
    return {row["agency"]: (row["opened_at"], row["acknowledged_at"]) for row in rows}


def acts_of(auditor: Officer, alert_id: str) -> set[str]:
    """Return the acts on it that the audit of the author's agency holds."""
    rows = ok(Session(auditor)("GET", f"audit?item={alert_id}")).json()["items"]
    return {row["act"] for row in rows}
