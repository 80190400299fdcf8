# SPDX-License-Identifier: Apache-2.0
"""The operator's acts in JSON: an agency comes in, is suspended and resumed; the hub's health. Nobody's business."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.api import AgencySerializer
from agencies.entrykeys import issue_entry_key
from agencies.errors import CustodyRefusedError
from agencies.fingerprints import checked_fingerprint
from agencies.models import Agency as ListedAgency
from agencies.models import ApiKey
from alerts.api_affairs.answering import AffairsView, moment
from alerts.api_affairs.apikeys import ApiKeyOut, Issued, IssuedApiKeyOut, ShownOnceView
from alerts.api_affairs.officers import InvitationOut
from alerts.api_desk import CREATED
from alerts.pages.operator.forms import GROUP_CHARS, HEARD, group_of
from alerts.pages.operator.health import Sign, health
from callers.capabilities import Capability, Role
from callers.directory import AgencyKind, AgencyStatus, Custody
from callers.errors import AbsentError, InputError, MoveError, NotPermittedError
from callers.idempotency import Outcome, idempotent
from callers.reading import read_body, read_query
from officers.entering import Entry, entry_of, first_admin_of, take_in
from officers.invitations import invite_again, invite_officer
from peers.models import Agency
from sharing.agreements import resume_agency_flow, suspend_agency_flow
from vault.doors import create_agency_keys


class SignOut(s.Serializer[Sign]):
    """One part of the hub; `tone` is ok, warn or danger, `remedy` what to do where something is wrong."""

    label = s.CharField()  # type: ignore[assignment]
    tone = s.CharField()
    text = s.CharField()
    remedy = s.CharField()


class HealthOut(s.Serializer[Any]):
    """In the order in which an alert passes them."""

    items = SignOut(many=True)


class HubAgenciesQuery(s.Serializer[Any]):
    status = s.ChoiceField(AgencyStatus.values, required=False, help_text="Where it stands.")


class HubAgencyOut(AgencySerializer):
    """An agency as the operator may know it."""

    class Meta(AgencySerializer.Meta):
        fields = (*AgencySerializer.Meta.fields, "admitted_at")  # type: ignore[assignment]


class HubAgenciesOut(s.Serializer[Any]):
    items = HubAgencyOut(many=True)


class EntryOut(s.Serializer[Any]):
    """How far an agency has come in; `invitation` is its first admin's, while nobody has come."""

    agency = HubAgencyOut()
    has_admin = s.BooleanField()
    invitation = InvitationOut(allow_null=True)
    has_entry_key = s.BooleanField()
    needs_entry_key = s.BooleanField()
    has_keys = s.BooleanField()
    keyset_until = s.DateTimeField(allow_null=True)


class AdmitIn(s.Serializer[Any]):
    """Facts of an agency. `heard`: where it has a root, the even groups of the fingerprint, as the other side read them.

    Both sides have the paper; each reads every other group of four, so that neither believes the other's.
    """

    id = s.RegexField(r"\A[a-z]{2}-[a-z0-9]{2,20}\Z", max_length=23)
    name = s.CharField(max_length=120)
    kind = s.ChoiceField(AgencyKind.values)
    country = s.RegexField(r"\A[A-Z]{2}\Z", max_length=2)
    timezone = s.CharField(required=False, default="UTC", max_length=64)
    language = s.CharField(required=False, default="en", max_length=16)
    duty_phone = s.CharField(required=False, default="", allow_blank=True, max_length=40)
    custody = s.ChoiceField(Custody.values)
    root_fingerprint = s.CharField(required=False, default="", allow_blank=True, max_length=120)
    resembles = s.BooleanField(
        required=False, default=False, help_text="The name looks like another agency's, and they are two."
    )
    heard = s.ListField(
        child=s.CharField(max_length=GROUP_CHARS), required=False, default=list, max_length=len(HEARD)
    )


class FirstAdminIn(s.Serializer[Any]):
    email = s.CharField(max_length=254)
    full_name = s.CharField(max_length=120)
    unit = s.CharField(required=False, default="", allow_blank=True, max_length=60)


class EntryKeyIn(s.Serializer[Any]):
    """What uses the key at the agency."""

    client = s.CharField(max_length=60)


