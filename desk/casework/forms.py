# SPDX-License-Identifier: Apache-2.0
"""Forms of casework. The services judge what is typed; a form knows which choices there are."""

import datetime as dt
import uuid
import zoneinfo
from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casework.access import TEXT_AT_MOST
from casework.cases import TITLE_AT_MOST, CaseFacts, CaseRow
from casework.models import Case, CaseAccess, CaseState, TaskState, Unit
from casework.tasks import BY_HAND, Assignment
from casework.units import NAME_AT_MOST, own_units
from officers.models import Officer

_WRITE: Final = gettext_lazy("{label}: write something.")
_TOO_LONG: Final = gettext_lazy("{label}: this is too long.")
_CHOOSE: Final = gettext_lazy("{label}: choose one of the list.")
_DAY: Final = gettext_lazy("{label}: write the day as YYYY-MM-DD.")


def _problems(label: Any, **texts: Any) -> dict[str, Any]:
    """Return the messages of a field; each names it, since the top of the page lists them without their fields."""
    return {code: format_lazy(text, label=label) for code, text in texts.items()}


def _line(label: Any, at_most: int, **more: Any) -> forms.CharField:
    attrs = {"autocomplete": "off", "dir": "auto"}
    widget = forms.TextInput(attrs=attrs)
    messages = _problems(label, required=_WRITE, max_length=_TOO_LONG)
    return forms.CharField(label=label, max_length=at_most, widget=widget, error_messages=messages, **more)


def _lines(label: Any, *, rows: int = 4, **more: Any) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows, "dir": "auto"})
    messages = _problems(label, required=_WRITE, max_length=_TOO_LONG)
    return forms.CharField(
        label=label, max_length=TEXT_AT_MOST, widget=widget, error_messages=messages, **more
    )


