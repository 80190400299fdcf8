# SPDX-License-Identifier: Apache-2.0
"""A signing key is revoked: whoever holds what it signed is told, once, by mail and by a mark in the feed."""

from datetime import timedelta

import pytest

from accord.envelope.keys import PQ1
from accord.envelope.keysets import RECOVERY_DELAY_SECS
from accord.envelope.statements.form import SubjectRef
from agencies.accession import accept_revoke
from callers.capabilities import Role
from ledger.models import AuditEvent, Wanted
from notices.expansion import expand_deliveries
from notices.models import Notification
from notices.repudiation import expand_doubts, find_repudiated, waits_for_telling
from notices.states import Occasion
from sharing.feed import read_feed
from sharing.impact import Impact, revocation_impact
from sharing.models import Delivery, FeedItem
from sharing.revoked import Doubt, KeyWord
from tests.builders import HeldAgency, Hub, about, seconds
from tests.notices.conftest import Telling
from tests.outside_world import OutsideWorld
from tests.role_logins import under_login_of

REPUDIATED = (
    "A signature about an alert to your agency no longer counts. Look again before you act on it.\r\n"
    "Open: {hub}/a/{reference}\r\n"
    "This mail carries no content. Unsure? Type the hub's address.\r\n"
)


def tell(hub: Hub) -> None:
    """What worker and sequencer do until nothing is left."""
    hub.later(seconds=1)
    hub.sequence()
    with under_login_of("worker"):
        for step in (expand_deliveries, find_repudiated, expand_doubts):
            while step(now=hub.now):
                pass
    hub.sequence()


def revoke(telling: Telling, *, hours_back: float = 1.0, who: HeldAgency | None = None, n: int = 0) -> None:
    telling.hub.revoke(who or telling.alpha, since=telling.hub.now - timedelta(hours=hours_back), n=n)
    tell(telling.hub)


def marks(agency: HeldAgency) -> list[FeedItem]:
    return [item for item in read_feed(agency.client).items if item.what == FeedItem.REPUDIATED]


def notices(occasion: Occasion) -> list[Notification]:
    return list(Notification.objects.filter(occasion=occasion).order_by("queued_at"))


class TestEnvelopes:
    def test_recipients_are_told_by_mail_of_a_constant_shape(
        self, telling: Telling, outside_world: OutsideWorld
    ) -> None:
        delivery = telling.queue()
        telling.send()
        telling.hub.later(hours=0.5)
        revoke(telling)
        assert telling.send().sent == 3
        mails = outside_world.mails[3:]
        assert {str(mail.message["Subject"]) for mail in mails} == {
            f"[Accord] ROUTINE REPUDIATED {delivery.reference}"
        }
        bodies = {mail.text.partition("\r\n\r\n")[2] for mail in mails}
        assert bodies == {REPUDIATED.format(hub="http://testserver", reference=delivery.reference)}

    def test_the_feed_marks_it_by_the_next_number(self, telling: Telling) -> None:
        delivery = telling.queue()
        telling.hub.later(hours=0.5)
        revoke(telling)
        (mark,) = marks(telling.bravo)
        sealed = telling.sent[delivery.envelope_id]
        assert (mark.number, mark.d, mark.iss, mark.item_id) == (2, sealed.md, "xa-alpha", sealed.jti)
        assert mark.ref == delivery.reference
        assert read_feed(telling.bravo.client).head == 2

    def test_what_was_logged_before_since_is_left_alone(self, telling: Telling) -> None:
        telling.queue()
        telling.hub.later(hours=2)
        revoke(telling)
        assert not Doubt.objects.exists() and not marks(telling.bravo)
        assert not notices(Occasion.REPUDIATED)

    def test_one_logged_in_the_second_of_since_is_in_doubt(self, telling: Telling) -> None:
        telling.queue()
        telling.hub.later(hours=1)
        revoke(telling, hours_back=1)
        assert Doubt.objects.count() == 1

    def test_nobody_is_told_twice_whatever_comes_again(self, telling: Telling) -> None:
        telling.queue()
        telling.hub.later(hours=0.5)
        revoke(telling)
        revoke(telling, n=1)
        revoke(telling, hours_back=2)
        telling.hub.renew_signing_keys(telling.alpha)
        tell(telling.hub)
        assert len(notices(Occasion.REPUDIATED)) == 3 and len(marks(telling.bravo)) == 1

    def test_a_word_that_a_restore_has_lost_is_looked_into_when_it_comes_again(
        self, telling: Telling
    ) -> None:
        hub, alpha = telling.hub, telling.alpha
        telling.queue()
        hub.later(hours=0.5)
        word = hub.revoke(alpha, since=hub.now - timedelta(hours=1))
        hub.sequence()
        jws = bytes(word.jws)
        Wanted.objects.create(od=word.od)
        word.delete()
        tell(hub)
        assert not Doubt.objects.exists()
        accept_revoke(alpha.client, jws, now=hub.now)
        hub.later(minutes=11)
        tell(hub)
        assert Doubt.objects.count() == 1

    def test_an_earlier_since_reaches_what_the_first_one_left(self, telling: Telling) -> None:
        first = telling.queue()
        telling.hub.later(hours=2)
        second = telling.queue()
        telling.hub.later(hours=0.5)
        revoke(telling, hours_back=1)
        assert [mark.d for mark in marks(telling.bravo)] == [second.envelope_id]
        revoke(telling, hours_back=5)
        assert [mark.d for mark in marks(telling.bravo)] == [second.envelope_id, first.envelope_id]

    def test_an_alert_that_was_held_when_the_key_was_revoked_comes_with_both_notices(
        self, telling: Telling
    ) -> None:
        delivery = telling.deliver()
        telling.hub.later(hours=0.5)
        telling.hub.revoke(telling.alpha, since=telling.hub.now - timedelta(hours=1))
        telling.hub.sequence()
        Delivery.objects.filter(pk=delivery.pk).update(state="held")
        for step in (find_repudiated, expand_doubts):
            step(now=telling.hub.now)
        assert not notices(Occasion.REPUDIATED)
        Delivery.objects.filter(pk=delivery.pk).update(state="available")
        expand_deliveries(now=telling.hub.now)
        assert len(notices(Occasion.ALERT)) == len(notices(Occasion.REPUDIATED)) == 3

    def test_the_word_is_not_looked_into_before_it_is_logged(self, telling: Telling) -> None:
        telling.queue()
        telling.hub.revoke(telling.alpha, since=telling.hub.now)
        assert find_repudiated(now=telling.hub.now) == 2  # the two agencies' first keysets
        assert not KeyWord.objects.exists() and not Doubt.objects.exists()


