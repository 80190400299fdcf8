# SPDX-License-Identifier: Apache-2.0
"""Operators: list them, invite a new one or one whose passkey is lost, end one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.conf import settings
from django.db.models import Max
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from callers import clock
from callers.errors import AbsentError, InputError
from callers.pages import ConfirmForm, Question, Text, refuse
from operators.enrolling import end_operator, invite_operator
from operators.errors import LastOperatorError
from operators.models import Operator
from operators.pages.confirm import ask
from operators.pages.frame import operator_here, render_page


class InviteForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("As colleagues know the person. It stands in the list of operators."),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto", "autofocus": True}),
        error_messages={
            "required": gettext_lazy("Name: enter the name as colleagues know it."),
            "max_length": gettext_lazy("Name: use up to 60 characters."),
        },
    )


@dataclass(frozen=True)
class OperatorRow:
    """One operator, the operator's state, the end of a usable link, and whether the operator may be ended: never the last one."""

    operator: Operator
    tone: str
    state: Text
    signed_in_at: datetime | None
    link_until: datetime | None
    is_me: bool
    may_end: bool


def operators_page(request: HttpRequest) -> HttpResponseBase:
    """List everybody who is or was an operator."""
    me, now = operator_here(request), clock.now()
    return render_page(request, "operators", _("Operators"), rows=list(_rows(me, now)))


@sensitive_variables("token")
def invite(request: HttpRequest) -> HttpResponseBase:
    """Show once a link for one more operator, or for one whose passkey is lost."""
    now = clock.now()
    initial = {"name": request.GET.get("name", "")[:60]}
    form = InviteForm(request.POST if request.method == "POST" else None, initial=initial)
    question = Question(
        _("Invite an operator"),
        _("Invite an operator"),
        _("Make the link"),
        reverse("operators"),
        does=[
            _("A link is shown once and serves once, for four hours. Hand it over in person or sealed."),
            _(
                "Whoever opens it makes the passkey of this operator. For a name that is in the list it replaces"
                " the passkey that was lost, and ends that operator's sessions."
            ),
        ],
    )
    if not form.is_valid():
        return ask(request, question, form)
    try:
        link, token = invite_operator(operator_here(request), form.cleaned_data["name"], now=now)
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form)
    address = f"{settings.OPERATOR_URL.rstrip('/')}{reverse('enrol_follow', args=[token])}"
    return render_page(request, "link_shown", _("Link"), link=link, address=address)


def end(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """End an operator's passkeys, sessions and links; never the last active operator's."""
    operator = Operator.objects.filter(public_id=public_id, ended_at=None).first()
    if operator is None:
        raise AbsentError
    does = [_("The passkey, every session and every link of this operator end now.")]
    if operator.pk == operator_here(request).pk:
        does.append(_("That is you: you are signed out, and come back only by a link of another operator."))
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    question = Question(
        _("Operator"),
        _("End %(name)s?") % {"name": operator.name},
        _("End this operator"),
        reverse("operators"),
        does=does,
        is_grave=True,
    )
    if not form.is_valid():
        return ask(request, question, form)
    try:
        end_operator(operator_here(request), public_id, now=clock.now())
    except LastOperatorError:
        form.add_error(None, _("This is the last operator. Invite another one first, who makes a passkey."))
        return ask(request, question, form, status=409)
    return redirect("operators")


def _rows(me: Operator, now: datetime) -> Iterator[OperatorRow]:
    operators = list(Operator.objects.annotate(signed_in_at=Max("sessions__signed_in_at")))
    is_last = sum(operator.is_active for operator in operators) == 1
    for operator in operators:
        link = operator.enrolments.filter(used_at=None, expires_at__gt=now).first()
        if operator.is_active:
            tone, state = "ok", _("Active")
        elif operator.ended_at is not None:
            tone, state = "quiet", _("Ended")
        else:
            tone, state = (
                ("warn", _("Invited")) if link else ("warn", _("The link is over and was not used."))
            )
        until = link.expires_at if link else None
        may_end = operator.ended_at is None and not (is_last and operator.is_active)
        yield OperatorRow(operator, tone, state, operator.signed_in_at, until, operator.pk == me.pk, may_end)
