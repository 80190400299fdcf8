# SPDX-License-Identifier: Apache-2.0
"""Officers as the drills play them, at a hosted desk or at an own one: they write, check, release, look and acknowledge."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from demo import alerts as texts
from demo.cast import Cast, wait_for
from demo.desk import DeskSession
from demo.ticks import StepFailedError
from devtool.drills.apart.counting import FILED_WITHIN_SECONDS, require_once

SENDING, READING = "xb-health", "xa-lab"
"""Two hosted agencies; the first one sends to the second, and each receives from partners."""
AUTHOR, RELEASER, READER = "aroha", "dele", "ilka"
OWN_KEYS = "xe-drugs"
"""The recipient with keys of its own."""
TOLD = {"xb-health": ("aroha", "dele", "wirin"), "xa-lab": ("ilka", "benno", "sunniva")}
"""By agency, the officers who are told of each new alert; the first one reads the inbox."""
LEFT = frozenset({"queued", "released"})
A_PAGE = 100


@dataclass
class Officers:
    """Officers who sign in anew each time: sessions end, and time is moved here. The hosted agencies', unless stated."""

    cast: Cast
    author: str = AUTHOR
    releaser: str = RELEASER
    to: Sequence[str] = (READING, OWN_KEYS)
    """Agencies that receive their alerts."""

    def sign_in(self, login: str) -> DeskSession:
        """Return a new session of the officer."""
        return self.cast.officer(login)

    def write(self, *titles: str, pri: str = "routine") -> list[str]:
        """Write alerts, and submit them; return their ids."""
        author = self.sign_in(self.author)
        return [_write(author, title, self.to, pri) for title in titles]

    def check(self, *alerts: str) -> None:
        """Check them, as somebody who did not write them."""
        releaser = self.sign_in(self.releaser)
        for alert in alerts:
            found = releaser.get(f"/alerts/{alert}")
            seen = {"preview": found["preview"]["digest"]}
            releaser.post(f"/alerts/{alert}/validate", seen, etag=found["etag"])

    def release(self, *alerts: str) -> list[str]:
        """Press once for each, in this order; return their states afterwards."""
        releaser = self.sign_in(self.releaser)
        return [str(press(releaser, alert)["state"]) for alert in alerts]

    def send(self, *titles: str, pri: str = "routine") -> list[str]:
        """Write, check and release; return the ids of the alerts."""
        alerts = self.write(*titles, pri=pri)
        self.check(*alerts)
        self.release(*alerts)
        return alerts

    def facts(self, *alerts: str) -> list[dict[str, Any]]:
        """Ask the desk for the present facts about them."""
        releaser = self.sign_in(self.releaser)
        return [_facts(releaser, alert) for alert in alerts]

    def wait_until_logged(self, *alerts: str, within_seconds: float = 180) -> list[dict[str, Any]]:
        """Wait until each is in the exchange's log; return the desk's facts about them then."""
        releaser = self.sign_in(self.releaser)

        def look() -> list[dict[str, Any]] | None:
            found = [_facts(releaser, alert) for alert in alerts]
            return found if all(one["log_index"] is not None for one in found) else None

        return wait_for(look, "Every alert in the exchange's log", within_seconds=within_seconds)


class Inbox:
    """The inbox of an agency from now on, as one of its officers sees it."""

    def __init__(self, officers: Officers, agency: str, reader: str = "") -> None:
        self._officers, self.agency, self._reader = officers, agency, reader or TOLD[agency][0]
        self._before = {md_of(row) for row in self._rows()}

    def require(self, expected: Collection[str]) -> list[dict[str, Any]]:
        """Wait until all of these are there; return their rows, the oldest first.

        Raises where one is there twice, or one that nobody sent.
        """

        def look() -> list[dict[str, Any]] | None:
            rows = [row for row in self._rows() if md_of(row) not in self._before]
            return rows if {*expected} <= {md_of(row) for row in rows} else None

        rows = wait_for(look, f"Every alert at {self.agency}", within_seconds=FILED_WITHIN_SECONDS)
        require_once(expected, Counter(md_of(row) for row in rows), f"At {self.agency}")
        return rows[::-1]

    def _rows(self) -> list[dict[str, Any]]:
        return received(self._officers.sign_in(self._reader))


def md_of(row: dict[str, Any]) -> str:
    """Return the digest of the alert of an inbox's row."""
    return str(row["received"]["md"])


def addresses_of(agency: str) -> list[str]:
    """Return the addresses of everybody there who is told of each new alert."""
    return [f"{login}@{agency}.example" for login in TOLD[agency]]


def press(releaser: DeskSession, alert: str) -> dict[str, Any]:
    """Release a checked alert."""
    found = releaser.get(f"/alerts/{alert}")
    return releaser.post(f"/alerts/{alert}/release", etag=found["etag"])


def has_left_the_releaser(releaser: DeskSession, alert: str) -> bool:
    """Tell whether it is released, whether under way or delivered."""
    return _facts(releaser, alert)["state"] in LEFT


def received(officer: DeskSession, query: str = "") -> list[dict[str, Any]]:
    """Read every row of the officer's inbox, the newest first."""
    rows, cursor = [], ""
    while True:
        page = officer.get(f"/alerts?box=inbox&limit={A_PAGE}{query}&cursor={cursor}")
        rows += page["items"]
        if not page["next"]:
            return rows
        cursor = page["next"]


def received_one(officer: DeskSession, md: str) -> dict[str, Any]:
    """Wait for the row of one alert, which the desk-worker files; return it."""
    return wait_for(
        lambda: next((row for row in received(officer) if md_of(row) == md), None),
        "The alert in the inbox",
    )


def _write(author: DeskSession, title: str, to: Sequence[str], pri: str) -> str:
    data = {**texts.NINE_COLLAPSES, "title": f"Drill: {title}", "pri": pri}
    data |= {"event_precision": None, "recipients": [*to]}
    made = author.post("/alerts", {"data": data})
    found = author.get(f"/alerts/{made['id']}")
    if found["findings"]["blocks"]:
        raise StepFailedError(f"The alert cannot be submitted: {found['findings']}")
    author.post(f"/alerts/{made['id']}/submit", etag=found["etag"])
    return str(made["id"])


def _facts(officer: DeskSession, alert: str) -> dict[str, Any]:
    """Read an own alert, written or sent: its facts lie deeper once it is sent."""
    found = officer.get(f"/alerts/{alert}")
    return {"log_index": None, **found, **found.get("alert", {})}
