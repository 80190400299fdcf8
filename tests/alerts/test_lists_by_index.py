# SPDX-License-Identifier: Apache-2.0
"""Find what waits among very many alerts by an index made for it: no list reads through what nobody waits for.

With so few rows as in tests PostgreSQL would read them all; here it may not, and its plan names the index.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from accord.calls.agreements import AgreementAnswer
from accord.suspensions import Suspension
from alerts.boxes.arrivals import arrivals_stamp
from alerts.boxes.inbox import answer_overdue, still_to_acknowledge, unread_here
from alerts.models import Alert, ReceivedAlert
from alerts.peers.suspensions import Suspensions
from casework.arrivals import TASKS_STAMP
from peers.sent import awaited_of, envelopes_of

NOW = datetime(2026, 12, 1, tzinfo=UTC)
AGENCY = "xa-lab"
Rows = Callable[[], QuerySet[Any]]
HELD = Suspensions(
    AGENCY,
    (
        AgreementAnswer(
            "G1", "All", 1, "", (AGENCY, "xb-health", "xc-customs"), ("science", "trade"), "AMBER", (), 0, None, (), True, False,
        ),
    ),
    (
        Suspension(AGENCY, "xb-health", "science", 5, None),
        Suspension(AGENCY, "xc-customs", "science", 5, None),
        Suspension("xc-customs", AGENCY, "trade", 7, None),
    ),
).held  # fmt: skip


def received(**columns: object) -> QuerySet[ReceivedAlert]:
    return ReceivedAlert.objects.filter(agency_id=AGENCY, **columns)


BY_INDEX: dict[str, Rows] = {
    "sent_awaited": lambda: awaited_of(AGENCY).order_by("md").values("md"),
    "sent_questions": lambda: (
        envelopes_of(AGENCY).filter(reply_by__lte=NOW).order_by("-reply_by").values("md")
    ),
    "alert_second_look": lambda: Alert.objects.filter(
        agency_id=AGENCY, second_look_by__isnull=False, second_look_at=None
    ).order_by("second_look_by"),
    "received_flash": lambda: received(pri="flash").order_by("-number"),
    "received_unread": lambda: received().filter(unread_here()).order_by("-number"),
    "received_to_acknowledge": lambda: (
        received(ack_by__lte=NOW).filter(still_to_acknowledge()).order_by("ack_by", "number")
    ),
    "received_to_answer": lambda: (
        received().filter(answer_overdue(NOW) & ~HELD).order_by("answer_by", "number")
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("index", BY_INDEX)
def test_it_is_found_by_its_index(index: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
    assert f" {index} " in BY_INDEX[index]()[:51].explain()


@pytest.mark.django_db
def test_the_look_of_open_pages_reads_no_table_through() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        with CaptureQueriesContext(connection) as asked:
            arrivals_stamp(AGENCY, beside=[TASKS_STAMP], now=NOW)
        cursor.execute("EXPLAIN " + asked.captured_queries[0]["sql"].replace("%", "%%"))
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index" in plan and "Seq Scan" not in plan, plan
