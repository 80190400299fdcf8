# SPDX-License-Identifier: Apache-2.0
"""The code keeps each import contract, and adding one line breaks it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.boundaries.rooms import ROOMS, ROOT, SETTINGS

BREAKS = {
    "downwards": ("agencies/directory.py", "import sharing.policy"),
    "exchange-knows-no-desk": ("sharing/intake.py", "import accord.envelope.unseal"),
    "shared-rooms": ("callers/cursors.py", "import agencies.models"),
    "desk-knows-no-exchange": ("vault/own_keys.py", "import agencies.registry"),
    "only-vault-opens": ("officers/deskkeys.py", "import accord.envelope.private"),
    "vault-door": ("notices/peers.py", "import vault.services"),
    "sequencer-door": ("sharing/feed.py", "import ledger.sequencer"),
    "sequencer-at-work": ("sharing/feed.py", "import ledger.running"),
    "ledger-doors": ("sharing/feed.py", "import ledger.models"),
    "accord-stands-alone": ("accord/envelope/keys.py", "import django.conf"),
    "science-door": ("accord/cli/main.py", "import substances.errors"),
    "science-stands-alone": ("substances/control/engine.py", "import django.conf"),
    "envelope-at-the-bottom": ("accord/envelope/keys.py", "import accord.client"),
    "hub-never-uses-the-command": ("alerts/drafting/drafts.py", "import accord.client"),
    "lower-layer": ("accord/following/errors.py", "import accord.state"),
    "primitives": ("alerts/drafting/drafts.py", "import cryptography.hazmat.primitives.hashes"),
}


def _contracts() -> dict[str, str]:
    return {row["id"]: row["name"] for row in SETTINGS["contracts"]}


def _lint(tree: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "300"}
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("contracts")
    for package in ROOMS:
        shutil.copytree(
            ROOT / package, copy / package, ignore=lambda _, names: {n for n in names if n == "__pycache__"}
        )
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def test_every_contract_has_a_line_that_breaks_it() -> None:
    assert set(_contracts()) == set(BREAKS)


def test_the_code_keeps_every_contract(tree: Path) -> None:
    outcome = _lint(tree)
    assert outcome.returncode == 0, outcome.stdout


def test_one_forbidden_import_breaks_the_contract(tree: Path) -> None:
    """All lines are added at once; under each broken contract the report names its own line's file and module."""
    for file, line in BREAKS.values():
        with (tree / file).open("a", encoding="utf-8") as added:
            added.write(f"\n{line}  # noqa\n")
    outcome = _lint(tree)
    assert outcome.returncode != 0
    _, *sections = re.split(r"^(.+)\n-+\n", outcome.stdout, flags=re.MULTILINE)
    reported = dict(zip(sections[::2], sections[1::2], strict=True))
    for contract, (file, line) in BREAKS.items():
        name = _contracts()[contract]
        assert f"{name} BROKEN" in outcome.stdout, contract
        importer, module = file.removesuffix(".py").replace("/", "."), line.removeprefix("import ")
        # Packages of others are reported by their first name.
        named = (f"{importer} -> {module} ", f"{importer} -> {module.partition('.')[0]} ")
        assert any(text in reported[name] for text in named), contract
