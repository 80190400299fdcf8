# SPDX-License-Identifier: Apache-2.0
"""Page of the form: its fields, problems, hints, and who would receive the draft."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.envelope.vocabulary import RED
from alerts.access import today_of
from alerts.document.building import as_sent
from alerts.document.countries import country_name
from alerts.document.defaults import DATED
from alerts.document.display import choice_text
from alerts.document.fields import (
    ALL,
    EMPTY,
    FIELDS,
    OFFERED,
    STEP_TITLES,
    Field,
    Kind,
    Step,
    added_steps,
    fields_of_step,
    shown_fields,
    step_of,
    way_of,
)
from alerts.document.findings import Findings
from alerts.document.kinds import ASKING
from alerts.document.marking import HANDLING_SENTENCES, handling_sentences
from alerts.document.structures import own_identifiers, read_typed
from alerts.drafting.drafts import read_draft
from alerts.drafting.revisions import DraftContent
from alerts.drafting.substance_names import names_used
from alerts.models import Alert
from alerts.red_readers import is_red, named_lines
from alerts.replies.display import answered_by
from alerts.review.preview import check_fields, fields_of_draft, findings_of, shown_preview
from alerts.review.second_person import who_could_release
from alerts.review.validation import read_return_note
from callers import clock
from callers.directory import NO_COUNTRY
from desk.alerts.compose.answer import answer_by
from desk.alerts.compose.form import (
    FormField,
    Text,
    form_fields,
    with_files,
    with_fill,
    with_names,
    with_note,
)
from desk.alerts.compose.reach import judge_directory, reach_of, with_recipients
from desk.alerts.display.evidence import evidence_of
from desk.alerts.display.sections import preview_of
from desk.alerts.display.spectra import show_spectra
from desk.alerts.display.structure import StructureShown, shown_reading
from desk.web.frame import render_page, signed_in
from officers.models import Officer
from peers.models import Agency
from science.spectra.evidence import spectra_of_draft
from vault.red import takes_red

MARKED: Final = frozenset({"technique", "reference"})
FOLDED: Final[Mapping[str, tuple[str, ...]]] = {
    "lane": ("lane", "purpose"),
    "handling": ("handling", "handling_condition"),
}
"""Fields that are preset and stand folded under a sentence, by the first of them."""
LAST_STEP: Final = Step.CHECK


@dataclass(frozen=True)
class Problem:
    """Problem as a sentence, with the address of its field."""

    text: str
    address: str


class StepState(StrEnum):
    """Progress of a page of the form. A page is complete when its required answers are valid, not when it was seen."""

    COMPLETE = "complete"
    TO_CORRECT = "to-correct"
    OPEN = "open"
    NOTHING = "nothing"


STATE_WORDS: Final[Mapping[StepState, Text]] = {
    StepState.COMPLETE: gettext_lazy("complete"),
    StepState.TO_CORRECT: gettext_lazy("to correct"),
    StepState.OPEN: gettext_lazy("not complete yet"),
    StepState.NOTHING: gettext_lazy("nothing added"),
}


@dataclass(frozen=True)
class StepLink:
    """Page of the form as the list of pages names it; `place` counts those on the way from 1, `problems` on the last page."""

    step: Step
    title: Text
    state: StepState
    place: int = 0
    problems: int = 0

    @property
    def words(self) -> Text:
        return STATE_WORDS[self.state]


@dataclass(frozen=True)
class Fold:
    """Preset fields under the sentence that says them; open where one of them is missing or wrong."""

    sentence: str
    fields: tuple[FormField, ...]
    is_open: bool


def problems_of(
    findings: Findings, alert: Alert | None, kind: object, *, step: Step | None = None
) -> list[Problem]:
    """Return the problems that stop the draft, on one page or on all, in the order of the form."""
    return [
        Problem(text, _field_address(alert, kind, name, here=step))
        for name, text in _stops(findings)
        if step is None or step_of(FIELDS[name], kind) == step
    ]


def _stops(findings: Findings) -> Iterator[tuple[str, str]]:
    asked = {(question.field, question.text) for question in findings.open_questions}
    for name in FIELDS:
        yield from ((name, text) for text in findings.errors.get(name, ()))
        yield from ((name, text) for field, text in sorted(asked) if field == name)


def _field_address(alert: Alert | None, kind: object, name: str, *, here: Step | None = None) -> str:
    step = step_of(FIELDS[name], kind)
    if step == here or alert is None:
        return f"#field-{name}"
    return f"{step_address(alert, step)}?check=1#field-{name}"


def step_address(alert: Alert, step: int) -> str:
    return reverse("admin:draft", args=[alert.pk, int(step)])


def step_page(
    request: HttpRequest,
    alert: Alert,
    step: Step,
    *,
    typed: Mapping[str, Any] | None = None,
    refused: Mapping[str, tuple[str, ...]] | None = None,
    file_problem: str = "",
) -> HttpResponse:
    """Show one page. `typed` is what could not be saved, `refused` why; both only after a failed save."""
    officer, now = signed_in(request), clock.now()
    content = read_draft(officer, alert)
    data = {**content.data, **(typed or {})}
    is_about_reach = step is Step.RECIPIENTS
    judged = judge_directory(officer, data, now=now) if is_about_reach else None
    if is_about_reach and typed is not None:
        preview = shown_preview(alert, content, now=now)
    else:
        preview = judged.among(content.data.get("recipients") or ()) if judged else None
    findings = _with(findings_of(officer, alert, content, preview, now=now), refused or {})
    shows = bool(refused) or "check" in request.GET
    fields = _fields(officer, step, data, findings, shows_problems=shows, is_update=alert.version > 1)
    context = _common(request, alert, content, data, findings)
    fields = with_files(fields, [note.filename for note in content.attachments])
    if step is Step.ANALYSIS:
        fields = [_with_drawing(f, alert) for f in fields]
        context["evidence"] = evidence_of(data, spectra_of_draft(alert, content.attachments, data))
    if step is Step.FILES:
        context["spectra"] = show_spectra(spectra_of_draft(alert, content.attachments, data), content.data)
    if step in (Step.RECIPIENTS, Step.MORE):
        fields = with_recipients(fields, officer, alert, judged, data)
    if is_about_reach:
        context["reach"] = reach_of(judged, data.get("recipients") or ())
        context["folds"] = _folds(fields, data)
        fields = [field for field in fields if not _is_folded(field.name)]
    return _render(
        request,
        step,
        status=422 if refused or file_problem else 200,
        **context,
        fields=fields,
        steps=_steps(officer, data, findings, bool(content.attachments)),
        answer_by=answer_by(officer, data, now=now) if any(f.name == "question" for f in fields) else None,
        problems=problems_of(findings, alert, data.get("alert_type"), step=step) if shows else (),
        takes_files=step is Step.FILES,
        file_problem=file_problem,
    )


def unsaved_page(
    request: HttpRequest,
    kind: str,
    *,
    status: str,
    typed: Mapping[str, Any] | None = None,
    refused: Mapping[str, tuple[str, ...]] | None = None,
) -> HttpResponse:
    """Show "What is known" of an alert of which nothing is saved yet; after a refused save with what was typed."""
    officer, now = signed_in(request), clock.now()
    saved = fields_of_draft(officer, {"alert_type": kind, "status": status}, now=now)
    data, shows = {**saved, **(typed or {})}, typed is not None
    findings = _with(check_fields(officer, saved, now=now), refused or {})
    return _render(
        request,
        Step.KNOWN,
        status=422 if shows else 200,
        kind_text=choice_text("alert_type", kind),
        is_exercise=status == "exercise",
        started={"alert_type": kind, "status": status},
        fields=_fields(officer, Step.KNOWN, data, findings, shows_problems=shows),
        steps=_steps(officer, data, findings, False),
        answer_by=answer_by(officer, data, now=now) if kind in ASKING else None,
        problems=problems_of(findings, None, kind, step=Step.KNOWN) if shows else (),
    )


def _render(request: HttpRequest, step: Step, *, status: int, **context: Any) -> HttpResponse:
    way = [link.step for link in context["steps"] if link.place]
    return render_page(
        request,
        "compose",
        _("Draft"),
        status=status,
        **context,
        current=step,
        step_title=STEP_TITLES[step],
        before=way[way.index(step) - 1] if step in way[1:] else (0 if step in way else Step.KNOWN),
        way_length=len(way),
    )


def _fields(
    officer: Officer,
    step: Step,
    data: Mapping[str, Any],
    findings: Findings,
    *,
    shows_problems: bool,
    is_update: bool = False,
) -> list[FormField]:
    """Return the fields of a page as it shows them."""
    shown = shown_fields(step, data, is_update=is_update, **_asked_of(officer))
    entries = [entry for entry in shown if not _is_said_by_lines(entry, data)]
    countries = _countries(officer)
    fields = form_fields(entries, data, findings, shows_problems=shows_problems, countries=countries)
    return [_helped(field, officer, dict(countries)) for field in fields]


def _asked_of(officer: Officer) -> dict[str, Any]:
    """Return what decides which fields an agency is asked for."""
    agency = officer.agency
    return {
        "takes_red": takes_red(officer.agency_id or ""),
        "agency_kind": agency.kind if agency else "",
    }


def _helped(field: FormField, officer: Officer, countries: Mapping[str, str]) -> FormField:
    """Add what the page offers beside the field's own choices."""
    if field.name == "tlp" and takes_red(officer.agency_id or ""):
        return with_note(field, RED, _red_note())
    if field.name == "preferred_name":
        return with_names(field, names_used(officer))
    if field.name == "event_date":
        yesterday = today_of(officer, clock.now()) - timedelta(days=1)
        return with_fill(field, yesterday.isoformat(), _("Yesterday"))
    own = officer.agency.country if officer.agency else ""
    if field.name == "place_country" and own in countries:
        return with_fill(field, own, countries[own])
    return field


