# SPDX-License-Identifier: Apache-2.0
"""A test that is answered with a problem which the description does not list there fails."""

import json

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import resolve

from callers.problems import PROBLEM_TYPE, TYPE_PREFIX
from tests.described_problems import check_described


def answered(slug: str, status: int) -> None:
    address = "/api/v1/cases"
    request = RequestFactory().get(address)
    request.resolver_match = resolve(address)
    body = json.dumps({"type": TYPE_PREFIX + slug})
    check_described(request, HttpResponse(body, PROBLEM_TYPE, status))


def test_what_is_listed_passes_and_what_is_not_fails() -> None:
    answered("cursor-refused", 422)
    with pytest.raises(AssertionError, match="last-admin"):
        answered("last-admin", 422)
    with pytest.raises(AssertionError, match="410 urn:accord:problem:cursor-refused"):
        answered("cursor-refused", 410)
