# SPDX-License-Identifier: Apache-2.0
"""Pages on which a reply begins: an answer in words, and the review of an identification.

Each makes a draft that is handled as every draft: checked by its author, sent by a second person.
"""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.access import find_received, today_of
from alerts.document.fields import FIELDS, Step
from alerts.document.rules import contradictions
from alerts.models import Alert, ReceivedAlert
from alerts.replies.beginning import Opened, open_to_answer, says, start_reply
from alerts.replies.kinds import ANSWER, CLARIFICATION, PEER_REVIEW, REPLY
from alerts.replies.rules import other_holders
from alerts.states import AlertState
from callers import clock
from callers.errors import InputError
from desk.alerts.compose.page import LAST_STEP, step_address
from desk.alerts.display.evidence import claim_of, evidence_of
from desk.alerts.received.page import reading_or_question
from desk.alerts.received.reading import Reading
from desk.alerts.replies.alert_acts import submits
from desk.web.confirm import Question, ask, refuse
from desk.web.frame import signed_in
from desk.web.tones import isolated
from officers.models import Officer
from science.spectra.evidence import spectra_in

OPINION_TEXTS: Final = (
    ("agree", gettext_lazy("Agree: the evidence identifies what is claimed.")),
    ("disagree", gettext_lazy("Disagree: the evidence identifies something else, or excludes it.")),
    ("needs_data", gettext_lazy("Needs data: the claim may be right; the evidence does not carry it yet.")),
)
SHOW_QUESTION: Final = frozenset({ANSWER, CLARIFICATION})
"""Kinds of reply whose page shows the question."""
CONTACT_HELP: Final = gettext_lazy(
    "Who answers questions on this, and how: a desk or a number, better than a name."
)


class ReplyFields(forms.Form):
    """Fields of every reply: a contact, and which other holders of the alert are to read it."""

    contact = forms.CharField(
        label=gettext_lazy("Contact"),
        required=False,
        max_length=200,
        help_text=CONTACT_HELP,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
    )
    recipients = forms.MultipleChoiceField(
        label=gettext_lazy("Also to"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("These agencies have the alert. The sender reads every reply."),
    )

    def __init__(self, *args: Any, holders: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if holders:
            field = self.fields["recipients"]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = holders
        else:
            del self.fields["recipients"]

    def data_of(self, sender: str) -> dict[str, Any]:
        """Return the fields of a draft from a valid form."""
        given = self.cleaned_data
        to = sorted({sender, *given.get("recipients", ())})
        own = {name: value for name, value in given.items() if name != "recipients" and value}
        return own | {"recipients": to}


class ReplyForm(ReplyFields):
    narrative = forms.CharField(
        label=gettext_lazy("Your answer"),
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 8, "autocomplete": "off", "dir": "auto"}),
        help_text=gettext_lazy("Never name a source. Files are added in the next step."),
        error_messages={"required": gettext_lazy("Your answer: write it.")},
    )
    field_order = ("narrative", "contact", "recipients")


class ReviewForm(ReplyFields):
    opinion = forms.ChoiceField(
        label=gettext_lazy("Opinion"),
        choices=OPINION_TEXTS,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Opinion: choose one.")},
    )
    opinion_text = forms.CharField(
        label=gettext_lazy("Reasons"),
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "dir": "auto"}),
        help_text=gettext_lazy(
            "What you compared, and what is missing. Your own evidence is added in the next step."
        ),
    )
    field_order = ("opinion", "opinion_text", "contact", "recipients")


class AnswerForm(ReplyFields):
    answer_code = forms.ChoiceField(
        label=gettext_lazy("Answer"),
        choices=FIELDS["answer_code"].choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Answer: choose one.")},
    )
    refusal_reason = forms.ChoiceField(
        label=FIELDS["refusal_reason"].label,
        required=False,
        choices=(("", ""), *FIELDS["refusal_reason"].choices),
        help_text=FIELDS["refusal_reason"].help,
    )
    expected_at = forms.DateField(
        label=FIELDS["expected_at"].label,
        required=False,
        help_text=FIELDS["expected_at"].help,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": FIELDS["expected_at"].problem},
    )
    narrative = forms.CharField(
        label=gettext_lazy("In words"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "dir": "auto"}),
        help_text=gettext_lazy("Never name a source. Files are added in the next step."),
    )
    field_order = ("answer_code", "refusal_reason", "expected_at", "narrative", "contact", "recipients")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._today = today

    def clean(self) -> dict[str, Any]:
        """Refuse members that contradict the code, as the check of the draft would."""
        given = {name: value for name, value in (super().clean() or {}).items() if value}
        if "expected_at" in given:
            given["expected_at"] = self.cleaned_data["expected_at"] = given["expected_at"].isoformat()
        for name, text in contradictions({"alert_type": ANSWER} | given, today=self._today):
            self.add_error(name, text)
        return self.cleaned_data


class AskBackForm(ReplyFields):
    question = forms.CharField(
        label=FIELDS["question"].label,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "dir": "auto"}),
        help_text=FIELDS["question"].help,
        error_messages={"required": FIELDS["question"].problem},
    )
    request_priority = forms.ChoiceField(
        label=FIELDS["request_priority"].label,
        choices=[choice for choice in FIELDS["request_priority"].choices if choice[0] != "custom"],
        initial="normal",
        help_text=FIELDS["request_priority"].help,
    )
    field_order = ("question", "request_priority", "contact", "recipients")


