# SPDX-License-Identifier: Apache-2.0
"""Rows that admit an officer carry a code (MAC): rows written, copied or moved by SQL sign nobody in and give no role."""

from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth import authenticate, get_user
from django.contrib.auth.hashers import make_password
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client, RequestFactory
from pytest_django import Settings

from callers.errors import AbsentError, NotBoundError
from ledger.models import AuditEvent
from officers.accountlinks import find_link, issue_link
from officers.accounts import change_roles, disable_officer
from officers.ceilings import ceiling_of
from officers.expiring_rows import AccountLink
from officers.login.attempts import FactorSource
from officers.login.backends import EmailBackend
from officers.login.demand import must_have_factor
from officers.login.errors import ProofRefusedError
from officers.login.factors import add_totp, check_code, factors_of, has_factor
from officers.login.resetting import mail_reset
from officers.models import AgencyPolicy, Officer
from officers.policy import change_policy
from officers.policy_in_force import Policy, altered_policies, policy_of
from officers.session_rows import OfficerSession
from peers.models import Agency
from tests.agencies.key_rings import followed_by, ring, without
from tests.agencies.world import NOW, PASSWORD, admit, enrol
from tests.pages.one_time_codes import code_of
from vault import services
from vault.errors import SealBrokenError
from vault.kek import held_ring

pytestmark = pytest.mark.django_db
SECRET, OTHER = "JBSWY3DPEHPK3PXP", "KRSXG5CTMVRXEZLU"
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def olga() -> Officer:
    return enrol(admit("xa-lab"), "reader", email="olga@xa-lab.example", password=PASSWORD)


@pytest.fixture
def dora(olga: Officer) -> Officer:
    return enrol(olga.agency, "releaser", email="dora@xa-lab.example", password="ein anderes kennwort 9")  # type: ignore[arg-type]


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def guess(officer: Officer, password: str = PASSWORD) -> object:
    return authenticate(RequestFactory().post("/login/"), username=officer.email, password=password)


def signed_in(officer: Officer) -> Client:
    client = Client()
    client.force_login(Officer.objects.get(pk=officer.pk), "officers.login.backends.EmailBackend")
    return client


CHANGES: dict[str, tuple[str, object]] = {
    "roles": ("roles = %s", ["releaser"]),
    "agency": ("agency_id = %s", None),
    "activity": ("is_active = %s", True),
    "address": ("email = %s", "somebody@xa-lab.example"),
    "name in statements": ("public_id = %s", "A" * 22),
    "end of sessions": ("session_salt = %s", "A" * 22),
    "password": ("password = %s", make_password(PASSWORD)),
    "second factors": ("factors = %s", [1]),
}


@pytest.mark.parametrize("what", CHANGES)
def test_an_officer_whose_row_was_changed_by_sql_is_nobody(olga: Officer, what: str) -> None:
    assignment, value = CHANGES[what]
    if what == "activity":
        disable_officer(enrol(olga.agency, "agency_admin"), olga, now=NOW)  # type: ignore[arg-type]
    assert (guess(olga) is None) == (what == "activity")
    sql(f"UPDATE officers_officer SET {assignment} WHERE email = %s", value, olga.email)  # noqa: S608
    olga.refresh_from_db()
    assert guess(olga) is None
    assert EmailBackend().get_user(olga.pk) is None


def test_an_officer_inserted_as_a_copy_of_another_is_nobody(olga: Officer, dora: Officer) -> None:
    names = [str(field.column) for field in Officer._meta.concrete_fields]
    changed = {"id": "gen_random_uuid()", "public_id": "reverse(public_id)", "email": "'x' || email"}
    columns, values = ", ".join(names), ", ".join(changed.get(name, name) for name in names)
    sql(
        f"INSERT INTO officers_officer ({columns}) SELECT {values} FROM officers_officer WHERE id = %s",  # noqa: S608
        olga.pk,
    )
    copy = Officer.objects.get(email=f"x{olga.email}")
    assert guess(copy) is None
    assert EmailBackend().get_user(copy.pk) is None


def test_the_running_session_of_a_changed_officer_ends(olga: Officer) -> None:
    client = signed_in(olga)
    assert user_of(client) == olga
    sql("UPDATE officers_officer SET roles = %s WHERE id = %s", ["agency_admin"], olga.pk)
    assert user_of(client) is None


