# SPDX-License-Identifier: Apache-2.0
"""A desk asks for the newest entry of the exchange's log; if it stands still, a warning comes first, then nothing is sent."""

from collections.abc import Generator
from datetime import timedelta

import pytest

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.tree.receipts import LeafEntry
from alerts.errors import SendingStoppedError
from alerts.models import Alert
from alerts.peers.directory import VerifiedDirectory
from alerts.receiving.following import follow_feed, follow_peers
from alerts.sending.release import release_alert
from callers.errors import NotBoundError
from peers.freshness import (
    ASKED_AFTER,
    STOPPED_AFTER,
    WARNED_AFTER,
    Freshness,
    freshness_seen_by,
    stale_readers,
)
from peers.models import Outgoing, SeenLedger
from sharing.hours import log_hour
from sharing.models import Envelope
from tests.alerts.conftest import Desks
from tests.bound_rows import rewrite
from tests.client.altered_answers import forged_receipt
from tests.desk_calls import answer_as_of, the_exchange
from tests.role_logins import under_login_of

CHECKPOINT, PROOF = "/ledger/checkpoint", "/ledger/proof/"


@pytest.fixture(autouse=True)
def _well_behaved_again(desks: Desks) -> Generator[None]:
    the_exchange.behave()
    answer_as_of(desks.hub.now)
    yield
    the_exchange.behave()


def pass_time(desks: Desks, span: timedelta, *, moves: bool = True) -> None:
    """Let an idle exchange run for this span; `moves` tells whether its sequencer works."""
    desks.hub.now += span
    answer_as_of(desks.hub.now)
    log_hour("system:exchange-worker", now=desks.hub.now)
    if moves:
        desks.sequence()


def follow(desks: Desks) -> None:
    with under_login_of("desk-worker"):
        follow_peers(desks.lab.agency, now=desks.hub.now)


def seen(desks: Desks) -> Freshness:
    return freshness_seen_by(desks.lab.id, now=desks.hub.now)


def asked_for_the_log() -> list[str]:
    return [path for path in the_exchange.asked if CHECKPOINT in path or PROOF in path]


def release(desks: Desks, alert: Alert) -> Alert:
    return release_alert(desks.lab.releaser, alert, revision=alert.current, now=desks.hub.now)


