# SPDX-License-Identifier: Apache-2.0
"""The start page of a new agency: each step waits for an officer who may take it, and disappears once it is done."""

import pytest
from django.utils import timezone

from callers.directory import Custody
from officers.first_steps import FirstStep, first_steps
from officers.models import Officer
from peers.models import Agency
from tests.bound_rows import rewrite
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld
from vault.models import Proposal, VaultKey


@pytest.fixture
def alone(desk: DeskWorld) -> Officer:
    """Return the first admin of an agency that has no other officers and no keys."""
    Officer.objects.filter(agency=desk.lab).exclude(pk=desk.sunniva.pk).update(is_active=False)
    Officer.objects.filter(agency=desk.lab).update(duty_rank=None)
    VaultKey.objects.filter(agency_id=desk.lab.pk).delete()
    rewrite(Agency.objects.filter(pk=desk.lab.pk), custody=Custody.AGENCY)
    return Officer.objects.get(pk=desk.sunniva.pk)


def come(desk: DeskWorld, *names: str) -> None:
    people = [desk.officers[name].pk for name in names]
    Officer.objects.filter(pk__in=people).update(is_active=True)


def test_the_first_admin_is_told_to_invite_and_then_who_is_called_first(
    desk: DeskWorld, alone: Officer, as_officer: SignIn
) -> None:
    page = as_officer(alone).get("/").content.decode()
    assert "Nothing waits for you." not in page and 'href="/officers/"' in page
    assert "Invite your agency&#x27;s officers" in page
    come(desk, "ilka", "benno")
    assert first_steps(alone) == [FirstStep.DUTY]
    Officer.objects.filter(pk=alone.pk).update(duty_rank=1)
    assert first_steps(alone) == []


def test_the_first_key_officer_is_told_to_make_keys(
    desk: DeskWorld, alone: Officer, as_officer: SignIn
) -> None:
    come(desk, "benno")
    page = as_officer(desk.benno).get("/").content.decode()
    assert "Make your agency&#x27;s keys" in page and 'href="/keys/"' in page
    assert first_steps(Officer.objects.get(pk=desk.edda.pk)) == []


def test_what_was_proposed_waits_for_the_head(desk: DeskWorld, alone: Officer) -> None:
    come(desk, "benno")
    benno = Officer.objects.get(pk=desk.benno.pk)
    assert first_steps(benno) == [FirstStep.KEYS]
    Proposal.objects.create(
        od="o" * 43, agency_id=desk.lab.pk, k="keyset", change="create", payload=b"", made_by="x", made_at=timezone.now()
    )  # fmt: skip
    assert first_steps(benno) == [FirstStep.SIGNATURE]


def test_an_agency_whose_first_alert_has_gone_is_told_nothing(desk: DeskWorld, alone: Officer) -> None:
    rewrite(Agency.objects.filter(pk=desk.lab.pk), first_release_at=timezone.now())
    assert first_steps(Officer.objects.get(pk=alone.pk)) == []
