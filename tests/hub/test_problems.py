# SPDX-License-Identifier: Apache-2.0
"""Each error has one row in the table of errors; what is not in it is answered without detail."""

import importlib
import inspect
from pathlib import Path

import pytest
from rest_framework.exceptions import Throttled, ValidationError

from accord.envelope.errors import BackendError
from alerts.errors import ExchangeRefusedError
from callers.errors import AbsentError, InputError, NotPermittedError
from callers.problems import PROBLEM_TYPE, Problem
from hub.problems import PROBLEMS, ROWS, answer_problem, problem_for

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    "agencies", "alerts", "callers", "casework", "desk", "hub", "ledger", "notices", "officers", "operators", "peers", "reciprocity", "science", "sharing",
    "substances", "vault",
)  # fmt: skip
BASES = {
    "AgenciesError", "AlertsError", "CallerError", "HubError", "LedgerError", "LoginError", "OfficersError", "SharingError",
    "SubstanceError",
}  # fmt: skip
CAUGHT = {
    "LastOperatorError": "the form of the page says it; operators have no API",
    "ProofRefusedError": "people sign in on pages only",
    "SignInClosedError": "people sign in on pages only",
    "UnknownSchemaError": "an alert of a newer schema is shown as text",
}
"""Errors that never leave their room, each with the reason."""
CAUGHT_FAMILIES = {"LedgerError", "SubstanceError"}
"""Families of commands and processes; whoever calls the room catches them."""


def _modules() -> list[str]:
    found = [path.relative_to(ROOT) for room in ROOMS for path in (ROOT / room).rglob("errors.py")]
    return ["accord.envelope.errors", *(".".join(path.with_suffix("").parts) for path in sorted(found))]


def _errors() -> list[type[Exception]]:
    return [
        kind
        for name in _modules()
        for _, kind in inspect.getmembers(importlib.import_module(name), inspect.isclass)
        if issubclass(kind, Exception) and kind.__module__ == name
    ]


@pytest.mark.parametrize("kind", _errors(), ids=lambda kind: kind.__name__)
def test_every_error_of_a_room_has_a_row_or_stands_under_one(kind: type[Exception]) -> None:
    names = {base.__name__ for base in kind.__mro__}
    is_answered = any(base in PROBLEMS for base in kind.__mro__)
    is_caught = kind.__name__ in BASES | CAUGHT.keys() or bool(names & CAUGHT_FAMILIES)
    assert is_answered != is_caught


def test_a_type_of_problem_has_one_row() -> None:
    assert {row.slug: row for row in PROBLEMS.values()}.items() <= ROWS.items()
    assert all(row is ROWS[row.slug] for row in PROBLEMS.values())


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: row.slug)
def test_every_row_is_a_client_or_server_error_with_a_sentence_and_a_remedy(row: Problem) -> None:
    assert 400 <= row.status < 600
    assert row.sentence.endswith(".") and row.for_systems.endswith(".")
    assert row.remedy == "" or row.remedy.endswith(".")


def test_an_error_answers_its_row_and_its_public_members() -> None:
    response = answer_problem(InputError("title", "Title: use 5 to 120 characters on one line."), {})
    assert response is not None
    assert response.content_type == PROBLEM_TYPE
    assert response.data == {
        "type": "urn:accord:problem:input-refused",
        "title": "A field was not accepted.",
        "status": 422,
        "field": "title",
        "problem": "Title: use 5 to 120 characters on one line.",
    }


def test_absent_says_no_more_than_absent() -> None:
    response = answer_problem(AbsentError(), {})
    assert response is not None
    assert set(response.data) == {"type", "title", "status"}


def test_an_unknown_error_is_not_answered_here() -> None:
    assert answer_problem(RuntimeError("secret detail"), {}) is None


def test_the_most_specific_row_wins() -> None:
    assert problem_for(NotPermittedError("alert:release")) is PROBLEMS[NotPermittedError]
    assert problem_for(ValidationError()) is PROBLEMS[ValidationError]
    assert problem_for(BackendError()) is ROWS["checks-away"]


@pytest.mark.parametrize(
    ("error", "seconds"),
    [(ExchangeRefusedError("Call them."), "10"), (Throttled(wait=7), "7"), (AbsentError(), None)],
)
def test_the_time_to_come_back_is_the_errors_own_or_its_rows(error: Exception, seconds: str | None) -> None:
    response = answer_problem(error, {})
    assert response is not None and response.get("Retry-After") == seconds
