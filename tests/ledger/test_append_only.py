# SPDX-License-Identifier: Apache-2.0
"""The database refuses changes of the ledger: to every login by triggers, to the application's by its rights."""

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from accord.envelope.encoding import object_digest
from ledger.audit import record_event
from ledger.models import Entry
from tests.ledger.bench import NOW, Bench
from tests.ledger.tampering import TABLES

CHANGES = {
    "UPDATE": "UPDATE {table} SET {column} = {column}",
    "an UPDATE of no row": "UPDATE {table} SET {column} = {column} WHERE false",
    "DELETE": "DELETE FROM {table}",
    "TRUNCATE": "TRUNCATE {table} CASCADE",
}
COLUMNS = dict(zip(TABLES, ("od", "data", "hash", "note", "reason"), strict=True))


def fill(bench: Bench) -> None:
    with transaction.atomic():
        record_event("test.run", actor="system:test", agency="", subject="ledger", now=NOW)
    bench.log(3)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("table", TABLES)
def test_even_the_owner_is_refused_by_a_trigger(bench: Bench, table: str, change: str) -> None:
    fill(bench)
    statement = change.format(table=table, column=COLUMNS[table])
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert bench.verify().audit_events == 1


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("table", TABLES)
def test_the_application_lacks_the_right(
    transactional_db: None,
    desk_connection: psycopg.Connection,
    table: str,
    change: str,
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        desk_connection.execute(change.format(table=table, column=COLUMNS[table]))


def test_the_application_may_read_and_append(
    transactional_db: None, desk_connection: psycopg.Connection
) -> None:
    od = object_digest("test", b"application")
    desk_connection.execute(
        "INSERT INTO ledger_entry (id, od, kind, agency, is_audit, created_at)"
        " VALUES (gen_random_uuid(), %s, 'x', '', false, %s)",
        [od, NOW],
    )
    assert desk_connection.execute("SELECT od FROM ledger_entry").fetchall() == [(od,)]


def test_the_application_cannot_disable_the_triggers(
    transactional_db: None, desk_connection: psycopg.Connection
) -> None:
    for statement in (
        "ALTER TABLE ledger_leaf DISABLE TRIGGER USER",
        "DROP TRIGGER ledger_append_only ON ledger_leaf",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            desk_connection.execute(statement)


def test_models_refuse_as_well(bench: Bench) -> None:
    bench.log()
    entry = Entry.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        entry.delete()
    entry.kind = "keyset"
    with pytest.raises(IntegrityError), transaction.atomic():
        entry.save()
