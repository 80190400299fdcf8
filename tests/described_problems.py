# SPDX-License-Identifier: Apache-2.0
"""Whatever problem a test is answered by the API in its own process must be one that the description lists there."""

import json
import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from callers.problems import PROBLEM_TYPE
from hub.generator import KeptDescription

_PLACEHOLDER: Final = re.compile(r"<(?:\w+:)?(\w+)>")


@contextmanager
def problems_are_described() -> Generator[None]:
    """Fail a test whose request is answered with a problem that the operation does not list."""
    answer = BaseHandler.get_response

    def checked(handler: BaseHandler, request: HttpRequest) -> Any:
        response = answer(handler, request)
        check_described(request, response)
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseHandler, "get_response", checked)
        yield


def check_described(request: HttpRequest, response: HttpResponseBase) -> None:
    """Raise AssertionError for a problem that is not among those of its operation and status."""
    match = request.resolver_match
    if match is None or not response.headers.get("Content-Type", "").startswith(PROBLEM_TYPE):
        return
    operation = operation_at(
        getattr(request, "urlconf", settings.ROOT_URLCONF), str(match.route), str(request.method)
    )
    if operation is None:
        return
    told = json.loads(getattr(response, "content", b"{}"))["type"]
    listed = operation["responses"].get(str(response.status_code), {}).get("x-problem-types", [])
    assert told in listed, (
        f"{request.method} {match.route} answered {response.status_code} {told}, and lists {listed}"
    )


def operation_at(urlconf: str, route: str, method: str) -> dict[str, Any] | None:
    """Return the description of an operation, or None where there is none."""
    generator: Any = KeptDescription
    described = generator(urlconf=urlconf).get_schema(public=True)["paths"]
    address = "/" + _PLACEHOLDER.sub(r"{\1}", route)
    found: dict[str, Any] | None = described.get(address, {}).get(method.lower())
    return found
