# SPDX-License-Identifier: Apache-2.0
"""Answers by the table of errors (`callers.problems`), gathered here for the halves that this process has."""

import json
import sys
from typing import Any

from django.apps import apps
from django.http import HttpRequest, HttpResponse
from rest_framework import exceptions as drf
from rest_framework.response import Response
from rest_framework.views import set_rollback

from callers import problems as shared
from callers.problems import BROKEN, DATABASE_BUSY, PROBLEM_TYPE, Problem, row_of
from hub import errors, faults, own_clock

# fmt: off
PROBLEMS: dict[type[BaseException], Problem] = {
    **shared.PROBLEMS,
    errors.CompressedOnlyError: Problem(
        406, "compressed-only", "This is sent compressed only.",
        "Send Accept-Encoding: gzip, as `curl --compressed` does.",
    ),
    errors.OwnClockError: Problem(
        503, "clock", "The hub's own clock is in doubt; nothing was judged by it.",
        "Send it again after Retry-After, byte for byte; compare your own clock, and tell the operator if it stays.",
        retry_secs=60,
    ),
    errors.SpoolFullError: shared.BUSY,
}
# fmt: on

# No process has modules of both halves.
if apps.is_installed("sharing"):
    from sharing.problems import PROBLEMS as OF_EXCHANGE

    PROBLEMS |= OF_EXCHANGE

if apps.is_installed("alerts"):
    from alerts.problems import PROBLEMS as OF_DESK

    PROBLEMS |= OF_DESK

ROWS = {row.slug: row for row in (*PROBLEMS.values(), BROKEN)}
"""Every row of this process by its slug."""


def problem_for(error: BaseException) -> Problem | None:
    """Return the row for an error's most specific class, or None."""
    return row_of(error, PROBLEMS)


def answer_problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an error as DRF's exception handler; None lets an unknown error become a 500 without detail."""
    if own_clock.is_own_fault(error):
        error = errors.OwnClockError()
    problem = problem_for(error)
    if problem is None:
        return None
    set_rollback()
    faults.STORAGE.note(error)
    body = _body(problem, context.get("request"))
    body |= {
        name: value for name in problem.members if (value := getattr(error, name, None)) not in (None, "")
    }
    if isinstance(error, drf.ValidationError):
        body["errors"] = error.get_full_details()
    response = Response(body, status=problem.status, content_type=PROBLEM_TYPE)
    if scheme := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = scheme
    _tell_when(response, problem, error)
    return response


def _body(problem: Problem, request: object) -> dict[str, Any]:
    """Return the members of every problem; `instance` is the request's id, where the caller has named it.

    Our own id is only in the header: refusals that must tell nothing are the same octets.
    """
    named = getattr(request, "named_by_caller", None)
    instance = {"instance": f"urn:accord:request:{named}"} if named else {}
    return {**problem.as_json(), **instance}


def _tell_when(response: HttpResponse, problem: Problem, error: BaseException | None) -> None:
    """Set `Retry-After` where the error or its row says when to try again."""
    wait = getattr(error, "retry_after", None) or getattr(error, "wait", None) or problem.retry_secs
    if wait:
        response["Retry-After"] = str(int(wait))


def _plain(request: HttpRequest, problem: Problem, error: BaseException | None = None) -> HttpResponse:
    answer = HttpResponse(
        json.dumps(_body(problem, request)), status=problem.status, content_type=PROBLEM_TYPE
    )
    _tell_when(answer, problem, error)
    return answer


def answer_plainly(request: HttpRequest, error: BaseException) -> HttpResponse:
    """Answer an error of the table where no REST view does; raise it again if it is not there."""
    problem = problem_for(error)
    if problem is None:
        raise error
    return _plain(request, problem, error)


def absent(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _plain(request, shared.ABSENT)


def unreadable(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400 to a request that could not be read, 413 to one that is too large."""
    return _plain(request, shared.unreadable_row(exception))


def is_database_busy(error: BaseException | None) -> bool:
    return error is not None and problem_for(error) is DATABASE_BUSY


def broken(request: HttpRequest) -> HttpResponse:
    """Answer 500 without any detail; 503 with `Retry-After` where the database did not answer."""
    error = sys.exception()
    if isinstance(error, Exception) and is_database_busy(error):
        faults.STORAGE.note(error)
        return _plain(request, DATABASE_BUSY)
    return _plain(request, BROKEN)
