# SPDX-License-Identifier: Apache-2.0
"""Screening of substances, and similar substances, in JSON."""

from typing import Any, Final

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.access import today_of
from alerts.query_audit import AT_ONCE
from callers.reading import read_body
from desk.science.api_answers import ScienceView, WhyIn, reason_in
from desk.science.serializers import AnaloguesOut, ScreeningsOut, analogues_out, screened_out
from science.answers.screen import NAME_AT_MOST, Screened, SubstanceQuery, screen_substances
from science.structures.analogues import HITS_AT_MOST, AnaloguesShown, find_analogues
from substances.structures.limits import MAX_TEXT_CHARS

FORMS: Final = ("auto", "smiles", "inchi", "mol", "sdf")


class StructureIn(s.Serializer[Any]):
    """One structure in any notation."""

    structure = s.CharField(max_length=MAX_TEXT_CHARS, trim_whitespace=False)
    form = s.ChoiceField(
        FORMS, required=False, default="auto", help_text="Told by the text unless it is named."
    )


class AskedIn(s.Serializer[Any]):
    """One substance: a structure, or a name or CAS number alone, which is compared with lists only."""

    structure = s.CharField(
        required=False, default="", allow_blank=True, max_length=MAX_TEXT_CHARS, trim_whitespace=False
    )
    form = s.ChoiceField(FORMS, required=False, default="auto")
    name = s.CharField(required=False, default="", allow_blank=True, max_length=NAME_AT_MOST)
    cas = s.CharField(required=False, default="", allow_blank=True, max_length=20)


class ScreenIn(WhyIn):
    """Up to 50 substances; more than one only with a case number. `on` is the day whose law is applied, today by default."""

    structures = s.ListField(child=AskedIn(), min_length=1, max_length=AT_ONCE)
    on = s.DateField(required=False)


class SimilarIn(StructureIn, WhyIn):
    """A structure, and the maximum number of hits."""

    limit = s.IntegerField(required=False, default=HITS_AT_MOST, min_value=1, max_value=HITS_AT_MOST)


class ScreenView(ScienceView):
    @extend_schema(request=ScreenIn, responses={200: ScreeningsOut}, operation_id="substances_screen")
    def post(self, request: Request) -> Response:
        """Screen substances: named listings, class rules with the clause for each atom, precursors, by jurisdiction.

        It is recognition only: `meets_definition` means no more than it says; `not_named` is stated of lists that are
        complete to a day, and `not_covered` is no verdict. All substances are read or none is answered. Each question
        is audited, without its content.
        """
        body = read_body(ScreenIn, request)
        asked = [SubstanceQuery(**one) for one in body["structures"]]
        on = body.get("on") or today_of(self.actor, self.now)

        def screen() -> tuple[Screened, ...]:
            return screen_substances(self.actor, asked, on=on, why=reason_in(body), now=self.now)

        return Response({"on": on.isoformat(), "items": [screened_out(one) for one in self.ask(screen)]})


class SimilarView(ScienceView):
    @extend_schema(request=SimilarIn, responses={200: AnaloguesOut}, operation_id="substances_similar")
    def post(self, request: Request) -> Response:
        """Rank the agency's own alerts and the reference set by similarity to a structure.

        `received` and `alert` name the agency's own alert of a hit, for officers; an API key learns that a hit is the
        agency's own and how similar it is: no name, structure, scaffold or rule of it. The order is fixed: nothing
        sorts or filters by control.
        """
        body = read_body(SimilarIn, request)

        def find() -> AnaloguesShown:
            return find_analogues(
                self.actor,
                body["structure"],
                reason_in(body),
                form=body["form"],
                limit=body["limit"],
                draws=False,
                now=self.now,
            )

        return Response(analogues_out(self.ask(find)))


urlpatterns = [
    path("substances/screen", ScreenView.as_view(), name="substances-screen"),
    path("substances/similar", SimilarView.as_view(), name="substances-similar"),
]
