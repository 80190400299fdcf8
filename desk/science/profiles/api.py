# SPDX-License-Identifier: Apache-2.0
"""Two profiles compared, in JSON."""

import re
from collections.abc import Mapping
from typing import Any, Final

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.query_audit import science_errors
from callers.reading import read_body
from desk.science.api_answers import ScienceView, WhyIn, reason_in
from science.answers.profiles import VERDICTS, ComparisonShown, compare_profiles
from substances.errors import InputRefusedError
from substances.profiles.vectors import FIELD, MAX_NAME_CHARS, MAX_TARGETS

VALUE_CHARS: Final = 40
_ASCII_NUMBER: Final = re.compile(
    r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[-+]?[0-9]+)?|[-+]?(?:nan|inf(?:inity)?)", re.IGNORECASE
)
"""Text that every reader takes for the same number; the science core judges one that is not finite."""


class ProfileIn(s.Serializer[Any]):
    """`values` in the order of the method's targets, as text such as "0.0123"; null is below detection, 0 is refused."""

    method = s.CharField(max_length=MAX_NAME_CHARS)
    version = s.CharField(max_length=MAX_NAME_CHARS)
    values = s.ListField(
        child=s.CharField(allow_null=True, max_length=VALUE_CHARS), min_length=2, max_length=MAX_TARGETS
    )


class CompareProfilesIn(WhyIn):
    """Two profiles and why they are compared."""

    first = ProfileIn()
    second = ProfileIn()


class ComparisonOut(s.Serializer[Any]):
    """A lead, not proof. All numbers are null where the verdict is `not_comparable`; `reasons` say why it is.

    `false_link_rate` is the share of pairs of different sources above the cut `threshold`; `as_high_rate` the share
    that scored at least as high as this pair.
    """

    verdict = s.ChoiceField(list(VERDICTS))
    label = s.CharField()  # type: ignore[assignment]
    reasons = s.ListField(child=s.CharField())
    method = s.CharField()
    version = s.CharField()
    method_digest = s.CharField()
    calibration_digest = s.CharField()
    shared = s.IntegerField(allow_null=True)
    score = s.FloatField(allow_null=True)
    likelihood_ratio = s.FloatField(allow_null=True)
    log10_lr = s.FloatField(allow_null=True)
    bounded = s.BooleanField()
    band = s.CharField()
    threshold = s.FloatField(allow_null=True)
    possible_from = s.FloatField(allow_null=True)
    false_link_rate = s.FloatField(allow_null=True)
    false_link_upper = s.FloatField(allow_null=True)
    found_rate = s.FloatField(allow_null=True)
    as_high_rate = s.FloatField(allow_null=True)
    pairs_behind = s.IntegerField()
    same_pairs = s.IntegerField()
    different_pairs = s.IntegerField()
    sources_behind = s.IntegerField()


def _profile(given: Mapping[str, Any], side: str) -> Mapping[str, Any]:
    """Return the profile with its texts as numbers; raises ScienceInputError naming the side."""
    with science_errors(side):
        return {
            **given,
            "values": [_number(text, place) for place, text in enumerate(given["values"], start=1)],
        }


def _number(text: str | None, place: int) -> float | None:
    if text is not None and not _ASCII_NUMBER.fullmatch(text):
        raise InputRefusedError(FIELD, "number", str(place))
    return None if text is None else float(text)


class CompareProfilesView(ScienceView):
    @extend_schema(request=CompareProfilesIn, responses={200: ComparisonOut}, operation_id="profiles_compare")
    def post(self, request: Request) -> Response:
        """Compare two profiles measured by one method.

        Different methods, versions or lengths are `not_comparable`, never a number. Each question is audited, without
        the values.
        """
        body = read_body(CompareProfilesIn, request)
        first, second = (_profile(body[side], side) for side in ("first", "second"))

        def compare() -> ComparisonShown:
            return compare_profiles(self.actor, first, second, reason_in(body), now=self.now)

        return Response(self.ask(compare).comparison.as_json())


urlpatterns = [path("profiles/compare", CompareProfilesView.as_view(), name="profiles-compare")]
