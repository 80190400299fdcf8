# SPDX-License-Identifier: Apache-2.0
"""Withheld alerts in JSON: what there is by peer and lane, what is chosen or not needed, and sending it in steps."""

from collections.abc import Callable
from typing import Any, Final

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.rows.withheld import WithheldState
from alerts.withheld.deciding import cancel_chosen, choose_withheld, decline_withheld
from alerts.withheld.lists import (
    Progress,
    WithheldGroup,
    WithheldLane,
    WithheldRow,
    list_withheld,
    progress_of,
    withheld_groups,
    withheld_lane,
    withheld_lanes,
)
from alerts.withheld.sending import send_chosen
from callers.capabilities import Capability
from callers.closed_lists import Lane
from callers.cursors import list_name, seal_cursor
from callers.reading import read_body, read_query
from desk.alerts.serializers import AlertFactsOut, CardOut
from desk.web.api_answers import AgencyView, PageQuery

AT_MOST: Final = 1000


class WithheldLaneOut(s.Serializer[WithheldLane]):
    """Numbers of one peer and lane; `since` is when the lane was suspended, null once it is open, `stopped_by` who suspends it.

    `waiting` can be decided, `red` is written anew, `lost` is not kept for long enough to be sent.
    """

    peer = s.CharField(source="peer.pk")
    lane = s.ChoiceField(Lane.values)
    since = s.DateTimeField(allow_null=True)
    stopped_by = s.ListField(child=s.CharField())
    waiting = s.IntegerField()
    red = s.IntegerField()
    lost = s.IntegerField()
    chosen = s.IntegerField()
    sent = s.IntegerField()
    refused = s.IntegerField()
    not_needed = s.IntegerField()


class WithheldLanesOut(s.Serializer[Any]):
    items = WithheldLaneOut(many=True)


class WithheldGroupOut(s.Serializer[WithheldGroup]):
    """Undecided alerts of one kind and month; `key` names them in `groups` of a choice."""

    key = s.CharField()
    kind = s.CharField()
    month = s.DateField()
    count = s.IntegerField()


class ResendingOut(s.Serializer[Progress]):
    """Progress of those that were chosen together last."""

    total = s.IntegerField()
    signed = s.IntegerField()
    logged = s.IntegerField()
    refused = s.IntegerField()
    left = s.IntegerField()


class WithheldRowOut(s.Serializer[WithheldRow]):
    """A withheld alert; `code` says why it could not be sent, `sent` is the alert under which it went out or is on its way."""

    id = s.UUIDField(source="row.pk")
    alert = AlertFactsOut(source="row.alert")
    card = CardOut(allow_null=True)
    released_at = s.DateTimeField(source="row.released_at")
    keep = s.DateTimeField(source="row.keep")
    code = s.CharField(source="row.code")
    sent = s.UUIDField(source="row.sent_id", allow_null=True)


class WithheldOut(s.Serializer[Any]):
    lane = WithheldLaneOut()
    groups = WithheldGroupOut(many=True)
    progress = ResendingOut()
    items = WithheldRowOut(many=True)
    next = s.CharField(allow_null=True)


class WithheldQuery(PageQuery):
    """One group, or the alerts that were chosen, or that could not be sent."""

    group = s.CharField(required=False, default="", allow_blank=True, max_length=80)
    state = s.ChoiceField(
        [WithheldState.WAITING, WithheldState.CHOSEN, WithheldState.REFUSED],
        required=False,
        default="waiting",
    )


class ChoiceIn(s.Serializer[Any]):
    """Alerts by `key` of their group, or one by one; nothing stands for all."""

    groups = s.ListField(child=s.CharField(max_length=80), max_length=AT_MOST, default=list)
    ids = s.ListField(child=s.UUIDField(), max_length=AT_MOST, default=list)


class WithheldLanesView(AgencyView):
    capability = Capability.ALERT_READ

    @extend_schema(responses={200: WithheldLanesOut}, operation_id="withheld_list")
    def get(self, request: Request) -> Response:
        """List what suspended lanes kept from others that an author had chosen, by peer and lane; only this agency knows of it."""
        return self.answer(WithheldLanesOut({"items": withheld_lanes(self.officer, now=self.now)}).data)


