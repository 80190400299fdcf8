# SPDX-License-Identifier: Apache-2.0
"""The directory that a client keeps tells which kept keyset was in force for an object."""

from pathlib import Path

from accord.client.memory import HomeMemory
from accord.client.state_changes import StateChanges, add_keyset
from accord.envelope.keysets import SAME, read_keyset
from accord.following.pinned import PinnedDirectory
from accord.following.records import KeysetRecord
from accord.state import Pin, State, StateFile
from tests.envelope.world import NOW, MemoryLedger, make_agency


def test_within_its_second_a_keyset_is_in_force_from_its_leaf_on(tmp_path: Path) -> None:
    alpha, ledger = make_agency("xa-alpha"), MemoryLedger()
    second = alpha.sign_keyset(alpha.body(version=2, prev=alpha.keyset.od))
    state_file = StateFile(tmp_path / "state", bytes(32))
    state_file.create(State("xb-bravo", "https://hub.example", [], ""))
    changes = StateChanges(state_file)
    changes.state.pins["xa-alpha"] = Pin(alpha.root.fingerprint, NOW)
    for version, jws in ((1, alpha.keyset_jws), (2, second)):
        receipt = ledger.log(read_keyset(jws).od)
        record = KeysetRecord(version, jws.decode(), receipt.as_json(), NOW, SAME)
        changes.record(add_keyset("xa-alpha", record))
        ledger.log("A" * 43)
    directory = PinnedDirectory(HomeMemory(changes), lambda: NOW)
    for index, expected in {1: 1, 3: 2, None: 2}.items():
        found = directory.keyset_logged_before("xa-alpha", NOW, index)
        assert found is not None and found.version == expected
