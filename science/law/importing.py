# SPDX-License-Identifier: Apache-2.0
"""Import of a new version of the law into the hub: checked, compared and previewed first, then put in use.

Before anything is applied, the keeper sees the differences and how many stored structures of each hosted agency would be
newly caught, as numbers only: which structures and which alerts is the agencies' business. Every version is kept, so that a
verdict in an alert can be replayed by its digest.
"""

import csv
import io
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from django.db import transaction

from callers.capabilities import Capability, require
from callers.directory import AgencyStatus
from callers.task_calls import call_task
from ledger.audit import record_event
from officers.models import Officer
from peers.models import Agency
from science.law.adopted_rules import adopted_texts
from science.law.controls import EffectiveRules, ruleset_for
from science.law.previewing import Preview, preview_caught
from science.law.reevaluating import REEVALUATE_TASK, note_baseline
from science.law.rule_checks import check_rule_file
from substances.control.diffs import Difference
from substances.control.safe import difference_of_listings, difference_of_precursors, difference_of_rules
from substances.models import ControlKind, ControlVersion
from substances.rulefacts import FaultFact, TableFile
from substances.sandbox import law as sandbox_law
from substances.versions import append_version, current_law
from vault.errors import VaultError

MAX_BYTES: Final = 8 * 1024 * 1024


@dataclass(frozen=True)
class AgencyPreview:
    """Preview for one hosted agency: structures looked at and newly caught; `fits`: its adopted rules can be merged.

    `opens` False: its rows do not open now, and were not looked at.
    """

    agency_id: str
    looked_at: int
    caught: int
    fits: bool = True
    opens: bool = True


@dataclass(frozen=True)
class Examined:
    """Effect of an import. With faults nothing else of it is filled."""

    kind: ControlKind
    text: str = field(repr=False)
    digest: str = ""
    size: int = 0
    examples_run: int = 0
    faults: tuple[FaultFact, ...] = ()
    difference: Difference | None = None
    previews: tuple[AgencyPreview, ...] = ()


def kind_of(text: str) -> ControlKind:
    """Return the kind by the columns of the first line: listings and precursors are tables, all else are rules.

    A table that begins with a jurisdiction has the columns of an older version: its faults are those of listings.
    """
    try:
        columns = next(csv.reader(io.StringIO(text.split("\n", 1)[0])), [])
    except csv.Error:
        return ControlKind.RULES
    if columns[:1] in (["kind"], ["jurisdiction"]):
        return ControlKind.LISTINGS
    return ControlKind.PRECURSORS if "in_force_from" in columns else ControlKind.RULES


def examine_import(
    keeper: Officer, data: bytes, *, kind: ControlKind | None = None, now: datetime
) -> Examined:
    """Check a file and preview what it would change. Nothing is put in use; each agency's audit records the preview."""
    require(keeper, Capability.DESK_KEEP)
    if len(data) > MAX_BYTES:
        return Examined(kind or ControlKind.RULES, "", faults=(FaultFact("", "file_too_large"),))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Examined(kind or ControlKind.RULES, "", faults=(FaultFact("", "not_text"),))
    examined = _EXAMINERS[kind or kind_of(text)](text)
    if examined.faults or examined.kind == ControlKind.PRECURSORS:
        return examined
    return replace(examined, previews=tuple(_previews(keeper, examined, now)))


@transaction.atomic
def apply_import(keeper: Officer, examined: Examined, *, source: str, now: datetime) -> ControlVersion:
    """Put an examined file in use for the whole hub; the desk-worker then judges the stored structures."""
    require(keeper, Capability.DESK_KEEP)
    if examined.faults:
        raise ValueError("a file with faults is never put in use")
    for agency in _hosted():
        with suppress(VaultError):  # an agency whose rules do not open must not delay the law for the others
            note_baseline(agency.pk, now=now)
    row = append_version(
        examined.kind,
        text=examined.text,
        digest=examined.digest,
        source=source,
        applied_by=keeper.audit_name,
        now=now,
    )
    record_event(
        "control.imported",
        actor=keeper.audit_name,
        agency="",
        subject=row.digest,
        detail={"kind": row.kind, "number": row.number},
        now=now,
    )
    call_task(REEVALUATE_TASK)
    return row


def _examine_rules(text: str) -> Examined:
    check = check_rule_file(text.encode())
    if not check.is_sound:
        return Examined(ControlKind.RULES, text, faults=check.faults)
    before = current_law(ControlKind.RULES).text
    return Examined(
        ControlKind.RULES,
        text,
        digest=check.file.digest,
        size=len(check.file.rules),
        examples_run=len(check.file.examples),
        difference=difference_of_rules(before, text),
    )


def _examine_listings(text: str) -> Examined:
    examined = _table(ControlKind.LISTINGS, text, sandbox_law.read_listings_file(text))
    if examined.faults:
        return examined
    before = current_law(ControlKind.LISTINGS).text
    return replace(examined, difference=difference_of_listings(before, text))


def _examine_precursors(text: str) -> Examined:
    examined = _table(ControlKind.PRECURSORS, text, sandbox_law.read_precursors_file(text))
    if examined.faults:
        return examined
    before = current_law(ControlKind.PRECURSORS).text
    return replace(examined, difference=difference_of_precursors(before, text))


def _table(kind: ControlKind, text: str, file: TableFile) -> Examined:
    return Examined(kind, text, digest=file.digest, size=file.rows, faults=file.faults)


_EXAMINERS: Final[dict[ControlKind, Callable[[str], Examined]]] = {
    ControlKind.RULES: _examine_rules,
    ControlKind.LISTINGS: _examine_listings,
    ControlKind.PRECURSORS: _examine_precursors,
}


def _hosted() -> list[Agency]:
    rows = Agency.objects.filter(is_hosted=True).exclude(status=AgencyStatus.ENTERING)
    return list(rows.order_by("pk"))


def _previews(keeper: Officer, examined: Examined, now: datetime) -> list[AgencyPreview]:
    return [_preview(keeper, agency.pk, examined, now) for agency in _hosted()]


def _preview(keeper: Officer, agency_id: str, examined: Examined, now: datetime) -> AgencyPreview:
    try:
        rules, fits = _as_it_would_be(agency_id, examined)
        found: Preview = preview_caught(agency_id, rules, rules.rules, now=now)
    except VaultError:
        return AgencyPreview(agency_id, 0, 0, opens=False)
    with transaction.atomic():
        record_event(
            "control.previewed",
            actor=keeper.audit_name,
            agency=agency_id,
            subject=examined.digest,
            detail={"structures": found.looked_at, "caught": found.count},
            now=now,
        )
    return AgencyPreview(agency_id, found.looked_at, found.count, fits)


def _as_it_would_be(agency_id: str, examined: Examined) -> tuple[EffectiveRules, bool]:
    """Return what the agency would follow; where its adopted rules do not fit the new ones it stays with the old."""
    current = ruleset_for(agency_id)
    if examined.kind == ControlKind.LISTINGS:
        return replace(current, listings=replace(current.listings, text=examined.text)), True
    if not current.has_adopted:
        return replace(current, text=examined.text, digest=examined.digest), True
    made = sandbox_law.read_overlaid(examined.text, adopted_texts(agency_id))
    if made.faults:
        return current, False
    return replace(current, text=made.text, digest=made.digest), True
