# SPDX-License-Identifier: Apache-2.0
"""The key wizard: GET says what a change does and what it cannot undo, POST makes or proposes it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accord.envelope.keys import ENC
from alerts.errors import KeysMovedOnError
from callers import clock
from callers.directory import Custody
from callers.endings import short_kid
from callers.errors import AbsentError, InputError
from desk.agency.keys.acts import Act, do_act, is_proposal
from desk.agency.keys.forms import (
    ChangeForm,
    FirstRootForm,
    RecoverForm,
    RootForm,
    SuitesForm,
    TypedForm,
    UsesForm,
)
from desk.agency.keys.refusals import refusal_text
from desk.agency.keys.words import PROPOSE, PROPOSED, VERBS, not_now_text, waits_text
from desk.web.frame import render_page, signed_in
from officers.keyfacts import KeyFact, KeyFacts, key_facts
from officers.models import Officer
from vault.errors import ChangeRefusedError, ChangeWaitsError, KeyTakenError

_FORMS: Final[Mapping[str, type[ChangeForm]]] = {
    "create": SuitesForm,
    "rotate": UsesForm,
    "recover_root": TypedForm,
}
_FORMS_FOR_HEAD: Final[Mapping[str, type[ChangeForm]]] = {
    "create": FirstRootForm,
    "rotate": UsesForm,
    "change_root": RootForm,
    "recover_root": RecoverForm,
}
_STATES: Final[Mapping[str, frozenset[str]]] = {
    "retire": frozenset({"current", "retiring", "suspended"}),
    "revoke": frozenset({"current", "retiring", "suspended", "retired", "ended", "revoked"}),
    "suspend": frozenset({"current", "retiring"}),
}
"""States in which each verb accepts a key; a revoked key can be revoked again from an earlier time."""


def create(request: HttpRequest) -> HttpResponseBase:
    """Create an agency's first keys."""
    return _wizard(request, "create")


def renew(request: HttpRequest) -> HttpResponseBase:
    """Renew the keyset for 90 days with the same keys."""
    return _wizard(request, "renew")


def rotate(request: HttpRequest) -> HttpResponseBase:
    """Make new keys; the old ones retire."""
    return _wizard(request, "rotate")


def move(request: HttpRequest) -> HttpResponseBase:
    """Make keys here for an agency that comes from another desk."""
    return _wizard(request, "move")


def retire(request: HttpRequest, kid: str) -> HttpResponseBase:
    """Retire one key."""
    return _wizard(request, "retire", kid)


def suspend(request: HttpRequest, kid: str) -> HttpResponseBase:
    """Suspend a key on this hub."""
    return _wizard(request, "suspend", kid)


def change_root(request: HttpRequest) -> HttpResponseBase:
    """Change to the announced root, signed by both."""
    return _wizard(request, "change_root")


def recover_root(request: HttpRequest) -> HttpResponseBase:
    """Change to the announced root alone, after 72 hours."""
    return _wizard(request, "recover_root")


def cancel_recovery(request: HttpRequest) -> HttpResponseBase:
    """Cancel a recovery; the present root stays."""
    return _wizard(request, "cancel_recovery")


def _wizard(request: HttpRequest, verb: str, kid: str = "") -> HttpResponseBase:
    officer, now = signed_in(request), clock.now()
    facts = open_facts(officer, verb, now=now)
    key = key_of(facts, verb, kid) if kid else None
    form = _form(request, facts, verb)
    if request.method != "POST" or not form.is_valid():
        return wizard_page(request, facts, verb, key, form)
    return finish(request, Act(officer, facts, verb, kid, _seen(form), form.cleaned_data), key, form, now=now)


def open_facts(officer: Officer, verb: str, *, now: datetime) -> KeyFacts:
    """Return the agency's keys, if this officer may do this to them now; raises KeysMovedOnError."""
    facts = key_facts(officer, now=now)
    if verb in facts.verbs:
        return facts
    waits = facts.waiting is not None
    raise KeysMovedOnError(not_now_text(verb, has_keys=facts.keyset is not None, recovery_waits=waits))


