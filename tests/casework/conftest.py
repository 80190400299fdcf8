# SPDX-License-Identifier: Apache-2.0
"""The desk of the pages' tests with a unit: Ilka (author) and Benno (releaser, its lead) belong to it, Sunniva (admin) does not."""

from datetime import timedelta
from typing import Any

import pytest

from alerts.models import ReceivedAlert
from callers.capabilities import Role
from casework.cases import CaseFacts, open_case
from casework.models import Case, Unit
from casework.units import save_unit
from officers.models import Officer
from tests.pages.conftest import as_officer, desk, sent, stage
from tests.pages.desk_world import DeskWorld
from tests.stages import act

__all__ = ["as_officer", "desk", "sent", "stage"]


@pytest.fixture
@act
def unit(desk: DeskWorld) -> Unit:
    members = [desk.ilka.public_id]
    return save_unit(
        desk.sunniva, None, name="Narcotics", lead=desk.benno.public_id, members=members, now=desk.tick()
    )


@pytest.fixture
@act
def piet(desk: DeskWorld) -> Officer:
    """An author of the laboratory who belongs to no unit."""
    return desk.hub.make_officer(desk.lab, Role.AUTHOR, name="Piet Anshelm")


def facts(desk: DeskWorld, unit: Unit, /, **changed: Any) -> CaseFacts:
    given: dict[str, Any] = {
        "number": "K 14/26",
        "title": "Blue tablets",
        "summary": "Three sellers.",
        "unit": unit.pk,
    }
    return CaseFacts(**given | {"review_on": (desk.hub.now + timedelta(days=90)).date()} | changed)


@pytest.fixture
@act
def case(desk: DeskWorld, unit: Unit) -> Case:
    """A case that Ilka has opened in the unit."""
    return open_case(desk.ilka, facts(desk, unit), now=desk.tick())


@act
def incoming(desk: DeskWorld, **changes: Any) -> ReceivedAlert:
    """Send an alert of the health authority to the laboratory."""
    desk.send(desk.draft(desk.aroha, recipients=["xa-lab"], **changes), desk.haitham)
    return desk.received(desk.ilka)


def asked(desk: DeskWorld) -> ReceivedAlert:
    """Send a question of the health authority to the laboratory, to be answered in five days."""
    return incoming(
        desk,
        alert_type="request_for_information",
        question="Have you seen this?",
        request_priority="normal",
        identity_state="unknown",
        preferred_name=None,
        harm_evidence=None,
        cases_non_fatal=None,
        cases_fatal=None,
    )
