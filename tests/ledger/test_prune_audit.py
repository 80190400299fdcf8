# SPDX-License-Identifier: Apache-2.0
"""Pruning: old audit events go, the tree and all receipts stay."""

import io
import subprocess
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from devtool import programs
from devtool.environments import ROOT, World
from ledger.audit import PRUNED, prune_events, record_event
from ledger.errors import LedgerDamagedError, NotAtomicError
from ledger.models import AuditEvent
from ledger.proofs import receipts_for
from tests.ledger.bench import Bench
from tests.ledger.tampering import tamper


def record(bench: Bench, subject: str) -> str:
    with transaction.atomic():
        event = record_event(
            "alert.opened", actor="officer:o1", agency="xa-lab", subject=subject, now=bench.now
        )
    return event.od


@pytest.fixture
def aged(bench: Bench) -> Bench:
    """Events of three days, a day apart, with other entries between."""
    for day in range(3):
        record(bench, f"day {day}")
        bench.log(2)
        bench.now += timedelta(days=1)
    return bench


def prune(bench: Bench, days_ago: float) -> int:
    with transaction.atomic():
        return prune_events("system:migrate", before=bench.now - timedelta(days=days_ago), now=bench.now)


def subjects() -> list[str]:
    return list(AuditEvent.objects.exclude(act=PRUNED).order_by("seq").values_list("subject", flat=True))


def test_pruning_deletes_the_old_and_keeps_the_tree(aged: Bench) -> None:
    ods = list(AuditEvent.objects.values_list("od", flat=True))
    receipts = receipts_for(ods)
    assert prune(aged, 1.5) == 2
    assert subjects() == ["day 2"]
    assert receipts_for(ods) == receipts
    assert aged.verify().leaves == 9
    aged.batch()
    assert aged.verify().leaves == 10


def test_pruning_is_itself_an_event_of_the_hub(aged: Bench) -> None:
    prune(aged, 1.5)
    event = AuditEvent.objects.get(act=PRUNED)
    assert (event.agency, event.actor, event.detail["count"]) == ("", "system:migrate", 2)


def test_an_event_deleted_beside_a_pruning_is_missed_all_the_same(aged: Bench) -> None:
    prune(aged, 1.5)
    tamper("DELETE FROM ledger_auditevent WHERE subject = 'day 2'")
    with pytest.raises(LedgerDamagedError) as damage:
        aged.verify()
    assert [finding.problem for finding in damage.value.findings] == ["deleted"]


def prune_agency(bench: Bench, agency: str, days_ago: float) -> int:
    before = bench.now - timedelta(days=days_ago)
    with transaction.atomic():
        return prune_events("system:migrate", before=before, agency=agency, now=bench.now)


def test_one_agencys_events_are_pruned_and_the_others_stay(aged: Bench) -> None:
    with transaction.atomic():
        record_event("alert.opened", actor="officer:o2", agency="xb-health", subject="theirs", now=aged.now)
    aged.log(1)
    aged.now += timedelta(days=1)
    assert prune_agency(aged, "xa-lab", 0.5) == 3
    assert subjects() == ["theirs"]
    assert prune_agency(aged, "xa-lab", 0.5) == 0
    assert AuditEvent.objects.filter(act=PRUNED).count() == 1, "what pruned nothing is no event"
    aged.batch()
    aged.verify()


def test_a_pruning_of_one_agency_explains_no_more_events_than_it_deleted(aged: Bench) -> None:
    with transaction.atomic():
        record_event("alert.opened", actor="officer:o2", agency="xb-health", subject="theirs", now=aged.now)
    aged.log(1)
    aged.now += timedelta(days=1)
    prune_agency(aged, "xa-lab", 0.5)
    tamper("DELETE FROM ledger_auditevent WHERE subject = 'theirs'")
    with pytest.raises(LedgerDamagedError) as damage:
        aged.verify()
    assert [finding.problem for finding in damage.value.findings] == ["deleted"]


def test_records_of_earlier_prunings_are_never_pruned(aged: Bench) -> None:
    prune(aged, 1.5)
    aged.batch()
    aged.now += timedelta(days=400)
    assert prune(aged, 1) == 1
    aged.batch()
    assert AuditEvent.objects.filter(act=PRUNED).count() == 2
    assert aged.verify().audit_events == 2


def test_an_event_without_a_leaf_is_not_pruned(aged: Bench) -> None:
    record(aged, "waiting")
    assert prune(aged, -1) == 3
    assert subjects() == ["waiting"]


def test_the_trigger_is_back_after_pruning(aged: Bench) -> None:
    prune(aged, 1.5)
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEvent.objects.filter(subject="day 2").delete()


@pytest.mark.django_db(transaction=True)
def test_pruning_without_a_transaction_is_refused(bench: Bench) -> None:
    with pytest.raises(NotAtomicError):
        prune_events("system:migrate", before=bench.now, now=bench.now)


def test_the_command_takes_a_day(aged: Bench) -> None:
    out = io.StringIO()
    call_command("prune_audit", "--before", "2026-11-26", stdout=out)
    assert out.getvalue() == "1 audit events deleted.\n"
    with pytest.raises(CommandError, match="YYYY-MM-DD"):
        call_command("prune_audit", "--before", "last year")


def test_the_command_is_refused_to_the_application(world: World) -> None:
    command, environment = programs.management("worker", world, "prune_audit", "--before", "2026-11-26")
    refused = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "This login may not prune: must be owner of table ledger_auditevent" in refused.stderr
