# SPDX-License-Identifier: Apache-2.0
"""Refusals of acts on agencies and their keys; `sharing.problems` says how each is answered."""

import math
from datetime import datetime

from callers.errors import CallerError


class AgenciesError(CallerError):
    """Base of this app's errors."""


class AgencyExistsError(AgenciesError):
    """An agency of this id or name was admitted before."""

    def __init__(self, agency_id: str) -> None:
        super().__init__(agency_id)
        self.agency_id = agency_id


class KeyTakenError(AgenciesError):
    """A key is registered already for another agency or another use, permanently."""

    def __init__(self, kid: str) -> None:
        super().__init__(kid)
        self.kid = kid


class KeysetUnreadableError(AgenciesError):
    """A stored keyset of the agency cannot be read, so that nobody knows which of its keys count."""

    def __init__(self, agency_id: str) -> None:
        super().__init__(f"a stored keyset of {agency_id} cannot be read")
        self.agency_id = agency_id


class TooManyKeysetsError(AgenciesError):
    """An agency has handed in as many keysets within a day as allowed.

    The next is accepted from `from_at` on (`again_at` in JSON), after `retry_after` seconds.
    """

    def __init__(self, agency_id: str, from_at: datetime, *, now: datetime) -> None:
        super().__init__(agency_id)
        self.agency_id = agency_id
        self.from_at = from_at
        self.again_at = from_at.isoformat(timespec="seconds")
        self.retry_after = math.ceil((from_at - now).total_seconds())


class CustodyRefusedError(AgenciesError):
    """The custody of an agency's keys does not allow the act; `custody` names the holder."""

    def __init__(self, agency_id: str, custody: str) -> None:
        super().__init__(f"{agency_id}: {custody}")
        self.agency_id = agency_id
        self.custody = custody


class HeldElsewhereError(AgenciesError):
    """Another instance, `holder`, holds the agency's identity; at `free_at` (in JSON) it has been silent long enough to lose it."""

    def __init__(self, holder: str, software: str, free_at: datetime) -> None:
        super().__init__(holder)
        self.holder = holder
        self.software = software
        self.free_at = free_at.isoformat(timespec="seconds")