def user_of(client: Client) -> Officer | None:
    request = RequestFactory().get("/")
    request.session = client.session
    found = get_user(request)
    return found if isinstance(found, Officer) else None


def test_no_admin_makes_a_changed_row_good_unknowingly(olga: Officer) -> None:
    admin = enrol(olga.agency, "agency_admin")  # type: ignore[arg-type]
    sql("UPDATE officers_officer SET password = %s WHERE id = %s", make_password("planted"), olga.pk)
    with pytest.raises(NotBoundError):
        change_roles(admin, olga, ["author"], now=NOW)
    assert guess(olga, "planted") is None


def test_what_the_program_changes_stays_bound(olga: Officer) -> None:
    admin = enrol(olga.agency, "agency_admin")  # type: ignore[arg-type]
    change_roles(admin, olga, ["author"], now=NOW)
    assert guess(olga) == olga


def test_a_weak_hash_is_renewed_and_the_row_stays_bound(olga: Officer) -> None:
    olga.refresh_from_db()
    olga.password = make_password(PASSWORD, hasher="argon2").replace("m=102400", "m=102401")
    weak = olga.password = _weaker_hash()
    olga.save(update_fields=["password"])
    assert guess(olga) == olga
    olga.refresh_from_db()
    assert olga.password != weak
    assert guess(olga) == olga


def _weaker_hash() -> str:
    from django.contrib.auth.hashers import Argon2PasswordHasher

    class Weak(Argon2PasswordHasher):
        time_cost = 1

    return Weak().encode(PASSWORD, "saltsaltsaltsalt")


# --- an agency's policy -----------------------------------------------------------------------------------------

POLICIES = {
    "four eyes": ("four_eyes = %s", False),
    "flash": ("flash_single_releaser = %s", True),
    "bare answers": ("bare_code_single_releaser = %s", True),
    "ceilings": ("role_ceilings = %s", '{"reader": "RED"}'),
    "case number": ("case_number_required = %s", True),
    "demanded factors": ("mfa_required_roles = %s", []),
    "audit": ("audit_keep_days = %s", 3650),
}


@pytest.mark.parametrize("what", POLICIES)
def test_a_policy_that_was_changed_by_sql_counts_for_nothing(
    olga: Officer, settings: Settings, what: str
) -> None:
    settings.MFA_DEMANDED = True
    assert ceiling_of(olga) is None and not must_have_factor(olga)
    assignment, value = POLICIES[what]
    sql(f"UPDATE officers_agencypolicy SET {assignment}", value)  # noqa: S608
    olga = Officer.objects.select_related("agency").get(pk=olga.pk)
    with pytest.raises(NotBoundError):
        policy_of(agency_of(olga))
    with pytest.raises(NotBoundError):
        ceiling_of(olga)
    assert must_have_factor(olga), "deny by default: of everybody"
    admin = enrol(agency_of(olga), "agency_admin")
    with pytest.raises(NotBoundError):
        change_policy(
            admin, agency_of(olga), Policy(True, False, False, {}, False, [], 1095), seen="", now=NOW
        )


def test_what_the_program_changes_of_an_agency_leaves_its_policy_bound(olga: Officer) -> None:
    agency = agency_of(olga)
    agency.status = "suspended"
    agency.save(update_fields=["status"])
    before = policy_of(Agency.objects.get(pk=agency.pk))
    assert altered_policies() == []
    admin = enrol(agency, "agency_admin")
    change_policy(admin, agency, replace(before, four_eyes=False), seen=before.digest, now=NOW)
    assert not policy_of(Agency.objects.get(pk=agency.pk)).four_eyes


def test_a_policy_that_was_taken_away_is_missed_and_not_begun_anew(olga: Officer) -> None:
    agency = agency_of(olga)
    sql("DELETE FROM officers_agencypolicy")
    with pytest.raises(NotBoundError):
        policy_of(Agency.objects.get(pk=agency.pk))
    enrol(agency, "reader")
    assert not AgencyPolicy.objects.exists()
    assert [row.pk for row in altered_policies()] == ["xa-lab"]
    run("bind_rows", "--agency", "xa-lab")
    assert policy_of(Agency.objects.get(pk=agency.pk)).four_eyes and altered_policies() == []


