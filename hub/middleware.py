# SPDX-License-Identifier: Apache-2.0
"""A request id in every answer and log line; times shown in the officer's own zone."""

import uuid
import zoneinfo
from collections.abc import Callable
from typing import cast

import structlog
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.urls import get_resolver
from django.utils import timezone

Answer = Callable[[HttpRequest], HttpResponse]

LARGEST_REQUEST_BYTES = (256 + 4) * 1024 * 1024
"""All blobs of an envelope, and the rest of it."""
LARGEST_FROM_STRANGERS_BYTES = 1024 * 1024


class RequestIdMiddleware:
    """Gives each request an id of ours; a caller's own header is never trusted as one."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = uuid.uuid4().hex
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
        response["X-Request-Id"] = request_id
        if "Cache-Control" not in response:
            response["Cache-Control"] = "no-store"
        return response


class PlainAddressMiddleware:
    """An address with a NUL names nothing here, and the database would not take it."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return _error_answer(404, request)
        return self.get_response(request)


class RequestSizeMiddleware:
    """Refuses a body by its announced length, before anything reads it.

    Pages read a form before they know whether its sender may send it; so a large one is read for officers in
    session only, and only where drafts take files. REST views authenticate first.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        announced = request.META.get("CONTENT_LENGTH") or "0"
        length = int(announced) if announced.isdecimal() else 0
        if length > LARGEST_REQUEST_BYTES or (length > LARGEST_FROM_STRANGERS_BYTES and _is_closed(request)):
            return _error_answer(400, request, RequestDataTooBig("announced length"))
        return self.get_response(request)


def _is_closed(request: HttpRequest) -> bool:
    """Whether this address takes no large body from this sender."""
    if request.path.startswith("/api/"):
        return False
    return not (request.path.startswith("/drafts/") and request.user.is_authenticated)


def _error_answer(status: int, request: HttpRequest, error: Exception | None = None) -> HttpResponse:
    """What this role answers where no view does."""
    handler = cast("Callable[..., HttpResponse]", get_resolver().resolve_error_handler(status))
    return handler(request, exception=error)


class OfficerTimeZoneMiddleware:
    """Activates the signed-in officer's time zone for the length of one request."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zone = getattr(request.user, "effective_timezone", "UTC")
        with timezone.override(zoneinfo.ZoneInfo(zone)):
            return self.get_response(request)
