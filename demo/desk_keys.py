# SPDX-License-Identifier: Apache-2.0
"""API keys by which the desk calls the exchange, put into both halves at once: where a world is made before any process runs."""

from datetime import datetime

from agencies.apikeys import make_key
from callers.actors import SystemActor
from callers.systemkeys import MAX_LIFETIME
from vault.exchangekeys import CLIENT, SCOPES, keep_exchange_key


def give_desk_key(agency_id: str, *, now: datetime) -> None:
    """The desk calls with a new key for this agency from now on."""
    key, text = make_key(
        SystemActor("exchange", agency_id),
        agency_id,
        client=CLIENT,
        scopes=SCOPES,
        lifetime=MAX_LIFETIME,
        networks=(),
        now=now,
    )
    keep_exchange_key(agency_id, text, key.expires_at)
