# SPDX-License-Identifier: Apache-2.0
"""A process that works with one version of the code: it runs a hub, or plays its users and partners.

`devtool.drills.upgrade` starts this file with the `PYTHONPATH` of a checkout, this one or an older one, and sends it commands,
a line of JSON each; it answers each with a line. It therefore only uses what all versions have in common.
"""

import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

from accord.client.client import Client
from accord.client.errors import RefusedError
from accord.client.outgoing import AlertToSend
from demo import alerts as texts
from demo.cast import Cast, OwnSystem, wait_for
from demo.desk import DeskSession
from demo.ticks import StepFailedError, Ticks
from devtool.environments import ROOT
from devtool.processes import run_to_end
from devtool.programs import management
from devtool.statefolder import StateFolder
from devtool.supervision import Hub


class HubKeeper:
    """A hub in one state folder, step by step."""

    def __init__(self, folder: str, desk_port: str, exchange_port: str) -> None:
        self._hub = Hub(
            StateFolder(Path(folder)),
            int(desk_port),
            int(exchange_port),
            scratch=True,
            ticks=Ticks(sys.stderr),
        )

    def stores(self) -> dict[str, str]:
        """Start database, broker and mail sink; return the databases' addresses under their owners' logins, by half."""
        self._hub.start_stores()
        return dict(self._hub.world.owner_urls)

    def prepare(self) -> None:
        """Migrate, and build the demonstration world where there is none."""
        self._hub.prepare()

    def manage(self, role: str, *arguments: str) -> str:
        """Run one management command; return its output."""
        done = run_to_end(*management(role, self._hub.world, *arguments), cwd=ROOT)
        if done.returncode:
            raise StepFailedError(f"{' '.join(arguments)}: {(done.stdout + done.stderr).strip()[-800:]}")
        return done.stdout.strip()

    def processes(self) -> dict[str, str]:
        """Start the processes that use the database; return their users' environment."""
        self._hub.start_processes()
        return self._hub.demo_environment()

    def close(self) -> None:
        self._hub.stop()


