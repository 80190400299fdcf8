# SPDX-License-Identifier: Apache-2.0
"""Form of an agreement's text: title, text, commitments row by row; begun with a model. It works without scripts."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.commitments import GIVEN, IN_TIME
from accord.document.agreement_texts import agreement_text, text_schema
from accord.timezones import is_timezone
from alerts.agency.commitment_words import GIVEN_WORDS
from alerts.agency.model_texts.filling import MODELS
from alerts.document.characters import hidden_characters, without_breaks
from desk.web.tones import isolated

Choices = Sequence[tuple[str, str]]
ROWS_MORE: Final = 3
_PREFIX: Final = "commitments"
_LIMITS: Final = text_schema()["properties"]
_SPANS: Final = (
    ("hour", gettext_lazy("hours")),
    ("day", gettext_lazy("days")),
    ("week", gettext_lazy("weeks")),
    ("month", gettext_lazy("months")),
    ("quarter", gettext_lazy("quarters")),
    ("year", gettext_lazy("years")),
)
_UNITS: Final = {"within": ("hour", "day"), "every": ("day", "week", "month", "quarter", "year")}


class TextForm(forms.Form):
    """Title and text; both may stay empty together: then the version has no text."""

    model = forms.ChoiceField(
        label=gettext_lazy("Begin with a model text"),
        choices=(("", ""), *MODELS),
        required=False,
        help_text=gettext_lazy(
            "It takes the place of the text below, with the terms above filled in, and gives it a title. A model, not legal advice."
        ),
    )
    title = forms.CharField(
        label=gettext_lazy("Title of the text"),
        help_text=gettext_lazy("Needed where there is a text."),
        max_length=_LIMITS["title"]["maxLength"],
        min_length=_LIMITS["title"]["minLength"],
        error_messages={
            "required": gettext_lazy("Title: enter one for the text."),
            **dict.fromkeys(("max_length", "min_length"), gettext_lazy("Title: from 3 to 120 characters.")),
        },
    )
    text = forms.CharField(
        label=gettext_lazy("Text"),
        required=False,
        max_length=_LIMITS["text"]["maxLength"],
        widget=forms.Textarea(attrs={"rows": 18}),
        help_text=gettext_lazy(
            "Sealed for the parties: the exchange cannot read it. Leave an empty line between paragraphs; a short one that begins with a number is a heading."
        ),
        error_messages={"max_length": gettext_lazy("Text: up to 40,000 characters.")},
    )

    use_required_attribute = False

    def full_clean(self) -> None:
        """Require a title only of a text."""
        if self.is_bound:
            self.fields["title"].required = bool(str(self["text"].value() or "").strip())
        super().full_clean()

    def clean_text(self) -> str:
        """Return it with plain line breaks."""
        return without_breaks(str(self.cleaned_data["text"]).replace("\r\n", "\n"))

    def clean(self) -> dict[str, Any]:
        """Require a text of a title."""
        said = super().clean() or {}
        if said.get("title") and not said.get("text") and "text" not in self.errors:
            self.add_error("text", _("Text: enter it, or leave its title empty too."))
        for name in ("title", "text"):
            if hidden_characters(said.get(name) or "", lines=name == "text"):
                self.add_error(
                    name, _("Delete the hidden characters of the text or its title, or retype it.")
                )
        return said


class CommitmentForm(forms.Form):
    """One commitment; a row in which nobody gives anything is left out."""

    by = forms.ChoiceField(label=gettext_lazy("Gives"))
    what = forms.ChoiceField(
        label=gettext_lazy("What"), choices=(("", ""), *((code, GIVEN_WORDS[code]) for code in GIVEN))
    )
    to = forms.ChoiceField(label=gettext_lazy("Receives"))
    n = forms.IntegerField(label=gettext_lazy("Every, or within"), min_value=1, max_value=1000)
    unit = forms.ChoiceField(label=gettext_lazy("Unit"), choices=_SPANS)
    begins = forms.DateField(
        label=gettext_lazy("From"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages=dict.fromkeys(("required", "invalid"), gettext_lazy("enter a day like 2027-01-31.")),
    )
    zone = forms.CharField(
        label=gettext_lazy("Time zone"), max_length=64, widget=forms.TextInput(attrs={"dir": "auto"})
    )

    def __init__(self, *args: Any, agencies: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(pk, isolated(str(name))) for pk, name in agencies]
        for name in ("by", "to"):
            self.fields[name].choices = [("", ""), *named]  # type: ignore[attr-defined]

    @property
    def is_blank(self) -> bool:
        """Tell whether nobody gives anything in this row."""
        return not any(self[name].value() for name in ("by", "what", "to"))

    def clean(self) -> dict[str, Any]:
        """Check what joins the members of a row."""
        said = super().clean() or {}
        if said.get("by") and said.get("by") == said.get("to"):
            self.add_error("to", _("choose another agency than the one that gives."))
        if said.get("zone") and not is_timezone(said["zone"]):
            self.add_error("zone", _("no such time zone; enter one like Europe/Paris."))
        if said.get("what") and said.get("unit"):
            how = "within" if said["what"] in IN_TIME else "every"
            if said["unit"] not in _UNITS[how]:
                problem = {
                    "within": _("for answers and outcomes in court choose hours or days."),
                    "every": _("choose days, weeks, months, quarters or years."),
                }
                self.add_error("unit", problem[how])
            elif how == "every" and (said.get("n") or 0) > 100:
                self.add_error("n", _("at most 100."))
        return said

    def require_parties(self, parties: Collection[str]) -> None:
        """Note a problem where somebody else than these parties gives or receives."""
        for name in ("by", "to"):
            if self.cleaned_data[name] not in parties:
                self.add_error(name, _("choose a party of the agreement."))
                return

    def row(self) -> dict[str, Any]:
        """Return the commitment; the row is valid."""
        said = self.cleaned_data
        span = {"n": said["n"], "unit": said["unit"]}
        return {
            **{name: said[name] for name in ("by", "to", "what", "zone")},
            "within" if said["what"] in IN_TIME else "every": span,
            "from": f"{said['begins']:%Y-%m-%d}",
        }


class TextOfVersion:
    """Forms of a text: `head`, and one of `rows` for each commitment, with some blank ones to fill in."""

    def __init__(
        self,
        posted: QueryDict | None,
        *,
        agencies: Choices,
        zone: str,
        document: Mapping[str, Any] | None = None,
    ) -> None:
        self._agencies, self._blank = agencies, {"zone": zone, "unit": "quarter", "n": 1}
        if posted is None:
            self.head = TextForm(initial=dict(document or {}))
            given = [_initial(row) for row in (document or {}).get("commitments", ())]
            self.rows = self._unbound([*given, *self._blanks(1)])
            return
        self.head = TextForm(posted)
        self.rows = [
            CommitmentForm(posted, prefix=f"{_PREFIX}-{n}", agencies=agencies) for n in range(_count(posted))
        ]

    def refilled(self, model: Mapping[str, str], *, more: int = 0) -> None:
        """Keep what was entered without judging it, but for what comes from a model: title, text; add blank rows."""
        entered = {name: self.head[name].value() for name in self.head.fields}
        self.head = TextForm(initial={**entered, **model})
        given = [{name: row[name].value() for name in row.fields} for row in self.rows]
        self.rows = self._unbound([*given, *self._blanks(more)])

    def problems(self, parties: Collection[str]) -> Iterator[dict[str, str]]:
        """Yield what is wrong in a text between these parties, with the address of its place on the page."""
        for row in self.rows:
            if not row.is_blank and row.is_valid():
                row.require_parties(parties)
        for name, texts in self.head.errors.items():
            for text in texts:
                yield {"address": f"#field-{name}", "text": str(text)}
        for n, row in enumerate(self.rows, start=1):
            for name, texts in {} if row.is_blank else row.errors.items():
                words = {"n": n, "label": row.fields[name].label, "problem": texts[0]}
                text = _("Commitment %(n)s, %(label)s: %(problem)s") % words
                yield {"address": f"#commitment-{n}", "text": text}

    @property
    def shown_rows(self) -> list[tuple[CommitmentForm, bool]]:
        """Each row, and whether its problems are shown."""
        return [(row, row.is_bound and not row.is_blank and not row.is_valid()) for row in self.rows]

    def document(self) -> dict[str, Any] | None:
        """Return the entered text; None where there is none. No problems were found."""
        said = self.head.cleaned_data
        if not said["text"]:
            return None
        rows = [row.row() for row in self.rows if not row.is_blank]
        return agreement_text(said["title"], said["text"], rows)

    @property
    def has_commitments_alone(self) -> bool:
        """Tell whether commitments were entered without a text that they could be part of."""
        return not self.head.cleaned_data["text"] and any(not row.is_blank for row in self.rows)

    def _unbound(self, rows: Sequence[Mapping[str, Any]]) -> list[CommitmentForm]:
        return [
            CommitmentForm(initial=dict(row), prefix=f"{_PREFIX}-{n}", agencies=self._agencies)
            for n, row in enumerate(rows[: _LIMITS["commitments"]["maxItems"]])
        ]

    def _blanks(self, count: int) -> list[dict[str, Any]]:
        return [dict(self._blank) for _n in range(count)]


def _count(posted: QueryDict) -> int:
    said = posted.get(f"{_PREFIX}-count", "0")
    most = int(_LIMITS["commitments"]["maxItems"])
    return min(int(said), most) if said.isascii() and said.isdigit() else 0


def _initial(row: Mapping[str, Any]) -> dict[str, Any]:
    span = row.get("within") or row.get("every") or {}
    same = {name: row[name] for name in ("by", "to", "what", "zone")}
    return {**same, "n": span.get("n"), "unit": span.get("unit"), "begins": row["from"]}
