# SPDX-License-Identifier: Apache-2.0
"""Locks: one advisory lock per agency keeps policy from changing while a transaction relies on it; row locks have an order.

- Intake and numbering take it shared for each issuer, fetching for the recipient, before any row; suspending, resuming and a new
  version take it exclusively for every party.
- Locks are taken in ascending order of key, so that no deadlock arises.
- The isolation is READ COMMITTED: read policy in a statement *after* the lock, since the statement that waited for the lock
  still sees the old state.
"""

import hashlib
from collections.abc import Iterable

from django.db import connection, transaction
from django.db.models import QuerySet

from sharing.models import Delivery

_DOMAIN = b"accord sharing agency "


def share_issuers(agencies: Iterable[str]) -> None:
    """Keep the policy of these issuers unchanged until the transaction ends."""
    _lock("pg_advisory_xact_lock_shared", agencies)


def own_parties(agencies: Iterable[str]) -> None:
    """Wait until no transaction relies on the policy of these agencies, and keep all out until this one ends."""
    _lock("pg_advisory_xact_lock", agencies)


def lock_deliveries(rows: QuerySet[Delivery]) -> list[int]:
    """Lock many deliveries in the order of their keys, as every multi-row change does; return the keys."""
    return list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))


def _lock(function: str, agencies: Iterable[str]) -> None:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a lock that lasts for a transaction needs one")
    keys = sorted({_key(agency) for agency in agencies})
    if not keys:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {function}(key) FROM unnest(%s::bigint[]) WITH ORDINALITY AS wanted(key, place) ORDER BY place",  # noqa: S608 - one of two names above
            [keys],
        )


def _key(agency: str) -> int:
    digest = hashlib.sha256(_DOMAIN + agency.encode("ascii")).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