def answer(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Begin the answer to the question of a received alert."""
    question = _question(
        alert_id,
        title=_("Answer"),
        heading=_("Cannot answer") if request.GET.get("code") == "refused" else _("Answer the question"),
        button=_("Submit the answer"),
        does=(_("A second person sends it. Until then the question waits for your agency."),),
    )
    today = today_of(signed_in(request), clock.now())
    form_class = partial(AnswerForm, today=today)
    return _begin(request, alert_id, ANSWER, form_class, question, step=LAST_STEP)


def ask_back(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Begin a question to who asked: the first one stays open and waits for the asker."""
    question = _question(
        alert_id,
        title=_("Ask back"),
        heading=_("Ask the sender"),
        button=_("Submit the question"),
        does=(
            _("Your agency still owes the answer; its time goes on. A second person sends this question."),
        ),
    )
    return _begin(request, alert_id, CLARIFICATION, AskBackForm, question, step=LAST_STEP)


def reply(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Begin an answer in words to a received alert."""
    question = _question(
        alert_id,
        title=_("Reply"),
        heading=_("Reply to the sender"),
        button=_("Submit the reply"),
        later=_("Go on with the reply"),
        does=(_("A reply is signed and sealed as an alert is, and stands under the alert on both sides."),),
    )
    return _begin(request, alert_id, REPLY, ReplyForm, question, step=LAST_STEP)


def review(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Begin a review of an identification by another laboratory."""
    question = _question(
        alert_id,
        title=_("Review"),
        heading=_("Review the identification"),
        button=_("Submit the review"),
        later=_("Go on with your evidence"),
        does=(
            _(
                "Your agency signs what it thinks of the identification. It stands beside the alert's evidence."
            ),
            _("One review of each agency stands: a later one takes its place."),
        ),
    )
    return _begin(request, alert_id, PEER_REVIEW, ReviewForm, question, step=Step.ANALYSIS)


def _question(
    alert_id: uuid.UUID,
    *,
    title: str,
    heading: str,
    button: str,
    later: str | None = None,
    does: tuple[str | Promise, ...],
) -> Question:
    """Return the question; its page has a second button, `later`, which keeps a draft to which more is added."""
    back, extra = reverse("admin:received", args=[alert_id]), {"later": later or _("Add files first")}
    return Question(title=title, heading=heading, button=button, back=back, does=does, extra=extra)


def _begin(
    request: HttpRequest,
    alert_id: uuid.UUID,
    alert_type: str,
    form_class: Callable[..., ReplyFields],
    question: Question,
    *,
    step: Step,
) -> HttpResponseBase:
    """Begin a reply under the valid reason for reading the alert; without one its page asks first."""
    officer, now = signed_in(request), clock.now()
    received = find_received(officer, alert_id)
    reading = reading_or_question(request, received, now=now)
    if not isinstance(reading, Reading):
        return reading
    opened = opened_under(officer, received, reading, now)
    holders = other_holders(opened.source)
    asked = opened.view.document.get("question") if alert_type in SHOW_QUESTION else None
    facts = [] if asked else [(_("Alert"), str(opened.view.title))]
    shown: dict[str, Any] = {"asked": asked, "alert": received}
    if alert_type == PEER_REVIEW:
        document = opened.view.document
        facts += claim_of(document)
        shown["evidence"] = evidence_of(document, spectra_in(opened.view.files, document))
    is_narrow = "evidence" not in shown
    question = replace(question, facts=facts, narrow=is_narrow, extra=question.extra | shown)
    if request.method != "POST":
        initial = {"contact": contact_of(officer), "answer_code": request.GET.get("code", "")}
        return ask(request, question, form_class(initial=initial, holders=holders), template="reply_form")
    form = form_class(request.POST, holders=holders)
    if not form.is_valid():
        return ask(request, question, form, template="reply_form")
    try:
        data = form.data_of(opened.source.iss)
        draft = start_reply(officer, opened, alert_type=alert_type, data=data, now=now)
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form, template="reply_form")
    if draft.created_at < now and not says(officer, draft, data):
        # A colleague was quicker: what was typed here stays on the page, since nothing of it was kept.
        form.add_error(None, _under_way(draft))
        return ask(
            request,
            replace(question, extra=question.extra | {"under_way": draft}),
            form,
            template="reply_form",
        )
    if request.POST.get("then") == "submit" and draft.created_at == now and submits(officer, draft):
        messages.success(request, _("Submitted. It waits for a second person."))
        return redirect("admin:index")
    return begun(request, draft, step=step, now=now)


def _under_way(draft: Alert) -> str:
    text = _(
        "%(name)s has begun one already (%(state)s). Yours was not kept: copy what is missing into that one."
    )
    name = draft.author.display_name if isinstance(draft.author, Officer) else _("A colleague")
    return text % {"name": isolated(name), "state": draft.get_state_display()}


def opened_under(officer: Officer, received: ReceivedAlert, reading: Reading, now: datetime) -> Opened:
    """Open the alert to be answered, for the reason that was given."""
    return open_to_answer(officer, received, reason=reading.reason, reference=reading.reference, now=now)


def begun(request: HttpRequest, draft: Alert, *, step: Step = LAST_STEP, now: datetime) -> HttpResponse:
    """Redirect to the draft, made now or before."""
    if draft.created_at == now:
        messages.success(request, _("A draft. Read it and submit it; a second person sends it."))
    else:
        messages.info(request, _("This was under way already: go on with it."))
    if draft.state != AlertState.DRAFT:
        return redirect("admin:review", draft.pk)
    return redirect(step_address(draft, step))


def contact_of(officer: Officer) -> str:
    """Return the duty telephone of the officer's agency, as the default contact."""
    return officer.agency.duty_phone if officer.agency else ""
