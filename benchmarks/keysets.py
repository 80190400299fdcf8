# SPDX-License-Identifier: Apache-2.0
"""Keysets a second that a desk takes, when five hundred peers renew theirs within one minute.

The desk-worker is stopped (SIGSTOP) while they are published and continues when all have their receipts. It fetches, verifies
and keeps each for one agency. `processor` counts the processor time of the desk-worker alone. The floor only verifies the
root's signature of each. `BENCH_KEYSETS=100 ./dev bench keysets` takes as many.
"""

import os
import signal
import time

from benchmarks._figures import report
from benchmarks._processor import processor_seconds
from demo.ownership import at_the_exchange, set_up_every_app
from devtool.processes import wait_until

NEEDS_HUB = True
COUNT = int(os.environ.get("BENCH_KEYSETS", "500"))
SECONDS_EACH = 2


def main() -> None:
    set_up_every_app()
    from benchmarks import _hub
    from peers.models import PeerKeyset

    reader, leader = _hub.found_hosted_agency("renewals"), int(os.environ["DESK_WORKER_PID"])
    os.killpg(leader, signal.SIGSTOP)
    try:
        peers = [agency.id for agency in _hub.found_agencies("renews", COUNT)]
    finally:
        before, began = processor_seconds(leader), time.perf_counter()
        os.killpg(leader, signal.SIGCONT)
    kept = PeerKeyset.objects.filter(reader=reader.pk, peer__in=peers)
    wait_until(lambda: kept.count() == COUNT, "the keysets", timeout_seconds=60 + COUNT * SECONDS_EACH)
    by_clock, worked = time.perf_counter() - began, processor_seconds(leader) - before
    floor = COUNT / _verified_in(peers)
    report(f"keysets {COUNT}", COUNT / by_clock, floor, unit="keysets/s")
    report(f"keysets {COUNT} processor", COUNT / worked, floor, unit="keysets/s")


def _verified_in(peers: list[str]) -> float:
    """Return the processor seconds that the signatures alone take."""
    from accord.envelope.keysets import verify_keyset
    from agencies.models import Keyset

    with at_the_exchange():
        rows = Keyset.objects.filter(agency_id__in=peers).select_related("agency")
        signed = [(bytes(row.jws), row.agency.root_fingerprint) for row in rows]
    began = time.process_time()
    for jws, root in signed:
        verify_keyset(jws, pinned=root)
    return time.process_time() - began


if __name__ == "__main__":
    main()
