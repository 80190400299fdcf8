# SPDX-License-Identifier: Apache-2.0
"""Fallback of the desk where no view answers: problem+json under /api/, a page elsewhere."""

import sys

from django.http import HttpRequest, HttpResponse

from desk.web import error_pages as pages
from hub import faults, problems


def absent(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    answer = problems.absent if _is_api(request) else pages.absent
    return answer(request, exception)


def unreadable(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    answer = problems.unreadable if _is_api(request) else pages.unreadable
    return answer(request, exception)


def broken(request: HttpRequest) -> HttpResponse:
    if _is_api(request):
        return problems.broken(request)
    if problems.is_database_busy(sys.exception()):
        faults.STORAGE.note(sys.exception())
        return pages.busy(request)
    return pages.broken(request)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")