def _day(label: Any, **more: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    messages = _problems(label, required=_DAY, invalid=_DAY)
    return forms.DateField(label=label, widget=widget, error_messages=messages, **more)


def _choice(label: Any, **more: Any) -> forms.ChoiceField:
    messages = _problems(label, required=_CHOOSE, invalid_choice=_CHOOSE)
    return forms.ChoiceField(label=label, error_messages=messages, **more)


def _people_field(label: Any, **more: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages=_problems(label, invalid_choice=_CHOOSE),
        **more,
    )


def _people(officers: Iterable[Officer]) -> list[tuple[str, str]]:
    return [(row.public_id, row.display_name) for row in officers]


class ChoosingForm(forms.Form):
    """Form whose choices are given with `choices`, by field."""

    def __init__(self, *args: Any, choices: dict[str, list[tuple[str, str]]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, offered in choices.items():
            self.fields[name].choices = offered  # type: ignore[attr-defined]


class CaseForm(ChoosingForm):
    number = _line(gettext_lazy("Case number"), 60)
    title = _line(gettext_lazy("Title"), TITLE_AT_MOST)
    summary = _lines(gettext_lazy("Summary"), required=False)
    unit = _choice(gettext_lazy("Unit"))
    access = _choice(gettext_lazy("Who sees it"), choices=CaseAccess.choices, widget=forms.RadioSelect)
    named = _people_field(
        gettext_lazy("Officers named"),
        help_text=gettext_lazy("For a case that is not open to the whole unit. You are always among them."),
    )
    review_on = _day(
        gettext_lazy("Review on"),
        help_text=gettext_lazy("On this day somebody is asked whether the notes are still needed."),
    )

    def facts(self) -> CaseFacts:
        """Return what was filled in; only for a form that was validated."""
        return CaseFacts(**self.cleaned_data | {"unit": uuid.UUID(self.cleaned_data["unit"])})


class SearchForm(forms.Form):
    q = forms.CharField(required=False, max_length=200, strip=False)


class ReasonForm(forms.Form):
    reason = _lines(gettext_lazy("Reason"))


class ReviewForm(ChoosingForm):
    notes = _choice(gettext_lazy("Notes"), widget=forms.RadioSelect)
    next_on = _day(
        gettext_lazy("Next review"),
        required=False,
        help_text=gettext_lazy("On this day the same is asked again."),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for the day of the next review where the notes are kept."""
        given = self.cleaned_data
        if given.get("notes") == "keep" and "next_on" in given and given["next_on"] is None:
            self.add_error("next_on", str(self.fields["next_on"].error_messages["required"]))
        return given

    def kept_until(self) -> dt.date | None:
        """Return the day of the next review; None where the notes are deleted. Only for a form that was validated."""
        day: dt.date | None = self.cleaned_data["next_on"]
        return day if self.cleaned_data["notes"] == "keep" else None


class NoteForm(forms.Form):
    text = _lines(gettext_lazy("Note"), rows=6)


class AddForm(ChoosingForm):
    case = _choice(gettext_lazy("Case"))


class AssignForm(ChoosingForm):
    officer = _choice(gettext_lazy("Officer"), required=False)
    unit = _choice(gettext_lazy("Unit"), required=False)
    seen = forms.CharField(required=False, max_length=22, widget=forms.HiddenInput)

    def to(self) -> Assignment:
        """Return whom it was given to; only for a form that was validated."""
        unit = self.cleaned_data["unit"]
        return Assignment(self.cleaned_data["officer"], uuid.UUID(unit) if unit else None)


class TaskForm(AssignForm):
    kind = _choice(gettext_lazy("Kind"), choices=[(kind.value, kind.label) for kind in BY_HAND])
    text = _lines(gettext_lazy("What is to be done"))
    due = _day(gettext_lazy("Due"), required=False)
    field_order = ("kind", "text", "due", "officer", "unit")

    def due_at(self, officer: Officer) -> dt.datetime | None:
        """Return the end of the day on which it is due, where the officer sits; only for a form that was validated."""
        day = self.cleaned_data["due"]
        zone = zoneinfo.ZoneInfo(officer.effective_timezone)
        return dt.datetime.combine(day, dt.time(23, 59), tzinfo=zone) if day else None


class EndForm(forms.Form):
    outcome = _choice(
        gettext_lazy("Outcome"),
        choices=[(state.value, state.label) for state in (TaskState.DONE, TaskState.DROPPED)],
        widget=forms.RadioSelect,
    )
    result = _lines(gettext_lazy("What came of it"), required=False)


class UnitForm(ChoosingForm):
    name = _line(gettext_lazy("Name"), NAME_AT_MOST)
    lead = _choice(
        gettext_lazy("Lead"),
        required=False,
        help_text=gettext_lazy(
            "Hands over the work of members who leave. Without a lead an agency admin does."
        ),
    )
    members = _people_field(gettext_lazy("Members"))


class HandOverForm(ChoosingForm):
    to = _choice(gettext_lazy("Successor"))


def case_choices(officer: Officer, people: Iterable[Officer], case: Case | None = None) -> dict[str, Any]:
    """Return the choices of a case's form: the officer's own units, and for a case its present one."""
    units = {str(unit.pk): unit.name for unit in own_units(officer)}
    if case is not None:
        units.setdefault(str(case.unit_id), case.unit.name)
    return {"unit": list(units.items()), "named": _people(people)}


def review_choices(case: Case) -> dict[str, Any]:
    """Return what may become of the notes: those of an open case are kept."""
    delete = [("delete", _("Delete them for good"))] if case.state == CaseState.CLOSED else []
    return {"notes": [("keep", _("Keep them until the next review")), *delete]}


def assign_choices(officer: Officer, people: Iterable[Officer]) -> dict[str, Any]:
    units = [(str(unit.pk), unit.name) for unit in Unit.objects.visible_to(officer)]
    return {"officer": [("", _("Nobody")), *_people(people)], "unit": [("", _("None")), *units]}


def unit_choices(people: Iterable[Officer]) -> dict[str, Any]:
    offered = _people(people)
    return {"lead": [("", _("Nobody")), *offered], "members": offered}


def successor_choices(people: Iterable[Officer], leaving: Officer) -> dict[str, Any]:
    return {"to": [("", _("Choose")), *_people(row for row in people if row.pk != leaving.pk)]}


def own_case_choices(rows: Iterable[CaseRow]) -> dict[str, Any]:
    return {"case": [(str(row.case.pk), f"{row.card.number} · {row.card.title}") for row in rows]}
