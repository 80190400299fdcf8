# SPDX-License-Identifier: Apache-2.0
"""A desk sets aside an item that it cannot take, reports it, and takes it when it can."""

import pytest
from django.db import connection

from accord.envelope.content import Attachment
from accord.envelope.errors import Failure, MalformedError, OpeningError, VerificationError
from alerts.boxes.inbox import list_received
from alerts.models import AwaitedEnvelope, CardToken, ReceivedAlert
from alerts.projections.tokens import FILE, file_digest, received_with_token
from alerts.receiving.opening import open_alert
from alerts.receiving.retractions import judge_for_display
from alerts.receiving.set_aside import cause_text, read_set_aside, resume_loop, retry_item
from alerts.receiving.taking import FEED
from alerts.review.preview import preview_release
from callers.actors import SystemActor
from callers.capabilities import Capability, Role
from callers.errors import NotPermittedError
from ledger.models import AuditEvent, SetAside
from ledger.set_aside import STOPS_AFTER, Item, begin_round, reason_of
from notices.key_endings import warn_of_endings
from notices.models import Notification
from peers.models import FeedCursor, PeerKeyset
from sharing.models import Envelope
from sharing.repudiation import find_repudiated
from sharing.revoked import KeyWord
from tests.alerts.conftest import Desks
from tests.alerts.test_follow_feed import received_by, retract, send_from_partner
from tests.desk_calls import ViewsInPlaceOfSockets
from tests.stages import act


@act
def block(desks: Desks) -> tuple[ReceivedAlert, str]:
    """Send an alert, and put a row in its place; return the row and the alert's md."""
    md = send_from_partner(desks)
    desks.follow()
    row, bad = received_by(desks, md), send_from_partner(desks)
    ReceivedAlert.objects.filter(pk=row.pk).update(jti=Envelope.objects.get(md=bad).jti)
    return row, bad


class TestFeed:
    def test_an_item_that_cannot_be_taken_keeps_no_later_one_waiting(self, desks: Desks) -> None:
        blocking, bad = block(desks)
        good = send_from_partner(desks)
        desks.follow()
        assert list(ReceivedAlert.objects.filter(md__in=[bad, good]).values_list("md", flat=True)) == [good]
        row = SetAside.objects.get()
        assert (row.loop, row.agency, row.key, row.subject) == (
            "desk.feed",
            desks.health.id,
            f"2 {bad}",
            bad,
        )
        assert FeedCursor.objects.get(reader=desks.health.id).number == 3
        # The obstacle is gone, and a person asks for the item.
        ReceivedAlert.objects.filter(pk=blocking.pk).update(jti=blocking.jti)
        SetAside.objects.update(retry_asked_at=desks.hub.now)
        desks.follow()
        assert received_by(desks, bad).card is not None
        assert not SetAside.objects.exists()
        assert FeedCursor.objects.get(reader=desks.health.id).number == 3

    def test_what_was_awaited_and_then_could_not_be_filed_is_taken_when_it_can(
        self, desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
    ) -> None:
        blocking, bad = block(desks)
        exchange_as_asked.lies = lambda path, octets: (
            b"{}" if "slice" in path or "/envelopes/" in path else octets
        )
        desks.follow()
        assert AwaitedEnvelope.objects.get().md == bad and not SetAside.objects.exists()
        exchange_as_asked.behave()
        desks.hub.later(minutes=1)
        desks.follow()
        assert SetAside.objects.get().subject == bad and not AwaitedEnvelope.objects.exists()
        ReceivedAlert.objects.filter(pk=blocking.pk).update(jti=blocking.jti)
        SetAside.objects.update(retry_asked_at=desks.hub.now)
        desks.follow()
        assert received_by(desks, bad).card is not None and not SetAside.objects.exists()

    def test_a_card_that_cannot_be_made_keeps_no_alert_away(self, desks: Desks) -> None:
        md = send_from_partner(desks)
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE alerts_cardtoken ADD CONSTRAINT broken CHECK (token IS NULL) NOT VALID"
            )
        desks.follow()
        row = received_by(desks, md)
        assert row.card is not None
        assert [(aside.loop, aside.key) for aside in SetAside.objects.all()] == [
            ("desk.derived", str(row.pk))
        ]
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE alerts_cardtoken DROP CONSTRAINT broken")
        SetAside.objects.update(version="an older one")
        desks.follow()
        assert CardToken.objects.filter(received=row).exists() and not SetAside.objects.exists()

    def test_a_withdrawal_that_cannot_be_read_leaves_its_alert_not_to_be_relied_on(
        self, desks: Desks
    ) -> None:
        row = received_by(desks, self.taken(desks))
        retract(desks, row, follow=False)
        PeerKeyset.objects.filter(reader=desks.health.id, peer=desks.own.id).update(version=9)
        desks.follow()
        aside = SetAside.objects.get(distrusts="alert")
        assert (aside.loop, aside.subject) == ("desk.feed", row.md)
        (listed,) = list_received(desks.health.reader, now=desks.hub.now).rows
        assert listed.state == "unreliable"
        assert (
            "Do not rely on this alert"
            in judge_for_display(received_by(desks, row.md), now=desks.hub.now).retract_doubt
        )

    def taken(self, desks: Desks) -> str:
        md = send_from_partner(desks)
        desks.follow()
        return md


