# SPDX-License-Identifier: Apache-2.0
"""Items that the hub set aside, in JSON: for an agency's auditor, and for the keeper, who can have them tried again."""

from typing import Any, ClassVar

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.receiving.set_aside import read_set_aside, resume_loop, retry_item
from callers.capabilities import Capability
from desk.web.api_answers import AgencyView
from ledger.models import Distrust, LoopState, SetAside


class SetAsideOut(s.ModelSerializer[SetAside]):
    """One item. `reason` names the error and the place in the code; `version` tried it last.

    `distrusts` names the object that is not to be relied on meanwhile, if there is one: an alert by its digest, an
    agency by its id.
    """

    distrusts = s.ChoiceField(Distrust.values)

    class Meta:
        model = SetAside
        fields = (
            *("id", "loop", "agency", "key", "subject", "distrusts", "reason", "version"),
            *("tries", "first_at", "tried_at", "retry_asked_at"),
        )


class StoppedLoopOut(s.ModelSerializer[LoopState]):
    """A loop that has stopped because too many items in a row failed."""

    class Meta:
        model = LoopState
        fields = ("id", "loop", "agency", "in_a_row", "version", "stopped_at")


class SetAsideListOut(s.Serializer[Any]):
    """The newest 200, and whether there are `more`."""

    items = SetAsideOut(many=True)
    more = s.BooleanField()
    stopped = StoppedLoopOut(many=True)


class SetAsideView(AgencyView):
    capability: ClassVar[Any] = Capability.AUDIT_READ

    @extend_schema(responses={200: SetAsideListOut}, operation_id="set_aside_list")
    def get(self, request: Request) -> Response:
        """List items that were set aside: the own agency's for its auditor, all for the keeper."""
        return self.answer_list()

    def answer_list(self) -> Response:
        """Answer what is set aside now."""
        found = read_set_aside(self.officer)
        shown = {
            "items": SetAsideOut(found.items, many=True).data,
            "more": found.more,
            "stopped": StoppedLoopOut(found.stopped, many=True).data,
        }
        return self.answer(shown)


class RetryItemView(SetAsideView):
    capability: ClassVar[Any] = Capability.DESK_KEEP
    http_method_names = ["post", "options"]

    @extend_schema(request=None, responses={200: SetAsideListOut}, operation_id="set_aside_retry")
    def post(self, request: Request, item_id: int) -> Response:
        """Have one item tried again."""
        self.act(lambda: retry_item(self.officer, item_id, now=self.now))
        return self.answer_list()


class ResumeLoopView(SetAsideView):
    capability: ClassVar[Any] = Capability.DESK_KEEP
    http_method_names = ["post", "options"]

    @extend_schema(request=None, responses={200: SetAsideListOut}, operation_id="loops_resume")
    def post(self, request: Request, loop_id: int) -> Response:
        """Resume a stopped loop, and have every item that it set aside tried again."""
        self.act(lambda: resume_loop(self.officer, loop_id, now=self.now))
        return self.answer_list()


urlpatterns = [
    path("set-aside", SetAsideView.as_view(), name="set-aside"),
    path("desk/set-aside/<int:item_id>/retry", RetryItemView.as_view(), name="desk-set-aside-retry"),
    path("desk/loops/<int:loop_id>/resume", ResumeLoopView.as_view(), name="desk-loop-resume"),
]
