# SPDX-License-Identifier: Apache-2.0
"""A feed that is long after days away: alerts are filed together, read later, and nothing differs in the end."""

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from django.db import connection, transaction

from accord.envelope.content import Attachment
from accord.envelope.encoding import b64u, unb64u
from accord.envelope.manifest import Reference
from accord.envelope.statements.form import SubjectRef
from alerts.models import AwaitedEnvelope, CardToken, HeldEnvelope, ReceivedAlert
from alerts.projections.cards import open_received_cards
from alerts.receiving import long_feeds, pages, taking
from alerts.receiving.feed_notices import FeedNotices
from alerts.receiving.following import follow_feed
from alerts.receiving.held_envelopes import Held, fetch_ahead
from alerts.receiving.long_feeds import LongFeed
from alerts.receiving.opening import open_alert
from ledger.models import LoopState, SetAside
from notices.models import Notification
from peers.models import FeedCursor
from reciprocity.models import Contribution
from sharing.models import Envelope
from tests.alerts.conftest import Desks, kept_desks
from tests.alerts.test_follow_feed import (
    PARTNER_ALERT,
    break_ciphertext,
    received_by,
    retract,
    send_from_partner,
)
from tests.desk_calls import ViewsInPlaceOfSockets

OWN_THREAD: Final = pages.OwnThread
"""The program's own, in place of which tests fetch on their connection."""


class KilledError(BaseException):
    """An end that no loop catches, like a kill."""


def with_other_signature_of(md: str, octets: bytes) -> bytes:
    """Change one octet of the manifest's signatures in the slice of one envelope."""
    answer = json.loads(octets)
    for one in answer["items"]:
        if one["md"] == md:
            part = json.loads(one["slice"])
            for signed in part["manifest"]["signatures"]:
                signature = bytearray(unb64u(signed["signature"]))
                signature[40] ^= 1
                signed["signature"] = b64u(bytes(signature))
            one["slice"] = json.dumps(part)
    return json.dumps(answer).encode()


@pytest.fixture
def _long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three items that wait make a feed long."""
    monkeypatch.setattr(long_feeds, "LONG", 3)


def filed(desks: Desks) -> list[tuple[Any, ...]]:
    """Return what is here of each alert, in the feed's order."""
    rows = list(ReceivedAlert.objects.filter(agency=desks.health.agency).order_by("number"))
    cards = open_received_cards(desks.health.id, rows)
    return [
        (
            row.number,
            row.md,
            cards[str(row.pk)].title if row.card else None,
            (row.first_md, row.version, row.replaced_by and row.replaced_by.md),
            (row.unopenable, row.withdrawn_at, row.derived_at is None, row.signers, row.files, row.re_md),
            CardToken.objects.filter(received=row).count(),
            sorted(Notification.objects.filter(about=row.md).values_list("officer_id", "occasion")),
            sorted(Contribution.objects.filter(received=row).values_list("re_md", "is_red")),
        )
        for row in rows
    ]


def once_and_again(desks: Desks, monkeypatch: pytest.MonkeyPatch, *, long: int) -> list[tuple[Any, ...]]:
    """Take the feed with this measure of long, twice as a worker does, and undo it; return what was here then."""
    monkeypatch.setattr(long_feeds, "LONG", long)
    point = transaction.savepoint()
    for _ in range(2):
        follow_feed(desks.health.agency, now=desks.hub.now)
    found = filed(desks)
    transaction.savepoint_rollback(point)
    return found


def jti_of(md: str) -> str:
    return str(Envelope.objects.get(md=md).jti)


def send_mixed(desks: Desks) -> None:
    """Send plain alerts and, between them, what is more: one broken, with a file, a later version, RED, withdrawn."""
    first = send_from_partner(desks)
    send_from_partner(desks, pri="flash")
    break_ciphertext(send_from_partner(desks))
    send_from_partner(desks, attachments=[Attachment("notes.txt", "text/plain", b"Seen on 3 March.")])
    send_from_partner(desks, kind="update", re=Reference(jti_of(first), first))
    withdrawn = send_from_partner(desks)
    about = SubjectRef("manifest", jti_of(withdrawn), withdrawn)
    body = {"code": "contaminated", "by": None}
    desks.hub.submit(desks.own, desks.hub.statement(desks.own, "retract", about, body=body, act="officer-1"))
    for _ in range(4):
        send_from_partner(desks)


