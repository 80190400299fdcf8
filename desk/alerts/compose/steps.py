# SPDX-License-Identifier: Apache-2.0
"""Pages of a draft: one address each, saved on every move; conflicts are shown, never resolved silently."""

import json
import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from alerts.access import find_alert, today_of
from alerts.document.defaults import follow_choices
from alerts.document.fields import WAY, Step
from alerts.document.structures import too_long_sentence
from alerts.drafting.drafts import (
    attach_file,
    create_draft,
    discard_draft,
    read_draft,
    remove_attachment,
    save_revision,
)
from alerts.errors import AlertIncompleteError, AttachmentRefusedError, RevisionConflictError
from alerts.models import Alert, AlertRevision
from alerts.review.preview import findings_of, questions_of, shown_preview
from alerts.review.validation import submit_alert
from alerts.states import AlertState
from callers import clock
from callers.errors import AbsentError, InputError
from callers.markings import strictest
from callers.templatetags.look import moment
from desk.alerts.compose.conflict import conflict_page
from desk.alerts.compose.page import LAST_STEP, check_page, problems_of, step_address, step_page
from desk.alerts.compose.posted import posted_kept, posted_number, posted_values, shown_on_page
from desk.alerts.compose.reach import judge_directory, members_of, reach_of
from desk.alerts.compose.structure import structure_of_file
from desk.web.frame import signed_in
from officers.errors import NobodyToReleaseError


def draft_step(request: HttpRequest, alert_id: uuid.UUID, number: int) -> HttpResponseBase:
    """Show a page on GET, save it and move on on POST."""
    alert = find_alert(signed_in(request), alert_id)
    if alert.state != AlertState.DRAFT:
        return redirect("admin:review", alert.pk)
    if number not in set(Step):
        raise AbsentError
    step = Step(number)
    if request.method == "POST":
        return _save_step(request, alert, step)
    return check_page(request, alert) if step is LAST_STEP else step_page(request, alert, step)


def _save_step(request: HttpRequest, alert: Alert, step: Step) -> HttpResponseBase:
    """Save the page; a refused value or file is shown on the same page with what was typed."""
    if structure_of_file(request) is None:
        text = too_long_sentence()
        return step_page(
            request, alert, step, typed=read_typed_fields(request), refused={"structure": (text,)}
        )
    try:
        revision = _save(request, alert)
        revision = _change_files(request, alert, revision)
    except RevisionConflictError as conflict:
        return conflict_page(request, alert, step, conflict)
    except InputError as refused:
        if wants_json(request):
            return JsonResponse({"text": refused.problem}, status=422)
        typed = read_typed_fields(request)
        return step_page(request, alert, step, typed=typed, refused={refused.field: (refused.problem,)})
    except AttachmentRefusedError as refused:
        if wants_json(request):
            return JsonResponse({"text": refused.problem}, status=422)
        return step_page(request, alert, Step.FILES, file_problem=refused.problem)
    if wants_json(request):
        return saved_answer(revision)
    return next_address(request, alert, step)


def wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept") == "application/json"


def read_typed_fields(request: HttpRequest) -> dict[str, Any]:
    """Return the values of the fields that the page showed."""
    values = posted_values(request.POST, shown_on_page(request.POST))
    if ticked := request.POST.getlist("circle"):
        chosen = values.get("recipients", [])
        values["recipients"] = list(dict.fromkeys([*chosen, *members_of(signed_in(request), ticked)]))
    if text := structure_of_file(request):
        values["structure"] = text
    return values


def _save(request: HttpRequest, alert: Alert) -> AlertRevision:
    officer, now = signed_in(request), clock.now()
    base = posted_number(request.POST, "revision")
    if base is None:
        raise AbsentError
    content = read_draft(officer, alert)
    asked = {question.code: question.field for question in questions_of(officer, content, now=now)}
    kept = posted_kept(request.POST, shown_on_page(request.POST), content.kept, asked)
    data = _with_purpose(read_typed_fields(request), content.data)
    return save_revision(officer, alert, data=data, base=base, kept=kept, now=now)


