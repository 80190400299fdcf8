# SPDX-License-Identifier: Apache-2.0
"""An own desk is lost and restored on another machine, twice; the second one is refused by name.

A restored desk catches up, and repeats nothing that it has sent.
"""

import shutil
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from demo.cast import wait_for
from demo.home import ADMIN, AUTHOR, KEYS
from demo.ticks import StepFailedError
from devtool.closedfiles import write_closed
from devtool.drills.apart.counting import FILED_WITHIN_SECONDS, require_once
from devtool.drills.apart.officers import Inbox, Officers, md_of, received, received_one
from devtool.drills.desks.stage import LAB, PARTNER, OwnSide, OwnStage
from devtool.drills.partners import go_through_restore
from devtool.owndesk.backups import back_up
from devtool.owndesk.folder import OwnDeskFolder
from devtool.owndesk.restoring import restore

TOLD_WITHIN_SECONDS: Final = 120


def play(own: OwnStage, _seed: int) -> None:
    """Play this part."""
    _Restored(own).play()


class _Restored:
    def __init__(self, own: OwnStage) -> None:
        self._own, self._ticks, self._side = own, own.stage.ticks, own.sides[0]
        self._agency = self._side.agency
        self._partner = own.partner()
        self._lab = Inbox(own.lab, LAB)
        self._sent: list[str] = []
        """Digests of everything that the own desk ever sent."""
        self._before = [md_of(row) for row in received(self._side.cast.officer(AUTHOR))]
        """Digests of its inbox when this began."""
        self._received: list[str] = []
        self._acknowledged: list[str] = []

    def play(self) -> None:
        self._ticks.heading("Before and after the backup")
        self._receive("before the backup")
        self._acknowledge(self._side, self._received[0])
        self._send(self._side, "before the backup")
        backup, waiting = self._back_up_while_one_waits()
        self._receive("after the backup")
        self._acknowledge(self._side, self._received[1])
        self._send(self._side, "after the backup")
        with self._ticks.step("The machine goes off for good; a partner sends on"):
            self._side.power_off()
            shutil.rmtree(self._side.data)
            self._send_from_partner("while there was no desk")
        self._ticks.heading("Restored on another machine, and on a third one")
        first, second = (self._restore(backup, name) for name in ("another", "third"))
        self._own.sides[0] = first
        with ExitStack() as stopping:
            for side in (first, second):
                stopping.callback(side.stop)
            self._come_back(first, waiting)
            self._refuse(second)
            self._send(first, "once more, with the other one beside it")
            self._require_said_once()

    # --- before it is lost ------------------------------------------------------------------------------------------

    def _receive(self, when: str) -> None:
        with self._ticks.step(f"A partner sends to it {when}"):
            received_one(self._side.cast.officer(AUTHOR), self._send_from_partner(when))

    def _send_from_partner(self, when: str) -> str:
        md = self._partner.send_surely(when, (self._agency, LAB), "urgent")
        self._partner.settle()
        self._received.append(md)
        return md

    def _acknowledge(self, side: OwnSide, md: str) -> None:
        with self._ticks.step("It is opened and acknowledged; the partner has the answer, once"):
            officers = self._officers(side)
            officer = officers.sign_in(officers.author)
            here = received_one(officer, md)["received"]
            officer.post(f"/alerts/received/{here['id']}/open", {"reason": "on_duty"})
            officer.post(f"/alerts/received/{here['id']}/acknowledge")
            self._acknowledged.append(md)
            self._partner.require_acknowledged(md)

    def _send(self, side: OwnSide, when: str) -> None:
        with self._ticks.step(f"It sends {when}: once at the partner and at {LAB}"):
            officers = self._officers(side)
            self._note_sent(officers, *officers.send(when))
            self._require_sent_once()

    def _note_sent(self, officers: Officers, *alerts: str) -> None:
        self._sent += [str(one["md"]) for one in officers.wait_until_logged(*alerts)]

    def _officers(self, side: OwnSide) -> Officers:
        return side.officers(LAB, PARTNER)

    def _back_up_while_one_waits(self) -> tuple[Path, str]:
        backup = self._own.folder / "desk.backup"
        officers = self._officers(self._side)
        with self._ticks.step("Backup while an alert waits for an exchange that is away; then it leaves"):
            (waiting,) = officers.write("waits while the backup is made")
            officers.check(waiting)
            self._side.front.close()
            (state,) = officers.release(waiting)
            _require(state == "queued", f"Released while the exchange is away it is {state}.")
            back_up(OwnDeskFolder(self._side.data), backup, self._ticks)
            self._side.front.open()
            self._note_sent(officers, waiting)
            self._require_sent_once()
        return backup, waiting

    # --- restored ---------------------------------------------------------------------------------------------------

    def _restore(self, backup: Path, name: str) -> OwnSide:
        key = self._own.folder / "recovery-key"
        write_closed(key, f"{self._side.home.recovery_key}\n")
        data = self._own.folder / name
        with self._ticks.step(f"Restored into {name}, by the recovery key"):
            restore(backup, OwnDeskFolder(data), str(key), self._ticks)
        return self._side.move_to(data)

    def _come_back(self, first: OwnSide, waiting: str) -> None:
        with self._ticks.step("Started and opened; its admin goes through it"):
            first.begin_again()
            go_through_restore(first.cast, ADMIN)
        with self._ticks.step("The exchange names the desk of before; the identity is taken over") as step:
            step.evidence(f"named: {self._holder_named(first)['software']}")
            keys = first.cast.officer(KEYS)
            shown = keys.post("/keys/holder", {"holder": self._holder_named(first)["holder"]})
            _require(shown["held_elsewhere"] is None, f"Still held elsewhere: {shown['held_elsewhere']}")
        with self._ticks.step("It catches up: everything that ever came is there once") as step:
            self._require_inbox(first)
            step.evidence(f"{len(self._before) + len(self._received)} alerts: lost 0, doubled 0")
        with self._ticks.step("What waited in the backup counts as sent; nothing is said again") as step:
            (facts,) = self._officers(first).wait_until_logged(waiting)
            _require(facts["md"] in self._sent, "What waited in the backup was signed anew.")
            self._require_said_once()
            step.evidence(self._said_once())
        self._send(first, "from the restored desk")

    def _holder_named(self, side: OwnSide) -> dict[str, Any]:
        """Return the holder that the exchange names to this desk, as its key officer reads it."""
        keys = side.cast.officer(KEYS)
        found: dict[str, Any] = wait_for(
            lambda: keys.get("/keys")["held_elsewhere"],
            "Another holder named",
            within_seconds=TOLD_WITHIN_SECONDS,
        )
        return found

    def _refuse(self, second: OwnSide) -> None:
        with self._ticks.step("The second desk of the same backup is refused by name") as step:
            second.begin_again()
            go_through_restore(second.cast, ADMIN)
            named = self._holder_named(second)
            step.evidence(f"{named['software']}, {named['holder']}")
        with self._ticks.step("It reads, and sends nothing") as step:
            self._require_inbox(second)
            officers = self._officers(second)
            try:
                states = [one["state"] for one in officers.facts(*officers.send("from the second desk"))]
            except StepFailedError as refused:
                step.evidence(refused.what[:160])
            else:
                _require(states == ["queued"], f"What the second desk released is {states}.")
                step.evidence("what its releaser presses waits")

    def _require_inbox(self, side: OwnSide) -> None:
        officer, expected = side.cast.officer(AUTHOR), [*self._before, *self._received]

        def look() -> Counter[str] | None:
            found = Counter(map(md_of, received(officer)))
            return found if {*expected} <= {*found} else None

        found = wait_for(look, "Every alert at the own desk", within_seconds=FILED_WITHIN_SECONDS)
        require_once(expected, found, f"At {self._agency}")

    # --- what the others saw ----------------------------------------------------------------------------------------

    def _require_sent_once(self) -> None:
        self._partner.require_shown(self._sent)
        self._lab.require([*self._sent, *self._received])

    def _require_said_once(self) -> None:
        self._require_sent_once()
        for md in self._acknowledged:
            self._partner.require_acknowledged(md)

    def _said_once(self) -> str:
        return f"{len(self._sent)} alerts and {len(self._acknowledged)} acknowledgements, each once"


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise StepFailedError(otherwise)
