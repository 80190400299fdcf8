# SPDX-License-Identifier: Apache-2.0
"""A revocation of a signing key is told once to every holder of what it signed, by mail and by a mark in the feed."""

from datetime import timedelta

import pytest

from accord.envelope.keys import PQ1
from accord.envelope.keysets import RECOVERY_DELAY_SECS
from accord.envelope.statements.form import SubjectRef
from agencies.accession import accept_revoke
from alerts.models import ReceivedAlert
from callers.capabilities import Role
from ledger.models import AuditEvent, Wanted
from notices.models import Notification
from notices.sending import send_notifications
from notices.states import Occasion
from peers.models import Agency as AgencyRow
from sharing.feed import read_feed
from sharing.models import FeedItem
from sharing.repudiation import find_repudiated, mark_doubts, waits_for_marking
from sharing.revoked import Doubt, KeyWord
from sharing.slices import slice_for
from tests.alerts.conftest import Desks
from tests.builders import HeldAgency, about, seconds
from tests.mail_server import MailServer
from tests.notices.conftest import NoticeWorld
from tests.role_logins import under_login_of
from tests.stolen_vault_keys import revoke_hosted_key

REPUDIATED = (
    "Look again before you act on an alert to {agency}: a signature about it no longer counts.\r\n"
    "Open: {hub}/a/{reference}\r\n"
    "This mail carries no content. Unsure? Type the desk's address.\r\n"
)


def tell(notice_world: NoticeWorld) -> None:
    """Do the work of worker, sequencer and desk until nothing is left."""
    hub = notice_world.hub
    hub.later(seconds=30)
    hub.sequence()
    notice_world.follow()
    with under_login_of("exchange-worker"):
        for step in (find_repudiated, mark_doubts):
            while step(now=hub.now):
                pass
    hub.sequence()
    notice_world.follow()


def revoke(notice_world: NoticeWorld, *, hours_back: float = 1.0, n: int = 0) -> None:
    notice_world.hub.revoke(notice_world.alpha, since=notice_world.hub.now - timedelta(hours=hours_back), n=n)
    tell(notice_world)


def marks(agency: HeldAgency) -> list[FeedItem]:
    return [item for item in read_feed(agency.client).items if item.what == FeedItem.REPUDIATED]


def notices(occasion: Occasion) -> list[Notification]:
    return list(Notification.objects.filter(occasion=occasion).order_by("queued_at"))


class TestEnvelopes:
    def test_recipients_are_told_by_mail_of_a_constant_shape_and_by_the_next_number_of_the_feed(
        self, notice_world: NoticeWorld, mail_server: MailServer
    ) -> None:
        delivery = notice_world.queue()
        notice_world.send()
        notice_world.hub.later(hours=0.5)
        kid, since = notice_world.alpha.signing[PQ1].signers[0].kid, seconds(notice_world.hub.now) - 3600
        revoke(notice_world)
        (mark,) = marks(notice_world.bravo)
        sealed = notice_world.sent[delivery.md]
        assert (mark.number, mark.d, mark.iss, mark.item_id) == (2, sealed.md, "xa-alpha", sealed.jti)
        assert (mark.ref, read_feed(notice_world.bravo.client).head) == (delivery.reference, 2)
        event = AuditEvent.objects.get(act="key.repudiated")
        assert (event.agency, event.subject) == ("xa-alpha", kid)
        assert event.detail == {"since": since, "alerts": 1, "statements": 0}, "how many: not in the mail"
        assert notice_world.send().sent == 3
        mails = mail_server.mails[3:]
        assert {str(mail.message["Subject"]) for mail in mails} == {
            f"[Accord] ROUTINE IN DOUBT {delivery.reference}"
        }
        bodies = {mail.text.partition("\r\n\r\n")[2] for mail in mails}
        assert bodies == {
            REPUDIATED.format(
                agency=notice_world.bravo.row.name, hub="http://testserver", reference=delivery.reference
            )
        }

    def test_what_was_logged_before_since_is_left_alone(self, notice_world: NoticeWorld) -> None:
        notice_world.queue()
        notice_world.hub.later(hours=2)
        revoke(notice_world)
        assert not Doubt.objects.exists() and not marks(notice_world.bravo)
        assert not notices(Occasion.REPUDIATED)

    def test_one_logged_in_the_second_of_since_is_in_doubt(self, notice_world: NoticeWorld) -> None:
        notice_world.queue()
        notice_world.hub.later(hours=1)
        revoke(notice_world, hours_back=1)
        assert Doubt.objects.count() == 1

    def test_nobody_is_told_twice_whatever_comes_again(self, notice_world: NoticeWorld) -> None:
        notice_world.queue()
        notice_world.hub.later(hours=0.5)
        revoke(notice_world)
        revoke(notice_world, n=1)
        revoke(notice_world, hours_back=2)
        notice_world.hub.renew_signing_keys(notice_world.alpha)
        tell(notice_world)
        assert len(notices(Occasion.REPUDIATED)) == 3 and len(marks(notice_world.bravo)) == 1

    def test_a_word_that_a_restore_has_lost_is_looked_into_when_it_comes_again(
        self, notice_world: NoticeWorld
    ) -> None:
        hub, alpha = notice_world.hub, notice_world.alpha
        notice_world.queue()
        hub.later(hours=0.5)
        word = hub.revoke(alpha, since=hub.now - timedelta(hours=1))
        hub.sequence()
        jws = bytes(word.jws)
        Wanted.objects.create(od=word.od)
        word.delete()
        tell(notice_world)
        assert not Doubt.objects.exists()
        accept_revoke(alpha.client, jws, now=hub.now)
        hub.later(minutes=11)
        tell(notice_world)
        assert Doubt.objects.count() == 1

    def test_an_earlier_since_reaches_what_the_first_one_left(self, notice_world: NoticeWorld) -> None:
        first = notice_world.queue()
        notice_world.hub.later(hours=2)
        second = notice_world.queue()
        notice_world.hub.later(hours=0.5)
        revoke(notice_world, hours_back=1)
        assert [mark.d for mark in marks(notice_world.bravo)] == [second.md]
        revoke(notice_world, hours_back=5)
        assert [mark.d for mark in marks(notice_world.bravo)] == [second.md, first.md]

    def test_an_alert_that_comes_after_its_key_was_revoked_comes_with_both_notices(
        self, notice_world: NoticeWorld
    ) -> None:
        notice_world.deliver()
        notice_world.hub.later(hours=0.5)
        notice_world.hub.revoke(notice_world.alpha, since=notice_world.hub.now - timedelta(hours=1))
        notice_world.hub.sequence()
        notice_world.follow()
        assert len(notices(Occasion.ALERT)) == len(notices(Occasion.REPUDIATED)) == 3

    def test_the_word_is_not_looked_into_before_it_is_logged(self, notice_world: NoticeWorld) -> None:
        notice_world.queue()
        notice_world.hub.revoke(notice_world.alpha, since=notice_world.hub.now)
        assert find_repudiated(now=notice_world.hub.now) == 2  # the two agencies' first keysets
        assert not KeyWord.objects.exists() and not Doubt.objects.exists()


