# SPDX-License-Identifier: Apache-2.0
"""Acts of the keeper in JSON: an agency is taken in at this desk, and the desk's health. No agency's affairs, no content."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from accord.calls.answers import AgencyAnswer
from alerts.exchange_errors import exchange_errors
from callers.capabilities import Capability, Role
from callers.directory import AgencyKind, AgencyStatus, Custody
from callers.errors import AbsentError, MoveError, NotPermittedError
from callers.idempotency import Outcome, idempotent
from callers.reading import read_body, read_query
from desk.agency.officers.api import InvitationOut
from desk.keeper.health import health
from desk.keeper.health_signs import Sign
from desk.web.api import CREATED
from desk.web.api_answers import AgencyView
from officers.entering import (
    Admitted,
    Confirmed,
    Entry,
    ask_admitted,
    entries,
    entry_of,
    replace_entry_key,
    take_in,
)
from officers.invitations import invite_again, invite_officer
from peers.models import Agency
from vault.services import create_agency_keys


class SignOut(s.Serializer[Sign]):
    """One part of the desk; `tone` is ok, warn or danger, `remedy` says what to do if something is wrong."""

    label = s.CharField()  # type: ignore[assignment]
    tone = s.CharField()
    text = s.CharField()
    remedy = s.CharField()


class HealthOut(s.Serializer[Any]):
    """The signs of health, in the order in which an incoming alert passes them."""

    items = SignOut(many=True)


class DeskAgenciesQuery(s.Serializer[Any]):
    status = s.ChoiceField(AgencyStatus.values, required=False, help_text="Where it stands at the exchange.")


class AdmittedAgencyOut(s.Serializer[AgencyAnswer]):
    """An agency as the exchange admitted it; `root_fingerprint` is empty if this desk makes the root."""

    id = s.CharField()
    name = s.CharField()
    kind = s.ChoiceField(AgencyKind.values)
    country = s.CharField()
    timezone = s.CharField()
    language = s.CharField()
    custody = s.ChoiceField(Custody.values)
    status = s.ChoiceField(AgencyStatus.values)
    root_fingerprint = s.CharField()
    duty_phone = s.CharField()


class DeskAgencyOut(AdmittedAgencyOut):
    """An agency as far as the keeper may know it."""

    admitted_at = s.DateTimeField()


class DeskEntryOut(s.Serializer[Any]):
    """Progress of an agency that is taken in; `invitation` is its first admin's, while nobody has accepted it.

    `entry_key_until` is the end of the kept key for entering, `keyset_until` that of the newest keyset that this desk
    has verified.
    """

    agency = DeskAgencyOut()
    has_admin = s.BooleanField()
    invitation = InvitationOut(allow_null=True)
    entry_key_until = s.DateTimeField(allow_null=True)
    has_keys = s.BooleanField()
    keyset_until = s.DateTimeField(allow_null=True)


class DeskAgenciesOut(s.Serializer[Any]):
    items = DeskEntryOut(many=True)


class EntryKeyIn(s.Serializer[Any]):
    """The key for entering as the exchange's operator gave it."""

    entry_key = s.CharField(max_length=80)


class AdmittedIn(EntryKeyIn):
    """The agency's id, and the key for entering as the exchange's operator gave it."""

    id = s.RegexField(r"\A[a-z]{2}-[a-z0-9]{2,20}\Z", max_length=23)


class AdmittedOut(s.Serializer[Admitted]):
    """An admitted agency as the exchange describes it; `until` is the end of the key for entering."""

    agency = AdmittedAgencyOut(source="entry")
    until = s.DateTimeField()


class TakeInIn(AdmittedIn):
    """Id, key and the facts that a person has compared; an agency is not taken in if the exchange states others."""

    name = s.CharField(max_length=120)
    custody = s.ChoiceField(Custody.values)
    root_fingerprint = s.CharField(required=False, default="", allow_blank=True, max_length=64)


class FirstAdminIn(s.Serializer[Any]):
    email = s.CharField(max_length=254)
    full_name = s.CharField(max_length=120)
    unit = s.CharField(required=False, default="", allow_blank=True, max_length=60)


class KeeperView(AgencyView):
    capability = Capability.DESK_KEEP

    def shown(self, agency_id: str) -> dict[str, Any]:
        return _entry_out(self.entry(agency_id))

    def entry(self, agency_id: str) -> Entry:
        return entry_of(self.officer, agency_id, now=self.now)

    def act_on(self, agency_id: str, do: Callable[[Entry], object], code: int = 200) -> Response:
        """Do one act on an agency; answer its state afterwards."""
        entry = self.entry(agency_id)
        self.act(lambda: do(entry), code=code, resource=agency_id)
        return self.answer(self.shown(agency_id), code)


class HealthView(KeeperView):
    @extend_schema(responses={200: HealthOut}, operation_id="desk_health")
    def get(self, request: Request) -> Response:
        """Show the state of mail, queues, feeds and keys at this desk: times and totals, no agency's affairs."""
        signs = health(entries(self.officer, now=self.now), self.now)
        return self.answer(HealthOut({"items": list(signs)}).data)


