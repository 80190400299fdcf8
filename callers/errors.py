# SPDX-License-Identifier: Apache-2.0
"""Refusals that both halves know; the HTTP side stands in one table elsewhere."""

from datetime import datetime

from django.utils.translation import gettext as _


class CallerError(Exception):
    """Base of what is refused to a caller; each app has its own below it."""


class NotPermittedError(CallerError):
    """The actor lacks a capability for something it may know of; `ask` names who has it."""

    def __init__(self, capability: str, ask: str = "") -> None:
        super().__init__(capability)
        self.capability = capability
        self.ask = ask


class AbsentError(CallerError):
    """There is nothing here for this actor: absent, or not theirs; the two answer alike."""


class InputError(CallerError):
    """A named field is wrong; `problem` says what and what to do."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class CredentialError(CallerError):
    """An API key or a login that does not count; why is for the audit only."""

    def __init__(self, cause: str) -> None:
        super().__init__("credential refused")
        self.cause = cause


class NotBoundError(InputError):
    """A row that lets somebody in does not carry the code made for it: written past the program, or before it made any.

    Or this process has no key to tell by. Names table and row, never what stands there.
    """

    def __init__(self, table: str, row: str) -> None:
        problem = _(
            "This record was changed outside the program and counts for nothing. Ask whoever runs this desk."
        )
        super().__init__("record", problem)
        self.table = table
        self.row = row


class RotationRefusedError(CallerError):
    """A system's key may not replace itself now; `cause` is too-early (until `from_at`, as JSON has it), replaced, or
    no-key (an officer in session).
    """

    def __init__(self, cause: str, from_at: datetime | None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.from_at = from_at.isoformat(timespec="seconds") if from_at else None


class IdempotencyKeyReusedError(CallerError):
    """The same `Idempotency-Key` came before with another request."""


class RequestInProgressError(CallerError):
    """A request with the same `Idempotency-Key` is being worked on; try again after `retry_after` seconds."""

    retry_after = 2


class CursorRefusedError(CallerError):
    """A cursor that no page of this list gave to this agency."""


class CursorExpiredError(CallerError):
    """A cursor that is older than a day."""


class ReminderTooSoonError(CallerError):
    """Recipients were reminded of this a moment ago; `not_before` is when they may be again."""

    def __init__(self, not_before: datetime) -> None:
        super().__init__(not_before.isoformat())
        self.not_before = not_before


class MoveError(CallerError):
    """A change of state that the table of moves does not hold."""

    def __init__(self, state: str, move: str) -> None:
        super().__init__(f"{move} from {state}")
        self.state = state
        self.move = move
