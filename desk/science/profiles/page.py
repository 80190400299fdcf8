# SPDX-License-Identifier: Apache-2.0
"""Pages on likeness of samples: compare with one's own, ask other agencies, answer, agree, tell.

The score comes first, then consent. A page says before each act who learns what of whom.
"""

import uuid
from datetime import datetime
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.access import find_alert, find_received
from alerts.document.kinds import Step
from alerts.document.science_words import VERDICT_WORDS
from alerts.models import Alert, ReceivedAlert
from alerts.profiles.disclosure import Disclosure, disclosure_about, disclosures_of_question, questions_about
from alerts.profiles.questions import (
    TOLD,
    leads_of,
    no_profile,
    read_own,
    start_answer,
    start_details,
    start_question,
)
from alerts.profiles.samples import Lead, Leads
from alerts.projections.cards import open_alert_cards
from alerts.receiving.opening import open_alert
from alerts.replies.kinds import PROFILE_ANSWER, PROFILE_DETAILS, PROFILE_QUERY
from alerts.review.preview import candidates_for
from alerts.review.verdicts import RecipientVerdict
from alerts.states import SENT
from callers import clock
from callers.capabilities import Capability
from callers.errors import AbsentError, InputError
from desk.alerts.received.page import reading_or_question
from desk.alerts.received.reading import Reading, reading_of
from desk.alerts.replies.page import CONTACT_HELP, begun, contact_of, opened_under
from desk.web.confirm import Question, ask, refuse
from desk.web.frame import render_page, signed_in
from desk.web.tones import isolated
from officers.models import Officer
from science.answers.profiles import REASONS, show_comparison

TOLD_TEXTS: Final = (
    ("what", gettext_lazy("What happened")),
    ("exhibit", gettext_lazy("Exhibit number")),
    ("when", gettext_lazy("When")),
    ("where", gettext_lazy("Where")),
    ("amount", gettext_lazy("Form and amount")),
    ("route", gettext_lazy("Route and concealment")),
    ("profile", gettext_lazy("The profile's numbers")),
    ("isotopes", gettext_lazy("Isotopes: region evidence only")),
)
assert {code for code, _text in TOLD_TEXTS} == set(TOLD)


class ContactForm(forms.Form):
    contact = forms.CharField(
        label=gettext_lazy("Contact"),
        required=False,
        max_length=200,
        help_text=CONTACT_HELP,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
    )


class AnswerForm(ContactForm):
    """Contact that is told with a likeness."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["contact"].required = True
        self.fields["contact"].error_messages["required"] = _("Contact: use 1 to 200 characters on one line.")


class AskForm(ContactForm):
    recipients = forms.MultipleChoiceField(
        label=gettext_lazy("Whom to ask"),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("They see whom else you ask. Each compares on its own side."),
        error_messages={"required": gettext_lazy("Whom to ask: choose one agency at least.")},
    )
    field_order = ("recipients", "contact")


class TellForm(ContactForm):
    told = forms.MultipleChoiceField(
        label=gettext_lazy("Tell them"),
        required=False,
        choices=TOLD_TEXTS,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Copied from your alert into the draft, where you can change each."),
    )
    field_order = ("told", "contact")


# --- comparing ----------------------------------------------------------------------------------------------


def received_leads(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Compare a received profile with the agency's samples, and show the progress of the exchange about it."""
    officer, now = signed_in(request), clock.now()
    received = find_received(officer, alert_id)
    reading = reading_of(request, received.pk, now=now)
    if reading is None:
        return redirect("admin:received", received.pk)
    view = open_alert(officer, received, reason=reading.reason, reference=reading.reference, now=now)
    kind = str(view.document.get("alert_type") or "")
    leads = None
    if view.document.get("profile"):
        leads = leads_of(officer, view.document, view.received, own_only=kind == PROFILE_QUERY, now=now)
    elif kind not in (PROFILE_ANSWER, PROFILE_DETAILS):
        raise no_profile()
    context = {"is_question": kind == PROFILE_QUERY, "back": reverse("admin:received", args=[received.pk])}
    if kind in (PROFILE_QUERY, PROFILE_ANSWER, PROFILE_DETAILS):
        context["exchange"] = disclosure_about(officer, view.received, now=now)
    return _page(request, leads, alert=view.received, title=view.title, profile=view.document, **context)


