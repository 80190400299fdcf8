# SPDX-License-Identifier: Apache-2.0
"""The agency's calendar: its page, its form, the proposal in a draft, and the same in JSON."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from officers.calendars import calendar_of
from officers.models import AgencyCalendar
from tests.alerts.replies.test_answers import QUESTION
from tests.api.sessions import Session
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

CHANGE = "/calendar/change/"
STATED = {"working_days": ["1", "2"], "opens": "08:00", "closes": "12:30", "holidays": "2027-01-01, New Year"}


@pytest.fixture
def admin(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.sunniva)


def test_an_admin_states_the_calendar_and_every_officer_reads_it(
    desk: DeskWorld, admin: Client, as_officer: SignIn
) -> None:
    assert "counts as working at any hour" in admin.get("/calendar/").content.decode()
    assert admin.post(CHANGE, STATED).status_code == 302
    page = as_officer(desk.ilka).get("/calendar/").content.decode()
    assert "Monday, Tuesday" in page and "08:00–12:30" in page and "New Year" in page
    assert CHANGE not in page and "2027-01-01,New Year" in admin.get(CHANGE).content.decode()


def test_a_file_takes_the_place_of_the_list_and_a_bad_line_is_named(desk: DeskWorld, admin: Client) -> None:
    good = SimpleUploadedFile("days.csv", b"day,name\n2027-12-25,Christmas\n")
    assert admin.post(CHANGE, STATED | {"file": good}).status_code == 302
    stated = calendar_of(desk.lab)
    assert stated is not None and stated.holidays == ((date(2027, 12, 25), "Christmas"),)
    for bad, text in (
        (b"2027-12-25\n25.12.2027\n", "Holidays, line 2: write a day like 2027-01-31"),
        (b"\xff\xfe2027", "File: save it as text in UTF-8."),
    ):
        refused = admin.post(CHANGE, STATED | {"file": SimpleUploadedFile("days.csv", bad)})
        assert refused.status_code == 422 and text in refused.content.decode()
    assert calendar_of(desk.lab) == stated


def test_a_draft_proposes_a_time_within_the_own_calendar(desk: DeskWorld, as_officer: SignIn) -> None:
    browser, draft = as_officer(desk.ilka), desk.draft(**{**QUESTION, "request_priority": "normal"})
    at = f"/drafts/{draft.pk}/2/"
    assert "outside your agency" not in browser.get(at).content.decode()
    AgencyCalendar.objects.create(agency=desk.lab, working_days=[1], opens="04:00", closes="04:01")
    assert "outside your agency" in browser.get(at).content.decode()


def test_the_calendar_in_json(desk: DeskWorld) -> None:
    admin = Session(desk.sunniva)
    assert admin("GET", "calendar").json()["working_days"] == []
    body = {"working_days": [1], "opens": "08:00", "closes": "12:00", "holidays": [{"day": "2027-01-01"}]}
    answer = admin("PUT", "calendar", body)
    assert answer.status_code == 200, answer.content
    assert answer.json()["holidays"] == [{"day": "2027-01-01", "name": ""}]
    refused = admin("PUT", "calendar", body | {"closes": "07:00"})
    assert refused.status_code == 422 and "closes" in str(refused.json())
