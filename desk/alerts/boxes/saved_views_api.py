# SPDX-License-Identifier: Apache-2.0
"""The officer's saved views of the lists in JSON: a name, and the filters that the page of the list offers."""

import uuid
from typing import Any, ClassVar, Final

from django.db import transaction
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.boxes.saved_views import (
    FILTERS,
    NAME_AT_MOST,
    NEEDED,
    create_view,
    delete_view,
    find_view,
    rename_view,
    set_default_view,
    views_of,
)
from alerts.rows.saved import SavedBox
from callers.capabilities import Capability
from callers.errors import InputError
from callers.idempotency import Outcome, idempotent
from callers.reading import read_body, read_query
from desk.alerts.boxes.page import offered_filters
from desk.web.api import CREATED
from desk.web.api_answers import AgencyView
from desk.web.filters import read_filters

_NAMES: Final = sorted(set().union(*FILTERS.values()))


class ViewsQuery(s.Serializer[Any]):
    """The list whose views are asked for."""

    box = s.ChoiceField(SavedBox.values, required=False, help_text="The list; all of them without.")


class ViewIn(s.Serializer[Any]):
    """A view to save: `filters` by name, with values that the list's page offers; switches have the value `yes`."""

    box = s.ChoiceField(SavedBox.values)
    name = s.CharField(max_length=NAME_AT_MOST)
    filters = s.DictField(child=s.CharField(max_length=24), help_text=f"From: {', '.join(_NAMES)}.")


class ViewChangeIn(s.Serializer[Any]):
    """A new name; or whether its list opens with it."""

    name = s.CharField(max_length=NAME_AT_MOST, required=False)
    is_default = s.BooleanField(required=False)


class ViewOut(s.Serializer[Any]):
    id = s.UUIDField()
    box = s.ChoiceField(SavedBox.values)
    name = s.CharField()
    filters = s.DictField(child=s.CharField())
    is_default = s.BooleanField()


class ViewsOut(s.Serializer[Any]):
    items = ViewOut(many=True)


class ViewsView(AgencyView):
    capability: ClassVar[Any] = Capability.ALERT_READ

    @extend_schema(parameters=[ViewsQuery], responses={200: ViewsOut}, operation_id="views_list")
    def get(self, request: Request) -> Response:
        """List the views that the officer has saved, by list and name."""
        wanted = read_query(ViewsQuery, request).get("box")
        boxes = [box for box in SavedBox.values if NEEDED[box] in self.officer.capabilities]
        rows = [view for box in boxes if wanted in (None, box) for view in views_of(self.officer, box)]
        return self.answer({"items": ViewOut(rows, many=True).data})

    @extend_schema(request=ViewIn, responses={201: ViewOut}, operation_id="views_create")
    def post(self, request: Request) -> Response:
        """Save filters of a list under a name."""
        body = read_body(ViewIn, request)

        def run() -> Outcome:
            self._check_offered(body["box"], body["filters"])
            return Outcome(CREATED, str(create_view(self.officer, **body, now=self.now).pk))

        outcome = idempotent(request, self.actor, run, now=self.now)
        return self.answer(ViewOut(find_view(self.officer, outcome.resource)).data, outcome.status)

    def _check_offered(self, box: str, filters: dict[str, str]) -> None:
        """Raise InputError unless all filters are codes that the list offers: free text is never stored."""
        if read_filters(filters, offered_filters(self.officer, box)).chosen != filters:
            raise InputError("filters", _("View: choose filters and values that the list offers."))


class ViewView(AgencyView):
    capability: ClassVar[Any] = Capability.ALERT_READ

    @extend_schema(request=ViewChangeIn, responses={200: ViewOut}, operation_id="views_partial_update")
    def patch(self, request: Request, view_id: uuid.UUID) -> Response:
        """Rename a view, or have its list open with it."""
        body = read_body(ViewChangeIn, request)
        view = find_view(self.officer, view_id)

        def change() -> None:
            with transaction.atomic():
                if "name" in body:
                    rename_view(self.officer, view, name=body["name"], now=self.now)
                if "is_default" in body:
                    set_default_view(self.officer, view, is_default=body["is_default"], now=self.now)

        self.act(change)
        return self.answer(ViewOut(find_view(self.officer, view_id)).data)

    @extend_schema(responses={204: None}, operation_id="views_destroy")
    def delete(self, request: Request, view_id: uuid.UUID) -> Response:
        """Delete a view; no alert is touched."""
        self.act(
            lambda: delete_view(self.officer, find_view(self.officer, view_id), now=self.now),
            code=status.HTTP_204_NO_CONTENT,
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


urlpatterns = [
    path("views", ViewsView.as_view(), name="views-list"),
    path("views/<uuid:view_id>", ViewView.as_view(), name="views-one"),
]
