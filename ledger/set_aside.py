# SPDX-License-Identifier: Apache-2.0
"""Loops that no single item stops: an item that raises is set aside with the reason, and the loop goes on.

- A failure that any item would meet (database, disk, memory, a missing key, time) is raised, and the loop does not move.
- Any other failure is the item's own: the item is kept in `SetAside`, audited, and the loop moves past it.
- Ten items set aside in a row stop the loop until a person resumes it or another version runs.
- An item is tried again when a person asks for it, and once by every other version.
- A reason names the error and the place in the code, never the error's text, which may hold content.

The work of an item is safe to run twice and opens its own transactions.
"""

import logging
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, connection, transaction
from django.db.models import F
from django.db.transaction import TransactionManagementError

from accord.version import VERSION
from ledger.audit import record_event
from ledger.models import Distrust, LoopState, SetAside

Thing = TypeVar("Thing")

OF_NOTHING, OF_ALERT, OF_AGENCY = Distrust.NOTHING, Distrust.ALERT, Distrust.AGENCY
STOPS_AFTER: Final = 10
"""So many failures in a row have a common cause."""
TRIED_AGAIN_AT_MOST: Final = 100
"""The most set-aside items that one round tries again."""
MAX_REASON_CHARS: Final = 200
BEGINNING: Final = """
    SELECT EXISTS (SELECT FROM ledger_setaside WHERE loop = %(loop)s AND %(agency)s IN (agency, '')),
        state.in_a_row, state.version, state.stopped_at IS NOT NULL
    FROM (VALUES (1)) AS one
    LEFT JOIN ledger_loopstate AS state ON state.loop = %(loop)s AND state.agency = %(agency)s
"""
_OF_THE_ROW: Final = frozenset({"21", "22", "23", "44", "54"})
"""SQLSTATE classes about one row: cardinality, data, integrity, check option, a limit of the program."""
_SOURCES: Final = Path(__file__).resolve().parents[1]

log = logging.getLogger(__name__)


def _none(error: Exception) -> bool:
    return False


@dataclass(frozen=True)
class Loop:
    """A loop: its name, the process that runs it, and which other failures any of its items would meet.

    Another `version` tries again what this one set aside.
    """

    name: str
    actor: str
    is_common: Callable[[Exception], bool] = _none
    version: str = VERSION


@dataclass(frozen=True)
class Item:
    """One thing that a loop takes; `subject` names it, `agency` its owner where the loop is the hub's.

    While it is set aside, `distrusts` says which use of its subject nobody should rely on.
    """

    key: str
    subject: str = ""
    distrusts: str = Distrust.NOTHING
    agency: str = ""


