# SPDX-License-Identifier: Apache-2.0
"""The agency's policy: all its officers may read it; an admin changes it, and a weaker one is a change of power."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callers import clock
from callers.capabilities import Capability, Role
from callers.errors import AbsentError, InputError
from callers.markings import LEVELS
from desk.web.confirm import Question, ask, refuse
from desk.web.frame import render_page, signed_in
from ledger.retention import KEEP_DAYS
from officers.models import Officer
from officers.policy import CEILING_ROLES, LABELS, MFA_ROLES, change_policy, waiting_policy
from officers.policy_in_force import Policy, policy_of
from officers.powers import must_wait, second_admins
from peers.models import Agency

YES_NO: Final = {
    "four_eyes": (
        ("yes", gettext_lazy("Who wrote an alert does not send it")),
        ("no", gettext_lazy("Who wrote an alert may send it, after somebody else has checked it")),
    ),
    "flash_single_releaser": (
        ("no", gettext_lazy("Flash alerts need a second person too")),
        (
            "yes",
            gettext_lazy("One releaser alone may send a flash alert; a second look follows within 24 hours"),
        ),
    ),
    "bare_code_single_releaser": (
        ("no", gettext_lazy("Answers need a second person, whatever they say")),
        ("yes", gettext_lazy("One releaser alone may send an answer without text and files, never for RED")),
    ),
    "case_number_required": (
        ("no", gettext_lazy("A reason is asked at each opening")),
        ("yes", gettext_lazy("The reason is a case number; flash alerts may be opened on duty")),
    ),
}
_HEADINGS: Final[Mapping[str, Promise]] = {
    "flash_single_releaser": gettext_lazy("Flash alerts"),
    "bare_code_single_releaser": gettext_lazy("Answers without text and files"),
    "case_number_required": gettext_lazy("Reason at opening"),
}
"""What stands before a field's value in words. Its label in `LABELS` says what "yes" means, and would contradict it."""
NO_LIMIT: Final = gettext_lazy("no limit")


