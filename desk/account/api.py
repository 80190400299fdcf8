# SPDX-License-Identifier: Apache-2.0
"""The own account in JSON: name, zone, language, the choice of mails, and the own sessions.

Signing in, passwords and second factors are left to the browser, since they need a page and the person before it.
"""

import uuid
from typing import Any, ClassVar, Final

from django.db import transaction
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from callers.reading import read_body
from desk.web.api_answers import EVERY_OFFICER, IF_UNCHANGED, AgencyView
from officers.login.factors import has_factor
from officers.login.proof import sign_in_of
from officers.login.sessions import end_other_sessions, end_session, sessions_of
from officers.models import Officer
from officers.profiles import change_own_mail, change_profile
from officers.quiet_hours import may_be_quiet
from officers.session_rows import OfficerSession

_PROFILE: Final = ("full_name", "unit", "timezone", "language")
_MAIL: Final = ("routine_mail", "quiet_from", "quiet_until")


class AccountIn(s.Serializer[Any]):
    """Changes of the account. Empty zone or language: as the agency's. Quiet hours: both ends, or null for none."""

    full_name = s.CharField(required=False, max_length=120)
    unit = s.CharField(required=False, allow_blank=True, max_length=60)
    timezone = s.CharField(required=False, allow_blank=True, max_length=64)
    language = s.CharField(required=False, allow_blank=True, max_length=16)
    routine_mail = s.BooleanField(required=False)
    quiet_from = s.TimeField(required=False, allow_null=True)
    quiet_until = s.TimeField(required=False, allow_null=True)


class AccountOut(s.Serializer[Any]):
    """The own account. `may_be_quiet`: somebody else of the agency is on duty, so the quiet hours count."""

    id = s.CharField(source="public_id")
    email = s.CharField()
    roles = s.ListField(child=s.CharField())
    full_name = s.CharField()
    unit = s.CharField()
    timezone = s.CharField()
    language = s.CharField()
    routine_mail = s.BooleanField()
    quiet_from = s.TimeField(allow_null=True)
    quiet_until = s.TimeField(allow_null=True)
    may_be_quiet = s.SerializerMethodField()
    has_factor = s.SerializerMethodField()

    def get_may_be_quiet(self, officer: Officer) -> bool:
        return may_be_quiet(officer)

    def get_has_factor(self, officer: Officer) -> bool:
        return has_factor(officer)


class SessionOut(s.Serializer[Any]):
    """A sign-in that has not ended; `is_this` marks the session of this request."""

    id = s.UUIDField()
    device = s.CharField()
    network = s.CharField()
    signed_in_at = s.DateTimeField()
    seen_at = s.DateTimeField()
    is_this = s.SerializerMethodField()

    def get_is_this(self, row: OfficerSession) -> bool:
        own = self.context.get("own")
        return own is not None and own.pk == row.pk


class SessionsOut(s.Serializer[Any]):
    items = SessionOut(many=True)


class AccountView(AgencyView):
    capability = EVERY_OFFICER

    @extend_schema(responses={200: AccountOut}, operation_id="account_retrieve")
    def get(self, request: Request) -> Response:
        """Show the own account."""
        return self.answer(AccountOut(self.officer).data)

    @extend_schema(
        parameters=[IF_UNCHANGED],
        request=AccountIn,
        responses={200: AccountOut},
        operation_id="account_partial_update",
    )
    def patch(self, request: Request) -> Response:
        """Change the own name, unit, zone, language, or quiet hours for mail about routine alerts. It gives no right."""
        body = read_body(AccountIn, request)

        def change() -> None:
            with transaction.atomic():
                row = Officer.objects.select_for_update(of=("self",)).get(pk=self.officer.pk)
                self.check_unchanged(AccountOut(row).data)
                if body.keys() & set(_PROFILE):
                    change_profile(row, **_with(row, _PROFILE, body), now=self.now)
                if body.keys() & set(_MAIL):
                    change_own_mail(row, **_with(row, _MAIL, body), now=self.now)

        self.act(change)
        return self.answer(AccountOut(Officer.objects.get(pk=self.officer.pk)).data)


class SessionsView(AgencyView):
    capability = EVERY_OFFICER

    @extend_schema(responses={200: SessionsOut}, operation_id="sessions_list")
    def get(self, request: Request) -> Response:
        """List the own sessions, the most recently used first."""
        return self._sessions()

    @extend_schema(responses={200: SessionsOut}, operation_id="sessions_end_others")
    def delete(self, request: Request) -> Response:
        """End every own session but this one."""
        own = sign_in_of(request._request)
        self.act(lambda: end_other_sessions(self.officer, own, now=self.now))
        return self._sessions()

    def _sessions(self) -> Response:
        context = {"own": sign_in_of(self.request._request)}
        rows = SessionOut(sessions_of(self.officer), many=True, context=context).data
        return self.answer({"items": rows})


class SessionView(AgencyView):
    capability: ClassVar[Any] = EVERY_OFFICER

    @extend_schema(responses={204: None}, operation_id="sessions_end")
    def delete(self, request: Request, session_id: uuid.UUID) -> Response:
        """End one of the own sessions."""
        self.act(lambda: end_session(self.officer, session_id, now=self.now), code=status.HTTP_204_NO_CONTENT)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _with(row: Officer, names: tuple[str, ...], body: dict[str, Any]) -> dict[str, Any]:
    return {name: body.get(name, getattr(row, name)) for name in names}


urlpatterns = [
    path("account", AccountView.as_view(), name="account-one"),
    path("account/sessions", SessionsView.as_view(), name="account-sessions"),
    path("account/sessions/<uuid:session_id>", SessionView.as_view(), name="account-session"),
]
