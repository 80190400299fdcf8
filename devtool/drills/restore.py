# SPDX-License-Identifier: Apache-2.0
"""`./dev drill restore`: the database goes back to a backup while partners have gone on; nobody misses anything.

A hub of its own, as `./dev run --once` has it, goes back twice: to a dump, then to a moment by archived write-ahead log
(`devtool.drills.backups`). Each time more is sent and read after the backup, the database is put back while the ledger's
state folder stays as it is, and the ledger is adopted, as docs/operations.md says under "Restoring the database".
"""

import argparse
import os
from collections import Counter

from accord.client.outgoing import AlertToSend
from demo.cast import Cast, wait_for
from demo.desk import DeskSession
from demo.ticks import StepFailedError, Ticks
from devtool.drills.backups import Backup, Dump, Moment
from devtool.running import scratch_hub
from devtool.supervision import Hub

SENDER, READER, HOSTED = "xe-drugs", "xd-reg", "xb-health"
OFFICER, ADMIN = "aroha", "wirin"
"""Of the hosted agency."""


def run(arguments: list[str]) -> int:
    """The drill; 0 where all of it held."""
    argparse.ArgumentParser(prog="./dev drill restore").parse_args(arguments)
    ticks = Ticks()
    ticks.line("Accord goes back to a backup")
    with scratch_hub(ticks) as hub:
        os.environ.update(hub.demo_environment())
        drill = _Drill(hub, Cast(), ticks)
        drill.play(Dump(hub.world.database_owner_url, hub.state.path / "backup.dump"))
        if hub.stores.postgres is None:
            ticks.heading(
                "Not to a moment: that takes the whole cluster, and DATABASE_URL names one that is yours."
            )
        else:
            drill.play(Moment(hub, hub.stores.postgres))
    return 0


class _Drill:
    def __init__(self, hub: Hub, cast: Cast, ticks: Ticks) -> None:
        self._hub, self._cast, self._ticks = hub, cast, ticks
        self._sender = cast.own_system(SENDER).client()
        self._reader = cast.own_system(READER).client()
        self._shown: Counter[str] = Counter()
        self._sent: list[str] = []

    def play(self, backup: Backup) -> None:
        self._ticks.heading(f"Back to {backup.name}")
        with self._ticks.step("Ready to be backed up"):
            backup.begin()
        with self._ticks.step("Sent and read before the backup"):
            self._send("before the backup")
            self._require_shown()
        with self._ticks.step("Backup"):
            backup.take()
        with self._ticks.step("Sent and read after it"):
            lost = [self._send(f"after the backup, {n}") for n in range(3)]
            self._require_shown()
        with self._ticks.step("Stopped, restored, adopted, started") as step:
            step.evidence(self._restore(backup))
        with self._ticks.step("An agency goes through it, and sign-in opens") as step:
            step.evidence(self._go_through())
        with self._ticks.step("What is new is shown, nothing twice"):
            self._send("after the restore")
            self._require_shown()
        with self._ticks.step("What the backup lacked comes back from its sender") as step:
            self._sender.inbox()
            wait_for(lambda: self._at_the_desk() >= {*self._sent} or None, "Every alert at the desk")
            self._require_shown()
            step.evidence(f"{len(lost)} alerts given again, each under the leaf it had")
        with self._ticks.step("The ledger is sound") as step:
            step.evidence(self._hub.manage("sequencer", "verify_ledger").strip().splitlines()[0])

    def _send(self, title: str) -> str:
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
        md = self._sender.submit(order, wait_secs=60).md
        self._sent.append(md)
        return md

    def _require_shown(self) -> None:
        """The partner's watch has delivered each alert once, over all its runs."""

        def look() -> bool | None:
            self._shown.update(news.entry.d for news in self._reader.watch(once=True))
            return all(md in self._shown for md in self._sent) or None

        wait_for(look, "Every alert at the partner")
        twice = [md for md in self._sent if self._shown[md] != 1]
        if twice:
            raise StepFailedError(f"Shown more than once: {', '.join(twice)}")

    def _restore(self, backup: Backup) -> str:
        self._hub.stop_processes()
        backup.put_back()
        self._hub.manage("migrate", "migrate", "--verbosity", "0")
        adopted = self._hub.manage("sequencer", "adopt_ledger", "--yes").strip()
        self._hub.start_processes()
        return adopted

    def _go_through(self) -> str:
        """The officer is refused, and signs in once the agency's admin has confirmed each section."""
        try:
            self._cast.officer(OFFICER)
        except StepFailedError:
            pass
        else:
            raise StepFailedError(f"{OFFICER} signs in before an admin has gone through the restore.")
        admin = wait_for(self._admin, "An admin who signs in once what was due is deleted")
        waiting = admin.get("/restore")
        confirmed = {"restored_at": waiting["restored_at"], "confirmed": waiting["to_confirm"]}
        return f"opened at {admin.post('/restore/review', confirmed)['reviewed_at']}"

    def _admin(self) -> DeskSession | None:
        try:
            return self._cast.officer(ADMIN)
        except StepFailedError:
            return None

    def _at_the_desk(self) -> set[str]:
        """The digests that the hosted agency's officer sees; raises where one stands there twice."""
        listed = self._cast.officer(OFFICER).get("/alerts?box=inbox&limit=100")["items"]
        counted = Counter(str(row["received"]["md"]) for row in listed)
        twice = [md for md, count in counted.items() if count > 1]
        if twice:
            raise StepFailedError(f"At the desk more than once: {', '.join(twice)}")
        return set(counted)
