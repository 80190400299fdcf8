# SPDX-License-Identifier: Apache-2.0
"""The desk fetches an envelope once over the exchange's API and reads its own copy from then on, until `keep`."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from alerts.errors import ContentDeletedError, ExchangeAwayError, ExpiredError, RecalledError, UnopenableError
from alerts.models import AwaitedEnvelope, HeldBlob, HeldEnvelope, ReceivedAlert
from alerts.receiving.fetching import fetch_and_open
from alerts.receiving.following import follow_feed, follow_feeds, tidy_received
from alerts.receiving.held_envelopes import LEFT_OVER, fetch_ahead, forget_envelopes, held_envelope
from alerts.receiving.opening import open_alert, open_attachment
from callers.actors import SystemActor
from callers.capabilities import Capability
from callers.errors import AbsentError
from ledger.models import AuditEvent
from notices.models import Notification
from sharing.models import Envelope, Statement
from tests.alerts.conftest import Desks
from tests.alerts.test_open_alert import SPECTRUM, drop_held, received_with_file
from tests.builders import about
from tests.desk_calls import ViewsInPlaceOfSockets
from tests.peers import sealed_for

WORKER = SystemActor("desk-worker", "xb-health", frozenset({Capability.ALERT_READ}))


def test_an_envelope_is_fetched_once(desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets) -> None:
    row = desks.opened()
    assert exchange_as_asked.asked.count(f"/api/v1/envelopes/{row.md}") == 1
    served = AuditEvent.objects.get(act="slice.served", agency=desks.health.id)
    assert served.actor == "client:xb-health/desk"


def test_what_is_held_is_read_with_its_files_while_the_exchange_is_away(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    row = received_with_file(desks)
    Envelope.objects.filter(md=row.md).update(manifest=None)
    exchange_as_asked.is_away = True
    file = open_attachment(desks.health.reader, row, n=0, reason="on_duty", now=desks.hub.now)
    assert file.data == SPECTRUM


@pytest.mark.parametrize("table", ["alerts_heldenvelope SET slice", "alerts_heldblob SET content"])
def test_what_was_changed_here_is_refused_and_fetched_anew(desks: Desks, table: str) -> None:
    row = received_with_file(desks)
    column = table.rsplit(maxsplit=1)[-1]
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} = set_byte({column}, 90, get_byte({column}, 90) # 1)")
    assert open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.later(hours=1)).title
    assert AuditEvent.objects.filter(act="alert.refused", subject=row.md).count() == 1


def test_what_was_changed_here_and_cannot_be_fetched_anew_stays_closed_and_stays(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    row = desks.received()
    HeldEnvelope.objects.update(slice=b"no slice")
    exchange_as_asked.lies = lambda path, octets: b"{}" if path.endswith(row.md) else octets
    with pytest.raises(UnopenableError):
        open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.later(hours=1))
    row.refresh_from_db()
    assert not row.unopenable
    assert bytes(HeldEnvelope.objects.get(md=row.md).slice) == b"no slice"


def change(md: str) -> Callable[[str, bytes], bytes]:
    """Answer with this envelope under a nonce other than the signed one."""
    return lambda path, octets: (
        re.sub(rb'"iv":"[^"]*"', b'"iv":"AAAAAAAAAAAAAAAA"', octets)
        if path.endswith("/slices") or md in path
        else octets
    )


def sent_changed(desks: Desks, exchange: ViewsInPlaceOfSockets) -> str:
    sealed = sealed_for(desks.hub, desks.own, desks.health.id)
    desks.hub.carry(desks.own, sealed)
    desks.sequence()
    exchange.lies = change(sealed.md)
    desks.follow()
    return sealed.md


def test_what_was_changed_on_its_way_opens_once_it_is_given_as_it_was_signed(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    md = sent_changed(desks, exchange_as_asked)
    assert ReceivedAlert.objects.get(md=md).unopenable
    assert not HeldEnvelope.objects.exists(), "nothing is kept of what does not verify"
    told = Notification.objects.filter(about=md).count()
    desks.hub.later(hours=1)
    desks.follow()
    assert ReceivedAlert.objects.get(md=md).unopenable
    assert not HeldEnvelope.objects.exists()
    exchange_as_asked.behave()
    desks.hub.later(hours=1)
    desks.follow()
    row = ReceivedAlert.objects.get(md=md)
    assert (row.unopenable, row.card is not None) == (False, True)
    assert open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now).title
    assert Statement.objects.filter(k="ack", sub_d=md).count() == 1
    assert Notification.objects.filter(about=md).count() == 2 * told > 0
    assert not AwaitedEnvelope.objects.exists()


def test_a_file_that_was_changed_on_its_way_is_asked_for_again(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    exchange_as_asked.lies = lambda path, octets: (
        bytes([octets[0] ^ 1]) + octets[1:] if "/blobs/" in path else octets
    )
    row = received_with_file(desks)
    assert row.unopenable
    exchange_as_asked.behave()
    desks.hub.later(minutes=1)
    desks.follow()
    row.refresh_from_db()
    assert not row.unopenable


@pytest.mark.parametrize("days", [8, 40])
def test_it_is_not_asked_for_for_ever(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets, days: int
) -> None:
    """Eight days are longer than the desk waits, forty longer than the alert is in force."""
    sent_changed(desks, exchange_as_asked)
    assert AwaitedEnvelope.objects.exists()
    desks.hub.later(days=days)
    desks.follow()
    assert not AwaitedEnvelope.objects.exists()


def test_another_envelope_is_not_taken_for_the_one_that_was_asked_for(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    first = desks.received()
    held = held_envelope(desks.health.id, first.md, now=desks.hub.now)
    assert held is not None
    second = sealed_for(desks.hub, desks.own, desks.health.id)
    desks.hub.carry(desks.own, second)
    desks.sequence()
    exchange_as_asked.lies = lambda path, octets: held.octets if path.endswith(second.md) else octets
    desks.follow()
    assert not ReceivedAlert.objects.filter(md=second.md).exists()
    assert not HeldEnvelope.objects.filter(md=second.md).exists()
    exchange_as_asked.behave()
    desks.hub.later(minutes=1)
    desks.follow()
    assert ReceivedAlert.objects.get(md=second.md).card is not None


def test_from_keep_on_it_is_closed_and_then_deleted(desks: Desks) -> None:
    row = received_with_file(desks)
    late = row.keep
    with pytest.raises(ContentDeletedError):
        fetch_and_open(WORKER, row.md, reason="intake", now=late)
    HeldEnvelope.objects.update(keep=late + timedelta(days=1))
    with pytest.raises(ContentDeletedError):
        fetch_and_open(WORKER, row.md, reason="intake", now=late)
    HeldEnvelope.objects.update(keep=late)
    tidy_received(now=late - timedelta(seconds=1))
    assert HeldEnvelope.objects.filter(agency=desks.health.agency).exists()
    tidy_received(now=late)
    assert not HeldEnvelope.objects.exists() and not HeldBlob.objects.exists()


def test_what_the_exchange_refuses_before_the_first_fetch_is_said_as_it_is(desks: Desks) -> None:
    recalled = sealed_for(desks.hub, desks.own, desks.health.id)
    expired = sealed_for(desks.hub, desks.own, desks.health.id)
    for sealed in (recalled, expired):
        desks.hub.carry(desks.own, sealed)
    desks.sequence()
    desks.hub.submit(desks.own, desks.hub.retraction(desks.own, recalled, sub=about(recalled)))
    desks.sequence()
    with pytest.raises(RecalledError):
        fetch_and_open(WORKER, recalled.md, reason="intake", now=desks.hub.now)
    with pytest.raises(ExpiredError):
        fetch_and_open(WORKER, expired.md, reason="intake", now=desks.hub.later(days=31))
    with pytest.raises(AbsentError):
        fetch_and_open(WORKER, "A" * 43, reason="intake", now=desks.hub.now)
    assert not HeldEnvelope.objects.exists()


def test_a_fetch_that_broke_off_leaves_nothing_to_be_read(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    row = received_with_file(desks)
    drop_held()

    def break_off(path: str, octets: bytes) -> bytes:
        exchange_as_asked.is_away = "/blobs/" in path or path.endswith(row.md)
        return octets

    exchange_as_asked.lies = break_off
    with pytest.raises(ExchangeAwayError):
        open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now)
    assert held_envelope(desks.health.id, row.md, now=desks.hub.now) is None
    exchange_as_asked.behave()
    assert open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now).title
    assert HeldEnvelope.objects.filter(is_whole=False).count() == 0
    killed = HeldEnvelope.objects.get(agency=desks.health.agency)
    HeldEnvelope.objects.create(
        agency=killed.agency, md=killed.md, slice=b"", keep=killed.keep, fetched_at=desks.hub.now
    )
    forget_envelopes(now=desks.hub.now + LEFT_OVER)
    assert HeldEnvelope.objects.filter(is_whole=False).count() == 0
    assert held_envelope(desks.health.id, row.md, now=desks.hub.now) is not None


def test_an_agency_reads_nothing_of_what_another_one_holds(desks: Desks) -> None:
    row = desks.received()
    assert held_envelope(desks.stranger.id, row.md, now=desks.hub.now) is None
    stranger = SystemActor("desk-worker", desks.stranger.id, frozenset({Capability.ALERT_READ}))
    with pytest.raises(AbsentError):
        fetch_and_open(stranger, row.md, reason="intake", now=desks.hub.now)


def test_while_the_exchange_is_away_the_feed_waits(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    alert = desks.released()
    desks.sequence()
    exchange_as_asked.is_away = True
    with pytest.raises(ExceptionGroup):
        follow_feeds(now=desks.hub.now)
    assert not ReceivedAlert.objects.filter(md=alert.md).exists()
    exchange_as_asked.behave()
    follow_feeds(now=desks.hub.now)
    assert ReceivedAlert.objects.get(md=alert.md).card is not None


def test_it_comes_over_a_socket_with_the_desks_own_key(served: Desks, live_server: LiveServer) -> None:
    served.hub.now = timezone.now()
    row = received_with_file(served)
    assert HeldBlob.objects.filter(envelope__md=row.md).count() == 1
    assert open_alert(served.health.reader, row, reason="on_duty", now=timezone.now()).title


def test_a_page_of_the_feed_is_fetched_with_one_question_and_then_looked_up_in_one_statement(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    mds = [desks.released(title=f"Alert {n}").md for n in range(4)]
    desks.sequence()
    exchange_as_asked.behave()
    follow_feed(desks.health.agency, now=desks.hub.now)
    assert ReceivedAlert.objects.filter(md__in=mds, card__isnull=False).count() == 4
    assert exchange_as_asked.asked.count("/api/v1/slices") == 1
    assert exchange_as_asked.asked.count("/api/v1/keysets/query") <= 2
    assert not [path for path in exchange_as_asked.asked if path.startswith("/api/v1/envelopes/")]
    with CaptureQueriesContext(connection) as asked:
        fetch_ahead(desks.health.id, mds, now=desks.hub.now)
    assert len(asked.captured_queries) == 1


def test_an_answer_about_one_envelope_that_cannot_be_used_keeps_no_other_waiting(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    bad, good = desks.released(title="A spoilt alert"), desks.released(title="A whole alert")
    desks.sequence()

    def spoil(path: str, octets: bytes) -> bytes:
        if path.endswith("/slices"):
            return b"{}"
        return b"<html>" if path.endswith(bad.md) else octets

    exchange_as_asked.lies = spoil
    desks.follow()
    assert ReceivedAlert.objects.get(md=good.md).card is not None
    assert not ReceivedAlert.objects.filter(md=bad.md).exists()
    exchange_as_asked.behave()
    desks.hub.later(hours=2)
    desks.follow()
    assert ReceivedAlert.objects.get(md=bad.md).card is not None
