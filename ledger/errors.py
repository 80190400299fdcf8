# SPDX-License-Identifier: Apache-2.0
"""Errors of the ledger: one typed family."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

ADOPTION = "manage.py adopt_ledger"
RESUMING = "manage.py resume_sequencer"


class LedgerError(Exception):
    """Base of every error of `ledger`."""


class NotAtomicError(LedgerError):
    """An entry or event was to be written outside the transaction of the object it proves."""


class EntryRefusedError(LedgerError):
    """An entry or event has a shape that the ledger does not take; `where` names the member."""

    def __init__(self, where: str) -> None:
        super().__init__(f"not fit for the ledger: {where}")
        self.where = where


class EntryExistsError(LedgerError):
    """The digest `od` has an entry already; the transaction that tried again can only be rolled back."""

    def __init__(self, od: str) -> None:
        super().__init__(f"the ledger has an entry for {od}")
        self.od = od


class StillKeptError(LedgerError):
    """The audit events to be pruned are within the retention period of their agency's logged policy."""

    def __init__(self, agency: str, keep: timedelta) -> None:
        super().__init__(f"{agency or 'the hub'}: audit events are kept for {keep.days} days")
        self.agency = agency
        self.keep = keep


class NotLeadingError(LedgerError):
    """Another sequencer leads; this one may wait, but not write."""


class StaleLeaderError(LedgerError):
    """Another sequencer has replaced this one, whose process must end."""

    def __init__(self, epoch: int, newest: int | None) -> None:
        super().__init__(f"another sequencer took over (epoch {newest}, ours is {epoch}); this one stops")
        self.epoch = epoch
        self.newest = newest


class StateError(LedgerError):
    """The state folder and the ledger disagree; nothing is signed until someone decides."""

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
    """The ledger has a checkpoint that the state file does not have: an old state file was restored."""

    def __init__(self, folder: Path, state_size: int, checkpoint_size: int) -> None:
        super().__init__(
            folder, f"the state file knows {state_size} leaves, a checkpoint covers {checkpoint_size}"
        )


class StateForkError(StateError):
    """The ledger's leaves differ from those that the state file signed."""

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


class ClockError(LedgerError):
    """The clock cannot be trusted; nothing is logged until a person has checked it."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"{problem}. Nothing is logged. Look at the clocks, then run {RESUMING}.")
        self.problem = problem


class ClockSteppedError(ClockError):
    """The clock was set: it moved against the time since the machine started."""

    def __init__(self, step: timedelta) -> None:
        way = "forward" if step > timedelta(0) else "back"
        super().__init__(f"this sequencer's clock was set {_how_far(step)} {way}")
        self.step = step


class ClockDiffersError(ClockError):
    """The sequencer's clock and another one differ by more than five minutes; `agreeing` names sources that agree."""

    def __init__(self, source: str, difference: timedelta, agreeing: Sequence[str] = ()) -> None:
        way = "ahead of" if difference > timedelta(0) else "behind"
        others = f"; {' and '.join(agreeing)} agrees with this one" if agreeing else ""
        super().__init__(f"the clock of {source} is {_how_far(difference)} {way} this sequencer's{others}")
        self.source = source
        self.difference = difference


class LongSilenceError(ClockError):
    """No time source answers, and the last leaf is old: the clock may be far ahead."""

    def __init__(self, silence: timedelta) -> None:
        super().__init__(
            f"the last leaf is {silence.days} days old by this clock, and no time source vouches for it"
        )
        self.silence = silence


class KeyNotPinnedError(LedgerError):
    """The key is not pinned, so nobody could check its signatures."""

    def __init__(self) -> None:
        super().__init__("LEDGER_KEY does not belong to LEDGER_VKEY: nobody could check its receipts.")


class KeyHandedOverError(LedgerError):
    """Another key has followed this one; its signatures from there on count for nobody."""

    def __init__(self) -> None:
        super().__init__(
            "LEDGER_KEY was replaced: give the sequencer the new key, and name it in LEDGER_VKEY first."
        )


class NotHaltedError(LedgerError):
    """The sequencer is not halted, so there is nothing to resume."""

    def __init__(self) -> None:
        super().__init__("The sequencer is not halted.")


class TimeSourceError(LedgerError):
    """An address in TIME_SOURCES has an unsupported scheme."""

    def __init__(self, address: str) -> None:
        super().__init__(f"TIME_SOURCES: {address}: use ntp://host or https://host/.")
        self.address = address


def _how_far(difference: timedelta) -> str:
    seconds = abs(round(difference.total_seconds()))
    return f"{seconds // 86400} days" if seconds >= 2 * 86400 else f"{seconds} seconds"


@dataclass(frozen=True)
class Finding:
    """One damaged row: its table, its key, and the damage."""

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
