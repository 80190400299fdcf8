# SPDX-License-Identifier: Apache-2.0
"""The address of RFC 9116 tells finders of a weakness where to report it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from hub.checks import check_contact, check_contact_given

pytestmark = pytest.mark.django_db
ADDRESS = "/.well-known/security.txt"


def test_it_names_the_contact_and_a_time_until_which_it_holds(client: Client, settings: Settings) -> None:
    settings.SECURITY_CONTACT = "mailto:weak@hub.example"
    answer = client.get(ADDRESS)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; charset=utf-8")
    said = dict(line.split(": ", 1) for line in answer.content.decode().splitlines())
    assert said["Contact"] == "mailto:weak@hub.example"
    left = datetime.fromisoformat(said["Expires"]) - datetime.now(UTC)
    assert timedelta(days=88) < left <= timedelta(days=90)
    assert said["Canonical"].endswith(ADDRESS) and "en" in said["Preferred-Languages"]


def test_where_no_contact_was_named_nothing_is_there(client: Client, settings: Settings) -> None:
    settings.SECURITY_CONTACT = ""
    assert client.get(ADDRESS).status_code == 404


@pytest.mark.parametrize(
    "contact", ["weak@hub.example", "mailto:a@b.example\nExpires: never", "http://hub.example"]
)
def test_what_is_no_contact_is_named_when_the_hub_starts(settings: Settings, contact: str) -> None:
    settings.SECURITY_CONTACT = contact
    assert [error.id for error in check_contact(None)] == ["hub.E001"]


@pytest.mark.parametrize(
    ("contact", "urlconf", "said"),
    [
        ("", "hub.urls.exchange", ["hub.W002"]),
        ("mailto:weak@hub.example", "hub.urls.desk", []),
        ("", "hub.urls.nothing", []),
    ],
)
def test_a_web_process_without_a_contact_is_named_before_it_goes_live(
    settings: Settings, contact: str, urlconf: str, said: list[str]
) -> None:
    settings.SECURITY_CONTACT, settings.ROOT_URLCONF = contact, urlconf
    assert [warning.id for warning in check_contact_given(None)] == said
