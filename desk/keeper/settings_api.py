# SPDX-License-Identifier: Apache-2.0
"""Settings of this desk, in JSON: the facts of the page, for its keeper and for an agency's auditor."""

from typing import Any, ClassVar

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from callers.capabilities import Capability
from desk.keeper.settings_report import Fact, Group, settings_report
from desk.web.api_answers import AgencyView


class SettingOut(s.Serializer[Fact]):
    """One setting: `name` never changes, `label` and `text` are in the reader's language, `where` is the place to set it."""

    name = s.CharField()
    label = s.CharField()  # type: ignore[assignment]
    text = s.CharField()
    where = s.CharField()


class SettingsGroupOut(s.Serializer[Group]):
    name = s.CharField()
    title = s.CharField()
    facts = SettingOut(many=True)


class DeskSettingsOut(s.Serializer[Any]):
    """Settings in groups; no secret and no content."""

    items = SettingsGroupOut(many=True)


class DeskSettingsView(AgencyView):
    capability: ClassVar[Any] = Capability.AUDIT_READ

    @extend_schema(responses={200: DeskSettingsOut}, operation_id="desk_settings")
    def get(self, request: Request) -> Response:
        """Show the desk's settings and their sources: to the keeper with each agency's policy, to an auditor with the own."""
        groups = settings_report(self.officer, now=self.now)
        return self.answer(DeskSettingsOut({"items": groups}).data)


urlpatterns = [path("desk/settings", DeskSettingsView.as_view(), name="desk-settings")]
