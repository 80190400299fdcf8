# SPDX-License-Identifier: Apache-2.0
"""API keys of the agency's other systems: issued and ended by its own keys, so that no stolen API key can."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from accord.calls.credentials import CredentialAnswer
from accord.client.errors import RequestError
from accord.client.session import Act
from accord.envelope.errors import MalformedError
from accord.envelope.statements.bodies import KIND_RULES, MAX_APIKEY_DAYS
from accord.envelope.statements.form import parse_statement
from accord.following.stating import sign_statement

_MEMBERS: Final = {
    "apikey client": "NAME: a letter or digit, then letters, digits, spaces and ._- up to 60 characters.",
    "apikey scopes": "--scope: for example feed:read.",
    "apikey scopes or networks": "Name at least one --scope.",
    "apikey networks": "--network: for example 192.0.2.0/24.",
    "apikey days": f"--days: 1 to {MAX_APIKEY_DAYS}.",
    "apikey prefix": "PREFIX: the twelve characters by which the list names the key.",
}


def list_systems(act: Act) -> list[CredentialAnswer]:
    """Return every API key of the agency, newest first, ended ones included."""
    return act.session.exchange.credentials()


def issue_system(
    act: Act, name: str, *, scopes: Collection[str], networks: Collection[str], days: int
) -> CredentialAnswer:
    """Have a key issued for another system; only this answer has its text.

    Raises RequestError for an invalid word, or where the answer with the text was lost, and the errors of signing and sending.
    """
    body: dict[str, Any] = {
        "st": "issue",
        "client": name,
        "scopes": sorted(set(scopes)),
        "networks": sorted(set(networks)),
        "days": days,
        "prefix": None,
    }
    statement_id, jws = _signed(act, body)
    issued = act.session.exchange.issue_credential(statement_id, jws)
    if issued.key is None:
        raise RequestError(
            f"The answer with the text was lost. End the key: accord systems end {issued.prefix}"
        )
    return issued


def end_system(act: Act, prefix: str) -> CredentialAnswer:
    """Have a key and its successors ended; raise RequestError, RefusedError."""
    body: dict[str, Any] = {
        "st": "end",
        "client": None,
        "scopes": [],
        "networks": [],
        "days": None,
        "prefix": prefix,
    }
    statement_id, jws = _signed(act, body)
    return act.session.exchange.end_credential(prefix, statement_id, jws)


def _signed(act: Act, body: dict[str, Any]) -> tuple[str, bytes]:
    try:
        KIND_RULES["apikey"].check_body(body)
    except MalformedError as wrong:
        raise RequestError(_MEMBERS.get(wrong.where, str(wrong))) from wrong
    jws = sign_statement(act, act.keys, "apikey", None, body, actor=None, reason="apikey")
    act.changes.write()
    return parse_statement(jws).statement.id, jws
