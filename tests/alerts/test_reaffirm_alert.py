# SPDX-License-Identifier: Apache-2.0
"""A key is stolen with alerts in flight: what recipients and the originator see at the desk and can do."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accord.envelope.keyrule import Repudiated, Valid
from accord.envelope.statements.form import SubjectRef, parse_statement
from alerts.boxes.inbox import list_received
from alerts.boxes.outbox import list_sent, read_sent
from alerts.boxes.start import read_start
from alerts.errors import MoveRefusedError, UnopenableError
from alerts.models import Alert, ReceivedAlert
from alerts.peers.directory import VerifiedDirectory
from alerts.receiving.fetching import fetch_and_open
from alerts.receiving.following import follow_feeds
from alerts.receiving.opening import OpenedView, open_alert, signatures_shown
from alerts.receiving.retractions import judge_for_display
from alerts.receiving.signature_state import SignatureState
from alerts.receiving.verification import Proof
from alerts.sending.reaffirmation import (
    list_doubted,
    list_doubted_statements,
    reaffirm_alert,
    reaffirm_statement,
)
from alerts.sending.withdrawal import withdraw_alert, withdraw_unsent
from callers.errors import AbsentError, InputError, NotPermittedError
from ledger.models import AuditEvent
from officers.models import Officer
from sharing.models import Statement
from sharing.repudiation import find_repudiated, mark_doubts
from tests.alerts.conftest import Desk, Desks, kept_desks_of_now
from tests.alerts.test_follow_feed import send_from_partner
from tests.alerts.test_judge_retract import retract
from tests.builders import START, seconds
from tests.stages import act
from tests.stolen_vault_keys import replace_signing_keys, revoke_hosted_key, submit_as_thief

DOUBT = (
    "In doubt. This was logged at 2 Mar 2026 12:00 UTC, signed with a key that {name} revoked at "
    "2 Mar 2026 12:30 UTC for everything since 2 Mar 2026 11:30 UTC. Call {name} before you rely on it."
)


RELEASE: dict[str, Any] = {
    "parent": None,
    "aud": ["xb-health"],
    "rn": 1,
    "rr": "A" * 43,
    "rel": "none",
    "purpose": "prevent",
    "cond": [],
    "code": None,
}


@act
def tell(desks: Desks) -> None:
    """Run sequencer, exchange-worker and desk-worker until all are told."""
    hub = desks.hub
    hub.later(seconds=1)
    hub.sequence()
    for step in (find_repudiated, mark_doubts):
        while step(now=hub.now):
            pass
    hub.sequence()
    follow_feeds(now=hub.now)


@act
def show(desks: Desks, row: ReceivedAlert) -> OpenedView:
    return open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now)


def inbox_state(desks: Desks) -> tuple[str, str]:
    (row,) = list_received(desks.health.reader, now=desks.hub.now).rows
    return row.state, row.state_text


@act
def lose_partners_key(desks: Desks, *, hours_back: float = 1.0) -> None:
    desks.hub.revoke(desks.own, since=desks.hub.now - timedelta(hours=hours_back))
    desks.sequence()
    desks.hub.later(seconds=5)
    desks.hub.renew_signing_keys(desks.own)
    tell(desks)


@act
def lose_our_key(desks: Desks, desk: Desk) -> None:
    revoke_hosted_key(desks.hub, desk.agency, since=desks.hub.now - timedelta(hours=1))
    desks.sequence()
    desks.hub.later(seconds=5)
    replace_signing_keys(desks.hub, desk.agency)
    tell(desks)


class TestAtTheRecipient:
    @pytest.fixture
    @staticmethod
    @act
    def received(desks: Desks) -> ReceivedAlert:
        """An alert from the partner, half an hour old and opened in time."""
        md = send_from_partner(desks)
        desks.follow()
        row = ReceivedAlert.objects.get(agency=desks.health.agency, md=md)
        assert show(desks, row).standing.state is SignatureState.VALID
        desks.hub.later(minutes=30)
        return row

    def test_it_stays_open_and_is_shown_as_repudiated_with_every_time(
        self, desks: Desks, received: ReceivedAlert
    ) -> None:
        lose_partners_key(desks)
        view, sentence = show(desks, received), DOUBT.format(name="Agency xe-drugs")
        assert view.document["title"] and view.marks == (sentence,)
        assert (view.verification.state, view.verification.text) == (Proof.REPUDIATED, sentence)
        facts = view.standing
        assert facts.logged_at and facts.since and facts.revoked_at and facts.reaffirmed_at is None
        assert facts.since < facts.logged_at < facts.revoked_at
        assert inbox_state(desks) == (
            "repudiated",
            "In doubt: logged 2 Mar 2026 12:00 UTC, key not valid since 2 Mar 2026 11:30 UTC",
        )

    def test_one_that_was_not_fetched_yet_too(self, desks: Desks) -> None:
        md = send_from_partner(desks)
        desks.hub.later(minutes=30)
        lose_partners_key(desks)
        row = ReceivedAlert.objects.get(agency=desks.health.agency, md=md)
        assert not row.unopenable and show(desks, row).standing.state is SignatureState.REPUDIATED

    def test_the_closed_page_knows_it_before_anything_is_opened(
        self, desks: Desks, received: ReceivedAlert
    ) -> None:
        lose_partners_key(desks)
        standing = judge_for_display(received, now=desks.hub.now).standing
        assert standing is not None and standing.text == DOUBT.format(name="Agency xe-drugs")

    def test_reaffirmed_it_counts_and_says_so(self, desks: Desks, received: ReceivedAlert) -> None:
        lose_partners_key(desks)
        subject = SubjectRef("manifest", received.jti, received.md)
        desks.hub.later(minutes=1)
        desks.hub.submit(desks.own, desks.hub.reaffirmation(desks.own, subject))
        tell(desks)
        view = show(desks, received)
        assert view.verification.state is Proof.REAFFIRMED and view.standing.counts
        assert view.marks[0].startswith(
            "Reaffirmed by Agency xe-drugs on 2 Mar 2026 12:31 UTC. It was logged at"
        )
        assert inbox_state(desks)[0] == "opened"

    def test_a_reaffirmed_withdrawal_counts_again(self, desks: Desks, received: ReceivedAlert) -> None:
        statement = retract(desks, received)
        desks.follow()
        desks.hub.later(minutes=1)
        lose_partners_key(desks)
        assert show(desks, received).received.withdrawn_at is None
        subject = SubjectRef(statement.k, statement.statement_id, statement.od)
        desks.hub.submit(desks.own, desks.hub.reaffirmation(desks.own, subject))
        tell(desks)
        row = ReceivedAlert.objects.get(pk=received.pk)
        assert row.withdrawn_at is not None and row.retract_od == statement.od
        assert show(desks, row).received.retract_doubt == ""

    def test_a_doubt_about_a_release_is_its_issuers_and_not_the_senders(
        self, desks: Desks, received: ReceivedAlert
    ) -> None:
        release = parse_statement(
            desks.hub.statement(
                desks.own,
                "release",
                SubjectRef("manifest", received.jti, received.md),
                exp=seconds(desks.hub.now) + 60,
                body=RELEASE,
            )
        ).statement
        opened = fetch_and_open(desks.health.reader, received.md, reason="on_duty", now=desks.hub.now)
        logged = seconds(START)
        doubted = Repudiated(logged, since=logged - 1800, revoked_at=logged + 1800)
        shown, sentences = signatures_shown(
            received,
            replace(opened, via=(release,), standings=(Valid(), doubted)),
            VerifiedDirectory(desks.health.id, desks.hub.now),
        )
        assert shown.state is SignatureState.VALID
        assert sentences == (
            "About the release by Agency xe-drugs that brought this here: "
            + DOUBT.format(name="Agency xe-drugs"),
        )

    def test_what_the_log_took_after_the_revocation_is_refused(self, desks: Desks) -> None:
        desks.hub.later(hours=1)
        md = send_from_partner(desks, sequence=False)
        desks.hub.let_overtake(desks.hub.revoke(desks.own, since=desks.hub.now).od)
        desks.sequence()
        tell(desks)
        row = ReceivedAlert.objects.get(agency=desks.health.agency, md=md)
        with pytest.raises(UnopenableError):
            show(desks, row)
        assert inbox_state(desks) == ("refused", "Refused: logged after its key was revoked")


class TestAtTheOriginator:
    @pytest.fixture
    @staticmethod
    @act
    def sent(desks: Desks) -> Alert:
        """An own alert, opened and acknowledged by the health authority half an hour before the own key was revoked."""
        received = desks.acknowledged()
        desks.sequence()
        desks.hub.later(minutes=30)
        lose_our_key(desks, desks.lab)
        return Alert.objects.get(md=received.md)

    def test_it_waits_for_a_word_with_both_actions(self, desks: Desks, sent: Alert) -> None:
        (row,) = read_start(desks.lab.releaser, now=desks.hub.now).in_doubt
        assert (row.md, row.alert, row.total, row.opened) == (sent.md, sent, 1, 1)
        assert row.card is not None and row.card.title
        assert row.standing.text.startswith("In doubt. This was logged at 2 Mar 2026 12:00 UTC")
        assert not read_start(desks.lab.author, now=desks.hub.now).in_doubt
        (listed,) = list_sent(desks.lab.reader, now=desks.hub.now).rows
        assert listed.state_text.startswith("In doubt: logged 2 Mar 2026 12:00 UTC")
        assert read_sent(desks.lab.reader, sent, now=desks.hub.now).standing == row.standing

    def test_reaffirmed_by_a_releaser_it_waits_no_longer(self, desks: Desks, sent: Alert) -> None:
        desks.hub.later(minutes=1)
        reaffirm_alert(desks.lab.releaser, sent, now=desks.hub.now)
        reaffirm_alert(desks.lab.releaser, sent, now=desks.hub.now)
        statement = Statement.objects.get(k="reaffirm")
        assert (statement.sub_d, statement.act) == (sent.md, desks.lab.releaser.public_id)
        tell(desks)
        assert list_doubted(desks.lab.releaser, now=desks.hub.now) == ()
        (listed,) = list_sent(desks.lab.reader, now=desks.hub.now).rows
        assert listed.standing.state is SignatureState.REAFFIRMED
        event = AuditEvent.objects.get(act="alert.reaffirmed")
        assert (event.subject, event.actor) == (str(sent.pk), desks.lab.releaser.audit_name)
        row = ReceivedAlert.objects.get(agency=desks.health.agency, md=sent.md)
        assert show(desks, row).verification.text.startswith("Reaffirmed by Forensic Laboratory on ")
        with pytest.raises(InputError):
            reaffirm_alert(desks.lab.releaser, sent, now=desks.hub.now)

    def test_withdrawn_it_waits_no_longer_either(self, desks: Desks, sent: Alert) -> None:
        withdraw_alert(desks.lab.releaser, sent, code="error", now=desks.hub.now)
        assert list_doubted(desks.lab.releaser, now=desks.hub.now) == ()
        with pytest.raises(MoveRefusedError):
            reaffirm_alert(desks.lab.releaser, sent, now=desks.hub.now)

    def test_only_a_releaser_of_the_agency_may(self, desks: Desks, sent: Alert) -> None:
        for officer in (desks.lab.author, desks.lab.reader):
            with pytest.raises(NotPermittedError):
                reaffirm_alert(officer, sent, now=desks.hub.now)
        with pytest.raises(AbsentError):
            reaffirm_alert(desks.health.releaser, sent, now=desks.hub.now)
        assert not Statement.objects.filter(k="reaffirm").exists()

    def test_what_nothing_put_in_doubt_is_not_reaffirmed(self, desks: Desks) -> None:
        alert = desks.released()
        desks.sequence()
        with pytest.raises(InputError):
            reaffirm_alert(desks.lab.releaser, alert, now=desks.hub.now)

    def test_what_a_thief_sent_can_be_withdrawn_and_not_reaffirmed(self, desks: Desks) -> None:
        md = submit_as_thief(desks.hub, desks.lab.agency, to=desks.health.agency)
        desks.settle()
        desks.hub.later(minutes=10)
        lose_our_key(desks, desks.lab)
        (row,) = list_doubted(desks.lab.releaser, now=desks.hub.now)
        assert (row.md, row.alert, row.card) == (md, None, None)
        withdraw_unsent(desks.lab.releaser, md, code="error", now=desks.hub.now)
        tell(desks)
        assert list_doubted(desks.lab.releaser, now=desks.hub.now) == ()
        assert ReceivedAlert.objects.get(agency=desks.health.agency, md=md).withdrawn_at is not None
        assert AuditEvent.objects.filter(act="alert.withdrawn", subject=md).exists()

    def test_what_this_desk_sent_is_withdrawn_by_its_own_page(self, desks: Desks, sent: Alert) -> None:
        for officer, md in ((desks.lab.releaser, sent.md), (desks.health.releaser, sent.md)):
            with pytest.raises(AbsentError):
                withdraw_unsent(officer, md, code="error", now=desks.hub.now)
        with pytest.raises(InputError):
            withdraw_unsent(desks.lab.releaser, sent.md, code="whim", now=desks.hub.now)


class TestAnswers:
    def test_an_acknowledgement_in_doubt_is_not_counted_until_reaffirmed(self, desks: Desks) -> None:
        received = desks.acknowledged()
        desks.sequence()
        desks.hub.later(minutes=30)
        lose_our_key(desks, desks.health)
        alert = Alert.objects.get(md=received.md)
        assert self.counted(desks) == (1, 0)
        (recipient,) = read_sent(desks.lab.reader, alert, now=desks.hub.now).recipients
        assert (recipient.text, recipient.fact.acknowledged_at) == ("Opened", None)
        assert recipient.doubt == (
            "An acknowledgement does not count. It was logged at 2 Mar 2026 12:00 UTC, signed with a key that Health "
            "Authority revoked at 2 Mar 2026 12:30 UTC for everything since 2 Mar 2026 11:30 UTC. Call Health "
            "Authority."
        )
        (statement,) = list_doubted_statements(desks.health.releaser, now=desks.hub.now)
        assert (statement.k, statement.about) == ("ack", received.md)
        assert statement.act == desks.health.reader.public_id
        reaffirm_statement(desks.health.releaser, statement.od, now=desks.hub.now)
        tell(desks)
        assert self.counted(desks) == (1, 1)
        assert list_doubted_statements(desks.health.releaser, now=desks.hub.now) == ()
        with pytest.raises(InputError):
            reaffirm_statement(desks.health.releaser, statement.od, now=desks.hub.now)

    def counted(self, desks: Desks) -> tuple[int, int]:
        (row,) = list_sent(desks.lab.reader, now=desks.hub.now).rows
        return row.opened, row.acknowledged

    def test_nobody_reaffirms_what_others_said(self, desks: Desks) -> None:
        desks.acknowledged()
        od = Statement.objects.get(k="ack").od
        with pytest.raises(AbsentError):
            reaffirm_statement(desks.lab.releaser, od, now=desks.hub.now)
        with pytest.raises(NotPermittedError):
            reaffirm_statement(desks.health.reader, od, now=desks.hub.now)


def test_the_json_desk_says_all_of_it_and_reaffirms(db: None, tmp_path: Path) -> None:
    desks = kept_desks_of_now(tmp_path / "ledger", ago=timedelta(hours=2))
    received = desks.received()
    desks.hub.later(minutes=30)
    lose_our_key(desks, desks.lab)
    alert = Alert.objects.get(md=received.md)
    ours, theirs = _signed_in(desks.lab.releaser), _signed_in(desks.health.reader)
    (row,) = ours.get("/api/v1/alerts?box=outbox").json()["items"]
    assert row["standing"]["state"] == "repudiated" and row["standing"]["since"]
    assert _facts(theirs, received)["standing"]["state"] == "repudiated"
    answer = ours.post(f"/api/v1/alerts/{alert.pk}/reaffirm")
    assert (answer.status_code, answer.json()["state"]) == (200, "released")
    desks.hub.now = timezone.now()
    tell(desks)
    assert ours.get(f"/api/v1/alerts/{alert.pk}").json()["standing"]["state"] == "reaffirmed"
    opened = theirs.post(
        f"/api/v1/alerts/received/{received.pk}/open", {"reason": "on_duty"}, "application/json"
    )
    assert opened.json()["verification"]["state"] == "reaffirmed"
    assert opened.json()["received"]["standing"]["reaffirmed_at"]


def _signed_in(officer: Officer) -> Client:
    client = Client()
    client.force_login(officer, "officers.login.backends.EmailBackend")
    return client


def _facts(client: Client, received: ReceivedAlert) -> dict[str, Any]:
    facts: dict[str, Any] = client.get(f"/api/v1/alerts/received/{received.pk}").json()
    return facts
