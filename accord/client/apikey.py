# SPDX-License-Identifier: Apache-2.0
"""The home's API key at the hub: kept in the state, warned about before it ends, rotated automatically."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from accord.client.errors import RequestError
from accord.client.session import Act, Session
from accord.envelope.statements.bodies import MAX_APIKEY_DAYS
from accord.envelope.statements.form import parse_statement
from accord.state import State

WARNED_DAYS: Final = (1, 7, 14, 30)
_DAY_SECS: Final = 24 * 3600
_CLIENT: Final = "accord"
_SCOPES: Final = (
    "directory:read",
    "envelope:read",
    "envelope:submit",
    "feed:read",
    "ledger:read",
    "statement:submit",
)


@dataclass(frozen=True)
class ApiKeyFacts:
    """The API key of this home; `until` is its end in seconds, None where the hub has not stated it."""

    prefix: str
    until: int | None

    def warned_days(self, now: int) -> int | None:
        """Return the nearest of `WARNED_DAYS` that has passed, None before the first."""
        if self.until is None:
            return None
        left = self.until - now
        return next((days for days in WARNED_DAYS if left <= days * _DAY_SECS), None)


def facts_of(state: State) -> ApiKeyFacts:
    """Return the state's facts about the API key."""
    return ApiKeyFacts(state.api_key.partition(".")[0], state.api_key_until)


def keep_api_key(session: Session, api_key: str, until: int | None) -> None:
    """Use this API key from now on."""
    with session.state_file.change() as state:
        state.api_key, state.api_key_until = api_key, until


def rotate_api_key(session: Session) -> ApiKeyFacts:
    """Have the API key replaced and keep the new one; raise RefusedError before its last 30 days.

    Until the new one is used the hub issues another, so that a lost answer does no harm.
    """
    with session.home.changing_keys():
        issued = session.exchange.rotate_api_key()
        keep_api_key(session, issued.key, issued.until)
    session.close()
    return facts_of(session.state_file.read())


def come_back(act: Act, return_key: str) -> ApiKeyFacts:
    """Have another API key issued where none is valid any more, and keep it.

    The agency's own keys sign the request; `return_key`, from the hub's operator, carries it and ends with it. Raises
    RefusedError, and RequestError where the answer with the new key's text was lost.
    """
    session = act.session
    body = {
        "st": "issue",
        "client": _CLIENT,
        "scopes": list(_SCOPES),
        "networks": [],
        "days": MAX_APIKEY_DAYS,
        "prefix": None,
    }
    jws = act.keys.sign_statement(
        "apikey", None, body, actor=None, reason="apikey", cp=act.log.reference(), now=act.now
    )
    with session.home.changing_keys():
        exchange = session.connect(session.state_file.read().hub, return_key)
        try:
            issued = exchange.issue_credential(parse_statement(jws).statement.id, jws)
        finally:
            exchange.close()
        if issued.key is None:
            raise RequestError("The answer with the new key was lost. Ask the operator for another key.")
        keep_api_key(session, issued.key, issued.until)
    session.close()
    return facts_of(session.state_file.read())
