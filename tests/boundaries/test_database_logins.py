# SPDX-License-Identifier: Apache-2.0
"""The application's login can add to what must stay, and can neither change nor remove it."""

from typing import Any

import pytest
from django.db import connection

from hub.roles import INSERT_ONLY_TABLES

pytestmark = pytest.mark.django_db

RIGHTS = "SELECT has_table_privilege('accord_app', %s, %s)"


def _may(table: str, right: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(RIGHTS, [table, right])
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("table", INSERT_ONLY_TABLES)
def test_the_application_may_add_and_read(table: str) -> None:
    assert _may(table, "INSERT")
    assert _may(table, "SELECT")


@pytest.mark.parametrize("right", ["UPDATE", "DELETE", "TRUNCATE"])
@pytest.mark.parametrize("table", INSERT_ONLY_TABLES)
def test_the_application_may_not_change_or_remove(table: str, right: str) -> None:
    assert not _may(table, right)


def test_the_application_owns_no_table(django_db_setup: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE tableowner = 'accord_app'")
        assert cursor.fetchone()[0] == 0
