# SPDX-License-Identifier: Apache-2.0
"""Waiting changes of power: what, asked by whom, until when, and who may agree or stop."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from alerts.agency.power_changes import WaitingChange, waiting_for
from callers import clock
from callers.capabilities import Capability
from callers.errors import AbsentError, InputError
from desk.agency.officers.page import roles_text
from desk.agency.policy.page import Line, heading_of, value_text
from desk.web.confirm import ConfirmForm, Question, ask, refuse
from desk.web.frame import render_page, signed_in
from officers.deciding import agree_to_change, stop_change
from officers.models import PowerChange

Kind, Cause = PowerChange.Kind, PowerChange.Cause


@dataclass(frozen=True)
class PowerRow:
    """Waiting change in words."""

    waiting: WaitingChange
    lines: tuple[Line, ...]

    @property
    def change(self) -> PowerChange:
        return self.waiting.change


def powers(request: HttpRequest) -> HttpResponse:
    """List the agency's waiting changes, for all its officers."""
    officer = signed_in(request)
    rows = [PowerRow(row, tuple(lines_of(row.change))) for row in waiting_for(officer, now=clock.now())]
    return render_page(
        request,
        "agency/powers",
        _("Changes of power"),
        rows=rows,
        may_audit=Capability.AUDIT_READ in officer.capabilities,
    )


def agree(request: HttpRequest, change_id: UUID) -> HttpResponseBase:
    """Agree as a second person, or confirm a person."""
    officer, now = signed_in(request), clock.now()
    row = _row_of(request, change_id, now)
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    question = _question(row)
    if not form.is_valid():
        return ask(request, question, form)
    try:
        agree_to_change(officer, change_id, now=now)
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form, status=409)
    messages.success(
        request, _("The person is confirmed.") if row.change.kind == Kind.IDENTITY else _("It counts now.")
    )
    return redirect("admin:powers")


def stop(request: HttpRequest, change_id: UUID) -> HttpResponseBase:
    """Stop a change as somebody who was told, or take it back as who asked."""
    try:
        stop_change(signed_in(request), change_id, now=clock.now())
    except InputError as refused:
        messages.warning(request, refused.problem)
    else:
        messages.success(request, _("It is stopped. Nothing was changed."))
    return redirect("admin:powers")


def lines_of(change: PowerChange) -> Iterator[Line]:
    """Yield what would change, in words, with the old values."""
    if change.kind == Kind.POLICY:
        for name, new in change.changes.items():
            yield Line(
                heading_of(name), value_text(name, new), value_text(name, change.before[name]), is_weaker=True
            )
    elif change.kind == Kind.IDENTITY:
        yield Line(_("Why"), str(Cause(change.cause).label))
        if change.officer and change.officer.powers_withheld_at:
            yield Line(_("Until then"), _("may not check, send or manage anything"))
    else:
        before = change.before.get("roles", [])
        yield Line(_("Roles"), roles_text(change.changes["roles"]), roles_text(before) or _("none"))


def _row_of(request: HttpRequest, change_id: UUID, now: datetime) -> PowerRow:
    found = {row.change.pk: row for row in waiting_for(signed_in(request), now=now)}
    if change_id not in found:
        raise AbsentError
    return PowerRow(found[change_id], tuple(lines_of(found[change_id].change)))


def _question(row: PowerRow) -> Question:
    change = row.change
    facts = [(line.label, line.text) for line in row.lines]
    if change.officer is not None:
        facts.insert(0, (_("Officer"), change.officer.display_name))
    if change.kind == Kind.IDENTITY and change.officer is not None:
        return Question(
            _("Changes of power"),
            _("Is this really %(name)s?") % {"name": change.officer.display_name},
            _("Confirm the person"),
            reverse("admin:powers"),
            does=[
                _("Until then, what this account does counts as also done by whoever invited or reset it."),
                _(
                    "Speak with the person, face to face or by a telephone number you knew before. Not by mail."
                ),
            ],
            facts=facts,
        )
    return Question(
        _("Changes of power"),
        _("Agree to this change?"),
        _("Agree"),
        reverse("admin:powers"),
        does=[_("It counts at once. Your name stands beside it in the audit.")],
        facts=facts,
        is_grave=True,
    )
