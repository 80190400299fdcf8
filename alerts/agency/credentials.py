# SPDX-License-Identifier: Apache-2.0
"""API keys of the agency's systems at the exchange: listed as the exchange answers now, issued and ended by statements that
an admin has signed here.

The exchange's answers are its own word. This desk keeps none of them but the key by which it calls the exchange itself.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from django.db import transaction
from django.utils.translation import gettext as _

from accord.calls.credentials import CredentialAnswer
from accord.calls.errors import AbsentError as NoSuchKeyError
from accord.calls.errors import ClientError, RefusedError
from accord.calls.exchange import Exchange
from accord.envelope.statements.form import parse_statement
from accord.moments import moment_of
from alerts.access import agency_of
from alerts.errors import ExchangeAwayError
from alerts.exchange_errors import away_error_for
from callers.actors import Actor
from callers.capabilities import EXCHANGE_SCOPES, Capability, require
from callers.errors import AbsentError, InputError
from callers.systemkeys import MAX_LIFETIME, MOST_NETWORKS, checked_client, checked_lifetime, checked_networks
from ledger.audit import record_event
from peers.exchange import exchange_by, exchange_of, own_prefix
from peers.models import Agency
from vault.exchangekeys import CLIENT, SCOPES, keep_exchange_key
from vault.services import sign_statement

KIND: Final = "apikey"
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Credentials:
    """API keys of the agency, newest first, ended ones too; `own_line` is the chain of the desk's own keys."""

    items: tuple[CredentialAnswer, ...]
    own_line: str

    def is_own(self, item: CredentialAnswer) -> bool:
        """Tell whether the desk itself uses this key or has used it."""
        return bool(self.own_line) and item.line == self.own_line


def read_credentials(actor: Actor) -> Credentials:
    """Return the API keys as the exchange lists them now. Not inside a transaction.

    Raises NotPermittedError, ExchangeAwayError.
    """
    agency = _own_agency(actor)
    return _listed(agency, exchange_of_agency(agency))


def issue_credential(
    actor: Actor,
    *,
    client: str,
    scopes: Iterable[str],
    lifetime: timedelta,
    networks: Iterable[str] = (),
    now: datetime,
) -> CredentialAnswer:
    """Issue an API key. `key` is its text, which is shown only this once, or None where the answer that had it was lost.

    Not inside a transaction. Raises as `read_credentials`, InputError, SigningKeysMissingError.
    """
    agency = _own_agency(actor)
    body = _body_of_issue(client, scopes, lifetime, networks)
    issued = _issue(actor, exchange_of_agency(agency), body, now)
    _record("credential.issued", actor, agency, issued, now)
    return issued


def end_credential(actor: Actor, prefix: str, *, now: datetime) -> CredentialAnswer:
    """End an API key and all its replacements, at once and for good; a second call changes nothing.

    Not inside a transaction. Raises as `issue_credential`, AbsentError, InputError for a key that the desk itself uses.
    """
    agency = _own_agency(actor)
    known = read_credentials(actor)
    found = next((item for item in known.items if item.prefix == prefix), None)
    if found is None:
        raise AbsentError
    if known.is_own(found):
        raise InputError(
            "prefix", _("This desk calls the exchange with this key. Replace the desk's own key instead.")
        )
    ended = _end(actor, exchange_of_agency(agency), prefix, now)
    _record("credential.ended", actor, agency, ended, now)
    return ended


def replace_own_credential(actor: Actor, *, return_key: str = "", now: datetime) -> CredentialAnswer:
    """Have another API key issued for the desk itself, use it from now on, and end the one before.

    `return_key`: a return key from the exchange's operator; it authenticates the call where the desk's own key is no longer
    valid. Not inside a transaction. Raises as `issue_credential`; InputError naming `return_key` where it is not accepted.
    """
    agency = _own_agency(actor)
    before = own_prefix(agency.pk)
    issued = _issue_by(actor, agency, return_key, now)
    if issued.key is None:
        raise ExchangeAwayError(is_answered=True)
    keep_exchange_key(agency.pk, issued.key, moment_of(issued.until))
    _record("credential.replaced", actor, agency, issued, now)
    exchange = exchange_of_agency(agency)
    serving = {item.prefix for item in _listed(agency, exchange).items if item.revoked_at is None}
    if before in serving - {issued.prefix}:
        _end(actor, exchange, before, now)
    return issued


