# SPDX-License-Identifier: Apache-2.0
"""The own agency's contact details: stated under its own keys, so that no stolen API key can change them."""

from __future__ import annotations

from collections.abc import Sequence

from accord.calls.answers import EntryAnswer
from accord.client.errors import RequestError
from accord.client.session import Act
from accord.envelope.errors import MalformedError
from accord.envelope.statements.bodies import KIND_RULES
from accord.envelope.statements.form import parse_statement
from accord.following.stating import sign_statement

_MEMBERS = {
    "entry telephone": "telephone: digits, spaces and ()./- after a + or a digit, 4 to 40 characters.",
    "entry zone": "zone: a name of the IANA database, for example Europe/Vienna.",
    "entry contacts": "contact: up to five mail addresses, for example duty@lab.example.",
}


def shown_entry(act: Act) -> EntryAnswer:
    """Return the own agency's contact details, as the hub has them."""
    return act.session.exchange.entry(act.agency)


def state_entry(act: Act, *, telephone: str | None, zone: str, contacts: Sequence[str]) -> EntryAnswer:
    """Sign and send the own agency's contact details; raise RequestError, and the errors of signing and sending."""
    body = {"telephone": telephone, "zone": zone, "contacts": sorted(set(contacts))}
    try:
        KIND_RULES["entry"].check_body(body)
    except MalformedError as wrong:
        raise RequestError(_MEMBERS.get(wrong.where, str(wrong))) from wrong
    jws = sign_statement(act, act.keys, "entry", None, body, actor=None, reason="entry")
    act.changes.write()
    return act.session.exchange.state_entry(act.agency, parse_statement(jws).statement.id, jws)
