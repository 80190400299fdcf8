# SPDX-License-Identifier: Apache-2.0
"""A desk that was away and catches up: alerts a second that the desk-worker takes, verifies and files for one agency.

The desk-worker is stopped (SIGSTOP) while alerts in PQ1 go into the feed of an agency whose keys the hub holds, and continues
when all have their numbers. That agency has no officers, so that no mail is sent meanwhile. `bare` alerts state a title and a
kind: one token besides the card. The others are as a desk writes them, with the structures of the shipped substances in turn:
more tokens, and a structure that is stored when the alert is read and judged by rules and lists later, in turns with the feed.

- The value counts until the feed's end: every alert is verified and filed, and an officer may open it. `read` counts until the
  worker has opened each, for its card, tokens and structure; `judged` until no structure waits any more. All are wall-clock
  times, and the desk-worker has low priority (`hub/celery.py`): beside other work on the machine they say little.
- `processor` counts the processor time of the desk-worker alone until the feed's end, without the process that reads structures;
  `with database` adds all of PostgreSQL.
- The floor is the client's `watch PQ1` (`benchmarks/watch.py`), measured before each kind.

`BENCH_CATCH_UP=10000 ./dev bench catch_up` takes as many alerts of each kind.
"""

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accord.envelope.keys import PQ1
from benchmarks._feed import Backlog
from benchmarks._figures import report
from benchmarks._processor import database_seconds, processor_seconds
from benchmarks.watch import COUNT as WATCHED
from benchmarks.watch import watch_backlog
from demo import alerts as texts
from demo.ownership import at_the_exchange, set_up_every_app
from devtool.processes import wait_until

if TYPE_CHECKING:
    from alerts.models import ReceivedAlert
    from benchmarks._hub import HeldAgency
    from peers.models import Agency

NEEDS_HUB = True
COUNT = int(os.environ.get("BENCH_CATCH_UP", "1000"))
A_BATCH = 100
SECONDS_EACH = 10
"""Longer than an alert takes, even on a busy machine."""


class Costs:
    """The processor time used by the desk-worker, led by process `leader`, and by the database server."""

    def __init__(self, leader: int) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self._backend = cursor.fetchone()[0]
        self.leader = leader

    def so_far(self) -> tuple[float, float]:
        """Return the processor seconds of desk-worker and database server."""
        return processor_seconds(self.leader), database_seconds(self._backend)


def main() -> None:
    set_up_every_app()
    from benchmarks import _hub

    sender, _ = _hub.found_agencies("away", 2)
    reader = _hub.found_hosted_agency("away")
    _hub.join([sender.id, reader.pk])
    with tempfile.TemporaryDirectory() as folder:
        backlog = Backlog(Path(folder), PQ1, WATCHED)
        for name, documents in {"catch up bare": [_hub.ALERT] * COUNT, "catch up": _full()}.items():
            floor, _ = watch_backlog(backlog)
            _measure(f"{name} {COUNT}", sender, reader, documents, floor)


def _measure(
    name: str, sender: "HeldAgency", reader: "Agency", documents: Sequence[Mapping[str, Any]], floor: float
) -> None:
    from benchmarks import _hub
    from science.law.reevaluating import waits_for_judging

    costs = Costs(int(os.environ["DESK_WORKER_PID"]))
    _hub.wait_until_followed()
    with _away(costs.leader):
        _send(sender, reader, documents)
    began, before = time.perf_counter(), costs.so_far()
    _wait_for(lambda: _is_followed(reader), "the feed's end")
    taken, after = time.perf_counter() - began, costs.so_far()
    _require_filed(reader, documents)
    _wait_for(lambda: not _unread(reader), "every alert to be read")
    read = time.perf_counter() - began
    _require_read(reader, documents)
    processor, database = (now - then for now, then in zip(after, before, strict=True))
    report(name, COUNT / taken, floor, unit="alerts/s")
    report(f"{name} processor", COUNT / processor, floor, unit="alerts/s")
    report(f"{name} with database", COUNT / (processor + database), floor, unit="alerts/s")
    report(f"{name} read", COUNT / read, floor, unit="alerts/s")
    if any(document.get("structure") for document in documents):
        _wait_for(lambda: not waits_for_judging(), "every structure to be judged")
        report(f"{name} judged", COUNT / (time.perf_counter() - began), floor, unit="alerts/s")


def _full() -> list[dict[str, Any]]:
    """Return documents as a desk writes them; each names another substance than the one before."""
    from alerts.document.building import build_document
    from substances.similarity_search import read_reference

    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    known = read_reference()
    return [
        build_document(
            {
                **texts.VAPE_LIQUID,
                "event_date": yesterday,
                "title": f"Case {number}",
                "preferred_name": row["name"],
                "structure": row["smiles"],
                "inchikey": row["inchikey"],
                "formula": "",
            }
        )
        for number, row in ((number, known[number % len(known)]) for number in range(COUNT))
    ]


@contextmanager
def _away(leader: int) -> Iterator[None]:
    """Stop the desk-worker and its children during the block."""
    os.killpg(leader, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(leader, signal.SIGCONT)


def _send(sender: "HeldAgency", reader: "Agency", documents: Sequence[Mapping[str, Any]]) -> None:
    from benchmarks import _hub

    for begin in range(0, len(documents), A_BATCH):
        for sealed in _hub.seal_documents(sender, [reader], documents[begin : begin + A_BATCH]):
            _hub.submit(sender, sealed)
        _hub.wait_until_numbered()


def _is_followed(reader: "Agency") -> bool:
    from peers.models import FeedCursor
    from sharing.models import FeedHead

    place = FeedCursor.objects.filter(reader=reader.pk).values_list("number", flat=True).first()
    with at_the_exchange():
        return place == FeedHead.objects.values_list("last", flat=True).get(pk=reader.pk)


def _newest(reader: "Agency", documents: Sequence[Mapping[str, Any]]) -> "list[ReceivedAlert]":
    from alerts.models import ReceivedAlert

    return list(ReceivedAlert.objects.filter(agency=reader).order_by("-number")[: len(documents)])


def _require_filed(reader: "Agency", documents: Sequence[Mapping[str, Any]]) -> None:
    """Check that the newest alerts are here, each of its own envelope, and none was refused."""
    filed = {row.md for row in _newest(reader, documents) if not row.unopenable}
    assert len(filed) == len(documents), (len(filed), len(documents))


def _unread(reader: "Agency") -> bool:
    from alerts.models import ReceivedAlert

    return ReceivedAlert.objects.filter(agency=reader, derived_at=None).exists()


def _require_read(reader: "Agency", documents: Sequence[Mapping[str, Any]]) -> None:
    """Check that the newest alerts have been opened and have a card."""
    read = [row for row in _newest(reader, documents) if row.card is not None and not row.unopenable]
    assert len(read) == len(documents), (len(read), len(documents))


def _wait_for(holds: Callable[[], bool], what: str) -> None:
    wait_until(holds, what, timeout_seconds=60 + COUNT * SECONDS_EACH)


if __name__ == "__main__":
    main()
