# SPDX-License-Identifier: Apache-2.0
"""Telephone numbers of duty desks: shown as they were written, and dialled by a press wherever they stand."""

import pytest
from django.test import Client

from alerts.models import Alert
from callers.telephones import number_to_dial
from peers.models import Agency
from tests.bound_rows import rewrite
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

WRITTEN = "+44 (0)20 7946-0018"
LINK = f'<a class="tel" href="tel:+442079460018"><bdi class="nowrap">{WRITTEN}</bdi></a>'

NUMBERS = {
    "+43 1 5550 114": "+4315550114",
    "+44 (0)20 7946-0018": "+442079460018",
    "(020) 7946 0018": "02079460018",
    "020/7946.0018": "02079460018",
    "00 61 8 5550 1234": "0061855501234",
    "112": "112",
    "+43 1 5550 ext. 12": "+4315550;ext=12",
    "+43 1 5550 x12": "+4315550;ext=12",
    "\u2066+43\u00a01\u20115550\u2069": "+4315550",
    "٠٢٠ ٧٩٤٦": "0207946",
    "ask the porter": "",
    "+43 1 5550, at night 5551": "",
    "javascript:alert(1)": "",
    "1": "",
    "": "",
}


@pytest.mark.parametrize(("written", "dialled"), NUMBERS.items())
def test_a_number_is_cleaned_before_it_is_dialled(written: str, dialled: str) -> None:
    assert number_to_dial(written) == dialled


@pytest.fixture
def client_of_health(desk: DeskWorld, as_officer: SignIn) -> Client:
    rewrite(Agency.objects.filter(pk="xa-lab"), duty_phone=WRITTEN, phone_said=WRITTEN)
    return as_officer(desk.haitham)


def test_the_directory_dials(client_of_health: Client) -> None:
    assert LINK in client_of_health.get("/directory/").content.decode()


def test_a_received_alert_dials_its_sender_before_and_after_it_is_opened(
    client_of_health: Client, desk: DeskWorld, sent: Alert
) -> None:
    address = f"/inbox/{desk.received(desk.haitham).pk}/"
    assert LINK in client_of_health.get(address).content.decode()
    client_of_health.post(address, {"reason": "on_duty"})
    opened = client_of_health.get(address).content.decode()
    assert "What was said since" in opened
    assert opened.count(LINK) == 2, "beside the sender, and with the facts of the verification"


def test_a_sent_alert_dials_the_recipients_who_have_not_acknowledged(
    desk: DeskWorld, as_officer: SignIn, sent: Alert
) -> None:
    rewrite(Agency.objects.filter(pk="xb-health"), duty_phone=WRITTEN, phone_said=WRITTEN)
    assert LINK in as_officer(desk.ilka).get(f"/outbox/{sent.pk}/").content.decode()


def test_a_number_that_the_exchange_alone_says_is_not_dialled(
    client_of_health: Client, desk: DeskWorld
) -> None:
    rewrite(Agency.objects.filter(pk="xa-lab"), phone_said="+99 1")
    page = client_of_health.get("/peers/").content.decode()
    assert "+99 1" in page
    assert "tel:" not in page


def test_words_instead_of_a_number_stay_words(client_of_health: Client, desk: DeskWorld) -> None:
    rewrite(Agency.objects.exclude(pk="xa-lab"), duty_phone="")
    rewrite(Agency.objects.filter(pk="xa-lab"), duty_phone="ask <the porter>")
    page = client_of_health.get("/directory/").content.decode()
    assert '<bdi class="nowrap">ask &lt;the porter&gt;</bdi>' in page
    assert "tel:" not in page
