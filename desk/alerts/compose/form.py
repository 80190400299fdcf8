# SPDX-License-Identifier: Apache-2.0
"""Form fields of one page, made from the desk's field table.

The page adds only their widths and the notes beside a choice. Labels, help, choices and every sentence come from the
table.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext

from alerts.document import choices as c
from alerts.document.countries import COUNTRIES
from alerts.document.fields import ALL, GRADES, OFFERED, Field, Kind
from alerts.document.findings import Findings, Question
from alerts.document.marking import HANDLING_SENTENCES, TLP_SENTENCES
from alerts.document.science_validators import EVIDENCE_MEMBERS
from alerts.document.science_words import isotope_words
from alerts.document.validators import read_moment
from substances.profiles.region import SCALES

Text = str | Promise
Choices = Sequence[tuple[str, Text]]
FULL, HALF, THIRD = 6, 3, 2

SPANS: Final[dict[str, int]] = {
    "event_date": THIRD,
    "event_precision": HALF,
    "place_country": THIRD,
    "place_region": THIRD,
    "geo_precision": HALF,
    "inchikey": HALF,
    "cas_rn": HALF,
    "formula": HALF,
    "inchi": HALF,
    "iupac_name": FULL,
    "synonyms": FULL,
    "alternatives": FULL,
    "reference": HALF,
    "cases_non_fatal": HALF,
    "cases_fatal": HALF,
    "age_band": HALF,
    "tox_matrix": HALF,
    "tox_outcome": HALF,
    "naloxone": HALF,
    "physical_form": THIRD,
    "quantity": HALF,
    "unit": HALF,
    "concealment": HALF,
    "due_at": HALF,
    "due_reason": HALF,
    "exhibit_no": HALF,
    "source_grade": HALF,
    "info_grade": HALF,
    "assessment_kind": HALF,
    "severity": HALF,
    "certainty": HALF,
    "refusal_reason": HALF,
    "expected_at": HALF,
    "lane": HALF,
    "purpose": HALF,
    "expiry": HALF,
    "review_date": HALF,
}
LINES: Final[dict[str, int]] = {
    "narrative": 6,
    "summary_safe": 3,
    "health_measures": 4,
    "question": 5,
    "structure": 3,
    "synonyms": 3,
    "alternatives": 3,
}
NOTES: Final[dict[str, Mapping[str, Text]]] = {"tlp": TLP_SENTENCES, "handling": HANDLING_SENTENCES}
GROUP_WIDGETS: Final = frozenset(
    {
        *("radios", "checks", "route_rows", "party_rows", "search_list", "reason_rows"),
        *("evidence_rows", "proposed_rule", "profile", "region_evidence"),
    }
)
NEEDED_WHERE_SHOWN: Final = frozenset({"due_at", "due_reason"})
EMPTY_STOPS: Final = 2
EMPTY_PARTIES: Final = 1
NO_STOP: Final = {"part": "", "country": "", "basis": ""}
NO_PARTY: Final = {"role": "", "name": "", "category": "", "country": ""}
NO_ANALYSIS: Final = dict.fromkeys(EVIDENCE_MEMBERS, "")
NO_RATIO: Final = {"scale": "", "value": "", "uncertainty": ""}


@dataclass(frozen=True)
class Option:
    value: str
    text: Text
    chosen: bool = False
    note: Text = ""
    is_denied: bool = False

    @property
    def find(self) -> str:
        """Text with which the officer's typing is compared when looking for this option."""
        return f"{self.text} {self.value}".casefold()