def _folds(fields: Iterable[FormField], data: Mapping[str, Any]) -> list[Fold]:
    """Return the preset fields of the page of recipients, each group under its sentence."""
    by_name = {field.name: field for field in fields}
    lane, purpose = (data.get(name) for name in ("lane", "purpose"))
    words = {"lane": choice_text("lane", lane), "purpose": choice_text("purpose", purpose)}
    codes = [code for code in data.get("handling") or () if code in HANDLING_SENTENCES]
    handling = [
        f"{sentence.rstrip('.')} ({code})"
        for code, sentence in handling_sentences(codes, data.get("handling_condition"))
    ]
    sentences = {
        "lane": _("Lane %(lane)s, purpose %(purpose)s") % words
        if lane and purpose
        else _("Lane and purpose"),
        "handling": _("Handling: %(texts)s") % {"texts": "; ".join(handling)}
        if handling
        else _("Handling: no code"),
    }
    return [
        Fold(
            sentences[name],
            tuple(group := [by_name[one] for one in names if one in by_name]),
            is_open=any(field.errors or field.questions for field in group)
            or (name == "lane" and not (lane and purpose)),
        )
        for name, names in FOLDED.items()
    ]


def _is_folded(name: str) -> bool:
    return any(name in names for names in FOLDED.values())


