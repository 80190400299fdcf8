# SPDX-License-Identifier: Apache-2.0
"""Contact data of the officer's agency, in JSON: the exchange's present ones, and a new statement."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from accord.calls.answers import EntryAnswer
from accord.envelope.statements.bodies import MAX_CONTACTS
from alerts.agency.entry import read_own_entry, state_own_entry
from callers.capabilities import Capability
from callers.reading import read_body
from desk.web.api_answers import AgencyView


class EntryIn(s.Serializer[Any]):
    """The agency's contact data for partners and the exchange; an empty `telephone` says that nobody can be called."""

    telephone = s.CharField(allow_blank=True, max_length=40)
    timezone = s.CharField(max_length=64)
    contacts = s.ListField(child=s.CharField(max_length=254), max_length=MAX_CONTACTS)


class EntryOut(s.Serializer[Any]):
    """Contact data as the exchange has them. `is_stated`: the agency has signed them; else the exchange's operator entered them."""

    telephone = s.CharField(allow_blank=True)
    timezone = s.CharField()
    contacts = s.ListField(child=s.CharField())
    is_stated = s.BooleanField()


class OwnEntryView(AgencyView):
    capability = Capability.AGENCY_MANAGE

    @extend_schema(responses={200: EntryOut}, operation_id="entry_retrieve")
    def get(self, request: Request) -> Response:
        """Show the agency's contact data as the exchange has them."""
        return self.answer(_shown(read_own_entry(self.officer)))

    @extend_schema(request=EntryIn, responses={200: EntryOut}, operation_id="entry_update")
    def put(self, request: Request) -> Response:
        """State duty telephone, time zone and mail addresses of contact points anew, signed with the agency's key.

        The exchange mails the contact points, without any content, while nothing reads the agency's feed.
        """
        body = read_body(EntryIn, request)
        self.act(lambda: state_own_entry(self.officer, **body, now=self.now))
        return self.answer(_shown(read_own_entry(self.officer)))


def _shown(said: EntryAnswer) -> dict[str, Any]:
    shown = {
        "telephone": said.telephone,
        "timezone": said.timezone,
        "contacts": said.contacts,
        "is_stated": said.statement is not None,
    }
    return dict(EntryOut(shown).data)


urlpatterns = [path("entry", OwnEntryView.as_view(), name="entry-one")]