class HealthView(AffairsView):
    capability = Capability.HUB_OPERATE

    @extend_schema(responses={200: HealthOut}, operation_id="hub_health")
    def get(self, request: Request) -> Response:
        """Show whether mail, queues, sequencer, log and keys do their work: times and totals, never whose."""
        return self.answer(HealthOut({"items": list(health(self.now))}).data)


class HubAgenciesView(AffairsView):
    capability = Capability.HUB_OPERATE

    @extend_schema(
        parameters=[HubAgenciesQuery], responses={200: HubAgenciesOut}, operation_id="hub_agencies_list"
    )
    def get(self, request: Request) -> Response:
        """List the agencies of the hub by name, those too that are still entering."""
        query = read_query(HubAgenciesQuery, request)
        found = ListedAgency.objects.visible_to(self.officer).filter(**query).order_by("name")
        return self.answer({"items": HubAgencyOut(found, many=True).data})

    @extend_schema(request=AdmitIn, responses={201: EntryOut}, operation_id="hub_agencies_admit")
    def post(self, request: Request) -> Response:
        """Admit an agency, after both sides have read its root's fingerprint to each other."""
        body = read_body(AdmitIn, request)

        def run() -> Outcome:
            heard, agency_id = body.pop("heard"), body.pop("id")
            fingerprint = _compared(body["root_fingerprint"], body["custody"], heard)
            facts = body | {"root_fingerprint": fingerprint}
            take_in(self.officer, agency_id, **facts, compared=bool(fingerprint), now=self.now)
            return Outcome(CREATED, agency_id)

        outcome = idempotent(request, self.actor, run, now=self.now)
        return self.answer(_entry_out(self.entry(outcome.resource)), outcome.status)

    def entry(self, agency_id: str) -> Entry:
        return entry_of(self.officer, agency_id, now=self.now)


class HubAgencyView(HubAgenciesView):
    http_method_names = ["get", "head", "options"]

    @extend_schema(responses={200: EntryOut}, operation_id="hub_agencies_retrieve", parameters=[])
    def get(self, request: Request, agency_id: str) -> Response:  # type: ignore[override]
        """Show how far an agency has come in."""
        return self.answer(_entry_out(self.entry(agency_id)))


class ActOnAgencyView(HubAgenciesView):
    """One act on an agency, answered by where it stands then."""

    http_method_names = ["post", "options"]

    def act_on(self, agency_id: str, do: Callable[[Entry], object], code: int = 200) -> Response:
        entry = self.entry(agency_id)
        self.act(lambda: do(entry), code=code, resource=agency_id)
        return self.answer(_entry_out(self.entry(agency_id)), code)


class FirstAdminView(ActOnAgencyView):
    @extend_schema(request=FirstAdminIn, responses={201: EntryOut}, operation_id="hub_agencies_invite_admin")
    def post(self, request: Request, agency_id: str) -> Response:  # type: ignore[override]
        """Invite the first agency admin by mail; everybody else there is invited by that person."""
        body = read_body(FirstAdminIn, request) | {"roles": [Role.AGENCY_ADMIN.value]}

        def invite(entry: Entry) -> None:
            with _moved_on(entry.agency):
                invite_officer(self.officer, entry.agency, **body, now=self.now)

        return self.act_on(agency_id, invite, CREATED)


class FirstAdminAgainView(ActOnAgencyView):
    @extend_schema(request=None, responses={200: EntryOut}, operation_id="hub_agencies_invite_admin_again")
    def post(self, request: Request, agency_id: str) -> Response:  # type: ignore[override]
        """Send the first agency admin a new link, while nobody has come."""

        def invite(entry: Entry) -> None:
            invited = first_admin_of(self.officer, entry.agency)
            if invited is None:
                raise AbsentError
            invite_again(self.officer, invited, now=self.now)

        return self.act_on(agency_id, invite)


class EntryKeyView(ShownOnceView):
    capability = Capability.HUB_OPERATE

    @extend_schema(
        request=EntryKeyIn, responses={201: IssuedApiKeyOut}, operation_id="hub_agencies_entry_key"
    )
    def post(self, request: Request, agency_id: str) -> Response:
        """Issue the key with which an entering agency's own system brings its keys; shown in this answer alone.

        It serves the calls of accession and reads nothing; a key for entering that was issued before ends.
        """
        client = read_body(EntryKeyIn, request)["client"]
        agency = entry_of(self.officer, agency_id, now=self.now).agency

        def issue() -> Issued:
            with _moved_on(agency):
                key, text = issue_entry_key(self.officer, agency.pk, client=client, now=self.now)
            return key.prefix, text

        return self.issued(issue, lambda prefix: ApiKeyOut(ApiKey.objects.get(pk=prefix)).data)