class WithheldLaneView(AgencyView):
    capability = Capability.ALERT_READ

    @extend_schema(parameters=[WithheldQuery], responses={200: WithheldOut}, operation_id="withheld_retrieve")
    def get(self, request: Request, peer: str, lane: str) -> Response:
        """The alerts of one peer and lane on which somebody decides: by kind and month, and one page of them, newest first."""
        query = read_query(WithheldQuery, request)
        filters = {"peer": peer, "lane": lane, "group": query["group"], "state": query["state"]}
        listed = list_name("withheld", filters)
        page = list_withheld(
            self.officer,
            peer,
            lane,
            group=query["group"],
            state=query["state"],
            cursor=self.place_in(listed, query),
            limit=query["limit"],
            now=self.now,
        )
        shown = {
            "lane": withheld_lane(self.officer, peer, lane, now=self.now),
            "groups": withheld_groups(self.officer, peer, lane, now=self.now),
            "progress": progress_of(self.officer, peer, lane),
            "items": page.rows,
            "next": seal_cursor(self.actor, listed, page.next, now=self.now),
        }
        return self.answer(WithheldOut(shown).data)


class _ActView(AgencyView):
    def done(self, do: Callable[..., object], peer: str, lane: str, **more: Any) -> Response:
        """Do the act once and answer the numbers that result."""
        self.act(lambda: do(self.officer, peer, lane, now=self.now, **more))
        return self.answer(ResendingOut(progress_of(self.officer, peer, lane)).data)


class WithheldChooseView(_ActView):
    capability = Capability.ALERT_READ

    @extend_schema(request=ChoiceIn, responses={200: ResendingOut}, operation_id="withheld_choose")
    def post(self, request: Request, peer: str, lane: str) -> Response:
        """Choose what is sent, for an author or a releaser. Another releaser sends it: `send`."""
        return self.done(choose_withheld, peer, lane, **read_body(ChoiceIn, request))


class WithheldDeclineView(_ActView):
    capability = Capability.ALERT_READ

    @extend_schema(request=ChoiceIn, responses={200: ResendingOut}, operation_id="withheld_decline")
    def post(self, request: Request, peer: str, lane: str) -> Response:
        """Say of alerts that they are not needed there any more. Nobody else learns of it."""
        return self.done(decline_withheld, peer, lane, **read_body(ChoiceIn, request))


class WithheldCancelView(_ActView):
    capability = Capability.ALERT_READ

    @extend_schema(request=None, responses={200: ResendingOut}, operation_id="withheld_cancel")
    def post(self, request: Request, peer: str, lane: str) -> Response:
        """Take back the choice of all that is not signed; it can be chosen again."""
        return self.done(cancel_chosen, peer, lane)


class WithheldSendView(_ActView):
    capability = Capability.ALERT_RELEASE

    @extend_schema(request=None, responses={200: ResendingOut}, operation_id="withheld_send")
    def post(self, request: Request, peer: str, lane: str) -> Response:
        """Send up to 20 of the chosen alerts, each signed anew; call it again while `left` is above 0.

        For a releaser who has not chosen them. What no longer fits is left out with its code and stops no other.
        """
        return self.done(send_chosen, peer, lane)


_L: Final = "withheld/<str:peer>/<str:lane>"
urlpatterns = [
    path("withheld", WithheldLanesView.as_view(), name="withheld-list"),
    path(_L, WithheldLaneView.as_view(), name="withheld-lane"),
    path(f"{_L}/choose", WithheldChooseView.as_view(), name="withheld-choose"),
    path(f"{_L}/decline", WithheldDeclineView.as_view(), name="withheld-decline"),
    path(f"{_L}/cancel", WithheldCancelView.as_view(), name="withheld-cancel"),
    path(f"{_L}/send", WithheldSendView.as_view(), name="withheld-send"),
]
