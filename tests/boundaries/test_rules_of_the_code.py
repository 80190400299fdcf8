# SPDX-License-Identifier: Apache-2.0
"""Rules of the code that no tool checks, read from its syntax trees."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.boundaries.rooms import APPS, ROOMS, ROOT

PACKAGES = (*ROOMS, "devtool")
EDGES = (
    "/management/",
    "/tasks.py",
    "/api",
    "/desk/",
    "/pages/",
    "/middleware.py",
    "/login/",
    "/authentication.py",
)
"""Modules in which a request, a task or a command begins; no other may read the clock."""


def _files(*packages: str) -> Iterator[Path]:
    for package in packages:
        yield from sorted((ROOT / package).rglob("*.py"))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_only_accord_and_the_vault_touch_cryptographic_primitives() -> None:
    touching = {
        _short(path)
        for path in _files(*APPS, "demo", "devtool")
        if any(name.split(".")[0] == "cryptography" for name in _imports(path))
    }
    # An own desk without a certificate for TLS makes one; its key signs and seals nothing else.
    certificates = "devtool/owndesk/certificates.py"
    assert {name for name in touching if not name.startswith("vault/")} == {certificates}


def test_package_markers_re_export_nothing() -> None:
    full = {
        _short(path)
        for path in _files(*PACKAGES)
        if path.name == "__init__.py"
        and [node for node in _tree(path).body if not isinstance(node, ast.Expr)]
    }
    assert full == set()


def test_a_policy_is_read_only_where_its_code_is_asked_for() -> None:
    """Read `policy_of(agency).four_eyes`, never the row's column over `agency.desk_policy`."""
    past = {
        _short(path)
        for path in _files(*APPS, "demo")
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute) and node.attr == "desk_policy"
    }
    assert past == {"officers/policy_in_force.py"}


def _callers_of(names: set[str], *packages: str) -> set[str]:
    """Return the files of these packages that call a function by one of these names."""
    return {
        f"/{_short(path)}"
        for path in _files(*packages)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in names
    }


def test_one_function_asks_the_machine_for_the_time() -> None:
    names = {"timezone.now", "datetime.now", "time.time", "datetime.datetime.now", "datetime.today"}
    asking = _callers_of(names, *APPS)
    # The age of a file is measured by the clock that wrote it.
    assert asking == {"/callers/clock.py", "/hub/vitals.py", "/hub/liveness.py"}


def test_the_clock_is_read_at_the_edges_only() -> None:
    reading = _callers_of(
        {"clock.now", "callers.clock.now"}, *(app for app in APPS if app not in {"hub", "ledger"})
    )
    assert {name for name in reading if not any(edge in name for edge in EDGES)} == set()


def test_seconds_of_others_become_moments_by_one_function() -> None:
    """`datetime` ends with the year 9999, and earlier in zones ahead of UTC; one function allows for it."""
    makers = {
        _short(path)
        for path in _files("accord", *APPS)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute) and node.attr in {"fromtimestamp", "utcfromtimestamp"}
    }
    # A cursor is sealed by the hub and holds its own clock.
    assert makers == {"accord/moments.py", "callers/cursors.py"}


SEARCHING = {
    "re.compile", "re.match", "re.search", "RegexValidator", "RegexField", "forms.RegexField", "s.RegexField",
    "serializers.RegexField",
}  # fmt: skip
_LINE_END = re.compile(r"(?<!\\)(?:\\\\)*\$(?=\Z|[|)])")


def _pattern_of(call: ast.Call) -> str:
    """The pattern, as far as it is a literal."""
    first = call.args[0] if call.args else None
    parts = first.values if isinstance(first, ast.JoinedStr) else [first]
    return "".join(
        part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)
    )


def test_no_pattern_ends_with_a_sign_that_lets_a_line_feed_pass() -> None:
    r"""`$` matches before a last line feed too: a pattern for a whole text ends with `\Z`, or is used by `fullmatch`."""
    ending = {
        f"{_short(path)}:{node.lineno}"
        for path in _files(*PACKAGES)
        if "/migrations/" not in path.as_posix()
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in SEARCHING
        if _LINE_END.search(_pattern_of(node)) and "re.MULTILINE" not in ast.unparse(node)
    }
    assert ending == set()


def test_the_envelope_knows_no_clock_and_no_network() -> None:
    forbidden = {"time", "datetime", "socket", "urllib", "urllib3", "http", "os", "random", "logging"}
    for path in _files("accord/envelope"):
        assert {name.split(".")[0] for name in _imports(path)} & forbidden <= {"os"}, _short(path)


def test_every_source_file_names_its_licence() -> None:
    missing = {
        _short(path)
        for path in _files(*PACKAGES, "tests", "benchmarks")
        if path.stat().st_size and "/migrations/" not in path.as_posix()
        if "SPDX-License-Identifier: Apache-2.0" not in path.read_text(encoding="utf-8")[:200]
    }
    assert missing == set()


@pytest.mark.parametrize("limit", [600])
def test_no_file_outgrows_its_room(limit: int) -> None:
    """A file holds one noun whole, however long that is; beyond this limit it holds two."""
    long = {
        _short(path): lines
        for path in _files(*PACKAGES, "tests", "benchmarks")
        if "/migrations/" not in path.as_posix()
        if (lines := path.read_text(encoding="utf-8").count("\n")) > limit
    }
    assert long == {}


def test_no_function_is_longer_than_a_screen() -> None:
    long = {
        f"{_short(path)}:{node.name}": node.end_lineno - node.lineno + 1
        for path in _files(*PACKAGES)
        if "/migrations/" not in path.as_posix()
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if node.end_lineno is not None and node.end_lineno - node.lineno + 1 > 60
    }
    assert long == {}


def test_no_test_reaches_for_a_mock_or_sleeps() -> None:
    reaching = {
        _short(path)
        for path in _files("tests")
        if {"unittest.mock", "mock", "pytest_mock"} & set(_imports(path))
    }
    assert reaching == set()


def test_every_file_in_the_repository_is_meant_to_be_there() -> None:
    listing = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    unwanted = (".env", ".pem", ".key", ".sqlite3", ".pyc")
    assert [name for name in listing if name.endswith(unwanted)] == []


def test_no_merge_left_its_markers() -> None:
    found = subprocess.run(
        ["git", "grep", "-lIE", "^(<<<<<<<|>>>>>>>) "], cwd=ROOT, capture_output=True, text=True, check=False
    )
    # git grep exits with 1 if it found nothing.
    assert (found.returncode, found.stdout) == (1, "")
