# SPDX-License-Identifier: Apache-2.0
"""Refusals that both halves know; `callers.problems` says how each is answered."""

from datetime import datetime

from django.utils.translation import gettext as _


class CallerError(Exception):
    """Base of the refusals to a caller; each app derives its own from it."""


class NotPermittedError(CallerError):
    """The actor lacks a capability for something that it may know of; `ask` names the roles that have it."""

    def __init__(self, capability: str, ask: str = "") -> None:
        super().__init__(capability)
        self.capability = capability
        self.ask = ask


class AbsentError(CallerError):
    """The object is absent or belongs to others; the actor cannot tell which."""


class InputError(CallerError):
    """A named field is wrong; `problem` says what is wrong and what to do."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class CredentialError(CallerError):
    """An API key or a login was refused; the cause is for the audit only."""

    def __init__(self, cause: str) -> None:
        super().__init__("credential refused")
        self.cause = cause


class NotBoundError(InputError):
    """A row that grants access does not carry its code: it was written outside the program, or before codes were made.

    It is also raised where this process has no key to check with. It names table and row, never the row's content.
    """

    def __init__(self, table: str, row: str) -> None:
        problem = _(
            "This record was changed outside the program and counts for nothing. Ask whoever runs this desk."
        )
        super().__init__("record", problem)
        self.table = table
        self.row = row


class RotationRefusedError(CallerError):
    """A system's key may not replace itself now.

    `cause` is too-early (before `from_at`, in ISO format), replaced, or no-key (an officer in session).
    """

    def __init__(self, cause: str, from_at: datetime | None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.from_at = from_at.isoformat(timespec="seconds") if from_at else None


class IdempotencyKeyReusedError(CallerError):
    """Another request has used this `Idempotency-Key` before."""


class RequestInProgressError(CallerError):
    """A request with the same `Idempotency-Key` is in progress."""


class CursorRefusedError(CallerError):
    """The cursor was not issued to this agency for this list."""


class CursorExpiredError(CallerError):
    """The cursor is older than a day."""


class ReminderTooSoonError(CallerError):
    """Recipients were reminded of this shortly before; `not_before` is when they may be reminded again."""

    def __init__(self, not_before: datetime) -> None:
        super().__init__(not_before.isoformat())
        self.not_before = not_before


class MoveError(CallerError):
    """The table of moves does not allow this change of state."""

    def __init__(self, state: str, move: str) -> None:
        super().__init__(f"{move} from {state}")
        self.state = state
        self.move = move
