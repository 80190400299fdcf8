# SPDX-License-Identifier: Apache-2.0
"""Record of an agency with a peer in JSON: figures, list of items with its digest, comparison of two lists."""

from dataclasses import replace
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from accord.commitment_states import Kept
from accord.commitments import GIVEN
from accord.reciprocity import Period
from callers.capabilities import Capability
from callers.closed_lists import Lane
from callers.reading import read_body, read_query
from desk.reciprocity.periods import check_period, quarter_of
from desk.web.api_answers import AgencyView
from reciprocity.brief import COMPARED_AT_MOST, Brief, Stop, compare_lists, read_brief
from reciprocity.commitments import commitments_of
from reciprocity.reading import Times, partners_of


class PeriodIn(s.Serializer[Any]):
    first = s.DateField(help_text="First day, in UTC.")
    last = s.DateField(help_text="Last day, in UTC.")


class PeriodQuery(s.Serializer[Any]):
    first = s.DateField(required=False, help_text="First day, in UTC; else that of the running quarter.")
    last = s.DateField(required=False, help_text="Last day, in UTC; else that of the running quarter.")


class ListIn(PeriodIn):
    items = s.ListField(child=s.CharField(max_length=43), max_length=COMPARED_AT_MOST)


class PartnersOut(s.Serializer[Any]):
    items = s.ListField(child=s.CharField(), help_text="Agencies with which anything was exchanged.")
    agreed = s.ListField(
        child=s.CharField(), help_text="Agencies with an agreement in force and nothing exchanged yet."
    )


class FigureOut(s.Serializer[Any]):
    """Numbers that each side gave; `code` is a type of alert, what was supplied, red, unread, version, disputed or settled."""

    code = s.CharField()
    gave = s.IntegerField()
    got = s.IntegerField()


class MonthOut(s.Serializer[Any]):
    month = s.DateField()
    gave = s.IntegerField()
    got = s.IntegerField()


class TimesOut(s.Serializer[Any]):
    """Number of times, and their median in seconds; null where there is none."""

    n = s.IntegerField()
    median_secs = s.IntegerField(allow_null=True)


class KeptOut(s.Serializer[Any]):
    """A commitment between the two, and how often what was due in the period came to each state; `ahead`: given in it, due later."""

    agreement = s.CharField()
    by = s.CharField()
    to = s.CharField()
    what = s.ChoiceField(GIVEN)
    ahead = s.IntegerField()
    due = s.IntegerField()
    kept = s.IntegerField()
    late = s.IntegerField()
    missed = s.IntegerField()
    excused = s.IntegerField()


class StopOut(s.Serializer[Stop]):
    """A lane that one of the two, `by`, had suspended with the other; `until` is null while it lasts."""

    by = s.CharField()
    lane = s.ChoiceField(Lane.values)
    since = s.DateTimeField()
    until = s.DateTimeField(allow_null=True)


class BriefOut(s.Serializer[Any]):
    """Record of what both gave each other. `items` are the addresses of everything that counts, sorted; `digest` is that of the list."""

    agency = s.CharField()
    peer = s.CharField()
    first = s.DateField()
    last = s.DateField()
    kinds = FigureOut(many=True)
    supplies = FigureOut(many=True)
    months = MonthOut(many=True)
    total = FigureOut()
    withdrawn = FigureOut()
    answers_gave = TimesOut()
    answers_got = TimesOut()
    outcomes_gave = TimesOut()
    outcomes_got = TimesOut()
    disputed = s.ListField(child=s.CharField())
    items = s.ListField(child=s.CharField())
    digest = s.CharField()
    commitments = KeptOut(many=True)
    suspensions = StopOut(many=True)


class ListComparisonOut(s.Serializer[Any]):
    """Items that one side alone counts, at most 100 of each; `more_of_ours`, `more_of_theirs`: how many others there are."""

    agree = s.BooleanField()
    ours = s.ListField(child=s.CharField())
    theirs = s.ListField(child=s.CharField())
    more_of_ours = s.IntegerField()
    more_of_theirs = s.IntegerField()


class PartnersView(AgencyView):
    capability = Capability.ALERT_READ

    @extend_schema(responses={200: PartnersOut}, operation_id="reciprocity_list")
    def get(self, request: Request) -> Response:
        """List the agencies with which this agency has exchanged anything, and those with an agreement in force alone."""
        found = partners_of(self.officer, now=self.now)
        ids = {has: [peer.pk for peer, has_record in found if has_record is has] for has in (True, False)}
        return self.answer({"items": ids[True], "agreed": ids[False]})


