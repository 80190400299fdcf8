# SPDX-License-Identifier: Apache-2.0
"""Content kept at the desk ends with the alert's `keep`, and an alert that comes too late stays closed."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from accord.version import VERSION
from alerts.boxes.inbox import list_received
from alerts.boxes.outbox import open_sent_attachment
from alerts.boxes.search import Query, search_alerts
from alerts.errors import ContentDeletedError, ExpiredError
from alerts.models import CardToken, ReceivedAlert
from alerts.receiving.following import follow_feeds
from alerts.receiving.opening import open_alert, open_attachment
from callers.problems import EXPIRED
from ledger.models import AuditEvent, LoopState, Restore
from ledger.restores import record_restore
from notices.models import Notification
from sharing.sweeping import sweep_deliveries
from tests.alerts.conftest import GOOD, Desks, kept_desks_of_now
from tests.alerts.test_follow_feed import PARTNER_ALERT, received_by, send_from_partner
from tests.alerts.test_open_alert import received_with_file
from tests.builders import seconds
from tests.stages import act

DELETED = "Its content was deleted."


@act
def short_lived(desks: Desks, *, exp: int = 100, keep: int = 200) -> str:
    now = seconds(desks.hub.now)
    return send_from_partner(desks, status="exercise", exp=now + exp, keep=now + keep, ack_by=None)


def test_card_and_tokens_go_with_keep_and_the_facts_stay(desks: Desks) -> None:
    md = short_lived(desks)
    kept = desks.received()
    desks.follow()
    follow_feeds(now=desks.hub.later(seconds=199))
    assert received_by(desks, md).card is not None
    for _ in range(2):
        follow_feeds(now=desks.hub.later(seconds=1))
    row = received_by(desks, md)
    assert (row.card, row.tokens.count(), row.tlp) == (None, 0, "GREEN")
    event = AuditEvent.objects.get(act="card.deleted")
    assert (event.agency, event.subject) == (desks.health.id, md)
    kept.refresh_from_db()
    assert kept.card is not None and CardToken.objects.filter(received=kept).exists()


def test_lists_and_search_stop_at_keep_whether_or_not_the_worker_has_come_by(desks: Desks) -> None:
    md = short_lived(desks)
    desks.received()
    desks.follow()

    def listed_and_found() -> tuple[list[str], int]:
        rows = list_received(desks.health.reader, now=desks.hub.now).rows
        found = search_alerts(desks.health.reader, Query("blue tablets"), now=desks.hub.now)
        assert md in {row.received.md for row in rows}
        return sorted(row.card.title for row in rows if row.card), len(found.rows)

    assert listed_and_found() == (["Blue tablets", GOOD["title"]], 1)
    desks.hub.later(seconds=200)
    for _ in range(2):
        assert listed_and_found() == ([GOOD["title"]], 0)
        follow_feeds(now=desks.hub.now)


def test_after_a_restore_worker_and_desk_note_that_all_of_it_is_deleted(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than one batch each: nobody signs in before, so nothing may be left for the next round."""
    monkeypatch.setattr("sharing.sweeping.DELETED_A_BATCH", 1)
    monkeypatch.setattr("sharing.sweeping.BATCHES_A_SWEEP", 1)
    monkeypatch.setattr("alerts.receiving.following.forget_cards", lambda actor, *, now: 0)
    digests = [short_lived(desks), short_lived(desks)]
    desks.follow()
    rows = [received_by(desks, md) for md in digests]
    record_restore((), backup_at=None, now=desks.hub.later(seconds=200))
    sweep_deliveries(now=desks.hub.now)
    restore = Restore.objects.get()
    assert (restore.contents_deleted_at, restore.cards_deleted_at) == (desks.hub.now, None)
    follow_feeds(now=desks.hub.later(seconds=1))
    restore.refresh_from_db()
    assert (restore.cards_deleted_at, restore.deletes_still) == (desks.hub.now, False)
    for row in rows:
        row.refresh_from_db()
        assert row.card is None


