# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with agencies, officers and keys; the HTTP side stands in one table elsewhere."""

import math
from datetime import datetime

from django.utils.translation import gettext as _


class AgenciesError(Exception):
    """Base of this app's errors."""


class NotPermittedError(AgenciesError):
    """The actor lacks a capability for something it may know of; `ask` names who has it."""

    def __init__(self, capability: str, ask: str = "") -> None:
        super().__init__(capability)
        self.capability = capability
        self.ask = ask


class AbsentError(AgenciesError):
    """There is nothing here for this actor: absent, or not theirs; the two answer alike."""


class InputError(AgenciesError):
    """A named field is wrong; `problem` says what and what to do."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class CredentialError(AgenciesError):
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
            "This record was changed outside the program and counts for nothing. Ask whoever runs this hub."
        )
        super().__init__("record", problem)
        self.table = table
        self.row = row


class FormTokenError(AgenciesError):
    """A write under an officer's session came without the session's form token."""


class AgencyExistsError(AgenciesError):
    """An agency of this id or name was admitted before."""

    def __init__(self, agency_id: str) -> None:
        super().__init__(agency_id)
        self.agency_id = agency_id


class KeyTakenError(AgenciesError):
    """A key is registered already for another agency or another use; it stays there for ever."""

    def __init__(self, kid: str) -> None:
        super().__init__(kid)
        self.kid = kid


class KeysetUnreadableError(AgenciesError):
    """A stored keyset of the agency cannot be read, so that nobody knows which of its keys count."""

    def __init__(self, agency_id: str) -> None:
        super().__init__(f"a stored keyset of {agency_id} cannot be read")
        self.agency_id = agency_id


class TooManyKeysetsError(AgenciesError):
    """An agency has brought in as many keysets within a day as one may.

    The next is taken from `from_at` on (`again_at` as JSON has it), after `retry_after` seconds.
    """

    def __init__(self, agency_id: str, from_at: datetime, *, now: datetime) -> None:
        super().__init__(agency_id)
        self.agency_id = agency_id
        self.from_at = from_at
        self.again_at = from_at.isoformat(timespec="seconds")
        self.retry_after = math.ceil((from_at - now).total_seconds())


class CustodyRefusedError(AgenciesError):
    """The custody of an agency's keys does not allow the act; `custody` is who holds them."""

    def __init__(self, agency_id: str, custody: str) -> None:
        super().__init__(f"{agency_id}: {custody}")
        self.agency_id = agency_id
        self.custody = custody


class RecoveryWaitsError(AgenciesError):
    """A recovered root waits for its delay to end: any keyset of the old root would cancel it."""

    def __init__(self, agency_id: str, version: int) -> None:
        super().__init__(f"{agency_id}: version {version}")
        self.agency_id = agency_id
        self.version = version


class RotationRefusedError(AgenciesError):
    """An API key may not replace itself now; `cause` is too-early (until `from_at`, as JSON has it), replaced, or
    no-key (an officer in session).
    """

    def __init__(self, cause: str, from_at: datetime | None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.from_at = from_at.isoformat(timespec="seconds") if from_at else None


class LastAdminError(AgenciesError):
    """The act would leave an agency without an agency admin."""


class NobodyToReleaseError(AgenciesError):
    """Nobody else is left who could check and send it; enrol a releaser, or let somebody else do this."""


class IdempotencyKeyReusedError(AgenciesError):
    """The same `Idempotency-Key` came before with another request."""


class RequestInProgressError(AgenciesError):
    """A request with the same `Idempotency-Key` is being worked on; try again after `retry_after` seconds."""

    retry_after = 2


class CursorRefusedError(AgenciesError):
    """A cursor that no page of this list gave to this agency."""


class CursorExpiredError(AgenciesError):
    """A cursor that is older than a day."""
