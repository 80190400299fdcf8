# SPDX-License-Identifier: Apache-2.0
"""Filters of the desk's lists: each with the values it takes, and the boxes it belongs to."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from rest_framework import serializers as s

from alerts.boxes.export import FORMS
from alerts.boxes.saved_views import FILTERS
from alerts.document.fields import FIELDS
from alerts.states import IN_REVIEW, SENT
from callers.errors import InputError
from desk.alerts import serializers

LONGEST_PAGE: Final = 100
FLAG: Final = ("0", "1")


def _values(field: str) -> list[str]:
    return [value for value, _label in FIELDS[field].choices]


def _flag(text: str) -> s.ChoiceField:
    return s.ChoiceField(FLAG, required=False, help_text=text)


def _agency(text: str) -> s.RegexField:
    return s.RegexField(r"\A[a-z]{2}-[a-z0-9]{2,20}\Z", required=False, help_text=text)


class BoxQuery(s.Serializer[Any]):
    """Choice of a box, a page of it, and filters."""

    box = s.ChoiceField(list(FILTERS), required=False, default="inbox", help_text="Which list.")
    cursor = s.CharField(
        required=False, default="", allow_blank=True, max_length=400, help_text="`next` of the last page."
    )
    limit = s.IntegerField(
        required=False, default=50, min_value=1, max_value=LONGEST_PAGE, help_text="How many rows at most."
    )
    unread = _flag("1: nobody of the agency has opened it. Inbox.")
    waiting = _flag("1: an acknowledgement is still asked. Inbox.")
    to_answer = _flag("1: its question is still to be answered. Inbox.")
    overdue = _flag("1: its acknowledgement or its answer is overdue. Inbox.")
    kind = s.ChoiceField(_values("alert_type"), required=False, help_text="The kind of alert. Inbox, outbox.")
    lane = s.ChoiceField(_values("lane"), required=False, help_text="The lane. Inbox, outbox.")
    exercise = _flag("1: exercises only, 0: none of them. Inbox.")
    state = s.ChoiceField(
        sorted(SENT | IN_REVIEW), required=False, help_text="Where it stands. Outbox, queue, on_the_way."
    )
    to = _agency("An agency that received it. Outbox.")
    tlp = s.ChoiceField(_values("tlp"), required=False, help_text="The marking. Inbox.")
    returned = _flag("1: those that were given back with a note. Drafts, on_the_way.")
    mine = _flag("1: those the caller wrote. Drafts.")
    pri = s.ChoiceField(_values("pri"), required=False, help_text="The speed. Inbox, outbox, queue.")
    sender = _agency("The agency that sent it. Inbox.")


class ExportIn(BoxQuery):
    """Either `box` with its filters, as `GET /alerts` takes them, or a `search`."""

    box = s.ChoiceField(["inbox", "outbox"], required=False, help_text="Which list.")
    format = s.ChoiceField(FORMS, help_text="`csv`, or `jsonl`: one JSON object a line.")
    search = serializers.SearchIn(required=False, help_text="A search whose hits are exported.")

    def get_fields(self) -> dict[str, Any]:
        """Leave out the place in a list, since an export is all of it."""
        fields = super().get_fields()
        return {name: field for name, field in fields.items() if name not in ("cursor", "limit")}


def filters_of(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters that a query names; raises InputError for one that its box does not have."""
    filters = {name: value for name, value in query.items() if name not in ("box", "cursor", "limit")}
    for name in filters:
        if name not in FILTERS[query["box"]]:
            raise InputError(name, _("This box has no such filter."))
    return filters


def is_set(filters: Mapping[str, Any], name: str) -> bool:
    return filters.get(name) == "1"
