# SPDX-License-Identifier: Apache-2.0
"""Two programs of one agency learn at once: each keeps its finds, and no state goes back."""

from pathlib import Path

import pytest

from accord.client.state_changes import (
    MAX_FAILURES,
    StateChanges,
    add_failure,
    add_inbox_item,
    add_keyset,
    add_revocation,
    add_seen,
    mark_acknowledged,
    mark_logged,
    mark_opened,
    restart_feed,
    set_checkpoint,
    set_cursor,
    set_log_time,
)
from accord.following.records import CheckpointRecord, KeysetRecord, RevocationRecord
from accord.state import InboxRecord, OpeningFailure, State, StateFile, SubmissionRecord

D = "A" * 43


@pytest.fixture
def state_file(tmp_path: Path) -> StateFile:
    state_file = StateFile(tmp_path / "state.accord", bytes(32))
    state_file.create(State("xa-alpha", "https://hub.example", ["key"], "secret"))
    return state_file


def keyset(version: int) -> KeysetRecord:
    return KeysetRecord(version, "{}", {}, 100 + version, "same")


def test_what_both_learned_is_kept(state_file: StateFile) -> None:
    one, other = StateChanges(state_file), StateChanges(state_file)
    one.record(add_seen("xb-bravo", "jti-1", D))
    other.record(add_seen("xb-bravo", "jti-2", D))
    one.record(add_keyset("xb-bravo", keyset(2)))
    other.record(add_keyset("xb-bravo", keyset(1)))
    other.record(add_keyset("xb-bravo", keyset(2)))
    one.write()
    other.write()

    state = state_file.read()
    assert state.seen == {"xb-bravo": {"jti-1": D, "jti-2": D}}
    assert [record.version for record in state.keysets["xb-bravo"]] == [1, 2]


def test_nothing_goes_back(state_file: StateFile) -> None:
    ahead, behind = StateChanges(state_file), StateChanges(state_file)
    ahead.record(set_checkpoint("large", 9, 50))
    behind.record(set_checkpoint("small", 4, 60))
    ahead.record(set_cursor("0", 7))
    behind.record(set_cursor("0", 3))
    ahead.record(set_log_time(D, 20))
    behind.record(set_log_time(D, 30))
    ahead.record(add_seen("xb-bravo", "jti", D))
    behind.record(add_seen("xb-bravo", "jti", "B" * 43))
    ahead.write()
    behind.write()

    state = state_file.read()
    assert state.checkpoint == CheckpointRecord("large", 9, 50)
    assert state.cursor == 7
    assert state.log_times == {D: 20}
    assert state.newest_log_time == 30
    assert state.seen["xb-bravo"]["jti"] == D


def test_a_place_of_another_epoch_says_nothing_and_a_feed_begins_anew_once(state_file: StateFile) -> None:
    one, other = StateChanges(state_file), StateChanges(state_file)
    one.record(set_cursor("0", 7))
    one.record(add_inbox_item(InboxRecord(7, "envelope", D, "xb-bravo", "jti")))
    one.record(restart_feed(("0", 7), "b7"))
    one.record(set_cursor("b7", 2))
    other.record(set_cursor("0", 6))
    one.write()
    other.record(restart_feed(("0", 7), "b7"))
    other.write()

    state = state_file.read()
    assert (state.epoch, state.cursor, state.base) == ("b7", 2, 7)


def test_a_checkpoint_of_the_same_size_keeps_its_first_time(state_file: StateFile) -> None:
    changes = StateChanges(state_file)
    changes.record(set_checkpoint("note", 4, 50))
    changes.record(set_checkpoint("note", 4, 90))
    assert changes.state.checkpoint == CheckpointRecord("note", 4, 50)


def test_the_first_opening_and_the_first_acknowledgement_count(state_file: StateFile) -> None:
    changes = StateChanges(state_file)
    changes.record(add_inbox_item(InboxRecord(1, "envelope", D, "xb-bravo", "jti")))
    for fact in (
        mark_opened(D, 5),
        mark_opened(D, 9),
        mark_acknowledged(D, "od-1"),
        mark_acknowledged(D, "od-2"),
    ):
        changes.record(fact)
    changes.record(add_inbox_item(InboxRecord(1, "envelope", D, "xb-bravo", "jti")))
    changes.write()
    state = state_file.read()
    assert (state.opened, state.inbox[D].acknowledged) == ({D: 5}, "od-1")


def test_facts_about_what_is_not_known_change_nothing(state_file: StateFile) -> None:
    changes = StateChanges(state_file)
    for fact in (mark_acknowledged(D, "od"), mark_logged(D, 5)):
        changes.record(fact)
    changes.write()
    assert state_file.read() == State("xa-alpha", "https://hub.example", ["key"], "secret")


def test_a_receipt_counts_once(state_file: StateFile) -> None:
    with state_file.change() as state:
        state.submissions[D] = SubmissionRecord("envelope", "alert", "jti", D, 1)
    changes = StateChanges(state_file)
    changes.record(mark_logged(D, 5))
    changes.record(mark_logged(D, 9))
    record = changes.state.submissions[D]
    assert (record.accepted, record.logged_at) == (True, 5)


def test_a_revocation_is_kept_once_and_failures_are_bounded(state_file: StateFile) -> None:
    changes = StateChanges(state_file)
    for _ in range(2):
        changes.record(add_revocation("xb-bravo", RevocationRecord(D, "{}", {}, 7)))
    for n in range(MAX_FAILURES + 3):
        changes.record(add_failure(OpeningFailure(D, n, "aad-differs")))
    changes.write()
    state = state_file.read()
    assert len(state.revocations["xb-bravo"]) == 1
    assert [failure.at for failure in state.failures[:1]] == [3]
    assert len(state.failures) == MAX_FAILURES


def test_writing_without_news_touches_nothing(state_file: StateFile) -> None:
    before = state_file.path.stat().st_mtime_ns
    StateChanges(state_file).write()
    assert state_file.path.stat().st_mtime_ns == before
