# SPDX-License-Identifier: Apache-2.0
"""The local state cannot be altered unnoticed, and two programs change it one after the other."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from accord.following.records import CheckpointRecord, KeysetRecord, RevocationRecord, StatementRecord
from accord.state import (
    InboxRecord,
    OpeningFailure,
    Pin,
    State,
    StateAbsentError,
    StateError,
    StateFile,
    StateTakenError,
    StateTamperedError,
    StateVersionError,
    SubmissionRecord,
)

KEY = bytes(range(32))
DIGEST = "A" * 43


def full_state() -> State:
    """A state with a record of every kind."""
    return State(
        agency="xd-reg",
        hub="https://hub.example",
        ledger_keys=["hub+00000000+AA"],
        api_key="prefix.secret",
        enrolled=True,
        checkpoint=CheckpointRecord("note\n", 4, 5),
        newest_log_time=7,
        cursor=3,
        pins={"xa-lab": Pin("ab" * 32, 1)},
        keysets={"xa-lab": [KeysetRecord(1, "{}", {"index": 0}, 6, "same")]},
        revocations={"xa-lab": [RevocationRecord(DIGEST, "{}", {"index": 1}, 8)]},
        log_times={DIGEST: 9},
        seen={"xa-lab": {"jti": DIGEST}},
        opened={DIGEST: 4},
        inbox={DIGEST: InboxRecord(1, "envelope", DIGEST, "xa-lab", "jti", "7QK4-M2XN")},
        statements={DIGEST: StatementRecord(DIGEST, "retract", "xa-lab", "id", DIGEST, {"code": "error"}, 9)},
        submissions={
            DIGEST: SubmissionRecord("envelope", "alert", "jti", DIGEST, 1, to=("xa-lab", "xb-health"))
        },
        failures=[OpeningFailure(DIGEST, 11, "aad-differs")],
    )


@pytest.fixture
def state_file(tmp_path: Path) -> StateFile:
    state_file = StateFile(tmp_path / "state.accord", KEY)
    state_file.create(full_state())
    return state_file


def test_every_record_comes_back(state_file: StateFile) -> None:
    assert state_file.read() == full_state()


def test_nothing_in_it_stands_in_the_clear(state_file: StateFile) -> None:
    content = state_file.path.read_bytes()
    for word in (b"xa-lab", b"secret", b"7QK4", DIGEST.encode()):
        assert word not in content


def test_repr_does_not_show_the_api_key() -> None:
    assert "secret" not in repr(full_state())


def test_a_change_is_written(state_file: StateFile) -> None:
    with state_file.change() as state:
        state.cursor = 99
    assert state_file.read().cursor == 99


def test_a_change_that_fails_writes_nothing(state_file: StateFile) -> None:
    before = state_file.path.read_bytes()
    with pytest.raises(KeyError), state_file.change() as state:
        state.cursor = 99
        raise KeyError
    assert state_file.path.read_bytes() == before


def test_every_changed_octet_is_seen(state_file: StateFile) -> None:
    content = state_file.path.read_bytes()
    for place in (0, 13, 16, 30, len(content) // 2, len(content) - 1):
        altered = bytearray(content)
        altered[place] ^= 1
        state_file.path.write_bytes(bytes(altered))
        with pytest.raises((StateTamperedError, StateVersionError)):
            state_file.read()


@pytest.mark.parametrize("length", [0, 5, 15, 20, 27, 40])
def test_a_truncated_state_is_seen(state_file: StateFile, length: int) -> None:
    state_file.path.write_bytes(state_file.path.read_bytes()[:length])
    with pytest.raises(StateTamperedError):
        state_file.read()


def test_a_state_of_other_keys_is_refused(state_file: StateFile) -> None:
    with pytest.raises(StateTamperedError, match="other keys"):
        StateFile(state_file.path, bytes(32)).read()


def test_a_state_of_a_newer_version_says_so(state_file: StateFile) -> None:
    content = state_file.path.read_bytes()
    state_file.path.write_bytes(content.replace(b"accord-state 1\n", b"accord-state 2\n", 1))
    with pytest.raises(StateVersionError, match="Update accord"):
        state_file.read()


def test_a_tampered_state_cannot_be_changed(state_file: StateFile) -> None:
    state_file.path.write_bytes(b"nonsense")
    with pytest.raises(StateTamperedError), state_file.change() as state:
        state.cursor = 1
    assert state_file.path.read_bytes() == b"nonsense"


def test_a_home_without_state_has_not_enrolled(tmp_path: Path) -> None:
    with pytest.raises(StateAbsentError, match="accord enrol"):
        StateFile(tmp_path / "state.accord", KEY).read()


def test_a_second_agency_does_not_fit_into_one_home(state_file: StateFile) -> None:
    with pytest.raises(StateTakenError):
        state_file.create(full_state())
    assert state_file.read() == full_state()


def test_a_state_that_others_may_read_is_refused(state_file: StateFile) -> None:
    state_file.path.chmod(0o644)
    with pytest.raises(StateError, match="chmod 600"):
        state_file.read()


def test_a_home_folder_that_vanished_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot be used"):
        StateFile(tmp_path / "gone" / "state.accord", KEY).create(full_state())


COUNTER = """
import sys
from pathlib import Path
from accord.state import StateFile
state_file = StateFile(Path(sys.argv[1]), bytes(range(32)))
for _ in range(25):
    with state_file.change() as state:
        state.cursor += 1
"""


def test_two_programs_change_it_one_after_the_other(state_file: StateFile) -> None:
    command = [sys.executable, "-c", COUNTER, str(state_file.path)]
    running = [subprocess.Popen(command, cwd=os.getcwd()) for _ in range(2)]
    assert [program.wait(timeout=180) for program in running] == [0, 0]
    assert state_file.read().cursor == full_state().cursor + 50
