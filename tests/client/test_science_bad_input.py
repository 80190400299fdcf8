# SPDX-License-Identifier: Apache-2.0
"""A malformed question to the science core is refused with its remedy, and no known result is left out silently."""

import json
from pathlib import Path
from typing import Any

import pytest

from accord.cli import exits, questions
from accord.cli.exits import MEANINGS
from alerts import query_audit as asking
from alerts.document.fields import FIELDS
from alerts.document.validators import is_acceptable
from alerts.profiles.samples import comparison_member
from devtool.environments import ROOT
from substances.profiles.comparing import compare
from substances.profiles.vectors import read_signed_profile
from tests.alerts.replies.profile_samples import linked_pair
from tests.client.science_terminal import Terminal

CAFFEINE = "Cn1cnc2c1c(=O)n(C)c(=O)n2C"


@pytest.fixture
def terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(tmp_path / "home", capsys)


def written(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def test_an_empty_structure_is_not_answered_as_one_of_which_nothing_is_known(
    terminal: Terminal, tmp_path: Path
) -> None:
    empty = written(tmp_path, "empty.mol", " \n")
    for argv in (("screen", ""), ("screen", CAFFEINE, "--file", empty, "--case", "XD 12/26")):
        assert "A structure that was given is empty" in terminal.run(*argv, expect=exits.USAGE)
    assert terminal.record == []


def test_a_jurisdiction_of_which_nothing_is_known_says_so_where_it_is_asked_for(terminal: Terminal) -> None:
    told = terminal.run("screen", CAFFEINE, "--only", "nl")
    assert "NL: not known here\n  None of its lists is known here: no list gives a verdict." in told
    assert "\nUK: " in terminal.run("screen", CAFFEINE, "--only", "gb")


@pytest.mark.parametrize(
    ("argv", "remedy"),
    [
        (("--on", "2025-13-01"), "give a day like 2025-07-17"),
        (("--on", "1900-01-01"), "choose a day from 1961 to 2099"),
        (("--only", "Britain!"), "give the code of a jurisdiction"),
    ],
)
def test_an_option_that_is_wrong_names_its_remedy(
    terminal: Terminal, argv: tuple[str, str], remedy: str
) -> None:
    assert f"argument {argv[0]}: {remedy}" in terminal.run("screen", CAFFEINE, *argv, expect=exits.USAGE)
    assert "argument --limit: give a number from 1 to 50" in terminal.run(
        "similar", CAFFEINE, "--limit", "51", expect=exits.USAGE
    )


def test_each_listing_and_precursor_comes_with_its_source(terminal: Terminal) -> None:
    told = terminal.run("screen", "--name", "ephedrine", "--only", "UN")
    assert "    source: statengeneraal/laws-markdown (Dutch treaty base), BWBV0001103;" in told
    assert "1988, as of 1988-12-20\n" in told
    assert "\n  source: convention tables, from memory; confidence high\n" in told
    assert "! Known as a medicine (human): ephedrine\n  source: " in told


def test_the_record_of_a_screening_may_stand_in_an_alert_whichever_jurisdictions_were_shown(
    terminal: Terminal,
) -> None:
    def record(*argv: str) -> Any:
        (answer,) = terminal.json("screen", CAFFEINE, "--on", "2025-07-17", *argv)["answers"]
        return answer["screening"]["record"]

    assert is_acceptable(FIELDS["screening"], record())
    assert record() == record("--only", "NL")


def test_bare_pairs_are_a_mass_spectrum_where_only_that_is_searched(
    terminal: Terminal, tmp_path: Path
) -> None:
    for text in ("72.0808 100\n100.1121 41\n121.0648 12\n", "72.0808;100\n100.1121;41\n", "72.0808, 100\n"):
        (answer,) = terminal.json("match", written(tmp_path, "peaks.txt", text), "--any-mass")["answers"]
        assert answer["query"]["peaks"] == text.count("\n")
    negative = written(tmp_path, "negative.txt", "100 5\n120 -3\n")
    assert "an intensity is below zero" in terminal.run("match", negative, expect=exits.USAGE)


def test_another_spectrum_than_of_masses_is_told_before_the_question_is_recorded(
    terminal: Terminal, tmp_path: Path
) -> None:
    shifts = written(tmp_path, "shifts.txt", "1H NMR (400 MHz, CDCl3) d 7.2 (m, 5H), 1.2 (t, J = 7 Hz, 3H)\n")
    told = terminal.run("match", shifts, expect=exits.USAGE)
    assert "shifts.txt holds an NMR or IR spectrum; mass spectra alone are searched." in told
    assert terminal.record == []


def test_which_file_or_profile_is_meant_is_said(terminal: Terminal, tmp_path: Path) -> None:
    query = written(tmp_path, "query.txt", "72.0808 100\n100.1121 41\n")
    library = written(tmp_path, "ours.msp", "NAME: x\nNum Peaks: 2\n65 1\n\x00")
    assert "ours.msp: Spectrum: " in terminal.run("match", query, "--library", library, expect=exits.USAGE)
    profile = written(tmp_path, "profile.json", '{"method": "a", "version": "1", "values": [0.1, null]}')
    own = written(tmp_path, "own.json", '{"bag 7": {"method": "a", "version": "1", "values": [0, 1]}}')
    told = terminal.run("compare", profile, "--own", own, expect=exits.USAGE)
    assert "Own profile 'bag 7': Profile: a value is zero" in told


@pytest.mark.parametrize("verb", ["screen", "similar"])
def test_a_mixture_of_many_is_several_questions_in_one(terminal: Terminal, verb: str) -> None:
    """The limit is the desk's."""
    assert questions.PARTS_WITHOUT_CASE == asking.PARTS_WITHOUT_CASE
    mixture = ".".join(["CCO", "CCC", "CCN", "CCCl", "CCF"])
    assert "components is asked about for a case only" in terminal.run(verb, mixture, expect=exits.USAGE)
    assert terminal.json(verb, mixture, "--case", "XD 12/26")["answers"]


def test_what_is_stated_of_a_comparison_is_what_the_desk_would_state(
    terminal: Terminal, tmp_path: Path
) -> None:
    first, second = linked_pair()
    query = written(tmp_path, "profile.json", json.dumps(first))
    own = written(
        tmp_path, "own.json", json.dumps({"alike": second, "short": second | {"values": ["0.1", None]}})
    )
    answers = terminal.json("compare", query, "--own", own)["answers"]
    asked = read_signed_profile(first)
    for answer, given in zip(answers, (second, second | {"values": ["0.1", None]}), strict=True):
        expected = comparison_member(compare(asked, read_signed_profile(given)), asked)
        assert answer["stated"] == expected
        assert is_acceptable(FIELDS["comparison"], answer["stated"])
    assert [answer["stated"]["verdict"] for answer in answers] == ["linked", "not_comparable"]


def test_the_guide_tells_every_exit_code() -> None:
    """The last lines of docs/api.md list them."""
    told = (ROOT / "docs" / "api.md").read_text(encoding="utf-8").partition("Exit codes of `accord`:")[2]
    words = told.replace(",", " ").split()
    assert [int(word) for word in words if word.isdecimal()] == list(MEANINGS)
