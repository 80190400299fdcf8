# SPDX-License-Identifier: Apache-2.0
"""API keys by which the desk calls the exchange, one for each agency whose keys it holds.

A key is replaced before it ends. One that the exchange has refused is not used again: an admin of the agency asks for
another by a signed statement, which is sent with a key for coming back where no other key serves
(`alerts.agency.credentials`).
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from accord.calls.credentials import IssuedKey
from accord.calls.errors import ClientError, RefusedError, UnreachableError
from accord.moments import moment_of
from callers.actors import SystemActor
from callers.capabilities import CALLS_OF_A_DESK
from ledger.audit import record_event
from peers.exchange import exchange_of
from vault.entrykeys import entry_key_of, forget_entry_key
from vault.errors import SealBrokenError
from vault.models import Arrival, ExchangeKey, VaultKey
from vault.rows import open_row, seal_row

CLIENT: Final = "desk"
TABLE: Final = "exchangekey"
SCOPES: Final = sorted(scope.value for scope in CALLS_OF_A_DESK)
NOT_PERMITTED: Final = "not-permitted"
RENEWED_BEFORE: Final = timedelta(days=29)
"""The exchange replaces a key only in its last thirty days."""

log = logging.getLogger(__name__)


class HeldExchangeKeys:
    """Keys of this desk's agencies; a `peers.exchange.Credentials`."""

    def api_key_of(self, agency_id: str) -> str:
        """Return the agency's key, or its key for entering while it comes in; raises UnreachableError where none serves."""
        text = _text_of(agency_id) or entry_key_of(agency_id)
        if not text:
            raise UnreachableError(f"The desk has no API key that serves at the exchange for {agency_id}.")
        return text

    def refuse(self, agency_id: str) -> None:
        """Note that the exchange has refused the agency's key."""
        ExchangeKey.objects.filter(pk=agency_id).update(is_refused=True)

    def agencies(self) -> frozenset[str]:
        """Return the agencies whose private keys are in the vault, or will be made in it once they come from another desk."""
        held = VaultKey.objects.order_by().values_list("agency_id").distinct()
        coming = Arrival.objects.order_by().values_list("agency_id")
        return frozenset(agency_id for (agency_id,) in held.union(coming))

    def prefix_of(self, agency_id: str) -> str:
        """Return the prefix of the agency's key, also of one that was refused; empty where there is none."""
        return _opened(ExchangeKey.objects.filter(pk=agency_id).first()).partition(".")[0]

    def callers(self) -> list[str]:
        """List the agencies whose key serves."""
        serving = ExchangeKey.objects.filter(is_refused=False)
        return list(serving.order_by("pk").values_list("pk", flat=True))


def keep_first_key(agency_id: str, text: str, expires_at: datetime) -> None:
    """Keep the key that came with the agency's first keyset, and delete its key for entering; in the caller's transaction."""
    keep_exchange_key(agency_id, text, expires_at)
    forget_entry_key(agency_id)


def renew_exchange_keys(*, now: datetime) -> int:
    """Replace each key that ends within `RENEWED_BEFORE`; return how many were replaced. Not inside a transaction.

    The errors of single agencies are raised as a group, after all keys were tried.
    """
    due = ExchangeKey.objects.filter(expires_at__lt=now + RENEWED_BEFORE, is_refused=False)
    renewed, troubles = 0, list[Exception]()
    for agency_id in list(due.values_list("pk", flat=True)):
        try:
            issued = exchange_of(agency_id).rotate_api_key()
        except ClientError as trouble:
            troubles.append(trouble)
            continue
        _keep_renewed(agency_id, issued, now)
        renewed += 1
    if troubles:
        raise ExceptionGroup("API keys of the desk that were not replaced", troubles)
    return renewed


@transaction.atomic
def _keep_renewed(agency_id: str, issued: IssuedKey, now: datetime) -> None:
    keep_exchange_key(agency_id, issued.key, moment_of(issued.until))
    record_event(
        "credential.replaced",
        actor=SystemActor("desk-worker", agency_id).audit_name,
        agency=agency_id,
        subject=f"apikey:{issued.key.partition('.')[0]}",
        now=now,
    )


@transaction.atomic
def keep_exchange_key(agency_id: str, text: str, expires_at: datetime) -> None:
    """Keep the text of a key in place of the earlier one; the desk calls with it from now on."""
    row = ExchangeKey.objects.select_for_update().filter(pk=agency_id).first()
    revision = row.revision + 1 if row else 1
    ExchangeKey.objects.update_or_create(
        pk=agency_id,
        defaults={
            "revision": revision,
            "sealed": seal_row(agency_id, TABLE, agency_id, revision, text.encode()),
            "expires_at": expires_at,
            "is_refused": False,
            "lacks": [],
        },
    )


def note_scopes(agency_id: str, given: Iterable[str]) -> None:
    """Note which scopes of a desk the agency's key has not, as the exchange names those that it has; none named says nothing."""
    named = set(given)
    if named:
        lacks = [scope for scope in SCOPES if scope not in named]
        ExchangeKey.objects.filter(pk=agency_id).exclude(lacks=lacks).update(lacks=lacks)


def note_lacking(agency_id: str, refused: RefusedError) -> bool:
    """Note the scope for want of which a call was refused; whether it was for that."""
    scope = refused.members.get("capability")
    if refused.slug != NOT_PERMITTED or scope not in SCOPES:
        return False
    for row in ExchangeKey.objects.filter(pk=agency_id):
        ExchangeKey.objects.filter(pk=agency_id).update(lacks=sorted({*row.lacks, scope}))
    return True


def lacking() -> dict[str, list[str]]:
    """List by agency the scopes that the key lacks by which the desk calls for it; agencies whose key lacks none are left out."""
    return dict(ExchangeKey.objects.exclude(lacks=[]).order_by("pk").values_list("pk", "lacks"))


def _text_of(agency_id: str) -> str:
    """Return the text of the agency's key; empty where there is none, or none that serves."""
    return _opened(ExchangeKey.objects.filter(pk=agency_id, is_refused=False).first())


def _opened(row: ExchangeKey | None) -> str:
    if row is None:
        return ""
    try:
        return open_row(row.pk, TABLE, row.pk, row.revision, bytes(row.sealed)).decode()
    except SealBrokenError:
        log.error("the desk's API key of %s was changed past the program and is not used", row.pk)
        return ""
