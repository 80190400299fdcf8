# SPDX-License-Identifier: Apache-2.0
"""Proposals for the agency's head: the files to take away, the command that signs, and handing in the result."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from accord.envelope.errors import EnvelopeError
from accord.envelope.statements.form import parse_statement
from callers import clock
from callers.directory import Custody
from callers.endings import short_kid
from callers.errors import AbsentError, InputError
from desk.agency.keys.forms import SignedForm
from desk.agency.keys.refusals import not_signed_text, refusal_text, signed_file_text
from desk.agency.keys.words import CHANGES, waits_text
from desk.web.frame import render_page, signed_in
from officers.keyfacts import PURPOSES, KeyFacts, key_facts
from officers.models import Officer
from peers.models import Agency
from vault import proposing
from vault.errors import ChangeRefusedError, ChangeWaitsError, KeyTakenError
from vault.handing import keyset_elsewhere
from vault.proposing import ProposalFact

HALF_NAMED_BY_CHARS: Final = 8
_ROOTS: Final[Mapping[str, str]] = {
    "change_root": "--root root.accord --next-root next-root.accord",
    "recover_root": "--next-root next-root.accord",
}


@dataclass(frozen=True)
class ShownProposal:
    """Open proposal, for people: the names of its files, and the command that signs it.

    `half`: what the other desk gives back, where the root is, which signs it before the head does; else empty.
    """

    fact: ProposalFact
    text: str
    name: str
    signed_name: str
    command: str
    half: str = ""


def half_name(agency_id: str, od: str) -> str:
    """Name what the desk that holds the root has signed, by what both desks know: the agency and the proposal's digest."""
    return f"{agency_id}-move-{od[:HALF_NAMED_BY_CHARS]}.half"


def open_proposals(officer: Officer, facts: KeyFacts, *, now: datetime) -> list[ShownProposal]:
    """List the proposals that wait for the head's signature; none for officers who manage no keys."""
    if not facts.may_manage or facts.custody == Custody.HUB:
        return []
    return [
        _shown(fact, facts.agency, now) for fact in proposing.list_proposals(officer, facts.agency, now=now)
    ]


def proposal(request: HttpRequest, od: str) -> HttpResponseBase:
    """Show on GET how the proposal is signed; take the signed file on POST."""
    officer, now = signed_in(request), clock.now()
    shown = None if request.method == "POST" else _find(officer, od, now)
    if shown is not None:
        return _page(request, shown, SignedForm(), now)
    form = SignedForm(request.POST, request.FILES)
    if form.is_valid() and _hand_in(request, od, form, now):
        return redirect("admin:keys")
    return _page(request, _still_open(officer, od, form, now), form, now)


def proposal_file(request: HttpRequest, od: str) -> HttpResponse:
    """Return the exact octets to be signed, as a file."""
    officer, now = signed_in(request), clock.now()
    shown = _find(officer, od, now)
    return saved(proposing.read_proposal(officer, _agency(officer), od, now=now), shown.name)


def proposal_previous(request: HttpRequest, od: str) -> HttpResponse:
    """Return the keyset before, with which `accord sign` compares; raises AbsentError before the first."""
    officer, now = signed_in(request), clock.now()
    shown = _find(officer, od, now)
    before = proposing.previous_keyset(officer, _agency(officer), now=now)
    if before is None:
        raise AbsentError
    return saved(before, f"{shown.name}.previous")


def discard(request: HttpRequest, od: str) -> HttpResponseBase:
    """Discard a proposal."""
    officer, now = signed_in(request), clock.now()
    _find(officer, od, now)
    proposing.discard_proposal(officer, _agency(officer), od, now=now)
    messages.success(request, _("The proposal is discarded. What the head signs of it is not taken."))
    return redirect("admin:keys")


def _agency(officer: Officer) -> Agency:
    """Return the officer's agency; raises AbsentError where no head signs for it."""
    if officer.agency is None or officer.agency.custody == Custody.HUB:
        raise AbsentError
    return officer.agency