@dataclass
class Round:
    """One round of a loop, made by `begin_round`. Where it `is_stopped`, nothing is taken.

    `has_aside`: whether the loop has set anything aside.
    """

    loop: Loop
    agency: str
    now: datetime
    in_a_row: int = 0
    is_stopped: bool = False
    has_aside: bool = False
    _known: set[str] = field(default_factory=set)

    def take(
        self,
        item: Item,
        work: Callable[[], object],
        *,
        passed: Callable[[], object] | None = None,
    ) -> bool:
        """Do the work of one item; return False where it was set aside or the loop has stopped.

        `passed` moves the loop's cursor, in the transaction that sets the item aside. Raises failures that any item would meet.
        """
        if self.is_stopped:
            return False
        try:
            work()
        except Exception as error:
            if self._is_common(error):
                raise
            self._set_aside(item, error, passed)
            return False
        self.go_on()
        if item.key in self._known:
            for row in SetAside.objects.of(self.loop.name, self.agency).filter(key=item.key):
                self._put_back(row)
        return True

    def take_all(
        self,
        things: Sequence[Thing],
        work: Callable[[Sequence[Thing]], object],
        *,
        name: Callable[[Thing], Item],
    ) -> list[Thing]:
        """Do the work of many items in one transaction, and if that fails of each in its own; return those that are done.

        Use it for rows that the caller's transaction holds. Raises failures that any item would meet.
        """
        if self.is_stopped or not things:
            return []
        try:
            _in_savepoint(work, things)
        except Exception as error:
            if self._is_common(error):
                raise
        else:
            self.go_on()
            return list(things)
        done = []
        for thing in things:
            if self._stands():
                break
            self.take(name(thing), partial(_in_savepoint, work, [thing]))
            done.append(thing)
        return done

    def keys_aside(self) -> set[str]:
        """Return the keys of items set aside and not due again, for a loop without a cursor, which would meet them each round."""
        if not self.has_aside:
            return set()
        rows = SetAside.objects.of(self.loop.name, self.agency)
        self._known = set(rows.values_list("key", flat=True))
        return self._known - set(rows.due_again(self.loop.version).values_list("key", flat=True))

    def try_again(self, work: Callable[[str], object]) -> int:
        """Do the work of the items that are due again, by their key; return how many are no longer set aside."""
        if not self.has_aside:
            return 0
        due = SetAside.objects.of(self.loop.name, self.agency).due_again(self.loop.version)
        return sum(self._try(row, work) for row in list(due[:TRIED_AGAIN_AT_MOST]))

    def _try(self, row: SetAside, work: Callable[[str], object]) -> bool:
        try:
            work(row.key)
        except Exception as error:
            if self._is_common(error):
                raise
            self._note(Item(row.key, row.subject, row.distrusts, row.agency), reason_of(error))
            return False
        self._put_back(row)
        return True

    @transaction.atomic
    def _put_back(self, row: SetAside) -> None:
        SetAside.objects.filter(pk=row.pk).delete()
        self._audit("item.taken_later", row.subject or row.key, {"loop": self.loop.name}, row.agency)

    def _stands(self) -> bool:
        """Tell whether the loop has stopped, also by an item of this round."""
        return self.is_stopped

    def _is_common(self, error: Exception) -> bool:
        return is_met_by_every_item(error) or self.loop.is_common(error)

    def _set_aside(self, item: Item, error: Exception, passed: Callable[[], object] | None) -> None:
        reason = reason_of(error)
        log.error("%s sets %s aside: %s", self.loop.name, item.key, reason)
        with transaction.atomic():
            self._note(item, reason)
            detail = {"loop": self.loop.name, "cause": reason, "version": self.loop.version}
            self._audit("item.set_aside", item.subject or item.key, detail, item.agency)
            if passed is not None:
                passed()
            self._stumble()

    def _note(self, item: Item, reason: str) -> None:
        self.has_aside = True
        facts = {
            "subject": item.subject,
            "distrusts": item.distrusts,
            "reason": reason,
            "version": self.loop.version,
            "tried_at": self.now,
            "retry_asked_at": None,
        }
        row, is_new = SetAside.objects.get_or_create(
            loop=self.loop.name,
            agency=item.agency or self.agency,
            key=item.key,
            defaults={**facts, "first_at": self.now},
        )
        if not is_new:
            SetAside.objects.filter(pk=row.pk).update(**facts, tries=F("tries") + 1)

    def _stumble(self) -> None:
        self.in_a_row += 1
        self.is_stopped = self.in_a_row >= STOPS_AFTER
        LoopState.objects.update_or_create(
            loop=self.loop.name,
            agency=self.agency,
            defaults={
                "in_a_row": self.in_a_row,
                "version": self.loop.version,
                "stopped_at": self.now if self.is_stopped else None,
            },
        )
        if self.is_stopped:
            log.error("%s stands: %d items in a row were set aside", self.loop.name, self.in_a_row)
            self._audit("loop.stopped", self.loop.name, {"items": self.in_a_row})

    def go_on(self) -> None:
        """Note that an item was taken: failures before it and after it are not in a row. For items taken without `take`."""
        if self.in_a_row:
            self.in_a_row = 0
            LoopState.objects.filter(loop=self.loop.name, agency=self.agency).delete()

    def _audit(self, act: str, subject: str, detail: Mapping[str, Any], agency: str = "") -> None:
        record_event(
            act,
            actor=self.loop.actor,
            agency=agency or self.agency,
            subject=subject,
            detail=detail,
            now=self.now,
        )


def begin_round(loop: Loop, *, agency: str = "", now: datetime) -> Round:
    """Begin a round of this loop, for one agency or for the hub; a loop that another version stopped goes on."""
    # One query for both tables: every round of every loop runs it, and nearly always finds nothing.
    with connection.cursor() as cursor:
        cursor.execute(BEGINNING, {"loop": loop.name, "agency": agency})
        has_aside, in_a_row, version, is_stopped = cursor.fetchone()
    if in_a_row is None or (is_stopped and version != loop.version):
        return Round(loop, agency, now, has_aside=has_aside)
    return Round(loop, agency, now, in_a_row, is_stopped, has_aside)


def run_each(*steps: Callable[[], object]) -> None:
    """Run every step, then raise the failures as a group, so that none stops a later step."""
    troubles: list[Exception] = []
    for step in steps:
        try:
            step()
        except Exception as trouble:  # noqa: BLE001 - raised below
            troubles.append(trouble)
    if troubles:
        raise ExceptionGroup("steps that failed", troubles)


def set_aside_about(distrust: Distrust, subjects: Iterable[str], *, agency: str | None = None) -> set[str]:
    """Return the subjects that nobody should rely on; with an `agency`, only by its own loops or the hub's."""
    rows = SetAside.objects.filter(distrusts=distrust, subject__in=list(subjects))
    if agency is not None:
        rows = rows.filter(agency__in=("", agency))
    return set(rows.values_list("subject", flat=True))


def is_met_by_every_item(error: Exception) -> bool:
    """Tell whether a failure is the machine's and not the item's; then nothing is settled, and it is tried again."""
    if isinstance(error, DatabaseError):
        state = getattr(error.__cause__, "sqlstate", None) or ""
        return not isinstance(error, DataError | IntegrityError) and state[:2] not in _OF_THE_ROW
    return isinstance(
        error, InterfaceError | OSError | MemoryError | TransactionManagementError | ImportError
    )


def reason_of(error: Exception) -> str:
    """Return the error's name, its code where it has one, and where in the sources it was raised; never its text."""
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(_SOURCES) and Path(frame.filename) != Path(__file__)
    ]
    code = getattr(error, "code", "")
    name = f"{type(error).__name__} ({code})" if isinstance(code, str) and code else type(error).__name__
    where = f" at {Path(own[-1].filename).relative_to(_SOURCES)}:{own[-1].lineno}" if own else ""
    return f"{name}{where}"[:MAX_REASON_CHARS]


def _in_savepoint(work: Callable[[Sequence[Thing]], object], things: Sequence[Thing]) -> None:
    with transaction.atomic():
        work(things)
