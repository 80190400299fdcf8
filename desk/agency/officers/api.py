# SPDX-License-Identifier: Apache-2.0
"""The agency's officers and its duty list in JSON: the acts of an agency admin on the pages, by the same services."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from django.db import transaction
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from callers.capabilities import Capability, Role
from callers.idempotency import Outcome, idempotent
from callers.reading import read_body, read_query
from desk.web.api import CREATED
from desk.web.api_answers import IF_UNCHANGED, AgencyView, name_of
from officers.accounts import (
    change_roles,
    disable_officer,
    enable_officer,
    end_sessions,
    lock_to_manage,
    officer_for,
    require_may_act_on,
)
from officers.duty import DutyMove, duty_list, move_on_duty_list, name_deputy
from officers.invitations import Invited, invite_again, invite_officer, invited_of
from officers.login.factors import has_factor, reset_factors
from officers.login.reopening import reopen_sign_in
from officers.models import Officer, PowerChange
from officers.powers import waiting_kinds
from officers.profiles import change_unit

ROLES: Final = [role for role in Role.values if role != Role.KEEPER]
STATES: Final = ["active", "invited", "disabled"]


class OfficersQuery(s.Serializer[Any]):
    """A selection of officers."""

    role = s.ChoiceField(ROLES, required=False, help_text="Those who have this role.")
    state = s.ChoiceField(STATES, required=False, help_text="Where the account stands.")


class InvitationOut(s.Serializer[Invited]):
    """An invitation that waits; `cause` says why its mail did not go out, if it did not."""

    until = s.DateTimeField()
    is_over = s.BooleanField()
    mailed_at = s.DateTimeField(allow_null=True)
    cause = s.CharField()


class OfficerOut(s.Serializer[Any]):
    """An officer of the agency. `duty_place` counts from 1, null: not on the duty list.

    `is_confirmed`: false while the officer's acts count as also done by the admin who invited or reset the account.
    `waits`: roles or account wait as a change of power (`/powers`).
    """

    id = s.CharField()
    full_name = s.CharField()
    unit = s.CharField()
    email = s.CharField()
    roles = s.ListField(child=s.CharField())
    state = s.ChoiceField(STATES)
    duty_place = s.IntegerField(allow_null=True)
    deputy = s.CharField(allow_null=True)
    timezone = s.CharField()
    language = s.CharField()
    joined_at = s.DateTimeField()
    invitation = InvitationOut(allow_null=True)
    is_confirmed = s.BooleanField()
    waits = s.BooleanField()


class OfficerShownOut(OfficerOut):
    """An officer with second factors; `has_factor` is null for a reader who may not manage officers."""

    has_factor = s.BooleanField(allow_null=True)


class OfficersOut(s.Serializer[Any]):
    items = OfficerOut(many=True)


class InviteIn(s.Serializer[Any]):
    """A new officer; zone and language default to the agency's."""

    email = s.CharField(max_length=254)
    full_name = s.CharField(max_length=120)
    unit = s.CharField(required=False, default="", allow_blank=True, max_length=60)
    roles = s.ListField(child=s.ChoiceField(ROLES), min_length=1, max_length=len(ROLES))
    timezone = s.CharField(required=False, default="", allow_blank=True, max_length=64)
    language = s.CharField(required=False, default="", allow_blank=True, max_length=16)


class OfficerChangeIn(s.Serializer[Any]):
    """Changes of an officer; `deputy` is a colleague's id, or null for nobody."""

    roles = s.ListField(child=s.ChoiceField(ROLES), min_length=1, max_length=len(ROLES), required=False)
    deputy = s.CharField(max_length=22, required=False, allow_null=True)
    unit = s.CharField(required=False, allow_blank=True, max_length=60)
    is_active = s.BooleanField(required=False)


class DutyMoveIn(s.Serializer[Any]):
    move = s.ChoiceField([move.value for move in DutyMove])