class TestStatements:
    def test_a_withdrawal_in_doubt_is_told_to_those_it_reached(self, notice_world: NoticeWorld) -> None:
        delivery = notice_world.queue()
        notice_world.hub.later(hours=2)
        retract = notice_world.hub.submit(
            notice_world.alpha,
            notice_world.hub.retraction(notice_world.alpha, notice_world.sent[delivery.md]),
        )
        notice_world.hub.sequence()
        notice_world.hub.later(hours=0.5)
        revoke(notice_world)
        assert [(mark.d, mark.item_id, mark.ref) for mark in marks(notice_world.bravo)] == [
            (retract.od, retract.statement_id, "")
        ]
        told = notices(Occasion.REPUDIATED)
        assert {(row.subject, row.about) for row in told} == {(retract.od, delivery.md)}

    def test_answers_in_doubt_are_told_to_the_sender_once_a_key(
        self, desks: Desks, mail_server: MailServer
    ) -> None:
        hub, own = desks.hub, desks.own
        for _ in range(2):
            sent = desks.released(recipients=[own.id])
            hub.sequence()
            slice_for(own.client, sent.md, now=hub.now)
            subject = SubjectRef("manifest", sent.jti, sent.md)
            body = {"st": "opened", "code": None}
            hub.submit(own, hub.statement(own, "ack", subject, body=body, act="officer-1"))
        hub.sequence()
        desks.follow()
        hub.later(hours=0.5)
        hub.revoke(own, since=hub.now - timedelta(hours=1))
        hub.later(seconds=30)
        hub.sequence()
        for step in (find_repudiated, mark_doubts):
            step(now=hub.now)
        hub.sequence()
        desks.follow()
        told = notices(Occasion.REPUDIATED)
        kid = own.signing[PQ1].signers[0].kid
        assert {(row.recipient_id, row.subject, row.reference) for row in told} == {(desks.lab.id, kid, "")}
        send_notifications(clock=lambda: hub.now, jitter=lambda: 0.5)
        mail = mail_server.mails_to(desks.lab.reader.email)[-1]
        assert mail.message["Subject"] == "[Accord] IN DOUBT"
        assert (
            f"Look again at the answers to {AgencyRow.objects.get(pk=desks.lab.id).name}: a signature under one no longer counts."
            in mail.text
        )
        assert "/outbox/" in mail.text


