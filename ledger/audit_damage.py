# SPDX-License-Identifier: Apache-2.0
"""Find damage in the audit: events that were altered, added or deleted, and prunings that claim too much.

- A pruning counts only beyond the retention period that the logged policy of its agency had set by then. It explains exactly as
  many missing events as it states, each logged before its limit.
- An event that was logged more than five minutes from the time it states is no damage: a sequencer was down, or a clock was
  wrong. It is named in a remark.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from accord.moments import moment_or_none
from ledger import audit
from ledger.errors import Finding
from ledger.models import HUB_LEVEL, AuditEvent, Entry, Leaf
from ledger.retention import DEFAULT_KEEP_DAYS, KEEP_DAYS, POLICY_CHANGED, keep_of
from ledger.tree_damage import CHUNK_ROWS

LATE_AFTER: Final = timedelta(minutes=5)
MALFORMED: Final = "a pruning of no known form"


@dataclass
class AuditReport:
    """Damage that was found, and remarks, which are no damage."""

    findings: list[Finding] = field(default_factory=list)
    remarks: list[Finding] = field(default_factory=list)


@dataclass
class _Pruning:
    """One recorded pruning that may explain missing events."""

    seq: int
    before: int
    count: int


def inspect_audit() -> AuditReport:
    """Inspect every audit event, and every entry whose event is missing."""
    report = AuditReport()
    prunings = _read_events(report)
    report.findings += _unexplained(prunings)
    return report


def _read_events(report: AuditReport) -> list[_Pruning]:
    leaf_time = Subquery(Leaf.objects.filter(od=OuterRef("od")).values("t"))
    is_logged = Exists(Entry.objects.filter(od=OuterRef("od"), is_audit=True))
    keeps: dict[str, timedelta] = {HUB_LEVEL: timedelta(days=KEEP_DAYS[0])}
    prunings: list[_Pruning] = []
    annotated = AuditEvent.objects.order_by("seq").annotate(leaf_time=leaf_time, is_logged=is_logged)
    events: QuerySet[AuditEvent, Any] = annotated
    for event in events.iterator(CHUNK_ROWS):
        if audit.event_digest(event) != event.od:
            report.findings.append(_finding(event, "altered: it does not fit its digest"))
        elif not event.is_logged:
            report.findings.append(_finding(event, "altered or added: its digest is not in the ledger"))
        else:
            report.remarks += _late(event, event.leaf_time)
            if event.act == POLICY_CHANGED and (keep := keep_of(event.detail)):
                keeps[event.agency] = keep
            elif event.act == audit.PRUNED:
                _read_pruning(event, event.leaf_time, keeps, prunings, report)
    return prunings


def _late(event: AuditEvent, leaf_time: int | None) -> Iterator[Finding]:
    logged = [event.logged_at, moment_or_none(leaf_time)]
    far = max((abs(moment - event.at) for moment in logged if moment is not None), default=timedelta(0))
    if far > LATE_AFTER:
        yield _finding(event, f"logged {round(far.total_seconds())} seconds from the time it states")


def _read_pruning(
    event: AuditEvent,
    leaf_time: int | None,
    keeps: Mapping[str, timedelta],
    prunings: list[_Pruning],
    report: AuditReport,
) -> None:
    detail: Mapping[str, Any] = event.detail
    agency, before, count = (detail.get(name) for name in ("agency", "before", "count"))
    if not isinstance(agency, str) or type(before) is not int or type(count) is not int:
        report.findings.append(_finding(event, MALFORMED))
        return
    keep = keeps.get(agency, timedelta(days=DEFAULT_KEEP_DAYS))
    at = leaf_time if leaf_time is not None else int(event.at.timestamp())
    if before > at - keep.total_seconds():
        report.findings.append(
            _finding(
                event, f"pruned what {agency or 'the hub'} keeps for {keep.days} days by its logged policy"
            )
        )
        return
    prunings.append(_Pruning(event.seq, before, count))


def _unexplained(prunings: list[_Pruning]) -> Iterator[Finding]:
    """Assign the oldest missing entries to the prunings with the earliest limits; yield the rest as deleted."""
    event = Exists(AuditEvent.objects.filter(od=OuterRef("od")))
    t = Subquery(Leaf.objects.filter(od=OuterRef("od")).values("t"))
    rows = Entry.objects.filter(~event, is_audit=True).annotate(t=t).values_list("od", "t")
    missing = sorted(rows, key=lambda row: (row[1] is None, row[1] or 0))
    taken = 0
    for pruning in sorted(prunings, key=lambda one: one.before):
        found = 0
        while found < pruning.count and taken < len(missing):
            log_time = missing[taken][1]
            if log_time is None or log_time >= pruning.before:
                break
            found, taken = found + 1, taken + 1
        if found != pruning.count:
            said = f"a pruning of {pruning.count} events, but {found} are missing from before its limit"
            yield Finding("audit event", str(pruning.seq), said)
    for od, _ in missing[taken:]:
        yield Finding("audit event", f"of entry {od}", "deleted")


def _finding(event: AuditEvent, problem: str) -> Finding:
    return Finding("audit event", str(event.seq), problem)
