# SPDX-License-Identifier: Apache-2.0
"""Adoption: after a restore, ledger and state folder are made to fit, unless they contradict each other."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from ledger import state
from ledger.adoption import adopt_ledger, plan_adoption
from ledger.audit import record_event
from ledger.errors import LedgerDamagedError, StateError, StateForkError, StateUnreadableError
from ledger.halting import mark_beat
from ledger.models import AuditEvent, Checkpoint, Entry, Leaf, PendingEntry, Restore
from ledger.proofs import receipts_for
from sharing.models import FeedMark
from tests.ledger.bench import Bench
from tests.ledger.tampering import tamper
from tests.role_logins import under_login_of

FORGET = (
    "DELETE FROM ledger_entry WHERE od IN (SELECT od FROM ledger_leaf WHERE index >= {size})",
    "DELETE FROM ledger_leaf WHERE index >= {size}",
    "DELETE FROM ledger_node WHERE (index + 1) * power(2, level) > {size}",
    "DELETE FROM ledger_checkpoint WHERE size > {size}",
)


def adopt(bench: Bench) -> str:
    return str(adopt_ledger(bench.keys, bench.folder, now=bench.now))


def restore_old_database(size: int) -> None:
    """Put the database back to a backup from when the ledger had `size` leaves."""
    tamper(*(statement.format(size=size) for statement in FORGET))


def test_an_older_database_gets_its_leaves_back_and_every_receipt_stays(bench: Bench) -> None:
    ods = [*bench.log(3), *bench.log(5)]
    receipts = receipts_for(ods)
    restore_old_database(3)
    with pytest.raises(StateError):
        bench.batch()
    assert adopt(bench) == "replay 5 leaves from the leaf file, up to size 8"
    batch = bench.batch()
    assert (batch.size, [entry.od for entry in batch.covered]) == (8, ods[3:])
    assert receipts_for(ods) == receipts
    bench.log(2)
    assert bench.verify().signed_leaves == 10


def test_what_the_older_database_knew_as_pending_is_pending_no_more(bench: Bench) -> None:
    bench.log(3)
    pending = bench.append(2)
    before = list(PendingEntry.objects.values())
    bench.batch()
    entries = list(Entry.objects.filter(od__in=pending).values())
    restore_old_database(3)
    Entry.objects.bulk_create(Entry(**entry) for entry in entries)
    PendingEntry.objects.bulk_create(PendingEntry(**row) for row in before)
    adopt(bench)
    assert not PendingEntry.objects.exists()
    assert [entry.od for entry in bench.batch().covered] == pending
    assert bench.verify().leaves == 5


@pytest.mark.parametrize("lost", ["missing", "damaged", "older"])
def test_a_lost_state_folder_is_written_afresh_from_a_sound_ledger(bench: Bench, lost: str) -> None:
    bench.log(3)
    old = (bench.folder / state.STATE_FILE).read_bytes()
    bench.log(4)
    signed = state.read_state(bench.folder)
    leaves = (bench.folder / state.LEAF_FILE).read_bytes()
    if lost == "missing":
        bench.folder = bench.folder.parent / "another volume"
    else:
        (bench.folder / state.STATE_FILE).write_bytes(old if lost == "older" else b"?")
    assert adopt(bench) == "write the state folder afresh at the newest checkpoint, size 7"
    assert state.read_state(bench.folder) == signed
    assert (bench.folder / state.LEAF_FILE).read_bytes() == leaves
    bench.log(2)
    assert bench.verify().signed_leaves == 9


def test_a_ledger_that_does_not_verify_is_not_adopted(bench: Bench) -> None:
    bench.log(4)
    (bench.folder / state.STATE_FILE).unlink()
    tamper("UPDATE ledger_leaf SET hash = sha256('x') WHERE index = 2")
    with pytest.raises(LedgerDamagedError):
        adopt(bench)
    assert not (bench.folder / state.STATE_FILE).exists()


def test_a_forked_ledger_is_not_adopted(bench: Bench, tmp_path: Path) -> None:
    bench.log(3)
    bench.log(2)
    restore_old_database(3)
    fork, bench.folder = bench.folder, tmp_path / "fork"
    adopt(bench)
    bench.log(2)
    bench.folder = fork
    for action in (adopt, lambda bench: plan_adoption(bench.folder)):
        with pytest.raises(StateForkError):
            action(bench)
    assert Leaf.objects.count() == 5


def test_a_longer_fork_is_not_replayed(bench: Bench, tmp_path: Path) -> None:
    bench.log(3)
    bench.log(5)
    restore_old_database(3)
    fork, bench.folder = bench.folder, tmp_path / "fork"
    adopt(bench)
    bench.log(2)
    bench.folder = fork
    with pytest.raises(StateForkError):
        adopt(bench)
    assert Leaf.objects.count() == 5


def test_a_leaf_file_that_was_altered_is_not_replayed(bench: Bench) -> None:
    bench.log(3)
    bench.log(2)
    leaf_file = bench.folder / state.LEAF_FILE
    lines = leaf_file.read_bytes().splitlines(keepends=True)
    leaf_file.write_bytes(b"".join([*lines[:3], lines[4], lines[3]]))
    restore_old_database(3)
    with pytest.raises(StateUnreadableError):
        adopt(bench)
    assert Leaf.objects.count() == 3


def test_the_command_says_what_it_would_do_before_it_does_it(bench: Bench, settings: Settings) -> None:
    settings.LEDGER_VKEY, settings.LEDGER_STATE_DIR = bench.key.vkey, str(bench.folder)
    bench.log(3)
    (bench.folder / state.STATE_FILE).unlink()
    out = io.StringIO()
    call_command("adopt_ledger", stdout=out)
    assert "Would write the state folder afresh at the newest checkpoint, size 3" in out.getvalue()
    assert state.read_state(bench.folder) is None
    call_command("adopt_ledger", "--yes", stdout=out)
    assert state.read_state(bench.folder) is not None
    assert Checkpoint.objects.count() == 1


def test_the_command_notes_the_restore_with_the_moment_of_the_backup(
    bench: Bench, settings: Settings
) -> None:
    settings.LEDGER_VKEY, settings.LEDGER_STATE_DIR = bench.key.vkey, str(bench.folder)
    beat = bench.now + timedelta(minutes=1)
    FeedMark.objects.create(beat=beat)
    bench.log(3)
    bench.log(2)
    restore_old_database(3)
    call_command("adopt_ledger")
    assert not Restore.objects.exists()
    out = io.StringIO()
    with under_login_of("sequencer"):
        call_command("adopt_ledger", "--yes", stdout=out)
    assert Restore.objects.get().backup_at == beat
    assert AuditEvent.objects.get(act="database.restored").agency == ""
    assert FeedMark.objects.get().epoch != "0"
    assert "Every feed has begun a new epoch." in out.getvalue()


def test_at_a_desk_the_restore_closes_sign_in_and_stands_in_the_audit_of_each_agency(
    bench: Bench, settings: Settings
) -> None:
    settings.LEDGER_VKEY, settings.LEDGER_STATE_DIR = bench.key.vkey, str(bench.folder)
    record_event("duty.changed", actor="officer:x", agency="xa-lab", subject="duty", now=bench.now)
    bench.log(3)
    mark_beat([], bench.now)
    (bench.folder / state.STATE_FILE).unlink()
    out = io.StringIO()
    with under_login_of("desk-sequencer"):
        call_command("adopt_ledger", stdout=out)
        assert not Restore.objects.exists()
        call_command("adopt_ledger", "--yes", stdout=out)
    assert Restore.objects.get().backup_at == bench.now
    said = AuditEvent.objects.filter(act="database.restored").values_list("agency", flat=True)
    assert sorted(said) == ["", "xa-lab"]
    assert not FeedMark.objects.exists()
    assert "Would write the state folder afresh" in out.getvalue()
    assert "sign-in is closed to all but agency admins" in out.getvalue()


def test_the_command_refuses_in_one_sentence(bench: Bench, settings: Settings) -> None:
    settings.LEDGER_VKEY, settings.LEDGER_STATE_DIR = bench.key.vkey, ""
    with pytest.raises(CommandError, match="--state-dir"):
        call_command("adopt_ledger")
    bench.log(3)
    bench.log(2)
    (bench.folder / state.LEAF_FILE).unlink()
    restore_old_database(3)
    with pytest.raises(CommandError, match="the leaf file is damaged"):
        call_command("adopt_ledger", "--state-dir", str(bench.folder), "--yes")
