# SPDX-License-Identifier: Apache-2.0
"""Holders of one role's login try acts that were once possible: the database itself refuses each."""

from collections.abc import Generator

import psycopg
import pytest
from django.db import IntegrityError, connection
from psycopg import errors

from officers.models import Officer
from tests.agencies.world import enrol, hosted_agency
from tests.services import surroundings

BLIND = ("exchange", "exchange-worker", "mailer", "sequencer")
SIGN_IN = {
    "signing in as an officer by another hash": "UPDATE officers_officer SET password = 'argon2$x'",
    "a second factor of one's own": "UPDATE mfa_authenticator SET data = '{}'",
    "no second factor": "DELETE FROM mfa_authenticator",
    "a session of one's own": "INSERT INTO django_session (session_key, session_data, expire_date)"
    " VALUES ('k', 'x', now() + interval '1 day')",
    "a record of a sign-in": "INSERT INTO officers_officersession (id) VALUES (gen_random_uuid())",
    "a link that sets a password": "INSERT INTO officers_accountlink (digest) VALUES ('d')",
}
POWER = {
    "a new releaser": "INSERT INTO officers_officer (id, public_id, email, full_name, agency_id, roles, is_active)"
    " VALUES (gen_random_uuid(), 'p', 'e@x.example', 'E', 'xa-lab', '{releaser}', true)",
    "a role": "UPDATE officers_officer SET roles = '{agency_admin}'",
    "another's colleague": "UPDATE officers_officer SET agency_id = 'xa-lab'",
    "a disabled officer enabled": "UPDATE officers_officer SET is_active = true",
    "four eyes off": "UPDATE officers_agencypolicy SET four_eyes = false",
    "no second factor demanded": "UPDATE officers_agencypolicy SET mfa_required_roles = '{}'",
    "audit kept for a day": "UPDATE officers_agencypolicy SET audit_keep_days = 1",
    "a looser ceiling": "UPDATE officers_agencypolicy SET role_ceilings = '{}'",
    "another custody": "UPDATE agencies_agency SET custody = 'agency'",
    "a new agency": "INSERT INTO agencies_agency (id, name) VALUES ('xz-evil', 'Evil')",
}
HISTORY = {
    "a changed keyset": "UPDATE agencies_keyset SET jws = '{}'",
    "a removed revocation": "DELETE FROM agencies_revocation",
    "a changed envelope": "UPDATE sharing_envelope SET iss_id = 'xa-lab'",
    "a changed statement": "UPDATE sharing_statement SET jws = '{}'",
    "a delivery to somebody else": "UPDATE sharing_delivery SET recipient_id = 'xa-lab'",
    "a removed audit event": "DELETE FROM ledger_auditevent",
    "a changed leaf": "UPDATE ledger_leaf SET data = ''",
    "an emptied table": "TRUNCATE officers_officer CASCADE",
    "the vault's secrets": "SELECT wrapped FROM vault_vaultsecret",
    "drafts": "SELECT sealed FROM alerts_alertrevision",
    "a table of one's own": "CREATE TABLE public.mine (id int)",
    "a temporary table": "CREATE TEMPORARY TABLE mine (id int)",
    "a trigger taken away": "ALTER TABLE ledger_leaf DISABLE TRIGGER ALL",
    "another login": "SET ROLE accord_desk",
}
KEYSET = (
    "INSERT INTO agencies_keyset (agency_id, version, od, succession, jws, root_fingerprint, custody, low, iat, exp, rows,"
    " accepted_at) VALUES ('xa-lab', 9, 'o', 'same', '\\x00', 'f', 'hub', 'EC1', 1, 2, '[]', now())"
)


@pytest.fixture
def officer(transactional_db: None) -> Officer:
    return enrol(hosted_agency("xa-lab"), "author")


@pytest.fixture
def opened(request: pytest.FixtureRequest, officer: Officer) -> Generator[psycopg.Connection]:
    """A connection under the login of the role that the test names."""
    world = surroundings().world_on(connection.settings_dict["NAME"])
    with psycopg.connect(world.database_urls[request.param], autocommit=True) as as_thief:
        yield as_thief


@pytest.mark.parametrize("opened", BLIND, indirect=True)
def test_a_blind_role_gets_no_power_and_changes_no_history(opened: psycopg.Connection) -> None:
    went_through = [
        what for what, tried in (SIGN_IN | POWER | HISTORY).items() if not _is_refused(opened, tried)
    ]
    assert went_through == []


@pytest.mark.parametrize(
    "opened", ["exchange-worker", "mailer", "sequencer", "desk-worker", "desk"], indirect=True
)
def test_a_keyset_is_planted_by_nobody_who_takes_none_in(opened: psycopg.Connection) -> None:
    assert _is_refused(opened, KEYSET)


@pytest.mark.parametrize("opened", ["exchange"], indirect=True)
def test_custody_follows_a_stored_keyset_and_is_allowed_by_no_exchange(opened: psycopg.Connection) -> None:
    assert _is_refused(opened, "UPDATE agencies_agency SET custody_allowed = 'agency'")
    assert _is_refused(opened, "UPDATE agencies_agency SET custody = 'hub-own-root'")
    with connection.cursor() as owner:
        owner.execute(KEYSET.replace("'hub'", "'hub-own-root'"))
    assert opened.execute("UPDATE agencies_agency SET custody = 'hub-own-root'").rowcount == 1


@pytest.mark.parametrize("opened", ["desk-worker"], indirect=True)
def test_the_desk_worker_signs_nobody_in_and_adds_nobody(opened: psycopg.Connection) -> None:
    tried = SIGN_IN | {name: POWER[name] for name in ("a new releaser", "another custody", "a new agency")}
    assert [what for what, statement in tried.items() if not _is_refused(opened, statement)] == []


def test_a_primary_key_never_changes_whoever_asks(officer: Officer) -> None:
    with connection.cursor() as cursor:
        with pytest.raises(IntegrityError, match="the primary key of officers_officer never changes"):
            cursor.execute("UPDATE officers_officer SET id = gen_random_uuid()")
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
            " AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = pg_class.oid AND tgname = 'accord_primary_key')"
        )
        assert cursor.fetchall() == []


def _is_refused(opened: psycopg.Connection, statement: str) -> bool:
    try:
        opened.execute(statement)
    except errors.InsufficientPrivilege:
        return True
    except psycopg.Error:
        return False
    return False