class BriefView(AgencyView):
    capability = Capability.ALERT_READ

    @extend_schema(parameters=[PeriodQuery], responses={200: BriefOut}, operation_id="reciprocity_brief")
    def get(self, request: Request, agency_id: str) -> Response:
        """Count what this agency and a peer gave each other in a period."""
        running = quarter_of(self.now.date())
        period = check_period(replace(running, **read_query(PeriodQuery, request)))
        return self.answer(_shown(read_brief(self.officer, agency_id, period, now=self.now)))


class CompareView(AgencyView):
    capability = Capability.ALERT_READ

    @extend_schema(request=ListIn, responses={200: ListComparisonOut}, operation_id="reciprocity_compare")
    def post(self, request: Request, agency_id: str) -> Response:
        """Compare the list of items of a period with that of the other side."""
        asked = read_body(ListIn, request)
        period = check_period(Period(asked["first"], asked["last"]))
        found = compare_lists(self.officer, agency_id, period, set(asked["items"]), now=self.now)
        shown = {
            "agree": found.agree,
            "ours": [item.md for item in found.ours],
            "theirs": [item.md for item in found.theirs],
            "more_of_ours": found.more_of_ours,
            "more_of_theirs": found.more_of_theirs,
        }
        return self.answer(ListComparisonOut(shown).data)


class OwedOut(s.Serializer[Any]):
    """Something owed once; `cause` is the question or the item that it answers, empty for a period."""

    begins = s.DateTimeField()
    due = s.DateTimeField()
    state = s.ChoiceField([state.value for state in Kept])
    given_at = s.DateTimeField(allow_null=True)
    cause = s.CharField(allow_blank=True)


class CommitmentOut(s.Serializer[Any]):
    """A commitment of an agreement in force; `owed` are the newest 24 times that it was due, newest first."""

    agreement = s.CharField(source="version.ref")
    version = s.CharField(source="version.od")
    by = s.CharField(source="commitment.by")
    to = s.CharField(source="commitment.to")
    what = s.ChoiceField(GIVEN, source="commitment.what")
    begins = s.DateField(source="commitment.begins")
    zone = s.CharField(source="commitment.zone")
    is_zone_known = s.BooleanField(source="commitment.is_zone_known")
    next = OwedOut(allow_null=True)
    owed = OwedOut(many=True, source="shown")


class CommitmentsOut(s.Serializer[Any]):
    items = CommitmentOut(many=True)


class CommitmentsView(AgencyView):
    capability = Capability.ALERT_READ

    @extend_schema(responses={200: CommitmentsOut}, operation_id="commitments_list")
    def get(self, request: Request) -> Response:
        """List the standing commitments between this agency and others, and how they were kept."""
        found = commitments_of(self.officer, now=self.now)
        return self.answer({"items": CommitmentOut(found, many=True).data})


def _shown(brief: Brief) -> dict[str, Any]:
    record = brief.record
    names = ("kinds", "supplies", "months", "total", "withdrawn", "disputed")
    times = ("answers_gave", "answers_got", "outcomes_gave", "outcomes_got")
    shown = {
        "agency": record.agency.pk,
        "peer": record.peer.pk,
        "first": record.period.first,
        "last": record.period.last,
        **{name: getattr(record, name) for name in names},
        **{name: _times(getattr(record, name)) for name in times},
        "items": brief.items,
        "digest": brief.digest,
        "suspensions": brief.suspensions,
        "commitments": [
            {"agreement": one.version.ref, "by": one.commitment.by, "to": one.commitment.to}
            | {"what": one.commitment.what, "ahead": one.kept_ahead_in(record.period)}
            | {str(state): n for state, n in one.counts_in(record.period).items()}
            for one in brief.commitments
        ],
    }
    return dict(BriefOut(shown).data)


def _times(times: Times) -> dict[str, int | None]:
    return {
        "n": times.n,
        "median_secs": int(times.middle.total_seconds()) if times.middle is not None else None,
    }


_P = "reciprocity/<str:agency_id>"
urlpatterns = [
    path("commitments", CommitmentsView.as_view(), name="commitments-list"),
    path("reciprocity", PartnersView.as_view(), name="reciprocity-list"),
    path(_P, BriefView.as_view(), name="reciprocity-brief"),
    path(f"{_P}/compare", CompareView.as_view(), name="reciprocity-compare"),
]
