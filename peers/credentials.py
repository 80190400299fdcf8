# SPDX-License-Identifier: Apache-2.0
"""Following which API keys of the desk's agencies serve at the exchange, so that their admins can be told when one ends."""

import logging
from collections.abc import Sequence
from typing import Final

from django.db import transaction

from accord.calls.credentials import CredentialAnswer
from accord.calls.errors import ClientError
from accord.moments import moment_of
from callers.capabilities import ACCESSION_SCOPES
from peers.exchange import calling_agencies, exchange_of, own_prefix
from peers.models import KnownCredential

MOST_KEPT: Final = 1000
"""Most keys kept of one agency; the rest of a longer answer is ignored."""

log = logging.getLogger(__name__)


def follow_credentials() -> int:
    """Ask for each agency's keys and keep those that serve; return how many. Not inside a transaction.

    An error for one agency is logged, does not hold up the others, and leaves what was known of its keys.
    """
    kept = 0
    for agency_id in calling_agencies():
        try:
            items = exchange_of(agency_id).credentials()
        except ClientError as trouble:
            log.warning("the API keys of %s could not be asked for: %s", agency_id, trouble)
            continue
        kept += _keep(agency_id, items)
    return kept


@transaction.atomic
def _keep(agency_id: str, items: Sequence[CredentialAnswer]) -> int:
    own = own_prefix(agency_id)
    own_line = next((item.line for item in items if item.prefix == own), own)
    working = [item for item in items if item.line != own_line and not ACCESSION_SCOPES & set(item.scopes)]
    rows = list(_newest_of_each_line(agency_id, working))[:MOST_KEPT]
    KnownCredential.objects.filter(agency_id=agency_id).delete()
    KnownCredential.objects.bulk_create(rows)
    return len(rows)


def _newest_of_each_line(agency_id: str, items: Sequence[CredentialAnswer]) -> list[KnownCredential]:
    lines: dict[str, list[CredentialAnswer]] = {}
    for item in items:
        lines.setdefault(item.line, []).append(item)
    newest = {line: max(some, key=lambda item: item.since) for line, some in lines.items()}
    return [
        KnownCredential(
            agency_id=agency_id,
            prefix=item.prefix,
            client=item.client[:60],
            created_at=moment_of(item.since),
            expires_at=moment_of(item.until),
            has_replaced=len(lines[line]) > 1,
        )
        for line, item in newest.items()
        if item.revoked_at is None
    ]
