# SPDX-License-Identifier: Apache-2.0
"""Verification names the row that somebody with full rights altered, deleted or reordered."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from pytest_django.fixtures import Settings

from accord.envelope.private import LedgerKey
from accord.envelope.tree.merkle import EMPTY_ROOT
from ledger import state
from ledger.audit import record_event, said_digest
from ledger.errors import LedgerDamagedError, StateUnreadableError
from ledger.models import AuditEvent, Checkpoint, Leaf
from tests.ledger.bench import Bench, crash_before_state_file
from tests.ledger.tampering import tamper

SWAP = """
CREATE TEMPORARY TABLE swapped ON COMMIT DROP AS SELECT * FROM ledger_leaf WHERE index IN ({a}, {b});
DELETE FROM ledger_leaf WHERE index IN ({a}, {b});
INSERT INTO ledger_leaf (index, od, t, data, hash)
    SELECT CASE index WHEN {a} THEN {b} ELSE {a} END, od, t, data, hash FROM swapped;
DROP TABLE swapped;
"""
REWRITE = """
UPDATE ledger_leaf SET t = t + 1, data = replace(data, '"t":' || t, '"t":' || (t + 1)) WHERE index = {index};
UPDATE ledger_leaf SET hash = sha256('\\x00' || convert_to(data, 'UTF8')) WHERE index = {index};
"""
UPWARD = """
UPDATE ledger_node n SET hash = sha256('\\x01' || l.hash || r.hash)
    FROM {below} l, {below} r WHERE n.level = {level} AND l.index = 2 * n.index AND r.index = 2 * n.index + 1
