# SPDX-License-Identifier: Apache-2.0
"""Keysets and keys that end soon, for those who warn of them. Pure.

An agency whose keyset has ended can neither send nor be sent to, whatever its keys say. A retiring key ends on purpose,
and a revoked one has ended, so that neither is warned of.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from accord.envelope.keysets import Keyset
from accord.moments import moment_of

THRESHOLDS: Final = (1, 7, 14, 30)
"""Days ahead at which somebody is warned, the nearest first."""

SHORT_LENGTH: Final = 4


@dataclass(frozen=True)
class Ending:
    """End of a keyset (`subject` its od) or of a key of it (`subject` its kid)."""

    kind: str
    subject: str
    agency_id: str
    use: str
    suite: str
    ends_at: datetime
    days_left: int
    """Whole days; 0 on the last day and afterwards."""
    threshold: int
    """The nearest of `THRESHOLDS` that was reached."""
    is_over: bool

    @property
    def short(self) -> str:
        """Last four characters of a kid, as shown and typed; empty for a keyset."""
        return short_kid(self.subject) if self.kind == "key" else ""


def short_kid(kid: str) -> str:
    """The last four characters, as they are: of an id, capitals and small letters are two."""
    return kid[-SHORT_LENGTH:]


def soonest_first(endings: Iterable[Ending]) -> list[Ending]:
    """Sort endings in the order in which they are shown."""
    return sorted(endings, key=lambda ending: (ending.ends_at, ending.kind, ending.subject))


def endings_in(keyset: Keyset, revoked: Collection[str], now: datetime) -> Iterator[Ending]:
    """List the endings of one keyset; `revoked` are the keys that separate statements revoke."""
    if (said := _ending("keyset", keyset.od, keyset.agency, "", "", keyset.exp, now)) is not None:
        yield said
    for row in keyset.rows:
        if row.st == "current" and row.kid not in revoked:
            suite = ", ".join(sorted(row.key.suites))
            ending = _ending("key", row.kid, keyset.agency, str(row.use), suite, row.exp, now)
            if ending is not None:
                yield ending


def _ending(
    kind: str, subject: str, agency: str, use: str, suite: str, exp: int, now: datetime
) -> Ending | None:
    ends_at = moment_of(exp)
    left = ends_at - now
    passed = [days for days in THRESHOLDS if left <= timedelta(days=days)]
    if not passed:
        return None
    is_over = left <= timedelta(0)
    return Ending(kind, subject, agency, use, suite, ends_at, 0 if is_over else left.days, passed[0], is_over)
