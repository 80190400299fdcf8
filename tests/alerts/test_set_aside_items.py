# SPDX-License-Identifier: Apache-2.0
"""A desk goes on past what it cannot take, says so, and takes it when it can."""

import pytest
from django.db import connection

from accord.envelope.content import Attachment
from alerts.models import CardToken, DeskCursor, ReceivedAlert
from alerts.opening import open_alert
from alerts.tokens import FILE, file_digest, received_with_token
from ledger.models import SetAside
from sharing.agreements import resume_lanes, suspend_lanes
from tests.alerts.conftest import Desks
from tests.alerts.test_follow_feed import received_by, retract, send_from_partner


def block_number(desks: Desks, number: int) -> ReceivedAlert:
    """A row that stands where the item of this number would go."""
    md = send_from_partner(desks)
    desks.follow()
    row = received_by(desks, md)
    ReceivedAlert.objects.filter(pk=row.pk).update(number=number)
    return row


class TestFeed:
    def test_an_item_that_cannot_be_taken_keeps_no_later_one_waiting(self, desks: Desks) -> None:
        blocking = block_number(desks, number=2)
        bad, good = send_from_partner(desks), send_from_partner(desks)
        desks.follow()
        assert list(ReceivedAlert.objects.filter(md__in=[bad, good]).values_list("md", flat=True)) == [good]
        row = SetAside.objects.get()
        assert (row.loop, row.agency, row.key, row.subject) == ("desk.feed", desks.health.id, "2", bad)
        assert DeskCursor.objects.get(agency=desks.health.agency).after == 3
        # What was in its way is gone, and a person asks for it.
        ReceivedAlert.objects.filter(pk=blocking.pk).update(number=1)
        SetAside.objects.update(retry_asked_at=desks.hub.now)
        desks.follow()
        assert received_by(desks, bad).card is not None
        assert not SetAside.objects.exists()
        assert DeskCursor.objects.get(agency=desks.health.agency).after == 3

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
        damage_keysets(desks.own.id)
        desks.follow()
        aside = SetAside.objects.get(distrusts="alert")
        assert (aside.loop, aside.subject) == ("desk.feed", row.md)

    def taken(self, desks: Desks) -> str:
        md = send_from_partner(desks)
        desks.follow()
        return md


def damage_keysets(agency: str) -> None:
    """What no reader takes for a keyset any more."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE agencies_keyset SET jws = 'x' WHERE agency_id = %s", [agency])


class TestFirstFetchStopped:
    @pytest.mark.parametrize("is_opened", [False, True], ids=["nobody has opened it", "an officer has"])
    def test_what_the_worker_could_not_open_is_read_whole_when_it_may(
        self, desks: Desks, is_opened: bool
    ) -> None:
        md = send_from_partner(desks, attachments=[Attachment("a.txt", "text/plain", b"peaks")])
        agreement = desks.hub.agreement("G1")
        suspend_lanes(desks.own.manager, agreement, ["science"], now=desks.hub.now)
        desks.follow()
        resume_lanes(desks.own.manager, agreement, ["science"], now=desks.hub.later(hours=1))
        if is_opened:
            open_alert(desks.health.reader, received_by(desks, md), reason="assigned", now=desks.hub.now)
        desks.follow()
        by_file = received_with_token(desks.health.agency, (FILE, file_digest(b"peaks")))
        assert list(ReceivedAlert.objects.filter(by_file).values_list("md", flat=True)) == [md]