def agency_of(officer: Officer) -> Agency:
    assert officer.agency is not None
    return officer.agency


# --- second factors ---------------------------------------------------------------------------------------------


def with_codes(officer: Officer, secret: str) -> Officer:
    add_totp(officer, secret=secret, code=code_of(secret, NOW), now=NOW)
    return Officer.objects.get(pk=officer.pk)


def test_the_code_of_one_officer_does_not_pass_for_another_whose_column_was_overwritten(
    olga: Officer, dora: Officer
) -> None:
    olga, dora = with_codes(olga, SECRET), with_codes(dora, OTHER)
    sql(
        "UPDATE mfa_authenticator SET data = (SELECT data FROM mfa_authenticator WHERE user_id = %s AND type = 'totp')"
        " WHERE user_id = %s AND type = 'totp'",
        olga.pk,
        dora.pk,
    )
    with pytest.raises(ProofRefusedError):
        check_code(dora, code_of(SECRET, LATER), source=FactorSource(dora.pk), now=LATER)
    assert factors_of(dora).totp is None


def test_the_seal_of_one_officers_secret_does_not_open_for_another(olga: Officer, dora: Officer) -> None:
    sealed = services.seal_for_login(SECRET, f"{olga.pk}/totp", now=NOW)
    assert services.open_for_login(sealed, f"{olga.pk}/totp") == SECRET
    for place in (f"{dora.pk}/totp", f"{olga.pk}/recovery_codes"):
        with pytest.raises(SealBrokenError):
            services.open_for_login(sealed, place)


def test_a_used_code_made_fresh_by_sql_does_not_pass_again(olga: Officer) -> None:
    olga = with_codes(olga, SECRET)
    sql("UPDATE mfa_authenticator SET data = jsonb_set(data, '{last_step}', '0') WHERE type = 'totp'")
    with pytest.raises(ProofRefusedError):
        check_code(olga, code_of(SECRET, NOW), source=FactorSource(olga.pk), now=NOW)


def test_factors_deleted_by_sql_are_still_asked_for(olga: Officer) -> None:
    with_codes(olga, SECRET)
    Authenticator.objects.all().delete()
    assert has_factor(Officer.objects.get(pk=olga.pk))


# --- sign-ins and links -----------------------------------------------------------------------------------------


def test_a_sign_in_made_over_to_another_officer_by_sql_is_none(olga: Officer, dora: Officer) -> None:
    mine, hers = signed_in(olga), signed_in(dora)
    assert user_of(hers) == dora
    own, other = OfficerSession.objects.get(officer=olga), OfficerSession.objects.get(officer=dora)
    mine_key, her_key = mine.session.session_key, hers.session.session_key
    sql(
        "UPDATE django_session SET session_data = (SELECT session_data FROM django_session WHERE session_key = %s)"
        " WHERE session_key = %s",
        her_key,
        mine_key,
    )
    sql(
        "UPDATE officers_officersession SET officer_id = %s, standing = %s WHERE id = %s",
        dora.pk,
        other.standing,
        own.pk,
    )
    assert mine.get("/security/").status_code == 302
    assert hers.get("/security/").status_code == 200


@pytest.mark.parametrize("assignment", ["proof = 'passkey'", "proved_at = now() + interval '1 day'"])
def test_a_proof_written_by_sql_ends_the_sign_in(olga: Officer, assignment: str) -> None:
    client = signed_in(olga)
    assert client.get("/security/").status_code == 200
    sql(f"UPDATE officers_officersession SET {assignment}")  # noqa: S608
    assert client.get("/security/").status_code == 302


def test_a_sign_in_that_ended_does_not_begin_again_by_sql(olga: Officer) -> None:
    client = signed_in(olga)
    kept = client.session.session_key
    client.post("/logout/")
    sql("UPDATE officers_officersession SET ended_at = NULL")
    row = OfficerSession.objects.get()
    assert kept and not row.is_bound


