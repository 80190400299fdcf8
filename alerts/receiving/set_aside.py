# SPDX-License-Identifier: Apache-2.0
"""Items that the loops set aside: shown to the agency's auditor, and to the keeper, who can have them tried again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.models import ReceivedAlert
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.errors import AbsentError
from callers.task_calls import call_task
from ledger.audit import record_event
from ledger.models import Distrust, LoopState, SetAside
from ledger.set_aside import set_aside_about

SHOWN_AT_MOST: Final = 200
LOOPS: Final[Mapping[str, str | Promise]] = {
    "answers.asked": gettext_lazy("Telling of answers that are missing"),
    "answers.owed": gettext_lazy("Reminding of answers"),
    "contents.deleting": gettext_lazy("Deleting what is past its time"),
    "desk.derived": gettext_lazy("Reading an alert for lists and searches"),
    "desk.feed": gettext_lazy("Taking in alerts and answers"),
    "desk.forgetting": gettext_lazy("Forgetting what is past its time"),
    "desk.judging": gettext_lazy("Judging structures by the law"),
    "desk.spectra": gettext_lazy("Reading spectra"),
    "desk.submissions": gettext_lazy("Checking what was sent in the agency's name"),
    "desk.tokens-of-sent": gettext_lazy("Making sent alerts searchable"),
    "desk.withdrawals": gettext_lazy("Judging withdrawals again"),
    "keys.doubts": gettext_lazy("Telling of revoked signatures"),
    "keys.endings": gettext_lazy("Warning of keys that end"),
    "keys.recoveries": gettext_lazy("Taking over recovered keys"),
    "keys.words": gettext_lazy("Reading new keys and revocations"),
    "notices.mails": gettext_lazy("Sending mail"),
    "power.changes": gettext_lazy("Applying changes of power"),
}
"""Names of the loops for officers."""
CAUSES: Final[tuple[tuple[frozenset[str], str | Promise], ...]] = (
    (
        frozenset({"MalformedError", "TooLargeError", "KeyRefusedError"}),
        gettext_lazy("What came has not the form that was agreed."),
    ),
    (
        frozenset(
            {"VerificationError", "ProofError", "NoteError", "NotJudgedError", "KeysetUnreadableError"}
        ),
        gettext_lazy("A check of its signature, or of its place in the log, failed."),
    ),
    (frozenset({"OpeningError", "SealBrokenError"}), gettext_lazy("Its seal did not open.")),
    (
        frozenset({"NotBoundError"}),
        gettext_lazy("A record that it needs was changed outside the program."),
    ),
    (
        frozenset({"IntegrityError", "DataError"}),
        gettext_lazy("It does not fit what is stored here already."),
    ),
)
"""Causes in words, by the names of errors."""
_OTHER_CAUSE: Final = gettext_lazy(
    "The program has failed at it: a fault of the program, not of whoever sent it."
)
TASKS: Final = ("alerts.follow_feed", "notices.send")
"""Tasks that try set-aside items of the desk again; the exchange's loops run at intervals by themselves."""


@dataclass(frozen=True)
class AsideView:
    """Items set aside, newest first. `more`: others follow."""

    items: tuple[SetAside, ...]
    more: bool
    stopped: tuple[LoopState, ...]


def read_set_aside(actor: Actor) -> AsideView:
    """Return the own agency's items for its auditor, all items for the keeper. Raises NotPermittedError."""
    require(actor, Capability.AUDIT_READ)
    rows = list(SetAside.objects.visible_to(actor)[: SHOWN_AT_MOST + 1])
    return AsideView(tuple(rows[:SHOWN_AT_MOST]), len(rows) > SHOWN_AT_MOST, tuple(_stopped_for(actor)))


def retry_item(keeper: Actor, item_id: int, *, now: datetime) -> None:
    """Have one item tried again at the next round. Raises AbsentError, NotPermittedError."""
    require(keeper, Capability.DESK_KEEP)
    with transaction.atomic():
        row = SetAside.objects.visible_to(keeper).select_for_update().filter(pk=item_id).first()
        if row is None:
            raise AbsentError
        row.retry_asked_at = now
        row.save(update_fields=["retry_asked_at"])
        record_event(
            "item.retried",
            actor=keeper.audit_name,
            agency=row.agency,
            subject=row.subject or row.key,
            detail={"loop": row.loop},
            now=now,
        )
        _call_tasks()


def resume_loop(keeper: Actor, state_id: int, *, now: datetime) -> None:
    """Resume a loop that stopped, and have all its set-aside items tried again. Raises AbsentError, NotPermittedError."""
    require(keeper, Capability.DESK_KEEP)
    with transaction.atomic():
        state = LoopState.objects.select_for_update().filter(pk=state_id, stopped_at__isnull=False).first()
        if state is None:
            raise AbsentError
        SetAside.objects.of(state.loop, state.agency).update(retry_asked_at=now)
        record_event(
            "loop.resumed", actor=keeper.audit_name, agency=state.agency, subject=state.loop, now=now
        )
        state.delete()
        _call_tasks()


def counted() -> tuple[int, int]:
    """Count the items set aside and the stopped loops of the whole hub."""
    return SetAside.objects.count(), LoopState.objects.filter(stopped_at__isnull=False).count()


def mark_distrusted(rows: Sequence[ReceivedAlert]) -> None:
    """Set, in memory, `is_distrusted` for alerts of one agency whose withdrawal or signer's revocation could not be read."""
    if not rows:
        return
    distrusted = set_aside_about(Distrust.ALERT, {row.md for row in rows}, agency=rows[0].agency_id)
    for row in rows:
        row.is_distrusted = row.md in distrusted


def distrusted_text(name: str) -> str:
    """Return the sentence above such an alert."""
    return _(
        "Do not rely on this alert: something about it from %(name)s could not be read. Call %(name)s on the directory number."
    ) % {"name": name}


def cause_text(reason: str) -> str:
    """Return in words why an item was set aside, by the error that its `reason` begins with."""
    error = reason.split(maxsplit=1)[0] if reason else ""
    return str(next((words for errors, words in CAUSES if error in errors), _OTHER_CAUSE))


def loop_text(name: str) -> str:
    return str(LOOPS.get(name, name))


def _stopped_for(actor: Actor) -> QuerySet[LoopState]:
    everybodys = actor.agency_id is None and Capability.DESK_KEEP in actor.capabilities
    own = Q() if everybodys else Q(agency=actor.agency_id or "-")
    return LoopState.objects.filter(own, stopped_at__isnull=False).order_by("stopped_at", "pk")


def _call_tasks() -> None:
    for task in TASKS:
        call_task(task)
