# SPDX-License-Identifier: Apache-2.0
"""Two programs of one agency learn at once: each keeps its finds, and no state goes back."""

from pathlib import Path

import pytest

from accord.client.notebook import (
    MAX_FAILURES,
    Notebook,
    acknowledged_fact,
    checkpoint_fact,
    cursor_fact,
    failure_fact,
    inbox_fact,
    keyset_fact,
    log_time_fact,
    logged_fact,
    opened_fact,
    restart_fact,
    revocation_fact,
    seen_fact,
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
    one, other = Notebook(state_file), Notebook(state_file)
    one.note(seen_fact("xb-bravo", "jti-1", D))
    other.note(seen_fact("xb-bravo", "jti-2", D))
    one.note(keyset_fact("xb-bravo", keyset(2)))
    other.note(keyset_fact("xb-bravo", keyset(1)))
    other.note(keyset_fact("xb-bravo", keyset(2)))
    one.write()
    other.write()

    state = state_file.read()
    assert state.seen == {"xb-bravo": {"jti-1": D, "jti-2": D}}
    assert [record.version for record in state.keysets["xb-bravo"]] == [1, 2]


def test_nothing_goes_back(state_file: StateFile) -> None:
    ahead, behind = Notebook(state_file), Notebook(state_file)
    ahead.note(checkpoint_fact("large", 9, 50))
    behind.note(checkpoint_fact("small", 4, 60))
    ahead.note(cursor_fact("0", 7))
    behind.note(cursor_fact("0", 3))
    ahead.note(log_time_fact(D, 20))
    behind.note(log_time_fact(D, 30))
    ahead.note(seen_fact("xb-bravo", "jti", D))
    behind.note(seen_fact("xb-bravo", "jti", "B" * 43))
    ahead.write()
    behind.write()

    state = state_file.read()
    assert state.checkpoint == CheckpointRecord("large", 9, 50)
    assert state.cursor == 7
    assert state.log_times == {D: 20}
    assert state.newest_log_time == 30
    assert state.seen["xb-bravo"]["jti"] == D


def test_a_place_of_another_epoch_says_nothing_and_a_feed_begins_anew_once(state_file: StateFile) -> None:
    one, other = Notebook(state_file), Notebook(state_file)
    one.note(cursor_fact("0", 7))
    one.note(inbox_fact(InboxRecord(7, "envelope", D, "xb-bravo", "jti")))
    one.note(restart_fact(("0", 7), "b7"))
    one.note(cursor_fact("b7", 2))
    other.note(cursor_fact("0", 6))
    one.write()
    other.note(restart_fact(("0", 7), "b7"))
    other.write()

    state = state_file.read()
    assert (state.epoch, state.cursor, state.base) == ("b7", 2, 7)


def test_a_checkpoint_of_the_same_size_keeps_its_first_time(state_file: StateFile) -> None:
    notebook = Notebook(state_file)
    notebook.note(checkpoint_fact("note", 4, 50))
    notebook.note(checkpoint_fact("note", 4, 90))
    assert notebook.state.checkpoint == CheckpointRecord("note", 4, 50)


def test_the_first_opening_and_the_first_acknowledgement_count(state_file: StateFile) -> None:
    notebook = Notebook(state_file)
    notebook.note(inbox_fact(InboxRecord(1, "envelope", D, "xb-bravo", "jti")))
    for fact in (
        opened_fact(D, 5),
        opened_fact(D, 9),
        acknowledged_fact(D, "od-1"),
        acknowledged_fact(D, "od-2"),
    ):
        notebook.note(fact)
    notebook.note(inbox_fact(InboxRecord(1, "envelope", D, "xb-bravo", "jti")))
    notebook.write()
    state = state_file.read()
    assert (state.opened, state.inbox[D].acknowledged) == ({D: 5}, "od-1")


def test_facts_about_what_is_not_known_change_nothing(state_file: StateFile) -> None:
    notebook = Notebook(state_file)
    for fact in (acknowledged_fact(D, "od"), logged_fact(D, 5)):
        notebook.note(fact)
    notebook.write()
    assert state_file.read() == State("xa-alpha", "https://hub.example", ["key"], "secret")


def test_a_receipt_counts_once(state_file: StateFile) -> None:
    with state_file.change() as state:
        state.submissions[D] = SubmissionRecord("envelope", "alert", "jti", D, 1)
    notebook = Notebook(state_file)
    notebook.note(logged_fact(D, 5))
    notebook.note(logged_fact(D, 9))
    record = notebook.state.submissions[D]
    assert (record.accepted, record.logged_at) == (True, 5)


def test_a_revocation_is_kept_once_and_failures_are_bounded(state_file: StateFile) -> None:
    notebook = Notebook(state_file)
    for _ in range(2):
        notebook.note(revocation_fact("xb-bravo", RevocationRecord(D, "{}", {}, 7)))
    for n in range(MAX_FAILURES + 3):
        notebook.note(failure_fact(OpeningFailure(D, n, "aad-differs")))
    notebook.write()
    state = state_file.read()
    assert len(state.revocations["xb-bravo"]) == 1
    assert [failure.at for failure in state.failures[:1]] == [3]
    assert len(state.failures) == MAX_FAILURES


def test_writing_without_news_touches_nothing(state_file: StateFile) -> None:
    before = state_file.path.stat().st_mtime_ns
    Notebook(state_file).write()
    assert state_file.path.stat().st_mtime_ns == before
