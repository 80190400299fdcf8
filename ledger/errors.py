# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with the ledger: one typed family."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ADOPTION = "manage.py adopt_ledger"


class LedgerError(Exception):
    """Base of every error of `ledger`."""


class NotAtomicError(LedgerError):
    """Proof was to be written outside the transaction of the thing it proves."""


class EntryRefusedError(LedgerError):
    """An entry or event is not of the shape that the ledger takes; `where` names the member."""

    def __init__(self, where: str) -> None:
        super().__init__(f"not fit for the ledger: {where}")
        self.where = where


class EntryExistsError(LedgerError):
    """The digest `od` has its entry already; the transaction that tried again is lost."""

    def __init__(self, od: str) -> None:
        super().__init__(f"the ledger has an entry for {od}")
        self.od = od


class NotLeadingError(LedgerError):
    """Another sequencer leads; this one may wait, but not write."""


class StaleLeaderError(LedgerError):
    """This sequencer has been replaced; its process must end."""

    def __init__(self, epoch: int, newest: int | None) -> None:
        super().__init__(f"another sequencer took over (epoch {newest}, ours is {epoch}); this one stops")
        self.epoch = epoch
        self.newest = newest


class StateError(LedgerError):
    """The state folder and the ledger do not fit together; nothing is signed until someone decides."""

    def __init__(self, folder: Path, problem: str) -> None:
        super().__init__(f"{folder}: {problem}. Nothing was signed. Find out why, then run {ADOPTION}.")
        self.folder = folder
        self.problem = problem


class StateMissingError(StateError):
    """A ledger with leaves has no state file beside it."""

    def __init__(self, folder: Path, ledger_size: int) -> None:
        super().__init__(folder, f"no state file beside a ledger of {ledger_size} leaves")


class StateAheadError(StateError):
    """The state file has signed leaves that the ledger lacks: an old backup was restored."""

    def __init__(self, folder: Path, state_size: int, ledger_size: int) -> None:
        super().__init__(folder, f"{state_size} leaves are signed, the ledger holds {ledger_size}")
        self.state_size = state_size
        self.ledger_size = ledger_size


class StateBehindError(StateError):
    """The ledger has a checkpoint that the state file does not know: an old state file was restored."""

    def __init__(self, folder: Path, state_size: int, checkpoint_size: int) -> None:
        super().__init__(
            folder, f"the state file knows {state_size} leaves, a checkpoint covers {checkpoint_size}"
        )


class StateForkError(StateError):
    """The ledger's leaves are not those that the state file signed."""

    def __init__(self, folder: Path, size: int) -> None:
        super().__init__(folder, f"the first {size} leaves are not those that were signed")
        self.size = size


class StateChangedError(StateError):
    """The state file is not the one that this sequencer wrote last."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "the state file is not the one this sequencer wrote last")


class StateUnreadableError(StateError):
    """The state file or the leaf file is damaged."""

    def __init__(self, folder: Path, what: str) -> None:
        super().__init__(folder, f"{what} is damaged")


@dataclass(frozen=True)
class Finding:
    """One damaged row: which table, which row, what is wrong with it."""

    table: str
    row: str
    problem: str

    def __str__(self) -> str:
        return f"{self.table} {self.row}: {self.problem}"


class LedgerDamagedError(LedgerError):
    """Verification named rows that were altered, deleted or reordered; `findings` is never empty."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("; ".join(str(finding) for finding in findings))
        self.findings = tuple(findings)
