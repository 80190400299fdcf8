# SPDX-License-Identifier: Apache-2.0
"""A ring that is locked at rest: every process can read it while the opened file exists, which lies in memory only."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.utils import timezone

from devtool.environments import ROOT, role_environment
from ledger.models import AuditEvent
from tests.agencies.key_rings import ring_text
from tests.agencies.world import hosted_agency
from tests.locked_desk import PASSPHRASE, RECOVERY_KEY, LockedDesk, locked_desk, unmade_desk
from tests.services import surroundings
from vault import ringfiles, unlocking
from vault.errors import (
    DeskLockedError,
    KekWrongError,
    LockedFileError,
    RamFolderError,
    RingMadeError,
    WrongSecretError,
)
from vault.kek import (
    LOCKED_FILE,
    OPENED_FILE,
    VARIABLE,
    KekRing,
    Lock,
    held_ring,
    lock_desk,
    lock_state,
    make_desk_ring,
    open_desk,
    take_from_environment,
)
from vault.locking import draw_ring, lock_ring
from vault.ringfiles import is_in_memory

OTHER = "eine andere tasse tee um acht"
SHM = Path("/dev/shm")  # noqa: S108 - the RAM file system that is looked for


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[LockedDesk]:
    with locked_desk(tmp_path) as made:
        yield made


@pytest.fixture
def unmade(tmp_path: Path) -> Iterator[LockedDesk]:
    with unmade_desk(tmp_path) as made:
        yield made


def test_a_ring_that_came_by_its_own_setting_has_no_lock() -> None:
    assert lock_state() is Lock.NONE


def test_while_it_is_locked_no_process_has_the_ring(desk: LockedDesk) -> None:
    assert lock_state() is Lock.LOCKED
    with pytest.raises(DeskLockedError):
        held_ring()


@pytest.mark.parametrize("secret", [PASSPHRASE, RECOVERY_KEY])
def test_opened_it_is_the_same_ring_until_the_file_is_removed(tmp_path: Path, secret: str) -> None:
    before = held_ring()
    with locked_desk(tmp_path) as desk:
        open_desk(secret)
        assert (lock_state(), held_ring()) == (Lock.OPEN, before)
        desk.opened.unlink()
        assert lock_state() is Lock.LOCKED
        with pytest.raises(DeskLockedError):
            held_ring()


def test_the_opened_file_is_its_owners_alone_and_stands_alone(desk: LockedDesk) -> None:
    open_desk(PASSPHRASE)
    assert stat.S_IMODE(desk.opened.stat().st_mode) == 0o600
    assert list(desk.opened.parent.iterdir()) == [desk.opened]


def test_another_process_that_opens_it_opens_it_for_this_one(desk: LockedDesk) -> None:
    another = KekRing("k9", {"k9": os.urandom(32)})
    desk.opened.write_text(ring_text(another))
    assert held_ring() == another
    newer = KekRing("k10", {"k10": os.urandom(32)})
    beside = desk.opened.with_name("beside")
    beside.write_text(ring_text(newer))
    beside.replace(desk.opened)
    assert held_ring() == newer


def test_an_opened_file_that_holds_no_ring_or_is_a_link_gives_none(desk: LockedDesk) -> None:
    desk.opened.write_text("nonsense")
    with pytest.raises(DeskLockedError):
        held_ring()
    desk.opened.unlink()
    elsewhere = desk.opened.with_name("elsewhere")
    elsewhere.write_text(draw_ring())
    desk.opened.symlink_to(elsewhere)
    with pytest.raises(DeskLockedError):
        held_ring()


def test_a_wrong_secret_opens_nothing(desk: LockedDesk) -> None:
    with pytest.raises(WrongSecretError):
        open_desk(OTHER)
    assert not list(desk.opened.parent.iterdir())


def test_what_the_check_refuses_stays_locked_and_was_never_shown_to_others(desk: LockedDesk) -> None:
    def check() -> None:
        assert held_ring().keys
        assert lock_state() is Lock.LOCKED
        raise KekWrongError("k1")

    with pytest.raises(KekWrongError):
        open_desk(PASSPHRASE, check=check)
    assert lock_state() is Lock.LOCKED
    with pytest.raises(DeskLockedError):
        held_ring()


def test_a_locked_file_that_is_gone_damaged_or_holds_no_ring_is_named_so(desk: LockedDesk) -> None:
    desk.locked.write_bytes(b"{}")
    with pytest.raises(LockedFileError):
        open_desk(PASSPHRASE)
    desk.locked.unlink()
    assert lock_state() is Lock.UNMADE
    with pytest.raises(LockedFileError):
        open_desk(PASSPHRASE)
    with pytest.raises(LockedFileError):
        make_desk_ring(passphrase=PASSPHRASE, recovery_key=RECOVERY_KEY, ring_text="no ring")


def test_locking_takes_it_away_and_may_be_asked_twice(desk: LockedDesk) -> None:
    open_desk(PASSPHRASE)
    assert held_ring().keys
    assert (lock_desk(), lock_desk()) == (True, False)
    assert lock_state() is Lock.LOCKED


def test_a_ring_is_made_once_and_never_over_another(unmade: LockedDesk) -> None:
    assert lock_state() is Lock.UNMADE
    make_desk_ring(passphrase=PASSPHRASE, recovery_key=RECOVERY_KEY)
    ring, made = held_ring(), unmade.locked.read_bytes()
    assert lock_state() is Lock.OPEN
    with pytest.raises(RingMadeError):
        make_desk_ring(passphrase=OTHER, recovery_key=RECOVERY_KEY)
    assert (held_ring(), unmade.locked.read_bytes()) == (ring, made)
    assert list(unmade.locked.parent.iterdir()) == [unmade.locked]
    assert stat.S_IMODE(unmade.locked.stat().st_mode) == 0o600
    lock_desk()
    open_desk(RECOVERY_KEY)
    assert held_ring() == ring


# Places in which the opened file may lie.


@pytest.mark.skipif(not SHM.is_dir(), reason="no RAM file system at its usual place")
def test_a_ram_file_system_is_told_from_a_disk() -> None:
    assert is_in_memory(SHM)
    assert not is_in_memory(ROOT)
    assert not is_in_memory(Path("/no/such/folder"))


def test_without_the_list_of_mounts_no_folder_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ringfiles, "MOUNTS", tmp_path / "none")
    assert not is_in_memory(SHM)


def test_an_opened_ring_is_never_written_to_a_disk(desk: LockedDesk) -> None:
    files = ringfiles.RingFiles(desk.locked, ROOT / ".dev" / "ring", in_memory_only=True)
    with pytest.raises(RamFolderError):
        files.write_opened(draw_ring())
    assert not files.opened.exists()


ON_DISK = ROOT / ".dev" / "ring.locked"
REFUSED = {
    "an opened file on a disk": ({LOCKED_FILE: ON_DISK, OPENED_FILE: ROOT / ".dev" / "ring"}, OPENED_FILE),
    "a ring that lies open too": (
        {LOCKED_FILE: ON_DISK, OPENED_FILE: SHM / "r", VARIABLE: draw_ring()},
        VARIABLE,
    ),
    "no place for the opened one": ({LOCKED_FILE: ON_DISK}, OPENED_FILE),
    "no place for the locked one": ({OPENED_FILE: SHM / "r"}, LOCKED_FILE),
    "a folder that is not there": ({LOCKED_FILE: "/no/such/ring", OPENED_FILE: SHM / "r"}, LOCKED_FILE),
    "a path that depends on where one stands": ({LOCKED_FILE: "ring", OPENED_FILE: SHM / "r"}, LOCKED_FILE),
}


@pytest.mark.parametrize(("given", "named"), REFUSED.values(), ids=REFUSED.keys())
def test_a_process_refuses_to_start_with(given: dict[str, object], named: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=named):
        take_from_environment("desk", {name: str(value) for name, value in given.items()})


STATE = "from vault.kek import lock_state; print(lock_state())"
STARTS = {
    "desk": f"import hub.wsgi; {STATE}",
    "desk-worker": f"import django; django.setup(); from hub.ring import refuse_wrong_ring; refuse_wrong_ring(); {STATE}",
}


@pytest.mark.parametrize(("role", "probe"), STARTS.items(), ids=STARTS.keys())
def test_desk_and_worker_start_without_a_ring_where_it_is_locked(
    tmp_path: Path, role: str, probe: str
) -> None:
    environment = role_environment(role, surroundings().world)
    for name in (VARIABLE, f"{VARIABLE}_FILE"):
        environment.pop(name, None)
    environment |= {LOCKED_FILE: str(tmp_path / "ring.locked"), OPENED_FILE: str(tmp_path / "ring")}
    outcome = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert outcome.stdout.split() == ["unmade"], outcome.stderr


# The commands of a person with a shell on the machine.


def _secret(folder: Path, text: str) -> str:
    path = folder / "secret"
    path.write_text(f"{text}\n")
    return str(path)


def _acts() -> list[tuple[str, str]]:
    found = AuditEvent.objects.filter(act__startswith="vault.").order_by("seq")
    return list(found.values_list("act", "actor"))


@pytest.mark.django_db
def test_a_desk_is_opened_and_locked_from_its_shell(
    desk: LockedDesk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("unlock_desk", secret_file=_secret(tmp_path, PASSPHRASE))
    assert lock_state() is Lock.OPEN
    call_command("lock_desk")
    call_command("lock_desk")
    assert lock_state() is Lock.LOCKED
    said = ["The desk is open.", "The desk is locked.", "The desk was locked already."]
    assert capsys.readouterr().out.splitlines() == said
    assert _acts() == [("vault.opened", "system:console"), ("vault.locked", "system:console")]


@pytest.mark.django_db
def test_a_wrong_secret_is_one_sentence_in_the_shell(desk: LockedDesk, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="neither the passphrase nor the recovery key"):
        call_command("unlock_desk", secret_file=_secret(tmp_path, OTHER))
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("unlock_desk", secret_file=str(tmp_path / "none"))
    assert _acts() == []


@pytest.mark.django_db
def test_a_desk_that_is_not_locked_at_rest_says_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=LOCKED_FILE):
        call_command("lock_desk")


@pytest.mark.django_db
def test_the_passphrase_is_changed_from_the_shell(desk: LockedDesk, tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.write_text(OTHER)
    call_command("change_desk_passphrase", secret_file=_secret(tmp_path, RECOVERY_KEY), new_file=str(new))
    with pytest.raises(WrongSecretError):
        open_desk(PASSPHRASE)
    open_desk(OTHER)
    assert _acts() == [("vault.passphrase_changed", "system:console")]
    new.write_text("short")
    with pytest.raises(CommandError, match="16 to 200"):
        call_command("change_desk_passphrase", secret_file=_secret(tmp_path, OTHER), new_file=str(new))


@pytest.mark.django_db
def test_a_ring_that_lay_open_is_locked_from_the_shell_and_its_recovery_key_shown_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hosted_agency("xa-lab")
    before, ring_file = held_ring(), tmp_path / "open"
    ring_file.write_text(ring_text(before) + "\n")
    with unmade_desk(tmp_path):
        secret = _secret(tmp_path, PASSPHRASE)
        with pytest.raises(CommandError, match="another ring"):
            call_command("make_desk_ring", secret_file=secret)
        assert lock_state() is Lock.UNMADE
        call_command("make_desk_ring", secret_file=secret, ring_file=str(ring_file))
        assert held_ring() == before
        recovery_key = capsys.readouterr().out.split()[-1]
        lock_desk()
        open_desk(recovery_key)
        assert held_ring() == before
        assert _acts() == [("vault.ring_made", "system:console")]


@pytest.mark.django_db
def test_a_locked_ring_of_another_vault_opens_nothing_here(desk: LockedDesk) -> None:
    open_desk(PASSPHRASE)
    current = held_ring().current
    hosted_agency("xa-lab")
    lock_desk()
    another = ring_text(KekRing(current, {current: os.urandom(32)}))
    desk.locked.write_bytes(lock_ring(another, passphrase=PASSPHRASE, recovery_key=RECOVERY_KEY))
    with pytest.raises(KekWrongError):
        unlocking.unlock(PASSPHRASE, actor=unlocking.DESK, now=timezone.now())
    assert lock_state() is Lock.LOCKED
    assert _acts() == []
