# SPDX-License-Identifier: Apache-2.0
"""The exchange in memory of `./dev bench watch` answers every call that a watch makes."""

from pathlib import Path

from accord.envelope.keys import PQ1
from benchmarks._feed import Backlog


def test_a_watch_opens_the_backlog_of_the_benchmark(tmp_path: Path) -> None:
    backlog = Backlog(tmp_path, PQ1, 2)
    with backlog.client() as client:
        watched = list(client.watch(opening=True, once=True))
    assert [news.opened is not None for news in watched] == [True, True]
