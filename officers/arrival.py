# SPDX-License-Identifier: Apache-2.0
"""Arrival of an agency from another desk that has held its keys: at its own desk, or back at a hosting one.

1. A keeper enters an API key of the agency and the fingerprint of the root in force, from paper. The exchange says
   whose API key it is; the agency's keysets are verified from that fingerprint.
2. No private keys come along: a key officer proposes a keyset with keys that are made here (`vault.changes.Move`),
   which the agency's root signs. It goes to the exchange once the other desk has given the identity back.
3. What opens the history comes afterwards, sealed to these keys (`alerts.history.taking_in`).
"""

import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accord.calls.answers import AgencyAnswer
from accord.calls.errors import ClientError
from accord.calls.exchange import Exchange
from accord.moments import moment_of
from callers.actors import Actor
from callers.capabilities import CALLS_OF_A_DESK, Capability, require
from callers.directory import Custody
from callers.errors import AbsentError, InputError, NotBoundError
from ledger.audit import record_event
from officers.errors import TakenInError
from officers.moving_in import ask_caller, checked_fingerprint, entry_listed, ledger_trusted
from peers.entries import begin_entry
from peers.exchange import exchange_by
from peers.models import Agency
from peers.own_exchange import known_exchange, require_its_log
from vault.errors import VaultError
from vault.exchangekeys import keep_exchange_key
from vault.instances import announce
from vault.models import Arrival, Departure
from vault.moving_in import OwnChain, verify_own_chain
from vault.wrapped_keys import ensure_secret

_API_KEY: Final = re.compile(r"[0-9a-f]{12}\.[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Coming:
    """Input of the keeper: an API key of the agency, and its root's fingerprint from paper."""

    api_key: str = field(repr=False)
    fingerprint: str


def custody_here() -> Custody:
    """Return the custody at this desk of an agency that comes from another one: its root stays with its head."""
    return Custody.AGENCY if settings.OWN_DESK else Custody.HUB_OWN_ROOT


@sensitive_variables()
def begin_arrival(keeper: Actor, coming: Coming, *, now: datetime) -> Agency:
    """Take the agency in without keys, and follow its keysets from now on. Not inside a transaction.

    Raises NotPermittedError, AbsentError (the exchange is not set yet), TakenInError, InputError (`api_key`,
    `fingerprint`, `exchange`), `accord.calls.errors.ClientError`; then nothing is stored.
    """
    require(keeper, Capability.DESK_KEEP)
    if known_exchange() is None:
        raise AbsentError
    _require_room()
    if not _API_KEY.fullmatch(coming.api_key):
        raise InputError("api_key", _("API key: it has 12 characters, a dot, 43 characters."))
    fingerprint, exchange = checked_fingerprint(coming.fingerprint), exchange_by(coming.api_key)
    caller = ask_caller(exchange, "api_key")
    caller.require_common_versions()
    _require_scopes(caller.scopes)
    entry, chain = _checked(exchange, caller.agency or "", fingerprint, now=now)
    agency = _store(keeper, entry, chain, coming.api_key, moment_of(caller.until), now=now)
    with suppress(ClientError, NotBoundError, VaultError):
        # The other desk is shown at once where it still holds the identity; the desk-worker repeats this.
        announce(keeper, agency.pk, now=now)
    return agency


def _require_scopes(given: frozenset[str]) -> None:
    """Raise InputError (`api_key`) for a key that may not do all that a desk does; one of which nothing is said passes."""
    if given and not given >= CALLS_OF_A_DESK:
        raise InputError(
            "api_key",
            _(
                "API key: it may not do all that a desk does. At the other desk, under API keys, press “Issue a key for another desk…” and use that one."
            ),
        )


def _require_room() -> None:
    here = Agency.objects.filter(is_hosted=True).first() if settings.OWN_DESK else None
    if here is not None:
        raise TakenInError(here.pk)


def _checked(
    exchange: Exchange, agency_id: str, fingerprint: str, *, now: datetime
) -> tuple[AgencyAnswer, OwnChain]:
    entry = entry_listed(exchange, agency_id)
    if (entry.custody == Custody.AGENCY) == settings.OWN_DESK:
        raise InputError("api_key", _not_elsewhere(agency_id))
    with ledger_trusted():
        if settings.OWN_DESK:
            require_its_log(exchange.checkpoint())
        chain = verify_own_chain(agency_id, fingerprint, exchange, now=now)
    if chain.keyset.custody != entry.custody:
        raise InputError("api_key", _not_elsewhere(agency_id))
    return entry, chain


def _not_elsewhere(agency_id: str) -> str:
    if settings.OWN_DESK:
        text = _(
            "API key: it is of %(id)s, which holds its keys itself. Move in from the accord command, or restore its own desk's backup."
        )
    else:
        text = _("API key: it is of %(id)s, whose keys a desk holds already. Ask that desk's keeper.")
    return text % {"id": agency_id}


@sensitive_variables("api_key")
def _store(
    keeper: Actor, entry: AgencyAnswer, chain: OwnChain, api_key: str, until: datetime, *, now: datetime
) -> Agency:
    """Store all or nothing. An agency that has left this desk before finds again what is still here of it."""
    with transaction.atomic():
        _require_room()
        if Arrival.objects.filter(pk=entry.id).exists() and not _has_gone(entry.id):
            raise TakenInError(entry.id)
        agency = begin_entry(replace(entry, custody=custody_here()), is_hosted=True, now=now)
        if agency.custody != custody_here():
            # The agency was here before, and its root with it.
            agency.custody = custody_here()
            agency.save(update_fields=["custody"])
        Departure.objects.filter(pk=entry.id).delete()
        Arrival.objects.filter(pk=entry.id).delete()
        Arrival(agency_id=entry.id, begun_by=keeper.audit_name, begun_at=now).save(force_insert=True)
        ensure_secret(entry.id, now=now)
        keep_exchange_key(entry.id, api_key, until)
        chain.memory.write()
        record_event(
            "agency.comes",
            actor=keeper.audit_name,
            agency=entry.id,
            subject=entry.id,
            detail={"version": chain.keyset.version, "custody": chain.keyset.custody},
            now=now,
        )
    return agency


def _has_gone(agency_id: str) -> bool:
    return Departure.objects.filter(pk=agency_id, destroyed_at__isnull=False).exists()