def exchange_of_agency(agency: Agency) -> Exchange:
    """The exchange as the desk calls it for the agency; raises ExchangeAwayError where it has no key."""
    return _ask(agency.pk, lambda: exchange_of(agency.pk))


def _own_agency(actor: Actor) -> Agency:
    require(actor, Capability.APIKEY_MANAGE)
    return agency_of(actor)


def _listed(agency: Agency, exchange: Exchange) -> Credentials:
    items = tuple(_ask(agency.pk, exchange.credentials))
    own = own_prefix(agency.pk)
    return Credentials(items, next((item.line for item in items if item.prefix == own), ""))


def _body_of_issue(
    client: str, scopes: Iterable[str], lifetime: timedelta, networks: Iterable[str]
) -> dict[str, Any]:
    """Return the body of an `apikey` statement that asks for a key; raises InputError."""
    chosen, allowed = sorted(set(scopes)), sorted(set(checked_networks(networks)))
    if not chosen or not EXCHANGE_SCOPES.issuperset(chosen):
        named = ", ".join(sorted(EXCHANGE_SCOPES))
        raise InputError("scopes", _("Choose from: %(allowed)s.") % {"allowed": named})
    if len(allowed) > MOST_NETWORKS:
        raise InputError("networks", _("Networks: enter up to 20, one per line."))
    days = checked_lifetime(lifetime).days
    return {
        "st": "issue",
        "client": checked_client(client),
        "scopes": chosen,
        "networks": allowed,
        "days": days,
        "prefix": None,
    }


def _issue(actor: Actor, exchange: Exchange, body: dict[str, Any], now: datetime) -> CredentialAnswer:
    jws = sign_statement(actor, k=KIND, sub=None, body=body, now=now)
    said = parse_statement(jws).statement.id
    return _ask(actor.agency_id or "", lambda: exchange.issue_credential(said, jws))


def _issue_by(actor: Actor, agency: Agency, return_key: str, now: datetime) -> CredentialAnswer:
    body = _body_of_issue(CLIENT, SCOPES, MAX_LIFETIME, ())
    if not return_key:
        return _issue(actor, exchange_of_agency(agency), body, now)
    try:
        return _issue(actor, exchange_by(return_key), body, now)
    except ExchangeAwayError as away:
        if isinstance(away.__cause__, RefusedError) and away.__cause__.status in {401, 403}:
            raise InputError(
                "return_key",
                _("The exchange does not take this key. Ask its operator for another key for coming back."),
            ) from away
        raise


def _end(actor: Actor, exchange: Exchange, prefix: str, now: datetime) -> CredentialAnswer:
    body: dict[str, Any] = {
        "st": "end",
        "client": None,
        "scopes": [],
        "networks": [],
        "days": None,
        "prefix": prefix,
    }
    jws = sign_statement(actor, k=KIND, sub=None, body=body, now=now)
    said = parse_statement(jws).statement.id
    return _ask(actor.agency_id or "", lambda: exchange.end_credential(prefix, said, jws))


def _ask(agency_id: str, call: Callable[[], Answer]) -> Answer:
    """The answer of the exchange; what it does not answer, or refuses, raises AbsentError or ExchangeAwayError."""
    try:
        return call()
    except NoSuchKeyError:
        raise AbsentError from None
    except ClientError as trouble:
        raise away_error_for(trouble, agency_id) from trouble


@transaction.atomic
def _record(act: str, actor: Actor, agency: Agency, key: CredentialAnswer, now: datetime) -> None:
    record_event(
        act,
        actor=actor.audit_name,
        agency=agency.pk,
        subject=f"apikey:{key.prefix}",
        detail={"client": key.client, "scopes": list(key.scopes)},
        now=now,
    )
