# SPDX-License-Identifier: Apache-2.0
"""Statements that the agency's root has signed and the exchange has not taken: sending them again, or giving them up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.problems import words_for
from callers import clock, problems
from callers.endings import short_kid
from callers.errors import AbsentError, NotBoundError
from desk.agency.keys.refusals import exchange_refused_text, refusal_text
from desk.agency.keys.words import CHANGES
from desk.web.frame import signed_in
from officers.keyfacts import KeyFacts
from officers.models import Officer
from peers.models import Agency
from vault import outgoing
from vault.errors import ChangeRefusedError, CustodyRefusedError, KeyTakenError, MayBeTakenError
from vault.instances import HELD_ELSEWHERE
from vault.outgoing import ALTERED, LACKS_RIGHT, UntakenStatement

TROUBLES: Final[Mapping[str, str | Promise]] = {
    "": gettext_lazy("It is being sent."),
    "away": gettext_lazy("The exchange does not answer."),
    "busy": gettext_lazy("The exchange takes no change of keys now."),
    "key-refused": gettext_lazy(
        "The exchange does not take this desk's API key. Tell whoever runs the desk."
    ),
    LACKS_RIGHT: gettext_lazy(
        "This desk's key at the exchange lacks the right for it. An agency admin replaces it under API keys."
    ),
    "unclear": gettext_lazy("The exchange's answer could not be read."),
    HELD_ELSEWHERE: gettext_lazy(problems.HELD_ELSEWHERE.sentence),
    ALTERED: gettext_lazy(
        "It was changed outside the program and is never sent. Give it up and make it anew."
    ),
}
_VERBS: Final[Mapping[str, str]] = {
    "agency.keys_created": "create",
    "agency.keyset_renewed": "renew",
    "agency.keys_rotated": "rotate",
    "agency.key_retired": "retire",
    "agency.root_changed": "change_root",
    "agency.root_recovered": "recover_root",
    "agency.recovery_cancelled": "cancel_recovery",
    "key.revoked": "revoke",
}


@dataclass(frozen=True)
class ShownStatement:
    """Statement that waits, for people; `why` says what is in the way, or why it was refused."""

    fact: UntakenStatement
    text: str
    why: str

    @property
    def is_refused(self) -> bool:
        """Tell whether it was refused for good."""
        return bool(self.fact.cause)

    @property
    def may_be_sent(self) -> bool:
        """Tell whether sending it again makes sense."""
        return not self.fact.cause and self.fact.trouble != ALTERED


def untaken_statements(facts: KeyFacts) -> list[ShownStatement]:
    """List what waits for the exchange or was refused; everybody who sees the keys may see it."""
    return [_shown(fact) for fact in outgoing.list_untaken(facts.agency.pk)]


def send(request: HttpRequest, od: str) -> HttpResponseBase:
    """Send it again at once."""
    officer, now = signed_in(request), clock.now()
    try:
        statement = outgoing.send_again(officer, _agency(officer).pk, od, now=now)
    except (ChangeRefusedError, KeyTakenError) as refused:
        messages.error(request, refusal_text(refused))
    except (CustodyRefusedError, NotBoundError):
        messages.error(request, str(TROUBLES[ALTERED]))
    else:
        if statement.is_waiting:
            messages.warning(request, str(TROUBLES[statement.trouble]))
        else:
            messages.success(request, _("The exchange has taken it. It is being logged."))
    return redirect("admin:keys")


def give_up(request: HttpRequest, od: str) -> HttpResponseBase:
    """Give it up, unless the exchange has it."""
    officer, now = signed_in(request), clock.now()
    try:
        outgoing.give_up(officer, _agency(officer).pk, od, now=now)
    except MayBeTakenError as refused:
        messages.error(request, words_for(refused))
    else:
        messages.success(request, _("It no longer waits. Below are your agency's keys as they stand."))
    return redirect("admin:keys")


def _agency(officer: Officer) -> Agency:
    if officer.agency is None:
        raise AbsentError
    return officer.agency


def _shown(fact: UntakenStatement) -> ShownStatement:
    text = CHANGES[fact.change or _VERBS[fact.act]] % {"short": short_kid(fact.kid)}
    why = exchange_refused_text(fact.cause) if fact.cause else str(TROUBLES[fact.trouble])
    return ShownStatement(fact, text, why)
