# SPDX-License-Identifier: Apache-2.0
"""The agency's keys: who holds the private ones, which end soon, and which acts this officer has."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.sending.sending_stopped import holder_shown
from callers import clock
from callers.capabilities import Capability
from callers.endings import THRESHOLDS
from desk.agency.keys.proposals_page import open_proposals
from desk.agency.keys.waiting_page import untaken_statements
from desk.agency.keys.words import SUITE_WORDS
from desk.web.filters import Filter, read_filters
from desk.web.frame import render_page, signed_in
from officers.departure import leaving_of
from officers.keyfacts import STATE_TEXTS, KeyFact, KeyFacts, key_facts
from vault.instances import was_here_since
from vault.suspending import reason_untold

_BY_STATE: Final = {
    "current": ("retire", "suspend", "revoke"),
    "retiring": ("retire", "suspend", "revoke"),
    "suspended": ("retire", "revoke"),
    "retired": ("revoke",),
    "ended": ("revoke",),
    "revoked": ("revoke",),
}
_TEXTS: Final[dict[str, str | Promise]] = {
    "retire": gettext_lazy("Retire…"),
    "suspend": gettext_lazy("Suspend…"),
    "revoke": gettext_lazy("Revoke…"),
}


@dataclass(frozen=True)
class KeyAction:
    """Link to a question of the wizard."""

    text: str | Promise
    address: str


@dataclass(frozen=True)
class KeyRow:
    """Key of the agency with its acts."""

    key: KeyFact
    actions: tuple[KeyAction, ...]


@dataclass(frozen=True)
class Ending:
    """Warning that something ends; `keys` is empty for the keyset itself."""

    keys: tuple[KeyFact, ...]
    until: datetime
    tone: str
    is_over: bool


def keys(request: HttpRequest) -> HttpResponse:
    """Show the keys as the next change will follow them, up to date to the second."""
    officer, now = signed_in(request), clock.now()
    facts = key_facts(officer, now=now)
    filters = read_filters(request.GET, [Filter("state", _("State"), tuple(STATE_TEXTS.items()))])
    wanted = filters.values["state"]
    rows = [_row(key, facts) for key in facts.keys if not wanted or key.state == wanted]
    # The desk that an agency comes from holds its identity until it lets it go: nothing to be taken over.
    holder = None if facts.is_awaited else holder_shown(facts.agency.pk)
    return render_page(
        request,
        "keys",
        _("Signing keys"),
        heading=_("Signing keys"),
        lead=_("Your agency's public keys, who holds the private ones, and until when they count."),
        empty=_("No key yet: create one."),
        rows=rows,
        filters=filters,
        facts=facts,
        endings=list(_endings(facts, now)),
        proposals=open_proposals(officer, facts, now=now),
        words=untaken_statements(facts),
        may_replace=Capability.APIKEY_MANAGE in officer.capabilities,
        untold=reason_untold(facts.agency.pk),
        holder=holder,
        was_here_since=was_here_since(holder) if holder else None,
        leaving=leaving_of(officer, now=now),
        has_actions=any(row.actions for row in rows),
        low_text=SUITE_WORDS.get(facts.keyset.low, facts.keyset.low) if facts.keyset else "",
    )


def _row(key: KeyFact, facts: KeyFacts) -> KeyRow:
    offered = [verb for verb in _BY_STATE.get(key.state, ()) if verb in facts.verbs]
    actions = tuple(KeyAction(_TEXTS[verb], reverse(f"admin:key_{verb}", args=[key.kid])) for verb in offered)
    return KeyRow(key, actions)


def _endings(facts: KeyFacts, now: datetime) -> Iterator[Ending]:
    """Return the warnings, the keyset first; keys that end together are one warning."""
    if facts.keyset is not None and facts.keyset.until - now <= timedelta(days=THRESHOLDS[-1]):
        yield _ending((), facts.keyset.until, now)
    ending = sorted((key for key in facts.keys if key.is_ending), key=lambda key: key.until)
    for until, together in groupby(ending, key=lambda key: key.until):
        yield _ending(tuple(together), until, now)


def _ending(ending: tuple[KeyFact, ...], until: datetime, now: datetime) -> Ending:
    """Return a warning: information thirty days ahead, a warning from 14 days on, an alarm on the last day."""
    left = until - now
    nearest = next((days for days in THRESHOLDS if left <= timedelta(days=days)), THRESHOLDS[-1])
    tone = {1: "danger", 7: "warn", 14: "warn"}.get(nearest, "info")
    return Ending(ending, until, tone, left <= timedelta(0))
