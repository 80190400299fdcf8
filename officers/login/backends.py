# SPDX-License-Identifier: Apache-2.0
"""Check of e-mail address and password, after the guess is counted.

An unknown address, an officer not in service and a wrong password have the same answer and the same cost: one password
hash, the same queries. `officers.login.attempts` counts, `officers.login.signing` signs in.
"""

import uuid
from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.db.models import QuerySet
from django.http import HttpRequest

from callers import clock
from callers.addresses import client_address
from callers.errors import NotBoundError
from callers.rows import one_of
from officers.login.attempts import LoginSource, count_attempt, forgive_attempt
from officers.login.devices import known_device
from officers.models import Officer


class EmailBackend(BaseBackend):
    """Backend that finds an officer by e-mail address, whatever its letter case, and refuses one who is not in service."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> Officer | None:
        """Return the officer; None for every cause alike, too many guesses included.

        Raises ValueError without a request, which is needed to count the guess.
        """
        if request is None:
            raise ValueError("a guess is counted by the request it came with")
        if not isinstance(username, str) or not isinstance(password, str) or not username or not password:
            return None
        source, now = login_source(request, username), clock.now()
        if count_attempt(source, now=now) is not None:
            return None
        officer = officer_with(source.email, password)
        if officer is not None:
            forgive_attempt(source)
        return officer

    def get_user(self, user_id: Any) -> Officer | None:
        """Return the officer of a session; read at every request, so that disabling counts at once."""
        try:
            key = uuid.UUID(str(user_id))
        except ValueError:
            return None
        return bound_officer(Officer.objects.filter(pk=key))


def login_source(request: HttpRequest, email: str) -> LoginSource:
    """Return the account and place that are counted; the sign-in page also uses it to show how long to wait."""
    address = normal_email(email)
    device = known_device(request, address, now=clock.now())
    return LoginSource(address, client_address(request), device)


def normal_email(email: str) -> str:
    """Return an address as it is stored and looked up."""
    return email.strip().lower()


def officer_with(email: str, password: str) -> Officer | None:
    """Return the officer of an address in its stored form, if let in and if this is the password."""
    officer = one_of(Officer.objects.select_related("agency__desk_policy").filter(email=email))
    if officer is None:
        # Do the work of a known account, so that the time taken tells nothing.
        make_password(password)
        return None
    good = officer.check_password(password)
    return officer if good and is_let_in(officer) else None


def bound_officer(rows: QuerySet[Officer]) -> Officer | None:
    """Return the officer of a query, with the agency, if let in; every sign-in reads the officer here."""
    officer = one_of(rows.select_related("agency__desk_policy"))
    return officer if officer is not None and is_let_in(officer) else None


def is_let_in(officer: Officer) -> bool:
    """Tell whether the officer is in service and the rows carry their codes; one that does not is logged."""
    try:
        for row in filter(None, (officer, officer.agency)):
            row.require_bound()
    except NotBoundError:
        return False
    return officer.is_in_service
