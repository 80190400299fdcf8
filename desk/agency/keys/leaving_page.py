# SPDX-License-Identifier: Apache-2.0
"""Departure of the agency from this desk: its progress, and the acts of its key officers."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.envelope.encoding import MAX_STATEMENT_BYTES, object_digest
from accord.envelope.vocabulary import statement_typ
from callers import clock
from callers.directory import Custody
from callers.errors import InputError, MoveError
from desk.agency.keys.forms import read_file
from desk.agency.keys.proposals_page import half_name, saved
from desk.agency.keys.refusals import refusal_text
from desk.web.confirm import ConfirmForm, Question, ask, refuse
from desk.web.frame import render_page, signed_in
from officers.departure import agree_to_leave, ask_to_leave, destroy_keys, leaving_of, stay
from officers.keyfacts import key_facts
from vault.agency_keys import announce_own_root, sign_move
from vault.errors import ChangeRefusedError, ChangeWaitsError, SigningKeysMissingError
from vault.making import holds_root

_NO_PROPOSAL: Final = gettext_lazy("Proposal: choose the file that the other desk's key page gave.")
_NO_ROOT: Final = gettext_lazy("Fingerprint: enter it from paper, 64 digits and letters a to f.")
_NO_RECEIPT: Final = gettext_lazy("Receipt: enter the 16 digits and letters that the other desk shows.")


class RootForm(forms.Form):
    announce = forms.CharField(
        label=gettext_lazy("Fingerprint of the root that your head has made"),
        help_text=gettext_lazy(
            "From paper, not from a screen: 64 digits and letters a to f, spaces allowed."
        ),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr", "spellcheck": "false"}),
        error_messages={"required": _NO_ROOT, "max_length": _NO_ROOT},
    )


class MoveForm(forms.Form):
    proposal = forms.FileField(
        label=gettext_lazy("Proposal"),
        error_messages=dict.fromkeys(("required", "invalid", "empty"), _NO_PROPOSAL),
    )

    def clean_proposal(self) -> bytes:
        return read_file(self.cleaned_data["proposal"], MAX_STATEMENT_BYTES, str(_NO_PROPOSAL))


class ReceiptForm(forms.Form):
    receipt = forms.CharField(
        label=gettext_lazy("Receipt of the history"),
        help_text=gettext_lazy("As the other desk shows it once it has taken the last part in."),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr", "spellcheck": "false"}),
        error_messages={"required": _NO_RECEIPT, "max_length": _NO_RECEIPT},
    )


def page(request: HttpRequest) -> HttpResponse:
    """Show the progress, and what is next."""
    officer, now = signed_in(request), clock.now()
    facts = key_facts(officer, now=now)
    is_rooted = facts.custody == Custody.HUB
    return render_page(
        request,
        "keys/leaving",
        _("Leaving this desk"),
        facts=facts,
        leaving=leaving_of(officer, now=now),
        holds_root=is_rooted,
        has_own_root=is_rooted
        and facts.keyset is not None
        and not holds_root(facts.agency, facts.keyset.next_root),
    )


def ask_first(request: HttpRequest) -> HttpResponseBase:
    """Ask to leave, as the first of two."""
    question = _question(
        _("Leave this desk"),
        _("Ask for it"),
        does=[
            _(
                "For an agency that goes to a desk of its own, or to another one. Another key officer has to agree."
            ),
            _("Nothing changes before that."),
        ],
    )
    return _act(request, question, ask_to_leave, _("Asked. Another key officer agrees, or takes it back."))


def agree(request: HttpRequest) -> HttpResponseBase:
    """Agree, as the second of two."""
    question = _question(
        _("Agree that your agency leaves this desk"),
        _("Agree"),
        does=[
            _(
                "From now on nothing is sent from here: no alert, no acknowledgement, no change of keys. Reading goes on."
            ),
            _("This desk gives your agency's identity back at the exchange; the other desk takes it."),
            _("What waits for the exchange has to go out first."),
        ],
        lasts=_("It can be taken back until the exchange has logged keys that the other desk has made."),
        is_grave=True,
    )
    return _act(request, question, agree_to_leave, _("Agreed. Nothing is sent from here any more."))


def stay_here(request: HttpRequest) -> HttpResponseBase:
    """Cancel the departure while the keys are here."""
    question = _question(
        _("Stay at this desk"),
        _("Stay"),
        does=[_("It is taken back. This desk announces itself at the exchange again, and sends.")],
    )
    return _act(request, question, stay, _("Your agency stays at this desk."))


def destroy(request: HttpRequest) -> HttpResponseBase:
    """Destroy the keys once the history is at the other desk."""
    question = _question(
        _("Destroy your agency's private keys here"),
        _("Destroy the keys"),
        does=[
            _(
                "Your agency's private keys are deleted from this desk's vault, and the API key by which it called for you."
            ),
            _("Drafts, lists and the audit stay readable here."),
        ],
        lasts=_(
            "What the other desk has not taken in can then be opened by nobody but from a backup of this desk."
        ),
        is_grave=True,
    )
    form = ReceiptForm(request.POST if request.method == "POST" else None)
    done = _("The private keys are destroyed. This desk holds none of your agency.")
    return _act(request, question, destroy_keys, done, form)


def announce_root(request: HttpRequest) -> HttpResponseBase:
    """Announce the root that the head keeps as the next one, for an agency whose root is here."""
    officer, now = signed_in(request), clock.now()
    facts = key_facts(officer, now=now)
    form = RootForm(request.POST if request.method == "POST" else None)
    question = _question(
        _("Announce a root of your own"),
        _("Announce it"),
        does=[
            _(
                "Your agency's head makes a root on a machine without a network: `accord keygen --root`. Only its fingerprint comes here, on paper."
            ),
            _("The next root, which is here, takes over, and announces yours as the one that follows it."),
        ],
        lasts=_("From then on this desk cannot change your agency's root without your head."),
        is_grave=True,
    )
    if not form.is_valid():
        return ask(request, question, form)
    try:
        version = facts.keyset.version if facts.keyset else 0
        announce_own_root(officer, facts.agency, form.cleaned_data["announce"], seen=version, now=now)
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form)
    except (ChangeWaitsError, ChangeRefusedError) as refused:
        form.add_error(None, refusal_text(refused))
        return ask(request, question, form, status=409)
    except MoveError:
        form.add_error(None, _("It has gone further since you loaded this page. Go back and look again."))
        return ask(request, question, form, status=409)
    except SigningKeysMissingError:
        form.add_error(None, _("Your head's root is announced already."))
        return ask(request, question, form, status=409)
    messages.success(request, _("Announced. The new keyset is being logged."))
    return redirect("admin:leaving")


def sign(request: HttpRequest) -> HttpResponseBase:
    """Sign the move to the other desk with the root that is here; the head signs it, too."""
    officer, now = signed_in(request), clock.now()
    form = MoveForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    question = _question(
        _("Sign what takes your agency's keys home"),
        _("Sign"),
        does=[
            _(
                "Choose the proposal that the own desk's key page gave. This desk signs with the root that is here."
            ),
            _(
                "Take the signed file to your head with the keyset before: `accord sign FILE --next-root root.accord --previous FILE.previous --out SIGNED`."
            ),
        ],
    )
    if not form.is_valid():
        return ask(request, question, form)
    try:
        proposed = form.cleaned_data["proposal"]
        half = sign_move(officer, key_facts(officer, now=now).agency, proposed, now=now)
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form)
    except MoveError:
        form.add_error(None, _("Two key officers have to let your agency go first."))
        return ask(request, question, form, status=409)
    return saved(half, half_name(officer.agency_id or "", object_digest(statement_typ("keyset"), proposed)))


def _act(
    request: HttpRequest, question: Question, service: Any, done: str, form: forms.Form | None = None
) -> HttpResponseBase:
    """Do the act once confirmed; `service` takes the officer, and the values of the form."""
    officer, now = signed_in(request), clock.now()
    form = form or ConfirmForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return ask(request, question, form)
    try:
        service(officer, **form.cleaned_data, now=now)
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form)
    except MoveError:
        form.add_error(None, _("It has gone further since you loaded this page. Go back and look again."))
        return ask(request, question, form, status=409)
    messages.success(request, done)
    return redirect("admin:leaving")


def _question(heading: str, button: str, **words: Any) -> Question:
    return Question(_("Leaving this desk"), heading, button, reverse("admin:leaving"), **words)
