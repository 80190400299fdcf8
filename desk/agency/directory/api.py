# SPDX-License-Identifier: Apache-2.0
"""The directory, in JSON: the agencies of this desk, and whom to call."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from callers.capabilities import Capability
from callers.directory import AgencyKind, AgencyStatus, Custody
from desk.web.api_answers import AgencyView
from peers.models import Agency


class ListedAgencyOut(s.Serializer[Any]):
    """An agency as the exchange lists it; fields that were changed outside the program are left out."""

    id = s.CharField()
    name = s.CharField()
    kind = s.ChoiceField(AgencyKind.values)
    country = s.CharField()
    timezone = s.CharField()
    language = s.CharField()
    custody = s.ChoiceField(Custody.values)
    status = s.ChoiceField(AgencyStatus.values)
    root_fingerprint = s.CharField(allow_blank=True)
    duty_phone = s.CharField(allow_blank=True)


class DirectoryOut(s.Serializer[Any]):
    items = ListedAgencyOut(many=True)


class DirectoryView(AgencyView):
    capability = Capability.DIRECTORY_READ

    @extend_schema(responses={200: DirectoryOut}, operation_id="directory_list")
    def get(self, request: Request) -> Response:
        """List every agency of this hub that the officer may see, by name."""
        seen = sorted(Agency.objects.visible_to(self.officer), key=lambda agency: agency.name)
        return self.answer(DirectoryOut({"items": [agency for agency in seen if agency.is_bound]}).data)


urlpatterns = [path("directory", DirectoryView.as_view(), name="directory-list")]