class TestOwnKeyOfficers:
    def test_they_are_told_that_a_key_was_revoked_and_nobody_else(
        self, desks: Desks, mail_server: MailServer
    ) -> None:
        officer, hub = desks.hub.make_officer(desks.lab.agency, Role.KEY_OFFICER), desks.hub
        revoke_hosted_key(hub, desks.lab.agency, since=hub.now - timedelta(hours=1))
        hub.later(seconds=30)
        hub.sequence()
        for _ in range(2):
            desks.follow()
            hub.later(seconds=30)
        told = Notification.objects.values_list("occasion", "officer__roles", "subject")
        assert {(what, *roles) for what, roles, _ in told} == {("key-revoked", "key_officer")}
        assert len({subject for *_, subject in told}) == 1
        send_notifications(clock=lambda: hub.now, jitter=lambda: 0.5)
        (mail,) = mail_server.mails_to(officer.email)
        assert mail.message["Subject"] == "[Accord] KEYS"
        assert (
            "Reaffirm or withdraw what is in doubt: a signing key of" in mail.text and "/keys/" in mail.text
        )


class TestReaffirm:
    @pytest.fixture
    def doubted(self, notice_world: NoticeWorld, mail_server: MailServer) -> ReceivedAlert:
        """Return an alert that was told and opened in time, and then came into doubt; alpha has new keys."""
        delivery = notice_world.queue()
        notice_world.send()
        notice_world.hub.later(hours=0.5)
        revoke(notice_world)
        notice_world.send()
        notice_world.hub.later(seconds=5)
        notice_world.hub.renew_signing_keys(notice_world.alpha)
        return delivery

    def test_who_was_told_of_the_doubt_is_told_that_it_was_reaffirmed(
        self, notice_world: NoticeWorld, doubted: ReceivedAlert, mail_server: MailServer
    ) -> None:
        newcomer = notice_world.hub.make_officer(notice_world.bravo, Role.READER)
        sealed = notice_world.sent[doubted.md]
        notice_world.hub.submit(
            notice_world.alpha, notice_world.hub.reaffirmation(notice_world.alpha, about(sealed))
        )
        tell(notice_world)
        assert notice_world.send().sent == 3
        mails = mail_server.mails[6:]
        assert {str(mail.message["Subject"]) for mail in mails} == {
            f"[Accord] ROUTINE REAFFIRMED {doubted.reference}"
        }
        assert newcomer.email not in {mail.recipients[0] for mail in mails}

    def test_when_the_reaffirming_key_falls_too_they_are_told_again(
        self, notice_world: NoticeWorld, doubted: ReceivedAlert, mail_server: MailServer
    ) -> None:
        sealed = notice_world.sent[doubted.md]
        said = notice_world.hub.submit(
            notice_world.alpha, notice_world.hub.reaffirmation(notice_world.alpha, about(sealed))
        )
        tell(notice_world)
        revoke(notice_world, hours_back=0.25)
        again = [row for row in notices(Occasion.REPUDIATED) if row.subject == said.od]
        assert {row.about for row in again} == {doubted.md} and len(again) == 3

    def test_a_reaffirmed_withdrawal_is_told_where_its_doubt_was(self, notice_world: NoticeWorld) -> None:
        delivery = notice_world.queue()
        retract = notice_world.hub.submit(
            notice_world.alpha,
            notice_world.hub.retraction(notice_world.alpha, notice_world.sent[delivery.md]),
        )
        notice_world.hub.sequence()
        notice_world.hub.later(hours=0.5)
        revoke(notice_world)
        notice_world.hub.later(seconds=5)
        notice_world.hub.renew_signing_keys(notice_world.alpha)
        subject = SubjectRef("retract", retract.statement_id, retract.od)
        said = notice_world.hub.submit(
            notice_world.alpha, notice_world.hub.reaffirmation(notice_world.alpha, subject)
        )
        tell(notice_world)
        assert {row.subject for row in notices(Occasion.REAFFIRMED)} == {said.od}


def test_a_waiting_recovery_is_looked_into_when_its_delay_is_over(notice_world: NoticeWorld) -> None:
    """A keyset by the announced root alone has no effect for 72 hours; the revocation in it waits as long."""
    notice_world.queue()
    notice_world.hub.later(hours=1)
    find_repudiated(now=notice_world.hub.now)
    notice_world.hub.recover_root(
        notice_world.alpha, revoking=0, since=notice_world.hub.now - timedelta(hours=2)
    )
    tell(notice_world)
    assert not Doubt.objects.exists() and KeyWord.objects.count() == 1
    assert not waits_for_marking(now=notice_world.hub.now)
    notice_world.hub.later(seconds=RECOVERY_DELAY_SECS)
    assert waits_for_marking(now=notice_world.hub.now)
    tell(notice_world)
    assert Doubt.objects.count() == 1 and not KeyWord.objects.exists()
