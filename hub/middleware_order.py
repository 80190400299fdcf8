# SPDX-License-Identifier: Apache-2.0
"""Middleware between the server and the views of a role, from the outside in."""

from collections.abc import Iterator

from hub.roles import ROLES


def middleware_of(role: str) -> list[str]:
    """Return the middleware of a role's process, in the form of Django's setting."""
    return list(_middleware(role, has_admin=ROLES[role].has_admin))


def _middleware(role: str, *, has_admin: bool) -> Iterator[str]:
    is_desk, is_operator = role == "desk", role == "operator"
    if is_desk:
        # First of all, so that the most frequent request of all costs next to nothing; what it answers has no body.
        yield "desk.web.arrivals.NothingNewMiddleware"
    yield "django.middleware.security.SecurityMiddleware"
    if is_desk or is_operator:
        yield "whitenoise.middleware.WhiteNoiseMiddleware"
    yield "hub.middleware.RequestIdMiddleware"
    yield "hub.middleware.PlainAddressMiddleware"
    yield "csp.middleware.CSPMiddleware"
    if is_desk:
        yield "hub.locked_desk.LockedDeskMiddleware"
    if has_admin:
        yield "django.contrib.sessions.middleware.SessionMiddleware"
    if is_desk or is_operator:
        yield "django.middleware.locale.LocaleMiddleware"
    yield "django.middleware.common.CommonMiddleware"
    if has_admin:
        yield from _of_officers(is_desk=is_desk)
    if is_operator:
        yield "hub.middleware.RequestSizeMiddleware"
        yield "django.middleware.csrf.CsrfViewMiddleware"
    yield "django.middleware.clickjacking.XFrameOptionsMiddleware"
    yield "hub.middleware.ApiReadsMiddleware"


def _of_officers(*, is_desk: bool) -> Iterator[str]:
    yield "django.middleware.csrf.CsrfViewMiddleware"
    yield "django.contrib.auth.middleware.AuthenticationMiddleware"
    if is_desk:
        yield "officers.login.middleware.OfficerSessionMiddleware"
    yield "hub.middleware.RequestSizeMiddleware"
    if is_desk:
        yield "hub.middleware.OfficerLanguageMiddleware"
    yield "hub.middleware.OfficerTimeZoneMiddleware"
    yield "django.contrib.messages.middleware.MessageMiddleware"
    # allauth finds the request through it.
    yield "allauth.account.middleware.AccountMiddleware"
