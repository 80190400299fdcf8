# SPDX-License-Identifier: Apache-2.0
"""A mail's link leads somewhere while the desk has not taken the alert: to a page that waits for it."""

import pytest

from alerts.release import release_alert
from sharing.models import Delivery
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld
from tests.pages.test_arrivals import token


@pytest.fixture
def on_its_way(desk: DeskWorld) -> Delivery:
    """An alert to the health authority that is numbered, which the desk-worker has not taken."""
    checked = desk.validate(desk.submit(desk.draft()))
    sent = release_alert(desk.benno, checked, revision=checked.current, now=desk.tick())
    desk.tick()
    desk.hub.sequence()
    return Delivery.objects.get(envelope_id=sent.md, recipient_id=desk.health.pk)


def test_a_link_that_comes_before_the_desk_says_so_and_then_leads_to_the_alert(
    desk: DeskWorld, as_officer: SignIn, on_its_way: Delivery
) -> None:
    reader = as_officer(desk.aroha)
    waiting = reader.get(f"/a/{on_its_way.reference}")
    assert waiting.status_code == 200
    page = waiting.content.decode()
    assert "on its way" in page
    known = token(reader).replace('"', "&quot;")
    assert f'data-known="{known}"' in page
    desk.settle()
    assert token(reader).replace('"', "&quot;") not in page
    assert reader.get(f"/a/{on_its_way.reference}").status_code == 302


def test_another_agency_s_reference_leads_nowhere(
    desk: DeskWorld, as_officer: SignIn, on_its_way: Delivery
) -> None:
    assert as_officer(desk.ilka).get(f"/a/{on_its_way.reference}").status_code == 404
