# SPDX-License-Identifier: Apache-2.0
"""Here is what an agency keeps, sealed, of rules that it adopted from an authority's alert."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Final

from agencies.vault import doors
from alerts.stored import AdoptedRules

TABLE: Final = "adoptedrules"
REVISION: Final = 1


@dataclass(frozen=True)
class Adopted:
    """Rules as they were published: the file, and of each rule what a list shows. `effective` is YYYY-MM-DD."""

    text: str = field(repr=False)
    jurisdiction: str
    effective: str
    rule_ids: tuple[str, ...]
    titles: tuple[str, ...] = field(repr=False)
    digest: str = ""

    @property
    def effective_day(self) -> date:
        return date.fromisoformat(self.effective)


def seal_adopted(row: AdoptedRules, adopted: Adopted) -> bytes:
    """Bound to its row."""
    plain = json.dumps(asdict(adopted), ensure_ascii=False).encode()
    return doors.seal_row(row.agency_id, TABLE, str(row.pk), REVISION, plain)


def open_adopted(rows: Sequence[AdoptedRules]) -> list[Adopted]:
    """In order; all of one agency."""
    if not rows:
        return []
    sealed = [(str(row.pk), REVISION, bytes(row.sealed)) for row in rows]
    return [_adopted(json.loads(plain)) for plain in doors.open_rows(rows[0].agency_id, TABLE, sealed)]


def adopted_texts(agency_id: str, *, without: AdoptedRules | None = None) -> list[str]:
    """The files that an agency follows beside the hub's, in the order in which it adopted them."""
    rows: Iterable[AdoptedRules] = AdoptedRules.objects.filter(agency_id=agency_id).in_use()
    kept = [row for row in rows if without is None or row.pk != without.pk]
    kept.sort(key=lambda row: (row.adopted_at, row.pk))
    return [adopted.text for adopted in open_adopted(kept)]


def _adopted(content: dict[str, Any]) -> Adopted:
    lists = {name: tuple(content[name]) for name in ("rule_ids", "titles")}
    return Adopted(**{**content, **lists})