def _find(officer: Officer, od: str, now: datetime) -> ShownProposal:
    agency = _agency(officer)
    found = proposing.list_proposals(officer, agency, now=now)
    fact = next((fact for fact in found if fact.od == od), None)
    if fact is None:
        raise AbsentError
    return _shown(fact, agency, now)


def _still_open(officer: Officer, od: str, form: SignedForm, now: datetime) -> ShownProposal:
    """Return the proposal that a wrong file was handed in for; raises InputError with the refusal where it is gone."""
    try:
        return _find(officer, od, now)
    except AbsentError:
        _agency(officer)
        raise InputError("signed", str(form.errors["signed"][0])) from None


def _shown(fact: ProposalFact, agency: Agency, now: datetime) -> ShownProposal:
    before = keyset_elsewhere(agency.pk, now=now) if fact.change == "move" else None
    is_half = before is not None and before.custody == Custody.HUB
    name = f"{agency.pk}-{fact.change.replace('_', '-')}-{fact.made_at:%Y%m%d-%H%M}.proposal"
    roots = _ROOTS.get(fact.change, "--root root.accord")
    short = short_kid(fact.kid) if fact.kid else ""
    signed = name.removesuffix(".proposal") + ".signed"
    command = f"accord sign {name} {roots} --out {signed}"
    half = half_name(agency.pk, fact.od) if is_half else ""
    if half:
        command = f"accord sign {half} --next-root root.accord --previous {name}.previous --out {signed}"
    return ShownProposal(
        fact=fact,
        text=CHANGES[fact.change] % {"short": short},
        name=name,
        signed_name=signed,
        command=command,
        half=half,
    )


def _hand_in(request: HttpRequest, od: str, form: SignedForm, now: datetime) -> bool:
    """Hand the file in and put a refusal at its field; a file that was handed in before is accepted."""
    officer, signed = signed_in(request), form.cleaned_data["signed"]
    agency = _agency(officer)
    try:
        _check_is_of(signed, od)
        word = proposing.accept_proposal(officer, agency, signed, now=now)
    except EnvelopeError as refused:
        form.add_error("signed", _refusal(officer, agency, od, signed, refused, now))
    except InputError as refused:
        form.add_error("signed", refused.problem)
    except KeyTakenError:
        form.add_error(
            "signed", _("File: the root in it is registered for somebody else. Make another root.")
        )
    except (ChangeRefusedError, ChangeWaitsError) as refused:
        form.add_error("signed", refusal_text(refused))
    else:
        if word is not None and word.is_waiting:
            messages.warning(request, waits_text(""))
        else:
            messages.success(request, _("Signed and accepted. The change is being logged."))
    return not form.errors


def _check_is_of(signed: bytes, od: str) -> None:
    if parse_statement(signed).od != od:
        raise InputError(
            "signed",
            _("File: another proposal is signed here than this one. Choose the file with this one's name."),
        )


def _refusal(
    officer: Officer, agency: Agency, od: str, signed: bytes, refused: EnvelopeError, now: datetime
) -> str:
    try:
        is_unsigned = signed.strip() == proposing.read_proposal(officer, agency, od, now=now)
    except AbsentError:
        is_unsigned = False
    return not_signed_text() if is_unsigned else signed_file_text(refused)


def _page(request: HttpRequest, shown: ShownProposal, form: SignedForm, now: datetime) -> HttpResponse:
    officer = signed_in(request)
    problems = [{"address": "#field-signed", "text": text} for text in form.errors.get("signed", ())]
    return render_page(
        request,
        "keys/proposal",
        _("Proposal"),
        status=422 if problems else 200,
        shown=shown,
        form=form,
        problems=problems,
        has_previous=key_facts(officer, now=now).keyset is not None,
        new_keys=[
            (PURPOSES[key.use], key)
            for key in proposing.new_keys(officer, _agency(officer), shown.fact.od, now=now)
        ],
    )


def saved(data: bytes, name: str) -> HttpResponse:
    """Return octets to be saved as they are; no browser displays them."""
    response = HttpResponse(data, content_type="application/json")
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
