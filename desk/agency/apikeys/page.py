# SPDX-License-Identifier: Apache-2.0
"""Keys of the agency's systems in two groups: for the exchange, as it answers now, and for this desk.

Those for this desk are issued, rotated and revoked here. The text of a key is in one answer and stored nowhere.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from accord.calls.credentials import CredentialAnswer
from accord.moments import moment_of, moment_or_none
from alerts.access import agency_of
from alerts.agency.credentials import Credentials, read_credentials
from alerts.errors import ExchangeAwayError
from callers import clock
from callers.capabilities import CALLS_OF_A_DESK, DESK_SCOPES, EXCHANGE_SCOPES, Capability
from callers.errors import InputError
from callers.systemkeys import MOST_NETWORKS
from desk.web.confirm import ConfirmForm, Question, ask, refuse
from desk.web.filters import Filter, read_filters
from desk.web.frame import render_page, signed_in
from officers.deskkeys import (
    issue_key,
    key_for,
    keys_of,
    releasers_of_drafts,
    revoke_key,
    rotate_key,
    scopes_to_give,
)
from officers.errors import NobodyToReleaseError
from officers.login.authentication import DeskKeyAuthentication
from officers.models import DeskKey, Officer
from peers.models import Agency

C = Capability
EXCHANGE_TEXTS: Final[dict[str, str | Promise]] = {
    C.DIRECTORY_READ: gettext_lazy("read the directory and keysets"),
    C.LEDGER_READ: gettext_lazy("read proofs of the log"),
    C.FEED_READ: gettext_lazy("read the agency's feed"),
    C.ENVELOPE_READ: gettext_lazy("fetch sealed envelopes"),
    C.ENVELOPE_SUBMIT: gettext_lazy("hand in signed envelopes"),
    C.STATEMENT_SUBMIT: gettext_lazy("hand in signed statements"),
    C.KEY_SUSPEND: gettext_lazy("suspend the agency's own keys"),
}
DESK_TEXTS: Final[dict[str, str | Promise]] = {
    C.DRAFT_WRITE: gettext_lazy(
        "write drafts for officers to release, read its own back and see what became of them"
    ),
    C.SCIENCE_QUERY: gettext_lazy("ask about substances, spectra and profiles"),
    C.AUDIT_FOLLOW: gettext_lazy("follow the agency's audit, without content"),
}
assert EXCHANGE_TEXTS.keys() == EXCHANGE_SCOPES and DESK_TEXTS.keys() == DESK_SCOPES
ENDS_SOON: Final = timedelta(days=14)
STATES: Final = (
    ("current", gettext_lazy("Current")),
    ("ending", gettext_lazy("Ends soon")),
    ("ended", gettext_lazy("Ended")),
    ("revoked", gettext_lazy("Revoked")),
)
TONES: Final = {"current": "ok", "ending": "warn", "ended": "done", "revoked": "danger"}
NAMED_AT_MOST: Final = 8


@dataclass(frozen=True)
class KeyRow:
    """Key of either kind; `is_own`: this desk itself calls the exchange with it, or has done so before
    `is_replaced`."""

    prefix: str
    client: str
    state: str
    scopes: tuple[str | Promise, ...]
    networks: tuple[str, ...]
    last_used_at: datetime | None
    expires_at: datetime
    is_own: bool = False
    is_replaced: bool = False
    rotate_address: str = ""
    revoke_address: str = ""

    @property
    def tone(self) -> str:
        return TONES[self.state]

    @property
    def state_text(self) -> str | Promise:
        return dict(STATES)[self.state]

    @property
    def is_usable(self) -> bool:
        return self.state in {"current", "ending"}


@dataclass(frozen=True)
class ExchangeGroup:
    """The agency's keys at the exchange; empty where it could not be asked."""

    rows: list[KeyRow]
    is_away: bool = False
    own_lacks: tuple[str | Promise, ...] = ()
    """Rights of a desk that the key has not by which this one calls."""