class PolicyForm(forms.Form):
    """Form with the whole policy; `seen` is the digest of what was shown."""

    seen = forms.CharField(max_length=43, required=False, widget=forms.HiddenInput)
    audit_keep_days = forms.IntegerField(
        label=gettext_lazy("Audit kept, in days"),
        help_text=gettext_lazy("How long it stays readable who opened what and why."),
        min_value=KEEP_DAYS[0],
        max_value=KEEP_DAYS[1],
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"),
            gettext_lazy("Audit kept: enter 365 to 3650 days."),
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in YES_NO.items():
            self.fields[name] = _choice(heading_of(name), choices, forms.RadioSelect)
        self.fields["mfa_required_roles"] = forms.MultipleChoiceField(
            label=gettext_lazy("A second factor is needed by"),
            choices=[(role.value, role.label) for role in MFA_ROLES],
            required=False,
            widget=forms.CheckboxSelectMultiple,
            error_messages={"invalid_choice": gettext_lazy("Second factor: choose from the agency's roles.")},
        )
        levels = (("", NO_LIMIT), *((level, f"TLP:{level}") for level in LEVELS))
        for role in CEILING_ROLES:
            label = _("Highest TLP: %(role)s") % {"role": role.label}
            self.fields[f"ceiling_{role.value}"] = _choice(label, levels, forms.Select, required=False)
        self.order_fields([*YES_NO, "mfa_required_roles", *(f"ceiling_{r.value}" for r in CEILING_ROLES)])

    def policy(self) -> Policy:
        """Return the policy that the form asks for."""
        values = self.cleaned_data
        ceilings = {role.value: values[f"ceiling_{role.value}"] for role in CEILING_ROLES}
        return Policy(
            four_eyes=values["four_eyes"] == "yes",
            flash_single_releaser=values["flash_single_releaser"] == "yes",
            bare_code_single_releaser=values["bare_code_single_releaser"] == "yes",
            role_ceilings={role: level for role, level in ceilings.items() if level},
            case_number_required=values["case_number_required"] == "yes",
            mfa_required_roles=sorted(values["mfa_required_roles"]),
            audit_keep_days=values["audit_keep_days"],
        )


@dataclass(frozen=True)
class Line:
    """Field of the policy in words; `was` is the old value where it would change."""

    label: str | Promise
    text: str | Promise
    was: str | Promise = ""
    is_weaker: bool = False


def policy(request: HttpRequest) -> HttpResponse:
    """Show the present policy, and a change of it that waits."""
    officer = signed_in(request)
    if officer.agency is None:
        raise AbsentError
    waiting, standing = waiting_policy(officer.agency), policy_of(officer.agency)
    return render_page(
        request,
        "agency/policy",
        _("Policy"),
        lines=[Line(heading_of(name), value_text(name, getattr(standing, name))) for name in LABELS],
        may_manage=Capability.AGENCY_MANAGE in officer.capabilities,
        waits=waiting is not None,
        asks_factors=settings.MFA_DEMANDED,
    )


def change(request: HttpRequest) -> HttpResponseBase:
    """Change the policy: stricter fields count at once, weaker ones wait."""
    officer = signed_in(request)
    agency = Agency.objects.filter(pk=officer.agency_id).first()
    if agency is None:
        raise AbsentError
    form = PolicyForm(request.POST if request.method == "POST" else None, initial=_initial(policy_of(agency)))
    if not form.is_valid():
        return ask(request, _question(officer, agency), form, template="agency/policy_change")
    try:
        changed = change_policy(
            officer, agency, form.policy(), seen=form.cleaned_data["seen"], now=clock.now()
        )
    except InputError as refused:
        refuse(form, refused)
        status = 409 if refused.field == "seen" else None
        return ask(request, _question(officer, agency), form, template="agency/policy_change", status=status)
    if changed.applied:
        messages.success(request, _("The policy is changed."))
    if changed.asked is not None:
        messages.warning(
            request,
            _(
                "What weakens the policy waits for a second agency admin, or for a day. They are told by mail."
            ),
        )
    if not changed.applied and changed.asked is None:
        messages.success(request, _("Nothing was changed."))
    return redirect("admin:policy")


def heading_of(name: str) -> str | Promise:
    """Return what stands before a field's value in words."""
    return _HEADINGS.get(name, LABELS[name])


def value_text(name: str, value: Any) -> str | Promise:
    """Return a field of the policy in words."""
    if name in YES_NO:
        return dict(YES_NO[name])["yes" if value else "no"]
    if name == "audit_keep_days":
        return _("%(n)d days") % {"n": value}
    if name == "mfa_required_roles":
        return ", ".join(str(Role(role).label) for role in value) or _("nobody")
    limits = [f"{Role(role).label} TLP:{level}" for role, level in sorted(value.items())]
    return ", ".join(limits) or NO_LIMIT


def _choice(
    label: Any,
    choices: Iterable[tuple[str, Any]],
    widget: type[forms.Widget],
    *,
    required: bool = True,
) -> forms.ChoiceField:
    wrong = _("%(label)s: choose one.") % {"label": label}
    return forms.ChoiceField(
        label=label,
        choices=list(choices),
        widget=widget,
        required=required,
        error_messages={"required": wrong, "invalid_choice": wrong},
    )


def _initial(before: Policy) -> dict[str, Any]:
    return {
        "seen": before.digest,
        **{name: "yes" if getattr(before, name) else "no" for name in YES_NO},
        "mfa_required_roles": before.mfa_required_roles,
        "audit_keep_days": before.audit_keep_days,
        **{f"ceiling_{role}": level for role, level in before.role_ceilings.items()},
    }


def _question(officer: Officer, agency: Agency) -> Question:
    return Question(
        _("Policy"),
        _("Change the policy"),
        _("Change policy"),
        reverse("admin:policy"),
        does=_before_text(officer, agency),
        narrow=False,
    )


def _before_text(officer: Officer, agency: Agency) -> list[str]:
    stricter = _("What makes it stricter counts at once.")
    if not must_wait(agency):
        return [stricter]
    others = [row.display_name for row in second_admins(officer, agency, now=clock.now())][:3]
    if others:
        text = _("What makes it weaker waits until %(names)s agrees, or for a day in which nobody stops it.")
        return [stricter, text % {"names": _(" or ").join(others)}]
    return [
        stricter,
        _("What makes it weaker waits for a day, in which whoever is told by mail may stop it."),
    ]