def _red_note() -> str:
    """Return the note beside RED."""
    return _("Whoever administers this machine can read it.")


def _is_said_by_lines(entry: Field, data: Mapping[str, Any]) -> bool:
    """Tell whether lines of evidence make this field unnecessary: they say more than marked techniques."""
    return entry.name in MARKED and bool(data.get("evidence")) and data.get(entry.name) in EMPTY


def _with_drawing(field: FormField, alert: Alert) -> FormField:
    if field.entry.kind is not Kind.STRUCTURE:
        return field
    reading = read_typed(field.value) if field.value else None
    extra = {
        "shown": StructureShown() if reading is None else shown_reading(reading),
        "fills": json.dumps(own_identifiers(reading.structure) if reading and reading.structure else {}),
        "address": reverse("admin:draft_structure", args=[alert.pk]),
    }
    return replace(field, extra=extra)


def _steps(officer: Officer, data: Mapping[str, Any], findings: Findings, has_files: bool) -> list[StepLink]:
    """Return the pages of the way, numbered, and those that may be added."""
    kind = data.get("alert_type")
    stops = [name for name, _text in _stops(findings)]
    blocked = {step_of(FIELDS[name], kind) for name in stops}
    wrong = {step_of(FIELDS[name], kind) for name in stops if data.get(name) not in EMPTY}
    way = way_of(kind)
    added = added_steps(data, **_asked_of(officer))

    def state(step: Step) -> StepState:
        if step in wrong or (step in blocked and step not in way):
            return StepState.TO_CORRECT
        if step in added and not (_says_something(step, data) or (step is Step.FILES and has_files)):
            return StepState.NOTHING
        return StepState.OPEN if step in blocked or step is Step.CHECK else StepState.COMPLETE

    links = [StepLink(step, STEP_TITLES[step], state(step), place) for place, step in enumerate(way, 1)]
    return links + [StepLink(step, STEP_TITLES[step], state(step)) for step in added]


