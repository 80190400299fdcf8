# SPDX-License-Identifier: Apache-2.0
"""Notices that the hub sent for the agency, in JSON: all or the own, and "send again"."""

import uuid
from typing import Any, Final

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.boxes.paging import by_moment, take_page
from callers.capabilities import Capability
from callers.reading import read_query
from desk.web.api_answers import AgencyView, PageQuery, named_list
from notices.models import Notification
from notices.resending import resend_notice
from notices.states import NotificationState, Occasion


class NoticesQuery(PageQuery):
    """A selection of notices."""

    mine = s.ChoiceField(["0", "1"], required=False, default="0", help_text="1: mails to the caller only.")
    state = s.ChoiceField(NotificationState.values, required=False, help_text="Where it stands.")


class NoticeOut(s.Serializer[Any]):
    """A notice to one person on one subject; `reference` is a received alert's, if it is about one."""

    id = s.UUIDField()
    occasion = s.ChoiceField(Occasion.values)
    reference = s.SerializerMethodField()
    officer = s.CharField(source="officer.public_id")
    channel = s.CharField()
    state = s.ChoiceField(NotificationState.values)
    cause = s.CharField()
    attempts = s.IntegerField()
    queued_at = s.DateTimeField()
    sent_at = s.DateTimeField(allow_null=True)

    def get_reference(self, notice: Notification) -> str | None:
        return notice.reference or None


class NoticePageOut(s.Serializer[Any]):
    """`next` is the cursor of the following page."""

    items = NoticeOut(many=True)
    next = s.CharField(allow_null=True)


class NoticesView(AgencyView):
    capability = Capability.NOTICE_READ

    @extend_schema(
        parameters=[NoticesQuery], responses={200: NoticePageOut}, operation_id="notifications_list"
    )
    def get(self, request: Request) -> Response:
        """List the agency's notices with their outcomes and reasons of failure, newest first."""
        query = read_query(NoticesQuery, request)
        listed = named_list("notifications", query)
        found = Notification.objects.visible_to(self.officer).select_related("officer")
        if query["mine"] == "1":
            found = found.filter(officer=self.officer)
        if state := query.get("state"):
            found = found.filter(state=state)
        page = take_page(found, by_moment("queued_at"), self.place_in(listed, query), query["limit"])
        return self.page(listed, NoticeOut(page.rows, many=True).data, page.next)


class ResendView(AgencyView):
    capability = Capability.NOTICE_RESEND

    @extend_schema(request=None, responses={200: NoticeOut}, operation_id="notifications_resend")
    def post(self, request: Request, notice_id: uuid.UUID) -> Response:
        """Send a notice again that failed or was held."""
        self.act(lambda: resend_notice(self.officer, notice_id, now=self.now))
        notice = Notification.objects.visible_to(self.officer).get(pk=notice_id)
        return self.answer(NoticeOut(notice).data)


_N: Final = "notifications"
urlpatterns = [
    path(_N, NoticesView.as_view(), name="notifications-list"),
    path(f"{_N}/<uuid:notice_id>/resend", ResendView.as_view(), name="notifications-resend"),
]
