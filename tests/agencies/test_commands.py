# SPDX-License-Identifier: Apache-2.0
"""The keeper's commands: no password as an argument, a refusal in one sentence, keysets renewed."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from agencies.models import Keyset
from callers.capabilities import Capability
from ledger.models import AuditEvent
from officers.login.backends import officer_with
from officers.models import Officer
from tests.agencies.world import DAY, PASSWORD, enrol, hosted_agency
from vault import agency_keys
from vault.models import VaultKey

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(tmp_path: Path) -> Officer:
    path = tmp_path / "password"
    path.write_text(f"{PASSWORD}\nsecond line\n")
    run("create_keeper", "Noor@hub.example", "Noor Ashdene", "--password-file", str(path))
    return Officer.objects.get(email="noor@hub.example")


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


def test_the_first_keeper_is_made_with_a_password_from_a_file(keeper: Officer) -> None:
    assert keeper.capabilities >= {Capability.DESK_KEEP}
    assert officer_with("noor@hub.example", PASSWORD) == keeper
    assert AuditEvent.objects.get(act="officer.enrolled").actor == "system:install"


def test_a_weak_password_makes_no_keeper(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("short\n")
    with pytest.raises(CommandError) as refused:
        run("create_keeper", "noor@hub.example", "Noor Ashdene", "--password-file", str(path))
    assert str(refused.value).startswith("password: ")
    assert "short\n" not in str(refused.value)
    assert not Officer.objects.exists()


def test_without_a_terminal_or_a_file_it_says_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def no_terminal(_prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("getpass.getpass", no_terminal)
    with pytest.raises(CommandError, match="give --password-file FILE"):
        run("create_keeper", "noor@hub.example", "Noor Ashdene")
    with pytest.raises(CommandError, match="cannot be read"):
        run("create_keeper", "noor@hub.example", "Noor Ashdene", "--password-file", str(tmp_path / "none"))


def test_no_command_takes_a_password_as_an_argument() -> None:
    from django.core.management import load_command_class

    parser = load_command_class("officers", "create_keeper").create_parser("manage.py", "create_keeper")
    options = {option for action in parser._actions for option in action.option_strings}
    assert not options & {"--password", "--secret", "--key", "-p"}


def test_only_keysets_that_end_soon_are_renewed(keeper: Officer) -> None:
    hosted_agency("xa-lab", now=timezone.now() - 70 * DAY)
    hosted_agency("xb-health", now=timezone.now())
    assert run("renew_keysets", "--by", keeper.email) == "xa-lab: keyset 2"
    assert Keyset.objects.filter(agency="xb-health").count() == 1
    assert run("renew_keysets", "--by", keeper.email) == ""


def test_a_keyset_whose_root_is_with_the_agencys_head_is_named(keeper: Officer) -> None:
    agency = hosted_agency("xa-lab", now=timezone.now() - 70 * DAY)
    agency.custody = "hub-own-root"
    agency.save()
    said = run("renew_keysets", "--by", keeper.email)
    assert said == "xa-lab: its head has to sign the next one; a key officer proposes it at the desk"
    assert Keyset.objects.count() == 1


def test_what_fails_for_one_agency_keeps_no_other_from_its_renewal(keeper: Officer) -> None:
    began = timezone.now() - 70 * DAY
    for agency in ("xa-lab", "xb-health", "xc-customs"):
        hosted_agency(agency, now=began)
    VaultKey.objects.filter(agency_id="xb-health", use="root").delete()
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("renew_keysets", "--by", keeper.email, stdout=out, stderr=err)
    assert str(refused.value) == "Not renewed: xb-health"
    assert out.getvalue().splitlines() == ["xa-lab: keyset 2", "xc-customs: keyset 2"]
    assert err.getvalue().startswith("xb-health: not renewed. Refused: SigningKeysMissingError")
    assert Keyset.objects.filter(agency="xb-health").count() == 1


def test_a_keyset_is_not_renewed_by_the_way_while_a_recovery_waits(keeper: Officer) -> None:
    began = timezone.now() - 70 * DAY
    agency = hosted_agency("xa-lab", now=began)
    hosted_agency("xb-health", now=began)
    agency_keys.recover_agency_root(enrol(agency, "key_officer"), agency, now=timezone.now())
    assert run("renew_keysets", "--by", keeper.email).splitlines() == [
        "xa-lab: a recovery of its root waits; not renewed",
        "xb-health: keyset 2",
    ]
