# SPDX-License-Identifier: Apache-2.0
"""Reasons why a client does not trust the exchange's answer, besides a failed check."""

from __future__ import annotations

from collections.abc import Iterable

from accord.calls.errors import ClientError


class LedgerAlarmError(ClientError):
    """The ledger that an agency signed for is not the one stored here: somebody was shown another one."""

    def __init__(self, agency: str) -> None:
        self.agency = agency
        super().__init__(
            f"ALARM: {agency} has signed for a ledger that does not fit the one this client has kept. Either the "
            f"hub shows its partners different ledgers, or {agency} states what it has not seen. "
            f"Call {agency} and your duty desk by telephone."
        )


class UnpinnedError(ClientError):
    """No root fingerprint is pinned for these agencies, so nothing of theirs can be verified."""

    def __init__(self, agencies: Iterable[str]) -> None:
        self.agencies = tuple(sorted(agencies))
        names = ", ".join(self.agencies)
        super().__init__(
            f"No root is pinned for {names}. Compare its fingerprint on paper, then run: "
            f"accord pin {self.agencies[0]} FINGERPRINT"
        )
