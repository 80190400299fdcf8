# SPDX-License-Identifier: Apache-2.0
"""Questions before sending, about what may be right and is seldom meant: the command asks them, by the rules of a desk's forms."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from accord.cli import exits
from accord.cli.main import main
from accord.cli.unusual import CODES, NOT_CARRIED, questions_on
from accord.document.unusual import UNUSUAL
from alerts.document.check import check_document
from alerts.document.circumstances import Circumstances
from alerts.document.questions import QUESTION_CODES
from sharing.models import Envelope
from tests.client.conftest import DOCUMENT
from tests.client.terminals import Terminal

TODAY = date(2027, 1, 15)
NOW = int(datetime(2027, 1, 15, 8, tzinfo=UTC).timestamp())
EVIDENCE = {
    "technique": "ms",
    "method": None,
    "reference": "certified",
    "conclusion": "identified",
    "file": None,
    "note": None,
}
NAMED = {"preferred_name": "metodesnitazene", "identity_state": "confirmed"}
TRIGGERS: dict[str, dict[str, Any]] = {
    "confirmed-without-reference": NAMED
    | {
        "evidence": [
            EVIDENCE | {"reference": "none"},
            EVIDENCE | {"technique": "nmr", "method": "1H NMR", "reference": "none"},
        ]
    },
    "isomers-not-named": {"identity_state": "isomer_group"},
    "event-long-ago": {"event_date": "2016-01-14"},
    "very-many-cases": {"cases_non_fatal": 10_001, "harm_evidence": "suspected"},
    "unit-unusual-for-form": {"physical_form": "powder", "quantity": "5", "unit": "mL"},
    "answer-far-ahead": {"due_at": "2027-04-16T12:00Z"},
    "passed-with-warning-signs": {"kyc_result": "pass", "red_flags": ["unusual_payment"]},
    "cases-without-harm": {"cases_fatal": 1},
    "flash-without-harm": {"pri": "flash"},
    "amount-over-10-t": {"quantity": "11000", "unit": "kg"},
}
"""For each question members that raise it; `pri` and `due_at` are said around the document."""


def asked_of(changes: dict[str, Any]) -> list[str]:
    """Return the codes that the command asks about."""
    document = {name: value for name, value in (DOCUMENT | changes).items() if name not in ("pri", "due_at")}
    due = changes.get("due_at")
    reply_by = None if due is None else int(datetime.fromisoformat(due).timestamp())
    found = questions_on(document, pri=changes.get("pri", "routine"), reply_by=reply_by, now=NOW)
    return [one.code for one in found if one.code != NOT_CARRIED]


@pytest.mark.parametrize(("code", "changes"), TRIGGERS.items(), ids=TRIGGERS)
def test_the_command_asks_what_a_desk_asks(code: str, changes: dict[str, Any]) -> None:
    assert asked_of(changes) == [code]
    draft = DOCUMENT | {"pri": "routine", "alert_type": "new_substance"} | changes
    questions = check_document(draft, known=Circumstances(today=TODAY)).questions
    assert code in [one.code for one in questions]


def test_nothing_is_asked_about_a_usual_alert() -> None:
    assert asked_of({}) == []


def test_every_shared_question_is_tried_and_is_a_desks() -> None:
    assert set(TRIGGERS) == set(UNUSUAL) <= QUESTION_CODES
    assert set(CODES) == {*UNUSUAL, NOT_CARRIED}


@pytest.fixture
def flash(tmp_path: Path) -> list[str]:
    """The words of a flash alert without known harm or case, on the science lane."""
    file = tmp_path / "alert.json"
    file.write_text(json.dumps(DOCUMENT, indent=1))
    marking = ["--to", "xb-bravo", "--purpose", "prevent", "--tlp", "GREEN", "--pri", "flash"]
    return [str(file), *marking]


def test_without_a_word_on_what_is_unusual_nothing_is_sent(
    terminals: tuple[Terminal, Terminal], flash: list[str], tmp_path: Path
) -> None:
    alpha, _ = terminals
    send = ["submit", *flash, "--lane", "science", "--yes"]
    alpha.run(*send, expect=exits.USAGE)
    assert "/pri: flash is danger to life" in alpha.err and "say --despite flash-without-harm." in alpha.err
    sealed = str(tmp_path / "sealed")
    alpha.run("seal", *flash, "--lane", "science", "--out", sealed, expect=exits.USAGE)
    assert not Path(sealed).exists() and not Envelope.objects.exists()

    alpha.run(*send, "--despite", "flash-without-harm")
    assert "/pri: flash is danger to life" in alpha.err, "it is named all the same"
    assert Envelope.objects.count() == 1


def test_a_program_reads_what_is_unusual(terminals: tuple[Terminal, Terminal], flash: list[str]) -> None:
    alpha, _ = terminals
    alpha.run("submit", *flash, "--lane", "science", "--yes", "--json", expect=exits.USAGE)
    warned, refused = map(json.loads, alpha.err.splitlines())
    assert (warned["warning"], warned["code"], warned["pointer"]) == ("unusual", "flash-without-harm", "/pri")
    assert refused["exit"] == exits.USAGE


def test_where_life_is_in_danger_it_is_named_and_holds_nothing_up(
    terminals: tuple[Terminal, Terminal], flash: list[str], world: Any
) -> None:
    alpha, _ = terminals
    world.hub.make_agreement("G2", "xa-alpha", "xb-bravo", lanes=["public_health"])
    alpha.run("submit", *flash, "--lane", "public_health", "--yes")
    assert "(flash-without-harm)" in alpha.err
    assert Envelope.objects.count() == 1


def checked(folder: Path, capsys: pytest.CaptureFixture[str], document: dict[str, Any], *more: str) -> str:
    file = folder / "alert.json"
    file.write_text(json.dumps(document, indent=1))
    assert main(["check", str(file), *more], {}) == exits.OK
    return capsys.readouterr().out


def test_check_names_what_will_be_asked_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    far = (datetime.now(UTC) + timedelta(days=200)).isoformat()
    order = {"reply_by": far, "alert": DOCUMENT | {"cases_fatal": 2}}
    assert checked(tmp_path, capsys, order).splitlines()[1:] == [
        "? line 2, /reply_by: it is over 90 days ahead; check the date. (answer-far-ahead)",
        "? line 7, /alert/harm_evidence: there are cases; write suspected or more. (cases-without-harm)",
    ]
    codes = [one["code"] for one in json.loads(checked(tmp_path, capsys, order, "--json"))["questions"]]
    assert codes == ["answer-far-ahead", "cases-without-harm"]


def test_confirmed_by_one_technique_alone_is_asked_about_where_the_science_core_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = checked(tmp_path, capsys, DOCUMENT | NAMED | {"evidence": [EVIDENCE]})
    assert "(confirmed-not-carried)" in said and "The minimum scheme" in said
    nmr = EVIDENCE | {"technique": "nmr", "method": "1H NMR"}
    assert "?" not in checked(tmp_path, capsys, DOCUMENT | NAMED | {"evidence": [EVIDENCE, nmr]})
    of_a_trader = DOCUMENT | NAMED | {"alert_type": "suspicious_order", "reference": "certified"}
    assert "?" not in checked(tmp_path, capsys, of_a_trader), "its form asks for no evidence"
