# SPDX-License-Identifier: Apache-2.0
"""Every table has an entry in `hub/rights.py`, and every login has exactly the rights declared there.

The test reads the rights from the database's catalogue, and then tries each statement. `pytest -s` prints the whole matrix.
"""

import sys
from collections.abc import Iterator

import psycopg
import pytest
from django.apps import apps
from django.db import connection
from psycopg import sql

from callers.binding import bound_tables
from hub.grants import updated_columns
from hub.rights import EVERY, RIGHTS, Right
from hub.roles import LOGINS
from officers.visibility import SIGN_IN
from tests.services import surroundings

NOTHING = Right()
LIBRARY_TABLES = {"django_migrations"}


def test_every_table_has_an_entry() -> None:
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    missing = sorted((tables | LIBRARY_TABLES) - set(RIGHTS))
    assert not missing, f"hub/rights.py has no entry for {', '.join(missing)}"
    assert not sorted(set(RIGHTS) - tables - LIBRARY_TABLES), "hub/rights.py names tables that do not exist"


def test_an_entry_names_columns_that_exist() -> None:
    for model in apps.get_models(include_auto_created=True):
        columns = {field.column for field in model._meta.concrete_fields}
        for role, right in RIGHTS[model._meta.db_table].items():
            unknown = (right.select | right.update) - columns - EVERY
            assert not unknown, f"{model._meta.db_table}, {role}: no column {', '.join(sorted(unknown))}"


# The database's catalogue, compared with the declared rights.

_HELD = """
SELECT login, name,
    ARRAY(SELECT attname::text FROM unnest(columns) AS attname WHERE has_column_privilege(login, name, attname, 'SELECT')),
    has_table_privilege(login, name, 'INSERT'),
    ARRAY(SELECT attname::text FROM unnest(columns) AS attname WHERE has_column_privilege(login, name, attname, 'INSERT')),
    ARRAY(SELECT attname::text FROM unnest(columns) AS attname WHERE has_column_privilege(login, name, attname, 'UPDATE')),
    has_table_privilege(login, name, 'DELETE'),
    has_table_privilege(login, name, 'TRUNCATE') OR has_table_privilege(login, name, 'REFERENCES')
        OR has_table_privilege(login, name, 'TRIGGER') OR has_table_privilege(login, name, 'MAINTAIN'),
    columns::text[], key::text[]
FROM unnest(%s::text[]) AS login, (
    SELECT relname::text AS name, array_agg(attname ORDER BY attnum) AS columns,
        array_agg(attname) FILTER (WHERE attnum = ANY(indkey)) AS key
    FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_index ON indrelid = pg_class.oid AND indisprimary
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f') GROUP BY relname
) AS tables
"""
Held = tuple[str, str, frozenset[str], bool, frozenset[str], frozenset[str], bool, bool]


def _held_and_declared() -> Iterator[tuple[Held, Held]]:
    role_of = {login: role for role, login in LOGINS.items()}
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [list(role_of)])
        for login, table, read, adds, added, updated, deletes, more, columns, key in cursor.fetchall():
            right = RIGHTS.get(table, {}).get(role_of[login], NOTHING)
            yield (
                (login, table, frozenset(read), adds, frozenset(added), frozenset(updated), deletes, more),
                (
                    login,
                    table,
                    frozenset(columns if right.select >= EVERY else right.select),
                    right.insert,
                    frozenset(columns if right.insert else ()),
                    frozenset(updated_columns(right, columns, key or ())),
                    right.delete,
                    False,
                ),
            )


@pytest.mark.django_db
def test_every_login_holds_what_is_declared_and_nothing_else() -> None:
    pairs = list(_held_and_declared())
    for held, _ in sorted(pairs, key=lambda pair: (pair[0][1], pair[0][0])):
        sys.stdout.write(f"{_line(held)}\n")
    assert len(pairs) >= len(RIGHTS) * len(LOGINS)
    assert [held for held, declared in pairs if held != declared] == []


PROVES_A_PERSON = {
    "officers_officer": set(SIGN_IN),
    "mfa_authenticator": {"data"},
    "django_session": {"session_key", "session_data"},
    "officers_accountlink": {"digest"},
}
SIGN_IN_OR_BIND = {"desk", "desk-worker"}
"""The desk signs people in; the desk-worker gives and takes roles, for which it renews the code of the whole row."""


@pytest.mark.django_db
def test_what_proves_a_person_is_read_only_where_people_sign_in_or_rows_are_bound() -> None:
    others = {login for role, login in LOGINS.items() if role not in SIGN_IN_OR_BIND}
    held = [pair[0] for pair in _held_and_declared()]
    assert {table for _, table, *_ in held} >= set(PROVES_A_PERSON)
    readable = [
        (login, table, column)
        for login, table, read, *_ in held
        if login in others
        for column in read & PROVES_A_PERSON.get(table, set())
    ]
    assert readable == []


