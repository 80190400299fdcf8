# SPDX-License-Identifier: Apache-2.0
"""Secrets of second factors: sealed under the hub's root secret, rewrapped with the key ring, reset by an admin."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.db import connection

from callers.errors import AbsentError, InputError, NotPermittedError
from ledger.models import AuditEvent
from officers.accounts import enrol_keeper
from officers.login.attempts import FactorSource
from officers.login.errors import ProofRefusedError
from officers.login.factors import add_totp, check_code, draw_totp_secret, has_factor, reset_factors
from officers.models import Officer
from officers.session_rows import Proof
from tests.agencies.key_rings import followed_by, ring, without
from tests.agencies.world import NOW, OPERATOR, PASSWORD, admit, enrol
from tests.pages.one_time_codes import code_of
from vault import services
from vault.errors import SealBrokenError, SecretMissingError
from vault.kek import held_ring
from vault.kekrotation import check_ring, rebind_rows, rewrap_secrets
from vault.models import VaultSecret

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXP"
PLACE = "an officer/totp"


@pytest.fixture
def officer() -> Officer:
    return enrol(admit("xa-lab"), "releaser", email="olga@xa-lab.example")


@pytest.fixture
def with_telephone(officer: Officer) -> Officer:
    add_totp(officer, secret=SECRET, code=code_of(SECRET, NOW), now=NOW)
    return officer


def test_a_sealed_secret_opens_and_says_nothing() -> None:
    sealed = services.seal_for_login(SECRET, PLACE, now=NOW)
    assert SECRET not in sealed
    assert services.open_for_login(sealed, PLACE) == SECRET
    assert services.seal_for_login(SECRET, PLACE, now=NOW) != sealed
    assert VaultSecret.objects.filter(agency_id=None).count() == 1


@pytest.mark.parametrize("broken", ["", "AA", "!", "QUJD", "A" * 80], ids=str)
def test_what_was_not_sealed_does_not_open(broken: str) -> None:
    services.seal_for_login(SECRET, PLACE, now=NOW)
    with pytest.raises((SealBrokenError, SecretMissingError)):
        services.open_for_login(broken, PLACE)


def test_a_changed_seal_does_not_open() -> None:
    sealed = services.seal_for_login(SECRET, PLACE, now=NOW)
    changed = sealed[:-3] + ("A" if sealed[-3] != "A" else "B") + sealed[-2:]
    with pytest.raises(SealBrokenError):
        services.open_for_login(changed, PLACE)


def test_the_hubs_secret_moves_to_the_next_key_with_the_agencies(with_telephone: Officer) -> None:
    old = held_ring()
    both = followed_by(old)
    with ring(both):
        assert rewrap_secrets().changed == 1
        rebind_rows()
    with ring(without(both, old.current)):
        check_ring()
        later = NOW + timedelta(minutes=1)
        assert (
            check_code(
                with_telephone, code_of(SECRET, later), source=FactorSource(with_telephone.pk), now=later
            )
            is Proof.CODE
        )


def test_without_its_key_no_code_is_right(with_telephone: Officer) -> None:
    held = held_ring()
    with ring(without(followed_by(held), held.current)), pytest.raises(ProofRefusedError):
        check_code(with_telephone, "000000", source=FactorSource(with_telephone.pk), now=NOW)


@pytest.mark.parametrize(
    ("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)], ids=str
)
def test_a_telephones_clock_may_be_half_a_minute_off(officer: Officer, steps: int, good: bool) -> None:
    secret = draw_totp_secret()
    add_totp(officer, secret=secret, code=code_of(secret, NOW), now=NOW)
    later = NOW + timedelta(minutes=5)
    code = code_of(secret, later, steps=steps)
    if good:
        assert check_code(officer, code, source=FactorSource(officer.pk), now=later) is Proof.CODE
    else:
        with pytest.raises(ProofRefusedError):
            check_code(officer, code, source=FactorSource(officer.pk), now=later)


def test_the_code_of_the_set_up_does_not_sign_in(with_telephone: Officer) -> None:
    with pytest.raises(ProofRefusedError):
        check_code(with_telephone, code_of(SECRET, NOW), source=FactorSource(with_telephone.pk), now=NOW)


def test_a_second_telephone_waits_until_the_first_is_removed(with_telephone: Officer) -> None:
    with pytest.raises(InputError):
        add_totp(with_telephone, secret=SECRET, code=code_of(SECRET, NOW, steps=1), now=NOW)


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_code_serves_one() -> None:
    officer = enrol(admit("xa-lab"), "releaser", email="olga@xa-lab.example")
    add_totp(officer, secret=SECRET, code=code_of(SECRET, NOW), now=NOW)
    later = NOW + timedelta(minutes=1)
    code = code_of(SECRET, later)

    def use(_: int) -> bool:
        try:
            return check_code(officer, code, source=FactorSource(officer.pk), now=later) is Proof.CODE
        except ProofRefusedError:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(use, range(4))) == 1


def test_an_admin_takes_away_the_factors_of_a_colleague_and_ends_the_sessions(
    with_telephone: Officer,
) -> None:
    admin = Officer.objects.get(agency="xa-lab", roles__contains=["agency_admin"])
    before = with_telephone.session_salt
    reset_factors(admin, with_telephone, now=NOW)
    with_telephone.refresh_from_db()
    assert not has_factor(with_telephone) and not Authenticator.objects.exists()
    assert with_telephone.session_salt != before
    event = AuditEvent.objects.get(act="officer.factors_reset")
    assert (event.actor, event.subject) == (admin.audit_name, with_telephone.audit_name)


def test_an_operator_with_a_shell_helps_admins_and_operators_and_nobody_else(with_telephone: Officer) -> None:
    operator, other = (
        enrol_keeper(OPERATOR, email=f"{name}@hub.example", full_name=name, password=PASSWORD, now=NOW)
        for name in ("noor", "iven")
    )
    admin = Officer.objects.get(agency="xa-lab", roles__contains=["agency_admin"])
    for officer in (admin, other):
        add_totp(officer, secret=SECRET, code=code_of(SECRET, NOW), now=NOW)
        call_command("reset_factors", officer.email, "--by", operator.email, stdout=StringIO())
        assert not has_factor(officer)
        assert Officer.objects.get(pk=officer.pk).session_salt != officer.session_salt
    assert {event.agency for event in AuditEvent.objects.filter(act="officer.factors_reset")} == {
        "xa-lab",
        "",
    }
    for officer, by in ((with_telephone, operator), (operator, operator), (other, with_telephone)):
        with pytest.raises(CommandError):
            call_command("reset_factors", officer.email, "--by", by.email, stdout=StringIO())
    assert has_factor(with_telephone)


def test_only_an_admin_of_the_same_agency_may_and_never_on_the_own_account(with_telephone: Officer) -> None:
    admin = Officer.objects.get(agency="xa-lab", roles__contains=["agency_admin"])
    foreign = enrol(admit("xb-health"), "reader", email="fay@xb-health.example", password=PASSWORD)
    foreign_admin = Officer.objects.get(agency="xb-health", roles__contains=["agency_admin"])
    reader = enrol(admin.agency, "reader", email="rob@xa-lab.example")  # type: ignore[arg-type]
    for actor, refusal in (
        (foreign, AbsentError),
        (foreign_admin, AbsentError),
        (reader, NotPermittedError),
        (with_telephone, NotPermittedError),
    ):
        with pytest.raises(refusal):
            reset_factors(actor, with_telephone, now=NOW)
    with pytest.raises(InputError):
        reset_factors(admin, admin, now=NOW)
    assert has_factor(with_telephone)