class TestStatements:
    def test_a_withdrawal_in_doubt_is_told_to_those_it_reached(self, telling: Telling) -> None:
        delivery = telling.queue()
        telling.hub.later(hours=2)
        retract = telling.hub.submit(
            telling.alpha, telling.hub.retraction(telling.alpha, telling.sent[delivery.envelope_id])
        )
        telling.hub.sequence()
        telling.hub.later(hours=0.5)
        revoke(telling)
        assert [(mark.d, mark.item_id, mark.ref) for mark in marks(telling.bravo)] == [
            (retract.od, retract.statement_id, "")
        ]
        told = notices(Occasion.REPUDIATED)
        assert {(row.subject, row.delivery_id) for row in told} == {(retract.od, delivery.pk)}

    def test_answers_in_doubt_are_told_to_the_sender_once_a_key(
        self, telling: Telling, outside_world: OutsideWorld
    ) -> None:
        telling.hub.make_officer(telling.alpha, Role.READER)
        for _ in range(2):
            sealed = telling.sent[telling.queue().envelope_id]
            telling.hub.fetch(telling.bravo, sealed)
            telling.hub.submit(telling.bravo, telling.hub.acknowledgement(telling.bravo, sealed))
        telling.hub.sequence()
        telling.send()
        before = len(outside_world.mails)
        telling.hub.later(hours=0.5)
        revoke(telling, who=telling.bravo)
        assert len(marks(telling.alpha)) == 2 and not marks(telling.bravo)
        assert telling.send().sent == 1
        mail = outside_world.mails[before]
        assert mail.message["Subject"] == "[Accord] REPUDIATED"
        assert "A signature under an answer to your agency no longer counts." in mail.text
        assert "/outbox/" in mail.text


class TestOwnKeyOfficers:
    def test_they_are_told_that_a_key_was_revoked(
        self, telling: Telling, outside_world: OutsideWorld
    ) -> None:
        officer = telling.hub.make_officer(telling.alpha, Role.KEY_OFFICER)
        telling.hub.make_officer(telling.alpha, Role.READER)
        revoke(telling)
        assert telling.send().sent == 1
        (mail,) = outside_world.mails_to(officer.email)
        assert mail.message["Subject"] == "[Accord] KEYS"
        assert "A signing key of your agency was revoked." in mail.text and "/keys/" in mail.text

    def test_how_many_stands_in_the_audit_and_not_in_the_mail(self, telling: Telling) -> None:
        telling.queue()
        telling.hub.later(hours=0.5)
        kid, since = telling.alpha.signing[PQ1].signers[0].kid, seconds(telling.hub.now) - 3600
        assert revocation_impact("xa-alpha", kid, since=since, now=telling.hub.now) == Impact(1, 0)
        revoke(telling)
        event = AuditEvent.objects.get(act="key.repudiated")
        assert (event.agency, event.subject) == ("xa-alpha", kid)
        assert event.detail == {"since": since, "alerts": 1, "statements": 0}

    def test_an_officer_who_lost_the_role_meanwhile_is_not_told(
        self, telling: Telling, outside_world: OutsideWorld
    ) -> None:
        officer = telling.hub.make_officer(telling.alpha, Role.KEY_OFFICER)
        revoke(telling)
        officer.roles = [Role.READER]
        officer.save()
        assert telling.send().sent == 0
        assert telling.states() == {officer.email: "suppressed"} and not outside_world.mails


