# SPDX-License-Identifier: Apache-2.0
"""The hub suspends and resumes an agency: nothing that was held is forgotten."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from agencies.accession import suspend_agency
from callers.capabilities import Role
from callers.errors import NotPermittedError
from ledger.models import AuditEvent
from operators.enrolling import INSTALLER, invite_operator
from operators.models import Operator
from sharing.agreements import resume_agency_flow
from sharing.models import Delivery, FeedItem
from tests.builders import OPERATOR, Hub, client_with
from tests.role_logins import under_login_of
from tests.sharing.conftest import Four


@pytest.fixture
def operator(hub: Hub) -> Operator:
    invite_operator(INSTALLER, "Noor Ashdene", now=hub.now)
    return Operator.objects.get()


def states() -> list[str]:
    return sorted(Delivery.objects.values_list("state", flat=True))


def run(command: str, *arguments: str) -> str:
    out = StringIO()
    with under_login_of("operator"):
        call_command(command, *arguments, stdout=out)
    return out.getvalue()


def test_whoever_resumes_an_agency_lets_what_was_held_flow(hub: Hub, four: Four, operator: Operator) -> None:
    for sender, recipient in ((four.alpha, four.bravo), (four.bravo, four.alpha)):
        hub.carry(sender, hub.alert_to(recipient, sender=sender))
    run("suspend_agency", "xb-bravo", "--by", operator.name)
    hub.sequence()
    assert states() == ["held", "held"]
    said = run("resume_agency", "xb-bravo", "--by", operator.name)
    assert said == "xb-bravo is resumed; 2 held deliveries take their turn again.\n"
    hub.sequence()
    assert states() == ["available", "available"]
    assert FeedItem.objects.filter(number=1).count() == 2
    assert AuditEvent.objects.get(act="agency.resumed").actor == operator.audit_name


def test_resuming_twice_delivers_nothing_twice(hub: Hub, four: Four) -> None:
    suspend_agency(OPERATOR, four.bravo.row.pk, now=hub.now)
    hub.deliver(four.alpha, four.charlie)
    assert resume_agency_flow(OPERATOR, four.bravo.row.pk, now=hub.now) == 0
    assert resume_agency_flow(OPERATOR, four.bravo.row.pk, now=hub.now) == 0
    assert FeedItem.objects.count() == 1


def test_only_the_operator_resumes_an_agency(hub: Hub, four: Four, operator: Operator) -> None:
    suspend_agency(OPERATOR, four.bravo.row.pk, now=hub.now)
    admin = client_with(four.bravo.id, Role.AGENCY_ADMIN)
    with pytest.raises(NotPermittedError):
        resume_agency_flow(admin, four.bravo.row.pk, now=hub.now)
    with pytest.raises(CommandError):
        run("resume_agency", "xb-bravo", "--by", "Ilka Torvane")
    with pytest.raises(CommandError):
        run("resume_agency", "xq-none", "--by", operator.name)
    four.bravo.row.refresh_from_db()
    assert four.bravo.row.is_suspended
