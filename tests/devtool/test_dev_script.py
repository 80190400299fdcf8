# SPDX-License-Identifier: Apache-2.0
"""`./dev` on machines that lack something: one clear sentence each."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from devtool.environments import ROOT

REAL_TOOLS = (
    "sh",
    "dirname",
    "cat",
    "cksum",
    "mkdir",
    "rm",
    "sleep",
    "grep",
    "tail",
    "uname",
    "env",
    "ls",
    "chmod",
)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A checkout without any installation, and a PATH without Python."""
    checkout = tmp_path / "a checkout"
    checkout.mkdir()
    shutil.copy(ROOT / "dev", checkout)
    shutil.copytree(ROOT / "devtool", checkout / "devtool", ignore=shutil.ignore_patterns("__pycache__"))
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in REAL_TOOLS:
        (tools / name).symlink_to(shutil.which(name) or name)
    return checkout


def _fake_python(machine: Path, name: str, *, version: str = "3.13", venv: bool = True) -> None:
    """Put a `python` in PATH that reports this version and has or lacks the venv module; otherwise it is real."""
    major, minor = version.split(".")
    lines = [
        "#!/bin/sh",
        "case $2 in",
        f"*'%d.%d.%d'*) echo {version}.1; exit 0 ;;",
        f"*'<='*) exec {sys.executable} -c 'import sys; sys.exit(not (3, 11) <= ({major}, {minor}) <= (3, 13))' ;;",
        f"'import venv, ensurepip') exit {0 if venv else 1} ;;",
        "esac",
        f'exec {sys.executable} "$@"',
    ]
    path = machine.parent / "bin" / name
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o755)


