# SPDX-License-Identifier: Apache-2.0
"""The operator's login: no row of a desk, no envelope, no working key; its rights stand in `hub/rights.py`."""

from collections.abc import Generator

import psycopg
import pytest
from django.apps import apps
from django.db import connection
from psycopg import errors, sql

from agencies.models import Agency
from tests.agencies.world import hosted_agency
from tests.services import surroundings

DESK = (
    "alerts",
    "casework",
    "desk",
    "notices",
    "officers",
    "peers",
    "science",
    "substances",
    "vault",
    "mfa",
    "sessions",
    "account",
)
SEALED = ("sharing_envelope", "sharing_blob", "sharing_statement", "agencies_firstapikey")
KEY = (
    "INSERT INTO agencies_apikey (prefix, digest, agency_id, client, scopes, networks, created_at, created_by, expires_at,"
    " is_entry, line, stated_in) VALUES ('aaaaaaaaaaaa', '\\x00', 'xa-lab', 'c', '{feed:read}', '{}', now(), 'o',"
    " now() + interval '1 day', %s, 'aaaaaaaaaaaa', '')"
)


@pytest.fixture
def agency(transactional_db: None) -> Agency:
    return Agency.objects.get(pk=hosted_agency("xa-lab").pk)


@pytest.fixture
def opened(agency: Agency) -> Generator[psycopg.Connection]:
    world = surroundings().world_on(connection.settings_dict["NAME"])
    with psycopg.connect(world.database_urls["operator"], autocommit=True) as as_operator:
        yield as_operator


def test_no_table_of_a_desk_is_read(opened: psycopg.Connection) -> None:
    tables = [
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        # The desk's mirror of agencies is still the exchange's own table.
        if model._meta.app_label in DESK and model._meta.db_table != Agency._meta.db_table
    ]
    assert len(tables) > 40
    assert [table for table in [*tables, *SEALED] if _is_read(opened, table)] == []


def _is_read(opened: psycopg.Connection, table: str) -> bool:
    try:
        opened.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(table)))
    except errors.InsufficientPrivilege:
        return False
    return True


def test_a_working_key_is_made_by_no_statement(opened: psycopg.Connection) -> None:
    with pytest.raises(errors.InsufficientPrivilege, match="handles keys for entering alone"):
        opened.execute(KEY, [False])
    opened.execute(KEY, [True])
    with pytest.raises(errors.InsufficientPrivilege):
        opened.execute("UPDATE agencies_apikey SET is_entry = false")
    with pytest.raises(errors.InsufficientPrivilege):
        opened.execute("UPDATE agencies_apikey SET digest = '\\x01'")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE agencies_agency SET root_fingerprint = repeat('a', 64)",
        "UPDATE agencies_agency SET custody = 'hub'",
        "UPDATE agencies_agency SET name = 'Evil'",
        "INSERT INTO agencies_keyset (agency_id) VALUES ('xa-lab')",
        "UPDATE sharing_agreementversion SET ceiling = 'RED'",
        "DELETE FROM sharing_agreementparty",
        "UPDATE sharing_lanesuspension SET lifted_at = now()",
        "UPDATE sharing_delivery SET recipient_id = 'xa-lab'",
        "DELETE FROM ledger_auditevent",
        "INSERT INTO ledger_leaf (index) VALUES (1)",
        "INSERT INTO ledger_checkpoint (size) VALUES (1)",
        "SET ROLE accord_desk",
    ],
)
def test_nothing_else_of_the_exchange_is_changed(opened: psycopg.Connection, statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        opened.execute(sql.SQL(statement))
