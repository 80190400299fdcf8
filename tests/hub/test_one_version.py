# SPDX-License-Identifier: Apache-2.0
"""Hub, client, both wheels, description, health and changelog state one version, which stands in accord/version.py."""

import re
import tomllib

import pytest
from django.conf import settings
from django.test import Client

from accord.cli.arguments.parser import build_parser
from accord.version import VERSION
from devtool.environments import ROOT

HEADING = re.compile(r"([0-9]+\.[0-9]+\.[0-9]+), ([0-9]{4}-[0-9]{2}-[0-9]{2})")
PROJECTS = ("pyproject.toml", "packages/accord/pyproject.toml", "packages/substances/pyproject.toml")


@pytest.mark.django_db
def test_health_tells_which_version_answers(client: Client) -> None:
    assert client.get("/healthz").json()["version"] == VERSION


def test_the_description_and_the_command_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert settings.SPECTACULAR_SETTINGS["VERSION"] == VERSION
    with pytest.raises(SystemExit):
        build_parser().parse_args(["--version"])
    assert capsys.readouterr().out == f"accord {VERSION}\n"


@pytest.mark.parametrize("name", PROJECTS)
def test_no_project_file_has_a_version_of_its_own(name: str) -> None:
    project = tomllib.loads((ROOT / name).read_text(encoding="utf-8"))["project"]
    assert "version" not in project and "version" in project["dynamic"]
    for extra in project.get("optional-dependencies", {}).get("substances", []):
        assert extra == f"accord-substances~={VERSION}"


def test_releases_stand_in_the_changelog_with_their_day_newest_first() -> None:
    heads = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    released = [HEADING.fullmatch(head) for head in heads if head != "Unreleased"]
    assert all(released), heads
    days = [(found[2], found[1]) for found in released if found]
    assert days == sorted(days, reverse=True)
    if released and heads[0] != "Unreleased":
        assert days[0][1] == VERSION
