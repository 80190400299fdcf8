# SPDX-License-Identifier: Apache-2.0
"""Page that answers "May I send this to them, and why not": the exchange's policy and the agency's own holds, with what to do about each."""

from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.document.choices import PRIORITIES
from alerts.document.defaults import PURPOSES
from alerts.peers.withheld_recipients import KEYS_FAILED, LANE_SUSPENDED, NEW_IN_CIRCLE, UNCOMPARED
from alerts.review.may_send import Answer, may_send
from callers import clock
from callers.capabilities import Capability
from callers.closed_lists import Lane, Purpose, Tlp
from desk.web.confirm import problems_of
from desk.web.frame import render_page, signed_in
from desk.web.tones import isolated
from officers.models import Officer
from peers.models import Agency

Text = str | Promise


class MaySendForm(forms.Form):
    """Terms, and an agency or all."""

    agency = forms.ChoiceField(label=gettext_lazy("To"), required=False)
    lane = forms.ChoiceField(label=gettext_lazy("Lane"), choices=Lane.choices)
    purpose = forms.ChoiceField(label=gettext_lazy("Purpose"), choices=Purpose.choices)
    tlp = forms.ChoiceField(label=gettext_lazy("TLP"), choices=Tlp.choices)
    pri = forms.ChoiceField(label=gettext_lazy("Speed"), choices=PRIORITIES)

    def __init__(self, *args: Any, agencies: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agency"].choices = [("", _("All agencies")), *agencies]  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Row:
    """Answer on one agency as the page says it; `remedy` is a sentence, linked where the officer may act on it."""

    answer: Answer
    open_lanes: str
    remedy: Text
    remedy_address: str


def page(request: HttpRequest) -> HttpResponse:
    """Ask for the terms, and answer for each agency."""
    officer, now = signed_in(request), clock.now()
    agencies = _others(officer)
    usual = {"lane": Lane.SCIENCE, "purpose": PURPOSES[Lane.SCIENCE], "tlp": Tlp.GREEN, "pri": "routine"}
    asked = usual | {name: request.GET[name] for name in MaySendForm.base_fields if name in request.GET}
    form = MaySendForm(asked, agencies=agencies)
    found, is_valid = None, form.is_valid()
    if is_valid:
        terms = {name: value for name, value in form.cleaned_data.items() if name != "agency"}
        chosen = [form.cleaned_data["agency"]] if form.cleaned_data["agency"] else []
        found = may_send(officer, terms, chosen, now=now)
    return render_page(
        request,
        "agency/may_send",
        _("May I send…"),
        status=200 if is_valid else 422,
        form=form,
        problems=problems_of(form),
        found=found,
        rows=[_row(officer, answer) for answer in found.rows] if found else [],
    )


def _others(officer: Officer) -> list[tuple[str, str]]:
    rows = Agency.objects.visible_to(officer).exclude(pk=officer.agency_id or "").order_by("name", "pk")
    return [(row.pk, isolated(row.name)) for row in rows if row.gone_at is None]


def _row(officer: Officer, answer: Answer) -> Row:
    lanes = [str(Lane(code).label) for code in answer.open_lanes]
    if answer.life_passes:
        lanes.append(_("flash on public health"))
    text, address = ("", "") if answer.verdict.will else _remedy(officer, answer)
    return Row(answer, ", ".join(lanes), text, address)


_CALL: Final = gettext_lazy("Call its duty desk.")
_CHANGE: Final = gettext_lazy("An admin of your agency proposes other terms.")
_REMEDIES: Final[dict[str, tuple[Text, str]]] = {
    "issuer-suspended": (gettext_lazy("Call the exchange's operator."), ""),
    "agency-unknown": (gettext_lazy("Choose from the directory."), "directory"),
    "agency-suspended": (_CALL, "directory"),
    "red-custody": (gettext_lazy("Say by telephone what must stay RED."), "directory"),
    "no-agreement": (gettext_lazy("An admin of your agency proposes one."), "agreement_propose"),
    "agreement-ended": (_CHANGE, "agreement_propose_next"),
    "lane-not-covered": (_CHANGE, "agreement_propose_next"),
    "purpose-not-covered": (_CHANGE, "agreement_propose_next"),
    "tlp-above-ceiling": (_CHANGE, "agreement_propose_next"),
    "own-suite": (gettext_lazy("A key officer of your agency makes new keys."), "keys"),
    "keys-unread": (_CALL, "directory"),
    "suite-below-low": (_CALL, "directory"),
    "no-key-of-suite": (_CALL, "directory"),
    "no-valid-key": (_CALL, "directory"),
    KEYS_FAILED: (gettext_lazy("A key officer of your agency sees which check."), "peers"),
    UNCOMPARED: (gettext_lazy("Compare its fingerprint."), "peer_compare"),
    NEW_IN_CIRCLE: (gettext_lazy("Confirm it in its circles."), "peer_confirm"),
}
_NEEDS: Final = {
    "directory": Capability.DIRECTORY_READ,
    "agreement": Capability.AGREEMENT_READ,
    "agreement_propose": Capability.AGENCY_MANAGE,
    "agreement_propose_next": Capability.AGENCY_MANAGE,
    "agreement_resume": Capability.AGENCY_MANAGE,
    "keys": Capability.KEY_READ,
    "peers": Capability.KEY_READ,
    "peer_compare": Capability.PEER_COMPARE,
    "peer_confirm": Capability.ALERT_VALIDATE,
}
_OF_AGREEMENT: Final = frozenset({"agreement", "agreement_propose_next", "agreement_resume"})
_OF_PEER: Final = frozenset({"peer_compare", "peer_confirm"})


def _remedy(officer: Officer, answer: Answer) -> tuple[Text, str]:
    """Return what helps, and the address of the page for it where this officer may use it."""
    if answer.verdict.code == LANE_SUSPENDED:
        text, name = _of_suspension(answer)
    else:
        text, name = _REMEDIES.get(answer.verdict.code, (_CALL, "directory"))
    if name not in _NEEDS or _NEEDS[name] not in officer.capabilities:
        return text, ""
    if name in _OF_AGREEMENT:
        return text, reverse(f"admin:{name}", args=[answer.ref]) if answer.ref else ""
    return text, reverse(f"admin:{name}", args=[answer.verdict.agency] if name in _OF_PEER else [])


def _of_suspension(answer: Answer) -> tuple[Text, str]:
    if answer.is_own_stop:
        return _("An admin of your agency resumes it."), "agreement_resume"
    return _("It opens once %(name)s resumes it.") % {"name": isolated(answer.verdict.name)}, "agreement"
