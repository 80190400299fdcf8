# SPDX-License-Identifier: Apache-2.0
"""The frame around every page: its access check, its menu, and its error answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from callers import clock
from callers.errors import AbsentError, NotPermittedError
from callers.pages import NavGroup, NavItem, Text
from callers.passkeys import Site
from callers.problems import ABSENT, NOT_PERMITTED, Problem
from operators.models import Operator, OperatorSession
from operators.sessions import session_of

READ: Final = frozenset({"GET", "HEAD"})
CHANGE: Final = frozenset({"POST"})
BOTH: Final = READ | CHANGE
MENU: Final[tuple[tuple[str, Text], ...]] = (
    ("overview", _("Exchange")),
    ("ledger", _("Log")),
    ("operators", _("Operators")),
)
_FORBIDDEN: Final = _("You may have ceased to be an operator. Sign in again.")

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Page:
    """One page and its URL. `is_open`: no session is required, and the view gets none."""

    route: str
    view: View
    name: str
    methods: frozenset[str] = READ
    is_open: bool = False

    def pattern(self) -> URLPattern:
        return path(self.route, guarded(self), name=self.name)


def guarded(page: Page) -> View:
    """Wrap a page's view in its method and sign-in checks; turn what it raises into an answer. Never cached."""

    @never_cache
    @wraps(page.view)
    def answer(request: HttpRequest, **values: Any) -> HttpResponseBase:
        if request.method not in page.methods:
            return HttpResponseNotAllowed(sorted(page.methods))
        if page.is_open:
            return page.view(request, **values)
        session = session_of(request.COOKIES.get(settings.OPERATOR_COOKIE_NAME, ""), now=clock.now())
        if session is None:
            return redirect("sign_in")
        request.operator_session = session  # type: ignore[attr-defined]
        try:
            return page.view(request, **values)
        except AbsentError:
            return stopped(request, ABSENT)
        except NotPermittedError:
            return stopped(request, NOT_PERMITTED, remedy=_FORBIDDEN)

    return answer


def session_here(request: HttpRequest) -> OperatorSession:
    """Return the session of this request; pages that require one are never reached without."""
    session = request.operator_session  # type: ignore[attr-defined]
    assert isinstance(session, OperatorSession)
    return session


def operator_here(request: HttpRequest) -> Operator:
    """Return the operator who makes this request."""
    return session_here(request).operator


def site() -> Site:
    """Return the site of operators' passkeys: one address, whatever host a request names."""
    return Site(settings.OPERATOR_URL)


def render_page(
    request: HttpRequest, template: str, title: Text, /, *, status: int = 200, **context: Any
) -> HttpResponse:
    """Render one page in its frame. `title` ends up in the browser's history: it must name no agency and no person."""
    here = request.path
    items = tuple(
        NavItem(text, address, here == address or (address != "/" and here.startswith(address)))
        for name, text in MENU
        for address in [reverse(name)]
    )
    values: Mapping[str, Any] = {
        "nav": (NavGroup("", items),),
        "operator": operator_here(request),
        "page_title": title,
        "now": clock.now(),
        **context,
    }
    return render(request, f"operators/{template}.html", dict(values), status=status)


def stand_alone(request: HttpRequest, template: str, status: int, **context: Any) -> HttpResponse:
    """Render a page without menu or name, for strangers and for errors."""
    return render(request, f"operators/{template}.html", context, status=status)


def stopped(request: HttpRequest, row: Problem, *, remedy: Text = "") -> HttpResponse:
    """Render what an error's row says; `remedy` in place of the row's own."""
    words = {"sentence": gettext(row.sentence), "remedy": remedy or row.remedy_for()}
    return stand_alone(request, "stopped", row.status, **words)