class DeskAgenciesView(KeeperView):
    @extend_schema(
        parameters=[DeskAgenciesQuery], responses={200: DeskAgenciesOut}, operation_id="desk_agencies_list"
    )
    def get(self, request: Request) -> Response:
        """List the agencies that this desk has taken in by name, including those still entering."""
        status = read_query(DeskAgenciesQuery, request).get("status")
        found = entries(self.officer, now=self.now)
        shown = [_entry_out(entry) for entry in found if status in (None, entry.agency.status)]
        return self.answer({"items": shown})

    @extend_schema(request=TakeInIn, responses={201: DeskEntryOut}, operation_id="desk_agencies_take_in")
    def post(self, request: Request) -> Response:
        """Take in an agency that the exchange has admitted, after a person has compared its facts."""
        body = read_body(TakeInIn, request)
        agency_id, entry_key = body.pop("id"), body.pop("entry_key")

        def run() -> Outcome:
            with exchange_errors():
                take_in(self.officer, agency_id, entry_key, confirmed=Confirmed(**body), now=self.now)
            return Outcome(CREATED, agency_id)

        outcome = idempotent(request, self.actor, run, now=self.now)
        return self.answer(self.shown(outcome.resource), outcome.status)


class AdmittedView(KeeperView):
    @extend_schema(request=AdmittedIn, responses={200: AdmittedOut}, operation_id="desk_agencies_admitted")
    def post(self, request: Request) -> Response:
        """Ask the exchange which agency it has admitted under this id and key for entering; nothing is stored."""
        body = read_body(AdmittedIn, request)
        with exchange_errors():
            admitted = ask_admitted(self.officer, body["id"], body["entry_key"], now=self.now)
        return Response(AdmittedOut(admitted).data, headers={"Cache-Control": "no-store"})


class DeskAgencyView(KeeperView):
    @extend_schema(responses={200: DeskEntryOut}, operation_id="desk_agencies_retrieve")
    def get(self, request: Request, agency_id: str) -> Response:
        """Show the progress of an agency that is taken in."""
        return self.answer(self.shown(agency_id))


class FirstAdminView(KeeperView):
    @extend_schema(
        request=FirstAdminIn, responses={201: DeskEntryOut}, operation_id="desk_agencies_invite_admin"
    )
    def post(self, request: Request, agency_id: str) -> Response:
        """Invite the first agency admin by mail; that person invites everybody else there."""
        body = read_body(FirstAdminIn, request) | {"roles": [Role.AGENCY_ADMIN.value]}

        def invite(entry: Entry) -> None:
            with _moved_on(entry.agency):
                invite_officer(self.officer, entry.agency, **body, now=self.now)

        return self.act_on(agency_id, invite, CREATED)


class FirstAdminAgainView(KeeperView):
    @extend_schema(
        request=None, responses={200: DeskEntryOut}, operation_id="desk_agencies_invite_admin_again"
    )
    def post(self, request: Request, agency_id: str) -> Response:
        """Send the first agency admin a new link, while nobody has accepted one."""

        def invite(entry: Entry) -> None:
            if entry.first_admin is None:
                raise AbsentError
            invite_again(self.officer, entry.first_admin, now=self.now)

        return self.act_on(agency_id, invite)


class EntryKeyView(KeeperView):
    @extend_schema(request=EntryKeyIn, responses={200: DeskEntryOut}, operation_id="desk_agencies_entry_key")
    def post(self, request: Request, agency_id: str) -> Response:
        """Replace the key for entering of an agency that has no keys yet, once the exchange accepts it."""
        key = read_body(EntryKeyIn, request)["entry_key"]

        def replace(entry: Entry) -> None:
            with exchange_errors():
                replace_entry_key(self.officer, agency_id, key, now=self.now)

        return self.act_on(agency_id, replace)


class MakeKeysView(KeeperView):
    @extend_schema(request=None, responses={200: DeskEntryOut}, operation_id="desk_agencies_create_keys")
    def post(self, request: Request, agency_id: str) -> Response:
        """Make the first keys of an agency whose root the hub holds."""

        def make(entry: Entry) -> None:
            if entry.agency.custody != Custody.HUB or entry.has_keys:
                raise MoveError(entry.agency.status, "create-keys")
            create_agency_keys(self.officer, entry.agency, now=self.now)

        return self.act_on(agency_id, make)


@contextmanager
def _moved_on(agency: Agency) -> Iterator[None]:
    """Turn a missing right into a refusal by state: once an agency is in, its own admin does this."""
    try:
        yield
    except NotPermittedError:
        raise MoveError(agency.status, "enter") from None


def _entry_out(entry: Entry) -> dict[str, Any]:
    facts = ("agency", "has_admin", "entry_key_until", "has_keys", "keyset_until")
    shown = {name: getattr(entry, name) for name in facts}
    return dict(DeskEntryOut(shown | {"invitation": entry.waiting}).data)


_A: Final = "desk/agencies"
_ONE: Final = f"{_A}/<str:agency_id>"
urlpatterns = [
    path("desk/health", HealthView.as_view(), name="desk-health"),
    path(_A, DeskAgenciesView.as_view(), name="desk-agencies"),
    path(f"{_A}/admitted", AdmittedView.as_view(), name="desk-agencies-admitted"),
    path(_ONE, DeskAgencyView.as_view(), name="desk-agency-one"),
    path(f"{_ONE}/admin", FirstAdminView.as_view(), name="desk-agency-admin"),
    path(f"{_ONE}/admin/again", FirstAdminAgainView.as_view(), name="desk-agency-admin-again"),
    path(f"{_ONE}/entry-key", EntryKeyView.as_view(), name="desk-agency-entry-key"),
    path(f"{_ONE}/keys", MakeKeysView.as_view(), name="desk-agency-keys"),
]
