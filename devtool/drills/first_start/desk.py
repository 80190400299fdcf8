# SPDX-License-Identifier: Apache-2.0
"""An own desk whose web process and worker are killed at a write that the drill names, and restarted."""

import io
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from demo.ticks import Ticks
from devtool.owndesk.folder import OwnDeskFolder
from devtool.owndesk.ramfolder import ram_folder_of
from devtool.owndesk.supervision import Listening, OwnDesk
from devtool.supervisor import Part
from devtool.writepoints import ARMED, CONTROL, FOLDERS, KILLED, SEEN

WEB, WORKER = "desk", "desk-worker"
OF_THE_FIRST_KEYS: Final = "keystatement|exchangekey|entrykey|vaultkey|post "
"""The worker's writes when it hands the first keyset in; it has other work as well."""
_DRILL: Final = "devtool.drills.first_start"


class KillableDesk(OwnDesk):
    """An own desk whose two key-writing processes carry the killer."""

    def make_parts(self) -> list[Part]:
        parts = super().make_parts()
        for part in parts:
            child = part.child
            if child.name == WEB:
                child.command = [_killable(word) for word in child.command]
            elif child.name == WORKER:
                child.command = [*child.command, "--include", f"{_DRILL}.killing"]
            else:
                continue
            folders = f"{self.state.path}:{ram_folder_of(self.state.path)}"
            child.env = {**child.env, CONTROL: str(self.control_of(child.name)), FOLDERS: folders}
        return parts

    def control_of(self, name: str) -> Path:
        """Return the folder with a process's kill order."""
        folder = self.state.path.with_name(f"kill-{name}")
        folder.mkdir(exist_ok=True)
        return folder


def _killable(word: str) -> str:
    return f"{_DRILL}.killable:application" if word == "hub.wsgi:application" else word


@dataclass
class Machine:
    """The desk's machine: switched on, killed at a write, switched on again."""

    folder: OwnDeskFolder
    listening: Listening
    exchange_ca: Path
    kills: int = 0
    at: list[str] = field(default_factory=list)
    """The points at which it was killed."""
    _desk: KillableDesk | None = None

    @property
    def desk(self) -> KillableDesk:
        assert self._desk is not None
        return self._desk

    def switch_on(self) -> None:
        """Start everything; what was left open is locked again."""
        # Starts are not reported: there are dozens.
        silent = Ticks(io.StringIO())
        self._desk = KillableDesk(self.folder, self.listening, ticks=silent, exchange_ca=self.exchange_ca)
        self._desk.start()

    def switch_off(self) -> None:
        """Kill every process at once, as if the power had failed; the disk stays."""
        if self._desk is not None:
            self._desk.kill()

    def arm(self, name: str, number: int, pattern: str = "") -> None:
        """Have a process end at its write of this number, counted from now on."""
        control = self.desk.control_of(name)
        for left in (KILLED, SEEN):
            (control / left).unlink(missing_ok=True)
        unfinished = control / "arming"
        unfinished.write_text(f"{number}\n{pattern}")
        unfinished.replace(control / ARMED)

    def was_killed(self, name: str) -> bool:
        """Tell whether a process reached its write; otherwise disarm it."""
        control = self.desk.control_of(name)
        (control / ARMED).unlink(missing_ok=True)
        if not (control / KILLED).exists():
            return False
        self.kills += 1
        seen = (control / SEEN).read_text().splitlines()
        self.at.append(f"{name} {re.sub(r'[^a-z]+$', '', seen[-1])}")
        return True

    def start_again(self, name: str) -> None:
        """Start one process again, as supervision does."""
        self.desk.stop_some([name])
        self.desk.start_some([name])