class IssueForm(forms.Form):
    seen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    client = forms.CharField(
        label=gettext_lazy("System"),
        help_text=gettext_lazy("What uses it, for example: case system."),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": gettext_lazy("System: name what uses the key."),
            "max_length": gettext_lazy("System: use up to 60 characters."),
        },
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("May"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("May: choose one or more."),
            "invalid_choice": gettext_lazy("May: choose from the list."),
        },
    )
    days = forms.IntegerField(
        label=gettext_lazy("Serves for, in days"),
        help_text=gettext_lazy("Up to 90. Rotate it before it ends."),
        min_value=1,
        max_value=90,
        initial=90,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"),
            gettext_lazy("Serves for: enter 1 to 90 days."),
        ),
    )
    networks = forms.CharField(
        label=gettext_lazy("Networks"),
        help_text=gettext_lazy("One per line, for example 192.0.2.0/24. Empty: from anywhere."),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        error_messages={"max_length": gettext_lazy("Networks: enter up to 20, one per line.")},
    )

    def __init__(self, texts: Mapping[str, str | Promise], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [(str(scope), text) for scope, text in texts.items()]  # type: ignore[attr-defined]

    def clean_networks(self) -> list[str]:
        found = self.cleaned_data["networks"].replace(",", " ").split()
        if len(found) > MOST_NETWORKS:
            raise forms.ValidationError(_("Networks: enter up to 20, one per line."))
        return [_network(text) for text in found]


class RotateForm(forms.Form):
    seen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    overlap_days = forms.TypedChoiceField(
        label=gettext_lazy("The old key"),
        choices=(
            (0, gettext_lazy("ends at once")),
            (1, gettext_lazy("serves for one day more")),
            (7, gettext_lazy("serves for 7 days more")),
        ),
        initial=1,
        coerce=int,
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), gettext_lazy("The old key: choose when it ends.")
        ),
    )


def apikeys(request: HttpRequest) -> HttpResponse:
    """List the keys of both kinds, the newest first, without their texts."""
    officer, now = signed_in(request), clock.now()
    filters = read_filters(request.GET, [Filter("state", _("State"), STATES)])
    state = filters.values["state"]
    group = _exchange_group(officer, now)
    return render_page(
        request,
        "agency/apikeys",
        _("API keys"),
        heading=_("API keys"),
        lead=_("Your agency's systems call with them. No key opens, releases or manages anything."),
        empty=_("No system of your agency has a key for this desk yet."),
        exchange=[row for row in group.rows if state in ("", row.state)],
        is_away=group.is_away,
        own_lacks=group.own_lacks,
        as_of=now,
        rows=_rows(officer, state, now),
        filters=filters,
    )


def audit_keys(request: HttpRequest) -> HttpResponse:
    """List the keys with which systems follow the audit, for officers who may give them."""
    officer, now = signed_in(request), clock.now()
    filters = read_filters(request.GET, [Filter("state", _("State"), STATES)])
    return render_page(
        request,
        "agency/audit_keys",
        _("Systems that follow the audit"),
        heading=_("Systems that follow the audit"),
        lead=_(
            "They are given who did what in your agency as it happens, without names and without content."
        ),
        empty=_("No system follows your agency's audit."),
        rows=_rows(officer, filters.values["state"], now),
        filters=filters,
    )


@sensitive_variables("text")
def issue(request: HttpRequest) -> HttpResponseBase:
    """Issue a key for this desk; its text is only in this answer."""
    officer, now = signed_in(request), clock.now()
    agency, newest = agency_of(officer), _newest(request)
    posted = request.POST if request.method == "POST" else None
    given = scopes_to_give(officer)
    texts = {scope: text for scope, text in DESK_TEXTS.items() if scope in given}
    # Where there is only one choice it is preselected.
    chosen = list(texts) if len(texts) == 1 else []
    form = IssueForm(texts, posted, initial={"seen": newest, "scopes": chosen})
    question = Question(
        _place_of(officer).title,
        _("Issue a key for this desk"),
        _("Issue key"),
        reverse(_place_of(officer).listed),
        does=[_("The key is shown once, on the next page. Keep it where your system keeps its secrets.")],
        facts=[_could_release(officer, agency)] if C.DRAFT_WRITE in given else [],
    )
    if not form.is_valid():
        return ask(request, question, form)
    if form.cleaned_data["seen"] != newest:
        return sent_before(request)
    try:
        key, text = issue_key(
            officer,
            agency,
            client=form.cleaned_data["client"],
            scopes=form.cleaned_data["scopes"],
            lifetime=timedelta(days=form.cleaned_data["days"]),
            networks=form.cleaned_data["networks"],
            now=now,
        )
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form)
    except NobodyToReleaseError:
        refuse(form, InputError("scopes", _nobody_text()))
        return ask(request, question, form)
    return _shown_once(request, key, text)