def sent_leads(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Show a sample of the agency's own: similar ones it holds, whom it asked, and what they answered."""
    officer, now = signed_in(request), clock.now()
    sample = _find_sent(officer, alert_id)
    document = read_own(officer, sample, now=now)
    is_question = document.get("alert_type") == PROFILE_QUERY
    leads = None if is_question else leads_of(officer, document, sample, own_only=False, now=now)
    questions = [sample] if is_question else questions_about(officer, sample)
    return _page(
        request,
        leads,
        alert=sample,
        title=document.get("title"),
        profile=document,
        back=reverse("admin:sent", args=[sample.pk]),
        is_own=True,
        may_ask=not is_question
        and Capability.ALERT_WRITE in officer.capabilities
        and sample.withdrawn_at is None,
        questions=[_asked(officer, question, now) for question in questions],
    )


def _asked(officer: Officer, question: Alert, now: datetime) -> dict[str, Any]:
    sent = question.state in SENT
    return {
        "alert": question,
        "is_sent": sent,
        "exchanges": [_told(exchange) for exchange in disclosures_of_question(officer, question, now=now)]
        if sent
        else (),
    }


def _told(exchange: Disclosure) -> dict[str, Any]:
    """Return an exchange with the numbers of its answer in words; they come from another agency, as texts."""
    answer = exchange.answer or {}
    ratio, rate = answer.get("log10_lr"), answer.get("false_link_rate")
    return {
        "with": exchange,
        "verdict": str(VERDICT_WORDS.get(str(answer.get("verdict")), "")),
        "ratio": None if ratio is None else float(f"{10 ** min(float(ratio), 9.0):.3g}"),
        "rate": None if rate is None else float(rate),
        "pairs": answer.get("pairs"),
    }


def _page(request: HttpRequest, leads: Leads | None, *, profile: Any, **context: Any) -> HttpResponse:
    officer = signed_in(request)
    exchange: Disclosure | None = context.get("exchange")
    return render_page(
        request,
        "science/leads",
        _("Sample profiles"),
        leads=leads,
        rows=[_shown(lead) for lead in leads.rows] if leads else (),
        reasons=[(REASONS.get(code, code), n) for code, n in leads.reasons] if leads else (),
        profile=profile.get("profile"),
        may_write=Capability.ALERT_WRITE in officer.capabilities,
        told=_told(exchange) if exchange else None,
        **context,
    )


def _shown(lead: Lead) -> dict[str, Any]:
    return {"lead": lead, "shown": show_comparison(lead.comparison)}


def _find_sent(officer: Officer, alert_id: uuid.UUID) -> Alert:
    alert = find_alert(officer, alert_id)
    if alert.state not in SENT:
        raise AbsentError
    return alert


# --- asking, answering, telling -----------------------------------------------------------------------------


def ask_others(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Ask chosen agencies whether they hold a similar sample, after a question."""
    officer, now = signed_in(request), clock.now()
    sample = _find_sent(officer, alert_id)
    verdicts = candidates_for(officer, _terms_of(sample), now=now).will
    question = Question(
        title=_("Ask about a profile"),
        heading=_("Ask other agencies about this profile"),
        button=_("Make the question"),
        back=reverse("admin:sent_profile", args=[sample.pk]),
        does=(
            _(
                "They get the method, its version and the numbers, sealed; your agency's name and the contact below."
            ),
            _("They get no case: no title, no place, no substance, no file."),
            _(
                "Who holds nothing alike, and who does not want to say, does not answer. Silence tells you nothing."
            ),
        ),
    )
    form = AskForm(request.POST or None, initial={"contact": contact_of(officer)})
    field = form.fields["recipients"]
    assert isinstance(field, forms.MultipleChoiceField)
    field.choices = [(row.agency, _named(row)) for row in verdicts]
    if not form.is_valid():
        return ask(request, question, form)
    given = form.cleaned_data
    try:
        draft = start_question(
            officer, sample, agencies=given["recipients"], contact=given["contact"], now=now
        )
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form)
    return begun(request, draft, now=now)


def _named(row: RecipientVerdict) -> str:
    if row.custody != "agency":
        return row.name
    return _("%(name)s (holds its own keys: compares with accord compare)") % {"name": row.name}


def _terms_of(sample: Alert) -> dict[str, Any]:
    return {
        "lane": "science",
        "purpose": "science",
        "tlp": sample.tlp,
        "pri": "routine",
        "status": sample.status,
    }


def answer(request: HttpRequest, alert_id: uuid.UUID, sample_id: uuid.UUID) -> HttpResponseBase:
    """Tell another agency that this one holds a sample with this likeness, after a question."""
    officer, now = signed_in(request), clock.now()
    received = find_received(officer, alert_id)
    reading = reading_or_question(request, received, now=now)
    if not isinstance(reading, Reading):
        return reading
    sample = find_alert(officer, sample_id)
    card = open_alert_cards(sample.agency_id, [sample]).get(str(sample.pk))
    name = isolated(received.issuer.name)
    question = Question(
        title=_("Answer about a profile"),
        heading=_("Answer to %(name)s? They learn that you hold a sample with this likeness.")
        % {"name": name},
        button=_("Make the answer to %(name)s") % {"name": name},
        back=reverse("admin:received_profile", args=[received.pk]),
        does=(
            _(
                "They get the score, the rates and verdict of the comparison, your agency's name and the contact below."
            ),
            _(
                "They do not get your sample's numbers, nor anything of its case: that follows when both have agreed."
            ),
        ),
        lasts=_("What they have learned stays learned."),
        facts=((_("Your sample"), card.title if card else sample.pk),),
    )
    form = AnswerForm(request.POST or None, initial={"contact": contact_of(officer)})
    if not form.is_valid():
        return ask(request, question, form)
    try:
        opened = opened_under(officer, received, reading, now)
        draft = start_answer(officer, opened, sample=sample, contact=form.cleaned_data["contact"], now=now)
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form)
    return begun(request, draft, now=now)


def agree(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Agree to exchange case details; once the other side has agreed, choose what to tell."""
    officer, now = signed_in(request), clock.now()
    received = find_received(officer, alert_id)
    reading = reading_or_question(request, received, now=now)
    if not isinstance(reading, Reading):
        return reading
    exchange = disclosure_about(officer, received, now=now)
    question = _agree_question(received, exchange)
    form_class = TellForm if exchange.they_agreed else ContactForm
    form = form_class(request.POST or None, initial={"contact": contact_of(officer)})
    if not form.is_valid():
        return ask(request, question, form)
    try:
        opened = opened_under(officer, received, reading, now)
        given = form.cleaned_data
        draft = start_details(officer, opened, told=given.get("told", ()), contact=given["contact"], now=now)
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form)
    return begun(request, draft, step=Step.KNOWN if exchange.they_agreed else Step.CHECK, now=now)


def _agree_question(received: ReceivedAlert, exchange: Disclosure) -> Question:
    back, name = reverse("admin:received_profile", args=[received.pk]), received.issuer.name
    if exchange.they_agreed:
        return Question(
            title=_("Case details"),
            heading=_("Tell %(name)s case details?") % {"name": name},
            button=_("Make the message to %(name)s") % {"name": name},
            back=back,
            does=(
                _("%(name)s has agreed to exchange case details. You choose what goes out.") % {"name": name},
            ),
            lasts=_("What they have read stays read."),
        )
    return Question(
        title=_("Case details"),
        heading=_("Agree to exchange case details with %(name)s?") % {"name": name},
        button=_("Make the agreement with %(name)s") % {"name": name},
        back=back,
        does=(
            _("This says yes and carries no detail of yours. When %(name)s says yes too, each side tells what it "
              "chooses.") % {"name": name},
        ),
    )  # fmt: skip
