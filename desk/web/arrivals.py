# SPDX-License-Identifier: Apache-2.0
"""Address that open pages poll every few seconds: only an ETag, 304 while nothing is new.

- Polling is no sign of a person: it notes no visit and extends no session (`officers.login.middleware`).
- While the stamp of the agency stays, 304 is answered from memory, before session and officer are read: the same cookie has heard
  the same within ten minutes. Whatever changes is told by a full answer alone, so that of an ended session nobody learns anything.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified

from alerts.boxes.arrivals import arrivals_stamp, arrivals_token
from callers import clock
from casework.arrivals import TASKS_STAMP, own_task_ids
from desk.web.frame import signed_in

Answer = Callable[[HttpRequest], HttpResponse]
ADDRESS: Final = "/arrivals/"
DIGEST_CHARS: Final = 43
REMEMBERED_SECS: Final = 600.0
"""Longest time for which a poll is answered without a look at the session."""
STAMP_SECS: Final = 0.5
"""Time for which all pages of an agency share one look at its rows."""
REMEMBERED_AT_MOST: Final = 5_000


@dataclass(frozen=True)
class _Told:
    """The tag that one browser was told at one address, and the stamp of its agency before that."""

    tag: str
    agency: str
    stamp: str
    until: float


_TOLD: OrderedDict[bytes, _Told] = OrderedDict()
_STAMPS: dict[str, tuple[float, str]] = {}


class NothingNewMiddleware:
    """Answer a poll from memory where nothing of the agency has changed since its last full answer."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path != ADDRESS or request.method != "GET":
            return self.get_response(request)
        told = _TOLD.get(_place(request))
        if told is None or told.tag != request.META.get("HTTP_IF_NONE_MATCH") or not _still_holds(told):
            return self.get_response(request)
        return _tagged(HttpResponseNotModified(), told.tag)


def arrivals(request: HttpRequest) -> HttpResponse:
    """Answer 204 with the tag, or 304 to who knows it."""
    if request.factor_needed:  # type: ignore[attr-defined]
        # Pages also poll during the set-up of a second factor: such an officer is signed in, and must be told nothing.
        return _answer(request, '"-"')
    officer, md = signed_in(request), request.GET.get("md", "")
    agency = officer.agency_id or ""
    stamp = _look(agency)
    known_md = md if len(md) == DIGEST_CHARS else ""
    token = arrivals_token(officer, md=known_md, beside=own_task_ids(officer), now=clock.now())
    tag = f'"{token}"'
    if agency and not md:
        _TOLD[_place(request)] = _Told(tag, agency, stamp, time.monotonic() + REMEMBERED_SECS)
        while len(_TOLD) > REMEMBERED_AT_MOST:
            _TOLD.popitem(last=False)
    return _answer(request, tag)


def _answer(request: HttpRequest, tag: str) -> HttpResponse:
    is_known = request.META.get("HTTP_IF_NONE_MATCH") == tag
    return _tagged(HttpResponseNotModified() if is_known else HttpResponse(status=204), tag)


def _tagged(answer: HttpResponse, tag: str) -> HttpResponse:
    answer["ETag"] = tag
    answer["Cache-Control"] = "no-store"
    return answer


def _place(request: HttpRequest) -> bytes:
    cookie = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    return sha256(f"{cookie} {request.META.get('QUERY_STRING', '')}".encode()).digest()


def _still_holds(told: _Told) -> bool:
    return time.monotonic() < told.until and _stamp(told.agency) == told.stamp


def _stamp(agency: str) -> str:
    """Return the stamp of an agency, at most `STAMP_SECS` old."""
    at, stamp = _STAMPS.get(agency, (0.0, ""))
    return stamp if time.monotonic() - at < STAMP_SECS else _look(agency)


def _look(agency: str) -> str:
    began = time.monotonic()
    stamp = arrivals_stamp(agency, beside=[TASKS_STAMP], now=clock.now())
    _STAMPS[agency] = (began, stamp)
    return stamp
