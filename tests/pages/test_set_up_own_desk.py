# SPDX-License-Identifier: Apache-2.0
"""The guide of an own desk: it reads each step's state from the desk, offers the next step, and disappears at the end."""

import pytest
from django.utils import timezone
from pytest_django import Settings

from alerts.models import Alert
from desk.keeper.setting_up import STEPS, setting_up
from officers.models import Officer
from peers.models import Agency, PeerAgreement
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld


@pytest.fixture
def own(desk: DeskWorld, settings: Settings) -> Officer:
    """The keeper of a desk that has only the laboratory."""
    settings.OWN_DESK = True
    Agency.objects.exclude(pk=desk.lab.pk).update(is_hosted=False)
    for place, officer in enumerate(Officer.objects.filter(agency=desk.lab), 1):
        officer.duty_rank = place
        officer.set_password("a herd of brown herons")
        officer.save()
    return desk.noor


def done(keeper: Officer) -> list[str]:
    return [step.name for step in setting_up(keeper, now=timezone.now()).steps if step.is_done]


def test_nothing_is_done_at_first_and_the_exchange_is_next(
    own: Officer, as_officer: SignIn, settings: Settings
) -> None:
    Agency.objects.update(is_hosted=False)
    settings.EXCHANGE_URL = ""
    guide = setting_up(own, now=timezone.now())
    assert [step.name for step in guide.steps] == list(STEPS)
    assert done(own) == [] and guide.steps[0].is_next
    page = as_officer(own).get("/").content.decode()
    assert "Setting up this desk" in page and "Name the exchange…" in page
    assert "Take in the agency…" not in page and "Take in an agency…" not in page


def test_what_there_is_is_done(desk: DeskWorld, own: Officer, as_officer: SignIn) -> None:
    assert done(own) == [step for step in STEPS if step != "alert"]
    page = as_officer(own).get("/").content.decode()
    assert "An author writes an exercise to a partner" in page
    assert "Take in an agency…" not in page


def test_each_way_in_is_offered_once(own: Officer, as_officer: SignIn) -> None:
    Agency.objects.update(is_hosted=False)
    page = as_officer(own).get("/").content.decode()
    for address in ("take-in/", "move-in/", "come/"):
        assert page.count(f'href="/desk/agencies/{address}"') == 1


def test_who_is_alone_in_a_role_is_no_trouble_before_the_guide_is_over(
    own: Officer, as_officer: SignIn
) -> None:
    Officer.objects.filter(full_name="Sunniva Okparel").update(password="argon2$")
    page = as_officer(own).get("/").content.decode()
    top = page[page.index("page-head") : page.index('<section class="panel')]
    assert "one person alone" in page and "one person alone" not in top


def test_what_the_exchange_has_recorded_of_agreements_is_a_step(own: Officer) -> None:
    PeerAgreement.objects.all().delete()
    assert "agreement" not in done(own) and "peers" in done(own)


@pytest.mark.parametrize(
    ("change", "undone"),
    [
        ({"duty_rank": None}, "duty"),
        ({"roles": ["reader"]}, "people"),
        ({"invited_email": "new@xa-lab.example"}, "people"),
    ],
)
def test_what_is_undone_is_asked_for_again(own: Officer, change: dict[str, object], undone: str) -> None:
    assert undone in done(own)
    Officer.objects.exclude(agency=None).update(**change)
    assert undone not in done(own)


def test_with_a_first_alert_the_guide_is_over(sent: Alert, own: Officer, as_officer: SignIn) -> None:
    assert setting_up(own, now=timezone.now()).is_over
    assert "Setting up this desk" not in as_officer(own).get("/").content.decode()


def test_a_hosted_desk_has_no_guide(desk: DeskWorld, as_officer: SignIn) -> None:
    assert "Setting up this desk" not in as_officer(desk.noor).get("/").content.decode()
