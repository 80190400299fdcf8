# SPDX-License-Identifier: Apache-2.0
"""A watch that opens a backlog of a running hub: alerts a second by the wall clock.

The hub runs on the same machine and answers with all of its own work: rights, delivery state, audit. The client's part alone is
in `benchmarks/watch.py`. The floor is the same slices fetched as the watch fetches them and thrown away. The second figure is
that floor, over the same slices fetched one by one.
"""

import os
import secrets
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from accord.calls.exchange import Exchange
from accord.client.client import Client
from accord.client.home import create_keys
from accord.client.session import connect_http
from accord.following.fetching import AT_ONCE
from benchmarks._figures import report
from demo.ownership import at_the_exchange, set_up_every_app

NEEDS_HUB = True
COUNT = 200
PASSPHRASE = "correct horse battery staple"


def main() -> None:
    set_up_every_app()
    from benchmarks import _hub
    from peers.models import Agency

    sender, _ = _hub.found_agencies("watch", 2)
    with tempfile.TemporaryDirectory() as folder, _join(Path(folder), sender) as client:
        reader = Agency.objects.get(pk=client.state().agency)
        for sealed in _hub.seal_alerts(sender, [reader], COUNT):
            _hub.submit(sender, sealed)
        _hub.wait_until_numbered()
        began = time.perf_counter()
        news = list(client.watch(opening=True, once=True))
        taken = time.perf_counter() - began
        assert len(news) == COUNT and all(item.opened is not None for item in news)
        mds = [item.entry.d for item in news]
        together, alone = _time(client, mds, _fetch_together), _time(client, mds, _fetch_alone)
    report("watch HTTP PQ1", COUNT / taken, COUNT / together, unit="alerts/s")
    report("slices HTTP PQ1", COUNT / together, COUNT / alone, unit="slices/s")


def _join(folder: Path, sender: Any) -> Client:
    """Enrol an agency with its own keys, as in production, under an agreement with the sender."""
    from django.utils import timezone

    from accord.keyfile import Argon2Cost
    from agencies.entrykeys import issue_entry_key
    from benchmarks import _hub
    from callers.directory import Custody

    agency, now = f"xz-r{secrets.token_hex(3)}", timezone.now()
    cheap = Argon2Cost(memory_kib=64, passes=1, lanes=1)
    made = create_keys(folder / "home", PASSPHRASE, now=int(time.time()), cost=cheap)
    row = _hub.admit(agency, Custody.AGENCY, made.fingerprint, now)
    with at_the_exchange():
        _, secret = issue_entry_key(_hub.OPERATOR, row.pk, client="accord", now=now)
    client = Client(folder / "home", PASSPHRASE)
    client.enrol(
        agency, hub=os.environ["EXCHANGE_URL"], ledger_vkey=os.environ["EXCHANGE_LEDGER_VKEY"], api_key=secret
    )
    client.pin(sender.id, sender.root.fingerprint)
    _hub.join([agency, sender.id])
    return client


def _time(client: Client, mds: Sequence[str], fetch: Callable[[Exchange, Sequence[str]], None]) -> float:
    state = client.state()
    exchange = connect_http(state.hub, state.api_key)
    began = time.perf_counter()
    fetch(exchange, mds)
    taken = time.perf_counter() - began
    exchange.close()
    return taken


def _fetch_together(exchange: Exchange, mds: Sequence[str]) -> None:
    done = 0
    while done < len(mds):
        done += len(exchange.slices(mds[done : done + AT_ONCE]))


def _fetch_alone(exchange: Exchange, mds: Sequence[str]) -> None:
    for md in mds:
        exchange.slice(md)


if __name__ == "__main__":
    main()
