# SPDX-License-Identifier: Apache-2.0
"""The ledger's key is replaced: the old one hands over to the new one, and its signatures stay valid."""

import stat
from io import StringIO
from itertools import pairwise
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from accord.envelope.errors import NoteError
from accord.envelope.private import LedgerKey
from accord.envelope.tree.handovers import Handover, keys_after, verify_handover
from accord.envelope.tree.notes import Checkpoint, verify_checkpoint
from ledger.errors import KeyHandedOverError, KeyNotPinnedError, LedgerDamagedError
from ledger.handing_over import hand_key_over, require_signing_key, sign_by_both
from ledger.handovers import counting_keys, handover_notes
from ledger.verification import verify_ledger
from tests.ledger.bench import Bench

NAME = "ledger.example/accord"


@pytest.fixture
def new() -> LedgerKey:
    return LedgerKey.generate(NAME)


@pytest.fixture
def replaced(bench: Bench, new: LedgerKey, settings: Settings) -> Bench:
    """Three leaves by the old key, then the hand-over; both keys are pinned."""
    settings.LEDGER_VKEY = bench.key.vkey
    bench.log(3)
    hand_key_over(bench.key, new, bench.folder, now=bench.now)
    settings.LEDGER_VKEY = f"{new.vkey} {bench.key.vkey}"
    return bench


@pytest.mark.django_db(transaction=True)
class TestTheHub:
    def test_old_checkpoints_stay_good_and_the_new_key_signs_on(
        self, replaced: Bench, new: LedgerKey
    ) -> None:
        require_signing_key(new)
        replaced.key = new
        replaced.log(2)
        sound = verify_ledger(counting_keys(), folder=replaced.folder)
        assert (sound.signed_leaves, sound.audit_events) == (7, 1)

    def test_the_old_key_signs_nothing_more(self, replaced: Bench) -> None:
        with pytest.raises(KeyHandedOverError):
            require_signing_key(replaced.key)
        replaced.log(2)
        with pytest.raises(LedgerDamagedError) as damage:
            verify_ledger(counting_keys())
        assert {finding.table for finding in damage.value.findings} == {"checkpoint"}

    def test_a_key_that_nobody_pins_neither_signs_nor_hands_over(self, replaced: Bench) -> None:
        stranger = LedgerKey.generate(NAME)
        with pytest.raises(KeyNotPinnedError):
            require_signing_key(stranger)
        with pytest.raises(KeyNotPinnedError):
            hand_key_over(stranger, LedgerKey.generate(NAME), replaced.folder, now=replaced.now)
        assert len(handover_notes()) == 1


@pytest.mark.django_db(transaction=True)
def test_the_command_writes_a_closed_file_and_says_what_to_pin(
    bench: Bench, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.HUB_ROLE, settings.LEDGER_STATE_DIR = "sequencer", str(bench.folder)
    settings.LEDGER_VKEY = bench.key.vkey
    bench.log()
    file = tmp_path / "new_key"
    out = StringIO()
    monkeypatch.setenv("LEDGER_KEY", bench.key.to_text())
    call_command("replace_ledger_key", "--key-file", str(file), stdout=out)
    new = LedgerKey.from_text(file.read_text())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert f'every desk EXCHANGE_LEDGER_VKEY="{new.vkey} {bench.key.vkey}"' in out.getvalue()
    assert new.to_text() not in out.getvalue()
    for again, why in ((file, "File exists"), (tmp_path / "other", "was replaced")):
        monkeypatch.setenv("LEDGER_KEY", bench.key.to_text())
        with pytest.raises(CommandError, match=why):
            call_command("replace_ledger_key", "--key-file", str(again), stdout=out)
    assert not (tmp_path / "other").exists()


class TestTheNote:
    @pytest.fixture
    def chain(self) -> list[LedgerKey]:
        return [LedgerKey.generate(NAME) for _ in range(3)]

    def notes(self, chain: list[LedgerKey]) -> list[str]:
        pairs = pairwise(chain)
        return [
            sign_by_both(Handover(old.verifier, new.verifier, 10 * place), [old, new])
            for place, (old, new) in enumerate(pairs, start=1)
        ]

    @pytest.mark.parametrize("pinned", [0, 1, 2])
    def test_whoever_pins_one_key_learns_the_others(self, chain: list[LedgerKey], pinned: int) -> None:
        for notes in (self.notes(chain), self.notes(chain)[::-1]):
            keys = {key.text: key.last_size for key in keys_after([chain[pinned].verifier], notes)}
            assert keys == {chain[0].vkey: 10, chain[1].vkey: 20, chain[2].vkey: None}

    def test_a_note_that_leads_to_no_pinned_key_teaches_nothing(self, chain: list[LedgerKey]) -> None:
        stranger = LedgerKey.generate(NAME)
        assert keys_after([stranger.verifier], self.notes(chain)) == [stranger.verifier]

    def test_beyond_its_size_the_old_key_counts_for_nothing(self, chain: list[LedgerKey]) -> None:
        keys = keys_after([chain[0].verifier], self.notes(chain))
        for size, is_good in ((10, True), (11, False)):
            note = chain[0].sign_note(Checkpoint(NAME, size, bytes(32)).text)
            if is_good:
                assert verify_checkpoint(note, keys).size == size
            else:
                with pytest.raises(NoteError):
                    verify_checkpoint(note, keys)

    def test_a_hand_over_needs_both_signatures(self, chain: list[LedgerKey]) -> None:
        old, new, _ = chain
        for keys in ([old], [new], [old, old]):
            with pytest.raises(NoteError):
                verify_handover(sign_by_both(Handover(old.verifier, new.verifier, 1), keys))

    def test_no_key_is_handed_over_twice_or_to_itself(self, chain: list[LedgerKey]) -> None:
        old, new, other = chain
        notes = [sign_by_both(Handover(old.verifier, to.verifier, 1), [old, to]) for to in (new, other)]
        with pytest.raises(NoteError):
            keys_after([old.verifier], notes)
        with pytest.raises(NoteError):
            verify_handover(sign_by_both(Handover(old.verifier, old.verifier, 1), [old]))

    def test_a_key_of_another_name_is_refused(self, chain: list[LedgerKey]) -> None:
        other = LedgerKey.generate("other.example/log")
        with pytest.raises(NoteError):
            verify_handover(sign_by_both(Handover(chain[0].verifier, other.verifier, 1), [chain[0], other]))

    def test_a_checkpoint_is_no_hand_over_and_a_hand_over_no_checkpoint(self, chain: list[LedgerKey]) -> None:
        checkpoint = chain[0].sign_note(Checkpoint(NAME, 1, bytes(32)).text)
        with pytest.raises(NoteError):
            verify_handover(checkpoint)
        with pytest.raises(NoteError):
            verify_checkpoint(self.notes(chain)[0], [chain[0].verifier])