@dataclass(frozen=True)
class FormField:
    """Field as the page shows it, with what was typed and what is wrong with it."""

    entry: Field
    value: Any
    required: bool
    options: tuple[Option, ...] = ()
    errors: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    rows: tuple[Mapping[str, Any], ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    fill: tuple[str, Text] | None = None
    """Value that one press puts into the field, with its words."""

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def id(self) -> str:
        return f"id_{self.entry.name}"

    @property
    def label(self) -> Text:
        return self.entry.label

    @property
    def help(self) -> Text:
        return self.entry.help

    @property
    def max_length(self) -> int:
        return self.entry.max_length

    @property
    def template(self) -> str:
        return f"accord/widgets/{self.entry.widget}.html"

    @property
    def span(self) -> int:
        return SPANS.get(self.entry.name, FULL)

    @property
    def lines(self) -> int:
        return LINES.get(self.entry.name, 4)

    @property
    def text_lines(self) -> str:
        """Lines of a list as one types them."""
        return "\n".join(map(str, self.value)) if isinstance(self.value, list) else str(self.value)

    @property
    def is_group(self) -> bool:
        return self.entry.widget in GROUP_WIDGETS

    @property
    def is_short(self) -> bool:
        return len(self.options) <= 3 and not any(option.note for option in self.options)

    @property
    def nothing_chosen(self) -> Text:
        """Words of the empty choice of a closed list."""
        if self.name in GRADES:
            return dict(c.SEVERITIES)[c.NOT_GRADED]
        return gettext("Choose one") if self.required else gettext("Not stated")

    @property
    def is_unknown(self) -> bool:
        return bool(self.value == "unknown")

    @property
    def described_by(self) -> str:
        """Ids of help and problems, so that a screen reader reads both with the field."""
        problems = (f"{self.id}-problem-{n}" for n in range(1, len(self.errors) + 1))
        return " ".join([f"{self.id}-help"] * bool(self.entry.help) + list(problems))


def form_fields(
    entries: Iterable[Field],
    data: Mapping[str, Any],
    findings: Findings,
    *,
    shows_problems: bool,
    countries: Choices = (),
) -> list[FormField]:
    """Return the fields of a page with their values; problems only once the officer wanted to go on.

    `countries` are codes offered besides the listed ones: the countries of this hub's agencies.
    """
    known = (*COUNTRIES.items(), *((code, name) for code, name in countries if code not in COUNTRIES))
    return [_form_field(entry, data, findings, known, shows_problems) for entry in entries]


def with_names(field: FormField, names: Iterable[str]) -> FormField:
    """Offer these names in the combobox; anything else may be typed."""
    return replace(field, options=tuple(Option(name, name) for name in names))


def with_fill(field: FormField, value: str, text: Text) -> FormField:
    """Offer a value that one press puts into the field."""
    return replace(field, fill=(value, text))


def with_note(field: FormField, code: str, text: Text) -> FormField:
    """Add a sentence to one choice of the field."""
    options = (replace(o, note=f"{o.note} {text}") if o.value == code else o for o in field.options)
    return replace(field, options=tuple(options))


def with_files(fields: Iterable[FormField], names: Iterable[str]) -> list[FormField]:
    """Offer the alert's files to evidence and rule; a file that is no longer there stays chosen."""
    attached = [(name, name) for name in names]
    return [
        replace(f, extra={**f.extra, "files": _with_typed(attached, _files_named(f.value))})
        if f.entry.kind in (Kind.EVIDENCE, Kind.PROPOSED_RULE)
        else f
        for f in fields
    ]


def _files_named(value: Any) -> list[str]:
    rows = value if isinstance(value, list) else [value]
    return [row["file"] for row in rows if isinstance(row, Mapping) and row.get("file")]


def _form_field(
    entry: Field, data: Mapping[str, Any], findings: Findings, countries: Choices, shows_problems: bool
) -> FormField:
    value = data.get(entry.name)
    return FormField(
        entry,
        _shown_value(entry, value),
        required=data.get("alert_type") in entry.required_for
        or entry.name in NEEDED_WHERE_SHOWN
        or entry.for_red,
        options=_options(entry, value, countries),
        errors=tuple(findings.errors.get(entry.name, ())) if shows_problems else (),
        questions=tuple(question for question in findings.questions if question.field == entry.name),
        rows=_rows(entry, value),
        extra=_row_words(entry, value, countries),
    )


def _shown_value(entry: Field, value: Any) -> Any:
    """Return the value to show; a moment in the reader's local time."""
    moment = read_moment(value) if entry.kind is Kind.MOMENT else None
    if moment is not None:
        return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"
    return "" if value is None else value


def _row_words(entry: Field, value: Any, countries: Choices) -> dict[str, Choices]:
    """Return the choices of a row's columns."""
    if entry.kind is Kind.EVIDENCE:
        return {"techniques": c.TECHNIQUES, "references": c.REFERENCES, "conclusions": c.CONCLUSIONS}
    if entry.kind is Kind.REGION_EVIDENCE:
        return _isotope_choices(value)
    if entry.kind not in (Kind.ROUTE, Kind.PARTIES):
        return {}
    rows = value if isinstance(value, list) else []
    offered = _with_typed(countries, [row["country"] for row in rows if row.get("country")])
    if entry.kind is Kind.ROUTE:
        return {"parts": c.ROUTE_PARTS, "bases": c.ROUTE_BASES, "countries": offered}
    return {"roles": c.PARTY_ROLES, "categories": c.PERSON_CATEGORIES, "countries": offered}


def _isotope_choices(value: Any) -> dict[str, Choices]:
    """Return each isotope with its one standard; a pair with another standard that a system wrote stays, and the check
    reports it.
    """
    known = {f"{isotope}|{scale.standard}": (isotope, scale.standard) for isotope, scale in SCALES.items()}
    typed = {row["scale"]: (row["isotope"] or "", row["standard"] or "") for row in _ratios(value)}
    pairs = known | {scale: pair for scale, pair in typed.items() if scale != "|"}
    return {
        "scales": [(scale, isotope_words(*pair)) for scale, pair in pairs.items()],
        "certainties": c.REGION_CERTAINTIES,
    }


def _ratios(value: Any) -> list[Mapping[str, Any]]:
    rows = value["ratios"] if isinstance(value, Mapping) else []
    return [{**row, "scale": f"{row['isotope'] or ''}|{row['standard'] or ''}"} for row in rows]


def _options(entry: Field, value: Any, countries: Choices) -> tuple[Option, ...]:
    chosen = value if isinstance(value, list) else [value]
    offered: Choices = entry.choices
    if entry.kind is Kind.COUNTRY:
        offered = _with_typed(countries, [value] if value else [])
    if entry.name in GRADES and value != c.NOT_GRADED:
        offered = tuple(choice for choice in offered if choice[0] != c.NOT_GRADED)
    if entry.name == "alert_type":
        offered = tuple(choice for choice in offered if choice[0] in _kinds_beside(value))
    notes = NOTES.get(entry.name, {})
    return tuple(Option(code, text, code in chosen, notes.get(code, "")) for code, text in offered)


def _kinds_beside(kind: Any) -> frozenset[str]:
    """Return the kinds that a draft may change to; a reply, or a message on a profile, cannot change."""
    return OFFERED if kind in OFFERED or kind not in ALL else frozenset({kind})


def _with_typed(offered: Choices, typed: Iterable[str]) -> Choices:
    """Add typed values that are not offered, so that opening the form loses none; the check says what is wrong with them."""
    known = dict(offered)
    return (*offered, *((code, code) for code in dict.fromkeys(typed) if code not in known))


def _rows(entry: Field, value: Any) -> tuple[Mapping[str, Any], ...]:
    """Return the rows that are filled in, and empty rows to continue."""
    if entry.kind is Kind.REGION_EVIDENCE:
        return (*_ratios(value), *(NO_RATIO for _ in range(EMPTY_STOPS)))
    empty = {Kind.ROUTE: NO_STOP, Kind.PARTIES: NO_PARTY, Kind.EVIDENCE: NO_ANALYSIS}.get(entry.kind)
    if empty is None:
        return ()
    rows = value if isinstance(value, list) else []
    more = EMPTY_PARTIES if entry.kind is Kind.PARTIES else EMPTY_STOPS
    return (*rows, *(empty for _ in range(more)))
