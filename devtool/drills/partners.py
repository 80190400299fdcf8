# SPDX-License-Identifier: Apache-2.0
"""Two partners with their own keys, of which one sends and the other reads, for the drills on a hub."""

from collections import Counter
from dataclasses import replace

from accord.client.outgoing import AlertToSend
from demo.cast import Cast, wait_for
from demo.desk import DeskSession
from demo.ticks import StepFailedError

SENDER, READER, HOSTED = "xe-drugs", "xd-reg", "xb-health"
PARTNERS = (SENDER, READER)
REREAD_WITHIN_SECONDS = 240
"""A restored hub's desk reads every feed from the beginning before it reaches new items."""


class Partners:
    """Partners, what they sent so far, and how often the reader was shown each alert."""

    def __init__(self, cast: Cast) -> None:
        self._systems = {agency: cast.own_system(agency) for agency in PARTNERS}
        self._clients = {agency: system.client() for agency, system in self._systems.items()}
        self._shown: Counter[str] = Counter()
        self.sent: list[str] = []

    def come_back(self, agency: str, return_key: str) -> None:
        """Ask for another API key, requested under the agency's own keys, and go on with it."""
        client = self._clients[agency]
        client.come_back(return_key)
        self._systems[agency] = replace(self._systems[agency], api_key=client.state().api_key)
        self._clients[agency] = self._systems[agency].client()

    def send(self, title: str) -> str:
        """Send an exercise to the reader and to a hosted agency; return its digest, once it is logged."""
        alert = {
            "schema": "accord-alert/1",
            "alert_type": "new_substance",
            "title": f"Drill: {title}",
            "harm_evidence": "none_yet",
        }
        order = AlertToSend(
            alert=alert,
            to=(READER, HOSTED),
            lane="science",
            purpose="prevent",
            tlp="GREEN",
            status="exercise",
        )
        md = self._clients[SENDER].submit(order, wait_secs=60).md
        self.sent.append(md)
        return md

    def give_again(self) -> None:
        """Have the sender look for news, which gives a restored hub what it lacks."""
        self._clients[SENDER].inbox()

    def require_shown(self) -> None:
        """Require that the reader's watch has delivered each alert once, over all its runs."""

        def look() -> bool | None:
            self._shown.update(news.entry.d for news in self._clients[READER].watch(once=True))
            return all(md in self._shown for md in self.sent) or None

        wait_for(look, "Every alert at the partner")
        twice = [md for md in self.sent if self._shown[md] != 1]
        if twice:
            raise StepFailedError(f"Shown more than once: {', '.join(twice)}")


def go_through_restore(cast: Cast, admin: str) -> str:
    """Confirm, as an agency's admin, each section of what a restore brought back; return when sign-in was opened."""
    session = wait_for(lambda: _signed_in(cast, admin), "An admin who signs in once what was due is deleted")
    waiting = session.get("/restore")
    confirmed = {"restored_at": waiting["restored_at"], "confirmed": waiting["to_confirm"]}
    return str(session.post("/restore/review", confirmed)["reviewed_at"])


def _signed_in(cast: Cast, login: str) -> DeskSession | None:
    try:
        return cast.officer(login)
    except StepFailedError:
        return None