class OfficersView(AgencyView):
    capability: ClassVar = {"GET": Capability.OFFICER_READ, "POST": Capability.OFFICER_MANAGE}

    @extend_schema(parameters=[OfficersQuery], responses={200: OfficersOut}, operation_id="officers_list")
    def get(self, request: Request) -> Response:
        """List the officers of the agency, by name."""
        query = read_query(OfficersQuery, request)
        found = Officer.objects.visible_to(self.officer).select_related("deputy").order_by("full_name", "pk")
        if role := query.get("role"):
            found = found.filter(roles__contains=[role])
        rows = self.shown(list(found))
        return self.answer(
            {"items": [row for row in rows if query.get("state", row["state"]) == row["state"]]}
        )

    @extend_schema(request=InviteIn, responses={201: OfficerShownOut}, operation_id="officers_invite")
    def post(self, request: Request) -> Response:
        """Invite an officer by a mail with a link, which works once and for 72 hours."""
        body = read_body(InviteIn, request)

        def run() -> Outcome:
            invited, _link = invite_officer(self.officer, self.agency, **body, now=self.now)
            return Outcome(CREATED, invited.public_id)

        outcome = idempotent(request, self.actor, run, now=self.now)
        return self.answer_person(outcome.resource, outcome.status)

    def shown(self, rows: list[Officer]) -> list[dict[str, Any]]:
        """Return the officers in the form that everybody of the agency may see."""
        invited = invited_of(rows, now=self.now)
        waiting = waiting_kinds(rows)
        places = {row.public_id: place for place, row in enumerate(duty_list(self.officer), 1)}
        return [dict(OfficerOut(_facts(row, invited, places, waiting[row.pk])).data) for row in rows]

    def shown_person(self, person: Officer) -> dict[str, Any]:
        may_manage = Capability.OFFICER_MANAGE in self.officer.capabilities
        return {**self.shown([person])[0], "has_factor": has_factor(person) if may_manage else None}

    def answer_person(self, public_id: str, code: int = 200) -> Response:
        """Answer with the present state of one colleague."""
        return self.answer(self.shown_person(officer_for(self.officer, public_id)), code)


class OfficerView(OfficersView):
    capability: ClassVar = {"GET": Capability.OFFICER_READ, "PATCH": Capability.OFFICER_MANAGE}
    http_method_names = ["get", "head", "patch", "options"]

    @extend_schema(responses={200: OfficerShownOut}, operation_id="officers_retrieve")
    def get(self, request: Request, public_id: str) -> Response:  # type: ignore[override]
        """Show one officer of the agency."""
        return self.answer_person(public_id)

    @extend_schema(
        parameters=[IF_UNCHANGED],
        request=OfficerChangeIn,
        responses={200: OfficerShownOut},
        operation_id="officers_partial_update",
    )
    def patch(self, request: Request, public_id: str) -> Response:
        """Change roles, deputy, unit or standing of an officer, all of it or nothing; roles count from the next request.

        No officer changes the own roles or standing, and one agency admin stays. Disabling ends every session.
        Changes that give power wait once the agency has released: `waits` says so, `/powers` until when.
        """
        body = read_body(OfficerChangeIn, request)
        person = officer_for(self.officer, public_id)

        def change() -> None:
            with transaction.atomic():
                locked = lock_to_manage(self.officer, person)
                self.check_unchanged(self.shown_person(locked))
                self._change(locked, body)

        self.act(change, resource=public_id)
        return self.answer_person(public_id)

    def _change(self, person: Officer, body: Mapping[str, Any]) -> None:
        if body.get("is_active") is True:
            enable_officer(self.officer, person, now=self.now)
        if "roles" in body:
            change_roles(self.officer, person, body["roles"], now=self.now)
        if "deputy" in body:
            deputy = officer_for(self.officer, body["deputy"]) if body["deputy"] else None
            name_deputy(self.officer, person, deputy, now=self.now)
        if "unit" in body:
            change_unit(self.officer, person, body["unit"], now=self.now)
        if body.get("is_active") is False:
            disable_officer(self.officer, person, now=self.now)


class ActOnOfficerView(OfficersView):
    """One act on a person that needs no body."""

    capability: ClassVar[Any] = Capability.OFFICER_MANAGE
    http_method_names = ["post", "options"]

    def act_on(self, public_id: str, do: Callable[..., object]) -> Response:
        person = officer_for(self.officer, public_id)
        require_may_act_on(self.officer, person)
        self.act(lambda: do(self.officer, person, now=self.now), resource=public_id)
        return self.answer_person(public_id)