@sensitive_variables("text")
def rotate(request: HttpRequest, prefix: str) -> HttpResponseBase:
    """Replace a key that serves; the new one is shown once."""
    officer, key = signed_in(request), key_for(signed_in(request), prefix)
    newest = _newest(request)
    form = RotateForm(request.POST if request.method == "POST" else None, initial={"seen": newest})
    question = Question(
        _place_of(officer).title,
        _("Rotate the key of %(client)s") % {"client": key.client},
        _("Rotate key"),
        reverse(_place_of(officer).listed),
        does=[
            _("A new key of the same kind is shown once. Put it into the system, then the old one may end.")
        ],
        facts=[*_facts(key), *_writes_drafts(officer, key)],
    )
    if not form.is_valid():
        return ask(request, question, form)
    if form.cleaned_data["seen"] != newest:
        return sent_before(request)
    try:
        serves = timedelta(days=form.cleaned_data["overlap_days"])
        new, text = rotate_key(officer, key, overlap=serves, now=clock.now())
    except InputError as refused:
        refuse(form, refused)
        return ask(request, question, form)
    except NobodyToReleaseError:
        refuse(form, InputError("", _nobody_text()))
        return ask(request, question, form)
    return _shown_once(request, new, text)


def revoke(request: HttpRequest, prefix: str) -> HttpResponseBase:
    """End a key, from its next request on."""
    officer, key = signed_in(request), key_for(signed_in(request), prefix)
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    question = Question(
        _place_of(officer).title,
        _("Revoke the key of %(client)s?") % {"client": key.client},
        _("Revoke key %(prefix)s") % {"prefix": key.prefix},
        reverse(_place_of(officer).listed),
        does=[
            _("The system is refused from its next request on. What it handed in before stays."),
            _("Keys that this one replaced, and that replaced it, end with it."),
        ],
        lasts=_("A revoked key does not come back."),
        facts=_facts(key),
        is_grave=True,
    )
    if not form.is_valid():
        return ask(request, question, form)
    revoke_key(officer, key, now=clock.now())
    messages.success(request, _("The key is revoked."))
    return redirect(_place_of(officer).listed)


def exchange_row(item: CredentialAnswer, known: Credentials, now: datetime) -> KeyRow:
    """Return a key at the exchange as a row."""
    until = moment_of(item.until)
    return KeyRow(
        item.prefix,
        item.client,
        _state(until, moment_or_none(item.revoked_at), now),
        texts_of(item.scopes, EXCHANGE_TEXTS),
        item.networks,
        moment_or_none(item.last_used),
        until,
        is_own=known.is_own(item),
    )


def texts_of(scopes: Iterable[str], texts: Mapping[str, str | Promise]) -> tuple[str | Promise, ...]:
    """Return in words what a key may do."""
    given = set(scopes)
    return tuple(text for scope, text in texts.items() if scope in given)


def _exchange_group(officer: Officer, now: datetime) -> ExchangeGroup:
    try:
        known = read_credentials(officer)
    except ExchangeAwayError:
        return ExchangeGroup([], is_away=True)
    rows = [exchange_row(item, known, now) for item in known.items]
    own = [item for item, row in zip(known.items, rows, strict=True) if row.is_own and row.is_usable]
    missing = CALLS_OF_A_DESK - set(own[0].scopes) if own else ()
    earlier = {item.prefix for item in own[1:]}
    rows = [replace(row, is_replaced=row.prefix in earlier) for row in rows]
    return ExchangeGroup(rows, own_lacks=texts_of(missing, EXCHANGE_TEXTS))


