# SPDX-License-Identifier: Apache-2.0
"""A release at the desk: from the press of the button on a checked alert until the desk shows the ledger's receipt.

- The releaser's session presses over HTTP (`answered`: the press itself), the first recipient's system polls its feed until the
  alert is there (`delivered`: it has its receipt), and the releaser's session reads the alert with its place in the ledger.
- Desk, sequencer and all other processes run; a round begins when they have no work left. The desk seals in PQ1 only.
- The recipients hold their own keys, so that nobody on this machine opens the alert, and have no officers, so that no mail is
  sent.
- The floor is what no desk can leave out, done in this process just before the press: the same document sealed in PQ1 for as
  many recipients with keys in memory, the sealed octets put into one row, and a commit.
"""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psycopg

from accord.calls.exchange import Exchange
from accord.client.session import connect_http
from accord.envelope.keys import PQ1
from benchmarks._agencies import World
from benchmarks._figures import report_ms
from demo import alerts as texts
from demo.cast import Cast
from demo.desk import DeskSession
from demo.ownership import set_up_every_app
from devtool.processes import wait_until

NEEDS_HUB = True
SIZES = (3, 20)
ROUNDS = 30
CALLS = 5
ORIGINATOR = "xa-lab"
PAUSE_SECS = 0.005
PATIENCE_SECS = 60
CREATE = "CREATE TABLE IF NOT EXISTS bench_sealed (octets bytea NOT NULL)"
INSERT = "INSERT INTO bench_sealed (octets) VALUES (%s)"


@dataclass
class Taken:
    """The seconds of every round."""

    answered: list[float] = field(default_factory=list)
    delivered: list[float] = field(default_factory=list)
    shown: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)


def main() -> None:
    set_up_every_app()
    from alerts.document.building import build_document
    from benchmarks import _hub

    agencies = _hub.found_agencies("release", max(SIZES))
    peers = [agency.id for agency in agencies]
    _hub.join([ORIGINATOR, *peers])
    introduce(peers)
    system = connect_http(os.environ["EXCHANGE_URL"], agencies[0].api_key.removeprefix("Api-Key "))
    cast = Cast()
    author, releaser = cast.officer("ilka"), cast.officer("benno")
    data, world = fields(), World(max(SIZES))
    document, taken = build_document(data), {size: Taken() for size in SIZES}
    with psycopg.connect(os.environ["BENCH_OWNER_URL"]) as rows:
        rows.execute(CREATE)
        rows.commit()
        for number in range(1 + ROUNDS):
            for size, times in taken.items():
                path, etag = check(author, releaser, data | {"recipients": peers[:size]})
                _wait_until_quiet()
                floor = _time(partial(_seal_and_keep, world, size, document, rows))
                seconds = _release(releaser, path, etag, system)
                # The first round warms up everything.
                if number:
                    times.floor.append(floor)
                    times.answered.append(seconds[0])
                    times.delivered.append(seconds[1])
                    times.shown.append(seconds[2])
    system.close()
    for size, times in taken.items():
        _report(f"release {size}", times)


def introduce(peers: Sequence[str]) -> None:
    """Record that two officers of the originator have compared every fingerprint."""
    from django.utils import timezone

    from alerts.peers.comparing import compare_fingerprints, may_compare
    from officers.models import Officer
    from peers.models import Agency

    roots = dict(Agency.objects.filter(pk__in=peers).values_list("pk", "root_fingerprint"))
    officers = Officer.objects.select_related("agency").filter(agency=ORIGINATOR, is_active=True)
    for officer in [each for each in officers.order_by("email") if may_compare(each)][:2]:
        compare_fingerprints(officer, roots, now=timezone.now())


def fields() -> dict[str, Any]:
    """Return an alert with a structure and without files."""
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    return {**texts.VAPE_LIQUID, "event_date": yesterday, "recipients": []}


def check(author: DeskSession, releaser: DeskSession, data: dict[str, Any]) -> tuple[str, str]:
    """Have one officer write an alert and another check it; return its path and tag."""
    draft = author.post("/alerts", {"data": data})
    path = f"/alerts/{draft['id']}"
    author.post(f"{path}/submit", etag=draft["etag"])
    submitted = releaser.get(path)
    will = {row["agency"] for row in submitted["preview"]["items"] if row["will"]}
    assert will == set(data["recipients"]), submitted["preview"]["items"]
    seen = {"preview": submitted["preview"]["digest"]}
    return path, releaser.post(f"{path}/validate", seen, etag=submitted["etag"])["etag"]


def _wait_until_quiet() -> None:
    """Return once no process has work left from earlier alerts."""
    from benchmarks import _hub
    from science.law.reevaluating import waits_for_judging

    _hub.wait_until_followed()
    wait_until(lambda: not waits_for_judging(), "structures to be judged", timeout_seconds=PATIENCE_SECS)


def _release(releaser: DeskSession, path: str, etag: str, system: Exchange) -> tuple[float, float, float]:
    """Return the seconds from the press until it is answered, until delivery, and until the receipt is shown."""
    place = str(system.inbox(after="0", limit=1).head)
    began = time.perf_counter()
    releaser.post(f"{path}/release", etag=etag)
    answered = time.perf_counter() - began
    wait_until(
        lambda: bool(system.inbox(after=place, limit=1).items),
        "the alert in the feed",
        timeout_seconds=PATIENCE_SECS,
        pause_seconds=PAUSE_SECS,
    )
    delivered = time.perf_counter() - began
    wait_until(
        lambda: releaser.get(path)["log_index"] is not None,
        "the receipt at the desk",
        timeout_seconds=PATIENCE_SECS,
        pause_seconds=PAUSE_SECS,
    )
    return answered, delivered, time.perf_counter() - began


def _seal_and_keep(
    world: World, size: int, document: dict[str, Any], rows: psycopg.Connection[tuple[Any, ...]]
) -> None:
    sealed = world.seal(PQ1, size, document)
    rows.execute(INSERT, [sealed.manifest + sealed.jwe])
    rows.commit()


def _time(work: Callable[[], object]) -> float:
    """Return the median of several calls, so that a cold first one does not count."""
    taken = []
    for _ in range(CALLS):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def _report(name: str, times: Taken) -> None:
    floor = statistics.median(times.floor)
    for what, seconds in (
        ("", times.shown),
        (" delivered", times.delivered),
        (" answered", times.answered),
    ):
        report_ms(f"{name}{what}", statistics.median(seconds), floor)
        report_ms(f"{name}{what} p95", _p95(seconds), floor)


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


if __name__ == "__main__":
    main()