def _dev(machine: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": str(machine.parent / "bin"), "HOME": str(machine.parent), **environment}
    command = [str(machine / "dev"), *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, cwd=machine.parent)


def test_help_works_before_anything_is_installed(machine: Path) -> None:
    _fake_python(machine, "python3")
    outcome = _dev(machine, "help")
    assert outcome.returncode == 0, outcome.stderr
    assert "./dev run" in outcome.stdout
    assert not (machine / ".venv").exists()


def test_without_any_python_it_says_which_ones_would_do(machine: Path) -> None:
    outcome = _dev(machine, "run")
    assert outcome.returncode == 1
    assert "Accord needs Python 3.11, 3.12 or 3.13; found: none" in outcome.stderr


def test_a_wrong_python_is_named_with_its_version(machine: Path) -> None:
    _fake_python(machine, "python3", version="3.9")
    outcome = _dev(machine, "run")
    assert outcome.returncode == 1
    assert "Accord needs Python 3.11, 3.12 or 3.13; found: python3 is 3.9.1;" in outcome.stderr


def test_a_python_too_new_is_refused_as_well(machine: Path) -> None:
    _fake_python(machine, "python3", version="3.14")
    assert "python3 is 3.14.1" in _dev(machine, "run").stderr


def test_a_wrong_python_is_passed_over_for_a_right_one(machine: Path) -> None:
    _fake_python(machine, "python3", version="3.9")
    _fake_python(machine, "python3.11", version="3.11")
    assert _dev(machine, "help").returncode == 0


def test_a_shim_that_does_not_run_is_passed_over(machine: Path) -> None:
    shim = machine.parent / "bin" / "python3.13"
    shim.write_text("#!/bin/sh\necho 'no such version' >&2\nexit 127\n")
    shim.chmod(0o755)
    _fake_python(machine, "python3")
    assert _dev(machine, "help").returncode == 0


def test_a_python_named_by_hand_is_never_replaced_by_another(machine: Path) -> None:
    _fake_python(machine, "python3")
    _fake_python(machine, "mine", version="3.10")
    outcome = _dev(machine, "help", PYTHON="mine")
    assert outcome.returncode == 1
    assert "PYTHON names mine, which is 3.10.1; Accord needs Python 3.11, 3.12 or 3.13." in outcome.stderr


def test_a_python_without_venv_names_the_package_that_brings_it(machine: Path) -> None:
    _fake_python(machine, "python3", venv=False)
    outcome = _dev(machine, "run")
    assert outcome.returncode == 1
    assert "python3 (3.13.1) has no venv module" in outcome.stderr
    assert "apt-get install python3-venv" in outcome.stderr


def test_a_folder_that_cannot_be_written_is_said_so(machine: Path) -> None:
    _fake_python(machine, "python3")
    (machine / ".dev").write_text("a file where the folder should be")
    outcome = _dev(machine, "run")
    assert outcome.returncode == 1
    assert "cannot be written: the disk is full, or the folder belongs to another user." in outcome.stderr


def _break_installation(machine: Path, message: str) -> None:
    """Make a venv whose pip fails with `message`."""
    _fake_python(machine, "python3")
    python = machine / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(
        f'#!/bin/sh\n[ "$1" = -m ] && {{ echo "{message}"; exit 1; }}\nexec {sys.executable} "$@"\n'
    )
    python.chmod(0o755)
    for name in ("requirements.txt", "requirements-embedded.txt"):
        shutil.copy(ROOT / name, machine)


FAILED_INSTALLATIONS = {
    "the disk fills up": ("OSError: [Errno 28] No space left on device", "The disk is full"),
    "a package is not the pinned one": (
        "THESE PACKAGES DO NOT MATCH THE HASHES",
        "is not the one this project has",
    ),
    "there is no wheel or no index": (
        "ERROR: No matching distribution found for x",
        "has no wheel for this machine",
    ),
    "something else": ("a surprise", "a surprise"),
}


@pytest.mark.parametrize("case", sorted(FAILED_INSTALLATIONS))
def test_a_failed_installation_says_why_and_is_not_taken_for_done(case: str, machine: Path) -> None:
    message, sentence = FAILED_INSTALLATIONS[case]
    _break_installation(machine, message)
    outcome = _dev(machine, "run")
    assert outcome.returncode == 1
    assert sentence in outcome.stderr
    assert not (machine / ".dev" / "installed-run").exists()


def _note_what_pip_is_told(folder: Path) -> None:
    """Make an environment whose pip writes down its arguments, and whose devtool does nothing."""
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(
        "#!/bin/sh\n"
        f'case $2 in pip) printf "%s\\n" "$@" >"{folder}/told"; exit 0 ;; devtool) exit 0 ;; esac\n'
        f'exec {sys.executable} "$@"\n'
    )
    python.chmod(0o755)


def _with_pins(machine: Path) -> Path:
    for name in ("requirements.txt", "requirements-embedded.txt"):
        shutil.copy(ROOT / name, machine)
    return machine


def test_wheels_in_a_folder_are_installed_without_an_index_by_the_same_pins(machine: Path) -> None:
    _note_what_pip_is_told(_with_pins(machine) / ".venv")
    wheels = machine.parent / "a bundle" / "wheels"
    wheels.mkdir(parents=True)
    # A relative path counts from the folder in which the command is typed.
    outcome = _dev(machine, "run", ACCORD_WHEELS="a bundle/wheels")
    assert outcome.returncode == 0, outcome.stderr
    told = (machine / ".venv" / "told").read_text().splitlines()
    assert told[told.index("--find-links") + 1] == str(wheels)
    assert {"--isolated", "--no-index", "--require-hashes", "--only-binary=:all:"} <= set(told)


def test_without_such_a_folder_nothing_of_it_is_told(machine: Path) -> None:
    _note_what_pip_is_told(_with_pins(machine) / ".venv")
    assert _dev(machine, "run").returncode == 0
    assert not {"--no-index", "--find-links"} & set((machine / ".venv" / "told").read_text().splitlines())


def test_a_folder_of_wheels_that_is_not_there_is_said_so(machine: Path) -> None:
    _note_what_pip_is_told(_with_pins(machine) / ".venv")
    outcome = _dev(machine, "run", ACCORD_WHEELS="nowhere")
    assert outcome.returncode == 1
    assert "nowhere, which is no folder." in outcome.stderr


def test_a_wheel_that_the_folder_lacks_points_to_what_it_is_for(machine: Path) -> None:
    _break_installation(machine, "ERROR: No matching distribution found for x")
    outcome = _dev(machine, "run", ACCORD_WHEELS=".")
    assert outcome.returncode == 1
    assert "lacks a wheel for this machine" in outcome.stderr
    assert "INSTALL.txt" in outcome.stderr


def test_the_environment_lies_where_it_is_wanted_and_remembers_there_what_it_has(machine: Path) -> None:
    elsewhere = machine.parent / "elsewhere"
    _note_what_pip_is_told(elsewhere)
    _with_pins(machine)
    assert _dev(machine, "run", ACCORD_VENV=str(elsewhere)).returncode == 0
    assert (elsewhere / "installed-run").exists()
    assert not (machine / ".dev" / "installed-run").exists()
    (elsewhere / "told").unlink()
    assert _dev(machine, "run", ACCORD_VENV=str(elsewhere)).returncode == 0
    assert not (elsewhere / "told").exists()


def test_a_folder_that_holds_other_things_never_becomes_the_environment(machine: Path) -> None:
    _fake_python(_with_pins(machine), "python3")
    (machine.parent / "mine").mkdir()
    (machine.parent / "mine" / "letter").write_text("keep me")
    outcome = _dev(machine, "run", ACCORD_VENV="mine")
    assert outcome.returncode == 1
    assert "holds other things than an environment of Python" in outcome.stderr
    assert (machine.parent / "mine" / "letter").read_text() == "keep me"


def test_the_script_runs_under_a_plain_posix_shell() -> None:
    shell = shutil.which("dash") or "/bin/sh"
    for script in ("dev", ".ci/run"):
        assert subprocess.run([shell, "-n", script], cwd=ROOT, check=False).returncode == 0
        assert os.access(ROOT / script, os.X_OK)
