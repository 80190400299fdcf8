# SPDX-License-Identifier: Apache-2.0
"""Transition to new leadership, in JSON."""

from typing import Any, ClassVar

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from callers.capabilities import Capability
from callers.reading import read_body
from desk.agency.transition.page import ACTS
from desk.web.api_answers import AgencyView
from officers.transitions import STEPS, TransitionState, transition_of


class StepOut(s.Serializer[Any]):
    """A step; `names` and `count` say whom it is about, or how much is still open."""

    code = s.ChoiceField(STEPS)
    is_done = s.BooleanField()
    names = s.ListField(child=s.CharField())
    count = s.IntegerField()


class TransitionOut(s.Serializer[Any]):
    """The open transition; `began_at` is null where there is none. `first_by`: who has said first that it is over."""

    began_at = s.DateTimeField(allow_null=True)
    began_by = s.CharField(allow_blank=True)
    first_by = s.CharField(allow_blank=True)
    steps = StepOut(many=True)


class TransitionIn(s.Serializer[Any]):
    verb = s.ChoiceField(sorted(ACTS), help_text="`finish` by two admins, one after the other.")


class TransitionView(AgencyView):
    capability: ClassVar[Any] = Capability.AGENCY_MANAGE

    @extend_schema(responses={200: TransitionOut}, operation_id="transition_retrieve")
    def get(self, request: Request) -> Response:
        """Show the agency's transition to new leadership, and which of its steps are done."""
        return self.answer(_shown(transition_of(self.officer, now=self.now)))

    @extend_schema(request=TransitionIn, responses={200: TransitionOut}, operation_id="transition_act")
    def post(self, request: Request) -> Response:
        """Begin a transition, note that agreements were gone through, or say that it is over."""
        verb = read_body(TransitionIn, request)["verb"]
        self.act(lambda: ACTS[verb](self.officer, now=self.now))
        return self.answer(_shown(transition_of(self.officer, now=self.now)))


def _shown(state: TransitionState) -> dict[str, Any]:
    row = state.row
    return TransitionOut(
        {
            "began_at": row.began_at if row else None,
            "began_by": row.began_by.public_id if row else "",
            "first_by": row.first_by.public_id if row and row.first_by else "",
            "steps": state.steps,
        }
    ).data


urlpatterns = [path("transition", TransitionView.as_view(), name="transition-one")]
