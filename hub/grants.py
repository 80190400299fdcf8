# SPDX-License-Identifier: Apache-2.0
"""Grants of the logins of a half: after each `migrate` they get what `hub/rights.py` declares for its database, and nothing else.

The owner migrates; each role works under a login of its own, which whoever runs the server makes with its password. The
other half's logins cannot even connect.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.core.management.base import CommandError
from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from hub.act_rights import grant_acts
from hub.halves import logins_here
from hub.rights import EVERY, RIGHTS, Right
from hub.roles import ROLES

Columns = dict[str, tuple[str, ...]]

# UPDATE on a primary key is the right to lock rows (`hub.rights.Right.lock`), never to change the key.
_KEEP_KEY = """
CREATE OR REPLACE FUNCTION accord_refuse_new_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the primary key of % never changes', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$
"""
# An operator admits agencies and gives nobody a working key (`agencies.entrykeys`), neither by its pages nor by SQL.
_ENTRY_KEYS = """
CREATE OR REPLACE FUNCTION accord_refuse_working_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = {login} AND NOT NEW.is_entry THEN
        RAISE EXCEPTION '% handles keys for entering alone', current_user USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER accord_entry_keys BEFORE INSERT OR UPDATE ON agencies_apikey
    FOR EACH ROW EXECUTE FUNCTION accord_refuse_working_key();
"""
# The exchange accepts a keyset that names another custody once an operator has allowed it (`agencies.moving`), and
# cannot allow one itself. After a restore that lost the permission, the keyset that the log has is stored, and names
# the custody.
_CUSTODY = """
CREATE OR REPLACE FUNCTION accord_refuse_custody() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = {login} AND (
        NEW.custody_allowed NOT IN (OLD.custody_allowed, '')
        OR NEW.custody NOT IN (OLD.custody, OLD.custody_allowed)
        AND NOT EXISTS (SELECT FROM agencies_keyset WHERE agency_id = OLD.id AND custody = NEW.custody)
    ) THEN
        RAISE EXCEPTION '% changes custody to what an operator allowed or a stored keyset names', current_user
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER accord_custody BEFORE UPDATE ON agencies_agency
    FOR EACH ROW EXECUTE FUNCTION accord_refuse_custody();