def key_of(facts: KeyFacts, verb: str, kid: str) -> KeyFact:
    """Return the key of an act; raises AbsentError for one that is not the agency's, KeysMovedOnError for its state."""
    key = next((key for key in facts.keys if key.kid == kid), None)
    if key is None:
        raise AbsentError
    if key.state not in _STATES[verb]:
        raise KeysMovedOnError(not_now_text(verb, has_keys=True, recovery_waits=False))
    return key


def finish(
    request: HttpRequest, act: Act, key: KeyFact | None, form: ChangeForm, *, now: datetime, **context: Any
) -> HttpResponseBase:
    """Do the act; a refusal that names a field is shown there, with everything that was entered."""
    try:
        done = do_act(act, now=now)
    except InputError as refused:
        form.add_error(refused.field if refused.field in form.fields else None, refused.problem)
        return wizard_page(request, act.facts, act.verb, key, form, **context)
    except (ChangeWaitsError, ChangeRefusedError, KeyTakenError) as refused:
        form.add_error(None, refusal_text(refused))
        return wizard_page(request, act.facts, act.verb, key, form, **context)
    if done.proposal:
        messages.success(request, str(PROPOSED))
        return redirect("admin:proposal", done.proposal)
    if done.waits:
        messages.warning(request, waits_text(act.verb, done.told))
    else:
        messages.success(request, VERBS[act.verb].done % _values(act.facts, key))
    return redirect("admin:keys")


def wizard_page(
    request: HttpRequest, facts: KeyFacts, verb: str, key: KeyFact | None, form: ChangeForm, **context: Any
) -> HttpResponse:
    """Show the question, in the words of its verb."""
    words, values, proposes = VERBS[verb], _values(facts, key), is_proposal(facts, verb)
    does = (key and key.use == ENC and words.does_sealing) or words.does
    extra = words.here if facts.custody == Custody.HUB else words.elsewhere
    problems = [
        {"address": f"#field-{name}", "text": text} for name, texts in form.errors.items() for text in texts
    ]
    page: dict[str, Any] = {
        "facts": facts,
        "key": key,
        "verb": verb,
        "heading": words.title % values,
        "does": [line % values for line in (*does, *([extra] if extra else []))],
        "lasts": words.lasts,
        "button": PROPOSE if proposes else words.button % values,
        "is_grave": words.is_grave and not proposes,
        "proposes": proposes,
        "form": form,
        "problems": problems,
        "must_type_short": short_kid(form.must_type),
        "seen_version": facts.keyset.version if facts.keyset else 0,
        "is_upload": form.is_multipart(),
    }
    status = 422 if problems else 200
    return render_page(request, "keys/wizard", _("Signing keys"), status=status, **{**page, **context})


def _form(request: HttpRequest, facts: KeyFacts, verb: str) -> ChangeForm:
    if verb == "move" and facts.elsewhere == Custody.HUB:
        # The root in force is at the other desk: the head's own replaces it.
        return RootForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    forms = _FORMS_FOR_HEAD if is_proposal(facts, verb) else _FORMS
    made, must_type = forms.get(verb, ChangeForm), _must_type(facts, verb)
    if request.method != "POST":
        return made(must_type=must_type)
    return made(request.POST, request.FILES, must_type=must_type)


def _must_type(facts: KeyFacts, verb: str) -> str:
    """Return the fingerprint of the root that would never count again, whose end the officer types."""
    is_typed = verb == "recover_root" and facts.keyset is not None
    return facts.keyset.root if is_typed and facts.keyset else ""


def _seen(form: ChangeForm) -> int:
    version = form.cleaned_data.get("version")
    return version if isinstance(version, int) else 0


def _values(facts: KeyFacts, key: KeyFact | None) -> dict[str, Any]:
    version = facts.keyset.version if facts.keyset else 0
    return {"short": key.short if key else "", "version": version + 1}
