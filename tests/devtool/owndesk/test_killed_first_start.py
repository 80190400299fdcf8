# SPDX-License-Identifier: Apache-2.0
"""The desk's key ring and secrets while they are made: a process killed at any write leaves all or nothing.

`./dev drill first-start` kills every later step, over real processes.
"""

import os
import secrets
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from accord.privatefiles import write_private
from devtool.closedfiles import write_closed
from devtool.writepoints import file_writes
from tests.locked_desk import PASSPHRASE, RECOVERY_KEY, LockedDesk, unmade_desk
from vault.errors import RingMadeError
from vault.kek import Lock, lock_desk, lock_state, make_desk_ring, open_desk
from vault.ringfiles import RingFiles

pytestmark = pytest.mark.no_retry


def _make() -> None:
    make_desk_ring(passphrase=PASSPHRASE, recovery_key=RECOVERY_KEY)


def _killed_at(number: int, folders: tuple[Path, ...]) -> bool:
    """Make the ring in a process that is killed at its write of this number; tell whether it got that far."""
    seen = [0]

    def note(_point: str) -> None:
        seen[0] += 1
        if seen[0] == number:
            os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        with file_writes(folders, note):
            _make()
        os._exit(0)
    # A fork continues the suite's seeded draws, and no name may be drawn twice.
    secrets.token_bytes(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return os.WIFSIGNALED(status)


def test_a_kill_at_any_write_of_the_ring_leaves_it_whole_or_absent(tmp_path: Path) -> None:
    found, number, goes_on = set[str](), 0, True
    while goes_on:
        number += 1
        with unmade_desk(_folder(tmp_path / str(number))) as desk:
            goes_on = _killed_at(number, (desk.locked.parent, desk.opened.parent))
            found.add(lock_state())
            _go_on(desk)
    assert found == {Lock.UNMADE, Lock.LOCKED, Lock.OPEN}
    assert number > 16, "every write was come to"


def _go_on(desk: LockedDesk) -> None:
    """Start the desk again as a person would: the noted key opens it, and a second ring is refused."""
    if lock_state() is Lock.UNMADE:
        _make()
    else:
        with pytest.raises(RingMadeError):
            _make()
    lock_desk()
    open_desk(RECOVERY_KEY)
    assert {path.name for path in desk.opened.parent.iterdir()} >= {"ring"}


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


# No machine loses power in this test: the order of calls shows that each file reaches the disk before its name does.

FIRST = ["make .kek.locked", "sync .kek.locked", "link kek.locked", "unlink .kek.locked", "sync folder"]
AGAIN = ["make .kek.locked", "sync .kek.locked", "replace kek.locked", "sync folder"]
CLOSED = ["make secrets.new", "sync secrets.new", "replace secrets.json", "sync folder"]
PRIVATE = ["make .root.accord", "sync .root.accord", "replace root.accord", "sync folder"]
WRITERS: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "a first ring": (lambda folder: _ring(folder).write_first(b"{}"), FIRST),
    "a ring in another's place": (lambda folder: _ring(folder).write_again(b"{}"), AGAIN),
    "the secrets of a desk": (lambda folder: write_closed(folder / "secrets.json", "{}"), CLOSED),
    "a root on a stick": (lambda folder: write_private(folder / "root.accord", b"{}"), PRIVATE),
}


def _ring(folder: Path) -> RingFiles:
    return RingFiles(folder / "kek.locked", folder / "ring")


@pytest.mark.parametrize(("write", "order"), WRITERS.values(), ids=WRITERS.keys())
def test_what_is_written_reaches_the_disk_before_its_name_does_and_then_the_folder(
    write: Callable[[Path], object], order: list[str], tmp_path: Path
) -> None:
    points = list[str]()
    with file_writes((tmp_path,), points.append):
        write(tmp_path)
    assert [point.removeprefix("after ") for point in points if point.startswith("after ")] == order
