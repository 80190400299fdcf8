# SPDX-License-Identifier: Apache-2.0
"""Typed errors become problem+json by one table; an error that is not in it is answered without detail."""

import importlib
import inspect

import pytest
from rest_framework.exceptions import ValidationError

from callers.errors import AbsentError, InputError, NotPermittedError
from hub.problems import CONTENT_TYPE, PROBLEMS, answer_problem, problem_for

INTERNAL = {"ProofRefusedError", "SignInClosedError", "UnknownSchemaError"}
"""Errors that the desk catches: it shows an alert of a newer schema as such, and people sign in on pages only."""

ERROR_MODULES = (
    "accord.envelope.errors",
    *(
        f"{app}.errors"
        for app in ("agencies", "alerts", "callers", "officers", "officers.login", "sharing", "vault")
    ),
)


def _errors() -> list[type[Exception]]:
    return [
        kind
        for name in ERROR_MODULES
        for _, kind in inspect.getmembers(importlib.import_module(name), inspect.isclass)
        if issubclass(kind, Exception) and kind.__module__ == name
    ]


@pytest.mark.parametrize("kind", _errors(), ids=lambda kind: kind.__name__)
def test_every_error_of_an_app_has_a_row_or_stands_under_one(kind: type[Exception]) -> None:
    bases = {
        "AgenciesError",
        "AlertsError",
        "CallerError",
        "LoginError",
        "OfficersError",
        "SharingError",
        "VaultError",
        *INTERNAL,
    }
    assert kind.__name__ in bases or any(base in PROBLEMS for base in kind.__mro__)


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=lambda problem: problem.slug)
def test_every_row_is_a_client_or_server_error_with_a_sentence(problem: object) -> None:
    assert 400 <= problem.status < 600  # type: ignore[attr-defined]
    assert problem.title.endswith(".")  # type: ignore[attr-defined]


def test_an_error_answers_its_row_and_its_public_members() -> None:
    response = answer_problem(InputError("title", "Title: use 5 to 120 characters on one line."), {})
    assert response is not None
    assert response.content_type == CONTENT_TYPE
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
