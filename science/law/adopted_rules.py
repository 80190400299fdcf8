# SPDX-License-Identifier: Apache-2.0
"""Stored form, sealed, of rules that an agency adopted from an authority's alert."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Final

from alerts.errors import RulesDamagedError
from science.rows.structures import AdoptedRules
from vault.errors import SealBrokenError, SecretMissingError
from vault.sealed_store import REVISION, SealedStore, as_json, dataclass_of


@dataclass(frozen=True)
class Adopted:
    """Rules as they were published: the file, and for each rule what a list shows. `effective` is YYYY-MM-DD.

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


ADOPTED: Final = SealedStore[Adopted](
    "adoptedrules", lambda adopted: as_json(asdict(adopted)), dataclass_of(Adopted)
)
DAMAGED: Final = Adopted("", "", "", (), (), is_damaged=True)


def seal_adopted(row: AdoptedRules, adopted: Adopted) -> bytes:
    """Seal the rules, bound to their row."""
    return ADOPTED.seal(row.agency_id, row.pk, adopted)


def open_adopted(rows: Sequence[AdoptedRules]) -> list[Adopted]:
    """Open rows of one agency, in order; a damaged one does not stop the others."""
    if not rows:
        return []
    sealed = [(row.pk, REVISION, row.sealed) for row in rows]
    opened = ADOPTED.open_many(rows[0].agency_id, sealed, closed=(SealBrokenError, SecretMissingError))
    return [adopted or DAMAGED for adopted in opened]


def adopted_texts(agency_id: str, *, without: AdoptedRules | None = None) -> list[str]:
    """Return the files that an agency follows beside the hub's, in the order in which it adopted them.

    Raises RulesDamagedError where one does not open.
    """
    rows: Iterable[AdoptedRules] = AdoptedRules.objects.filter(agency_id=agency_id).in_use()
    kept = [row for row in rows if without is None or row.pk != without.pk]
    kept.sort(key=lambda row: (row.adopted_at, row.pk))
    opened = open_adopted(kept)
    if any(adopted.is_damaged for adopted in opened):
        raise RulesDamagedError
    return [adopted.text for adopted in opened]
