# SPDX-License-Identifier: Apache-2.0
"""Changes by somebody with full rights in the database, who gets around the triggers."""

from django.db import connection

TABLES = ("ledger_entry", "ledger_leaf", "ledger_node", "ledger_checkpoint", "ledger_auditevent")


def tamper(*statements: str) -> None:
    """Run SQL as the owner of the tables, with their triggers disabled."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
