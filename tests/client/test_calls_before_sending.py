# SPDX-License-Identifier: Apache-2.0
"""Calls of a desk before it sends, over the wire: verdicts, keysets, lanes, versions."""

from django.utils import timezone

from accord.calls.exchange import HttpExchange
from accord.calls.transport import HttpTransport, Patience
from tests.client.conftest import PartnerWorld
from tests.exchange_keys import give_api_key

TERMS = {
    "lane": "science",
    "purpose": "science",
    "tlp": "GREEN",
    "pri": "routine",
    "status": "actual",
    "suite": "PQ1",
}


def exchange_of(world: PartnerWorld, agency: str) -> HttpExchange:
    """A connection whose API key has every scope."""
    now = world.hub.now = timezone.now()
    _, key = give_api_key(agency, client="desk", now=now)
    return HttpExchange(HttpTransport(world.address, api_key=key, patience=Patience(tries=1)))


def test_a_desk_asks_for_verdicts_and_keysets(world: PartnerWorld) -> None:
    world.partners("xa-alpha", "xb-bravo")
    exchange = exchange_of(world, "xa-alpha")
    caller = exchange.caller()
    caller.require_common_versions()
    assert (caller.status, caller.limits["keysets"]) == ("active", 500)

    (bravo,) = exchange.previews(TERMS, ["xb-bravo"])
    assert (bravo.allowed, bravo.args["ref"]) == (True, "G1")
    assert [one.agency for one in exchange.previews(TERMS, None)] == ["xb-bravo"]

    found = exchange.keysets({"xa-alpha": 1, "xb-bravo": 0, "xz-none": 0})
    alone = exchange.keyset("xb-bravo")
    assert (found.newer, found.unchanged, found.unknown) == ({"xb-bravo": alone}, ("xa-alpha",), ("xz-none",))
