# SPDX-License-Identifier: Apache-2.0
"""Metrics of a web process for Prometheus, at an address of its own (`METRICS_LISTEN`); without one nothing listens.

They are ages, counts and totals over its half. No label ever holds a person, an agency, an address with an id, or
content: labels have only values from closed lists in this code.
"""

import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Max
from prometheus_client import CollectorRegistry, Counter, disable_created_metrics, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from accord.moments import moment_of
from callers import clock
from hub import halves
from hub.gauges import age, gauge
from ledger.models import Leaf
from ledger.proofs import pending_since

log = logging.getLogger(__name__)

disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY: Final = CollectorRegistry(auto_describe=False)
ANSWERS: Final = Counter(
    "accord_http_answers", "Answers by class of status: 2xx, 3xx, 4xx, 5xx.", ["status"], registry=REGISTRY
)

StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


def count_answers(application: Application) -> Application:
    """Wrap a WSGI application to count every answer by the class of its status, even one that no view has given."""

    def counted(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, *more: Any) -> Any:
            ANSWERS.labels(f"{status[:1]}xx").inc()
            return start_response(status, *more)

        return application(environ, start)

    return counted


def listen_for_prometheus(address: str) -> None:
    """Listen at `host:port` in a thread of its own, or nowhere where the address is empty."""
    if not address:
        return
    host, _, port = address.rpartition(":")
    try:
        start_http_server(int(port), host, REGISTRY)
    except OSError as refused:
        # The hub goes on; monitoring notices that nothing answers.
        log.error("METRICS_LISTEN: %s", refused.strerror)


class HubFacts(Collector):
    """Collector that reads the database at each request, and releases the connection."""

    def __init__(self) -> None:
        self._transactions = OldestTransaction(time.monotonic)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from _disks()
        facts: list[GaugeMetricFamily] = []
        try:
            facts += _facts(clock.now())
            facts.append(
                gauge(
                    "database_oldest_transaction_seconds",
                    "Since when the oldest writing transaction that this process has seen goes on.",
                    self._transactions.age_secs(),
                )
            )
            is_up = True
        except DatabaseError:
            is_up = False
        finally:
            connection.close()
        yield from facts if is_up else ()
        yield gauge("database_up", "Whether the database answered.", float(is_up))


class OldestTransaction:
    """Age of the oldest writing transaction, as far as this process has observed it.

    Its login may not see when others' transactions began, only the oldest number once a later one has ended; so it
    notes when it first saw that number.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._oldest, self._since = "", 0.0

    def age_secs(self) -> float:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_snapshot_xmin(s)::text, pg_snapshot_xmax(s)::text FROM pg_current_snapshot() s"
            )
            oldest, following = cursor.fetchone()
        if oldest == following:
            self._oldest = ""
            return 0.0
        if oldest != self._oldest:
            self._oldest, self._since = oldest, self._clock()
        return self._clock() - self._since


def _facts(now: datetime) -> Iterator[GaugeMetricFamily]:
    yield gauge("database_bytes", "What the database takes on its disk, without its log.", _database_bytes())
    yield gauge("log_oldest_seconds", "Oldest entry not logged yet.", age(pending_since(), now))
    newest = Leaf.objects.aggregate(newest=Max("t"))["newest"]
    if newest is not None:
        ahead = (moment_of(newest) - now).total_seconds()
        yield gauge("log_time_ahead_seconds", "Time of the newest leaf minus this clock.", ahead)
    if halves.is_of_the_exchange():
        from hub.exchange_metrics import exchange_facts

        yield from exchange_facts(now)
    else:
        from hub.desk_metrics import desk_facts

        yield from desk_facts(now)


def _disks() -> Iterator[GaugeMetricFamily]:
    free = GaugeMetricFamily("accord_disk_free_bytes", "Free room by what is kept there.", labels=["place"])
    for name, folder in (("temporary", tempfile.gettempdir()), ("spool", settings.SPOOL_DIR)):
        if folder:
            free.add_metric([name], shutil.disk_usage(folder).free)
    yield free


def _database_bytes() -> float:
    """Return the size of this database; free disk room and log size are visible only to superusers' programs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return float(cursor.fetchone()[0])


REGISTRY.register(HubFacts())
