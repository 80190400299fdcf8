# SPDX-License-Identifier: Apache-2.0
"""Every table is dumped, as a thief of the database would, and searched for words that only a reader may know."""

from typing import Any

import pytest
from django.contrib import admin
from django.db import connection

from alerts.boxes.outbox import read_sent
from alerts.boxes.search import Query, search_alerts
from alerts.drafting.drafts import attach_file, save_revision
from alerts.models import (
    Alert,
    AlertRevision,
    CardToken,
    DraftAttachment,
    ReceivedAlert,
)
from alerts.receiving.opening import open_alert
from alerts.review.validation import return_alert
from tests.alerts.conftest import Desks

SECRETS = (
    "Zebrafish warehouse",
    "Quagga narrative",
    "okapi-substance",
    "VMZUTJCNQWMAGF",
    "ibex-exhibit",
    "kudu-file.txt",
    "eland bytes",
    "bongo reason",
    "topi note",
)


def dump() -> bytes:
    """Return every row of every table as text, binary columns as raw octets."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - names from the catalogue
            for row in cursor.fetchall():
                found += [bytes(v) if isinstance(v, memoryview | bytes) else str(v).encode() for v in row]
    return b"\n".join(found)


def test_no_table_holds_a_word_of_any_alert(desks: Desks) -> None:
    hub, lab = desks.hub, desks.lab
    content: dict[str, Any] = {
        "title": "Zebrafish warehouse",
        "narrative": "Quagga narrative",
        "preferred_name": "okapi-substance",
        "exhibit_no": "ibex-exhibit",
        "recipient_reasons": {desks.health.id: "bongo reason"},
    }
    draft = desks.draft(**content)
    attach_file(lab.author, draft, base=1, filename="kudu-file.txt", data=b"eland bytes", now=hub.now)
    return_alert(lab.releaser, desks.submitted(**content), reason="topi note", now=hub.now)
    row = desks.received(**content)
    open_alert(desks.health.reader, row, reason="on_duty", now=hub.now)
    read_sent(lab.reader, Alert.objects.get(md=row.md), now=hub.now)
    search_alerts(desks.health.reader, Query("Zebrafish warehouse"), now=hub.now)
    save_revision(lab.author, draft, data={"place_region": "Zebrafish warehouse"}, base=2, now=hub.now)

    rows = dump()
    assert b"xa-lab" in rows and row.reference.encode() in rows
    assert [word for word in SECRETS if word.encode() in rows] == []


@pytest.mark.parametrize(
    "model", [Alert, AlertRevision, DraftAttachment, ReceivedAlert, CardToken], ids=lambda m: m.__name__
)
def test_no_sealed_model_is_registered_with_the_admin(model: type) -> None:
    assert not admin.site.is_registered(model)