def damage_keysets(agency: str) -> None:
    """Replace the agency's keysets by octets that no reader accepts."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE agencies_keyset SET jws = 'x' WHERE agency_id = %s", [agency])


class TestFirstFetchStopped:
    @pytest.mark.parametrize("is_opened", [False, True], ids=["nobody has opened it", "an officer has"])
    def test_what_the_worker_could_not_open_is_read_whole_when_it_may(
        self, desks: Desks, is_opened: bool
    ) -> None:
        md = send_from_partner(desks, attachments=[Attachment("a.txt", "text/plain", b"peaks")])
        desks.hub.suspend(desks.own, "G1")
        desks.follow()
        desks.hub.later(hours=1)
        desks.hub.resume(desks.own, "G1")
        assert not Notification.objects.exists(), "nobody is told of what does not open"
        if is_opened:
            open_alert(desks.health.reader, received_by(desks, md), reason="assigned", now=desks.hub.now)
        desks.follow()
        by_file = received_with_token(desks.health.agency, (FILE, file_digest(b"peaks")))
        assert list(ReceivedAlert.objects.filter(by_file).values_list("md", flat=True)) == [md]
        assert Notification.objects.filter(about=md).exists()


class TestKeyWords:
    def unread(self, desks: Desks) -> None:
        damage_keysets(desks.own.id)
        KeyWord.objects.create(od="A" * 43, agency=desks.own.id, due_at=desks.hub.now)
        find_repudiated(now=desks.hub.now)

    def test_a_word_that_cannot_be_read_keeps_no_other_waiting(self, desks: Desks) -> None:
        KeyWord.objects.all().delete()
        KeyWord.objects.create(od="B" * 43, agency=desks.lab.id, due_at=desks.hub.now)
        self.unread(desks)
        assert not KeyWord.objects.exists()
        row = SetAside.objects.get()
        assert (row.loop, row.key, row.distrusts, row.agency) == (
            "keys.words",
            desks.own.id,
            "agency",
            desks.own.id,
        )

    def test_nothing_is_sealed_to_an_agency_whose_word_was_set_aside(self, desks: Desks) -> None:
        self.unread(desks)
        alert = desks.draft(recipients=[desks.own.id, desks.health.id])
        preview = preview_release(desks.lab.author, alert, now=desks.hub.now)
        assert [(row.agency, row.code) for row in preview.wont] == [(desks.own.id, "keys-unread")]
        assert preview.reachable == (desks.health.id,)

    def test_one_agency_s_keyset_that_cannot_be_read_keeps_no_other_from_a_warning(
        self, desks: Desks
    ) -> None:
        PeerKeyset.objects.filter(peer=desks.health.id).update(jws="{}")
        assert warn_of_endings(now=desks.hub.later(days=85)) > 0
        assert list(SetAside.objects.values_list("loop", "subject")) == [("keys.endings", desks.health.id)]
        assert warn_of_endings(now=desks.hub.now) > 0
        assert SetAside.objects.get().tries == 1


class TestWaysOn:
    def test_the_keeper_has_an_item_tried_again_and_a_loop_go_on(self, desks: Desks) -> None:
        keeper = SystemActor("keeper", None, frozenset({Capability.DESK_KEEP, Capability.AUDIT_READ}))
        now = desks.hub.now
        for key in range(STOPS_AFTER):
            begin_round(FEED, agency=desks.health.id, now=now).take(Item(str(key)), lambda: 1 / 0)
        view = read_set_aside(keeper)
        assert (len(view.items), [state.loop for state in view.stopped]) == (STOPS_AFTER, ["desk.feed"])
        retry_item(keeper, view.items[0].pk, now=now)
        assert SetAside.objects.filter(retry_asked_at=now).count() == 1
        resume_loop(keeper, view.stopped[0].pk, now=now)
        assert SetAside.objects.filter(retry_asked_at=now).count() == STOPS_AFTER
        assert not begin_round(FEED, agency=desks.health.id, now=now).is_stopped
        acts = AuditEvent.objects.filter(agency=desks.health.id, act__in=("item.retried", "loop.resumed"))
        assert acts.count() == 2

    def test_an_auditor_sees_the_own_agency_s_only_and_changes_nothing(self, desks: Desks) -> None:
        auditor = desks.hub.make_officer(desks.health.agency, Role.AUDITOR)
        now = desks.hub.now
        for agency in (desks.health.id, desks.lab.id):
            begin_round(FEED, agency=agency, now=now).take(Item("1"), lambda: 1 / 0)
        (row,) = read_set_aside(auditor).items
        assert row.agency == desks.health.id
        with pytest.raises(NotPermittedError):
            retry_item(auditor, row.pk, now=now)
        with pytest.raises(NotPermittedError):
            read_set_aside(desks.health.reader)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (VerificationError(Failure.RECEIPT), "A check of its signature"),
        (MalformedError("ct"), "has not the form"),
        (OpeningError(Failure.BLOB), "did not open"),
        (ZeroDivisionError(), "a fault of the program"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_cause_is_said_in_words(error: Exception, words: str) -> None:
    assert words in cause_text(reason_of(error))
