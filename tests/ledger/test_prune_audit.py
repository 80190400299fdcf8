# SPDX-License-Identifier: Apache-2.0
"""Pruning deletes old audit events; the tree and all receipts stay."""

import io
import subprocess
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from devtool import programs
from devtool.environments import ROOT, World
from ledger.audit import PRUNED, prune_events, record_event
from ledger.errors import LedgerDamagedError, NotAtomicError, StillKeptError
from ledger.models import AuditEvent
from ledger.proofs import receipts_for
from ledger.retention import DEFAULT_KEEP_DAYS, KEEP, POLICY_CHANGED
from tests.ledger.bench import Bench
from tests.ledger.tampering import tamper

KEEP_DAYS = 730


def record(bench: Bench, subject: str, *, agency: str = "xa-lab") -> str:
    with transaction.atomic():
        event = record_event(
            "alert.opened", actor="officer:o1", agency=agency, subject=subject, now=bench.now
        )
    return event.od


def record_keep(bench: Bench, days: int, *, agency: str = "xa-lab") -> None:
    """Record a new retention period of the agency's audit in its policy."""
    with transaction.atomic():
        record_event(
            POLICY_CHANGED,
            actor="officer:o1",
            agency=agency,
            subject=f"policy:{agency}",
            detail={KEEP: {"before": DEFAULT_KEEP_DAYS, "after": days}},
            now=bench.now,
        )


@pytest.fixture
def aged(bench: Bench) -> Bench:
    """A bench with events of three days, a day apart, and other entries between, after the keep of two years."""
    record_keep(bench, KEEP_DAYS)
    for day in range(3):
        record(bench, f"day {day}")
        bench.log(2)
        bench.now += timedelta(days=1)
    bench.now += timedelta(days=KEEP_DAYS)
    return bench


def prune(bench: Bench, days_before_the_keep: float, *, agency: str = "xa-lab") -> int:
    before = bench.now - timedelta(days=KEEP_DAYS + days_before_the_keep)
    with transaction.atomic():
        return prune_events("system:migrate", before=before, agency=agency, now=bench.now)


def forge_pruning(bench: Bench, **detail: Any) -> None:
    """Write a pruning event as the owner of the tables could."""
    with transaction.atomic():
        record_event(
            PRUNED, actor="system:migrate", agency="", subject="ledger", detail=detail, now=bench.now
        )
    bench.batch()


def subjects() -> list[str]:
    kept = AuditEvent.objects.exclude(act__in=(PRUNED, POLICY_CHANGED))
    return list(kept.order_by("seq").values_list("subject", flat=True))


def problems(bench: Bench) -> list[str]:
    with pytest.raises(LedgerDamagedError) as damage:
        bench.verify()
    return [finding.problem for finding in damage.value.findings]


def test_pruning_deletes_the_old_and_keeps_the_tree(aged: Bench) -> None:
    ods = list(AuditEvent.objects.values_list("od", flat=True))
    receipts = receipts_for(ods)
    assert prune(aged, 1.5) == 2
    assert subjects() == ["day 2"]
    assert receipts_for(ods) == receipts
    assert aged.verify().leaves == 10
    aged.batch()
    assert aged.verify().leaves == 11


def test_pruning_is_itself_an_event_of_the_hub(aged: Bench) -> None:
    prune(aged, 1.5)
    event = AuditEvent.objects.get(act=PRUNED)
    assert (event.agency, event.actor, event.detail["count"]) == ("", "system:migrate", 2)
    assert event.detail["agency"] == "xa-lab"


def test_an_event_deleted_beside_a_pruning_is_missed_all_the_same(aged: Bench) -> None:
    prune(aged, 1.5)
    tamper("DELETE FROM ledger_auditevent WHERE subject = 'day 2'")
    assert problems(aged) == ["deleted"]


def test_one_agencys_events_are_pruned_and_the_others_stay(aged: Bench) -> None:
    record(aged, "theirs", agency="xb-health")
    aged.log(1)
    assert prune(aged, 0) == 3
    assert subjects() == ["theirs"]
    assert prune(aged, 0) == 0
    assert AuditEvent.objects.filter(act=PRUNED).count() == 1, "what pruned nothing is no event"
    aged.batch()
    aged.verify()


def test_a_pruning_explains_exactly_as_many_events_as_it_says(aged: Bench) -> None:
    tamper("DELETE FROM ledger_auditevent WHERE subject = 'day 0'")
    before = int((aged.now - timedelta(days=KEEP_DAYS)).timestamp())
    forge_pruning(aged, agency="xa-lab", before=before, count=2)
    assert problems(aged) == ["a pruning of 2 events, but 1 are missing from before its limit"]


