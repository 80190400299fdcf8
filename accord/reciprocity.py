# SPDX-License-Identifier: Apache-2.0
"""Rules for counting what two agencies gave each other in a period, and the digest of a list of items.

Both sides come to the same figures from facts that both hold: digest, kind, time in the ledger, sealed document, `re`.

- An item counts in the period in which it was logged, if its status is actual, if it reached the other and was not retracted
  within 30 days. Days begin and end in UTC.
- One marked RED counts as RED, whatever it says. A later version counts as a version, and supplies nothing again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from typing import Any, Final

from accord.commitments import ANSWERS, GIVEN
from accord.document.rules import DEFERRING
from accord.envelope.encoding import b64u

RETRACTED_WITHIN: Final = timedelta(days=30)
SPECTRA: Final = "spectra"
GOODS: Final = frozenset({"reference_standards", "samples_offered"})
"""Physical goods, which count once the receiver has acknowledged the item."""
SUPPLIES: Final = tuple(sorted(set(GIVEN) - {ANSWERS}))
"""What an item can supply, in the order in which `counts_as` names it."""
FINAL_ANSWER: Final = "answer"
INTERIM_ANSWER: Final = "interim_answer"
VERSION: Final = "version"
RED: Final = "red"
UNREAD: Final = "unread"
DISPUTED: Final = "disputed"
SETTLED: Final = "settled"
_REPLY: Final = "reply"
_UPDATE: Final = "update"


@dataclass(frozen=True)
class Period:
    """Days from `first` to `last`, both within it, in UTC."""

    first: date
    last: date

    @property
    def begins(self) -> datetime:
        """Moment at which it begins."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def ends(self) -> datetime:
        """Moment at which it is over."""
        return datetime.combine(self.last + timedelta(days=1), time(), UTC)

    @property
    def months(self) -> tuple[date, ...]:
        """First days of its months."""
        found, day = list[date](), self.first.replace(day=1)
        while day <= self.last:
            found.append(day)
            day = (day + timedelta(days=31)).replace(day=1)
        return tuple(found)


def counts_as(kind: str, document: Mapping[str, Any]) -> str:
    """Return how an item of this manifest kind counts: its type, then what it supplies, joined by `+`."""
    alert_type = str(document.get("alert_type") or "")
    if alert_type == FINAL_ANSWER and document.get("answer_code") in DEFERRING:
        alert_type = INTERIM_ANSWER
    if kind == _UPDATE:
        return alert_type if alert_type in (FINAL_ANSWER, INTERIM_ANSWER) else VERSION
    if alert_type == _REPLY and document.get("dispute") in (DISPUTED, SETTLED):
        return str(document["dispute"])
    return "+".join((alert_type, *supplies_of(document)))


def supplies_of(document: Mapping[str, Any]) -> list[str]:
    """Return what a document supplies: as it says, and spectra where its evidence names a file."""
    said = set(document.get("supplies") or ())
    if any(row.get("file") for row in document.get("evidence") or ()):
        said.add(SPECTRA)
    return [one for one in SUPPLIES if one in said]


def all_counts(types: Iterable[str]) -> Iterator[str]:
    """Yield everything that `counts_as` may return where documents have these types."""
    for alert_type in (*types, INTERIM_ANSWER):
        for n in range(len(SUPPLIES) + 1):
            yield from ("+".join((alert_type, *some)) for some in combinations(SUPPLIES, n))
    yield from (VERSION, DISPUTED, SETTLED)


def list_digest(mds: Collection[str]) -> str:
    """Return the digest of a list of items: SHA-256 of their addresses, sorted, each followed by a line feed; base64url."""
    lines = "".join(f"{md}\n" for md in sorted(mds))
    return b64u(hashlib.sha256(lines.encode()).digest())
