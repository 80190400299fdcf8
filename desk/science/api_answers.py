# SPDX-License-Identifier: Apache-2.0
"""Common parts of the science views: access, reasons, and answers that may be repeated but are never stored."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, TypeVar

from rest_framework import serializers as s

from alerts.query_audit import QueryReason
from alerts.receiving.opening import MAX_CASE_CHARS, OpeningReason
from callers.capabilities import Capability
from callers.idempotency import repeatable
from desk.web.api import DeskView

ASKS: Final = frozenset({Capability.SCIENCE_READ, Capability.SCIENCE_QUERY})
Answered = TypeVar("Answered")


class WhyIn(s.Serializer[Any]):
    """The reason of a question; `reference` is the case number, needed for `case_number` and for several structures at once."""

    reason = s.ChoiceField(OpeningReason.choices)
    reference = s.CharField(required=False, default="", allow_blank=True, max_length=MAX_CASE_CHARS)


class ScienceView(DeskView):
    """Officers who use the science pages, and API keys with `science:query` of agencies whose keys the hub holds."""

    capability: ClassVar[Any] = ASKS

    def ask(self, question: Callable[[], Answered]) -> Answered:
        """Ask the question, under the request's `Idempotency-Key` where one is given."""
        return repeatable(self.request, self.actor, question, now=self.now)


def reason_in(body: Mapping[str, Any]) -> QueryReason:
    """Return the reason that a body gives."""
    return QueryReason(body["reason"], body["reference"])
