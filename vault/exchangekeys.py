# SPDX-License-Identifier: Apache-2.0
"""The API keys by which the desk calls the exchange, one for each agency whose keys it holds.

A key is issued with the agency's first keyset, or when the desk's web process needs one, and replaced by itself before it
ends. One that the exchange refused is not used again: the next web process that needs one issues another, or
`manage.py issue_exchange_keys`. While both halves share one database the exchange's register is written here, by whoever
holds the pepper of its digests; with the wall the first key comes by the accession.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from accord.calls.errors import ClientError, UnreachableError
from accord.moments import moment_of
from agencies.apikeys import MAX_LIFETIME, end_desk_keys, make_key
from callers.actors import SystemActor
from callers.capabilities import DESK_SCOPES
from peers.exchange import exchange_of
from vault.entrykeys import entry_key_of, forget_entry_key
from vault.errors import SealBrokenError
from vault.models import ExchangeKey, VaultKey, VaultSecret
from vault.rows import open_row, seal_row

CLIENT: Final = "desk"
TABLE: Final = "exchangekey"
SCOPES: Final = sorted(scope.value for scope in DESK_SCOPES)
RENEWED_BEFORE: Final = timedelta(days=29)
"""The exchange replaces a key in its last thirty days."""

log = logging.getLogger(__name__)


class HeldExchangeKeys:
    """The keys of this desk's agencies; a `peers.exchange.Credentials`."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def api_key_of(self, agency_id: str) -> str:
        """The agency's key; one is issued where there is none that serves. Raises UnreachableError in a worker, which cannot."""
        # An agency that comes in has its key for entering, until the first of its own came with its keyset.
        return (
            _text_of(agency_id) or entry_key_of(agency_id) or issue_exchange_key(agency_id, now=self._clock())
        )

    def refuse(self, agency_id: str) -> None:
        """Note that the exchange takes the agency's key no more."""
        ExchangeKey.objects.filter(pk=agency_id).update(is_refused=True)

    def agencies(self) -> frozenset[str]:
        """Whose private keys are in the vault."""
        return frozenset(VaultKey.objects.values_list("agency_id", flat=True).distinct())

    def callers(self) -> list[str]:
        """Those with a key that serves."""
        serving = ExchangeKey.objects.filter(is_refused=False)
        return list(serving.order_by("pk").values_list("pk", flat=True))


def issue_exchange_keys(*, now: datetime) -> list[str]:
    """Issue a key to each agency of this desk that has none that serves; which those are."""
    hosted = set(VaultSecret.objects.values_list("agency_id", flat=True))
    without = [agency_id for agency_id in sorted(filter(None, hosted)) if not _text_of(agency_id)]
    for agency_id in without:
        issue_exchange_key(agency_id, now=now)
    return without


@transaction.atomic
def issue_exchange_key(agency_id: str, *, now: datetime) -> str:
    """The text of a new key; those before it end. Raises UnreachableError in a process without the pepper."""
    if not settings.API_PEPPER:
        raise UnreachableError(
            f"The desk has no API key at the exchange for {agency_id}, and a worker issues none."
        )
    # Two that find none take turns, and the second takes what the first has issued.
    VaultSecret.objects.select_for_update().filter(agency_id=agency_id).order_by("epoch").first()
    if text := _text_of(agency_id):
        return text
    actor = SystemActor(CLIENT, agency_id)
    end_desk_keys(actor, agency_id, now=now)
    key, text = make_key(
        actor,
        agency_id,
        client=CLIENT,
        scopes=SCOPES,
        lifetime=MAX_LIFETIME,
        networks=(),
        is_desk=True,
        now=now,
    )
    _keep(agency_id, text, key.expires_at)
    return text


def keep_first_key(agency_id: str, text: str, expires_at: datetime) -> None:
    """Keep the key that came with the agency's first keyset, in the caller's transaction; its key for entering goes."""
    _keep(agency_id, text, expires_at)
    forget_entry_key(agency_id)


def renew_exchange_keys(*, now: datetime) -> int:
    """Have each key replaced that ends within `RENEWED_BEFORE`; how many were. Not inside a transaction.

    Trouble with one agency's key keeps no other waiting: it is raised, as a group, after the others.
    """
    due = ExchangeKey.objects.filter(expires_at__lt=now + RENEWED_BEFORE, is_refused=False)
    renewed, troubles = 0, list[Exception]()
    for agency_id in list(due.values_list("pk", flat=True)):
        try:
            issued = exchange_of(agency_id).rotate_api_key()
        except ClientError as trouble:
            troubles.append(trouble)
            continue
        _keep(agency_id, issued.key, moment_of(issued.until))
        renewed += 1
    if troubles:
        raise ExceptionGroup("API keys of the desk that were not replaced", troubles)
    return renewed


@transaction.atomic
def _keep(agency_id: str, text: str, expires_at: datetime) -> None:
    """Put the text of a key in the place of the one before."""
    row = ExchangeKey.objects.select_for_update().filter(pk=agency_id).first()
    revision = row.revision + 1 if row else 1
    ExchangeKey.objects.update_or_create(
        pk=agency_id,
        defaults={
            "revision": revision,
            "sealed": seal_row(agency_id, TABLE, agency_id, revision, text.encode()),
            "expires_at": expires_at,
            "is_refused": False,
        },
    )


def _text_of(agency_id: str) -> str:
    """The text of the agency's key; empty where there is none, or none that serves."""
    row = ExchangeKey.objects.filter(pk=agency_id, is_refused=False).first()
    if row is None:
        return ""
    try:
        return open_row(agency_id, TABLE, agency_id, row.revision, bytes(row.sealed)).decode()
    except SealBrokenError:
        log.error("the desk's API key of %s was changed past the program and is not used", agency_id)
        return ""
