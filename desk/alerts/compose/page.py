# SPDX-License-Identifier: Apache-2.0
"""Page of one step of the form: its fields, problems, hints, and who would receive the draft."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accord.envelope.vocabulary import RED
from alerts.document.building import as_sent
from alerts.document.countries import country_name
from alerts.document.display import choice_text
from alerts.document.fields import ALL, EMPTY, FIELDS, OFFERED, STEPS, Field, Kind, shown_fields, step_title
from alerts.document.findings import Findings
from alerts.document.structures import own_identifiers, read_typed
from alerts.drafting.drafts import read_draft
from alerts.drafting.revisions import DraftContent
from alerts.drafting.substance_names import names_used
from alerts.models import Alert
from alerts.red_readers import is_red, named_lines
from alerts.replies.display import answered_by
from alerts.review.preview import findings_of, shown_preview
from alerts.review.second_person import who_could_release
from alerts.review.validation import read_return_note
from callers import clock
from callers.directory import NO_COUNTRY
from desk.alerts.compose.answer import answer_by
from desk.alerts.compose.form import FormField, form_fields, with_files, with_names, with_note
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
SUBSTANCE_STEP, ANSWER_STEP, RECIPIENTS_STEP, LAST_STEP = 2, 3, 5, 6


@dataclass(frozen=True)
class Problem:
    """Problem as a sentence, with the address of its field."""

    text: str
    address: str


@dataclass(frozen=True)
class StepLink:
    number: int
    title: str | Promise
    problems: int


def problems_of(findings: Findings, alert: Alert, *, step: int | None = None) -> list[Problem]:
    """Return the problems that stop the draft, on one step or on all, in the order of the form."""
    return [
        Problem(text, _field_address(alert, name, here=step))
        for name, text in _stops(findings)
        if step is None or FIELDS[name].step == step
    ]


def _stops(findings: Findings) -> Iterator[tuple[str, str]]:
    asked = {(question.field, question.text) for question in findings.open_questions}
    for name in FIELDS:
        yield from ((name, text) for text in findings.errors.get(name, ()))
        yield from ((name, text) for field, text in sorted(asked) if field == name)


def _field_address(alert: Alert, name: str, *, here: int | None = None) -> str:
    step = FIELDS[name].step
    return f"#field-{name}" if step == here else f"{step_address(alert, step)}?check=1#field-{name}"


def step_address(alert: Alert, number: int) -> str:
    return reverse("admin:draft", args=[alert.pk, number])


def step_page(
    request: HttpRequest,
    alert: Alert,
    number: int,
    *,
    typed: Mapping[str, Any] | None = None,
    refused: Mapping[str, tuple[str, ...]] | None = None,
    file_problem: str = "",
) -> HttpResponse:
    """Show one step. `typed` is what could not be saved, `refused` why; both only after a failed save."""
    officer, now = signed_in(request), clock.now()
    content = read_draft(officer, alert)
    data = {**content.data, **(typed or {})}
    is_about_reach = number == RECIPIENTS_STEP
    judged = judge_directory(officer, data, now=now) if is_about_reach else None
    if is_about_reach and typed is not None:
        preview = shown_preview(alert, content, now=now)
    else:
        preview = judged.among(content.data.get("recipients") or ()) if judged else None
    findings = _with(findings_of(officer, alert, content, preview, now=now), refused or {})
    shows = bool(refused) or "check" in request.GET
    has_red = takes_red(alert.agency_id)
    shown = shown_fields(number, data, takes_red=has_red, is_update=alert.version > 1)
    entries = [entry for entry in shown if not _is_said_by_lines(entry, data)]
    fields = form_fields(entries, data, findings, shows_problems=shows, countries=_countries(officer))
    fields = [with_note(f, RED, _red_note()) if has_red and f.name == "tlp" else f for f in fields]
    context = _common(request, alert, content, data, findings)
    fields = with_files(fields, [note.filename for note in content.attachments])
    if number == SUBSTANCE_STEP:
        fields = [_with_drawing(f, alert) for f in with_names(fields, names_used(officer))]
        context["spectra"] = show_spectra(spectra_of_draft(alert, content.attachments, data), content.data)
        context["evidence"] = evidence_of(data)
    if is_about_reach:
        fields = with_recipients(fields, officer, judged, data)
        context["reach"] = reach_of(judged, data.get("recipients") or ())
    return render_page(
        request,
        "compose",
        _("Draft"),
        status=422 if refused or file_problem else 200,
        **context,
        current=number,
        step_title=step_title(number, data.get("alert_type")),
        fields=fields,
        steps=_steps(data),
        answer_by=answer_by(officer, data, now=now) if number == ANSWER_STEP else None,
        problems=problems_of(findings, alert, step=number) if shows else (),
        takes_files=number == SUBSTANCE_STEP,
        file_problem=file_problem,
    )


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


def _steps(data: Mapping[str, Any]) -> list[StepLink]:
    kind = data.get("alert_type")
    return [StepLink(step.number, step_title(step.number, kind), 0) for step in STEPS]


def _countries(officer: Officer) -> list[tuple[str, str]]:
    """Return the countries of this hub's agencies; an exercise has countries that no list has."""
    agencies = Agency.objects.visible_to(officer).exclude(country=NO_COUNTRY)
    codes = agencies.order_by("country").values_list("country", flat=True).distinct()
    return [(code, country_name(code)) for code in codes]


def check_page(
    request: HttpRequest, alert: Alert, *, template_name: str = "", template_problem: str = ""
) -> HttpResponse:
    """Show the last step: what stops the draft, what a recipient will read, who will receive it."""
    officer, now = signed_in(request), clock.now()
    content = read_draft(officer, alert)
    preview = shown_preview(alert, content, now=now)
    findings = findings_of(officer, alert, content, preview, now=now)
    problems = problems_of(findings, alert)
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
            now=now,
        ),
        current=LAST_STEP,
        spectra=show_spectra(spectra_of_draft(alert, content.attachments, content.data), content.data),
        findings=findings,
        problems=problems,
        steps=[replace(s, problems=_count(problems, alert, s.number)) for s in _steps(content.data)],
        answer_by=answer_by(officer, content.data, now=now),
        reach=reach_of(preview),
        named=named_lines(content.data),
        for_attention=content.data.get("for_attention") or (),
        releasers=who_could_release(alert, submitter=officer),
    )


def _count(problems: list[Problem], alert: Alert, step: int) -> int:
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
            {"label": FIELDS[name].label, "address": _field_address(alert, name)} for name in findings.hints
        ],
        "return_note": read_return_note(signed_in(request), alert) if alert.returned_at else "",
        "may_keep_template": data.get("alert_type") not in ALL - OFFERED
        and not is_red(alert.tlp, alert.floor),
        "answered": answered_by(signed_in(request), alert),
    }
