# SPDX-License-Identifier: Apache-2.0
"""API keys at the exchange for tests, made past the statements by which agencies ask for them."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from agencies.apikeys import make_key
from agencies.models import ApiKey
from callers.actors import Actor, SystemActor
from callers.capabilities import EXCHANGE_SCOPES

ISSUER = SystemActor("exchange")


def give_api_key(
    agency_id: str,
    *,
    scopes: Collection[str] = EXCHANGE_SCOPES,
    client: str = "system",
    lifetime: timedelta = timedelta(days=30),
    networks: Iterable[str] = (),
    by: Actor = ISSUER,
    now: datetime,
) -> tuple[ApiKey, str]:
    """Make an API key of an agency's system; return its row and its text. Without `scopes` it has every scope of the exchange."""
    return make_key(
        by,
        agency_id,
        client=client,
        scopes=sorted(map(str, scopes)),
        lifetime=lifetime,
        networks=networks,
        now=now,
    )
