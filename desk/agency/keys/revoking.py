# SPDX-License-Identifier: Apache-2.0
"""Revoking a key: what it affects is counted first, for the very time that was entered."""

from datetime import datetime
from typing import Any, Final

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from accord.envelope.keys import SIGN
from alerts.agency.key_impact import impact_of_revoking
from callers import clock
from desk.agency.keys.acts import Act
from desk.agency.keys.forms import RevokeForm, since_text
from desk.agency.keys.wizard import finish, key_of, open_facts, wizard_page
from desk.web.frame import signed_in
from officers.keyfacts import KeyFact
from officers.models import Officer

SHOW: Final = "show"


def revoke(request: HttpRequest, kid: str) -> HttpResponseBase:
    """Ask on GET; on POST show what is affected, or revoke if that was shown for the same time."""
    officer, now = signed_in(request), clock.now()
    facts = open_facts(officer, "revoke", now=now)
    key = key_of(facts, "revoke", kid)
    form = _form(request, key, now)
    context = _impact(officer, key, form, now)
    if request.method != "POST" or request.POST.get("go") == SHOW or not form.is_valid():
        return wizard_page(request, facts, "revoke", key, form, **context)
    if form.cleaned_data["seen"] != context["seen"]:
        form.add_error(None, _("What it touches is not what you saw. Read it again, then confirm."))
        return wizard_page(request, facts, "revoke", key, form, **context)
    act = Act(officer, facts, "revoke", kid, form.cleaned_data["version"] or 0, form.cleaned_data)
    return finish(request, act, key, form, now=now, **context)


def _form(request: HttpRequest, key: KeyFact, now: datetime) -> RevokeForm:
    """Return the form; while the officer only asks what is affected, only a wrong time is an error."""
    if request.method != "POST":
        return RevokeForm(must_type=key.kid, now=now, initial={"since": since_text(now)})
    form = RevokeForm(request.POST, must_type=key.kid, now=now)
    form.full_clean()
    for name in ("code", "typed") if request.POST.get("go") == SHOW else ():
        form.errors.pop(name, None)
    return form


def _impact(officer: Officer, key: KeyFact, form: RevokeForm, now: datetime) -> dict[str, Any]:
    """Count what stops counting since the time in the form; return it as a sentence and as hidden values of the next form."""
    since = _since(form, now)
    if since is None:
        return {"seen": "", "impact": None}
    found = impact_of_revoking(officer, key.kid, since, now=now)
    return {
        "seen": f"{since.isoformat()} {found.alerts} {found.statements}",
        "impact": found,
        "impact_since": since,
        "signs": key.use == SIGN,
    }


def _since(form: RevokeForm, now: datetime) -> datetime | None:
    if not form.is_bound:
        return now.replace(second=0, microsecond=0)
    at = form.cleaned_data.get("at")
    return at if isinstance(at, datetime) else None