class TestAsking:
    def test_an_idle_log_is_seen_to_go_on(self, desks: Desks) -> None:
        pass_time(desks, timedelta(days=2))
        assert seen(desks).is_stale(desks.hub.now)
        follow(desks)
        assert seen(desks).seen_at == desks.hub.now
        assert not seen(desks).is_stale(desks.hub.now)
        row = SeenLedger.objects.get(reader=desks.lab.id)
        assert row.is_bound and row.kept_at == int(desks.hub.now.timestamp())

    def test_it_is_asked_for_only_where_something_newer_is_to_be_expected(self, desks: Desks) -> None:
        pass_time(desks, timedelta(hours=2))
        follow(desks)
        the_exchange.asked.clear()
        pass_time(desks, ASKED_AFTER, moves=False)
        follow(desks)
        assert asked_for_the_log() == []
        pass_time(desks, timedelta(seconds=1), moves=False)
        follow(desks)
        assert len(asked_for_the_log()) == 2

    def test_each_agency_sees_for_itself(self, desks: Desks) -> None:
        pass_time(desks, timedelta(days=2))
        follow(desks)
        assert [reader for reader, _ in stale_readers(now=desks.hub.now)] == [
            desks.health.id,
            desks.stranger.id,
        ]

    def test_an_exchange_that_shows_no_log_changes_nothing_and_stops_no_feed(self, desks: Desks) -> None:
        desks.released()
        pass_time(desks, timedelta(days=2))
        the_exchange.answers = lambda path: (503, b"") if path.endswith(CHECKPOINT) else None
        with under_login_of("desk-worker"):
            assert follow_feed(desks.health.agency, now=desks.hub.now) == 1
        assert asked_for_the_log()
        before = seen(desks)
        follow(desks)
        assert seen(desks) == before

    def test_another_tree_is_not_taken(self, desks: Desks) -> None:
        pass_time(desks, timedelta(days=2))
        t = int(desks.hub.now.timestamp())
        fork = forged_receipt(desks.hub.key, LeafEntry("A" * 43, "x", t), before=500)
        the_exchange.answers = lambda path: (
            (200, fork.checkpoint.encode())
            if path.endswith(CHECKPOINT)
            else (200, fork.tlog_proof().encode())
            if PROOF in path
            else None
        )
        before = SeenLedger.objects.get(reader=desks.lab.id)
        with pytest.raises(VerificationError) as failure:
            follow(desks)
        assert failure.value.failure is Failure.LEDGER_FORK
        after = SeenLedger.objects.get(reader=desks.lab.id)
        assert (after.checkpoint, after.newest_log_time) == (before.checkpoint, before.newest_log_time)

    def test_a_leaf_that_is_not_in_the_tree_is_not_taken(self, desks: Desks) -> None:
        pass_time(desks, timedelta(days=2))
        the_exchange.lies = lambda path, octets: (
            octets.replace(b"extra e", b"extra f") if PROOF in path else octets
        )
        before = seen(desks)
        follow(desks)
        assert seen(desks) == before

    def test_a_row_that_was_changed_is_none(self, desks: Desks) -> None:
        newer = int(desks.hub.now.timestamp()) + 10**6
        SeenLedger.objects.filter(reader=desks.lab.id).update(newest_log_time=newer)
        with pytest.raises(NotBoundError):
            VerifiedDirectory(desks.lab.id, desks.hub.now).freshness  # noqa: B018 - it raises

    def test_a_log_dated_ahead_of_every_clock_does_not_stay_new(self, desks: Desks) -> None:
        row = SeenLedger.objects.get(reader=desks.lab.id)
        kept_at = row.kept_at
        ahead = int(desks.hub.now.timestamp()) + 10**8
        rewrite(SeenLedger.objects.filter(reader=desks.lab.id), newest_log_time=ahead)
        at = seen(desks).seen_at
        assert at is not None and int(at.timestamp()) == kept_at


class TestSending:
    def test_within_a_week_it_is_sent_and_afterwards_not(self, desks: Desks) -> None:
        alert, later = desks.validated(), desks.validated(title="A second alert")
        at = seen(desks).seen_at
        assert at is not None
        the_exchange.answers = lambda path: (503, b"") if path.endswith(CHECKPOINT) else None
        desks.hub.now = at + STOPPED_AFTER
        assert release(desks, alert).state == "released"
        desks.hub.now += timedelta(seconds=1)
        with pytest.raises(SendingStoppedError) as stopped:
            release(desks, later)
        assert (
            "nothing newer than" in stopped.value.text and "Call whoever runs this desk" in stopped.value.text
        )
        assert Envelope.objects.count() == 1

    def test_a_log_that_stands_still_stops_it_although_the_exchange_answers(self, desks: Desks) -> None:
        alert = desks.validated()
        pass_time(desks, STOPPED_AFTER + timedelta(hours=1), moves=False)
        with pytest.raises(SendingStoppedError):
            release(desks, alert)
        assert not Outgoing.objects.exists()
        desks.sequence()
        assert release(desks, alert).state == "released"

    def test_the_release_itself_asks_how_far_the_log_is(self, desks: Desks) -> None:
        alert = desks.validated()
        pass_time(desks, STOPPED_AFTER + timedelta(days=1))
        assert release(desks, alert).state == "released"

    def test_a_log_that_was_never_seen_warns_nobody_and_seals_nothing(self, desks: Desks) -> None:
        never = Freshness(None)
        assert not never.is_stale(desks.hub.now) and never.is_too_old(desks.hub.now)

    def test_it_is_warned_of_after_a_day(self, desks: Desks) -> None:
        at = seen(desks).seen_at
        assert at is not None
        assert not seen(desks).is_stale(at + WARNED_AFTER)
        assert seen(desks).is_stale(at + WARNED_AFTER + timedelta(seconds=1))
