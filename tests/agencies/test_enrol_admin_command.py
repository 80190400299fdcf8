# SPDX-License-Identifier: Apache-2.0
"""`enrol_admin`: the operator enrols an agency's first admin, once."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command, load_command_class
from django.core.management.base import CommandError
from django.utils import timezone

from ledger.models import AuditEvent
from officers.accounts import enrol_keeper
from officers.login.backends import officer_with
from officers.models import Officer
from peers.models import Agency
from tests.agencies.world import OPERATOR, PASSWORD, admit, enrol

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Officer:
    return enrol_keeper(
        OPERATOR, email="noor@hub.example", full_name="Noor Ashdene", password=PASSWORD, now=timezone.now()
    )


@pytest.fixture
def agency() -> Agency:
    return admit("xa-lab", now=timezone.now())


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(f"{PASSWORD}\n")
    return path


def enrol_admin(
    password_file: Path, agency: str = "xa-lab", by: str = "noor@hub.example", **changes: str
) -> str:
    options = {"email": "Ilse@lab.example", "name": "Ilse Morrow"} | changes
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    out = StringIO()
    call_command("enrol_admin", agency, *words, "--password-file", str(password_file), "--by", by, stdout=out)
    return out.getvalue().strip()


def test_the_first_admin_is_enrolled_and_can_sign_in(
    operator: Officer, agency: Agency, password_file: Path
) -> None:
    said = enrol_admin(password_file)
    assert said == "Ilse Morrow can sign in as ilse@lab.example, agency admin of xa-lab."
    admin = Officer.objects.get(email="ilse@lab.example")
    assert (admin.agency_id, admin.roles) == ("xa-lab", ["agency_admin"])
    assert officer_with("ilse@lab.example", PASSWORD) == admin
    event = AuditEvent.objects.get(act="officer.enrolled", agency="xa-lab")
    assert event.actor == operator.audit_name


def test_there_is_no_second_one_by_the_operator(
    operator: Officer, agency: Agency, password_file: Path
) -> None:
    enrol_admin(password_file)
    with pytest.raises(CommandError, match="an agency admin of that agency"):
        enrol_admin(password_file, email="other@lab.example")
    assert Officer.objects.filter(agency=agency).count() == 1


def test_an_officer_who_is_not_operator_enrols_nobody_elsewhere(agency: Agency, password_file: Path) -> None:
    stranger = enrol(admit("xb-health", now=timezone.now()), "agency_admin")
    with pytest.raises(CommandError):
        enrol_admin(password_file, by=stranger.email)
    assert not Officer.objects.filter(agency=agency).exists()


def test_what_is_wrong_is_named(
    operator: Officer, agency: Agency, password_file: Path, subtests: pytest.Subtests
) -> None:
    admit("xd-reg", custody="agency", now=timezone.now())
    for changes, said in [
        ({"email": "ilse"}, "email: "),
        ({"name": ""}, "full_name: "),
        ({"agency": "xz-none"}, "There is no agency xz-none at this desk."),
        ({"agency": "xd-reg"}, "There is no agency xd-reg at this desk."),
        ({"by": "nobody@hub.example"}, "No active officer signs in as nobody@hub.example."),
    ]:
        with subtests.test(f"{changes} {said}"):
            with pytest.raises(CommandError) as refused:
                enrol_admin(password_file, **changes)
            assert str(refused.value).startswith(said)
            assert "\n" not in str(refused.value)
            assert not Officer.objects.filter(agency=agency).exists()


def test_a_weak_password_enrols_nobody(operator: Officer, agency: Agency, tmp_path: Path) -> None:
    weak = tmp_path / "weak"
    weak.write_text("short\n")
    with pytest.raises(CommandError, match=r"^password: "):
        enrol_admin(weak)
    assert not Officer.objects.filter(agency=agency).exists()


def test_no_password_is_an_argument() -> None:
    parser = load_command_class("officers", "enrol_admin").create_parser("manage.py", "enrol_admin")
    options = {option for action in parser._actions for option in action.option_strings}
    assert not options & {"--password", "-p"}
