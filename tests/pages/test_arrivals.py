# SPDX-License-Identifier: Apache-2.0
"""The poll of a waiting page: a token that changes when something has arrived, and no sign of a person."""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from alerts.models import Alert, ReceivedAlert
from alerts.sending.release import release_alert
from devtool.processes import wait_until
from officers.login.sessions import SEEN_EVERY
from officers.session_rows import OfficerSession
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld


def token(client: Client, address: str = "/arrivals/") -> str:
    answer = client.get(address)
    assert (answer.status_code, answer.content) == (204, b"")
    return str(answer.headers["ETag"])


def ask_again(client: Client, known: str) -> Any:
    return client.get("/arrivals/", headers={"if-none-match": known})


def test_nothing_new_is_304_and_an_arrival_or_an_act_is_another_token(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    """Cover what a colleague or the sender does, too."""
    reader = as_officer(desk.aroha)
    known = token(reader)
    assert ask_again(reader, known).status_code == 304
    desk.send(desk.draft())
    known = _another_token(reader, known)
    for changed in ("first_opened_at", "acknowledged_at", "withdrawn_at", "withdrawal_confirmed_at"):
        ReceivedAlert.objects.update(**{changed: desk.hub.now})
        known = _another_token(reader, known)


def _another_token(reader: Client, known: str) -> str:
    wait_until(lambda: ask_again(reader, known).status_code == 204, "another token", timeout_seconds=10)
    assert token(reader) != known
    return token(reader)


def test_nothing_new_reads_no_session_and_no_row_of_an_alert_and_who_signed_out_hears_no_more(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    reader = as_officer(desk.aroha)
    known = token(reader)
    with CaptureQueriesContext(connection) as asked:
        answer = ask_again(reader, known)
    assert (answer.status_code, answer["ETag"]) == (304, known)
    assert len(asked.captured_queries) <= 1, "at most one look at the agency's rows, shared by all its pages"
    stranger = Client()
    assert ask_again(stranger, known).status_code == 302, "the token opens nothing to another browser"
    OfficerSession.objects.filter(officer=desk.aroha).delete()
    assert reader.get("/arrivals/").status_code == 302


def test_what_waits_for_release_is_news_to_a_releaser_alone(desk: DeskWorld, as_officer: SignIn) -> None:
    releaser, reader = as_officer(desk.benno), as_officer(desk.aroha)
    before = token(releaser), token(reader)
    desk.submit(desk.draft())
    assert token(releaser) != before[0]
    assert token(reader) == before[1], "another agency's queue shows in nothing"


def test_an_alert_that_is_being_logged_tells_when_it_is(
    desk: DeskWorld, as_officer: SignIn, checked: Alert
) -> None:
    releaser = as_officer(desk.benno)
    sent = release_alert(desk.benno, checked, revision=checked.current, now=desk.tick())
    page = releaser.get(f"/outbox/{sent.pk}/").content.decode()
    assert f'data-arrivals="/arrivals/?md={sent.md}"' in page
    before = token(releaser, f"/arrivals/?md={sent.md}")
    desk.settle()
    assert token(releaser, f"/arrivals/?md={sent.md}") != before
    assert "data-arrivals" not in releaser.get(f"/outbox/{sent.pk}/").content.decode()


def test_asking_notes_no_visit(desk: DeskWorld, as_officer: SignIn) -> None:
    reader = as_officer(desk.aroha)
    reader.get("/inbox/")
    rows = OfficerSession.objects.filter(officer=desk.aroha)
    long_ago = rows.get().seen_at - SEEN_EVERY - timedelta(minutes=1)
    rows.update(seen_at=long_ago)
    reader.get("/arrivals/", headers={"x-accord-poll": "1"})
    assert rows.get().seen_at == long_ago
    reader.get("/inbox/")
    assert rows.get().seen_at > long_ago, "a page that a person opens is a visit"
