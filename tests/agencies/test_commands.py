# SPDX-License-Identifier: Apache-2.0
"""The operator's commands: passwords never as arguments, refusals in one sentence, keys shown once."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from agencies.apikeys import authenticate_key
from agencies.models import ApiKey, Keyset
from callers.capabilities import Capability
from ledger.models import AuditEvent
from officers.login.backends import officer_with
from officers.models import Officer
from peers.models import Agency
from tests.agencies.world import DAY, PASSWORD, admit, enrol, hosted_agency
from tests.entries import change_entry
from vault import lives
from vault.models import VaultKey

pytestmark = pytest.mark.django_db
FINGERPRINT = "ab" * 32


@pytest.fixture
def operator(tmp_path: Path) -> Officer:
    path = tmp_path / "password"
    path.write_text(f"{PASSWORD}\nsecond line\n")
    run("create_operator", "Noor@hub.example", "Noor Ashdene", "--password-file", str(path))
    return Officer.objects.get(email="noor@hub.example")


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


def admit_xd(*more: str) -> str:
    return run(
        "admit_agency", "xd-reg", "--name", "Precursor Office", "--kind", "regulator", "--country", "XD",
        "--timezone", "Asia/Singapore", "--fingerprint", FINGERPRINT, "--by", "noor@hub.example", *more,
    )  # fmt: skip


def test_the_first_operator_is_made_with_a_password_from_a_file(operator: Officer) -> None:
    assert operator.capabilities >= {Capability.HUB_OPERATE}
    assert officer_with("noor@hub.example", PASSWORD) == operator
    assert AuditEvent.objects.get(act="officer.enrolled").actor == "system:install"


def test_a_weak_password_makes_no_operator(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("short\n")
    with pytest.raises(CommandError) as refused:
        run("create_operator", "noor@hub.example", "Noor Ashdene", "--password-file", str(path))
    assert str(refused.value).startswith("password: ")
    assert "short\n" not in str(refused.value)
    assert not Officer.objects.exists()


@pytest.mark.parametrize("command", ["create_operator", "admit_agency", "issue_entry_key"])
def test_no_command_takes_a_password_or_a_key_as_an_argument(command: str) -> None:
    from django.core.management import get_commands, load_command_class

    parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
    options = {option for action in parser._actions for option in action.option_strings}
    assert not options & {"--password", "--secret", "--key", "-p"}


def test_the_operator_admits_an_agency(operator: Officer) -> None:
    assert admit_xd() == "xd-reg is admitted and entering."
    agency = Agency.objects.get(pk="xd-reg")
    assert (agency.root_fingerprint, agency.custody) == (FINGERPRINT, "agency")
    assert AuditEvent.objects.get(act="agency.admitted").actor == operator.audit_name


REFUSALS: dict[str, tuple[str, ...]] = {
    "nobody of that name": ("--by", "nobody@hub.example"),
    "a time zone that is none": ("--timezone", "Mars/Olympus"),
    "a fingerprint cut short": ("--fingerprint", "ab"),
}


@pytest.mark.parametrize("more", REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refusal_is_one_sentence(operator: Officer, more: tuple[str, ...]) -> None:
    with pytest.raises(CommandError) as refused:
        admit_xd(*more)
    assert "\n" not in str(refused.value)
    assert not Agency.objects.exists()


def test_an_agency_is_admitted_once(operator: Officer) -> None:
    admit_xd()
    with pytest.raises(CommandError):
        admit_xd()


def test_a_key_is_shown_once_and_works(operator: Officer) -> None:
    admit_xd()
    text = run("issue_entry_key", "xd-reg", "case system", "--by", operator.email)
    client = authenticate_key(text, "192.0.2.7", now=timezone.now())
    assert (client.agency_id, client.client) == ("xd-reg", "case system")
    assert client.capabilities == {Capability.KEY_ENROL}


def test_once_an_agency_has_entered_no_command_issues_a_key(operator: Officer) -> None:
    """Whoever runs the machine would else hold a key in the name of an admin who knows nothing of it."""
    agency = admit("xa-lab", now=timezone.now())
    change_entry("xa-lab", status="active")
    with pytest.raises(CommandError) as refused:
        run("issue_entry_key", "xa-lab", "case system", "--by", operator.email)
    assert "an agency admin of that agency" in str(refused.value)
    admin = enrol(agency, "agency_admin")
    with pytest.raises(CommandError):
        run("issue_entry_key", "xa-lab", "case system", "--by", admin.email)
    assert not ApiKey.objects.exists()


def test_a_key_for_an_agency_that_never_was(operator: Officer) -> None:
    with pytest.raises(CommandError) as refused:
        run("issue_entry_key", "xz-none", "case system", "--by", operator.email)
    assert str(refused.value) == "There is no agency xz-none."


def test_only_keysets_that_end_soon_are_renewed(operator: Officer) -> None:
    hosted_agency("xa-lab", now=timezone.now() - 70 * DAY)
    hosted_agency("xb-health", now=timezone.now())
    assert run("renew_keysets", "--by", operator.email) == "xa-lab: keyset 2"
    assert Keyset.objects.filter(agency="xb-health").count() == 1
    assert run("renew_keysets", "--by", operator.email) == ""


def test_a_keyset_whose_root_is_with_the_agencys_head_is_named(operator: Officer) -> None:
    agency = hosted_agency("xa-lab", now=timezone.now() - 70 * DAY)
    agency.custody = "hub-own-root"
    agency.save()
    said = run("renew_keysets", "--by", operator.email)
    assert said == "xa-lab: its head has to sign the next one; a key officer proposes it at the desk"
    assert Keyset.objects.count() == 1


def test_what_fails_for_one_agency_keeps_no_other_from_its_renewal(operator: Officer) -> None:
    began = timezone.now() - 70 * DAY
    for agency in ("xa-lab", "xb-health", "xc-customs"):
        hosted_agency(agency, now=began)
    VaultKey.objects.filter(agency_id="xb-health", use="root").delete()
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("renew_keysets", "--by", operator.email, stdout=out, stderr=err)
    assert str(refused.value) == "Not renewed: xb-health"
    assert out.getvalue().splitlines() == ["xa-lab: keyset 2", "xc-customs: keyset 2"]
    assert err.getvalue().startswith("xb-health: not renewed. Refused: SigningKeysMissingError")
    assert Keyset.objects.filter(agency="xb-health").count() == 1


def test_a_keyset_is_not_renewed_by_the_way_while_a_recovery_waits(operator: Officer) -> None:
    began = timezone.now() - 70 * DAY
    agency = hosted_agency("xa-lab", now=began)
    hosted_agency("xb-health", now=began)
    lives.recover_agency_root(enrol(agency, "key_officer"), agency, now=timezone.now())
    assert run("renew_keysets", "--by", operator.email).splitlines() == [
        "xa-lab: a recovery of its root waits; not renewed",
        "xb-health: keyset 2",
    ]
