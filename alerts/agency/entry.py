# SPDX-License-Identifier: Apache-2.0
"""Entry of an agency in the exchange's directory, stated by the agency: duty telephone, time zone, contact points.

- It is signed with the agency's own keys, so that a stolen API key cannot change it.
- Partners take the number from the exchange's directory. A partner that has compared the fingerprint keeps the old number
  until its key officer accepts the new one.
- The exchange mails the contact points while this desk is away.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accord.calls.answers import EntryAnswer
from accord.calls.errors import RefusedError
from accord.calls.verdicts import is_final
from accord.envelope.errors import MalformedError
from accord.envelope.statements.bodies import KIND_RULES
from accord.envelope.statements.form import parse_statement
from accord.timezones import is_timezone
from alerts.access import agency_of
from alerts.boxes.state_words import refusal_text
from alerts.errors import NotTakenError
from alerts.exchange_errors import exchange_errors
from alerts.sending.sending_stopped import require_may_send
from callers.capabilities import Capability, require
from callers.errors import InputError
from ledger.audit import record_event
from officers.models import Officer
from peers.entries import note_own_entry
from peers.exchange import exchange_of
from vault import services

ENTRY: Final = "entry"
_PROBLEMS: Final[dict[str, tuple[str, Promise]]] = {
    "entry telephone": (
        "telephone",
        _("Telephone: use 4 to 40 digits, spaces and ( ) . / - after a + or a digit."),
    ),
    "entry zone": ("timezone", _("Time zone: choose a name of the IANA database.")),
    "entry contacts": (
        "contacts",
        _("Contact points: enter up to five mail addresses, for example duty@lab.example."),
    ),
}


def read_own_entry(officer: Officer) -> EntryAnswer:
    """Ask the exchange for the entry of the officer's agency. Not inside a transaction. Raises AbsentError, ExchangeAwayError."""
    require(officer, Capability.AGENCY_MANAGE)
    agency_id = agency_of(officer).pk
    with exchange_errors(agency_id):
        return exchange_of(agency_id).entry(agency_id)


def state_own_entry(
    officer: Officer, *, telephone: str, timezone: str, contacts: Sequence[str], now: datetime
) -> EntryAnswer:
    """Sign the entry and hand it to the exchange; `telephone` may be empty. Not inside a transaction.

    Nothing is queued while the exchange is away: the officer tries again. Raises InputError, SendingStoppedError,
    SigningKeysMissingError, ExchangeAwayError, NotTakenError.
    """
    require(officer, Capability.AGENCY_MANAGE)
    agency_id = agency_of(officer).pk
    require_may_send(officer, agency_id, now=now)
    jws = services.sign_statement(
        officer, k=ENTRY, sub=None, body=_body(telephone, timezone, contacts), now=now
    )
    statement = parse_statement(jws)
    with exchange_errors(agency_id):
        try:
            taken = exchange_of(agency_id).state_entry(agency_id, statement.statement.id, jws)
        except RefusedError as refused:
            if not is_final(refused):
                raise
            raise NotTakenError(refused.slug, refusal_text(refused.slug)) from refused
    with transaction.atomic():
        note_own_entry(agency_id, telephone=telephone, timezone=timezone)
        record_event(
            "entry.stated",
            actor=officer.audit_name,
            agency=agency_id,
            subject=statement.od,
            detail={"contacts": len(set(contacts))},
            now=now,
        )
    return taken


def _body(telephone: str, timezone: str, contacts: Sequence[str]) -> dict[str, object]:
    body: dict[str, object] = {
        "telephone": telephone or None,
        "zone": timezone,
        "contacts": sorted(set(contacts)),
    }
    try:
        if not is_timezone(timezone):
            raise MalformedError("entry zone")
        KIND_RULES[ENTRY].check_body(body)
    except MalformedError as wrong:
        field, problem = _PROBLEMS[wrong.where]
        raise InputError(field, str(problem)) from wrong
    return body