def _says_something(step: Step, data: Mapping[str, Any]) -> bool:
    """Tell whether an added page holds more than what is preset."""
    fields = fields_of_step(step, data.get("alert_type"))
    return any(
        data.get(field.name) not in (*EMPTY, field.default) and field.name not in DATED
        for field in fields
        if not field.computed
    )


def _countries(officer: Officer) -> list[tuple[str, str]]:
    """Return the countries of this hub's agencies; an exercise has countries that no list has."""
    agencies = Agency.objects.visible_to(officer).exclude(country=NO_COUNTRY)
    codes = agencies.order_by("country").values_list("country", flat=True).distinct()
    return [(code, country_name(code)) for code in codes]


def check_page(
    request: HttpRequest, alert: Alert, *, template_name: str = "", template_problem: str = ""
) -> HttpResponse:
    """Show the last page: what stops the draft, what a recipient will read, who will receive it."""
    officer, now = signed_in(request), clock.now()
    content = read_draft(officer, alert)
    preview = shown_preview(alert, content, now=now)
    findings = findings_of(officer, alert, content, preview, now=now)
    kind = content.data.get("alert_type")
    problems = problems_of(findings, alert, kind)
    steps = _steps(officer, content.data, findings, bool(content.attachments))
    return render_page(
        request,
        "compose_check",
        _("Draft"),
        status=422 if template_problem else 200,
        template_name=template_name,
        template_problem=template_problem,
        **_common(request, alert, content, content.data, findings),
        **preview_of(
            as_sent(content.data, left_out=findings.left_out_fields),
            officer,
            alert,
            revision=content.number,
            seen=spectra_of_draft(alert, content.attachments, content.data),
            now=now,
        ),
        current=LAST_STEP,
        findings=findings,
        problems=problems,
        way_length=len(way_of(kind)),
        steps=[replace(link, problems=_count(problems, alert, link.step)) for link in steps],
        answer_by=answer_by(officer, content.data, now=now),
        reach=reach_of(preview),
        named=named_lines(content.data),
        for_attention=content.data.get("for_attention") or (),
        releasers=who_could_release(alert, submitter=officer),
    )


def _count(problems: list[Problem], alert: Alert, step: Step) -> int:
    return sum(problem.address.startswith(step_address(alert, step)) for problem in problems)


def _with(findings: Findings, refused: Mapping[str, tuple[str, ...]]) -> Findings:
    return replace(findings, errors={**findings.errors, **refused}) if refused else findings


def _common(
    request: HttpRequest, alert: Alert, content: DraftContent, data: Mapping[str, Any], findings: Findings
) -> dict[str, Any]:
    return {
        "alert": alert,
        "content": content,
        "title": data.get("title"),
        "kind_text": choice_text("alert_type", data["alert_type"]) if data.get("alert_type") else "",
        "is_exercise": data.get("status") == "exercise",
        "files": content.attachments,
        "hints": [
            {"label": FIELDS[name].label, "address": _field_address(alert, data.get("alert_type"), name)}
            for name in findings.hints
        ],
        "return_note": read_return_note(signed_in(request), alert) if alert.returned_at else "",
        "may_keep_template": data.get("alert_type") not in ALL - OFFERED
        and not is_red(alert.tlp, alert.floor),
        "answered": answered_by(signed_in(request), alert),
    }