def test_taken_together_or_one_by_one_the_same_is_here(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    send_mixed(desks)
    one_by_one = once_and_again(desks, monkeypatch, long=1_000)
    filed_together, file = list[int](), LongFeed.file

    def counted(feed: LongFeed, rows: Sequence[ReceivedAlert]) -> None:
        filed_together.append(len(rows))
        file(feed, rows)

    monkeypatch.setattr(LongFeed, "file", counted)
    together = once_and_again(desks, monkeypatch, long=1)
    assert max(filed_together) > 1
    assert together == one_by_one
    assert len(together) == 10


@pytest.mark.usefixtures("_long")
class TestLongFeed:
    def test_what_is_filed_waits_to_be_read_and_officers_may_open_it_before(
        self, desks: Desks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mds = [send_from_partner(desks) for _ in range(6)]
        monkeypatch.setattr(taking.FeedOfAgency, "_visit_unread", lambda _self: False)
        desks.follow()
        rows = [received_by(desks, md) for md in mds]
        assert [(row.number, row.derived_at, row.card) for row in rows] == [
            (n, None, None) for n in range(1, 7)
        ]
        assert Notification.objects.filter(about__in=mds[:3]).exists()
        view = open_alert(desks.health.reader, rows[0], reason="on_duty", now=desks.hub.now)
        assert view.title == PARTNER_ALERT["title"]

    def test_what_waits_to_be_read_is_read_in_turns_to_the_end(
        self, desks: Desks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(8):
            send_from_partner(desks)
        monkeypatch.setattr(taking, "RETRIED_AT_MOST", 2)
        follow_feed(desks.health.agency, now=desks.hub.now)
        assert not ReceivedAlert.objects.filter(derived_at=None).exists()
        assert ReceivedAlert.objects.exclude(card=None).count() == 8

    def test_a_kill_leaves_nothing_of_the_run_and_the_place_before_it(
        self, desks: Desks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mds = [send_from_partner(desks) for _ in range(6)]
        tell = FeedNotices.tell_of_arrivals

        def killed(notices: FeedNotices, rows: Sequence[ReceivedAlert]) -> None:
            if mds[1] in [row.md for row in rows]:
                raise KilledError
            tell(notices, rows)

        with monkeypatch.context() as patch:
            patch.setattr(FeedNotices, "tell_of_arrivals", killed)
            with pytest.raises(KilledError):
                desks.follow()
        assert not ReceivedAlert.objects.exists() and not Notification.objects.exists()
        assert not FeedCursor.objects.filter(reader=desks.health.id, number__gt=0).exists()
        desks.follow()
        assert [row.md for row in ReceivedAlert.objects.order_by("number")] == mds

    def test_one_that_cannot_be_filed_is_set_aside_alone(
        self, desks: Desks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mds = [send_from_partner(desks) for _ in range(6)]
        tell = FeedNotices.tell_of_arrivals

        def fail(notices: FeedNotices, rows: Sequence[ReceivedAlert]) -> None:
            if mds[1] in [row.md for row in rows]:
                raise ValueError
            tell(notices, rows)

        monkeypatch.setattr(FeedNotices, "tell_of_arrivals", fail)
        desks.follow()
        assert SetAside.objects.get().subject == mds[1]
        rows = ReceivedAlert.objects.order_by("number")
        assert [(row.number, row.md) for row in rows] == [(n + 1, md) for n, md in enumerate(mds) if n != 1]
        assert FeedCursor.objects.get(reader=desks.health.id).number == 6

    def test_a_run_ends_a_row_of_failures(self, desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
        failing = send_from_partner(desks, attachments=[Attachment("notes.txt", "text/plain", b"Seen.")])
        for _ in range(5):
            send_from_partner(desks)
        tell = FeedNotices.tell_of_arrivals

        def fail(notices: FeedNotices, rows: Sequence[ReceivedAlert]) -> None:
            if failing in [row.md for row in rows]:
                raise ValueError
            tell(notices, rows)

        monkeypatch.setattr(FeedNotices, "tell_of_arrivals", fail)
        desks.follow()
        assert SetAside.objects.get().subject == failing
        assert ReceivedAlert.objects.count() == 5 and not LoopState.objects.exists()

    def test_one_that_its_sender_did_not_sign_is_shown_to_nobody(
        self, desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
    ) -> None:
        mds = [send_from_partner(desks) for _ in range(6)]

        def forge(path: str, octets: bytes) -> bytes:
            return with_other_signature_of(mds[1], octets) if path.endswith("/slices") else octets

        exchange_as_asked.lies = forge
        desks.follow()
        assert {row.md for row in ReceivedAlert.objects.all()} == {*mds} - {mds[1]}
        assert AwaitedEnvelope.objects.get().md == mds[1]

    def test_a_withdrawal_counts_from_its_place_on(self, desks: Desks) -> None:
        first = send_from_partner(desks)
        desks.follow()
        before = [send_from_partner(desks) for _ in range(3)]
        retract(desks, received_by(desks, first), follow=False)
        after = [send_from_partner(desks) for _ in range(5)]
        desks.follow()
        withdrawn = ReceivedAlert.objects.exclude(withdrawn_at=None)
        assert [row.md for row in withdrawn] == [first]
        assert ReceivedAlert.objects.filter(md__in=[*before, *after], derived_at__isnull=False).count() == 8

    def test_the_next_part_is_fetched_before_one_is_filed(
        self, desks: Desks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(9):
            send_from_partner(desks)
        monkeypatch.setattr(taking, "TOGETHER", 2)
        tell, here = FeedNotices.tell_of_arrivals, list[tuple[int, int]]()

        def count(notices: FeedNotices, rows: Sequence[ReceivedAlert]) -> None:
            here.append((ReceivedAlert.objects.count(), HeldEnvelope.objects.count()))
            tell(notices, rows)

        monkeypatch.setattr(FeedNotices, "tell_of_arrivals", count)
        monkeypatch.setattr(taking.FeedOfAgency, "_visit_unread", lambda _self: False)
        desks.follow()
        assert here[:3] == [(2, 4), (4, 6), (6, 8)]
        assert here[-1] == (9, 9)

    def test_a_part_that_could_not_be_fetched_beside_is_fetched_in_its_turn(
        self, desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mds, refused = [send_from_partner(desks) for _ in range(8)], list[str]()
        monkeypatch.setattr(taking, "TOGETHER", 3)

        def refuse_the_second(path: str) -> tuple[int, bytes] | None:
            asked = exchange_as_asked.asked.count(path)
            if not path.endswith("/slices") or asked != 2:
                return None
            refused.append(path)
            return 500, b""

        exchange_as_asked.answers = refuse_the_second
        desks.follow()
        assert len(refused) == 1
        assert [row.md for row in ReceivedAlert.objects.order_by("number")] == mds
        assert not AwaitedEnvelope.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_thread_of_its_own_fetches_and_leaves_no_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desks = kept_desks(tmp_path / "ledger")
    mds = [send_from_partner(desks) for _ in range(8)]
    monkeypatch.setattr(pages, "OwnThread", OWN_THREAD)
    monkeypatch.setattr(long_feeds, "LONG", 1)
    monkeypatch.setattr(taking, "TOGETHER", 2)
    threads = list[str]()

    def noted(*args: Any, **kwargs: Any) -> dict[str, Held]:
        threads.append(threading.current_thread().name.partition("_")[0])
        return fetch_ahead(*args, **kwargs)

    monkeypatch.setattr(pages, "fetch_ahead", noted)
    before = connections_here()
    desks.follow()
    assert threads[:4] == ["MainThread", *["pages-ahead"] * 3]
    assert [row.md for row in ReceivedAlert.objects.order_by("number")] == mds
    assert connections_here() == before


def connections_here() -> int:
    """Return the number of connections to this test's database, once those that were closed are gone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return int(cursor.fetchone()[0])
