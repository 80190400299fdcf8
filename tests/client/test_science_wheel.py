# SPDX-License-Identifier: Apache-2.0
"""The science core's wheel: its contents, its requirements, and its use beside the client without the hub."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

from accord.cli import exits
from accord.version import VERSION
from devtool.environments import ROOT
from devtool.wheel import SCIENCE, build_wheel

PROJECT = tomllib.loads((ROOT / "packages" / SCIENCE / "pyproject.toml").read_text())["project"]
KEPT_HERE = {"apps.py", "models.py", "versions.py"}
"""Files of the hub's framework that the wheel leaves out; folders: migrations, management."""
IMPORTED = {"rdkit": "rdkit", "numpy": "numpy", "yaml": "pyyaml"}
RUN = (
    "import sys, json; sys.path[:0] = sys.argv[1:2]; from accord.cli.main import main; "
    "codes = [main(argv) for argv in json.loads(sys.argv[2])]; "
    "foreign = sorted(set(sys.modules) & {'django', 'hub', 'rdkit'}); "
    "print(json.dumps({'codes': codes, 'foreign': foreign}), file=sys.stderr)"
)


def unpacked(folder: Path, *wheels: Path) -> Path:
    """Unpack wheels as an installer does that finds only Python in them."""
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    return folder


def accord(folder: Path, home: Path, *commands: tuple[str, ...]) -> tuple[dict[str, Any], str, str]:
    """Run commands in one process from a folder, without this checkout; return its report, standard output and error."""
    asked = json.dumps([[*argv, "--home", str(home)] for argv in commands])
    command = [sys.executable, "-I", "-c", RUN, str(folder), asked]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTHON"))
    }
    done = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, check=True)
    *said, told = done.stderr.strip().splitlines()
    return json.loads(told), done.stdout, "\n".join(said)


def test_the_wheel_is_the_same_each_time(wheels: dict[str, Path], tmp_path: Path) -> None:
    assert build_wheel(tmp_path, SCIENCE).read_bytes() == wheels[SCIENCE].read_bytes()


def test_the_wheel_holds_every_pure_module_and_all_reference_data(wheels: dict[str, Path]) -> None:
    with zipfile.ZipFile(wheels[SCIENCE]) as archive:
        held = {name for name in archive.namelist() if not name.startswith("accord_substances-")}
    here = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "substances").rglob("*")
        if path.is_file()
        and not {"__pycache__", "migrations", "management"} & set(path.parts)
        and path.name not in KEPT_HERE
    }
    assert held == here | {"substances/LICENSE"}


def test_nothing_of_the_framework_is_in_it(wheels: dict[str, Path]) -> None:
    for module, names in imported(wheels[SCIENCE]).items():
        assert not names & {
            "django",
            "hub",
            "alerts",
            "agencies",
            "callers",
            "ledger",
            "notices",
            "officers",
            "sharing",
            "vault",
            "accord",
            "demo",
        }, module


def test_it_names_what_it_needs_and_no_more(wheels: dict[str, Path]) -> None:
    used = set().union(*imported(wheels[SCIENCE]).values()) - set(sys.stdlib_module_names) - {"substances"}
    assert used == set(IMPORTED)
    named = {re.split(r"[=~<>]", row)[0] for row in PROJECT["dependencies"]}
    assert named == set(IMPORTED.values())
    pinned = next(row for row in PROJECT["dependencies"] if row.startswith("rdkit"))
    assert pinned in (ROOT / "requirements.in").read_text().splitlines()


def test_the_client_names_it_as_an_extra_of_its_own_version() -> None:
    client = tomllib.loads((ROOT / "packages" / "accord" / "pyproject.toml").read_text())["project"]
    assert client["optional-dependencies"] == {"substances": [f"accord-substances~={VERSION}"]}


def test_the_two_wheels_answer_without_the_hub(wheels: dict[str, Path], tmp_path: Path) -> None:
    folder = unpacked(tmp_path / "site", *wheels.values())
    home = tmp_path / "home"
    fentanyl = "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"
    query = tmp_path / "query.msp"
    query.write_text((ROOT / "substances/data/spectra-dev.msp").read_text().split("\n\n")[0] + "\n")
    told, out, _ = accord(
        folder,
        home,
        ("screen", fentanyl, "--on", "2025-07-17", "--json"),
        ("similar", fentanyl, "--json"),
        ("match", str(query), "--json"),
    )
    assert told == {"codes": [exits.OK] * 3, "foreign": []}
    said = json.loads("[" + out.replace("\n}\n{", "\n},{") + "]")
    screened, similar, matched = (answer["answers"][0] for answer in said)
    rows = screened["screening"]["jurisdictions"]
    assert {row["jurisdiction"]: row["standing"] for row in rows}["US"] in ("listed", "parent")
    assert similar["similar"][0]["name"] == "fentanyl"
    assert matched["matches"]["hits"][0]["place"] == 1


def test_without_it_a_sentence_names_what_to_install(wheels: dict[str, Path], tmp_path: Path) -> None:
    folder = unpacked(tmp_path / "site", wheels["accord"])
    asked = (("screen", "CCO"), ("similar", "CCO"), ("match", "x.msp"), ("compare", "a", "--own", "b"))
    told, out, said = accord(folder, tmp_path / "home", *asked)
    assert told["codes"] == [exits.LOCAL] * 4
    assert said.count("pip install 'accord-client[substances]'") == 4
    assert out == ""


def imported(wheel: Path) -> dict[str, set[str]]:
    """The top-level names that each module of a wheel imports, at any place in it."""
    found: dict[str, set[str]] = {}
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith(".py"):
                found[name] = set(_tops(ast.parse(archive.read(name))))
    return found


def _tops(tree: ast.Module) -> list[str]:
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name.partition(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module.partition(".")[0])
    return names
