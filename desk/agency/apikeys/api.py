# SPDX-License-Identifier: Apache-2.0
"""Keys for the desk in JSON: with them the agency's systems write drafts, ask questions or follow the audit here.

The text of a key is in one answer and stored nowhere.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from django.urls import path
from django.views.decorators.debug import sensitive_variables
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from callers.actors import ApiClient
from callers.capabilities import DESK_SCOPES, Capability
from callers.idempotency import Outcome, idempotent
from callers.reading import read_body
from callers.systemkeys import LONGEST_OVERLAP, MAX_LIFETIME, MOST_NETWORKS
from desk.alerts.serializers import ReleaserOut
from desk.web.api import CREATED
from desk.web.api_answers import AgencyView
from officers.deskkeys import (
    issue_key,
    key_for,
    keys_of,
    releasers_of_drafts,
    revoke_key,
    rotate_key,
    rotate_own_key,
    scopes_to_give,
)
from officers.models import DeskKey, Officer

SCOPES: Final = sorted(DESK_SCOPES)
GIVES_KEYS: Final = frozenset({Capability.APIKEY_MANAGE, Capability.AUDIT_GIVE})
"""Admins give keys that write or ask, auditors those that follow the audit."""
Issued = tuple[str, str | None]
"""Prefix of a key that was just issued, and its text; None where the answer with the text was lost."""


class ApiKeyOut(s.Serializer[Any]):
    """A key by its prefix, with its scopes and its end; never its text."""

    prefix = s.CharField()
    client = s.CharField()
    scopes = s.ListField(child=s.CharField())
    networks = s.ListField(child=s.CharField())
    created_at = s.DateTimeField()
    created_by = s.CharField()
    expires_at = s.DateTimeField()
    revoked_at = s.DateTimeField(allow_null=True)
    last_used_at = s.DateTimeField(allow_null=True)


class ListedApiKeyOut(ApiKeyOut):
    """A key in the list. `could_release`: officers who could send its drafts if the reader rotated it.

    It is empty without `draft:write`.
    """

    could_release = ReleaserOut(many=True)


class ApiKeysOut(s.Serializer[Any]):
    """The keys. `could_release`: officers who could send a new system's drafts if the reader issued its key.

    `scopes` are those that the reader can give such a key: `audit:follow` an auditor, the others an admin.
    """

    items = ListedApiKeyOut(many=True)
    could_release = ReleaserOut(many=True)
    scopes = s.ListField(child=s.CharField())


class IssuedApiKeyOut(ApiKeyOut):
    """A new key; `key` is its text, only this once, and null if the request was sent again."""

    key = s.CharField(allow_null=True)


class ApiKeyIn(s.Serializer[Any]):
    """A new key. `client` names the system that uses it; without networks it works from anywhere."""

    client = s.CharField(max_length=60)
    scopes = s.ListField(child=s.ChoiceField(SCOPES), min_length=1, max_length=len(SCOPES))
    days = s.IntegerField(min_value=1, max_value=MAX_LIFETIME.days, required=False, default=MAX_LIFETIME.days)
    networks = s.ListField(
        child=s.CharField(max_length=43), required=False, default=list, max_length=MOST_NETWORKS
    )


class RotateIn(s.Serializer[Any]):
    """The number of days for which the old key still works."""

    overlap_days = s.IntegerField(min_value=0, max_value=LONGEST_OVERLAP.days, required=False, default=1)


class ShownOnceView(AgencyView):
    """Answer a new key with its text, in this answer only."""

    @sensitive_variables()
    def issued(self, issue: Callable[[], Issued], show: Callable[[str], Mapping[str, Any]]) -> Response:
        """Issue once per `Idempotency-Key`; `show` gives the key of a prefix without its text."""
        texts: list[str | None] = []

        def run() -> Outcome:
            prefix, text = issue()
            texts.append(text)
            return Outcome(CREATED, prefix)

        outcome = idempotent(self.request, self.actor, run, now=self.now)
        shown = {**show(outcome.resource), "key": texts[0] if texts else None}
        return Response(shown, status=outcome.status, headers={"Cache-Control": "no-store"})


class ApiKeysView(ShownOnceView):
    capability = GIVES_KEYS

    @extend_schema(responses={200: ApiKeysOut}, operation_id="apikeys_list")
    def get(self, request: Request) -> Response:
        """List the keys for this desk, the newest first."""
        shown = {
            "items": [self._listed(row) for row in keys_of(self.officer)],
            "could_release": ReleaserOut(self._releasers(), many=True).data,
            "scopes": scopes_to_give(self.officer),
        }
        return self.answer(shown)

    def _releasers(self) -> list[Officer]:
        gives_drafts = Capability.APIKEY_MANAGE in self.officer.capabilities
        return releasers_of_drafts(self.officer, self.agency) if gives_drafts else []

    def _listed(self, key: DeskKey) -> dict[str, Any]:
        writes = Capability.DRAFT_WRITE in key.scopes
        releasers = releasers_of_drafts(self.officer, self.agency, client=key.client) if writes else []
        return {**ApiKeyOut(key).data, "could_release": ReleaserOut(releasers, many=True).data}

    @extend_schema(request=ApiKeyIn, responses={201: IssuedApiKeyOut}, operation_id="apikeys_issue")
    def post(self, request: Request) -> Response:
        """Issue a key for this desk. Its text is in this answer and is never shown again."""
        body = read_body(ApiKeyIn, request)
        lifetime = timedelta(days=body.pop("days"))
        return self.issued(
            lambda: _issued(issue_key(self.officer, self.agency, **body, lifetime=lifetime, now=self.now)),
            _shown,
        )


class ApiKeyView(AgencyView):
    capability = GIVES_KEYS

    @extend_schema(responses={204: None}, operation_id="apikeys_revoke")
    def delete(self, request: Request, prefix: str) -> Response:
        """Revoke a key for this desk and its whole chain for good; they are refused from their next request on."""
        key = key_for(self.officer, prefix)
        self.act(lambda: revoke_key(self.officer, key, now=self.now), code=status.HTTP_204_NO_CONTENT)
        return Response(status=status.HTTP_204_NO_CONTENT)


class RotateView(ShownOnceView):
    capability = GIVES_KEYS

    @extend_schema(request=RotateIn, responses={201: IssuedApiKeyOut}, operation_id="apikeys_rotate")
    def post(self, request: Request, prefix: str) -> Response:
        """Issue a key of the same kind in place of a working one, which ends some days later at most."""
        serves = timedelta(days=read_body(RotateIn, request)["overlap_days"])
        key = key_for(self.officer, prefix)
        return self.issued(
            lambda: _issued(rotate_key(self.officer, key, overlap=serves, now=self.now)), _shown
        )


class RotateOwnView(ShownOnceView):
    capability = DESK_SCOPES

    @extend_schema(request=None, responses={201: IssuedApiKeyOut}, operation_id="apikeys_rotate_own")
    def post(self, request: Request) -> Response:
        """Replace the calling key, once and in its last 30 days: same scopes and networks.

        The old key works for 7 days more at most. Until the new one is used, each further request gives another new
        one.
        """
        caller = self.actor
        assert isinstance(caller, ApiClient)
        return self.issued(lambda: _issued(rotate_own_key(caller, now=self.now)), _shown)


def _issued(made: tuple[DeskKey, str]) -> Issued:
    key, text = made
    return key.prefix, text


def _shown(prefix: str) -> dict[str, Any]:
    return dict(ApiKeyOut(DeskKey.objects.get(pk=prefix)).data)


urlpatterns = [
    path("api-keys", ApiKeysView.as_view(), name="apikeys-list"),
    path("api-keys/self/rotate", RotateOwnView.as_view(), name="apikeys-rotate-own"),
    path("api-keys/<str:prefix>", ApiKeyView.as_view(), name="apikeys-one"),
    path("api-keys/<str:prefix>/rotate", RotateView.as_view(), name="apikeys-rotate"),
]
