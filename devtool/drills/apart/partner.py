# SPDX-License-Identifier: Apache-2.0
"""A partner with its own keys: it sends, tries again where nobody answered, and counts what it is shown."""

from collections import Counter
from collections.abc import Collection
from contextlib import suppress

from accord.client.client import Client
from accord.client.errors import ClientError
from accord.client.outgoing import AlertToSend
from accord.client.results import InboxEntry
from demo.cast import wait_for
from devtool.drills.apart.counting import require_once

ARRIVES_WITHIN_SECONDS = 240
"""An attempt that a killed process had begun is continued after two minutes."""


class Partner:
    """The system of one agency, using its client."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._alerts: Counter[str] = Counter()
        self._acknowledged: Counter[str] = Counter()
        self.order: list[str] = []
        """The alerts that it was shown, in the order of its feed."""
        self.look()
        self._before = {*self._alerts}

    def send(
        self, title: str, to: Collection[str], pri: str = "routine", status: str = "exercise"
    ) -> str | None:
        """Send an alert; return its digest, or None where nobody answered before it was signed. An exercise has no clock."""
        before = set(self.client.state().submissions)
        # Once signed it is in the spool, whatever becomes of this attempt.
        with suppress(ClientError):
            self.client.submit(_alert(title, tuple(to), pri, status))
        new = set(self.client.state().submissions) - before
        return new.pop() if new else None

    def send_surely(
        self, title: str, to: Collection[str], pri: str = "routine", status: str = "exercise"
    ) -> str:
        """Send an alert, trying until it is signed."""
        return wait_for(lambda: self.send(title, to, pri, status), "The alert signed")

    def settle(self) -> None:
        """Send again whatever has no receipt, until everything has one."""

        def look() -> bool | None:
            with suppress(ClientError):
                self.client.resend()
            waiting = [one for one in self.client.state().submissions.values() if one.logged_at is None]
            return None if waiting else True

        wait_for(look, "Every receipt", within_seconds=ARRIVES_WITHIN_SECONDS)

    def look(self) -> None:
        """Take in what is new; where nobody answers, leave that for the next time."""
        with suppress(ClientError):
            for news in self.client.watch(once=True):
                self._take(news.entry)

    def _take(self, entry: InboxEntry) -> None:
        if entry.what == "envelope":
            self._alerts[entry.d] += 1
            self.order.append(entry.d)
        if entry.statement is not None and entry.statement.k == "ack":
            self._acknowledged[str(entry.statement.about)] += 1

    def require_acknowledged(self, md: str) -> None:
        """Wait until a recipient's acknowledgement of the alert has come; raise where it came twice."""

        def look() -> bool | None:
            self.look()
            return self._acknowledged[md] > 0 or None

        wait_for(look, "The acknowledgement at the partner", within_seconds=ARRIVES_WITHIN_SECONDS)
        require_once([md], {md: self._acknowledged[md]}, "Acknowledgements")

    def require_shown(self, expected: Collection[str]) -> None:
        """Wait until each of these, and nothing else, was shown since; raise where one was shown twice."""

        def look() -> bool | None:
            self.look()
            return all(md in self._alerts for md in expected) or None

        wait_for(look, "Every alert at the partner", within_seconds=ARRIVES_WITHIN_SECONDS)
        new = {md: count for md, count in self._alerts.items() if md not in self._before}
        require_once(expected, new, f"At {self.client.state().agency}")


def _alert(title: str, to: tuple[str, ...], pri: str, status: str) -> AlertToSend:
    content = {
        "schema": "accord-alert/1",
        "alert_type": "new_substance",
        "title": f"Drill: {title}",
        "harm_evidence": "none_yet",
    }
    return AlertToSend(
        alert=content, to=to, lane="science", purpose="prevent", tlp="GREEN", pri=pri, status=status
    )
