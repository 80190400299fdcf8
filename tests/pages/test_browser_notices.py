# SPDX-License-Identifier: Apache-2.0
"""Notices by the browser: switched on per browser and officer, with no more content than a mail."""

from django.conf import settings
from django.test import Client

from alerts.models import Alert
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld

NEWS = "/arrivals/news/"
SWITCH = "/account/notices/"


def switched_on(client: Client) -> Client:
    client.post(SWITCH, {"on": "yes"})
    return client


def test_what_arrives_is_told_once_in_the_words_of_the_mails_to_this_browser_and_officer(
    desk: DeskWorld, as_officer: SignIn, sent: Alert
) -> None:
    reader, elsewhere = switched_on(as_officer(desk.aroha)), as_officer(desk.aroha)
    cookie = reader.cookies["accord_notices"]
    assert cookie["httponly"] and cookie["samesite"] == "Strict"
    colleague = as_officer(desk.casimir)
    colleague.cookies["accord_notices"] = cookie.value
    assert "data-notices=" in reader.get("/inbox/").content.decode()
    assert reader.get(NEWS).status_code == 204
    desk.send(desk.draft(pri="flash"))
    for other in (elsewhere, colleague):
        assert other.get(NEWS).status_code == 204
        assert "data-notices=" not in other.get("/").content.decode()
    answer = reader.get(NEWS)
    (item,) = answer.json()["items"]
    reference = item["address"].rpartition("/")[2]
    assert item["title"] == f"[Accord] FLASH {reference}"
    assert item["text"] == f"Acknowledge an alert to {desk.health.name} within 1 hour. Speed: FLASH."
    assert CONTENT not in answer.content.decode()
    assert reader.get(item["address"], follow=True).status_code == 200
    assert reader.get(NEWS).status_code == 204
    # The cookie of before, by which the flash alert is still to be told.
    reader.cookies["accord_notices"] = cookie.value
    assert reader.get(NEWS).status_code == 200
    reader.cookies["accord_notices"] = cookie.value
    reader.post(SWITCH, {"on": "no"})
    assert reader.get(NEWS).status_code == 204
    assert "data-notices=" not in reader.get("/inbox/").content.decode()


def test_a_cookie_that_was_made_up_counts_for_nothing(
    desk: DeskWorld, as_officer: SignIn, sent: Alert
) -> None:
    reader = as_officer(desk.aroha)
    for made_up in (
        "",
        "yes",
        f"{desk.aroha.public_id}.",
        f"{desk.aroha.public_id}.-1",
        f"{desk.aroha.public_id}.{'9' * 40}",
    ):
        reader.cookies["accord_notices"] = made_up
        assert reader.get(NEWS).status_code == 204


def test_asking_is_no_visit_and_an_auditor_has_none(desk: DeskWorld, as_officer: SignIn) -> None:
    auditor = as_officer(desk.edda)
    assert auditor.get(NEWS).status_code == 403
    assert auditor.post(SWITCH, {"on": "yes"}).status_code == 403
    assert "data-notices-part" not in auditor.get("/account/").content.decode()
    assert settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["script-src"] == ["'self'"]
