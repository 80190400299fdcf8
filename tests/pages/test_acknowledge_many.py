# SPDX-License-Identifier: Apache-2.0
"""Acknowledge several from the inbox: one page lists exactly which, the next the outcome of each; also without a script."""

import re

from alerts.errors import NotOpenedError
from alerts.models import Alert, ReceivedAlert
from alerts.problems import words_for
from alerts.receiving.opening import open_alert
from ledger.models import AuditEvent
from tests.desk_calls import ViewsInPlaceOfSockets
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld
from tests.pages.test_lists import received_copies


def test_select_look_acknowledge(desk: DeskWorld, as_officer: SignIn, sent: Alert) -> None:
    opened = [desk.received(desk.haitham)]
    received_copies(opened[0], 1)
    unopened = ReceivedAlert.objects.exclude(pk=opened[0].pk).get()
    desk.send(desk.draft(title="The second alert"))
    opened.append(ReceivedAlert.objects.get(md=Alert.objects.latest("released_at").md))
    for row in opened:
        open_alert(desk.haitham, row, reason="on_duty", now=desk.tick())
    client = as_officer(desk.haitham)
    inbox = client.get("/inbox/").content.decode()
    offered = re.findall(r'<input type="checkbox" form="pick" name="pick" value="([^"]*)">', inbox)
    assert set(offered) == {str(row.pk) for row in (*opened, unopened)}
    assert '<form id="pick" class="picked" method="get" action="/inbox/acknowledge/"' in inbox

    asked = client.get("/inbox/acknowledge/", {"pick": offered}).content.decode()
    assert "Acknowledge 2 alerts?" in asked and words_for(NotOpenedError()) in asked
    assert set(re.findall(r'<input type="hidden" name="pick" value="([^"]*)">', asked)) == {
        str(row.pk) for row in opened
    }
    assert not ReceivedAlert.objects.exclude(acknowledged_at=None).exists(), "looking changes nothing"
    alone = client.get("/inbox/acknowledge/", {"pick": str(unopened.pk)}).content.decode()
    assert "This alert cannot be acknowledged now" in alone and words_for(NotOpenedError()) in alone

    form = {"pick": [str(row.pk) for row in opened]}
    without = client.post("/inbox/acknowledge/", form)
    assert without.status_code == 422 and "Reason: choose one." in without.content.decode()
    done = client.post("/inbox/acknowledge/", {**form, "reason": "case_number", "reference": "K 12/26"})
    page = done.content.decode()
    assert "2 alerts acknowledged" in page and CONTENT in page and "The second alert" in page
    assert ReceivedAlert.objects.filter(acknowledged_by=desk.haitham).count() == 2
    reasons = AuditEvent.objects.filter(act="alert.acknowledged").values_list("reason", flat=True)
    assert list(reasons) == ["case_number: K 12/26"] * 2
    again = client.post("/inbox/acknowledge/", {**form, "reason": "on_duty"}).content.decode()
    assert "0 alerts acknowledged" in again and again.count("Acknowledged before.") == 2
    assert str(opened[0].pk) not in re.findall(
        r'name="pick" value="([^"]*)"', client.get("/inbox/").content.decode()
    )


def test_foreign_none_too_many_and_no_right(desk: DeskWorld, as_officer: SignIn, sent: Alert) -> None:
    row = desk.received(desk.haitham)
    client = as_officer(desk.haitham)
    for query in ({}, {"pick": "x"}, {"pick": [f"{n:032x}" for n in range(51)]}):
        assert client.get("/inbox/acknowledge/", query).status_code == 422
    strange = as_officer(desk.benno)
    page = strange.post("/inbox/acknowledge/", {"pick": str(row.pk), "reason": "on_duty"}).content.decode()
    assert "There is no such alert for you." in page and row.reference not in page
    assert as_officer(desk.edda).get("/inbox/acknowledge/", {"pick": str(row.pk)}).status_code == 403
    row.refresh_from_db()
    assert row.acknowledged_at is None


def test_an_acknowledgement_that_waits_for_the_exchange_names_its_alert(
    desk: DeskWorld, as_officer: SignIn, sent: Alert, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    row, client = desk.received(desk.haitham), as_officer(desk.haitham)
    open_alert(desk.haitham, row, reason="on_duty", now=desk.tick())
    exchange_as_asked.is_away = True
    client.post("/inbox/acknowledge/", {"pick": [str(row.pk)], "reason": "on_duty"})
    waiting = client.get("/outbox/waiting/").content.decode()
    assert f"<bdi>Nine collapses {CONTENT}</bdi></a>" in waiting
    assert f'Acknowledgement · <span class="digest">{row.reference}' in waiting
