# SPDX-License-Identifier: Apache-2.0
"""Every command that the documents name exists, and every verb is explained."""

import io
import re
import subprocess
import sys

import pytest

from devtool.__main__ import main
from devtool.environments import ROOT
from devtool.errors import DevtoolError
from devtool.verbs import VERBS, print_help

DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "ARCHITECTURE.md",
    "SECURITY.md",
    "docs/listings.md",
    "docs/own-desk.md",
)
PROMISED = (
    "run",
    "own-desk",
    "test",
    "check",
    "reset",
    "bench",
    "evaluate",
    "listings",
    "drill",
    "shell-env",
    "accord",
    "wheel",
    "release",
    "manage",
    "help",
)
TYPED = re.compile(r"\./dev\s+([a-z][a-z-]*)")


def _help_text() -> str:
    stream = io.StringIO()
    print_help(stream)
    return stream.getvalue()


@pytest.mark.parametrize("verb", PROMISED)
def test_every_promised_verb_is_explained(verb: str) -> None:
    assert verb in VERBS
    explained = re.search(
        rf"^  \./dev {re.escape(VERBS[verb].usage)}\n      \S.{{10,}}$", _help_text(), re.MULTILINE
    )
    assert explained


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_in_the_documents_is_a_verb(document: str) -> None:
    typed = TYPED.findall((ROOT / document).read_text(encoding="utf-8"))
    assert set(typed) <= set(VERBS)


def test_the_readme_starts_with_the_two_commands() -> None:
    typed = TYPED.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert typed[:2] == ["run", "test"]


def test_every_file_the_readme_points_to_exists() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target]
    assert [target for target in targets if not (ROOT / target).exists()] == []


def _devtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "devtool", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_an_unknown_verb_is_named_and_the_known_ones_listed() -> None:
    outcome = _devtool("fly")
    assert outcome.returncode == 1
    assert "Traceback" not in outcome.stderr
    assert "There is no verb `fly`." in outcome.stderr
    assert "./dev run" in outcome.stderr


REFUSED_ARGUMENTS = {
    "a port that is no number": ("run", "--port", "eighty"),
    "a port out of range": ("run", "--port", "70000"),
    "--once with a port": ("run", "--once", "--port", "9000"),
    "reset with an argument": ("reset", "everything"),
    "an unknown check": ("check", "smell"),
    "an unknown benchmark": ("bench", "nothing"),
    "an unknown drill": ("drill", "teeth"),
}


@pytest.mark.parametrize("case", sorted(REFUSED_ARGUMENTS))
def test_refuses_arguments(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises((DevtoolError, SystemExit)) as refused:
        main([*REFUSED_ARGUMENTS[case]])
    if isinstance(refused.value, SystemExit):
        assert refused.value.code in (1, 2)
        assert capsys.readouterr().err.strip()
    else:
        assert isinstance(refused.value, DevtoolError) and refused.value.what


def test_the_partners_command_answers_through_dev() -> None:
    outcome = _devtool("accord", "--help")
    assert outcome.returncode == 0, outcome.stderr
    assert "usage: accord" in outcome.stdout
