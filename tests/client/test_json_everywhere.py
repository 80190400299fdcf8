# SPDX-License-Identifier: Apache-2.0
"""--json on every verb: one document or lines of them on standard output, errors as JSON on standard error."""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from accord.cli import exits
from accord.cli.arguments.parser import build_parser
from accord.cli.main import main
from accord.cli.verbs import VERBS
from accord.cli.workplace import Workplace
from tests.client.conftest import DOCUMENT, PartnerWorld
from tests.client.terminals import Terminal

WITHOUT_A_HOME = {"completion"}
"""Verbs that need neither keys nor a hub."""


def leaves(
    parser: argparse.ArgumentParser, words: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every verb that can be run, with the words that name it."""
    below = [item for item in parser._actions if isinstance(item, argparse._SubParsersAction)]
    if not below or not below[0].required:
        yield words, parser
    for item in below:
        for name, verb in item.choices.items():
            yield from leaves(verb, (*words, name))


def filled(parser: argparse.ArgumentParser) -> list[str]:
    """The fewest arguments that this verb demands: the first of a closed choice, otherwise `1`."""
    argv: list[str] = []
    for item in parser._actions:
        value = str(next(iter(item.choices))) if item.choices else "1"
        if item.option_strings and item.required:
            argv += [item.option_strings[-1], value]
        elif not item.option_strings and item.nargs in (None, "+") and not hasattr(item, "_name_parser_map"):
            argv.append(value)
    return argv


LEAVES = [pytest.param(words, verb, id=" ".join(words)) for words, verb in leaves(build_parser()) if words]


@pytest.fixture
def nowhere(tmp_path: Path) -> dict[str, str]:
    """The environment of a home whose folder cannot be made, so that every verb fails at its start."""
    (tmp_path / "file").write_text("")
    secret = tmp_path / "secret"
    secret.write_text("correct horse battery staple")
    secret.chmod(0o600)
    return {"ACCORD_HOME": str(tmp_path / "file" / "home"), "ACCORD_PASSPHRASE_FILE": str(secret)}


def test_every_verb_is_reached() -> None:
    assert {words[0] for words, _ in leaves(build_parser()) if words} == set(VERBS)


@pytest.mark.parametrize(("words", "verb"), LEAVES)
def test_an_error_and_a_wrong_command_line_are_one_json_document(
    nowhere: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    verb: argparse.ArgumentParser,
) -> None:
    assert main([*words, "--no-such-option", "--json"], nowhere) == exits.USAGE
    out, err = capsys.readouterr()
    said = json.loads(err)
    assert (out, said["exit"], said["error"]) == ("", exits.USAGE, "CommandLineError")

    code = main([*words, *filled(verb), "--json"], nowhere)
    out, err = capsys.readouterr()
    if words[0] in WITHOUT_A_HOME:
        assert (code, err) == (exits.OK, "")
        json.loads(out)
        return
    assert code != exits.OK
    assert out == ""
    said = json.loads(err)
    assert said["exit"] == code
    assert said["message"]


def test_no_verb_at_all_is_one_json_document(capsys: pytest.CaptureFixture[str]) -> None:
    for argv in (["--json"], ["--json", "fly"]):
        assert main(argv, {}) == exits.USAGE
        assert json.loads(capsys.readouterr().err)["exit"] == exits.USAGE


def test_every_verb_of_the_daily_work_answers_in_json(
    world: PartnerWorld, terminals: tuple[Terminal, Terminal], tmp_path: Path
) -> None:
    alpha, bravo = terminals
    document = tmp_path / "alert.json"
    document.write_text(json.dumps(DOCUMENT))
    marking = ["--to", "xb-bravo", "--lane", "science", "--purpose", "prevent", "--tlp", "GREEN"]
    sealed, saved = str(tmp_path / "sealed"), str(tmp_path / "saved")

    assert set(alpha.json("pin")) == {"xa-alpha", "xb-bravo"}
    assert alpha.json("submit", str(document), *marking, "--plan")["will"] == ["xb-bravo"]
    sent = alpha.json("submit", str(document), *marking, "--yes")
    assert alpha.json("seal", str(document), *marking, "--out", sealed)["folder"] == sealed
    later = alpha.json("submit", "--sealed", sealed, "--yes")
    resent = [item["md"] for item in alpha.json("submit", "--resend")]
    assert sorted(resent) == sorted([sent["md"], later["md"]])
    world.sequence()
    assert len(bravo.json("inbox")["items"]) == 2
    assert bravo.json("open", sent["md"], "--save", saved)["alert"] == DOCUMENT
    assert bravo.json("open", "--slice", saved)["alert"] == DOCUMENT
    assert bravo.json("verify", saved)["failure"] is None
    assert len(bravo.run("watch", "--once", "--json").splitlines()) == 2
    assert bravo.json("acknowledge", sent["md"], "--as", "officer-7")["k"] == "ack"
    assert alpha.json("retract", sent["md"], "--code", "error", "--yes")["k"] == "retract"
    world.sequence()
    assert bravo.json("inbox")["items"][-1]["statement"]["k"] == "retract"
    assert bravo.json("confirm", sent["md"])["k"] == "confirm"
    assert {item["d"] for item in alpha.json("submissions")} >= {sent["md"], later["md"]}
    assert alpha.json("status", sent["md"])["d"] == sent["md"]
    assert alpha.json("submissions", "--check")["alarm"] is False
    assert set(alpha.json("overdue")) == {"we_owe", "they_owe", "doubts", "unknown"}
    assert set(alpha.json("completion", "fish")) == {"shell", "script"}


def test_usage_is_shown_to_people(capsys: pytest.CaptureFixture[str], nowhere: dict[str, str]) -> None:
    assert main(["submit", "a.json", "--tlp", "PURPLE"], nowhere) == exits.USAGE
    err = capsys.readouterr().err
    assert err.startswith("usage: accord submit")
    assert "accord: argument --tlp: invalid choice" in err


def clock_off(secs: int) -> Callable[[], int]:
    return lambda: int(time.time()) + secs


def warned_of(terminal: Terminal, clock: Callable[[], int], *argv: str) -> Any:
    """Run a verb on a machine with this clock; return its warning."""
    options = build_parser().parse_args([*argv, "--json"])
    home = terminal.world.home(terminal.agency)
    place = Workplace(options, terminal.environment, home, clock(), clock)
    VERBS[options.verb](place)
    place.warn_of_clock()
    return json.loads(terminal.capsys.readouterr().err)


def test_a_clock_an_hour_off_is_said_by_every_verb_that_asks_the_hub_and_a_good_one_is_not(
    world: PartnerWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    """Reading goes on as the profile says; a person is told to set the clock."""
    sent = world.deliver("xa-alpha", "xb-bravo")
    bravo = Terminal(world, "xb-bravo", capsys)
    asked = (("inbox",), ("open", sent.md), ("watch", "--once", "--open"), ("submissions",))
    for off_by, way in ((3630, "ahead of"), (-3630, "behind")):
        for argv in asked:
            warned = warned_of(bravo, clock_off(off_by), *argv)
            assert warned["warning"] == "clock"
            assert warned["ahead_secs"] == pytest.approx(off_by, abs=120)
            assert f"minutes {way} the hub's. Set it right" in warned["message"]
    bravo.run("inbox")
    assert bravo.err == ""
