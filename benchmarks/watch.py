# SPDX-License-Identifier: Apache-2.0
"""A watch that opens a backlog: alerts a second on one core, with every check.

The client alone: feed and slices come from memory (`benchmarks/watch_http.py` takes them from a hub); verification, opening,
state and position are the client's own, with all of its writing. The clock is this process's processor time. The floor is the
primitives of as many alerts: the signatures of checkpoint, manifest and content and one decapsulation each. A missed bar, 300
alerts a second, is reported.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import cast

from accord.client.client import Client
from accord.client.watching import News
from accord.envelope.jws import parse_jws
from accord.envelope.keys import EC1, PQ1
from accord.envelope.slices import parse_slice
from accord.envelope.tree.notes import parse_note
from accord.envelope.vocabulary import TYP_INNER
from benchmarks._agencies import World
from benchmarks._feed import Backlog
from benchmarks._figures import report
from benchmarks._floors import open_floor

COUNT, ROUNDS = 600, 3
BAR_PER_SEC = 300.0


def main() -> None:
    for suite in (PQ1, EC1):
        with tempfile.TemporaryDirectory() as folder:
            _measure(Backlog(Path(folder), suite, COUNT))


def _measure(backlog: Backlog) -> None:
    per_sec, last = watch_backlog(backlog)
    report(f"watch {backlog.suite}", per_sec, COUNT / _floor_secs(backlog, last), unit="alerts/s")
    if per_sec < BAR_PER_SEC:
        print(f"watch {backlog.suite}: {per_sec:.0f} alerts/s are under {BAR_PER_SEC:.0f}", file=sys.stderr)


def watch_backlog(backlog: Backlog) -> tuple[float, News]:
    """Return the alerts a second of the best round, and the watch's last news."""
    taken = []
    for _ in range(ROUNDS):
        with backlog.client() as client:
            began = time.process_time()
            watched = _watch(client)
            taken.append(time.process_time() - began)
        assert len(watched) == len(backlog.sealed) and all(news.opened is not None for news in watched)
    return len(watched) / min(taken), watched[-1]


def _watch(client: Client) -> list[News]:
    return list(client.watch(opening=True, once=True))


def _floor_secs(backlog: Backlog, news: News) -> float:
    assert news.opened is not None
    unverified = parse_slice(news.opened.slice_octets)
    inner_jws = news.opened.content.inner_jws
    signed = [
        parse_note(unverified.receipts[0].checkpoint).text.encode(),
        unverified.manifest_jws.signatures[0].signed,
        parse_jws(inner_jws, TYP_INNER, limit=len(inner_jws)).signatures[0].signed,
    ]
    work = open_floor(cast(World, backlog), backlog.suite, signed)
    began = time.process_time()
    for _ in range(COUNT):
        work()
    return time.process_time() - began


if __name__ == "__main__":
    main()
