# SPDX-License-Identifier: Apache-2.0
"""The hub's answers about what this agency sent, and about facts that it reported on received envelopes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from accord.calls.answers import (
    optional_text,
    other_shape,
    read_digest,
    read_moment,
    read_problem,
    read_receipt,
    require_array,
    require_integer,
    require_object,
    require_text,
)
from accord.calls.errors import AnswerError, BusyError, RefusedError
from accord.envelope.tree.receipts import Receipt

_DELIVERY_MOMENTS = (
    "told_at",
    "fetched_at",
    "opened_at",
    "acknowledged_at",
    "recalled_at",
    "recall_confirmed_at",
)

UNACKNOWLEDGED: Final = frozenset({"available", "fetched"})
"""States of what has come to a recipient, who has not acknowledged it."""
REACHED: Final = UNACKNOWLEDGED | {"acknowledged"}


@dataclass(frozen=True)
class DeliveryFacts:
    """The hub's facts about an alert at one recipient; times as the hub writes them, or None."""

    recipient: str
    state: str
    told_at: str | None
    fetched_at: str | None
    opened_at: str | None
    acknowledged_at: str | None
    answer: str | None
    recalled_at: str | None
    recall_confirmed_at: str | None

    @property
    def is_awaited(self) -> bool:
        """Tell whether its acknowledgement is awaited."""
        return self.state in UNACKNOWLEDGED and self.acknowledged_at is None and self.recalled_at is None


@dataclass(frozen=True)
class ChangedDelivery:
    """The hub's facts about one of the agency's own envelopes at one recipient."""

    md: str
    facts: DeliveryFacts


@dataclass(frozen=True)
class DeliveryChanges:
    """Changes since a cursor; `next` is the cursor to keep, `more` means ask again at once."""

    items: tuple[ChangedDelivery, ...]
    next: str
    more: bool


@dataclass(frozen=True)
class ReportedFact:
    """A fact that this agency reports about a received envelope: `fact` is told or opened, `at` in seconds."""

    md: str
    fact: str
    at: int


ReportAnswer = RefusedError | BusyError | AnswerError | None
"""None where a reported fact was accepted; else the reason of the refusal."""


@dataclass(frozen=True)
class ReminderAnswer:
    """The recipients of an envelope's newest reminder; `again_at`, in seconds, is when they may be reminded again."""

    recipients: tuple[str, ...]
    reminded_at: int | None
    again_at: int | None


@dataclass(frozen=True)
class SubmissionFacts:
    """The hub's facts about one object that this agency submitted; `signers` (kids) is None where it does not say."""

    what: str
    d: str
    id: str
    iat: int
    receipt: Receipt | None
    deliveries: tuple[DeliveryFacts, ...]
    signers: tuple[str, ...] | None = None


@dataclass(frozen=True)
class SubmissionPage:
    """A page of submissions; `next` asks for the following one, None at the end."""

    items: tuple[SubmissionFacts, ...]
    next: str | None


def read_changes(value: object) -> DeliveryChanges:
    """Parse the changes of the own envelopes' deliveries."""
    answer = require_object(value, "deliveries")
    more = answer.get("more")
    if type(more) is not bool:
        raise other_shape("deliveries")
    rows = [require_object(item, "deliveries") for item in require_array(answer.get("items"), "deliveries")]
    items = tuple(ChangedDelivery(read_digest(row.get("md"), "md"), _delivery(row)) for row in rows)
    return DeliveryChanges(items, require_text(answer.get("next"), "deliveries next"), more)


def read_reported(value: object, reported: Sequence[ReportedFact]) -> list[ReportAnswer]:
    """Parse the hub's answer to each of these facts, in their order."""
    items = require_array(require_object(value, "facts").get("items"), "facts")
    rows = [require_object(item, "facts") for item in items]
    if [(row.get("md"), row.get("fact")) for row in rows] != [(one.md, one.fact) for one in reported]:
        raise AnswerError("The hub answered to other facts than those reported.")
    return [_read_report(row) for row in rows]


def _read_report(row: Mapping[str, Any]) -> ReportAnswer:
    problem = row.get("problem")
    if problem is None:
        return None
    return read_problem(problem, "facts") if isinstance(problem, dict) else other_shape("facts")


def read_reminder(value: object, md: str) -> ReminderAnswer:
    """Parse the recipients that the hub has reminded of this envelope."""
    answer = require_object(value, "reminder")
    if answer.get("md") != md:
        raise AnswerError("The hub answered about another object than the one asked for.")
    recipients = require_array(answer.get("recipients"), "recipients")
    at, again = (
        None if answer.get(name) is None else read_moment(answer[name], name)
        for name in ("reminded_at", "again_at")
    )
    return ReminderAnswer(tuple(require_text(one, "recipients") for one in recipients), at, again)


def read_submission(value: object) -> SubmissionFacts:
    """Parse a submission with its deliveries."""
    item = require_object(value, "submission")
    return SubmissionFacts(
        what=require_text(item.get("what"), "what"),
        d=read_digest(item.get("digest"), "digest"),
        id=require_text(item.get("id"), "id"),
        iat=require_integer(item.get("iat"), "iat"),
        receipt=read_receipt(item.get("receipt")),
        deliveries=read_deliveries(item.get("deliveries") or []),
        signers=_signers(item.get("signers")),
    )


def read_deliveries(value: object) -> tuple[DeliveryFacts, ...]:
    """Parse the deliveries of one envelope, by recipient."""
    return tuple(_delivery(row) for row in require_array(value, "deliveries"))


def _signers(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    return tuple(require_text(kid, "signers") for kid in require_array(value, "signers"))


def require_about(d: str, facts: SubmissionFacts) -> SubmissionFacts:
    """Require an answer about the requested object: another one's receipt proves nothing about it."""
    if facts.d != d:
        raise AnswerError("The hub answered about another object than the one asked for.")
    return facts


def _delivery(value: object) -> DeliveryFacts:
    row = require_object(value, "delivery")
    moments = {name: optional_text(row.get(name), name) for name in _DELIVERY_MOMENTS}
    return DeliveryFacts(
        recipient=require_text(row.get("recipient"), "recipient"),
        state=require_text(row.get("state"), "state"),
        answer=optional_text(row.get("answer"), "answer"),
        **moments,
    )
