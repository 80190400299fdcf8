# SPDX-License-Identifier: Apache-2.0
"""Refusals of acts on officers and their powers; the HTTP side stands in one table elsewhere."""

from callers.errors import CallerError


class OfficersError(CallerError):
    """Base of this app's errors."""


class FormTokenError(OfficersError):
    """A write under an officer's session came without the session's form token."""


class TakenInError(OfficersError):
    """This desk has taken the agency in already."""

    def __init__(self, agency_id: str) -> None:
        super().__init__(agency_id)
        self.agency_id = agency_id


class LastAdminError(OfficersError):
    """The act would leave an agency without an agency admin."""


class NobodyToReleaseError(OfficersError):
    """Nobody else is left who could check and send it; enrol a releaser, or let somebody else do this."""