def test_a_forged_pruning_of_what_is_still_kept_explains_nothing(aged: Bench) -> None:
    """The forged event would explain the missing ones if the agency's logged policy did not keep them longer."""
    record(aged, "young")
    aged.log(1)
    aged.now += timedelta(days=1)
    tamper("DELETE FROM ledger_auditevent WHERE subject = 'young'")
    forge_pruning(aged, agency="xa-lab", before=int(aged.now.timestamp()), count=1)
    assert problems(aged) == [
        f"pruned what xa-lab keeps for {KEEP_DAYS} days by its logged policy",
        "deleted",
    ]


def test_a_keep_that_was_lengthened_later_does_not_blame_an_earlier_pruning(aged: Bench) -> None:
    prune(aged, 0)
    aged.batch()
    record_keep(aged, 3650)
    aged.batch()
    aged.verify()
    with pytest.raises(StillKeptError):
        prune(aged, 0)


@pytest.mark.parametrize(
    "detail",
    [
        pytest.param({"before": 1, "count": 1}, id="of nobody"),
        pytest.param({"agency": "xa-lab", "before": "now", "count": 1}, id="before no time"),
        pytest.param({"agency": "xa-lab", "before": 1, "count": True}, id="of no number"),
    ],
)
def test_a_pruning_of_no_known_form_is_named(aged: Bench, detail: dict[str, Any]) -> None:
    forge_pruning(aged, **detail)
    assert problems(aged) == ["a pruning of no known form"]


@pytest.mark.parametrize("agency", ["xa-lab", "xc-unknown", ""])
def test_what_is_still_kept_is_not_pruned(aged: Bench, agency: str) -> None:
    with pytest.raises(StillKeptError), transaction.atomic():
        prune_events("system:migrate", before=aged.now - timedelta(days=100), agency=agency, now=aged.now)
    assert len(subjects()) == 3


def test_changes_of_the_keep_are_never_pruned(aged: Bench) -> None:
    aged.now += timedelta(days=3650)
    prune(aged, 0)
    assert AuditEvent.objects.filter(act=POLICY_CHANGED).count() == 1


def test_an_event_that_was_logged_late_is_a_remark_and_no_damage(bench: Bench) -> None:
    record(bench, "in time")
    bench.batch()
    record(bench, "late")
    late = AuditEvent.objects.get(subject="late")
    bench.batch(after=timedelta(minutes=6))
    remarks = {remark.row: remark.problem for remark in bench.verify().remarks}
    assert str(late.seq) in remarks
    assert "seconds from the time it states" in remarks[str(late.seq)]


def test_records_of_earlier_prunings_are_never_pruned(aged: Bench) -> None:
    prune(aged, 1.5)
    aged.batch()
    aged.now += timedelta(days=400)
    assert prune(aged, 1) == 1
    aged.batch()
    assert AuditEvent.objects.filter(act=PRUNED).count() == 2
    assert aged.verify().audit_events == 3


def test_an_event_without_a_leaf_is_not_pruned(aged: Bench) -> None:
    record(aged, "waiting")
    aged.now += timedelta(days=1)
    assert prune(aged, 0) == 3
    assert subjects() == ["waiting"]


def test_the_trigger_is_back_after_pruning(aged: Bench) -> None:
    prune(aged, 1.5)
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEvent.objects.filter(subject="day 2").delete()


@pytest.mark.django_db(transaction=True)
def test_pruning_without_a_transaction_is_refused(bench: Bench) -> None:
    with pytest.raises(NotAtomicError):
        prune_events("system:migrate", before=bench.now, agency="", now=bench.now)


def test_the_command_takes_a_day_that_is_a_year_ago(bench: Bench) -> None:
    bench.now = timezone.now() - timedelta(days=500)
    record(bench, "the hub's", agency="")
    record(bench, "an agency's")
    bench.log(1)
    out = io.StringIO()
    day = f"{timezone.now() - timedelta(days=400):%Y-%m-%d}"
    call_command("prune_audit", "--before", day, stdout=out)
    assert out.getvalue() == "1 audit events deleted.\n"
    assert subjects() == ["an agency's"]
    with pytest.raises(CommandError, match="kept for 365 days"):
        call_command("prune_audit", "--before", f"{timezone.now():%Y-%m-%d}")
    with pytest.raises(CommandError, match="YYYY-MM-DD"):
        call_command("prune_audit", "--before", "last year")


def test_the_command_is_refused_to_the_application(world: World) -> None:
    command, environment = programs.management(
        "exchange-worker", world, "prune_audit", "--before", "2020-01-01"
    )
    refused = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "This login may not prune: must be owner of table ledger_auditevent" in refused.stderr