"""
_MISUSED = """
SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND (
    rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls
    OR EXISTS (SELECT FROM pg_auth_members WHERE member = pg_roles.oid)
)
"""
_GRANTEES = """
SELECT DISTINCT pg_get_userbyid(acl.grantee) FROM pg_class, aclexplode(relacl) AS acl
WHERE relnamespace = 'public'::regnamespace AND acl.grantee NOT IN (0, relowner)
UNION SELECT DISTINCT pg_get_userbyid(acl.grantee)
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid, aclexplode(attacl) AS acl
WHERE relnamespace = 'public'::regnamespace AND acl.grantee NOT IN (0, relowner)
"""
_KEYS = """
SELECT relname, array_agg(attname::text ORDER BY attname) FROM pg_index
JOIN pg_class ON pg_class.oid = indrelid JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)
WHERE indisprimary AND relnamespace = 'public'::regnamespace GROUP BY relname
"""
_COLUMNS = """
SELECT table_name, array_agg(column_name::text) FROM information_schema.columns
WHERE table_schema = 'public' GROUP BY table_name
"""


def refuse_missing_logins(using: str = "default", **_: Any) -> None:
    """Raise CommandError, before anything is migrated, naming the logins that are missing or have too many rights."""
    logins = list(logins_here().values())
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [logins])
        missing = set(logins) - {name for (name,) in cursor.fetchall()}
        if missing:
            raise CommandError(
                f"The database has no login {', '.join(sorted(missing))}. Make each with CREATE ROLE ... LOGIN"
                " PASSWORD ..., then migrate again."
            )
        cursor.execute(_MISUSED, [logins])
        misused = sorted(name for (name,) in cursor.fetchall())
        if misused:
            raise CommandError(
                f"The login {', '.join(misused)} is a superuser, may make roles or databases, or is a member of another"
                " role. Take that away, then migrate again."
            )


def apply_after_migrate(using: str = "default", **_: Any) -> None:
    """Revoke every right, then grant what is declared; the login of an earlier version ends up with none."""
    logins = logins_here()
    with connections[using].cursor() as cursor:
        # Each trigger locks its table for a moment. After the grants, which hold rows of the catalogue, this could
        # deadlock with an autovacuum.
        _keep_keys(cursor, _by_table(cursor, _KEYS))
        _hold_operators_to_entry_keys(cursor)
        _hold_exchange_to_allowed_custody(cursor)
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        _take_away(cursor, connections[using].settings_dict["NAME"], logins)
        keys, columns = _by_table(cursor, _KEYS), _by_table(cursor, _COLUMNS)
        for table in sorted(set(RIGHTS) & set(columns)):
            for role in RIGHTS[table].keys() & logins.keys():
                for what in _privileges(RIGHTS[table][role], columns[table], keys.get(table, ())):
                    _run(cursor, f"GRANT {what} ON {{}} TO {{}}", table, logins[role])
        _grant_sequences(cursor, logins)
        grant_acts(cursor, logins)


def _hold_operators_to_entry_keys(cursor: CursorWrapper) -> None:
    if "agencies_apikey" in _by_table(cursor, _COLUMNS):
        cursor.execute(sql.SQL(_ENTRY_KEYS).format(login=sql.Literal(ROLES["operator"].login)))


def _hold_exchange_to_allowed_custody(cursor: CursorWrapper) -> None:
    if "agencies_agency" in _by_table(cursor, _COLUMNS):
        cursor.execute(sql.SQL(_CUSTODY).format(login=sql.Literal(ROLES["exchange"].login)))


def _take_away(cursor: CursorWrapper, database: str, logins: Mapping[str, str]) -> None:
    cursor.execute(_GRANTEES)
    everybody = sorted({name for (name,) in cursor.fetchall()} | set(logins.values()))
    names = [sql.Identifier(name) for name in everybody]
    grantees = sql.SQL(", ").join([sql.SQL("PUBLIC"), *names])
    for what in ("ALL TABLES IN", "ALL SEQUENCES IN", "ALL FUNCTIONS IN", ""):
        cursor.execute(sql.SQL(f"REVOKE ALL ON {what} SCHEMA public FROM {{}}").format(grantees))
    for kind in ("TABLES", "SEQUENCES", "FUNCTIONS"):
        cursor.execute(sql.SQL(f"ALTER DEFAULT PRIVILEGES REVOKE ALL ON {kind} FROM {{}}").format(grantees))
        cursor.execute(
            sql.SQL(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON {kind} FROM {{}}").format(
                grantees
            )
        )
    _run(cursor, "REVOKE ALL ON DATABASE {} FROM PUBLIC", database)
    for login in logins.values():
        _run(cursor, "GRANT CONNECT ON DATABASE {} TO {}", database, login)
        _run(cursor, "GRANT USAGE ON SCHEMA public TO {}", login)


def _by_table(cursor: CursorWrapper, statement: str) -> Columns:
    cursor.execute(statement)
    return {table: tuple(names) for table, names in cursor.fetchall()}


def _keep_keys(cursor: CursorWrapper, keys: Columns) -> None:
    """Put the trigger on every table that lacks it; a table that has it is not locked again."""
    cursor.execute(_KEEP_KEY)
    cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'accord_primary_key'")
    kept = {table for (table,) in cursor.fetchall()}
    for table in sorted(set(keys) - kept):
        _keep_key(cursor, table, keys[table])


def _keep_key(cursor: CursorWrapper, table: str, key: tuple[str, ...]) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, key))
    changed = sql.SQL(" OR ").join(
        sql.SQL("OLD.{0} IS DISTINCT FROM NEW.{0}").format(sql.Identifier(name)) for name in key
    )
    cursor.execute(
        sql.SQL(
            "CREATE TRIGGER accord_primary_key BEFORE UPDATE OF {} ON {} FOR EACH ROW WHEN ({})"
            " EXECUTE FUNCTION accord_refuse_new_key()"
        ).format(columns, sql.Identifier(table), changed)
    )


def _privileges(right: Right, columns: Iterable[str], key: Iterable[str]) -> Iterator[str]:
    """Yield the privileges of one login on one table in the form of GRANT."""
    if right.select:
        yield "SELECT" if right.select == EVERY else f"SELECT ({_quoted(right.select - EVERY)})"
    if right.insert:
        yield "INSERT"
    if right.delete:
        yield "DELETE"
    if updated := updated_columns(right, columns, key):
        yield f"UPDATE ({_quoted(updated)})"


def updated_columns(right: Right, columns: Iterable[str], key: Iterable[str]) -> set[str]:
    """Return the columns of a table on which a right gives UPDATE."""
    named = set(columns) - set(key) if right.update >= EVERY else set(right.update)
    return named | (set(key) if right.lock else set())


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(sql.Identifier(name).as_string(None) for name in sorted(names))


def _run(cursor: CursorWrapper, statement: str, *names: str) -> None:
    cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _grant_sequences(cursor: CursorWrapper, logins: Mapping[str, str]) -> None:
    """Grant the sequences of the tables to which a login may add rows."""
    cursor.execute(
        "SELECT sequences.relname, tables.relname FROM pg_class AS sequences"
        " JOIN pg_depend ON objid = sequences.oid AND deptype IN ('a', 'i')"
        " JOIN pg_class AS tables ON tables.oid = refobjid"
        " WHERE sequences.relkind = 'S' AND sequences.relnamespace = 'public'::regnamespace"
    )
    for sequence, table in cursor.fetchall():
        for role, right in RIGHTS.get(table, {}).items():
            if right.insert and role in logins:
                _run(cursor, "GRANT USAGE ON SEQUENCE {} TO {}", sequence, logins[role])
