# SPDX-License-Identifier: Apache-2.0
"""The commit from which an upgrade's drill starts, and the environment in which its older code runs."""

import subprocess
from pathlib import Path

import pytest

from devtool.drills.checkouts import (
    HERE,
    REQUIREMENTS,
    check_out,
    commit_before_newest_migration,
    commit_named,
    refuse_other_beginning,
)
from devtool.errors import DevtoolError


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    _git(folder, "init", "--quiet")
    for name in REQUIREMENTS:
        (folder / name).write_text("django==5.2\n")
    _commit(folder, "shop/migrations/0001_initial.py", "first")
    _commit(folder, "shop/models.py", "between")
    return folder


def test_an_upgrade_starts_before_the_newest_migration(repository: Path) -> None:
    before = commit_named("HEAD", repository)
    _commit(repository, "shop/login/migrations/0002_more.py", "migration")
    _commit(repository, "docs/shop.md", "after it")
    assert commit_before_newest_migration(repository) == before


@pytest.mark.parametrize("name", ["no-such-branch", "--all"])
def test_a_commit_that_is_none_is_refused(repository: Path, name: str) -> None:
    with pytest.raises(DevtoolError, match="rev-parse"):
        commit_named(name, repository)


def test_a_commit_from_before_migrations_were_begun_anew_is_refused(repository: Path) -> None:
    with pytest.raises(DevtoolError, match="begun anew"):
        refuse_other_beginning(commit_named("HEAD", repository), repository)
    _commit(repository, "officers/migrations/0001_initial.py", "begun")
    refuse_other_beginning(commit_named("HEAD", repository), repository)


def test_older_code_with_the_same_requirements_shares_the_environment(
    repository: Path, tmp_path: Path
) -> None:
    older = commit_named("HEAD", repository)
    _commit(repository, "shop/models.py", "newer")
    found = check_out(older, tmp_path / "older", repository)
    assert (found.folder / "shop" / "models.py").read_text() == "between"
    assert found.python == HERE.python


def test_older_code_with_other_requirements_is_installed_by_its_own_dev(
    repository: Path, tmp_path: Path
) -> None:
    script = repository / "dev"
    script.write_text('#!/bin/sh\nmkdir -p "$(dirname "$0")/.venv/bin"\n')
    script.chmod(0o755)
    _commit(repository, "dev", script.read_text())
    (repository / "requirements.txt").write_text("django==5.3\n")
    found = check_out(commit_named("HEAD", repository), tmp_path / "older", repository)
    assert found.python.parent.is_dir()
    assert found.python.is_relative_to(tmp_path / "older")


def _commit(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    _git(folder, "add", ".")
    _git(folder, "-c", "user.name=N", "-c", "user.email=n@hub.example", "commit", "--quiet", "-m", name)


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)
