# SPDX-License-Identifier: Apache-2.0
"""A sent alert: its state at each agency, and withdrawal with the sentence that repeats verb and number."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from alerts.models import Alert
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.opening import open_alert
from alerts.sending.release import release_alert
from officers.models import AgencyPolicy
from tests.bound_rows import rewrite
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld


@pytest.fixture
def sender(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.benno)


@pytest.fixture
def alert(sent: Alert) -> Alert:
    return sent


def test_the_outbox_says_how_far_it_came(sender: Client, desk: DeskWorld, alert: Alert) -> None:
    received = desk.received(desk.aroha)
    open_alert(desk.aroha, received, reason="on_duty", now=desk.tick())
    acknowledge_alert(desk.aroha, received, now=desk.tick())
    desk.settle()
    page = sender.get("/outbox/").content.decode()
    assert CONTENT in page
    assert page.count(">1/2</td>") == 2, "opened and acknowledged by one of two"
    detail = sender.get(f"/outbox/{alert.pk}/").content.decode()
    assert "Acknowledged</span>" in detail
    assert "Health Authority, Belmora" in detail and "Precursor Office, Dellin" in detail
    assert "Logged as entry" in detail
    assert (
        "written by <bdi>Ilka Torvane</bdi>" in detail and "released by <bdi>Benno Ashgrove</bdi>" in detail
    )


def test_before_its_receipt_it_says_that_it_is_being_logged(sender: Client, checked: Alert) -> None:
    sender.post(f"/queue/{checked.pk}/release/", {"revision": checked.current})
    page = sender.get(f"/outbox/{checked.pk}/").content.decode()
    assert "Being logged. This usually takes a second." in page
    assert "Being logged</span>" in page


def test_withdrawing_says_what_it_does_needs_a_reason_and_is_done_once(
    sender: Client, desk: DeskWorld, alert: Alert
) -> None:
    open_alert(desk.aroha, desk.received(desk.aroha), reason="on_duty", now=desk.tick())
    address = f"/outbox/{alert.pk}/withdraw/"
    page = sender.get(address).content.decode()
    assert "Withdraw from 2 agencies?" in page
    assert "New reading stops; each must confirm." in page
    assert "1 has opened it; that cannot be undone." in page
    assert ">Withdraw from 2 agencies</button>" in page
    for code in ("mood", SimpleUploadedFile("a.txt", b"error")):
        refused = sender.post(address, {"code": code})
        assert refused.status_code == 422 and "Reason: choose one." in refused.content.decode()
    alert.refresh_from_db()
    assert alert.state == "released", "looking withdraws nothing"
    assert sender.post(address, {"code": "contaminated"}).status_code == 302
    alert.refresh_from_db()
    assert alert.state == "withdrawn"
    assert sender.post(address, {"code": "contaminated"}).headers["Location"] == f"/outbox/{alert.pk}/"
    page = sender.get(f"/outbox/{alert.pk}/").content.decode()
    assert "0 of 2 agencies have confirmed" in page
    assert "Withdraw…" not in page


def test_a_reader_sees_it_and_cannot_withdraw_it(desk: DeskWorld, as_officer: SignIn, alert: Alert) -> None:
    author = as_officer(desk.ilka)
    assert "Withdraw…" not in author.get(f"/outbox/{alert.pk}/").content.decode()
    for answer in (author.get(f"/outbox/{alert.pk}/withdraw/"), author.post(f"/outbox/{alert.pk}/withdraw/")):
        assert answer.status_code == 403
        assert "Your role cannot withdraw." in answer.content.decode()


def test_a_flash_alert_sent_by_one_person_asks_for_a_second_look(desk: DeskWorld, as_officer: SignIn) -> None:
    rewrite(AgencyPolicy.objects.filter(pk=desk.lab.pk), flash_single_releaser=True)
    desk.ilka.roles = ["author", "releaser"]
    desk.ilka.save()
    checked = desk.validate(desk.submit(desk.draft(pri="flash")), desk.ilka)
    sent = release_alert(desk.ilka, checked, revision=checked.current, now=desk.tick())
    second = as_officer(desk.benno)
    assert "A second look is due" in second.get(f"/outbox/{sent.pk}/").content.decode()
    assert ">Look again</span>" in second.get("/").content.decode()
    assert "A second look is due" not in as_officer(desk.ilka).get(f"/outbox/{sent.pk}/").content.decode()
    assert as_officer(desk.ilka).post(f"/outbox/{sent.pk}/second-look/").status_code == 404
    assert second.post(f"/outbox/{sent.pk}/second-look/").status_code == 302
    assert "A second look is due" not in second.get(f"/outbox/{sent.pk}/").content.decode()
    assert second.post(f"/outbox/{sent.pk}/second-look/").status_code == 404
