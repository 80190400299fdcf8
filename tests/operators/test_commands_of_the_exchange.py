# SPDX-License-Identifier: Apache-2.0
"""The exchange's commands: for an operator by name, under the operator's login; refusals in one sentence, keys shown once."""

from io import StringIO

import pytest
from django.core.management import call_command, get_commands, load_command_class
from django.core.management.base import CommandError
from django.utils import timezone

from agencies.apikeys import authenticate_key
from agencies.models import Agency, ApiKey
from callers.capabilities import Capability
from ledger.models import AuditEvent
from operators.enrolling import INSTALLER, invite_operator
from operators.models import Operator
from tests.agencies.world import admit
from tests.entries import change_entry
from tests.role_logins import under_login_of

pytestmark = pytest.mark.django_db
FINGERPRINT = "ab" * 32
NAME = "Noor Ashdene"
COMMANDS = ("admit_agency", "issue_entry_key", "record_agreement", "resume_agency", "suspend_agency")


@pytest.fixture
def operator() -> Operator:
    """An operator who is invited and has no passkey yet."""
    invite_operator(INSTALLER, NAME, now=timezone.now())
    return Operator.objects.get(name=NAME)


def run(*arguments: str) -> str:
    out = StringIO()
    with under_login_of("operator"):
        call_command(*arguments, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


def admit_xd(*more: str) -> str:
    return run(
        "admit_agency", "xd-reg", "--name", "Precursor Office", "--kind", "regulator", "--country", "XD",
        "--timezone", "Asia/Singapore", "--fingerprint", FINGERPRINT, "--by", NAME, *more,
    )  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_takes_a_key_as_an_argument_and_each_says_by_whom(command: str) -> None:
    parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
    options = {option for action in parser._actions for option in action.option_strings}
    assert "--by" in options
    assert not options & {"--password", "--secret", "--key", "-p"}


def test_an_operator_admits_an_agency(operator: Operator) -> None:
    assert admit_xd() == "xd-reg is admitted and entering."
    agency = Agency.objects.get(pk="xd-reg")
    assert (agency.root_fingerprint, agency.custody) == (FINGERPRINT, "agency")
    assert AuditEvent.objects.get(act="agency.admitted").actor == operator.audit_name


REFUSALS: dict[str, tuple[str, ...]] = {
    "nobody of that name": ("--by", "Nobody"),
    "a time zone that is none": ("--timezone", "Mars/Olympus"),
    "a fingerprint cut short": ("--fingerprint", "ab"),
}


@pytest.mark.parametrize("more", REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refusal_is_one_sentence(operator: Operator, more: tuple[str, ...]) -> None:
    with pytest.raises(CommandError) as refused:
        admit_xd(*more)
    assert "\n" not in str(refused.value)
    assert not Agency.objects.exists()


def test_an_operator_who_was_ended_acts_no_more(operator: Operator) -> None:
    Operator.objects.update(ended_at=timezone.now())
    with pytest.raises(CommandError, match="No operator is called Noor Ashdene"):
        admit_xd()


def test_an_agency_is_admitted_once(operator: Operator) -> None:
    admit_xd()
    with pytest.raises(CommandError):
        admit_xd()


@pytest.mark.parametrize("custody", ["agency", "hub"])
def test_a_key_is_shown_once_and_works(operator: Operator, custody: str) -> None:
    admit_xd(*(() if custody == "agency" else ("--custody", custody, "--fingerprint", "")))
    text = run("issue_entry_key", "xd-reg", "case system", "--by", NAME)
    client = authenticate_key(text, "192.0.2.7", now=timezone.now())
    assert (client.agency_id, client.client) == ("xd-reg", "case system")
    assert client.capabilities == {Capability.KEY_ENROL}


def test_once_an_agency_has_entered_no_command_issues_a_key(operator: Operator) -> None:
    """A key from the shell would act in the name of an admin who knows nothing of it."""
    admit("xa-lab", now=timezone.now())
    change_entry("xa-lab", status="active")
    with pytest.raises(CommandError) as refused:
        run("issue_entry_key", "xa-lab", "case system", "--by", NAME)
    assert "an agency admin of that agency" in str(refused.value)
    assert not ApiKey.objects.exists()


def test_a_key_for_an_agency_that_never_was(operator: Operator) -> None:
    with pytest.raises(CommandError) as refused:
        run("issue_entry_key", "xz-none", "case system", "--by", NAME)
    assert str(refused.value) == "There is no agency xz-none."
