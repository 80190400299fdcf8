# SPDX-License-Identifier: Apache-2.0
"""Checkouts of this repository at other commits, each with an interpreter that has its requirements."""

import io
import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

from demo.ticks import StepFailedError
from devtool.environments import ROOT
from devtool.errors import DevtoolError

MIGRATIONS = ":(glob)**/migrations/*.py"
NEW_APP = "officers/migrations/0001_initial.py"
"""A file that exists since migrations were begun anew."""
REQUIREMENTS = ("requirements.txt", "requirements-embedded.txt")


@dataclass(frozen=True)
class Checkout:
    """One version of the code and the interpreter that runs it."""

    folder: Path
    python: Path


HERE = Checkout(ROOT, Path(sys.executable))


def commit_before_newest_migration(repository: Path = ROOT) -> str:
    """Return the newest commit with other migrations than the last one: the starting point of an upgrade to it."""
    newest = _git(repository, "log", "-1", "--format=%H", "--", MIGRATIONS)
    if not newest:
        raise DevtoolError("No commit here changed a migration.", "Name a commit: ./dev drill upgrade COMMIT")
    return commit_named(f"{newest}^", repository)


def refuse_other_beginning(commit: str, repository: Path = ROOT) -> None:
    """Raise `DevtoolError` for a commit from before migrations were begun anew: its database cannot be migrated."""
    if not _git(repository, "ls-tree", "--name-only", commit, "--", NEW_APP):
        raise DevtoolError(
            f"Migrations were begun anew after {commit[:7]}: a hub of that code starts anew.",
            "Name a later commit.",
        )


def commit_named(name: str, repository: Path = ROOT) -> str:
    """Return the full hash of a commit."""
    return _git(repository, "rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")


def check_out(commit: str, folder: Path, repository: Path = ROOT) -> Checkout:
    """Put the files of a commit into `folder`; share this environment where the requirements are the same."""
    archive = subprocess.run(
        ["git", "-C", str(repository), "archive", "--format=tar", commit], capture_output=True, check=False
    )
    if archive.returncode:
        raise DevtoolError(
            f"The files of {commit} cannot be read: {archive.stderr.decode().strip()}", "Fetch it first."
        )
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    if all((folder / name).read_bytes() == (repository / name).read_bytes() for name in REQUIREMENTS):
        return Checkout(folder, HERE.python)
    return Checkout(folder, _own_environment(folder))


def _own_environment(folder: Path) -> Path:
    # A verb that does nothing here; `./dev` installs before it begins, and must not replace this environment.
    env = {name: value for name, value in os.environ.items() if name != "ACCORD_VENV"}
    done = subprocess.run(
        [str(folder / "dev"), "reset"], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise StepFailedError(
            f"{folder}/dev could not install what it requires: {done.stderr.strip()[-600:]}"
        )
    return folder / ".venv" / "bin" / "python"


def _git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(repository), *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DevtoolError(
            f"git {arguments[0]}: {done.stderr.strip()}",
            "Name a commit of this repository; it has to be a git checkout with its history.",
        )
    return done.stdout.strip()
