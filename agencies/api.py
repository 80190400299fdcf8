# SPDX-License-Identifier: Apache-2.0
"""The directory over REST, and the calls of accession."""

import json
from typing import Any, ClassVar

from django.http.response import HttpResponseBase
from django.urls import path
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accord.envelope.encoding import MAX_STATEMENT_BYTES
from accord.envelope.errors import MalformedError, TooLargeError
from agencies.accession import accept_keyset, issue_challenge, suspend_key
from agencies.api_credentials import CredentialEndView, CredentialsView
from agencies.api_instances import InstancesView, InstanceView
from agencies.api_newer_keysets import KeysetsQueryView
from agencies.directory import PublishedKeyset, list_agencies_now, published_keyset
from agencies.entries import published_entry, state_entry
from agencies.entrykeys import Accession, accession_of, first_key_of
from agencies.keyset_serializers import PublishedKeysetSerializer
from agencies.models import Agency, ApiKey, Key, Keyset
from agencies.selfrotation import rotate_own_key
from callers import clock
from callers.actors import Actor, ApiClient
from callers.answers import JwsField, ReceiptField, answer_conditionally
from callers.api_caller import CallerView
from callers.caller import caller_of
from callers.capabilities import EXCHANGE_SCOPES, Capability
from callers.directory import AgencyKind, AgencyStatus, Custody
from callers.errors import RotationRefusedError
from callers.idempotency import Outcome, idempotent, repeatable
from callers.octets import SIGNED, octets_of
from callers.permissions import ACCESSION
from callers.reading import read_body, read_query
from callers.systems_address import EXCHANGE_HELP, exchange_elsewhere
from ledger.proofs import latest_checkpoint


class AgencySerializer(serializers.ModelSerializer[Agency]):
    """An agency as every other agency may see it."""

    class Meta:
        model = Agency
        fields = (
            "id", "name", "kind", "country", "timezone", "language", "custody", "status", "root_fingerprint",
            "duty_phone",
        )  # fmt: skip


class AgencyListSerializer(serializers.Serializer[Any]):
    items = AgencySerializer(many=True)


class OfferedKeySerializer(serializers.Serializer[Any]):
    jwk = serializers.DictField(child=serializers.CharField(max_length=4096))
    use = serializers.ChoiceField(["sign", "enc"])


class ChallengeRequestSerializer(serializers.Serializer[Any]):
    keys = serializers.ListField(child=OfferedKeySerializer(), min_length=1, max_length=16)


class SealedNonceSerializer(serializers.Serializer[Any]):
    kid = serializers.CharField()
    jwe = serializers.DictField()


class ChallengeSerializer(serializers.Serializer[Any]):
    chal = serializers.CharField()
    sealed = SealedNonceSerializer(many=True)


class KeysetSubmissionSerializer(serializers.Serializer[Any]):
    keyset = serializers.FileField(help_text="The keyset, a JWS signed by the root.")
    pop = serializers.FileField(required=False, help_text="Proof of possession of the keys it adds.")


class HandingInQuerySerializer(serializers.Serializer[Any]):
    desk = serializers.BooleanField(
        default=False,
        help_text="A desk hands it in: the first API key, if one comes with it, suspends lanes and own keys, too.",
    )


class SealedApiKeySerializer(serializers.Serializer[Any]):
    """An agency's first API key: `jwe` is sealed to its encryption key `kid`, and only the agency can read it."""

    prefix = serializers.CharField(source="api_key.prefix")
    client = serializers.CharField(source="api_key.client")
    scopes = serializers.ListField(child=serializers.CharField(), source="api_key.scopes")
    expires_at = serializers.DateTimeField(source="api_key.expires_at")
    kid = serializers.CharField()
    jwe = serializers.DictField()


class AcceptedKeysetSerializer(serializers.Serializer[Any]):
    agency = serializers.CharField()
    version = serializers.IntegerField()
    od = serializers.CharField()
    api_key = SealedApiKeySerializer(
        allow_null=True, help_text="With the keyset that brings an agency in, and its repetition for a day."
    )


class AccessionSerializer(serializers.Serializer[Any]):
    """The agency as it was admitted, and its progress; `keyset` is the od of the keyset handed in, `until` the end of this key."""

    agency = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(AgencyKind.values)
    country = serializers.CharField()
    timezone = serializers.CharField()
    language = serializers.CharField()
    custody = serializers.ChoiceField(Custody.values)
    status = serializers.ChoiceField(AgencyStatus.values)
    root_fingerprint = serializers.CharField(
        help_text="The root that the hub's operator has on paper; empty where a desk is to make it."
    )
    duty_phone = serializers.CharField()
    keyset = serializers.CharField(allow_null=True)
    until = serializers.DateTimeField()
    checkpoint = serializers.CharField(
        allow_null=True,
        help_text="The newest signed checkpoint of the ledger, by which the caller sees that it has the right verifier key.",
    )
    exchange = serializers.CharField(allow_null=True, help_text=EXCHANGE_HELP)


class VersionQuerySerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class ExchangeCallerView(CallerView):
    __doc__ = CallerView.__doc__

    def status_of(self, caller: Actor) -> str | None:
        return Agency.objects.filter(pk=caller.agency_id).values_list("status", flat=True).first()


class RotatedKeySerializer(serializers.ModelSerializer[ApiKey]):
    """The API key that replaces the caller's; `key` is its text, in this answer only."""

    key = serializers.SerializerMethodField()

    class Meta:
        model = ApiKey
        fields = ("prefix", "client", "scopes", "networks", "expires_at", "key")

    def get_key(self, row: ApiKey) -> str:
        return str(self.context["text"])


class RotateOwnKeyView(APIView):
    """A new API key in place of the one that calls, once and in its last 30 days; its admins are told."""

    capability = EXCHANGE_SCOPES

    @extend_schema(request=None, responses={201: RotatedKeySerializer}, operation_id="caller_rotate")
    @method_decorator(sensitive_variables())
    def post(self, request: Request) -> Response:
        caller, now = caller_of(request), clock.now()
        if not isinstance(caller, ApiClient):
            raise RotationRefusedError("no-key", None)
        key, text = repeatable(request, caller, lambda: rotate_own_key(caller, now=now), now=now)
        shown = RotatedKeySerializer(key, context={"text": text}).data
        return Response(shown, status=201, headers={"Cache-Control": "no-store"})


class AgencyListView(APIView):
    """The agencies of the directory."""

    capability = Capability.DIRECTORY_READ

    @extend_schema(responses={200: AgencyListSerializer})
    def get(self, request: Request) -> HttpResponseBase:
        agencies = AgencySerializer(list_agencies_now(caller_of(request), now=clock.now()), many=True).data
        return answer_conditionally(request, {"items": list(map(dict, agencies))})


class KeysetView(APIView):
    """An agency's keyset with its receipt: the one in force, or one of a version."""

    capability = Capability.DIRECTORY_READ

    @extend_schema(
        parameters=[VersionQuerySerializer],
        responses={200: PublishedKeysetSerializer},
    )
    def get(self, request: Request, agency_id: str) -> HttpResponseBase:
        version = read_query(VersionQuerySerializer, request).get("version")
        published = published_keyset(caller_of(request), agency_id, version=version, now=clock.now())
        return answer_conditionally(request, _as_json(published))


class KeySuspensionSerializer(serializers.ModelSerializer[Key]):
    """A suspended key; a keyset signed later that lists it as current lifts it, as `until_keyset` says."""

    class Meta:
        model = Key
        fields = ("kid", "use", "suspended_at", "until_keyset")


class KeySuspensionView(APIView):
    """A key of the own agency that is suspended from now on."""

    capability = Capability.KEY_SUSPEND

    @extend_schema(request=None, responses={200: KeySuspensionSerializer}, operation_id="keys_suspend_own")
    def post(self, request: Request, kid: str) -> Response:
        """Suspend a key of the own agency at once: nothing signed with it, or sealed to it, is accepted any more.

        Only the next keyset that lists it as current lifts the suspension; no call does. Doing it again changes
        nothing.
        """
        caller, now = caller_of(request), clock.now()
        key = repeatable(request, caller, lambda: suspend_key(caller, kid, now=now), now=now)
        return Response(KeySuspensionSerializer(key).data)


class EntrySerializer(serializers.Serializer[Any]):
    """An agency's contact data; `statement` is the agency's own signed one, with its receipt once there is one."""

    agency = serializers.CharField()
    telephone = serializers.CharField(help_text="Of its duty desk; shown to every agency.")
    timezone = serializers.CharField()
    contacts = serializers.ListField(
        child=serializers.CharField(), help_text="Mail addresses; shown to the agency and the operator alone."
    )
    statement = JwsField(allow_null=True)
    receipt = ReceiptField(allow_null=True)


class EntryView(APIView):
    """Contact data of the caller's agency, as it states them itself."""

    capability: ClassVar = {"GET": Capability.DIRECTORY_READ, "PUT": Capability.STATEMENT_SUBMIT}
    parser_classes = SIGNED

    @extend_schema(responses={200: EntrySerializer}, operation_id="agencies_entry_retrieve")
    def get(self, request: Request, agency_id: str) -> HttpResponseBase:
        """Show an agency's contact data, for its own systems and people and for the operator."""
        found = published_entry(caller_of(request), agency_id)
        return answer_conditionally(request, dict(EntrySerializer(found).data))

    @extend_schema(
        request={"application/jose+json": OpenApiTypes.OBJECT},
        responses={200: EntrySerializer},
        operation_id="agencies_entry_state",
    )
    def put(self, request: Request, agency_id: str) -> Response:
        """State the own agency's contact data by a signed `entry`. The newest one counts; the same one again changes nothing."""
        jws, caller, now = octets_of(request), caller_of(request), clock.now()
        repeatable(request, caller, lambda: state_entry(caller, agency_id, jws, now=now), now=now)
        return Response(EntrySerializer(published_entry(caller, agency_id)).data)


