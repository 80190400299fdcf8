# SPDX-License-Identifier: Apache-2.0
"""A second desk beside the one of a test, at the same exchange, with its own rows of all that a desk keeps.

Its tables stand in a schema of their own, with the grants of the first desk's.

    home = SecondDesk(settings)
    with home.entered():
        ...          # this process is the own desk now

The exchange's tables are those of the test. Ring, audit and broker are shared, which the processes of
`./dev drill homecoming` do not share.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from django.db import connection
from psycopg import sql
from pytest_django import Settings

OF_A_DESK: Final = (
    "account",
    "alerts",
    "mfa",
    "notices",
    "officers",
    "peers",
    "reciprocity",
    "science",
    "vault",
)
SCHEMA: Final = "second_desk"
_GRANTS_AS_IN_PUBLIC: Final = """
DO $$
DECLARE
    one record;
BEGIN
    GRANT USAGE ON SCHEMA second_desk TO PUBLIC;
    GRANT ALL ON ALL SEQUENCES IN SCHEMA second_desk TO PUBLIC;
    FOR one IN
        SELECT relname, '' AS part, privilege_type, grantee FROM pg_class, aclexplode(relacl)
        WHERE relnamespace = 'public'::regnamespace AND grantee NOT IN (0, relowner)
        UNION ALL
        SELECT relname, format('(%I)', attname), privilege_type, grantee
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid, aclexplode(attacl)
        WHERE relnamespace = 'public'::regnamespace AND grantee NOT IN (0, relowner)
    LOOP
        IF to_regclass(format('second_desk.%I', one.relname)) IS NOT NULL THEN
            EXECUTE format(
                'GRANT %s %s ON second_desk.%I TO %s',
                one.privilege_type, one.part, one.relname, one.grantee::regrole
            );
        END IF;
    END LOOP;
END
$$
"""


class SecondDesk:
    """A second desk, an own desk unless `is_own` is false; empty at first."""

    def __init__(self, settings: Settings, host: str = "desk.home.example", *, is_own: bool = True) -> None:
        self._settings, self._url, self._is_own = settings, f"https://{host}", is_own
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(SCHEMA)))
            for table in connection.introspection.table_names(cursor):
                if table.partition("_")[0] in OF_A_DESK:
                    name = sql.Identifier(table)
                    cursor.execute(
                        sql.SQL("CREATE TABLE {}.{} (LIKE public.{} INCLUDING ALL)").format(
                            sql.Identifier(SCHEMA), name, name
                        )
                    )
            cursor.execute(_GRANTS_AS_IN_PUBLIC)

    @contextmanager
    def entered(self) -> Generator[None]:
        """Be this desk for as long as the block lasts."""
        before = self._settings.OWN_DESK, self._settings.HUB_URL
        self._settings.OWN_DESK, self._settings.HUB_URL = self._is_own, self._url
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("SET search_path TO {}, public").format(sql.Identifier(SCHEMA)))
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SET search_path TO public")
            self._settings.OWN_DESK, self._settings.HUB_URL = before
