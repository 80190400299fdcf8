# SPDX-License-Identifier: Apache-2.0
"""Every address the hub answers, read from the URL configuration itself: nothing is listed by hand here.

A page brings its capability and its methods from the table of pages, a REST view from its class. An address that
declares neither is `undeclared`, and the matrix fails on it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

from callers.capabilities import Capability
from callers.permissions import PUBLIC, declared_for
from desk.web.urls import PAGES

VERBS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
READING: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

DESK: Final = "hub.urls.desk"
EXCHANGE: Final = "hub.urls.exchange"

READ: Final = frozenset({"GET", "HEAD"})
FORM: Final = READ | {"POST"}

AT_OWN_DESKS_ALONE: Final = frozenset({"desk/agencies/move-in/"})
"""Addresses that are absent at a hosted desk, the usual world of these tests."""
AT_HOSTED_DESKS_ALONE: Final = frozenset({"desk/agencies/<str:agency_id>/keys/"})
"""Addresses that are absent at an own desk: there a key officer proposes keys, and the head signs them."""
OWN_DESK_MATTERS: Final[Mapping[str, tuple[str, ...]]] = {
    # Modules that ask if the desk is an agency's own, and the beginnings of addresses that then answer differently.
    "alerts/red_readers.py": (),
    "desk/keeper/page.py": (),
    "desk/keeper/health.py": ("api/v1/desk/health",),
    "desk/keeper/reopening_page.py": ("desk/agencies/",),
    "desk/account/unlock_page.py": ("unlock/",),
    "desk/keeper/settings_report.py": ("desk/settings/", "api/v1/desk/settings"),
    "hub/locked_desk.py": ("unlock/",),
    "officers/accountmail.py": ("officers/invite/", "officers/<str:public_id>/", "reset/"),
    "officers/arrival.py": ("desk/agencies/come/",),
    "officers/entering.py": ("desk/agencies/", "api/v1/desk/agencies"),
    "officers/first_start.py": ("first-start/",),
    "officers/moving_in.py": ("desk/agencies/move-in/",),
    "officers/reopening.py": ("desk/agencies/",),
    "peers/entries.py": (),
    "peers/own_exchange.py": ("desk/exchange/",),
    "vault/instances.py": (),
    "vault/red.py": (),
}
"""Empty: the start page, what no address asks, what sending asks, and RED, which hangs on what an address names."""
OPEN: Final[Mapping[str, frozenset[str]]] = {
    # Addresses that need no sign-in: route, and the methods they answer to anybody.
    "livez": READ,
    ".well-known/security.txt": READ,
    "readyz": READ,
    "healthz": READ,
    "first-start/": FORM,
    "login/": FORM,
    "login/passkey/": FORM,
    "login/second/": FORM,
    "reset/": FORM,
    "reset/new/": FORM,
    "reset/<str:token>/": READ,
    "welcome/": FORM,
    "welcome/<str:token>/": READ,
    "unlock/": FORM,
    "appearance/": frozenset({"POST"}),
    "api/schema/": READ | {"OPTIONS"},
    "api/schema/alert.json": READ,
    "api/docs/": READ,
}

_PARAMETER: Final = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
_PAGES: Final = {page.name: page for page in PAGES}


@dataclass(frozen=True)
class Route:
    """One address: its pattern, its name, its view, and its parameters by converter."""

    route: str
    name: str
    view: Any
    parameters: tuple[tuple[str, str], ...]

    @property
    def is_rest(self) -> bool:
        return isinstance(getattr(self.view, "view_class", None), type) and issubclass(
            self.view.view_class, APIView
        )

    @property
    def is_open(self) -> bool:
        return self.route in OPEN

    @property
    def is_page(self) -> bool:
        page = _PAGES.get(self.name)
        return page is not None and page.route == self.route

    @property
    def differs_at_own_desk(self) -> bool:
        beginnings = tuple(beginning for ones in OWN_DESK_MATTERS.values() for beginning in ones)
        return self.route == "" or self.route.startswith(beginnings)

    @property
    def has_id(self) -> bool:
        return bool(self.parameters)

    @property
    def is_declared(self) -> bool:
        """True if a page, a capability of a REST view or the short list of open addresses states who may come in."""
        if self.is_rest and not self.is_open:
            return any(declared_for(self.view.view_class, verb) is not None for verb in VERBS)
        return self.is_page or self.is_open

    def answers(self, verb: str) -> bool:
        """Tell if the address takes this method."""
        if self.is_open:
            return verb in OPEN[self.route]
        if self.is_page:
            return verb in _PAGES[self.name].methods
        known: Iterable[str] = self.view.view_class.http_method_names
        if verb.lower() not in known:
            return False
        handler = "get" if verb == "HEAD" else verb.lower()
        return hasattr(self.view.view_class, handler)

    def wanted(self, verb: str) -> frozenset[Capability] | None:
        """Return the capabilities of which one is needed.

        An empty set admits everybody in session or with a key; None admits nobody, as the address is undeclared.
        """
        if self.is_page:
            capability = _PAGES[self.name].capability
            return frozenset({capability} if capability else ())
        declared = declared_for(self.view.view_class, verb)
        if declared is None or declared is PUBLIC:
            return None if declared is None else frozenset()
        return (
            frozenset({declared})
            if isinstance(declared, Capability)
            else frozenset(map(Capability, declared))
        )

    def path(self, values: Mapping[str, object]) -> str:
        return "/" + _PARAMETER.sub(lambda match: str(values[match["name"]]), self.route)


@cache
def _views_of(urlconf: str) -> Mapping[str, Any]:
    """Return every route of one URL configuration with its view."""
    return {route.route: route.view for route in routes_of(urlconf)}


def every_route() -> list[Route]:
    """Return the desk's routes, and those that only the exchange has."""
    desk = _views_of(DESK)
    return [*routes_of(DESK), *(one for one in routes_of(EXCHANGE) if desk.get(one.route) != one.view)]


def is_known(route: Route, *, key: str, cookie: str) -> bool:
    """Tell if this address knows the credential: a key at its own half, a session at the desk."""
    if key:
        return route.route in _views_of(EXCHANGE if key.startswith("Api-Key") else DESK)
    return not cookie or route.route in _views_of(DESK)


def is_reached(route: Route, *, key: str, cookie: str) -> bool:
    """Tell if a request with this credential reaches this view; an address of both halves has a view in each."""
    views = _views_of(EXCHANGE if key.startswith("Api-Key") and not cookie else DESK)
    return bool(views.get(route.route, route.view) == route.view)


def routes_of(urlconf: str) -> list[Route]:
    """Return every address of one URL configuration, in its order."""
    return list(_walk(get_resolver(urlconf).url_patterns, ""))


def _walk(patterns: Iterable[URLPattern | URLResolver], prefix: str) -> Iterator[Route]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route)
        else:
            found = tuple((match["name"], match["kind"] or "str") for match in _PARAMETER.finditer(route))
            yield Route(route, pattern.name or "", pattern.callback, found)


def undeclared(routes: Iterable[Route]) -> list[str]:
    """Return the addresses without a statement of who may come in."""
    return [route.route for route in routes if not route.is_declared]