class MakeKeysView(ActOnAgencyView):
    @extend_schema(request=None, responses={200: EntryOut}, operation_id="hub_agencies_create_keys")
    def post(self, request: Request, agency_id: str) -> Response:  # type: ignore[override]
        """Make the first keys of an agency whose root the hub holds."""

        def make(entry: Entry) -> None:
            if entry.agency.custody != Custody.HUB or entry.has_keys:
                raise CustodyRefusedError(agency_id, entry.agency.custody)
            create_agency_keys(self.officer, entry.agency, now=self.now)

        return self.act_on(agency_id, make)


class SuspendAgencyView(ActOnAgencyView):
    @extend_schema(request=None, responses={200: EntryOut}, operation_id="hub_agencies_suspend")
    def post(self, request: Request, agency_id: str) -> Response:  # type: ignore[override]
        """Stop flow from and to an agency on this hub; nothing is deleted, what waits is held."""
        return self.act_on(
            agency_id, lambda entry: suspend_agency_flow(self.officer, agency_id, now=self.now)
        )


class ResumeAgencyView(ActOnAgencyView):
    @extend_schema(request=None, responses={200: EntryOut}, operation_id="hub_agencies_resume")
    def post(self, request: Request, agency_id: str) -> Response:  # type: ignore[override]
        """Lift the hub's suspension of an agency; what was held has its turn again, in order and once."""
        return self.act_on(agency_id, lambda entry: resume_agency_flow(self.officer, agency_id, now=self.now))


@contextmanager
def _moved_on(agency: Agency) -> Iterator[None]:
    """Once an agency is in, its own admin does this: that is its state, not the operator's lack of a right."""
    try:
        yield
    except NotPermittedError:
        raise MoveError(agency.status, "enter") from None


def _compared(fingerprint: str, custody: str, heard: list[str]) -> str:
    """The fingerprint, once every even group was heard as it stands on the paper; raises InputError."""
    if custody == Custody.HUB and fingerprint.strip():
        text = _("Fingerprint: leave it empty, the hub makes the root; or choose who else holds it.")
        raise InputError("root_fingerprint", text)
    checked = checked_fingerprint(fingerprint, custody)
    groups = dict(zip(HEARD, heard, strict=False)) if checked else {}
    for n in HEARD if checked else ():
        if groups.get(n, "").lower() != group_of(checked, n):
            raise InputError("heard", _("Group %(n)d: this is not what stands on your paper.") % {"n": n})
    return checked


def _entry_out(entry: Entry) -> dict[str, Any]:
    facts = ("agency", "has_admin", "has_entry_key", "needs_entry_key", "has_keys")
    shown = {name: getattr(entry, name) for name in facts}
    shown |= {"invitation": entry.waiting, "keyset_until": moment(entry.keyset_until)}
    return dict(EntryOut(shown).data)


_H: Final = "hub/agencies"
_ONE: Final = f"{_H}/<str:agency_id>"
urlpatterns = [
    path("hub/health", HealthView.as_view(), name="hub-health"),
    path(_H, HubAgenciesView.as_view(), name="hub-agencies"),
    path(_ONE, HubAgencyView.as_view(), name="hub-agency-one"),
    path(f"{_ONE}/admin", FirstAdminView.as_view(), name="hub-agency-admin"),
    path(f"{_ONE}/admin/again", FirstAdminAgainView.as_view(), name="hub-agency-admin-again"),
    path(f"{_ONE}/entry-key", EntryKeyView.as_view(), name="hub-agency-entry-key"),
    path(f"{_ONE}/keys", MakeKeysView.as_view(), name="hub-agency-keys"),
    path(f"{_ONE}/suspend", SuspendAgencyView.as_view(), name="hub-agency-suspend"),
    path(f"{_ONE}/resume", ResumeAgencyView.as_view(), name="hub-agency-resume"),
]
