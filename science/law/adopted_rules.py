# SPDX-License-Identifier: Apache-2.0
"""Here is what an agency keeps, sealed, of rules that it adopted from an authority's alert."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Final

from alerts.errors import RulesDamagedError
from science.rows.structures import AdoptedRules
from vault import doors
from vault.errors import SealBrokenError, SecretMissingError

TABLE: Final = "adoptedrules"
REVISION: Final = 1


@dataclass(frozen=True)
class Adopted:
    """Rules as they were published: the file, and of each rule what a list shows. `effective` is YYYY-MM-DD.

    Where the row did not open (`is_damaged`) all of it is empty.
    """

    text: str = field(repr=False)
    jurisdiction: str
    effective: str
    rule_ids: tuple[str, ...]
    titles: tuple[str, ...] = field(repr=False)
    digest: str = ""
    is_damaged: bool = False

    @property
    def effective_day(self) -> date | None:
        return date.fromisoformat(self.effective) if self.effective else None


def seal_adopted(row: AdoptedRules, adopted: Adopted) -> bytes:
    """Bound to its row."""
    content = asdict(adopted)
    del content["is_damaged"]
    plain = json.dumps(content, ensure_ascii=False).encode()
    return doors.seal_row(row.agency_id, TABLE, str(row.pk), REVISION, plain)


def open_adopted(rows: Sequence[AdoptedRules]) -> list[Adopted]:
    """In order; all of one agency. One that is damaged hides no other."""
    if not rows:
        return []
    agency_id = rows[0].agency_id
    sealed = [(str(row.pk), REVISION, bytes(row.sealed)) for row in rows]
    try:
        return [_adopted(json.loads(plain)) for plain in doors.open_rows(agency_id, TABLE, sealed)]
    except (SealBrokenError, SecretMissingError):
        return [_open_one(agency_id, row) for row in sealed]


def adopted_texts(agency_id: str, *, without: AdoptedRules | None = None) -> list[str]:
    """The files that an agency follows beside the hub's, in the order in which it adopted them.

    Raises RulesDamagedError where one does not open.
    """
    rows: Iterable[AdoptedRules] = AdoptedRules.objects.filter(agency_id=agency_id).in_use()
    kept = [row for row in rows if without is None or row.pk != without.pk]
    kept.sort(key=lambda row: (row.adopted_at, row.pk))
    opened = open_adopted(kept)
    if any(adopted.is_damaged for adopted in opened):
        raise RulesDamagedError
    return [adopted.text for adopted in opened]


def _open_one(agency_id: str, row: tuple[str, int, bytes]) -> Adopted:
    try:
        return _adopted(json.loads(doors.open_row(agency_id, TABLE, *row)))
    except (SealBrokenError, SecretMissingError):
        return Adopted("", "", "", (), (), is_damaged=True)


def _adopted(content: dict[str, Any]) -> Adopted:
    lists = {name: tuple(content[name]) for name in ("rule_ids", "titles")}
    return Adopted(**{**content, **lists})
