# SPDX-License-Identifier: Apache-2.0
"""One agreement, and suspending or resuming its lanes: the page first asks which lanes, and says what it means."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.agency.agreement_versions import version_signed, versions_ahead, versions_of
from alerts.agency.agreements import AgreementShown, LaneRow, agreement_of
from alerts.agency.lanes import REASONS, resume_lanes, suspend_lanes
from alerts.withheld.lists import WithheldLane, withheld_numbers
from callers import clock
from callers.capabilities import Capability
from callers.closed_lists import Purpose
from desk.web.confirm import ConfirmForm, Question, ask
from desk.web.frame import render_page, signed_in
from desk.web.tones import isolated
from officers.models import Officer


class LanesForm(forms.Form):
    """Lanes and agencies; nothing is preselected but an only agency."""

    agencies = forms.MultipleChoiceField(
        label=gettext_lazy("With"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Agencies: choose one or more."),
            "invalid_choice": gettext_lazy("Agencies: choose from the list; it may have changed."),
        },
    )
    lanes = forms.MultipleChoiceField(
        label=gettext_lazy("Lanes"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Lanes: choose one or more."),
            "invalid_choice": gettext_lazy("Lanes: choose from the list; it may have changed."),
        },
    )
    why = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        choices=(("", gettext_lazy("not stated")), *REASONS),
        required=False,
        help_text=gettext_lazy("One word. The agencies you choose and the exchange read it, nobody else."),
        error_messages={"invalid_choice": gettext_lazy("Reason: choose from the list.")},
    )

    def __init__(self, *args: Any, standing: AgreementShown, verb: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        agencies = standing.agencies_to(verb)
        self.fields["agencies"].choices = agencies  # type: ignore[attr-defined]
        self.fields["lanes"].choices = [(row.code, row.label) for row in standing.lanes_to(verb)]  # type: ignore[attr-defined]
        if len(agencies) == 1:
            self.fields["agencies"].initial = [agencies[0][0]]
        if verb == "resume":
            del self.fields["why"]


def agreement(request: HttpRequest, ref: str) -> HttpResponse:
    """Show parties, lanes, limits, and who has suspended what."""
    officer, now = signed_in(request), clock.now()
    standing = agreement_of(officer, ref, now=now)
    may_manage = Capability.AGENCY_MANAGE in officer.capabilities and not standing.is_ended
    versions = [one for one in versions_of(officer, now=now) if one.ref == ref]
    return render_page(
        request,
        "agency/agreement",
        _("Agreement"),
        standing=standing,
        purposes=[Purpose(code).label if code in Purpose.values else code for code in standing.said.purposes],
        surviving=[row.label for row in standing.lanes if row.survives],
        signed=version_signed(versions, standing),
        ahead=versions_ahead(officer, versions, [standing], now=now),
        may_propose=Capability.AGENCY_MANAGE in officer.capabilities,
        may_leave=may_manage and bool(standing.said.od),
        may_suspend=may_manage and bool(standing.lanes_to("suspend")),
        may_resume=may_manage and bool(standing.lanes_to("resume")),
        withheld=_withheld(officer, standing, now),
    )


def _withheld(officer: Officer, standing: AgreementShown, now: datetime) -> list[WithheldLane]:
    """Return what lanes of this agreement keep, or kept, from its parties; nothing for who reads no alerts."""
    if Capability.ALERT_READ not in officer.capabilities:
        return []
    found = withheld_numbers(officer, now=now)
    return [one for one in found if one.peer.pk in standing.said.parties and one.lane in standing.said.lanes]


def suspend(request: HttpRequest, ref: str) -> HttpResponseBase:
    """Suspend lanes with parties, at once, in every agreement with them."""
    return _change(request, ref, "suspend")


def resume(request: HttpRequest, ref: str) -> HttpResponseBase:
    """Lift this agency's own suspension."""
    return _change(request, ref, "resume")