"""


@pytest.fixture
def sound(bench: Bench) -> Bench:
    """A bench with fourteen leaves under seven checkpoints, three of them audit events."""
    for number in range(3):
        with transaction.atomic():
            record_event(
                "alert.released",
                actor="officer:o1",
                agency="xa-lab",
                subject=f"alert {number}",
                now=bench.now,
            )
        bench.log(2)
    for count in (2, 1, 1, 1):
        bench.log(count)
    return bench


def findings(bench: Bench, *, with_leaf_file: bool) -> list[str]:
    with pytest.raises(LedgerDamagedError) as damage:
        bench.verify(with_leaf_file=with_leaf_file)
    return [str(finding) for finding in damage.value.findings]


def test_an_untouched_ledger_is_sound(sound: Bench) -> None:
    for with_leaf_file in (True, False):
        report = sound.verify(with_leaf_file=with_leaf_file)
        assert (report.leaves, report.signed_leaves, report.checkpoints, report.audit_events) == (
            14,
            14,
            7,
            3,
        )


def test_an_empty_ledger_is_sound(bench: Bench) -> None:
    bench.batch()
    assert bench.verify().leaves == 0


def test_entries_that_wait_are_sound(sound: Bench) -> None:
    sound.append(3)
    assert sound.verify().leaves == 14


ALTERED: dict[str, tuple[tuple[str, ...], str]] = {
    "the data of a leaf": (("UPDATE ledger_leaf SET data = '{}' WHERE index = 5",), "leaf 5: altered"),
    "the hash of a leaf": (("UPDATE ledger_leaf SET hash = sha256('x') WHERE index = 5",), "leaf 5: altered"),
    "the log time of a leaf": (("UPDATE ledger_leaf SET t = t + 1 WHERE index = 5",), "leaf 5: altered"),
    "the digest of a leaf": (
        (
            "UPDATE ledger_leaf SET data = replace(data, od, reverse(od)), od = reverse(od) WHERE index = 5",
            "UPDATE ledger_leaf SET hash = sha256('\\x00' || convert_to(data, 'UTF8')) WHERE index = 5",
        ),
        "leaf 5: altered",
    ),
    "a leaf that was deleted": (("DELETE FROM ledger_leaf WHERE index = 5",), "leaf 5: deleted"),
    "the first leaf, deleted": (("DELETE FROM ledger_leaf WHERE index = 0",), "leaf 0: deleted"),
    "a node of the first level": (
        ("UPDATE ledger_node SET hash = sha256('x') WHERE level = 1 AND index = 2",),
        "node 1/2: altered",
    ),
    "a node in the middle": (
        ("UPDATE ledger_node SET hash = sha256('x') WHERE level = 2 AND index = 1",),
        "node 2/1: altered",
    ),
    "the node at the top": (
        ("UPDATE ledger_node SET hash = sha256('x') WHERE level = 3",),
        "node 3/0: altered",
    ),
    "a node that was deleted": (
        ("DELETE FROM ledger_node WHERE level = 2 AND index = 0",),
        "node 2/0: deleted",
    ),
    "a node above no leaves": (("UPDATE ledger_node SET index = 9 WHERE level = 3",), "node 3/9: added"),
    "the note of a checkpoint": (
        ("UPDATE ledger_checkpoint SET note = replace(note, '6', '7') WHERE size = 6",),
        "checkpoint 6: altered",
    ),
    "the root of a checkpoint": (
        ("UPDATE ledger_checkpoint SET root = sha256('x') WHERE size = 6",),
        "checkpoint 6: altered",
    ),
    "a checkpoint that was deleted": (
        ("DELETE FROM ledger_checkpoint WHERE size = 6",),
        "checkpoint number 2: deleted",
    ),
    "checkpoints in another order": (
        (
            "UPDATE ledger_checkpoint SET number = 100 WHERE number = 2",
            "UPDATE ledger_checkpoint SET number = 2 WHERE number = 3",
            "UPDATE ledger_checkpoint SET number = 3 WHERE number = 100",
        ),
        "checkpoint 9: altered or reordered",
    ),
    "an entry that was deleted": (
        ("DELETE FROM ledger_entry WHERE od = (SELECT od FROM ledger_leaf WHERE index = 5)",),
        "leaf 5: altered, or its entry was",
    ),
    "the kind of an entry": (
        (
            """UPDATE ledger_entry SET kind = 'keyset', agency = 'xa-lab'
            WHERE od = (SELECT od FROM ledger_leaf WHERE index = 5)""",
        ),
        "leaf 5: altered, or its entry was",
    ),
    "an audit event": (
        ("UPDATE ledger_auditevent SET actor = 'officer:o9' WHERE subject = 'alert 1'",),
        "altered: it does not fit its digest",
    ),
}


@pytest.mark.parametrize("with_leaf_file", [True, False], ids=["with the leaf file", "without"])
@pytest.mark.parametrize(("statements", "named"), ALTERED.values(), ids=ALTERED)
def test_an_altered_or_deleted_row_is_named(
    sound: Bench, statements: tuple[str, ...], named: str, with_leaf_file: bool
) -> None:
    tamper(*statements)
    found = findings(sound, with_leaf_file=with_leaf_file)
    assert any(named in finding for finding in found), found


def test_one_altered_row_accuses_no_other(sound: Bench) -> None:
    tamper("UPDATE ledger_node SET hash = sha256('x') WHERE level = 2 AND index = 1")
    assert findings(sound, with_leaf_file=False) == ["node 2/1: altered"]


@pytest.mark.parametrize(
    ("a", "b"), [(2, 3), (1, 6), (4, 7)], ids=["neighbours", "far apart", "half a pair each"]
)
def test_reordered_leaves_are_named(bench: Bench, a: int, b: int) -> None:
    bench.log(9)
    tamper(SWAP.format(a=a, b=b))
    assert sorted(findings(bench, with_leaf_file=False)) == [
        f"leaf {a}: reordered: what belongs here stands at {b}",
        f"leaf {b}: reordered: what belongs here stands at {a}",
    ]
    assert findings(bench, with_leaf_file=True)[:2] == [
        f"leaf {a}: reordered: belongs at {b}",
        f"leaf {b}: reordered: belongs at {a}",
    ]


def test_a_leaf_altered_in_all_its_columns_is_named_by_the_leaf_file_or_by_its_pair(sound: Bench) -> None:
    tamper(REWRITE.format(index=6))
    assert "leaf 6: altered" in findings(sound, with_leaf_file=True)
    assert "leaf 6 or 7: altered" in findings(sound, with_leaf_file=False)


def test_a_tree_that_was_rewritten_as_a_whole_does_not_fit_what_was_signed(sound: Bench) -> None:
    nodes = "(SELECT index, hash FROM ledger_node WHERE level = {})"
    tamper(
        REWRITE.format(index=6),
        UPWARD.format(below="ledger_leaf", level=1),
        UPWARD.format(below=nodes.format(1), level=2),
        UPWARD.format(below=nodes.format(2), level=3),
    )
    assert findings(sound, with_leaf_file=False) == [
        "leaf 6 to 8: rewritten or deleted: checkpoint 9 signed others"
    ]
    assert findings(sound, with_leaf_file=True)[0] == "leaf 6: altered"


def test_the_last_leaves_cut_off_with_their_checkpoints_are_seen_by_the_state_file(sound: Bench) -> None:
    tamper(
        "DELETE FROM ledger_entry WHERE od IN (SELECT od FROM ledger_leaf WHERE index >= 12)",
        "DELETE FROM ledger_leaf WHERE index >= 12",
        "DELETE FROM ledger_node WHERE level = 1 AND index = 6",
        "DELETE FROM ledger_checkpoint WHERE size > 12",
    )
    assert {"leaf 12: deleted", "leaf 13: deleted"} <= set(findings(sound, with_leaf_file=True))


def test_the_last_leaves_cut_off_alone_are_seen_by_their_checkpoint(sound: Bench) -> None:
    tamper(
        "DELETE FROM ledger_entry WHERE od IN (SELECT od FROM ledger_leaf WHERE index >= 12)",
        "DELETE FROM ledger_leaf WHERE index >= 12",
        "DELETE FROM ledger_node WHERE level = 1 AND index = 6",
    )
    assert findings(sound, with_leaf_file=False) == [
        "leaf 12 to 12: rewritten or deleted: checkpoint 13 signed others"
    ]


def test_a_leaf_rewritten_with_the_node_above_is_narrowed_down_by_the_next_node(sound: Bench) -> None:
    tamper(REWRITE.format(index=6), UPWARD.format(below="ledger_leaf", level=1))
    assert findings(sound, with_leaf_file=False) == ["leaf 4 to 7: altered, with the nodes above"]


def test_a_log_time_set_back_before_it_was_signed_is_seen(bench: Bench) -> None:
    bench.log(2)
    bench.append()
    crash_before_state_file(bench)
    tamper(REWRITE.replace("t + 1", "t - 60").format(index=2))
    bench.batch()
    assert findings(bench, with_leaf_file=True) == [
        "leaf 2: signed with an earlier log time than the leaf before"
    ]


def test_a_state_file_that_says_another_root_is_named(sound: Bench) -> None:
    signed = state.read_state(sound.folder)
    assert signed is not None
    state.write_state(sound.folder, replace(signed, root=EMPTY_ROOT))
    assert findings(sound, with_leaf_file=True) == [
        f"state file {sound.folder}: says another root than the leaves have"
    ]


@pytest.mark.parametrize("cut", [0, 100, 5000], ids=["a line", "some lines", "all of it"])
def test_a_leaf_file_that_lost_leaves_is_refused(sound: Bench, cut: int) -> None:
    leaf_file = sound.folder / state.LEAF_FILE
    if cut > len(leaf_file.read_bytes()):
        leaf_file.unlink()
    else:
        leaf_file.write_bytes(leaf_file.read_bytes()[: -cut - 10])
    with pytest.raises(StateUnreadableError):
        sound.verify()


def test_checkpoints_of_another_key_are_refused(sound: Bench) -> None:
    sound.key = LedgerKey.generate("ledger.example/accord")
    assert len(findings(sound, with_leaf_file=False)) >= Checkpoint.objects.count()


def test_a_deleted_audit_event_is_missed(sound: Bench) -> None:
    od = AuditEvent.objects.get(subject="alert 1").od
    tamper("DELETE FROM ledger_auditevent WHERE subject = 'alert 1'")
    assert findings(sound, with_leaf_file=True) == [f"audit event of entry {od}: deleted"]


def test_an_added_audit_event_is_found(sound: Bench) -> None:
    event = AuditEvent.objects.get(subject="alert 1")
    event.seq, event.subject = None, "alert 9"
    event.od = said_digest(event)
    event.save(force_insert=True)
    assert findings(sound, with_leaf_file=True) == [
        f"audit event {event.seq}: altered or added: its digest is not in the ledger"
    ]


def test_an_audit_event_of_another_digest_is_found(sound: Bench) -> None:
    tamper("UPDATE ledger_auditevent SET od = reverse(od) WHERE subject = 'alert 1'")
    assert any("audit event" in finding for finding in findings(sound, with_leaf_file=True))


def test_an_entry_robbed_of_its_pending_row_is_named(sound: Bench) -> None:
    [od] = sound.append()
    tamper("DELETE FROM ledger_pendingentry")
    [finding] = findings(sound, with_leaf_file=True)
    assert finding.startswith("entry ")
    assert od in finding


def test_a_pending_row_without_its_entry_is_named(sound: Bench) -> None:
    [od] = sound.append()
    tamper("DELETE FROM ledger_entry WHERE od = (SELECT od FROM ledger_pendingentry)")
    [finding] = findings(sound, with_leaf_file=True)
    assert finding.endswith(f"({od}): deleted while pending")


def test_a_missing_state_file_is_named(sound: Bench) -> None:
    (sound.folder / state.STATE_FILE).unlink()
    assert findings(sound, with_leaf_file=True) == [
        f"state file {sound.folder}: missing beside a ledger with leaves"
    ]


def run_command(bench: Bench, *options: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("verify_ledger", *options, stdout=out, stderr=err)
    except CommandError as error:
        return f"exit {error.returncode}: {error}", err.getvalue()
    return out.getvalue(), err.getvalue()


@pytest.fixture
def command(sound: Bench, settings: Settings) -> Callable[..., tuple[str, str]]:
    settings.LEDGER_VKEY = sound.key.vkey
    settings.LEDGER_STATE_DIR = ""
    return lambda *options: run_command(sound, *options)


def test_the_command_says_what_is_sound(sound: Bench, command: Callable[..., tuple[str, str]]) -> None:
    out, _ = command("--state-dir", str(sound.folder))
    assert out.startswith("Sound: 14 leaves (14 signed), 7 checkpoints, 3 audit events.")
    out, _ = command()
    assert "Not compared with a leaf file" in out


def test_the_command_names_damage_and_exits_with_its_own_code(
    sound: Bench, command: Callable[..., tuple[str, str]]
) -> None:
    sound.append()
    sound.batch(after=timedelta(seconds=5))
    tamper("DELETE FROM ledger_leaf WHERE index = 5")
    out, err = command("--state-dir", str(sound.folder))
    assert out.startswith("exit 3: ")
    assert "leaf 5: deleted" in err
    assert Leaf.objects.count() == 14


def test_the_command_says_when_it_cannot_read_the_state_folder(
    sound: Bench, command: Callable[..., tuple[str, str]]
) -> None:
    (sound.folder / state.STATE_FILE).write_bytes(b"?")
    out, _ = command("--state-dir", str(sound.folder))
    assert out.startswith("exit 1: ")
    assert "the state file" in out
