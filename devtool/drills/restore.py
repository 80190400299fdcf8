# SPDX-License-Identifier: Apache-2.0
"""`./dev drill restore`: a half's database goes back to a backup while all others have gone on; nobody misses anything.

A hub of its own, as `./dev run --once` has it, goes back three times: the exchange to a dump, the desk to a dump, then both to
a moment by archived write-ahead log (`devtool.drills.backups`). Each time more is sent and read after the backup, the database
is restored while the log's state folder stays as it is, and the log is adopted, as in docs/operations.md, "Restoring the
database".
"""

import argparse
import os
from collections import Counter
from collections.abc import Collection

from demo.cast import Cast, wait_for
from demo.desk import DeskSession
from demo.ticks import StepFailedError, Ticks
from devtool.drills.backups import Backup, Dump, Moment
from devtool.drills.partners import REREAD_WITHIN_SECONDS, Partners, go_through_restore
from devtool.running import scratch_hub
from devtool.supervision import Hub
from hub.roles import DESK, EXCHANGE, HALVES, SEQUENCES

OFFICER, ADMIN = "aroha", "wirin"
"""Officers of the hosted agency."""


def run(arguments: list[str]) -> int:
    """Run the drill; return 0 if all of it held."""
    argparse.ArgumentParser(prog="./dev drill restore").parse_args(arguments)
    ticks = Ticks()
    ticks.line("Accord goes back to a backup")
    with scratch_hub(ticks) as hub:
        os.environ.update(hub.demo_environment())
        drill = _Drill(hub, Cast(), ticks)
        for half in (EXCHANGE, DESK):
            drill.play(Dump(half, hub.world.owner_urls[half], hub.state.path / f"{half}.dump"), (half,))
        if hub.stores.postgres is None:
            ticks.heading(
                "Not to a moment: that takes the whole cluster, and DATABASE_URL names one that is yours."
            )
        else:
            drill.play(Moment(hub, hub.stores.postgres), HALVES)
    return 0


class _Drill:
    def __init__(self, hub: Hub, cast: Cast, ticks: Ticks) -> None:
        self._hub, self._cast, self._ticks = hub, cast, ticks
        self._partners = Partners(cast)

    def play(self, backup: Backup, halves: Collection[str]) -> None:
        """Restore these halves from the backup."""
        self._ticks.heading(f"Back to {backup.name}")
        with self._ticks.step("Ready to be backed up"):
            backup.begin()
        with self._ticks.step("Sent and read before the backup"):
            self._partners.send("before the backup")
            self._partners.require_shown()
        with self._ticks.step("Backup"):
            backup.take()
        with self._ticks.step("Sent and read after it"):
            lost = [self._partners.send(f"after the backup, {n}") for n in range(3)]
            self._partners.require_shown()
        with self._ticks.step("Stopped, restored, adopted, started") as step:
            step.lines.extend(self._restore(backup, halves))
        if DESK in halves:
            with self._ticks.step("An agency goes through it, and sign-in opens") as step:
                step.evidence(self._go_through())
        with self._ticks.step("What is new is shown, nothing twice"):
            self._partners.send("after the restore")
            self._partners.require_shown()
        with self._ticks.step("What the backup lacked comes back from whoever has it") as step:
            self._partners.give_again()
            officer = self._cast.officer(OFFICER)
            wait_for(
                lambda: _at_the_desk(officer) >= {*self._partners.sent} or None,
                "Every alert at the desk",
                within_seconds=REREAD_WITHIN_SECONDS,
            )
            self._partners.require_shown()
            step.evidence(
                f"{len(lost)} alerts sent after the backup are at the partner and at the desk, once"
            )
        with self._ticks.step("The logs of both halves are sound") as step:
            step.evidence(self._hub.verify_ledgers())

    def _restore(self, backup: Backup, halves: Collection[str]) -> list[str]:
        """Restore the halves; return the reports on each log."""
        self._hub.stop_processes()
        backup.put_back()
        self._hub.migrate()
        adopted = [self._hub.manage(SEQUENCES[half], "adopt_ledger", "--yes").strip() for half in halves]
        self._hub.start_processes()
        return adopted

    def _go_through(self) -> str:
        """Require that the officer is refused until the agency's admin has confirmed each section."""
        try:
            self._cast.officer(OFFICER)
        except StepFailedError:
            return f"opened at {go_through_restore(self._cast, ADMIN)}"
        raise StepFailedError(f"{OFFICER} signs in before an admin has gone through the restore.")


def _at_the_desk(officer: DeskSession) -> set[str]:
    """Return the digests that the hosted agency's officer sees; raise where one is there twice."""
    listed = officer.get("/alerts?box=inbox&limit=100")["items"]
    counted = Counter(str(row["received"]["md"]) for row in listed)
    twice = [md for md, count in counted.items() if count > 1]
    if twice:
        raise StepFailedError(f"At the desk more than once: {', '.join(twice)}")
    return set(counted)
