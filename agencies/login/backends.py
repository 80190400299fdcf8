# SPDX-License-Identifier: Apache-2.0
"""Here is how an e-mail address and a password are looked at.

Unknown, disabled and wrong answer alike and cost alike: one password hash, the same queries. Whether one may guess at
all is asked before (`agencies.login.lockout`); what signing in consists of is `agencies.login.signing`.
"""

import uuid
from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.db.models import QuerySet
from django.http import HttpRequest

from agencies.errors import NotBoundError
from agencies.login.addresses import client_address
from agencies.login.attempts import LoginSource
from agencies.models import Officer


class EmailBackend(BaseBackend):
    """Finds an officer by e-mail address, whatever its letter case; refuses the disabled."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> Officer | None:
        """The officer, or None for every cause alike."""
        if not isinstance(username, str) or not isinstance(password, str) or not username or not password:
            return None
        return officer_with(normal_email(username), password)

    def get_user(self, user_id: Any) -> Officer | None:
        """The officer of a session, read on every request, so that disabling counts at once."""
        try:
            key = uuid.UUID(str(user_id))
        except ValueError:
            return None
        return bound_officer(Officer.objects.filter(pk=key, is_active=True))


def login_source(request: HttpRequest | None, email: str) -> LoginSource:
    """Who tries to sign in, as counted; for the login page's own question how long to wait."""
    return LoginSource(normal_email(email), client_address(request) if request else "")


def normal_email(email: str) -> str:
    """An address as it is stored and looked up."""
    return email.strip().lower()


def officer_with(email: str, password: str) -> Officer | None:
    """The active officer of an address in its stored form, if this is the password."""
    officer = Officer.objects.select_related("agency").filter(email=email).first()
    if officer is None:
        # The work that a known account would have cost, so that time tells nothing.
        make_password(password)
        return None
    good = officer.check_password(password)
    return officer if good and officer.is_active and is_let_in(officer) else None


def bound_officer(rows: QuerySet[Officer]) -> Officer | None:
    """The officer of a query, with the agency, if the row carries its code; the one door for who is let in."""
    officer = rows.select_related("agency").first()
    return officer if officer is not None and is_let_in(officer) else None


def is_let_in(officer: Officer) -> bool:
    """Whether the row carries its code; one that does not is named in the log."""
    try:
        officer.require_bound()
    except NotBoundError:
        return False
    return True
