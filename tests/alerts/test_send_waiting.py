# SPDX-License-Identifier: Apache-2.0
"""Alerts and statements signed while the exchange gives no answer wait, go out once and in order, or come back."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection

from alerts.errors import (
    AmendmentRefusedError,
    CancelRefusedError,
    ExchangeAwayError,
    MoveRefusedError,
    NotTakenError,
    SendingStoppedError,
)
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending import ledger_places as placing
from alerts.sending.amendment import amend_alert
from alerts.sending.hand_in import UNSENT_AFTER, cancel_release, offer_all_again, send_waiting, waiting_for
from alerts.sending.release import release_alert
from alerts.sending.withdrawal import confirm_withdrawal, withdraw_alert
from callers.capabilities import Role
from callers.errors import NotBoundError, NotPermittedError
from ledger.models import AuditEvent, PendingEntry
from notices.models import Notification
from officers.models import Officer
from peers.models import HeldStatement, LastVerdicts, Outgoing, OutgoingBlob, SentEnvelope
from peers.outgoing import KEPT_AFTER, LASTS, forget_settled
from sharing.models import Envelope, Statement
from tests.alerts.conftest import Desks
from tests.desk_calls import nothing_taken, the_exchange
from tests.role_logins import under_login_of
from tests.stages import act

pytestmark = pytest.mark.usefixtures("exchange_as_asked")

A_ROUND = timedelta(seconds=5)
"""The interval at which the desk-worker comes."""


def release(desks: Desks, alert: Alert) -> Alert:
    return release_alert(desks.lab.releaser, alert, revision=alert.current, now=desks.hub.now)


@act
def work(desks: Desks, after: timedelta = timedelta(minutes=2)) -> int:
    """Run a round of the desk-worker, `after` the last moment."""
    desks.hub.now += after
    with under_login_of("desk-worker"):
        return send_waiting(now=desks.hub.now)


def away(desks: Desks, **changes: object) -> Alert:
    """Release an alert while the exchange is away, and leave it away."""
    alert = queued(desks, **changes)
    the_exchange.is_away = True
    return alert


@act
def queued(desks: Desks, **changes: object) -> Alert:
    """Release an alert while the exchange is away for a moment."""
    desks.follow()
    alert = desks.validated(**changes)
    the_exchange.is_away = True
    alert = release(desks, alert)
    the_exchange.is_away = False
    return alert


def back(desks: Desks) -> int:
    """Let the exchange answer again, and run the desk-worker."""
    the_exchange.behave()
    return work(desks)


@contextmanager
def nobody_there() -> Generator[None]:
    """Let no connection succeed within the block."""
    the_exchange.is_away = True
    yield
    the_exchange.behave()


def row_of(alert: Alert) -> Outgoing:
    return Outgoing.objects.get(subject=str(alert.pk), state="queued")


def logged_in_order(*alerts: Alert) -> list[str]:
    """The md of these alerts in the order in which the exchange took them."""
    logged = PendingEntry.objects.filter(od__in=[alert.md for alert in alerts]).order_by("pk")
    return list(logged.values_list("od", flat=True))


class TestAway:
    def test_it_is_queued_whole_and_goes_out_by_itself_once(self, desks: Desks) -> None:
        alert = away(desks)
        assert (alert.state, alert.released_at, alert.released_by) == ("queued", None, desks.lab.releaser)
        assert not Envelope.objects.exists()
        assert waiting_for(desks.lab.id, [str(alert.pk)])[str(alert.pk)].d == alert.md
        released_at = desks.hub.now
        assert back(desks) == 1
        sent = Alert.objects.get(pk=alert.pk)
        assert (sent.state, sent.md, sent.released_at) == ("released", alert.md, released_at)
        assert Envelope.objects.get().md == alert.md
        assert SentEnvelope.objects.get(md=alert.md).recipients == [desks.health.id]
        assert work(desks) == 0
        assert Envelope.objects.count() == 1

    def test_it_is_received_as_any_other(self, desks: Desks) -> None:
        alert = away(desks)
        back(desks)
        desks.settle()
        assert ReceivedAlert.objects.get(agency=desks.health.agency).md == alert.md

    def test_what_waits_goes_in_the_order_of_its_release_flash_first(self, desks: Desks) -> None:
        first = away(desks)
        the_exchange.behave()
        validated = [desks.validated(), desks.validated(pri="flash")]
        the_exchange.is_away = True
        second, flash = (release(desks, alert) for alert in validated)
        assert back(desks) == 3
        assert logged_in_order(first, second, flash) == [flash.md, first.md, second.md]

    @pytest.mark.parametrize("rounds", [4, 40])
    @pytest.mark.parametrize("behind_a_proxy", [False, True])
    def test_nothing_overtakes_what_was_tried_while_nobody_answered(
        self, desks: Desks, behind_a_proxy: bool, rounds: int
    ) -> None:
        desks.follow()
        validated = [desks.validated(), desks.validated(), desks.validated(pri="flash")]
        with nothing_taken() if behind_a_proxy else nobody_there():
            first, second, flash = (release(desks, alert) for alert in validated)
            for _ in range(rounds):
                assert work(desks, after=A_ROUND) == 0
        assert sum(work(desks, after=A_ROUND) for _ in range(13)) == 3
        assert logged_in_order(first, second, flash) == [flash.md, first.md, second.md]

    def test_what_alone_finds_no_answer_keeps_nothing_else_waiting(self, desks: Desks) -> None:
        sent = Alert.objects.get(md=desks.received().md)
        alert = desks.validated()
        the_exchange.answers = lambda path: (502, b"") if path.endswith("/envelopes") else None
        assert release(desks, alert).state == "queued"
        withdraw_alert(desks.lab.releaser, sent, code="error", now=desks.hub.now)
        for _ in range(30):
            work(desks, after=A_ROUND)
        assert Statement.objects.get().k == "retract"
        assert Alert.objects.get(pk=alert.pk).state == "queued"
        assert back(desks) == 1

    def test_what_is_released_next_does_not_overtake_what_waits_to_be_tried_again(self, desks: Desks) -> None:
        first = away(desks)
        work(desks, after=A_ROUND)
        the_exchange.behave()
        second = release(desks, desks.validated())
        assert second.state == "queued"
        assert work(desks, after=timedelta(seconds=1)) == 2
        assert logged_in_order(first, second) == [first.md, second.md]

    def test_what_is_released_behind_it_waits_for_its_turn_a_flash_alert_does_not(self, desks: Desks) -> None:
        first = away(desks)
        the_exchange.behave()
        later, flash = desks.validated(), desks.validated(pri="flash")
        assert release(desks, later).state == "queued"
        assert release(desks, flash).state == "released"
        assert back(desks) == 2
        states = Alert.objects.filter(pk__in=[first.pk, later.pk]).values_list("state", flat=True)
        assert set(states) == {"released"}

    def test_while_nobody_answers_one_attempt_is_made_a_round_and_less_and_less_often(
        self, desks: Desks
    ) -> None:
        away(desks)
        asked = len(the_exchange.asked)
        for _ in range(20):
            work(desks, after=timedelta(seconds=5))
        attempts = len(the_exchange.asked) - asked
        assert 3 <= attempts <= 6
        assert row_of(Alert.objects.get()).attempts == attempts + 1

    def test_the_last_word_of_the_exchange_stands_in_while_it_is_away(self, desks: Desks) -> None:
        desks.follow()
        desks.validated()
        known, unknown = desks.submitted(), desks.submitted(tlp="GREEN")
        validate_alert(desks.lab.releaser, desks.submitted(), revision=1, now=desks.hub.now)
        the_exchange.is_away = True
        validate_alert(desks.lab.releaser, known, revision=1, now=desks.hub.now)
        LastVerdicts.objects.exclude(terms__contains="AMBER").delete()
        with pytest.raises(ExchangeAwayError):
            validate_alert(desks.lab.releaser, unknown, revision=1, now=desks.hub.now)

    def test_an_altered_word_is_none(self, desks: Desks) -> None:
        desks.follow()
        alert = desks.submitted()
        the_exchange.is_away = True
        LastVerdicts.objects.update(answers={})
        with pytest.raises(ExchangeAwayError):
            validate_alert(desks.lab.releaser, alert, revision=1, now=desks.hub.now)

    def test_keys_that_were_not_asked_for_in_a_week_are_not_sealed_to(self, desks: Desks) -> None:
        desks.follow()
        alert = desks.validated()
        the_exchange.is_away = True
        desks.hub.now += timedelta(days=7, seconds=1)
        with pytest.raises((SendingStoppedError, ExchangeAwayError)):
            release(desks, alert)
        assert not Outgoing.objects.exists()


class TestAnswerLost:
    def test_taken_though_the_answer_was_lost_it_is_there_once(self, desks: Desks) -> None:
        desks.follow()
        alert = desks.validated()
        _lose_what_is_handed_in()
        queued = release(desks, alert)
        assert (queued.state, row_of(queued).may_have_arrived) == ("queued", True)
        assert Envelope.objects.get().md == queued.md
        back(desks)
        assert Alert.objects.get(pk=alert.pk).state == "released"
        assert Envelope.objects.count() == 1

    def test_it_is_not_cancelled_while_only_the_exchange_knows(self, desks: Desks) -> None:
        desks.follow()
        alert = desks.validated()
        _lose_what_is_handed_in()
        queued = release(desks, alert)
        the_exchange.is_away = True
        with pytest.raises(CancelRefusedError) as refused:
            cancel_release(desks.lab.releaser, queued, now=desks.hub.now)
        assert refused.value.cause == "unknown"
        the_exchange.behave()
        with pytest.raises(CancelRefusedError) as arrived:
            cancel_release(desks.lab.releaser, queued, now=desks.hub.now)
        assert arrived.value.cause == "arrived"
        assert Alert.objects.get(pk=alert.pk).state == "released"

    def test_late_it_is_asked_for_and_never_handed_in_again(self, desks: Desks) -> None:
        desks.follow()
        alert = desks.validated()
        _lose_what_is_handed_in()
        release(desks, alert)
        the_exchange.behave()
        work(desks, after=LASTS + timedelta(minutes=1))
        assert Alert.objects.get(pk=alert.pk).state == "released"
        assert not any(path.endswith("/envelopes") for path in the_exchange.asked)


def _lose_what_is_handed_in() -> None:
    the_exchange.loses = ("/envelopes", "/statements")


class TestCancelled:
    def test_what_never_arrived_is_taken_back_and_can_be_released_anew(self, desks: Desks) -> None:
        alert = away(desks)
        md = alert.md
        back_again = cancel_release(desks.lab.releaser, alert, now=desks.hub.now)
        assert (back_again.state, back_again.md, back_again.released_by) == ("validated", "", None)
        assert back(desks) == 0
        assert not Envelope.objects.exists()
        assert not OutgoingBlob.objects.exists()
        assert AuditEvent.objects.filter(act="alert.cancelled", subject=str(alert.pk)).exists()
        sent = release(desks, back_again)
        assert (sent.state, sent.md == md) == ("released", False)

    def test_only_by_who_may_release_and_only_what_waits(self, desks: Desks) -> None:
        alert = away(desks)
        with pytest.raises(NotPermittedError):
            cancel_release(desks.lab.author, alert, now=desks.hub.now)
        back(desks)
        with pytest.raises(MoveRefusedError):
            cancel_release(desks.lab.releaser, alert, now=desks.hub.now)

    def test_not_while_somebody_is_at_it(self, desks: Desks) -> None:
        alert = away(desks)
        Outgoing.objects.update(trying_until=desks.hub.now + timedelta(minutes=1))
        with pytest.raises(CancelRefusedError) as refused:
            cancel_release(desks.lab.releaser, alert, now=desks.hub.now)
        assert refused.value.cause == "trying"
        assert back(desks) == 1


class TestReturned:
    def test_after_23_hours_it_comes_back_and_is_signed_anew_by_a_person_alone(self, desks: Desks) -> None:
        alert = away(desks)
        the_exchange.behave()
        work(desks, after=LASTS + timedelta(seconds=1))
        came_back = Alert.objects.get(pk=alert.pk)
        assert (came_back.state, came_back.md) == ("validated", "")
        assert Outgoing.objects.get().cause == "too-old"
        assert not Envelope.objects.exists()
        desks.follow()
        assert release(desks, came_back).state == "released"

    def test_what_the_exchange_refuses_at_once_is_told_at_once_and_is_as_before(self, desks: Desks) -> None:
        desks.follow()
        alert = desks.validated()
        refuse_all_that_is_handed_in()
        with pytest.raises(NotTakenError) as refused:
            release(desks, alert)
        assert (refused.value.cause, "keys have just changed" in refused.value.text) == ("keyset-stale", True)
        as_before = Alert.objects.get(pk=alert.pk)
        assert (as_before.state, as_before.md, as_before.released_by) == ("validated", "", None)
        assert not SentEnvelope.objects.exists()
        detail = AuditEvent.objects.get(act="alert.refused").detail
        assert detail == {"move": "release", "cause": "keyset-stale"}

    def test_what_it_refuses_later_comes_back_too(self, desks: Desks) -> None:
        alert = away(desks)
        the_exchange.is_away = False
        refuse_all_that_is_handed_in()
        work(desks)
        assert Alert.objects.get(pk=alert.pk).state == "validated"
        assert (Outgoing.objects.get().state, Outgoing.objects.get().cause) == ("refused", "keyset-stale")

    @pytest.mark.parametrize("status", [500, 502, 503, 429])
    def test_a_proxys_page_or_a_busy_exchange_refuses_nothing(self, desks: Desks, status: int) -> None:
        desks.follow()
        alert = desks.validated()
        the_exchange.answers = lambda path: (status, b"<html>") if path.endswith("/envelopes") else None
        assert release(desks, alert).state == "queued"
        assert back(desks) == 1


def refuse_all_that_is_handed_in(slug: str = "keyset-stale") -> None:
    problem = b'{"type": "urn:accord:problem:%s", "title": "Refused.", "status": 409}' % slug.encode()

    def answer(path: str) -> tuple[int, bytes] | None:
        return (409, problem) if path.endswith(("/envelopes", "/statements")) else None

    the_exchange.answers = answer


class TestStatements:
    def test_an_acknowledgement_waits_and_counts_here_at_once(self, desks: Desks) -> None:
        received = desks.opened()
        the_exchange.is_away = True
        acknowledged = acknowledge_alert(desks.health.reader, received, now=desks.hub.now)
        assert acknowledged.acknowledged_at == desks.hub.now
        assert set(waiting_for(desks.health.id, [received.md])) == {received.md}
        assert not Statement.objects.exists()
        assert back(desks) == 1
        assert Statement.objects.get().k == "ack"
        assert waiting_for(desks.health.id, [received.md]) == {}

    def test_refused_it_is_unsaid(self, desks: Desks) -> None:
        received = desks.opened()
        refuse_all_that_is_handed_in("not-fetched")
        with pytest.raises(NotTakenError):
            acknowledge_alert(desks.health.reader, received, now=desks.hub.now)
        as_before = ReceivedAlert.objects.get(pk=received.pk)
        assert (as_before.acknowledged_at, as_before.answer) == (None, "")
        assert not HeldStatement.objects.issued_by(desks.health.id).exists()
        detail = AuditEvent.objects.get(act="statement.refused").detail
        assert detail == {"kind": "ack", "cause": "not-fetched"}

    def test_a_withdrawal_that_is_refused_leaves_the_alert_in_force(self, desks: Desks) -> None:
        received = desks.opened()
        alert = Alert.objects.get(md=received.md)
        refuse_all_that_is_handed_in("already-retracted")
        with pytest.raises(NotTakenError):
            withdraw_alert(desks.lab.releaser, alert, code="error", now=desks.hub.now)
        assert (Alert.objects.get(pk=alert.pk).state, Alert.objects.get(pk=alert.pk).withdrawn_at) == (
            "released",
            None,
        )

    def test_a_withdrawal_waits_and_is_confirmed_once_it_is_there(self, desks: Desks) -> None:
        received = desks.opened()
        alert = Alert.objects.get(md=received.md)
        the_exchange.is_away = True
        assert withdraw_alert(desks.lab.releaser, alert, code="error", now=desks.hub.now).state == "withdrawn"
        back(desks)
        desks.settle()
        the_exchange.is_away = True
        confirmed = confirm_withdrawal(desks.health.reader, received, now=desks.hub.now)
        assert confirmed.withdrawal_confirmed_at is not None
        back(desks)
        assert set(Statement.objects.values_list("k", flat=True)) == {"retract", "confirm"}

    def test_a_confirmation_that_is_refused_is_to_be_given_again(self, desks: Desks) -> None:
        received = desks.opened()
        withdraw_alert(desks.lab.releaser, Alert.objects.get(), code="error", now=desks.hub.now)
        desks.settle()
        refuse_all_that_is_handed_in("absent")
        with pytest.raises(NotTakenError):
            confirm_withdrawal(desks.health.reader, received, now=desks.hub.now)
        assert ReceivedAlert.objects.get(pk=received.pk).withdrawal_confirmed_at is None


class TestAltered:
    @pytest.mark.parametrize(
        "change",
        [
            "state = 'sent'",
            "d = repeat('A', 43)",
            "signed = '\\x00'",
            "reader = 'xd-stranger'",
            "pri = 'routine'",
        ],
    )
    def test_a_row_that_was_changed_past_the_program_goes_nowhere(self, desks: Desks, change: str) -> None:
        alert = away(desks, pri="urgent")
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE peers_outgoing SET {change}")  # noqa: S608
        assert back(desks) == 0
        assert not Envelope.objects.exists()
        assert Alert.objects.get(pk=alert.pk).state == "queued"

    def test_nor_does_an_attachment(self, desks: Desks) -> None:
        alert = desks.validated()
        row = OutgoingBlob(n=0, content=b"other")
        alert = away(desks)
        row.outgoing = Outgoing.objects.get()
        row.save()
        assert back(desks) == 0
        assert Alert.objects.get(pk=alert.pk).state == "queued"

    def test_and_is_named(self, desks: Desks) -> None:
        alert = away(desks)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE peers_outgoing SET pri = 'routine', mac = mac || 'x'")
        with pytest.raises(NotBoundError):
            waiting_for(desks.lab.id, [str(alert.pk)])


def test_a_next_version_that_waits_is_cancelled_before_the_withdrawal(desks: Desks) -> None:
    desks.follow()
    alert = desks.released()
    desks.settle()
    draft = amend_alert(desks.lab.author, Alert.objects.get(pk=alert.pk), now=desks.hub.now)
    submit_alert(desks.lab.author, draft, revision=draft.current, now=desks.hub.now)
    validate_alert(desks.lab.releaser, draft, revision=draft.current, now=desks.hub.now)
    the_exchange.is_away = True
    assert release(desks, Alert.objects.get(pk=draft.pk)).state == "queued"
    with pytest.raises(AmendmentRefusedError) as refused:
        withdraw_alert(desks.lab.releaser, alert, code="error", now=desks.hub.now)
    assert refused.value.cause == "queued"
    back(desks)
    assert Alert.objects.get(pk=alert.pk).replaced_at is not None


def test_octets_are_kept_for_a_week_past_the_exchanges_word(desks: Desks) -> None:
    away(desks)
    back(desks)
    assert forget_settled(now=desks.hub.now + KEPT_AFTER - timedelta(seconds=1)) == 0
    assert forget_settled(now=desks.hub.now + KEPT_AFTER) == 1
    assert not Outgoing.objects.exists()


class TestTold:
    def test_releaser_and_duty_list_hear_of_a_flash_alert_that_has_not_left(self, desks: Desks) -> None:
        on_call = desks.hub.make_officer(desks.lab.agency, Role.READER, name="Night desk")
        Officer.objects.filter(pk=on_call.pk).update(duty_rank=1)
        away(desks, pri="flash")
        work(desks, after=UNSENT_AFTER - timedelta(seconds=1))
        assert told("unsent") == []
        work(desks, after=timedelta(seconds=1))
        work(desks)
        assert told("unsent") == sorted([on_call.email, desks.lab.releaser.email])

    def test_of_a_routine_alert_nobody_is_woken(self, desks: Desks) -> None:
        away(desks)
        work(desks, after=timedelta(hours=1))
        assert told("unsent") == []

    def test_who_signed_hears_of_what_comes_back_later(self, desks: Desks) -> None:
        away(desks)
        the_exchange.is_away = False
        refuse_all_that_is_handed_in()
        work(desks)
        assert told("came-back") == [desks.lab.releaser.email]

    def test_who_was_answered_on_screen_is_not_told_by_mail(self, desks: Desks) -> None:
        desks.follow()
        alert = desks.validated()
        refuse_all_that_is_handed_in()
        with pytest.raises(NotTakenError):
            release(desks, alert)
        assert told("came-back") == []


def told(occasion: str) -> list[str]:
    rows = Notification.objects.filter(occasion=occasion).order_by("officer__email")
    return list(rows.values_list("officer__email", flat=True))


class TestRestoredExchange:
    def test_it_is_given_again_what_it_wants_and_nothing_else(self, desks: Desks) -> None:
        lost, kept = desks.released(), desks.released()
        assert the_exchange.asked.count(HANDED) == 2
        wants(lost.md)
        assert offer_all_again() == 1
        assert the_exchange.asked.count(HANDED) == 3
        wants()
        assert offer_all_again() == 0
        assert Alert.objects.filter(state="released").count() == 2
        assert kept.md

    def test_what_was_changed_past_the_program_is_not_given(self, desks: Desks) -> None:
        lost = desks.released()
        Outgoing.objects.update(octets="0" * 64)
        wants(lost.md)
        assert offer_all_again() == 0
        assert the_exchange.asked.count(HANDED) == 1


HANDED = "/api/v1/envelopes"


def wants(*mds: str) -> None:
    """Let the restored exchange ask for these envelopes."""
    said = json.dumps({"items": list(mds)}).encode()
    the_exchange.answers = lambda path: (200, said) if path.endswith("/wanted") else None


def test_the_receipt_of_what_was_just_sent_is_asked_for_until_it_is_there(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    monkeypatch.setattr(placing, "call_task", lambda task, **_: called.append(task))
    alert = desks.released()
    placing.take_receipts(now=desks.hub.now)
    assert Alert.objects.get(pk=alert.pk).log_index is None and called == [placing.RECEIPTS_TASK]
    placing.take_receipts(now=desks.hub.now + 2 * placing.NEW_FOR)
    assert called == [placing.RECEIPTS_TASK]
    desks.sequence()
    placing.take_receipts(now=desks.hub.now)
    assert Alert.objects.get(pk=alert.pk).log_index is not None and called == [placing.RECEIPTS_TASK]
