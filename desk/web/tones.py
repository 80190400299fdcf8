# SPDX-License-Identifier: Apache-2.0
"""Tones in which states are shown. The word is always shown, too: tone alone says nothing."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from alerts.boxes.state_words import must_be_phoned
from callers.deliveries import DeliveryState
from peers.sent import DeliveryFact

_RUNNING: Final = (DeliveryState.AVAILABLE, DeliveryState.FETCHED)
OK, WARN, DANGER, DONE, QUIET, GONE = "ok", "warn", "danger", "done", "quiet", "gone"

TONES: Final[Mapping[str, str]] = {
    "acknowledged": OK,
    "active": OK,
    "answer_overdue": DANGER,
    "answered": OK,
    "available": QUIET,
    "closed": DONE,
    "current": OK,
    "deferred": WARN,
    "discarded": GONE,
    "draft": QUIET,
    "ended": DONE,
    "entering": WARN,
    "expired": DONE,
    "failed": DANGER,
    "frozen": WARN,
    "fetched": DONE,
    "held": WARN,
    "leased": QUIET,
    "mail_failed": DANGER,
    "new": QUIET,
    "no_reply": WARN,
    "open": OK,
    "opened": DONE,
    "overdue": DANGER,
    "overdue_suspended": WARN,
    "partly_suspended": WARN,
    "pending": QUIET,
    "queued": QUIET,
    "reaffirmed": OK,
    "recalled": DONE,
    "refused": DANGER,
    "released": OK,
    "replaced": GONE,
    "repudiated": DANGER,
    "retired": DONE,
    "retiring": WARN,
    "returned": WARN,
    "revoked": DANGER,
    "sent": OK,
    "submitted": WARN,
    "suppressed": DONE,
    "suspended": WARN,
    "to_answer": WARN,
    "told": QUIET,
    "uncertain": WARN,
    "unopenable": DANGER,
    "unreliable": DANGER,
    "unread": QUIET,
    "validated": QUIET,
    "waiting": QUIET,
    "withdrawn": DONE,
}


def isolated(text: str) -> str:
    """Return a name for the middle of a sentence, between Unicode's isolates, so that its direction reorders nothing around it.

    It is for headings and buttons, which are plain text; markup uses `<bdi>`.
    """
    return f"\N{FIRST STRONG ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}"


def tone_of(state: str) -> str:
    """Return the tone of a state; an unknown one is quiet."""
    return TONES.get(state, QUIET)


def some_names(names: Iterable[str], shown: int = 2) -> str:
    """Return the first few names and how many more there are."""
    listed = list(names)
    head = "; ".join(listed[:shown])
    rest = len(listed) - shown
    return _("%(names)s and %(n)d more") % {"names": head, "n": rest} if rest > 0 else head


def delivery_tone(fact: DeliveryFact, due: datetime | None, now: datetime) -> str:
    """Return the tone of one recipient's delivery for the originator."""
    if fact.recalled_at is not None:
        return DONE if fact.recall_confirmed_at else WARN
    if fact.acknowledged_at is not None:
        return WARN if fact.answer == "refused" else OK
    if (
        fact.answer == "unopenable"
        or must_be_phoned(fact)
        or (due is not None and due <= now and fact.state in _RUNNING)
    ):
        return DANGER
    return DONE if fact.opened_at else tone_of(fact.state)
