# SPDX-License-Identifier: Apache-2.0
"""The client understands every command that the guides tell people to type."""

import itertools
import re
import shlex

import pytest

from accord.cli.arguments.parser import build_parser
from devtool.environments import ROOT

GUIDES = ("docs/accord.md", "docs/api.md", "packages/accord/README.md", "packages/substances/README.md")
TYPED = re.compile(r"^(?:    |)accord ([a-z].*)$", re.MULTILINE)
MENTIONED = re.compile(r"`accord ([a-z][^`]*)`")


def found(pattern: re.Pattern[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Find guide and words of each command, without those with a placeholder as their verb."""
    texts = [(guide, (ROOT / guide).read_text(encoding="utf-8")) for guide in GUIDES]
    commands = {(guide, line.strip()) for guide, text in texts for line in pattern.findall(text)}
    split = [(guide, tuple(shlex.split(line, comments=True))) for guide, line in sorted(commands)]
    return [(guide, words) for guide, words in split if not {"VERB", "WHAT"} & set(words)]


def named(value: str | tuple[str, ...]) -> str:
    """Write a guide's name or a command as people read it."""
    return value if isinstance(value, str) else " ".join(value)


@pytest.mark.parametrize(("guide", "words"), found(TYPED), ids=named)
def test_a_typed_command_is_understood(guide: str, words: tuple[str, ...]) -> None:
    assert build_parser().parse_args(words).verb == words[0]


@pytest.mark.parametrize(("guide", "words"), found(MENTIONED), ids=named)
def test_a_mentioned_command_exists_with_its_options(
    guide: str, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    path = [word for word in itertools.takewhile(str.islower, words) if not word.startswith("-")]
    verb = path[: 2 if path[0] == "keys" else 1]
    with pytest.raises(SystemExit) as left:
        build_parser().parse_args([*verb, "--help"])
    assert left.value.code == 0
    told = capsys.readouterr().out
    assert f"usage: accord {' '.join(verb)} " in told
    assert all(word in told for word in words if word.startswith("--"))