class AccessionView(APIView):
    """Show an agency as it was admitted and its progress; for the key for entering, which reads nothing else."""

    capability = Capability.KEY_ENROL

    @extend_schema(responses={200: AccessionSerializer}, operation_id="accession_retrieve")
    def get(self, request: Request) -> HttpResponseBase:
        now = clock.now()
        return answer_conditionally(request, _accession(accession_of(caller_of(request), now=now)))


class ChallengeListView(APIView):
    """A one-time challenge for the proof of possession; it is valid for ten minutes."""

    # The root signs later keysets, so any system of the agency that submits its statements may hand one in.
    capability = ACCESSION | {Capability.STATEMENT_SUBMIT}

    @extend_schema(
        request=ChallengeRequestSerializer,
        responses={201: ChallengeSerializer},
    )
    def post(self, request: Request, agency_id: str) -> Response:
        body = read_body(ChallengeRequestSerializer, request)
        keys = [{"jwk": dict(key["jwk"]), "use": key["use"]} for key in body["keys"]]
        caller, now = caller_of(request), clock.now()
        challenge = repeatable(
            request, caller, lambda: issue_challenge(caller, agency_id, keys, now=now), now=now
        )
        return Response(challenge.as_json(), status=201)


class KeysetListView(APIView):
    """A keyset with the proof of possession of the keys it adds; the same bytes again get the same answer."""

    # A caller who may read the directory gets a lost answer again; the service asks for more rights for a new keyset.
    capability = ACCESSION | {Capability.STATEMENT_SUBMIT, Capability.DIRECTORY_READ}
    parser_classes = (MultiPartParser,)

    @extend_schema(
        parameters=[HandingInQuerySerializer],
        request={"multipart/form-data": KeysetSubmissionSerializer},
        responses={201: AcceptedKeysetSerializer},
    )
    def post(self, request: Request, agency_id: str) -> Response:
        now, pop, keyset = clock.now(), _part(request, "pop"), _part(request, "keyset")
        if keyset is None:
            raise MalformedError("keyset")

        caller = caller_of(request)
        for_desk = read_query(HandingInQuerySerializer, request)["desk"]

        def accept() -> Outcome:
            taken = accept_keyset(caller, agency_id, pop=pop, keyset=keyset, for_desk=for_desk, now=now)
            return Outcome(201, taken.od)

        outcome = idempotent(request, caller, accept, now=now)
        stored = Keyset.objects.get(od=outcome.resource)
        answer = {
            "agency": stored.agency_id,
            "version": stored.version,
            "od": stored.od,
            "api_key": first_key_of(stored, now=now),
        }
        return Response(AcceptedKeysetSerializer(answer).data, status=outcome.status)


def _part(request: Request, name: str) -> bytes | None:
    """The octets of a part, or None where there is none; raises TooLargeError."""
    file = request.FILES.get(name)
    if file is None:
        return None
    if file.size > MAX_STATEMENT_BYTES:
        raise TooLargeError(name, MAX_STATEMENT_BYTES)
    return bytes(file.read())


def _accession(found: Accession) -> dict[str, Any]:
    answer = {
        "agency": found.agency.pk,
        **AgencySerializer(found.agency).data,
        "keyset": found.keyset.od if found.keyset else None,
        "until": found.key_until,
        "checkpoint": newest.note if (newest := latest_checkpoint()) else None,
        "exchange": exchange_elsewhere(),
    }
    return dict(AccessionSerializer(answer).data)


def _as_json(published: PublishedKeyset) -> dict[str, Any]:
    return {
        "keyset": json.loads(bytes(published.row.jws)),
        "receipt": published.receipt,
        "revokes": [
            {"statement": json.loads(statement), "receipt": receipt}
            for statement, receipt in published.revokes
        ],
        "custody": published.row.custody,
    }


urlpatterns = [
    path("caller", ExchangeCallerView.as_view(), name="caller"),
    path("caller/rotate", RotateOwnKeyView.as_view(), name="caller-rotate"),
    path("accession", AccessionView.as_view(), name="accession"),
    path("agencies", AgencyListView.as_view(), name="agency-list"),
    path("agencies/<str:agency_id>/keyset", KeysetView.as_view(), name="agency-keyset"),
    path("agencies/<str:agency_id>/entry", EntryView.as_view(), name="agency-entry"),
    path("keys/<str:kid>/suspension", KeySuspensionView.as_view(), name="key-suspension"),
    path("credentials", CredentialsView.as_view(), name="credentials"),
    path("credentials/<str:prefix>/end", CredentialEndView.as_view(), name="credential-end"),
    path("instances", InstancesView.as_view(), name="instances"),
    path("instances/<uuid:instance_id>", InstanceView.as_view(), name="instance"),
    path("keysets/query", KeysetsQueryView.as_view(), name="keysets-query"),
    path("agencies/<str:agency_id>/challenges", ChallengeListView.as_view(), name="agency-challenges"),
    path("agencies/<str:agency_id>/keysets", KeysetListView.as_view(), name="agency-keysets"),
]