@pytest.mark.parametrize("stands", ["contents.deleting", "desk.forgetting"])
def test_while_a_loop_stands_it_is_not_noted(desks: Desks, stands: str) -> None:
    md = short_lived(desks)
    desks.follow()
    LoopState.objects.create(loop=stands, in_a_row=10, version=VERSION, stopped_at=desks.hub.now)
    record_restore((), backup_at=None, now=desks.hub.later(seconds=200))
    sweep_deliveries(now=desks.hub.now)
    follow_feeds(now=desks.hub.now)
    restore = Restore.objects.get()
    noted = (restore.contents_deleted_at is not None, restore.cards_deleted_at is not None)
    assert noted == (stands != "contents.deleting", stands != "desk.forgetting")
    assert (received_by(desks, md).card is None) is noted[1]


def test_nothing_of_it_opens_from_keep_on(desks: Desks) -> None:
    row = received_with_file(desks)
    sent = desks.lab.agency.alerts.get()
    desks.hub.now = row.keep
    for _ in range(2):
        with pytest.raises(ContentDeletedError):
            open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now)
        with pytest.raises(ContentDeletedError):
            open_attachment(desks.health.reader, row, n=0, reason="on_duty", now=desks.hub.now)
        with pytest.raises(ContentDeletedError):
            open_sent_attachment(desks.lab.reader, sent, n=0, now=desks.hub.now)
        sweep_deliveries(now=desks.hub.now)


def test_what_the_desk_fetched_too_late_has_its_facts_and_stays_closed(desks: Desks) -> None:
    md = short_lived(desks)
    desks.hub.later(seconds=150)
    desks.follow()
    row = received_by(desks, md)
    assert (row.card, row.unopenable) == (None, False)
    with pytest.raises(ExpiredError):
        open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now)
    assert follow_feeds(now=desks.hub.now) == 0
    assert not Notification.objects.exists()


def test_what_was_deleted_before_the_desk_fetched_it_never_came_and_the_auditor_reads_it(
    desks: Desks,
) -> None:
    md = short_lived(desks)
    desks.hub.later(seconds=250)
    sweep_deliveries(now=desks.hub.now)
    desks.follow()
    assert not ReceivedAlert.objects.exists()
    event = AuditEvent.objects.get(act="alert.refused", subject=md)
    assert (event.agency, event.detail) == (desks.health.id, {"move": "fetch", "cause": "content-deleted"})


@pytest.fixture
def desks_of_today(db: None, tmp_path: Path) -> Desks:
    """A world whose clock is an hour back, since pages read the real clock."""
    return kept_desks_of_now(tmp_path / "ledger", ago=timedelta(hours=1))


def page_of(desks: Desks, row: ReceivedAlert) -> str:
    client = Client()
    client.force_login(desks.health.reader, "officers.login.backends.EmailBackend")
    answers = [
        client.post(f"/inbox/{row.pk}/", {"reason": "on_duty"}, follow=True),
        client.get(f"/inbox/{row.pk}/"),
    ]
    first, second = (answer.content.decode() for answer in answers)
    assert first.count(DELETED) == second.count(DELETED)
    return first


def test_the_page_says_that_its_content_was_deleted(desks_of_today: Desks) -> None:
    desks = desks_of_today
    md = short_lived(desks)
    desks.follow()
    for _ in range(2):
        page = page_of(desks, received_by(desks, md))
        assert DELETED in page and "Why do you open this?" not in page
        assert PARTNER_ALERT["title"] not in page
        follow_feeds(now=timezone.now())


def test_the_page_says_that_it_came_too_late(desks_of_today: Desks) -> None:
    desks = desks_of_today
    md = short_lived(desks, exp=100, keep=9000)
    desks.hub.later(seconds=150)
    desks.follow()
    page = page_of(desks, received_by(desks, md))
    assert EXPIRED.words_for() in page
    assert GOOD["title"] not in page
