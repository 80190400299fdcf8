# SPDX-License-Identifier: Apache-2.0
"""Middleware for request ids, conditional reads, sizes, and the officer's time zone and language."""

import re
import uuid
import zoneinfo
from collections.abc import Callable
from typing import cast

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.request import QueryDict
from django.urls import get_resolver
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response

from accord.envelope.encoding import b64u, sha256
from callers.limits import LARGEST_REQUEST_BYTES as LARGEST_REQUEST_BYTES  # noqa: PLC0414
from hub.deprecations import announce

Answer = Callable[[HttpRequest], HttpResponse]

LARGEST_FROM_STRANGERS_BYTES = 1024 * 1024
LARGEST_QUESTION_BYTES = 5 * 1024 * 1024
"""Limit of a file for the science core, and the form around it."""
TAKE_FILES = ("/drafts/", "/science/", "/keys/history/", "/desk/agencies/move-in/")
"""Addresses below which officers upload large files: of alerts, of structures and spectra that they ask about, of agencies that move."""
ASK_SCIENCE = (
    "/science/",
    "/api/v1/science/",
    "/api/v1/substances/",
    "/api/v1/spectra/",
    "/api/v1/profiles/",
)

REQUEST_ID_HEADER = "X-Request-Id"
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
_API = "/api/v1/"


class RequestIdMiddleware:
    """Give each request an id: the caller's own if it is a plain word of 8 to 64 characters, else a new one.

    The id is in the answer's header and in every log line, the caller's own in problems, too. It names a request, never
    a caller: nothing is looked up by it.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(REQUEST_ID_HEADER, "")
        named = given if _REQUEST_ID.fullmatch(given) else None
        request.named_by_caller = named  # type: ignore[attr-defined]
        request_id = named or uuid.uuid4().hex
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
        response[REQUEST_ID_HEADER] = request_id
        if "Cache-Control" not in response:
            response["Cache-Control"] = "no-store"
        return response


class PlainAddressMiddleware:
    """Refuse an address with a NUL, and a parameter of the API that is given twice and so is ambiguous."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        if "\0" in request.path or "%00" in query:
            return _error_answer(404, request)
        if request.path.startswith(_API) and _says_twice(request.GET):
            return _error_answer(400, request, ValueError("a parameter came twice"))
        return self.get_response(request)


def _says_twice(query: QueryDict) -> bool:
    return any(len(values) > 1 for _, values in query.lists())


class ApiReadsMiddleware:
    """Give every read of the API an ETag and answer 304 to it; add the headers of a deprecated address.

    The tag is that of the octets, unless the view has set one. `no-store` is kept: a partner's system stores tag and
    answer on purpose, a browser's cache never does.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path.startswith(_API):
            return response
        announce(request, response)
        if request.method not in ("GET", "HEAD") or response.status_code != 200 or _keeps_no_tag(response):
            return response
        etag = response.get("ETag") or f'"{b64u(sha256(response.content))}"'
        response["ETag"] = etag
        conditional = get_conditional_response(request, etag=etag, response=response)
        return conditional if conditional is not None else response


def _keeps_no_tag(response: HttpResponse) -> bool:
    """Tell whether the answer gets no tag: a view forbids storing an answer that differs each time, and a stream has its
    own tag or none.
    """
    untagged = response.streaming and "ETag" not in response
    return untagged or "no-store" in response.get("Cache-Control", "")


class RequestSizeMiddleware:
    """Refuse a body by its announced length, before anything reads it.

    Pages read a form before they know whether its sender may send it; therefore a large one is read only for officers
    in session, and only where pages take files. REST views authenticate first.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        announced = request.META.get("CONTENT_LENGTH") or "0"
        length = int(announced) if announced.isdecimal() else 0
        if length > _largest(request) or (length > LARGEST_FROM_STRANGERS_BYTES and _is_closed(request)):
            return _error_answer(400, request, RequestDataTooBig("announced length"))
        return self.get_response(request)


def _largest(request: HttpRequest) -> int:
    """Return the most octets that this address accepts from anybody."""
    return LARGEST_QUESTION_BYTES if request.path.startswith(ASK_SCIENCE) else LARGEST_REQUEST_BYTES


def _is_closed(request: HttpRequest) -> bool:
    """Tell whether this address refuses a large body from this sender."""
    if request.path.startswith("/api/"):
        return False
    officer = getattr(request, "user", None)
    return not (request.path.startswith(TAKE_FILES) and officer is not None and officer.is_authenticated)


def _error_answer(status: int, request: HttpRequest, error: Exception | None = None) -> HttpResponse:
    """Return this role's answer where no view answers."""
    handler = cast("Callable[..., HttpResponse]", get_resolver().resolve_error_handler(status))
    return handler(request, exception=error)


class OfficerTimeZoneMiddleware:
    """Activate the signed-in officer's time zone during one request."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zone = getattr(request.user, "effective_timezone", "UTC")
        with timezone.override(zoneinfo.ZoneInfo(zone)):
            return self.get_response(request)


class OfficerLanguageMiddleware:
    """Activate the signed-in officer's language during one request; without one the browser's choice stays."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = getattr(request.user, "effective_language", "")
        if language not in dict(settings.LANGUAGES):
            return self.get_response(request)
        with translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response
