# SPDX-License-Identifier: Apache-2.0
"""Two database logins: the owner migrates, the application reads and writes what the table allows."""

from typing import Any

from django.conf import settings
from django.db import connections

from hub.act_rights import grant_acts
from hub.roles import INSERT_ONLY_TABLES, ROLES


def apply_after_migrate(using: str = "default", **_: Any) -> None:
    """Grants the application's login its rights after each migrate; a missing login is left to the operator."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [settings.DB_APP_LOGIN])
        if cursor.fetchone() is None:
            return
        login = connections[using].ops.quote_name(settings.DB_APP_LOGIN)
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {login}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {login}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {login}")
        grant_acts(cursor, dict.fromkeys(ROLES, settings.DB_APP_LOGIN))
        present = set(connections[using].introspection.table_names(cursor))
        for table in present & set(INSERT_ONLY_TABLES):
            cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {login}")
