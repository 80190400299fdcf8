# SPDX-License-Identifier: Apache-2.0
"""Signing in by e-mail and password.

Unknown, disabled, wrong and too often answer alike and cost alike: one password hash, the same queries.
"""

import uuid
from datetime import datetime
from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from agencies.login.attempts import LoginSource, count_attempt, forget_attempts
from agencies.models import Officer
from ledger.audit import record_event


class EmailBackend(BaseBackend):
    """Finds an officer by e-mail address, whatever its letter case; refuses the disabled."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> Officer | None:
        """The officer, or None for every cause alike."""
        if not isinstance(username, str) or not isinstance(password, str) or not username or not password:
            return None
        now = timezone.now()
        source = login_source(request, username)
        too_often = count_attempt(source, now=now) is not None
        officer = _officer_with(source.email, password)
        if officer is None or too_often:
            return None
        forget_attempts(source)
        _record_sign_in(officer, now)
        return officer

    def get_user(self, user_id: Any) -> Officer | None:
        """The officer of a session, read on every request, so that disabling counts at once."""
        try:
            key = uuid.UUID(str(user_id))
        except ValueError:
            return None
        return Officer.objects.select_related("agency").filter(pk=key, is_active=True).first()


def login_source(request: HttpRequest | None, email: str) -> LoginSource:
    """Who tries to sign in, as counted; for the login page's own question how long to wait."""
    remote_addr = str(request.META.get("REMOTE_ADDR", "")) if request else ""
    return LoginSource(normal_email(email), remote_addr)


def normal_email(email: str) -> str:
    """An address as it is stored and looked up."""
    return email.strip().lower()


def _officer_with(email: str, password: str) -> Officer | None:
    officer = Officer.objects.select_related("agency").filter(email=email).first()
    if officer is None:
        # The work that a known account would have cost, so that time tells nothing.
        make_password(password)
        return None
    good = officer.check_password(password)
    return officer if good and officer.is_active else None


def _record_sign_in(officer: Officer, now: datetime) -> None:
    with transaction.atomic():
        record_event(
            "officer.signed_in",
            actor=officer.audit_name,
            agency=officer.agency_id or "",
            subject=officer.audit_name,
            now=now,
        )
