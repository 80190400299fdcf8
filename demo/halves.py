# SPDX-License-Identifier: Apache-2.0
"""Rows of each half of the running hub: those added by a step, and a search of every row for a word.

It reads both databases as the web process of each half may, and therefore only works where the hub runs on this machine.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import sql

ADDRESSES: Final = {"desk": "DATABASE_URL", "exchange": "EXCHANGE_DATABASE_URL"}
NAMES: Final = {
    "alerts_alert": "alert",
    "alerts_alertrevision": "sealed revision",
    "alerts_draftattachment": "sealed file",
    "alerts_heldenvelope": "envelope as it came",
    "alerts_receivedalert": "received alert with sealed card",
    "ledger_auditevent": "audit entry",
    "notices_notification": "notice",
    "peers_heldstatement": "verified statement",
    "peers_outgoing": "signed item to hand in",
    "peers_sentenvelope": "list of recipients",
    "sharing_blob": "encrypted file",
    "sharing_delivery": "delivery",
    "sharing_envelope": "encrypted envelope",
    "sharing_statement": "signed statement",
}
"""The names of a table's rows; rows of other tables are counted under none of them."""

_READABLE: Final = (
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    " AND has_table_privilege(oid, 'SELECT')"
)


@dataclass
class Half:
    """Rows of one half, counted by table."""

    name: str
    address: str
    known: Mapping[str, int]

    def grown(self) -> str:
        """Return in words what was added since the last call; `nothing` where nothing was."""
        before, self.known = self.known, _counts(self.address)
        new = {table: self.known[table] - before.get(table, 0) for table in NAMES if table in self.known}
        said = [f"{count} x {NAMES[table]}" for table, count in new.items() if count > 0]
        return ", ".join(said) or "nothing"

    def holds(self, *words: str) -> list[str]:
        """Return the tables with a row that contains one of the words, as text or as octets."""
        sought = [f"%{form}%" for word in words for form in (word, word.encode().hex())]
        with psycopg.connect(self.address, autocommit=True) as connection:
            return [table for table in _readable(connection) if _is_in(connection, table, sought)]


def halves_here() -> list[Half]:
    """Return both halves, where their database addresses are known."""
    found = {name: os.environ.get(variable, "") for name, variable in ADDRESSES.items()}
    if not all(found.values()):
        return []
    return [Half(name, address, _counts(address)) for name, address in found.items()]


def _counts(address: str) -> dict[str, int]:
    with psycopg.connect(address, autocommit=True) as connection:
        return {table: _count(connection, table) for table in _readable(connection) if table in NAMES}


def _readable(connection: psycopg.Connection) -> Iterator[str]:
    yield from sorted(table for (table,) in connection.execute(_READABLE).fetchall())


def _count(connection: psycopg.Connection, table: str) -> int:
    row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    return row[0] if row else 0


def _is_in(connection: psycopg.Connection, table: str, sought: list[str]) -> bool:
    statement = sql.SQL("SELECT EXISTS (SELECT FROM {0} WHERE {0}::text LIKE ANY (%s))")
    row = connection.execute(statement.format(sql.Identifier(table)), [sought]).fetchone()
    return bool(row and row[0])
