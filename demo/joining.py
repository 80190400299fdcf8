# SPDX-License-Identifier: Apache-2.0
"""Acts of officers of two agencies that let alerts flow between them, at any desk: compare, send, receive."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from demo import alerts as texts
from demo.cast import wait_for
from demo.desk import DeskSession


def write_to(recipients: Sequence[str], title: str = "") -> dict[str, Any]:
    """Return the story's alert as a draft to these agencies, under another title if one is given."""
    evidence = [{**line, "file": ""} for line in texts.STORY["evidence"]]
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    said = {**texts.STORY, "event_date": yesterday, "evidence": evidence, "recipients": [*recipients]}
    return said | ({"title": title} if title else {})


def send(author: DeskSession, releaser: DeskSession, to: str, title: str) -> str:
    """Write, check and release as two officers; return the digest, once it is logged."""
    alert = author.post("/alerts", {"data": write_to([to], title)})["id"]
    author.post(f"/alerts/{alert}/submit", etag=author.get(f"/alerts/{alert}")["etag"])
    checked = releaser.get(f"/alerts/{alert}")
    seen = {"preview": checked["preview"]["digest"]}
    checked = releaser.post(f"/alerts/{alert}/validate", seen, etag=checked["etag"])
    releaser.post(f"/alerts/{alert}/release", etag=checked["etag"])

    def logged() -> str | None:
        sent = author.get(f"/alerts/{alert}")
        return str(sent["alert"]["md"]) if sent.get("log_index") is not None else None

    return str(wait_for(logged, "A receipt of the ledger"))


def received(officer: DeskSession, md: str) -> dict[str, Any] | None:
    """Return the row of the inbox; None where there is none."""
    rows = (row["received"] for row in officer.get("/alerts?box=inbox&limit=100")["items"])
    return next((row for row in rows if row["md"] == md), None)


def compare(officer: DeskSession, peer: str) -> None:
    """Compare the peer's fingerprint, once it has arrived."""

    def shown() -> str | None:
        items = officer.get("/peers")["items"]
        found = next((item for item in items if item["agency"] == peer), None)
        return str(found["fingerprint"]) if found and found.get("fingerprint") else None

    fingerprint = wait_for(shown, f"The fingerprint of {peer}")
    officer.post(f"/peers/{peer}/compare", {"fingerprint": fingerprint})


def wait_until_active(officer: DeskSession, agency: str) -> None:
    """Wait until the agency is active."""

    def is_active() -> bool | None:
        items = officer.get("/directory")["items"]
        return any(item["id"] == agency and item["status"] == "active" for item in items) or None

    wait_for(is_active, f"{agency} is active")


def agreement_between(ref: str, *parties: str, lanes: Sequence[str] = ("science",)) -> dict[str, Any]:
    """Return an agreement on these lanes up to AMBER, in force now, as `record_agreement` reads it."""
    return {
        "ref": ref,
        "title": "Coast",
        "parties": [*parties],
        "lanes": [*lanes],
        "ceiling": "AMBER",
        "purposes": [],
        "nbf": (datetime.now(UTC) - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "until": None,
        "survive_lanes": [],
        "survive_flash": True,
    }