class TestImpact:
    def test_it_counts_by_the_logs_time_and_what_is_not_logged_yet(self, telling: Telling) -> None:
        telling.deliver()
        telling.hub.later(hours=2)
        sealed = telling.sent[telling.deliver().envelope_id]
        telling.hub.submit(telling.alpha, telling.hub.retraction(telling.alpha, sealed))
        kid = telling.alpha.signing[PQ1].signers[1].kid
        at = seconds(telling.hub.now)
        counts = [
            revocation_impact("xa-alpha", kid, since=since, now=telling.hub.now)
            for since in (at - 3 * 3600, at, at + 1)
        ]
        assert counts == [Impact(2, 1), Impact(1, 1), Impact(0, 0)]

    def test_other_agencies_and_other_keys_are_not_counted(self, telling: Telling) -> None:
        telling.deliver()
        theirs, of_encryption = (
            telling.bravo.signing[PQ1].signers[0].kid,
            telling.alpha.decryption[PQ1].public.kid,
        )
        for agency, kid in (("xb-bravo", telling.alpha.signing[PQ1].signers[0].kid), ("xa-alpha", theirs)):
            assert revocation_impact(agency, kid, since=0, now=telling.hub.now) == Impact(0, 0)
        assert revocation_impact("xa-alpha", of_encryption, since=0, now=telling.hub.now) == Impact(0, 0)


class TestReaffirm:
    @pytest.fixture
    def doubted(self, telling: Telling, outside_world: OutsideWorld) -> Delivery:
        """Told, opened in time, then in doubt; alpha has new keys."""
        delivery = telling.queue()
        telling.send()
        telling.hub.later(hours=0.5)
        revoke(telling)
        telling.send()
        telling.hub.later(seconds=5)
        telling.hub.renew_signing_keys(telling.alpha)
        return delivery

    def test_who_was_told_of_the_doubt_is_told_that_it_was_reaffirmed(
        self, telling: Telling, doubted: Delivery, outside_world: OutsideWorld
    ) -> None:
        newcomer = telling.hub.make_officer(telling.bravo, Role.READER)
        sealed = telling.sent[doubted.envelope_id]
        telling.hub.submit(telling.alpha, telling.hub.reaffirmation(telling.alpha, about(sealed)))
        tell(telling.hub)
        assert telling.send().sent == 3
        mails = outside_world.mails[6:]
        assert {str(mail.message["Subject"]) for mail in mails} == {
            f"[Accord] ROUTINE REAFFIRMED {doubted.reference}"
        }
        assert newcomer.email not in {mail.recipients[0] for mail in mails}

    def test_when_the_reaffirming_key_falls_too_they_are_told_again(
        self, telling: Telling, doubted: Delivery, outside_world: OutsideWorld
    ) -> None:
        sealed = telling.sent[doubted.envelope_id]
        said = telling.hub.submit(telling.alpha, telling.hub.reaffirmation(telling.alpha, about(sealed)))
        tell(telling.hub)
        revoke(telling, hours_back=0.25)
        again = [row for row in notices(Occasion.REPUDIATED) if row.subject == said.od]
        assert {row.delivery_id for row in again} == {doubted.pk} and len(again) == 3

    def test_a_reaffirmed_withdrawal_is_told_where_its_doubt_was(self, telling: Telling) -> None:
        delivery = telling.queue()
        retract = telling.hub.submit(
            telling.alpha, telling.hub.retraction(telling.alpha, telling.sent[delivery.envelope_id])
        )
        telling.hub.sequence()
        telling.hub.later(hours=0.5)
        revoke(telling)
        telling.hub.later(seconds=5)
        telling.hub.renew_signing_keys(telling.alpha)
        subject = SubjectRef("retract", retract.statement_id, retract.od)
        said = telling.hub.submit(telling.alpha, telling.hub.reaffirmation(telling.alpha, subject))
        tell(telling.hub)
        assert {row.subject for row in notices(Occasion.REAFFIRMED)} == {said.od}


def test_a_waiting_recovery_is_looked_into_when_its_delay_is_over(telling: Telling) -> None:
    """A keyset by the announced root alone says nothing for 72 hours; its word about a key waits as long."""
    telling.queue()
    telling.hub.later(hours=1)
    find_repudiated(now=telling.hub.now)
    telling.hub.recover_root(telling.alpha, revoking=0, since=telling.hub.now - timedelta(hours=2))
    tell(telling.hub)
    assert not Doubt.objects.exists() and KeyWord.objects.count() == 1
    assert not waits_for_telling(now=telling.hub.now)
    telling.hub.later(seconds=RECOVERY_DELAY_SECS)
    assert waits_for_telling(now=telling.hub.now)
    tell(telling.hub)
    assert Doubt.objects.count() == 1 and not KeyWord.objects.exists()
