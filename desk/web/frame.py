# SPDX-License-Identifier: Apache-2.0
"""Frame around every page: navigation by capability, the officer, the appearance, the zone."""

from collections.abc import Iterator
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alerts.sending.sending_stopped import standstills
from callers import clock
from callers.capabilities import Capability
from callers.pages import NavGroup, NavItem
from officers.login.proof import sign_in_of
from officers.models import Officer
from peers.freshness import freshness_seen_by

THEMES: Final = ("auto", "light", "dark")
THEME_COOKIE: Final = "accord_theme"
NOTICES_COOKIE: Final = "accord_notices"

LONGEST_NUMBER: Final = 18

C = Capability
MENU: Final[tuple[tuple[str | Promise, tuple[tuple[str, str | Promise, Capability], ...]], ...]] = (
    (
        "",
        (
            ("inbox", _("Inbox"), C.ALERT_READ),
            ("queue", _("Release queue"), C.QUEUE_READ),
            ("drafts", _("Drafts"), C.ALERT_WRITE),
            ("outbox", _("Outbox"), C.ALERT_READ),
            ("search", _("Search"), C.ALERT_READ),
        ),
    ),
    (
        _("Science"),
        (
            ("science_board", _("Early warning"), C.SCIENCE_READ),
            ("science_screen", _("Screen"), C.SCIENCE_READ),
            ("science_similar", _("Similar"), C.SCIENCE_READ),
            ("science_match", _("Spectra"), C.SCIENCE_READ),
            ("science_compare", _("Profiles"), C.SCIENCE_READ),
            ("science_library", _("Library"), C.SCIENCE_READ),
            ("science_rules", _("Rules"), C.SCIENCE_READ),
            ("science_caught", _("Newly caught"), C.SCIENCE_READ),
        ),
    ),
    (
        _("Agency"),
        (
            ("officers", _("Officers"), C.OFFICER_READ),
            ("keys", _("Keys"), C.KEY_READ),
            ("apikeys", _("API keys"), C.APIKEY_MANAGE),
            ("agreements", _("Agreements"), C.AGREEMENT_READ),
            ("directory", _("Directory"), C.DIRECTORY_READ),
            ("peers", _("Fingerprints"), C.KEY_READ),
            ("policy", _("Policy"), C.OFFICER_READ),
            ("powers", _("Changes of power"), C.OFFICER_READ),
            ("notifications", _("Notifications"), C.NOTICE_READ),
            ("audit", _("Audit"), C.AUDIT_READ),
            ("set_aside", pgettext_lazy("work", "Set aside"), C.AUDIT_READ),
        ),
    ),
)


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


def navigation(officer: Officer, here: str, *, is_in_review: bool = False) -> Iterator[NavGroup]:
    """Yield the pages that this officer's roles open, the current one marked, with the restore while the agency reviews it."""
    start = NavItem(_("Start"), reverse("admin:index"), here == reverse("admin:index"))
    held = officer.capabilities
    for position, (label, entries) in enumerate(MENU):
        allowed = [(name, text) for name, text, needed in entries if needed in held]
        items = tuple(
            NavItem(text, address, here.startswith(address))
            for name, text in allowed
            for address in [reverse(f"admin:{name}")]
        )
        if not position:
            items = (start, *items)
            if is_in_review and C.OFFICER_MANAGE in held:
                address = reverse("admin:after_restore")
                items = (NavItem(_("After a restore"), address, here == address), *items)
        if items:
            yield NavGroup(label if officer.agency_id else "", items)


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
            "nav": tuple(navigation(request.user, request.path, is_in_review=is_in_review(request)))
            if is_let_in
            else (),
            "standstills": tuple(standstills(request.user.agency_id, now=clock.now()))
            if is_let_in and request.user.agency_id
            else (),
            "log_seen": _seen(request.user) if is_let_in else None,
            "notices_on": is_let_in and noticed_up_to(request) is not None,
        }
    return context


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
