# SPDX-License-Identifier: Apache-2.0
"""Refusals of the wiring itself."""


class HubError(Exception):
    """Base of the errors of the wiring."""


class OwnClockError(HubError):
    """Something was refused for its time while this process's own clock may be wrong."""


class SpoolFullError(HubError):
    """There is no room for an upload now; `retry_after` in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("no room for an upload")
        self.retry_after = retry_after


class CompressedOnlyError(HubError):
    """The caller does not accept gzip, and the answer is too large to be sent uncompressed."""