class InviteAgainView(ActOnOfficerView):
    @extend_schema(request=None, responses={200: OfficerShownOut}, operation_id="officers_invite_again")
    def post(self, request: Request, public_id: str) -> Response:  # type: ignore[override]
        """Send a new link to an invited officer without a password; the earlier link is void."""
        return self.act_on(public_id, invite_again)


class SignOutView(ActOnOfficerView):
    @extend_schema(request=None, responses={200: OfficerShownOut}, operation_id="officers_sign_out")
    def post(self, request: Request, public_id: str) -> Response:  # type: ignore[override]
        """End every session of an officer, as when a device is lost."""
        return self.act_on(public_id, end_sessions)


class ReopenView(ActOnOfficerView):
    @extend_schema(request=None, responses={200: OfficerShownOut}, operation_id="officers_reopen_sign_in")
    def post(self, request: Request, public_id: str) -> Response:  # type: ignore[override]
        """Open sign-in again before the quarter of an hour after too many guesses is over."""
        return self.act_on(public_id, reopen_sign_in)


class ResetFactorsView(ActOnOfficerView):
    @extend_schema(request=None, responses={200: OfficerShownOut}, operation_id="officers_reset_factors")
    def post(self, request: Request, public_id: str) -> Response:  # type: ignore[override]
        """Take the second factors of an officer away and end every session, as when a telephone is lost."""
        return self.act_on(public_id, reset_factors)


class DutyView(OfficersView):
    capability: ClassVar[Any] = Capability.OFFICER_READ
    http_method_names = ["get", "head", "options"]

    @extend_schema(responses={200: OfficersOut}, operation_id="duty_list", parameters=[])
    def get(self, request: Request) -> Response:
        """List the agency's duty officers in the order in which they are called."""
        return self.answer({"items": self.shown(duty_list(self.officer))})


class DutyMoveView(OfficersView):
    capability: ClassVar[Any] = Capability.OFFICER_MANAGE
    http_method_names = ["post", "options"]

    @extend_schema(request=DutyMoveIn, responses={200: OfficersOut}, operation_id="duty_move")
    def post(self, request: Request, public_id: str) -> Response:  # type: ignore[override]
        """Put an officer a place up or down on the duty list, at its end, or off it."""
        move = read_body(DutyMoveIn, request)["move"]
        person = officer_for(self.officer, public_id)
        self.act(lambda: move_on_duty_list(self.officer, person, move, now=self.now))
        return self.answer({"items": self.shown(duty_list(self.officer))})


def _facts(
    row: Officer, invited: Mapping[str, Invited], places: Mapping[str, int], waiting: frozenset[str]
) -> dict[str, Any]:
    state = "disabled" if not row.is_active else "active" if row.has_usable_password() else "invited"
    named = ("full_name", "unit", "roles", "timezone", "language", "joined_at")
    return {
        "id": row.public_id,
        "email": row.address,
        **{name: getattr(row, name) for name in named},
        "state": state,
        "duty_place": places.get(row.public_id),
        "deputy": name_of(row.deputy),
        "invitation": invited.get(row.public_id),
        "is_confirmed": PowerChange.Kind.IDENTITY not in waiting,
        "waits": bool(waiting - {PowerChange.Kind.IDENTITY}),
    }


_O: Final = "officers/<str:public_id>"
urlpatterns = [
    path("officers", OfficersView.as_view(), name="officers-list"),
    path(_O, OfficerView.as_view(), name="officers-one"),
    path(f"{_O}/invite", InviteAgainView.as_view(), name="officers-invite-again"),
    path(f"{_O}/sign-out", SignOutView.as_view(), name="officers-sign-out"),
    path(f"{_O}/reopen-sign-in", ReopenView.as_view(), name="officers-reopen"),
    path(f"{_O}/reset-factors", ResetFactorsView.as_view(), name="officers-reset-factors"),
    path("duty", DutyView.as_view(), name="duty-list"),
    path("duty/<str:public_id>", DutyMoveView.as_view(), name="duty-move"),
]