class Players:
    """Officers at the desk and partners with their own keys, all using this version's client."""

    def __init__(self, cast: Cast | None = None) -> None:
        self._cast = cast or Cast()
        self._clients: dict[OwnSystem, Client] = {}
        self._sessions: dict[str, DeskSession] = {}

    def set_up_codes(self, login: str) -> None:
        """Set up an officer's second factor, which every later sign-in requires."""
        self._cast.officer(login, _Careful)

    def sign_in(self, login: str) -> None:
        """Sign in by the password, and by the second factor where the officer has one; `desk` uses the session."""
        self._sessions[login] = self._cast.officer(login)

    def keep_draft(self, login: str) -> str:
        """Begin a draft; return its id."""
        yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
        evidence = [{**line, "file": ""} for line in texts.STORY["evidence"]]
        data = {**texts.STORY, "event_date": yesterday, "evidence": evidence}
        return str(self._cast.officer(login).post("/alerts", {"data": data})["id"])

    def state_of(self, login: str, alert: str) -> str:
        """Return the state of an agency's own alert, and its title."""
        found = self._cast.officer(login).get(f"/alerts/{alert}")
        return f"{found['state']}: {found['data']['title']}"

    def submit(self, login: str, alert: str) -> None:
        officer = self._cast.officer(login)
        officer.post(f"/alerts/{alert}/submit", etag=officer.get(f"/alerts/{alert}")["etag"])

    def release(self, login: str, alert: str) -> None:
        """Check and release it, as somebody who did not write it."""
        officer = self._cast.officer(login)
        checked = officer.get(f"/alerts/{alert}")
        seen = {"preview": checked["preview"]["digest"]}
        checked = officer.post(f"/alerts/{alert}/validate", seen, etag=checked["etag"])
        officer.post(f"/alerts/{alert}/release", etag=checked["etag"])

    def digest_of(self, login: str, alert: str) -> str | None:
        """Return the sent alert's digest in the ledger, once it is logged."""
        sent = self._cast.officer(login).get(f"/alerts/{alert}")
        return str(sent["alert"]["md"]) if sent.get("log_index") is not None else None

    def send(self, sender: str, title: str, *to: str) -> str:
        """Send an alert with the agency's own keys; return its digest."""
        alert = {
            "schema": "accord-alert/1",
            "alert_type": "new_substance",
            "title": f"Drill: {title}",
            "harm_evidence": "none_yet",
        }
        order = AlertToSend(
            alert=alert, to=to, lane="science", purpose="prevent", tlp="GREEN", status="exercise"
        )
        return str(self._client(sender).submit(order, wait_secs=60).md)

    def is_served(self, agency: str) -> bool:
        """Tell whether the exchange accepts the API key of the agency's system."""
        try:
            self._client(agency).inbox()
        except RefusedError as refused:
            if refused.status == HTTPStatus.UNAUTHORIZED:
                return False
            raise
        return True

    def come_back(self, agency: str, return_key: str) -> None:
        """Ask for another API key, requested under the agency's own keys, and put it where its system finds it."""
        client = self._client(agency)
        client.come_back(return_key)
        system = self._cast.own_system(agency)
        held = {"passphrase": system.passphrase, "api_key": client.state().api_key}
        (system.home / "secrets.json").write_text(json.dumps(held), encoding="utf-8")

    def go_through_restore(self, login: str) -> str:
        """Confirm, as an agency's admin, what a restore brought back."""
        admin = wait_for(lambda: self._signed_in(login), "An admin who signs in once what was due is deleted")
        waiting = admin.get("/restore")
        confirmed = {"restored_at": waiting["restored_at"], "confirmed": waiting["to_confirm"]}
        return str(admin.post("/restore/review", confirmed)["reviewed_at"])

    def _signed_in(self, login: str) -> DeskSession | None:
        try:
            return self._cast.officer(login)
        except StepFailedError:
            return None

    def look(self, agency: str) -> None:
        """Ask for the inbox, which also gives a restored hub what it lacks."""
        self._client(agency).inbox()

    def watch(self, agency: str) -> list[str]:
        """Return the digests of the alerts that are new to the agency's system."""
        return [str(news.entry.d) for news in self._client(agency).watch(once=True)]

    def desk(self, login: str) -> list[str]:
        """Return the digests in the inbox of a signed-in officer, repetitions included."""
        found = self._sessions[login].get("/alerts?box=inbox&limit=100")
        # Lists were called `rows` before they were called `items`.
        rows = found["items"] if "items" in found else found["rows"]
        return [str(row["received"]["md"]) for row in rows]

    def close(self) -> None:
        """Do nothing: no connection is open."""

    def _client(self, agency: str) -> Client:
        system = self._cast.own_system(agency)
        if system not in self._clients:
            self._clients[system] = system.client()
        return self._clients[system]


class _Careful(DeskSession):
    """An officer who sets up a second factor though none is required."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._set_up_codes()


def main(kind: str, *arguments: str) -> int:
    """Serve until the input ends."""
    # Other output is for the person at the terminal; only answers go to the caller.
    answers, sys.stdout = sys.stdout, sys.stderr
    serving = HubKeeper(*arguments) if kind == "hub" else Players()
    try:
        for line in sys.stdin:
            print(json.dumps(_answer(serving, *json.loads(line))), file=answers, flush=True)
    finally:
        serving.close()
    return 0


def _answer(serving: object, name: str, *arguments: Any) -> dict[str, Any]:
    act: Callable[..., Any] = getattr(serving, name)
    try:
        return {"answer": act(*arguments)}
    except StepFailedError as failure:
        return {"failure": failure.what}
    except Exception as exc:  # noqa: BLE001 (whatever it is, the drill says it)
        return {"failure": f"{type(exc).__name__}: {exc}"}


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main(*sys.argv[1:]))
