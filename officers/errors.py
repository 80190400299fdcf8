# SPDX-License-Identifier: Apache-2.0
"""Refusals of acts on officers and their powers; the table of errors says how each is answered."""

from callers.errors import CallerError


class OfficersError(CallerError):
    """Base of this app's errors."""


class FormTokenError(OfficersError):
    """A write in an officer's session came without the session's form token."""


class TakenInError(OfficersError):
    """The agency was taken in at this desk already."""

    def __init__(self, agency_id: str) -> None:
        super().__init__(agency_id)
        self.agency_id = agency_id


class LastAdminError(OfficersError):
    """The act would leave an agency without an agency admin."""


class NobodyToReleaseError(OfficersError):
    """Nobody else is left who could check and send; enrol a releaser, or let somebody else do this."""
