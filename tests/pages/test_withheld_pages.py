# SPDX-License-Identifier: Apache-2.0
"""Alerts that a suspended lane kept from a peer, on pages and in JSON: chosen by one person, sent by another, marked at the other side."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from alerts.agency.lanes import resume_lanes, suspend_lanes
from alerts.models import Alert, ReceivedAlert, WithheldAlert
from alerts.withheld.deciding import choose_withheld
from alerts.withheld.sending import send_chosen
from tests.api.sessions import Session
from tests.page_queries import reads_of
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld, Stage
from tests.pages.test_reply_pages import open_at_health

PEER, LANE = "xb-health", "public_health"
AT = f"/withheld/{PEER}/{LANE}/"
MOST_READS = 20


def hold_two_back(desk: DeskWorld) -> None:
    """Suspend the lane, send two alerts to those whose lane is open."""
    suspend_lanes(desk.sunniva, [PEER], [LANE], now=desk.tick())
    desk.settle()
    for title in ("Nine collapses at one event", "Blue tablets sold as oxycodone"):
        desk.send(desk.draft(title=title))


def open_again(desk: DeskWorld) -> None:
    resume_lanes(desk.sunniva, [PEER], [LANE], now=desk.tick())
    desk.settle()


@pytest.fixture
def stage() -> Stage:
    return hold_two_back


def group_of(page: str) -> str:
    return page.partition('name="groups" value="')[2].partition('"')[0]


def test_while_the_lane_is_suspended_it_is_shown_and_cannot_be_chosen(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    browser = as_officer(desk.benno)
    listed = browser.get("/withheld/").content.decode()
    assert "Health Authority, Belmora" in listed and "2 not decided" in listed and AT in listed
    page = browser.get(AT).content.decode()
    assert "The lane has been suspended since" in page and 'type="checkbox"' not in page
    assert "can be sent once your agency has resumed it" in page
    assert AT in browser.get("/agreements/G1/").content.decode()
    assert "withheld" not in browser.get("/").content.decode()
    row = WithheldAlert.objects.all()[0]
    assert (
        "Withheld from <bdi>Health Authority, Belmora"
        in browser.get(f"/outbox/{row.alert_id}/").content.decode()
    )
    assert as_officer(desk.haitham).get(AT).status_code == 404
    assert "Nothing is withheld." in as_officer(desk.haitham).get("/withheld/").content.decode()


def test_who_suspends_it_is_said_to_the_two_of_them(desk: DeskWorld, as_officer: SignIn) -> None:
    browser, call = as_officer(desk.benno), Session(desk.benno)
    suspend_lanes(desk.haitham, ["xa-lab"], [LANE], now=desk.tick())
    desk.settle()
    page = browser.get(AT).content.decode()
    assert "by your agency and by <bdi>Health Authority, Belmora</bdi>" in page
    assert call("GET", "withheld").json()["items"][0]["stopped_by"] == ["xa-lab", PEER]
    open_again(desk)
    page = browser.get(AT).content.decode()
    assert "by <bdi>Health Authority, Belmora</bdi>" in page and "once they have resumed it" in page
    assert call("GET", "withheld").json()["items"][0]["stopped_by"] == [PEER]


def test_one_person_chooses_and_another_sends_them_in_steps(desk: DeskWorld, as_officer: SignIn) -> None:
    open_again(desk)
    author, releaser = as_officer(desk.ilka), as_officer(desk.benno)
    assert "whether 2 withheld alerts are sent to" in releaser.get("/").content.decode()
    page = author.get(AT).content.decode()
    assert "checked" not in page, "nothing is preselected"
    nothing = author.post(f"{AT}choose/")
    assert nothing.status_code == 422 and "Nothing is ticked" in nothing.content.decode()
    assert f'href="{AT}?group=' in nothing.content.decode(), "its address takes no reading"
    assert author.post(f"{AT}choose/", {"groups": group_of(page)}).status_code == 302
    assert author.get(f"{AT}send/").status_code == 403
    assert "Nine collapses at one event" in releaser.get(AT).content.decode(), (
        "who sends sees what was chosen"
    )
    asked = releaser.get(f"{AT}send/").content.decode()
    assert "Send 2 withheld alerts to" in asked and "sent after a suspension" in asked
    sent = releaser.post(f"{AT}send/")
    assert (sent.status_code, sent["Location"]) == (302, AT)
    waiting = releaser.get(AT).content.decode()
    assert "2 of 2 sent, 0 of them logged" in waiting and "data-arrivals" in waiting
    desk.catch_up()
    logged = releaser.get(AT).content.decode()
    assert "2 of 2 sent, 2 of them logged" in logged and "data-arrivals" not in logged
    for page in (waiting, logged):
        assert ">What was sent</h2>" in page and "to go." not in page and ">Sending</h2>" not in page
    row = WithheldAlert.objects.all()[0]
    first, copy = f"/outbox/{row.alert_id}/", f"/outbox/{row.sent_id}/"
    repeats = releaser.get(copy).content.decode()
    assert "sent after a suspension" in repeats and f'href="{first}"' in repeats
    repeated = releaser.get(first).content.decode()
    assert "Sent again on" in repeated and f'href="{copy}"' in repeated and AT not in repeated
    assert "written" in as_officer(desk.aroha).get("/inbox/").content.decode()
    assert "sent after a suspension" in open_at_health(desk, as_officer(desk.aroha))


def test_who_has_chosen_is_not_offered_to_send(desk: DeskWorld, as_officer: SignIn) -> None:
    open_again(desk)
    author, releaser = as_officer(desk.ilka), as_officer(desk.benno)
    assert "whether 2 withheld alerts are sent to" in author.get("/").content.decode()
    choose_withheld(
        desk.benno, PEER, LANE, ids=WithheldAlert.objects.values_list("pk", flat=True), now=desk.tick()
    )
    page = releaser.get(AT).content.decode()
    assert "A colleague who may release sends what you have chosen" in page and "Send…" not in page
    assert AT not in releaser.get("/").content.decode()


def test_what_is_left_goes_on_by_itself_and_can_be_stopped(desk: DeskWorld, as_officer: SignIn) -> None:
    open_again(desk)
    ids = list(WithheldAlert.objects.values_list("pk", flat=True))
    choose_withheld(desk.ilka, PEER, LANE, ids=ids, now=desk.tick())
    browser = as_officer(desk.benno)
    assert "data-goes-on" not in browser.get(AT).content.decode(), "the first step is a person's"
    assert "Send…" in browser.get(AT).content.decode()
    send_chosen(desk.benno, PEER, LANE, at_most=1, now=desk.tick())
    assert "data-goes-on" in browser.get(f"{AT}?on=1").content.decode()
    assert browser.post(f"{AT}cancel/").status_code == 302
    assert "Choose what is sent" in browser.get(AT).content.decode()
    desk.catch_up()
    assert ReceivedAlert.objects.filter(agency=PEER).count() == 1


def test_one_alert_of_a_group_is_not_needed(desk: DeskWorld, as_officer: SignIn) -> None:
    open_again(desk)
    browser = as_officer(desk.ilka)
    group = group_of(browser.get(AT).content.decode())
    page = browser.get(AT, {"group": group}).content.decode()
    assert "Nine collapses at one event" in page and "Blue tablets sold as oxycodone" in page
    nothing = browser.post(f"{AT}choose/?group={group}").content.decode()
    assert "Nothing is ticked" in nothing and "Nine collapses at one event" in nothing, "the page stays"
    one = page.partition('name="ids" value="')[2].partition('"')[0]
    assert browser.post(f"{AT}decline/", {"ids": one}).status_code == 302
    assert "1 not decided" in browser.get(AT).content.decode()


def test_a_page_asks_as_little_for_many_as_for_two(desk: DeskWorld, as_officer: SignIn) -> None:
    open_again(desk)
    browser = as_officer(desk.benno)
    addresses = ("/withheld/", AT, f"{AT}?group=harm_cluster:{desk.hub.now:%Y-%m}")
    few = {address: _reads(browser, address) for address in addresses}
    one = WithheldAlert.objects.all()[0]
    for _ in range(3):
        sent = desk.send(desk.draft(recipients=["xd-reg"]))
        one.pk, one.alert, one.released_at = None, sent, desk.hub.now
        one._state.adding = True
        one.id = one._meta.get_field("id").get_default()
        one.save()
    assert {address: _reads(browser, address) for address in addresses} == few
    assert max(few.values()) <= MOST_READS


def _reads(browser: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(address).status_code == 200
    return len(reads_of(asked))


def test_a_system_s_officer_does_the_same_in_json(desk: DeskWorld) -> None:
    open_again(desk)
    desk.wait_for_the_clock()
    author, releaser = Session(desk.ilka), Session(desk.benno)
    (lane,) = author("GET", "withheld").json()["items"]
    assert (lane["peer"], lane["lane"], lane["since"], lane["waiting"]) == (PEER, LANE, None, 2)
    at = f"withheld/{PEER}/{LANE}"
    shown = author("GET", at).json()
    assert len(shown["items"]) == 2 and shown["items"][0]["card"]["title"]
    (group,) = shown["groups"]
    chosen = author("POST", f"{at}/choose", {"groups": [group["key"]]})
    assert (chosen.status_code, chosen.json()["left"]) == (200, 2)
    assert author("POST", f"{at}/send").status_code == 403
    done = releaser("POST", f"{at}/send")
    assert (done.status_code, done.json()["signed"], done.json()["left"]) == (200, 2, 0)
    sent = {row["sent"] for row in author("GET", f"{at}?state=chosen").json()["items"]}
    assert sent == {
        str(pk) for pk in Alert.objects.filter(resent_from__isnull=False).values_list("pk", flat=True)
    }
    assert releaser("POST", f"{at}/choose", {"groups": ["gold:2026-13"]}).status_code == 422
