# SPDX-License-Identifier: Apache-2.0
"""The client's wheel, built once and tried in bare virtual environments of every supported Python."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from accord.version import VERSION
from devtool.environments import ROOT
from devtool.wheel import CLIENT, build_wheel

PROMISED = ((3, 11), (3, 12), (3, 13))
NEEDED = ("cffi", "cryptography", "pycparser", "urllib3")
TRIAL = Path(__file__).parent / "wheel_trial.py"


@pytest.fixture(scope="session")
def wheel(wheels: dict[str, Path]) -> Path:
    return wheels[CLIENT]


def test_the_wheel_is_the_same_each_time(wheel: Path, tmp_path: Path) -> None:
    assert build_wheel(tmp_path).read_bytes() == wheel.read_bytes()


def test_the_wheel_holds_the_client_and_nothing_of_the_hub(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
        assert tops == {"accord", f"accord_client-{VERSION}.dist-info"}
        held = {"accord/py.typed", "accord/LICENSE", "accord/document/alert.json"}
        assert held <= set(archive.namelist())


@pytest.mark.slow
@pytest.mark.parametrize("version", PROMISED, ids=lambda version: f"{version[0]}.{version[1]}")
def test_it_works_in_a_bare_environment(wheel: Path, version: tuple[int, int], tmp_path: Path) -> None:
    bare = bare_environment(interpreter(version), wheel, tmp_path)
    told = json.loads(run(bare / "bin" / "python", "-I", str(TRIAL)))
    assert told["python"] == list(version)
    assert told["version"] == VERSION
    assert Path(told["from"]).is_relative_to(bare)
    assert told["foreign"] == []
    assert set(told["distributions"]) <= {"accord-client", *NEEDED}
    assert told["modules"] == len([path for path in (ROOT / "accord").rglob("*.py") if is_module(path)])
    make_keys(bare / "bin" / "accord", tmp_path)


def make_keys(accord: Path, folder: Path) -> None:
    """Make keys by the installed command; assert that only their owner can read them."""
    passphrase = folder / "passphrase"
    passphrase.write_text("correct horse battery staple\n")
    passphrase.chmod(0o600)
    told: dict[str, Any] = json.loads(
        run(accord, "keygen", "--home", str(folder / "home"), "--passphrase-file", str(passphrase), "--json")
    )
    assert len(told["fingerprint"].replace(" ", "")) == 64
    assert (folder / "home" / "keys.accord").stat().st_mode & 0o077 == 0


def is_module(path: Path) -> bool:
    """`pkgutil` names a package once, and not the root itself."""
    return path != ROOT / "accord" / "__init__.py"


def interpreter(version: tuple[int, int]) -> Path:
    """A Python of that version; skips the test where the machine has none."""
    name = f"python{version[0]}.{version[1]}"
    kept = sorted(Path("~/.pyenv/versions").expanduser().glob(f"{version[0]}.{version[1]}.*/bin/python"))
    for found in (sys.executable, shutil.which(name), *kept):
        if found is not None and version_of(Path(found)) == version:
            return Path(found)
    pytest.skip(f"this machine has no {name}; install it to try the wheel on it")


def version_of(python: Path) -> tuple[int, int] | None:
    """The version that the interpreter reports; a shim may exist and still fail."""
    asked = subprocess.run(
        [python, "-c", "import sys; print(*sys.version_info[:2])"],
        check=False,
        capture_output=True,
        text=True,
    )
    return tuple(map(int, asked.stdout.split())) if asked.returncode == 0 else None  # type: ignore[return-value]


def bare_environment(python: Path, wheel: Path, folder: Path) -> Path:
    """A virtual environment with the wheel and the locked packages that it requires, each checked against its hash."""
    bare, locked = folder / "bare", folder / "locked.txt"
    locked.write_text(locked_parts())
    uv = (sys.executable, "-m", "uv", "--quiet")
    run(*uv, "venv", "--no-project", "--python", str(python), str(bare))
    into = (
        "pip",
        "install",
        "--no-config",
        "--only-binary",
        ":all:",
        "--python",
        str(bare / "bin" / "python"),
    )
    run(*uv, *into, "--require-hashes", "-r", str(locked))
    run(*uv, *into, "--no-deps", "--offline", str(wheel))
    return bare


def locked_parts() -> str:
    """The lines of the production lock that the client needs."""
    entries = (ROOT / "requirements.txt").read_text().replace("\\\n", " ").splitlines()
    return "\n".join(line for line in entries if line.partition("==")[0] in NEEDED)


def run(*command: str | Path) -> str:
    environment = {**os.environ, "PYTHONPATH": ""}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd="/")
    assert done.returncode == 0, done.stderr
    return done.stdout