def test_a_new_column_of_an_officer_is_told_or_belongs_to_signing_in() -> None:
    columns = {field.column for field in apps.get_model("officers", "Officer")._meta.concrete_fields}
    assert RIGHTS["officers_officer"]["mailer"].select == columns - set(SIGN_IN)


def _line(held: Held) -> str:
    login, table, read, adds, _, updated, deletes, _ = held
    words = ["SELECT"] * bool(read) + ["INSERT"] * adds + ["DELETE"] * deletes
    if updated:
        words.append(f"UPDATE {', '.join(sorted(updated))}")
    return f"{table:32} {login:20} {'; '.join(words) or '-'}"


@pytest.mark.django_db
def test_nobody_else_holds_anything() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class, aclexplode(relacl) AS acl LEFT JOIN pg_roles ON pg_roles.oid = grantee"
            " WHERE relnamespace = 'public'::regnamespace AND grantee <> relowner"
            " AND (rolname IS NULL OR rolname <> ALL(%s))",
            [list(LOGINS.values())],
        )
        assert cursor.fetchall() == []
        cursor.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = ANY(%s)",
            [list(LOGINS.values())],
        )
        assert cursor.fetchone() == (0,)


@pytest.mark.django_db
def test_what_is_made_later_is_out_of_reach_until_it_is_declared() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE later (id bigserial PRIMARY KEY)")
        cursor.execute("CREATE FUNCTION later() RETURNS integer LANGUAGE sql AS 'SELECT 1'")
        for login in LOGINS.values():
            cursor.execute(
                "SELECT has_table_privilege(%s, 'later', 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE'),"
                " has_sequence_privilege(%s, 'later_id_seq', 'USAGE, SELECT, UPDATE'),"
                " has_function_privilege(%s, 'later()', 'EXECUTE')",
                [login] * 3,
            )
            assert cursor.fetchone() == (False, False, False), login


# Every statement on every table from every login, really tried and refused unless it is declared.


@pytest.mark.django_db
@pytest.mark.parametrize("role", LOGINS)
def test_every_statement_that_is_not_declared_is_refused(role: str) -> None:
    url = surroundings().world_on(connection.settings_dict["NAME"]).database_urls[role]
    with psycopg.connect(url) as opened:
        tried = [
            (table, what, declared, _is_allowed(opened, statement))
            for table, what, statement, declared in _statements(role)
        ]
    assert len(tried) > 400
    assert [attempt[:2] for attempt in tried if attempt[2] != attempt[3]] == []


def _statements(role: str) -> Iterator[tuple[str, str, sql.Composed, bool]]:
    """Yield table, words, statement and whether it is declared; undo what one of them adds."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [[LOGINS[role]]])
        rows = cursor.fetchall()
    for _, table, *_, columns, key in rows:
        right = RIGHTS.get(table, {}).get(role, NOTHING)
        updated, name = updated_columns(right, columns, key or ()), sql.Identifier(table)
        for column in columns:
            named = sql.Identifier(column)
            is_read = right.select >= EVERY or column in right.select
            yield table, f"SELECT {column}", sql.SQL("SELECT {} FROM {} LIMIT 0").format(named, name), is_read
            change = sql.SQL("UPDATE {} SET {} = DEFAULT WHERE false").format(name, named)
            yield table, f"UPDATE {column}", change, column in updated
            add = sql.SQL("INSERT INTO {} ({}) VALUES (DEFAULT)").format(name, named)
            yield table, f"INSERT {column}", add, right.insert
        yield table, "DELETE", sql.SQL("DELETE FROM {} WHERE false").format(name), right.delete
        yield table, "TRUNCATE", sql.SQL("TRUNCATE {}").format(name), False
        lock = sql.SQL("SELECT FROM {} WHERE false FOR UPDATE").format(name)
        yield table, "FOR UPDATE", lock, bool(updated)


def _is_allowed(opened: psycopg.Connection, statement: sql.Composed) -> bool:
    try:
        opened.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        return False
    except psycopg.Error:
        return True
    finally:
        opened.rollback()
    return True


def test_the_desk_may_write_the_code_of_every_row_that_carries_one() -> None:
    """Rotation of the key-encryption key runs under the desk's login and renews every code."""
    tables = {table.name: RIGHTS[table.name].get("desk", NOTHING) for table in bound_tables()}
    missing = sorted(name for name, right in tables.items() if not {"mac", *EVERY} & right.update)
    assert not missing
