# SPDX-License-Identifier: Apache-2.0
"""Keys for the exchange in JSON: listed as the exchange answers now, issued and ended by statements that an admin signs here.

The text of a key is in one answer and stored nowhere.
"""

from datetime import timedelta
from typing import Any, Final

from django.urls import path
from django.views.decorators.debug import sensitive_variables
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accord.calls.credentials import CredentialAnswer
from alerts.agency.credentials import (
    end_credential,
    issue_credential,
    read_credentials,
    replace_own_credential,
)
from callers.capabilities import EXCHANGE_SCOPES, Capability, usual_scopes
from callers.errors import AbsentError
from callers.reading import read_body
from callers.systemkeys import MAX_LIFETIME, MOST_NETWORKS
from desk.agency.apikeys.api import Issued, ShownOnceView
from desk.web.api_answers import AgencyView, moment

SCOPES: Final = sorted(EXCHANGE_SCOPES)


class ExchangeKeyOut(s.Serializer[Any]):
    """A key by its prefix, with its scopes and its end; never its text. `is_own`: this desk itself calls with it.

    Keys of one `line` replaced one another, and end together.
    """

    prefix = s.CharField()
    line = s.CharField()
    client = s.CharField()
    scopes = s.ListField(child=s.CharField())
    networks = s.ListField(child=s.CharField())
    created_at = s.DateTimeField()
    expires_at = s.DateTimeField()
    revoked_at = s.DateTimeField(allow_null=True)
    last_used_at = s.DateTimeField(allow_null=True)
    is_own = s.BooleanField()


class ExchangeKeysOut(s.Serializer[Any]):
    """The keys; `scopes` are the usual ones of a new system."""

    items = ExchangeKeyOut(many=True)
    scopes = s.ListField(child=s.CharField())


class IssuedExchangeKeyOut(ExchangeKeyOut):
    """A new key; `key` is its text, only this once: null if the request was sent again, or the exchange's first answer was lost."""

    key = s.CharField(allow_null=True)


class ExchangeKeyIn(s.Serializer[Any]):
    """A new key. `client` names the system that uses it; without networks it works from anywhere."""

    client = s.CharField(max_length=60)
    scopes = s.ListField(child=s.ChoiceField(SCOPES), min_length=1, max_length=len(SCOPES))
    days = s.IntegerField(min_value=1, max_value=MAX_LIFETIME.days, required=False, default=MAX_LIFETIME.days)
    networks = s.ListField(
        child=s.CharField(max_length=43), required=False, default=list, max_length=MOST_NETWORKS
    )


class ReplaceOwnIn(s.Serializer[Any]):
    """The replacement of the desk's own key; `return_key` is a key from the exchange's operator, if the own key works no more."""

    return_key = s.CharField(required=False, default="", allow_blank=True, max_length=80)


class ExchangeKeysView(ShownOnceView):
    capability = Capability.APIKEY_MANAGE

    @extend_schema(responses={200: ExchangeKeysOut}, operation_id="exchange_keys_list")
    def get(self, request: Request) -> Response:
        """List the agency's keys at the exchange, the newest first, as it answers now."""
        known = read_credentials(self.officer)
        items = [_out(item, is_own=known.is_own(item)) for item in known.items]
        return self.answer({"items": items, "scopes": sorted(usual_scopes())})

    @extend_schema(
        request=ExchangeKeyIn, responses={201: IssuedExchangeKeyOut}, operation_id="exchange_keys_issue"
    )
    @sensitive_variables()
    def post(self, request: Request) -> Response:
        """Sign a statement that asks the exchange for a key. Its text is in this answer and is never shown again."""
        body = read_body(ExchangeKeyIn, request)
        lifetime = timedelta(days=body.pop("days"))

        def issue() -> Issued:
            made = issue_credential(self.officer, **body, lifetime=lifetime, now=self.now)
            return made.prefix, made.key

        return self.issued(issue, self._listed)

    def _listed(self, prefix: str) -> dict[str, Any]:
        known = read_credentials(self.officer)
        found = next((item for item in known.items if item.prefix == prefix), None)
        if found is None:
            raise AbsentError
        return _out(found, is_own=known.is_own(found))


class ExchangeKeyView(AgencyView):
    capability = Capability.APIKEY_MANAGE

    @extend_schema(responses={204: None}, operation_id="exchange_keys_end")
    def delete(self, request: Request, prefix: str) -> Response:
        """Sign a statement that ends a key at the exchange, and all that took its place, for good."""
        self.act(lambda: end_credential(self.officer, prefix, now=self.now), code=status.HTTP_204_NO_CONTENT)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ReplaceOwnView(AgencyView):
    capability = Capability.APIKEY_MANAGE
    http_method_names = ["post", "options"]

    @extend_schema(
        request=ReplaceOwnIn, responses={200: ExchangeKeysOut}, operation_id="exchange_keys_replace_own"
    )
    @sensitive_variables()
    def post(self, request: Request) -> Response:
        """Replace the key by which this desk itself calls the exchange; the old one ends. Nobody sees the new one's text."""
        body = read_body(ReplaceOwnIn, request)
        self.act(lambda: replace_own_credential(self.officer, **body, now=self.now))
        known = read_credentials(self.officer)
        items = [_out(item, is_own=known.is_own(item)) for item in known.items]
        return self.answer({"items": items, "scopes": sorted(usual_scopes())})


def _out(item: CredentialAnswer, *, is_own: bool) -> dict[str, Any]:
    shown = {
        "prefix": item.prefix,
        "line": item.line,
        "client": item.client,
        "scopes": item.scopes,
        "networks": item.networks,
        "created_at": moment(item.since),
        "expires_at": moment(item.until),
        "revoked_at": moment(item.revoked_at),
        "last_used_at": moment(item.last_used),
        "is_own": is_own,
    }
    return dict(ExchangeKeyOut(shown).data)


urlpatterns = [
    path("exchange-keys", ExchangeKeysView.as_view(), name="exchange-keys-list"),
    path("exchange-keys/own/replace", ReplaceOwnView.as_view(), name="exchange-keys-replace-own"),
    path("exchange-keys/<str:prefix>", ExchangeKeyView.as_view(), name="exchange-keys-one"),
]
