# SPDX-License-Identifier: Apache-2.0
"""The officers' site: our own pages, guarded by Django's admin machinery; none of the admin's own pages has an address.

Sealed models are registered nowhere, since the admin's log and lists would copy content. What libraries register by
themselves, such as groups, is not reachable either.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver, path

from desk.account import reset_page as resetting
from desk.account import second_step_page as second_step
from desk.account import sign_in_page as signing_in
from desk.account import unlock_page as unlocking
from desk.account import welcome_page as welcome
from desk.keeper import first_start_page as first_start
from desk.web.urls import PAGES
from officers.models import Officer

View = Callable[..., HttpResponseBase]


class AccordAdminSite(admin.AdminSite):
    """Site whose pages all pass `admin_view`: an active officer in session, CSRF checked, never cached."""

    site_header = site_title = "Accord"
    enable_nav_sidebar = False
    final_catch_all_view = False

    def has_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, Officer) and request.user.is_active

    def admin_view(self, view: View, cacheable: bool = False) -> View:  # type: ignore[override]
        inner = super().admin_view(view, cacheable)

        @wraps(view)
        def signed_in_only(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not self.has_permission(request):
                return signing_in.ask_to_sign_in(request)
            return inner(request, *args, **kwargs)

        return signed_in_only

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [
            path("unlock/", unlocking.unlock, name="unlock"),
            path("login/", signing_in.sign_in, name="login"),
            path("login/passkey/", second_step.passkey, name="login_passkey"),
            path("login/second/", second_step.second_step, name="second_step"),
            path("reset/", resetting.ask, name="reset"),
            path("reset/new/", resetting.choose, name="reset_new"),
            path("reset/<str:token>/", resetting.follow, name="reset_follow"),
            path("welcome/<str:token>/", welcome.follow, name="welcome_follow"),
            path("welcome/", welcome.welcome, name="welcome"),
            path("first-start/", first_start.first_start, name="first_start"),
            path("appearance/", signing_in.choose_appearance, name="appearance"),
            *(page.pattern(self.admin_view) for page in PAGES),
        ]