def _change(request: HttpRequest, ref: str, verb: str) -> HttpResponseBase:
    officer, now = signed_in(request), clock.now()
    standing = agreement_of(officer, ref, now=now)
    if not standing.lanes_to(verb):
        return ask(request, _which(standing, verb, is_any=False), ConfirmForm())
    form = LanesForm(request.POST if request.method == "POST" else None, standing=standing, verb=verb)
    if not form.is_valid():
        return ask(request, _which(standing, verb), form)
    agencies, lanes = form.cleaned_data["agencies"], form.cleaned_data["lanes"]
    chosen = [row for row in standing.lanes if row.code in lanes]
    if request.POST.get("sure") != "yes":
        return _ask_whether(request, standing, verb, chosen, form)
    if verb == "suspend":
        suspend_lanes(officer, agencies, lanes, why=form.cleaned_data["why"] or None, now=now)
        done = _("Suspended: %(lanes)s.")
    else:
        resume_lanes(officer, agencies, lanes, now=now)
        done = _("Resumed: %(lanes)s.")
    said = [done % {"lanes": _listed(chosen)}]
    if verb == "resume":
        said += _still_suspended(chosen, agencies)
    messages.success(request, " ".join(said))
    return redirect("admin:agreement", ref)


def _still_suspended(resumed: Iterable[LaneRow], agencies: Collection[str]) -> Iterator[str]:
    """Yield a sentence on which of these agencies suspend lanes that were resumed with them; none where none does."""
    stops = [stop for row in resumed for stop in row.stopped if not stop.is_own and stop.agency in agencies]
    if stops:
        names = "; ".join(isolated(name) for name in dict.fromkeys(stop.name for stop in stops))
        yield _("Still suspended, until they resume too, by: %(names)s.") % {"names": names}


def _which(standing: AgreementShown, verb: str, *, is_any: bool = True) -> Question:
    words = {"ref": standing.ref}
    if verb == "suspend":
        heading, none = _("Suspend lanes of %(ref)s") % words, _("It has no lane left to suspend.")
        reach = _(
            "What you choose stops in every agreement of your agency with these agencies, not in this one alone, until your agency resumes it."
        )
    else:
        heading, none = _("Resume lanes of %(ref)s") % words, _("Your agency has suspended no lane of it.")
        reach = _(
            "What you choose is resumed in every agreement of your agency with these agencies, not in this one alone."
        )
    button, does = (_("Go on"), [reach]) if is_any else ("", [none])
    return Question(_("Agreement"), heading, button, _page_of(standing), does=does)


def _ask_whether(
    request: HttpRequest, standing: AgreementShown, verb: str, chosen: list[LaneRow], form: LanesForm
) -> HttpResponse:
    named = dict(standing.others)
    names = [isolated(named[agency]) for agency in form.cleaned_data["agencies"]]
    words = {"lanes": _listed(chosen), "names": "; ".join(names)}
    if verb == "suspend":
        heading, button = _("Suspend %(lanes)s with %(names)s?") % words, _("Suspend %(lanes)s") % words
        does = [
            _(
                "Flow stops both ways, in every agreement with them; nothing is deleted; waiting items are held until they expire."
            ),
            *_staying_open(standing, chosen),
            _("Only you and %(names)s are told.") % words,
            *_reason(form),
        ]
    else:
        heading, button = _("Resume %(lanes)s with %(names)s?") % words, _("Resume %(lanes)s") % words
        does = [
            _(
                "What was held and has not expired is delivered, in order. What the other side suspended stays so."
            )
        ]
    question = Question(
        _("Agreement"), heading, button, _page_of(standing), does=does, is_grave=verb == "suspend"
    )
    return ask(request, question, form, template="agency/lanes_confirm")


def _reason(form: LanesForm) -> Iterator[str]:
    why = form.cleaned_data["why"]
    if why:
        yield _("They and the exchange read your reason: %(why)s.") % {"why": dict(REASONS)[why]}


def _staying_open(standing: AgreementShown, chosen: list[LaneRow]) -> list[str]:
    codes = {row.code for row in chosen}
    open_ones = [row for row in standing.lanes if row.code not in codes and row.is_open]
    texts = [_("%(lanes)s stays open.") % {"lanes": str(row.label)} for row in open_ones]
    if standing.said.survive_flash:
        texts.append(_("Flash alerts on the public-health lane still flow, as agreed."))
    return texts


def _listed(rows: list[LaneRow]) -> str:
    names = [str(row.label) for row in rows]
    if len(names) < 2:
        return "".join(names)
    return _("%(some)s and %(last)s") % {"some": ", ".join(names[:-1]), "last": names[-1]}


def _page_of(standing: AgreementShown) -> str:
    return reverse("admin:agreement", args=[standing.ref])
