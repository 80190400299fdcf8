# SPDX-License-Identifier: Apache-2.0
"""One agreement, and its lanes suspended or resumed by this agency: first which lanes, then what that means."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.pages.frame import render_page, signed_in
from alerts.pages.question import Question, ask
from alerts.pages.words import isolated
from callers import clock
from callers.capabilities import Capability
from callers.errors import AbsentError
from officers.models import Officer
from sharing.agreements import current_version, resume_lanes, suspend_lanes, suspended_lanes
from sharing.models import Agreement, AgreementVersion, LaneSuspension
from sharing.terms import Lane, Purpose


@dataclass(frozen=True)
class LaneRow:
    """A lane of the agreement as it stands; `stopped` says by whom and since when."""

    code: str
    label: str | Promise
    survives: bool
    stopped: tuple[LaneSuspension, ...]

    def is_stopped_by(self, agency: str | None) -> bool:
        return any(stop.agency_id == agency for stop in self.stopped)


@dataclass(frozen=True)
class Standing:
    """An agreement of the officer's agency, as it counts now."""

    agreement: Agreement
    version: AgreementVersion
    lanes: tuple[LaneRow, ...]
    others: tuple[str, ...]
    is_ended: bool

    def lanes_to(self, verb: str, agency: str | None) -> list[LaneRow]:
        """Those that this agency can suspend or resume now."""
        if verb == "resume":
            return [row for row in self.lanes if row.is_stopped_by(agency)]
        return [row for row in self.lanes if not row.survives and not row.is_stopped_by(agency)]


class LanesForm(forms.Form):
    lanes = forms.MultipleChoiceField(
        label=gettext_lazy("Lanes"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Lanes: choose one or more."),
            "invalid_choice": gettext_lazy("Lanes: choose from the list; it may have changed."),
        },
    )

    def __init__(self, *args: Any, offered: Iterable[LaneRow], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lanes"].choices = [(row.code, row.label) for row in offered]  # type: ignore[attr-defined]


def agreement(request: HttpRequest, ref: str) -> HttpResponse:
    """Parties, lanes, limits, and who has stopped what."""
    officer, now = signed_in(request), clock.now()
    standing = _find(officer, ref, now)
    may_manage = Capability.AGENCY_MANAGE in officer.capabilities and not standing.is_ended
    return render_page(
        request,
        "affairs/agreement",
        _("Agreement"),
        standing=standing,
        purposes=[Purpose(code).label for code in standing.version.purposes],
        surviving=[row.label for row in standing.lanes if row.survives],
        circles=_circles(officer, standing),
        may_suspend=may_manage and bool(standing.lanes_to("suspend", officer.agency_id)),
        may_resume=may_manage and bool(standing.lanes_to("resume", officer.agency_id)),
    )


def suspend(request: HttpRequest, ref: str) -> HttpResponseBase:
    """Stops lanes with every other party, at once."""
    return _change(request, ref, "suspend")


def resume(request: HttpRequest, ref: str) -> HttpResponseBase:
    """Lifts this agency's own suspension."""
    return _change(request, ref, "resume")


def _change(request: HttpRequest, ref: str, verb: str) -> HttpResponseBase:
    officer, now = signed_in(request), clock.now()
    standing = _find(officer, ref, now)
    offered = standing.lanes_to(verb, officer.agency_id)
    form = LanesForm(request.POST if request.method == "POST" else None, offered=offered)
    if not form.is_valid():
        return ask(request, _which(standing, verb), form)
    chosen = [row for row in offered if row.code in form.cleaned_data["lanes"]]
    if request.POST.get("sure") != "yes":
        return _ask_whether(request, standing, verb, chosen, form)
    change = suspend_lanes if verb == "suspend" else resume_lanes
    change(officer, standing.agreement, [row.code for row in chosen], now=now)
    done = _("Suspended: %(lanes)s.") if verb == "suspend" else _("Resumed: %(lanes)s.")
    messages.success(request, done % {"lanes": _listed(chosen)})
    return redirect("admin:agreement", ref)


def _which(standing: Standing, verb: str) -> Question:
    words = {"ref": standing.agreement.ref}
    if verb == "suspend":
        heading, button = _("Suspend lanes of %(ref)s") % words, _("Go on")
    else:
        heading, button = _("Resume lanes of %(ref)s") % words, _("Go on")
    return Question(_("Agreement"), heading, button, _page_of(standing))


def _ask_whether(
    request: HttpRequest, standing: Standing, verb: str, chosen: list[LaneRow], form: LanesForm
) -> HttpResponse:
    words = {"lanes": _listed(chosen), "names": "; ".join(map(isolated, standing.others))}
    if verb == "suspend":
        heading, button = _("Suspend %(lanes)s with %(names)s?") % words, _("Suspend %(lanes)s") % words
        does = [
            _("Flow stops both ways; nothing is deleted; waiting items are held until they expire."),
            *_staying_open(standing, chosen),
            _("Only you and %(names)s are told.") % words,
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
    return ask(request, question, form, template="affairs/lanes_confirm")


def _staying_open(standing: Standing, chosen: list[LaneRow]) -> list[str]:
    codes = {row.code for row in chosen}
    open_ones = [row for row in standing.lanes if row.code not in codes and not row.stopped]
    texts = [_("%(lanes)s stays open.") % {"lanes": str(row.label)} for row in open_ones]
    if standing.version.survive_flash:
        texts.append(_("Flash alerts on the public-health lane still flow, as agreed."))
    return texts


def _find(officer: Officer, ref: str, now: datetime) -> Standing:
    """The agreement by its ref, if the officer's agency is a party now; raises AbsentError."""
    found = Agreement.objects.visible_to(officer).filter(ref=ref).first()
    version = current_version(found, now=now) if found else None
    if found is None or version is None:
        raise AbsentError
    parties = list(version.parties.select_related("agency").order_by("agency__name"))
    if officer.agency_id not in {party.agency_id for party in parties}:
        raise AbsentError
    stops = suspended_lanes(found)
    lanes = tuple(
        LaneRow(
            row.lane,
            Lane(row.lane).label,
            row.lane in version.survive_lanes,
            tuple(stop for stop in stops if stop.lane == row.lane),
        )
        for row in version.lanes.order_by("lane")
    )
    others = tuple(party.agency.name for party in parties if party.agency_id != officer.agency_id)
    return Standing(found, version, lanes, others, version.until is not None and version.until <= now)


def _circles(officer: Officer, standing: Standing) -> list[tuple[str, str]]:
    rows = standing.agreement.circles.filter(members=officer.agency_id).prefetch_related("members")
    return [(row.name, "; ".join(sorted(member.name for member in row.members.all()))) for row in rows]


def _listed(rows: list[LaneRow]) -> str:
    names = [str(row.label) for row in rows]
    if len(names) < 2:
        return "".join(names)
    return _("%(some)s and %(last)s") % {"some": ", ".join(names[:-1]), "last": names[-1]}


def _page_of(standing: Standing) -> str:
    return reverse("admin:agreement", args=[standing.agreement.ref])
