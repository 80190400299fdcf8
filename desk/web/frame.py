# SPDX-License-Identifier: Apache-2.0
"""Frame around every page: navigation by capability, the officer, the appearance, the zone."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise

from alerts.boxes.waiting import NOTHING, count_waiting
from alerts.sending.sending_stopped import standstills
from callers import clock
from callers.capabilities import Capability
from callers.errors import NotBoundError
from desk.web.menu import navigation, tabs
from officers.login.proof import sign_in_of
from officers.models import Officer
from peers.freshness import freshness_seen_by

THEMES: Final = ("auto", "light", "dark")
THEME_COOKIE: Final = "accord_theme"
NOTICES_COOKIE: Final = "accord_notices"

LONGEST_NUMBER: Final = 18


def theme_of(request: HttpRequest) -> str:
    """Return the appearance that the reader chose; anything but the three known words is automatic."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else "auto"


def noticed_up_to(request: HttpRequest) -> int | None:
    """Return the number of the feed up to which this browser has shown its officer notices; None where they are not on."""
    officer = signed_in(request)
    of_officer, _dot, number = request.COOKIES.get(NOTICES_COOKIE, "").partition(".")
    is_number = number.isascii() and number.isdecimal() and len(number) < LONGEST_NUMBER
    may_read = Capability.ALERT_READ in officer.capabilities
    return int(number) if is_number and may_read and of_officer == officer.public_id else None


def signed_in(request: HttpRequest) -> Officer:
    """Return the officer of this request. The site lets nobody else reach a page."""
    assert isinstance(request.user, Officer)
    return request.user


def is_in_review(request: HttpRequest) -> bool:
    """Tell whether the agency of this request's officer has yet to review a restore."""
    row = sign_in_of(request)
    return row is not None and row.is_in_review


def frame_context(request: HttpRequest) -> dict[str, Any]:
    """Return the values of the frame; on the sign-in page there is no officer."""
    context: dict[str, Any] = {"theme": theme_of(request), "zone": str(timezone.get_current_timezone())}
    if isinstance(request.user, Officer):
        # Nothing else is open to an officer who has to set up a second factor first.
        is_let_in = not getattr(request, "factor_needed", False)
        context |= {
            "officer": request.user,
            "agency": request.user.agency,
            **(_menu(request, request.user) if is_let_in else {"nav": ()}),
            "standstills": tuple(standstills(request.user.agency_id, now=clock.now()))
            if is_let_in and request.user.agency_id
            else (),
            "log_seen": _seen(request.user) if is_let_in else None,
            "notices_on": is_let_in and noticed_up_to(request) is not None,
        }
    return context


def _menu(request: HttpRequest, officer: Officer) -> dict[str, Any]:
    """Return the menu with what waits, the tabs of the area that the page is in, and what stands above the menu."""
    try:
        waiting = count_waiting(officer, now=clock.now())
    except NotBoundError:
        # The page of that error has this menu, too.
        waiting = NOTHING
    return {
        "nav": navigation(officer, request.path, waiting=waiting, is_in_review=is_in_review(request)),
        "tabs": tabs(officer, request.path),
        "may_begin": Capability.ALERT_WRITE in officer.capabilities,
        "may_search": Capability.ALERT_READ in officer.capabilities,
    }


def _seen(officer: Officer) -> dict[str, Any] | None:
    """Return since when the exchange's log has shown the agency nothing newer, where that is too long ago; else None."""
    now = clock.now()
    if not officer.agency_id or not (seen := freshness_seen_by(officer.agency_id, now=now)).is_stale(now):
        return None
    return {"at": seen.seen_at, "is_too_old": seen.is_too_old(now)}


def render_page(
    request: HttpRequest, template: str, page_title: str | Promise, /, *, status: int = 200, **context: Any
) -> HttpResponse:
    """Render a page in its frame. `page_title` ends up in the browser's history, so that it never has content."""
    values = {**frame_context(request), "page_title": page_title, "now": clock.now(), **context}
    return render(request, f"accord/{template}.html", values, status=status)
