# SPDX-License-Identifier: Apache-2.0
"""Review after a restore: an admin confirms what the backup brought back, section by section, and opens sign-in."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callers import clock
from callers.errors import InputError
from desk.agency.apikeys.page import DESK_TEXTS, texts_of
from desk.agency.officers.page import OfficerRow, officer_rows
from desk.web.confirm import problems_of, refuse
from desk.web.frame import render_page, signed_in
from ledger.models import Restore
from officers.deskkeys import keys_of
from officers.models import DeskKey, Officer
from officers.powers import waiting_changes
from officers.restores import DISABLED, KEYS, ROLES, restore_in_review, review_restore


@dataclass(frozen=True)
class ServingKey:
    """Key that serves, with what it may do in words."""

    key: DeskKey
    scopes: tuple[str | Promise, ...]


class ReviewForm(forms.Form):
    """One confirmation for each of these sections; `restored_at` is the moment of the restore that was shown."""

    restored_at = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)

    def __init__(self, sections: Collection[str], *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for section, (title, text) in _CONFIRMED.items():
            if section not in sections:
                continue
            wrong = _("%(section)s: go through them, then confirm.") % {"section": title}
            self.fields[section] = forms.BooleanField(label=text, error_messages={"required": wrong})


_CONFIRMED: Final = {
    ROLES: (
        gettext_lazy("Officers and their roles"),
        gettext_lazy("Each of them may sign in, with these roles."),
    ),
    DISABLED: (
        gettext_lazy("Disabled officers"),
        gettext_lazy("Nobody is missing here: who was disabled since the backup is disabled again."),
    ),
    KEYS: (gettext_lazy("Keys for this desk"), gettext_lazy("Each of these keys may serve.")),
}
"""Heading of each section, and what an admin confirms."""


def after_restore(request: HttpRequest) -> HttpResponseBase:
    """Show what came back and what ended on GET; open sign-in on POST once each section is confirmed."""
    officer, now = signed_in(request), clock.now()
    restore = restore_in_review(officer.agency) if officer.agency is not None else None
    if restore is None:
        return render_page(request, "agency/after_restore", _("After a restore"))
    initial = {"restored_at": restore.restored_at.isoformat()}
    shown = _restored_rows(officer, now)
    form = ReviewForm(shown.sections, request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            seen = restore.restored_at if form.cleaned_data["restored_at"] == initial["restored_at"] else now
            review_restore(officer, restored_at=seen, confirmed=list(_CONFIRMED), now=now)
            messages.success(request, _("Sign-in is open to everybody of your agency."))
            return redirect("admin:index")
        except InputError as refused:
            refuse(form, refused)
    return _page(request, officer, restore, form, shown)


@dataclass(frozen=True)
class _RestoredRows:
    """The restored officers and keys, by section."""

    able: list[OfficerRow]
    disabled: list[OfficerRow]
    keys: list[ServingKey]

    @property
    def sections(self) -> list[str]:
        """Return the sections that need confirmation; officers who may sign in always do."""
        return [ROLES, *([DISABLED] if self.disabled else ()), *([KEYS] if self.keys else ())]


def _restored_rows(officer: Officer, now: datetime) -> _RestoredRows:
    people = list(officer_rows(officer, now=now))
    return _RestoredRows(
        [row for row in people if row.state != "disabled"],
        [row for row in people if row.state == "disabled"],
        list(_serving(officer, now)),
    )


def _page(
    request: HttpRequest, officer: Officer, restore: Restore, form: ReviewForm, shown: _RestoredRows
) -> HttpResponse:
    problems = problems_of(form)
    return render_page(
        request,
        "agency/after_restore",
        _("After a restore"),
        status=422 if problems else 200,
        restore=restore,
        form=form,
        problems=problems,
        able=shown.able,
        disabled=shown.disabled,
        keys=shown.keys,
        waiting=waiting_changes(officer).count(),
    )


def _serving(officer: Officer, now: datetime) -> Iterator[ServingKey]:
    found = keys_of(officer).filter(revoked_at=None, expires_at__gt=now)
    for key in found.order_by("client", "-created_at", "prefix"):
        yield ServingKey(key, texts_of(key.scopes, DESK_TEXTS))