def _with_purpose(typed: dict[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was typed without a purpose and a handling that still stand as they were, where another lane was chosen.

    They follow the lane.
    """
    if "lane" not in typed or typed["lane"] == before.get("lane"):
        return typed
    stands = {name for name in ("purpose", "handling") if typed.get(name) == before.get(name)}
    return {name: value for name, value in typed.items() if name not in stands}


def _change_files(request: HttpRequest, alert: Alert, revision: AlertRevision) -> AlertRevision:
    """Add the files that were chosen, remove those that were named; each is a revision of its own."""
    officer, now, go = signed_in(request), clock.now(), request.POST.get("go", "")
    for file in request.FILES.getlist("files"):
        name, data = file.name or "", file.read()
        revision = attach_file(officer, alert, base=revision.number, filename=name, data=data, now=now)
    if go == "attach" and not request.FILES:
        raise AttachmentRefusedError(_("Files: choose a file first."))
    if go.startswith("remove-") and go.removeprefix("remove-").isdecimal():
        n = int(go.removeprefix("remove-"))
        revision = remove_attachment(officer, alert, base=revision.number, n=n, now=now)
    return revision


def saved_answer(revision: AlertRevision, *, address: str = "") -> JsonResponse:
    """Answer an autosave; `address` is where a draft of the first save is from now on."""
    when = strip_tags(moment(revision.saved_at))
    saved = {"revision": revision.number, "text": _("Saved %(when)s") % {"when": when}}
    return JsonResponse(saved | ({"address": address} if address else {}))


def next_address(request: HttpRequest, alert: Alert, step: Step) -> HttpResponseRedirect:
    """Return the target of the pressed button; "Continue" stays when something on this page must be corrected."""
    go = request.POST.get("go", "save")
    if go == "next":
        if _stops_on(request, alert, step):
            return HttpResponseRedirect(f"{step_address(alert, step)}?check=1#problems")
        return HttpResponseRedirect(step_address(alert, _after(step)))
    return HttpResponseRedirect(step_address(alert, chosen_step(request) or step))


def chosen_step(request: HttpRequest) -> Step | None:
    """Return the page whose button was pressed; None for another button."""
    go = request.POST.get("go", "")
    return Step(int(go)) if go in {str(int(step)) for step in Step} else None


def _after(step: Step) -> Step:
    """Return the page after this one; a page beside the way leads to that of the recipients."""
    return Step(min(step + 1, LAST_STEP)) if step in WAY else Step.RECIPIENTS


def _stops_on(request: HttpRequest, alert: Alert, step: Step) -> bool:
    """Tell whether something on this page of the draft as just saved must be corrected.

    Only the page about recipients asks who receives it.
    """
    officer, now = signed_in(request), clock.now()
    content = read_draft(officer, alert)
    preview = shown_preview(alert, content, now=now) if step is Step.RECIPIENTS else None
    findings = findings_of(officer, alert, content, preview, now=now)
    return bool(problems_of(findings, alert, content.data.get("alert_type"), step=step))


def draft_reach(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponse:
    """Show who would receive the draft with the choices in the form; saves nothing."""
    officer, now = signed_in(request), clock.now()
    alert = find_alert(officer, alert_id)
    before = read_draft(officer, alert).data
    typed = _with_purpose(read_typed_fields(request), before)
    data = {**before, **follow_choices(before, typed, today=today_of(officer, now)), **typed}
    reach = reach_of(judge_directory(officer, data, now=now), data.get("recipients") or ())
    return render(request, "accord/parts/reach.html", {"reach": reach, "now": now})


def draft_submit(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    officer = signed_in(request)
    alert = find_alert(officer, alert_id)
    revision = posted_number(request.POST, "revision") or 0
    try:
        submit_alert(officer, alert, revision=revision, now=clock.now())
    except (AlertIncompleteError, NobodyToReleaseError):
        return redirect(step_address(alert, LAST_STEP))
    except RevisionConflictError as conflict:
        return _submit_conflict(request, alert, revision, conflict)
    messages.success(request, _("Submitted. It waits for a second person."))
    return redirect("admin:on_the_way")


def _submit_conflict(
    request: HttpRequest, alert: Alert, revision: int, conflict: RevisionConflictError
) -> HttpResponse:
    """Show both texts, unless the form names a revision that never was, for which there is no own text."""
    if not 1 <= revision < conflict.number:
        raise AbsentError
    return conflict_page(request, alert, LAST_STEP, conflict)


def draft_discard(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    officer = signed_in(request)
    discard_draft(officer, find_alert(officer, alert_id), now=clock.now())
    messages.success(request, _("1 draft discarded."))
    return redirect("admin:drafts")


def draft_overwrite(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Save one's own text over the revision that was shown beside it."""
    alert = find_alert(signed_in(request), alert_id)
    base, step = posted_number(request.POST, "revision"), posted_number(request.POST, "step") or Step.KNOWN
    try:
        mine = _posted_text(request)
        save_revision(signed_in(request), alert, data=mine, base=base or 0, now=clock.now())
    except RevisionConflictError as conflict:
        return conflict_page(request, alert, step, conflict)
    messages.success(request, _("Your text is saved."))
    return redirect("admin:draft", alert.pk, int(step))


def draft_copy(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Save one's own text as a new draft, so that neither text is lost."""
    source = find_alert(signed_in(request), alert_id)
    floor = strictest(source.tlp, source.floor)
    copy = create_draft(signed_in(request), data=_posted_text(request), floor=floor, now=clock.now())
    messages.success(request, _("Your text is saved as a copy."))
    return redirect(step_address(copy, Step.KNOWN))


def _posted_text(request: HttpRequest) -> Mapping[str, Any]:
    try:
        text = json.loads(request.POST.get("mine", ""))
    except ValueError:
        raise AbsentError from None
    if not isinstance(text, dict):
        raise AbsentError
    return text