def _rows(officer: Officer, state: str, now: datetime) -> list[KeyRow]:
    rows = [_row(key, officer, now) for key in keys_of(officer)]
    return [row for row in rows if state in ("", row.state)]


def _row(key: DeskKey, officer: Officer, now: datetime) -> KeyRow:
    place = _place_of(officer)
    rotates = set(key.scopes) <= set(scopes_to_give(officer))
    return KeyRow(
        key.prefix,
        key.client,
        _state(key.expires_at, key.revoked_at, now),
        texts_of(key.scopes, DESK_TEXTS),
        tuple(key.networks),
        key.last_used_at,
        key.expires_at,
        rotate_address=reverse(f"{place.name}_rotate", args=[key.prefix]) if rotates else "",
        revoke_address=reverse(f"{place.name}_revoke", args=[key.prefix]),
    )


@dataclass(frozen=True)
class _Place:
    """Page with a reader's keys: an admin's, or an auditor's."""

    name: str
    title: str | Promise

    @property
    def listed(self) -> str:
        return f"{self.name}s"


def _place_of(officer: Officer) -> _Place:
    if C.APIKEY_MANAGE in officer.capabilities:
        return _Place("admin:apikey", gettext_lazy("Key for this desk"))
    return _Place("admin:audit_key", gettext_lazy("Key to follow the audit"))


def _state(expires_at: datetime, revoked_at: datetime | None, now: datetime) -> str:
    if revoked_at is not None:
        return "revoked"
    if now >= expires_at:
        return "ended"
    return "ending" if expires_at - now <= ENDS_SOON else "current"


def _newest(request: HttpRequest) -> str:
    """Return the prefix of the newest key, so that a form that is sent again issues nothing."""
    return keys_of(signed_in(request)).values_list("prefix", flat=True).first() or ""


def sent_before(request: HttpRequest) -> HttpResponse:
    """Show the list, with the message that this form has issued a key before."""
    messages.warning(
        request,
        _("A key was issued since you loaded that page, and is not shown again. Nothing was issued now."),
    )
    return redirect(_place_of(signed_in(request)).listed)


def _shown_once(request: HttpRequest, key: DeskKey, text: str) -> HttpResponse:
    return shown_once(
        request,
        text,
        keyword=DeskKeyAuthentication.keyword,
        client=key.client,
        agency_id=key.agency_id,
        until=key.expires_at,
        back=reverse(_place_of(signed_in(request)).listed),
    )


def shown_once(request: HttpRequest, text: str | None, **facts: Any) -> HttpResponse:
    """Show the text of a key; None where it was lost on the way."""
    response = render_page(request, "agency/apikey_shown", _("API key"), text=text, **facts)
    response["Cache-Control"] = "no-store"
    return response


def _facts(key: DeskKey) -> list[tuple[str | Promise, Any]]:
    return [
        (_("System"), key.client),
        (_("Key"), key.prefix),
        (_("From"), ", ".join(key.networks) or _("anywhere")),
    ]


def _could_release(officer: Officer, agency: Agency, client: str = "") -> tuple[str, str]:
    """Return who could send what the system writes, if the officer gave it a key now."""
    names = [row.display_name for row in releasers_of_drafts(officer, agency, client=client)]
    return _("Could send its drafts"), ", ".join(names[:NAMED_AT_MOST]) or _("nobody")


def _writes_drafts(officer: Officer, key: DeskKey) -> list[tuple[str, str]]:
    return [_could_release(officer, agency_of(officer), key.client)] if C.DRAFT_WRITE in key.scopes else []


def _nobody_text() -> str:
    return _(
        "Nobody else could check and send what this key writes. Leave drafts out, let another agency admin do "
        "this, or enrol a releaser."
    )


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        # Repeated without characters that could reorder the sentence around it.
        said = "".join(sign for sign in text[:43] if sign.isascii() and sign.isprintable())
        problem = _("Networks: %(network)s is none; enter for example 192.0.2.0/24.") % {"network": said}
        raise forms.ValidationError(problem) from None
