# SPDX-License-Identifier: Apache-2.0
"""Versions of the law: the one that this hub uses, and every older one by its number or digest.

Before anything was imported it is the file that is shipped with the code, as number 0.
"""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from django.db import transaction
from django.db.models import Subquery

from substances.models import ControlKind, ControlVersion

FOLDER: Final = Path(__file__).parent / "data"
SHIPPED: Final = {
    ControlKind.RULES: "generic-controls.yaml",
    ControlKind.LISTINGS: "control/listings.csv",
    ControlKind.PRECURSORS: "precursors.csv",
}
SHIPPED_NUMBER: Final = 0


@dataclass(frozen=True)
class LawText:
    """One version of one kind. `digest` is empty for the shipped file, which nobody has imported."""

    kind: ControlKind
    number: int
    digest: str
    text: str = field(repr=False)
    source: str = ""
    applied_at: datetime | None = None

    @property
    def is_shipped(self) -> bool:
        return self.number == SHIPPED_NUMBER


def current_law(kind: ControlKind) -> LawText:
    """Return the version in use."""
    row = ControlVersion.objects.filter(kind=kind).order_by("-number").first()
    return shipped_law(kind) if row is None else _law(row)


def newest_key(kind: ControlKind) -> Subquery:
    """Return the key of the version in use, for a query about something else; null before anything was imported."""
    return Subquery(ControlVersion.objects.filter(kind=kind).order_by("-number").values("pk")[:1])


def law_under(key: int | None, kind: ControlKind) -> LawText:
    """Return the version under a key that `newest_key` gave; cached, as no row ever changes."""
    return shipped_law(kind) if key is None else _law_under(key)


@lru_cache(maxsize=16)
def _law_under(key: int) -> LawText:
    return _law(ControlVersion.objects.get(pk=key))


@cache
def shipped_law(kind: ControlKind) -> LawText:
    """Return the file that came with the code."""
    name = SHIPPED[kind]
    return LawText(kind, SHIPPED_NUMBER, "", (FOLDER / name).read_text(encoding="utf-8"), Path(name).name)


def law_with_digest(kind: ControlKind, digest: str) -> LawText | None:
    """Return the newest imported version with that digest; the shipped file is not considered."""
    row = ControlVersion.objects.filter(kind=kind, digest=digest).order_by("-number").first()
    return None if row is None else _law(row)


def law_history(kind: ControlKind) -> list[LawText]:
    """Return every imported version, newest first."""
    return [_law(row) for row in ControlVersion.objects.filter(kind=kind).order_by("-number")]


@transaction.atomic
def append_version(
    kind: ControlKind, *, text: str, digest: str, source: str, applied_by: str, now: datetime
) -> ControlVersion:
    """Make a text current. Two simultaneous calls violate the constraint on the number."""
    newest = ControlVersion.objects.filter(kind=kind).order_by("-number").first()
    return ControlVersion.objects.create(
        kind=kind,
        number=newest.number + 1 if newest else 1,
        digest=digest,
        text=text,
        source=source[:200],
        applied_at=now,
        applied_by=applied_by,
    )


def _law(row: ControlVersion) -> LawText:
    return LawText(ControlKind(row.kind), row.number, row.digest, row.text, row.source, row.applied_at)