def test_a_link_made_over_to_another_officer_leads_nowhere(olga: Officer, dora: Officer) -> None:
    link, _ = issue_link(olga, AccountLink.Purpose.RESET, issued_by="system:desk", now=NOW)
    assert find_link(link.digest, link.purpose, now=NOW) == link
    sql("UPDATE officers_accountlink SET officer_id = %s WHERE digest = %s", dora.pk, link.digest)
    with pytest.raises(AbsentError):
        find_link(link.digest, link.purpose, now=NOW)


def test_no_link_is_mailed_to_an_address_written_by_sql(olga: Officer) -> None:
    sql("UPDATE officers_officer SET email = 'mallory@elsewhere.example' WHERE id = %s", olga.pk)
    assert mail_reset("mallory@elsewhere.example", now=NOW) is None
    assert not AccountLink.objects.exists()


# --- the key ring, and rows from before -------------------------------------------------------------------------


def test_codes_follow_the_key_ring(olga: Officer) -> None:
    with_codes(olga, SECRET)
    old = held_ring()
    both = followed_by(old)
    with ring(both):
        assert guess(olga) == olga
        assert "rows bound anew." in run("rotate_kek")
        assert f"{old.current}: 0 secrets, 0 rows, may go" in run("rotate_kek", "--check")
    with ring(without(both, old.current)):
        assert guess(olga) == olga
        check_code(
            Officer.objects.get(pk=olga.pk), code_of(SECRET, LATER), source=FactorSource(olga.pk), now=LATER
        )


def test_rotation_leaves_an_altered_row_refused_and_names_it(olga: Officer) -> None:
    sql("UPDATE officers_officer SET roles = %s WHERE id = %s", ["releaser"], olga.pk)
    with ring(followed_by(held_ring())):
        with pytest.raises(CommandError, match=str(olga.pk)):
            run("rotate_kek")
        assert guess(olga) is None


def unbind_all() -> None:
    """Strip every code, which leaves rows of the version that had none."""
    sql("UPDATE officers_officer SET mac = '', factors = '{}'")
    sql("UPDATE mfa_authenticator SET data = data - 'mac'")
    sql("UPDATE officers_agencypolicy SET mac = ''")


def test_rows_from_before_are_bound_once_by_a_person(olga: Officer) -> None:
    with_codes(olga, SECRET)
    unbind_all()
    assert guess(olga) is None
    assert "olga@xa-lab.example: xa-lab, reader, active" in run("bind_rows")
    assert guess(olga) is None
    assert [row.agency for row in altered_policies()] == [olga.agency]
    said = run("bind_rows", "--all")
    assert "2 officers bound, 0 left" in said and "1 policies bound, 0 left" in said
    assert guess(olga) == olga
    assert policy_of(Agency.objects.get(pk="xa-lab")).four_eyes
    check_code(
        Officer.objects.get(pk=olga.pk), code_of(SECRET, LATER), source=FactorSource(olga.pk), now=LATER
    )


def test_once_bound_what_has_no_code_is_let_in_by_name_only(olga: Officer, dora: Officer) -> None:
    sql("UPDATE officers_officer SET roles = %s WHERE id = %s", ["auditor"], olga.pk)
    with pytest.raises(CommandError, match="written past the program"):
        run("bind_rows", "--all")
    with pytest.raises(CommandError, match="Not among them: dora"):
        run("bind_rows", "--email", dora.email)
    assert guess(olga) is None
    run("bind_rows", "--email", olga.email)
    assert guess(olga) == olga


def test_a_policy_that_was_looked_at_counts_by_name_and_the_audit_says_it(olga: Officer) -> None:
    enrol(admit("xb-health"), "reader")
    sql("UPDATE officers_agencypolicy SET four_eyes = false WHERE agency_id = %s", "xa-lab")
    assert "xa-lab: policy with four_eyes False" in run("bind_rows")
    with pytest.raises(CommandError, match="written past the program"):
        run("bind_rows", "--all")
    run("bind_rows", "--agency", "xa-lab")
    assert not policy_of(Agency.objects.get(pk="xa-lab")).four_eyes
    event = AuditEvent.objects.get(act="policy.bound")
    assert (event.agency, event.detail["four_eyes"]) == ("xa-lab", False)


def run(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out, stderr=StringIO())
    return out.getvalue()
