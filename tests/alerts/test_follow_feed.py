# SPDX-License-Identifier: Apache-2.0
"""Alerts reach a desk: each is opened once for card and tokens, and one that does not open is reported."""

from typing import Any

import psycopg
import pytest
from django.db import connection

from accord.envelope.content import Attachment
from accord.envelope.statements.form import SubjectRef
from alerts.errors import UnopenableError
from alerts.models import CardToken, ReceivedAlert
from alerts.projections.cards import open_received_cards
from alerts.projections.tokens import COUNTRY, INCHIKEY_BLOCK, tokens_of
from alerts.receiving import taking
from alerts.receiving.following import follow_feed, follow_feeds, lock_key
from alerts.receiving.opening import open_alert
from alerts.tasks import follow_feed as follow_feed_task
from desk.alerts.serializers import OpenedOut
from ledger.models import AuditEvent
from peers.models import FeedCursor
from sharing.models import Delivery, Statement
from tests.alerts.conftest import GOOD, Desk, Desks
from tests.stages import act
from tests.stolen_vault_keys import as_recipient

PARTNER_ALERT: dict[str, Any] = {
    "schema": "accord-alert/1",
    "alert_type": "harm_cluster",
    "title": "Blue tablets",
    "inchikey": "VMZUTJCNQWMAGF-UHFFFAOYSA-N",
}


@act
def send_from_partner(desks: Desks, *, to: Desk | None = None, sequence: bool = True, **terms: Any) -> str:
    """Send an alert of the agency with its own keys to a hosted agency (the health authority); return its md."""
    terms.setdefault("alert", PARTNER_ALERT)
    sealed = desks.hub.alert_to(as_recipient((to or desks.health).agency), sender=desks.own, **terms)
    desks.hub.carry(desks.own, sealed)
    if sequence:
        desks.sequence()
    return sealed.md


def received_by(desks: Desks, md: str) -> ReceivedAlert:
    return ReceivedAlert.objects.get(agency=desks.health.agency, md=md)


def break_ciphertext(md: str) -> None:
    """Change octets of the stored ciphertext without changing its form."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE sharing_envelope
               SET jwe_head = regexp_replace(jwe_head, '"iv":"[^"]*"', '"iv":"AAAAAAAAAAAAAAAA"') WHERE md = %s""",
            [md],
        )


class TestTaking:
    def test_a_partner_s_alert_gets_its_facts_a_card_and_tokens(self, desks: Desks) -> None:
        md = send_from_partner(desks)
        desks.follow()
        row = received_by(desks, md)
        card = open_received_cards(desks.health.id, [row])[str(row.pk)]
        assert (row.issuer_id, row.number, row.lane, row.tlp) == (desks.own.id, 1, "science", "GREEN")
        assert (card.title, card.alert_type) == ("Blue tablets", "harm_cluster")
        assert row.tokens.count() == 3
        assert row.first_opened_at is None

    def test_the_same_value_has_another_token_at_another_agency(self, desks: Desks) -> None:
        desks.released(recipients=[desks.health.id])
        desks.released(recipients=[desks.health.id])
        desks.settle()
        first, second = ReceivedAlert.objects.filter(agency=desks.health.agency).order_by("number")
        tokens = [set(map(bytes, row.tokens.values_list("token", flat=True))) for row in (first, second)]
        assert tokens[0] == tokens[1]

    def test_the_worker_s_opening_is_audited_and_is_no_reading(self, desks: Desks) -> None:
        md = send_from_partner(desks)
        desks.follow()
        delivery = Delivery.objects.get(envelope_id=md)
        assert (delivery.state, delivery.opened_at) == ("fetched", None)
        event = AuditEvent.objects.get(act="alert.screened", subject=md)
        assert (event.actor, event.agency, event.reason) == ("system:desk-worker", desks.health.id, "intake")

    def test_following_again_takes_nothing_twice(self, desks: Desks) -> None:
        send_from_partner(desks)
        assert follow_feeds(now=desks.hub.now) == 1
        assert follow_feeds(now=desks.hub.now) == 0
        assert ReceivedAlert.objects.count() == 1
        assert AuditEvent.objects.filter(act="alert.screened").count() == 1

    def test_the_cursor_remembers_the_number_and_many_pages_are_taken(self, desks: Desks) -> None:
        for _ in range(3):
            send_from_partner(desks)
        follow_feed_task()
        assert FeedCursor.objects.get(reader=desks.health.id).number == 3

    @pytest.mark.parametrize(
        "place", [{"epoch": "b7"}, {"number": 99}], ids=["another epoch", "beyond the head"]
    )
    def test_a_feed_that_begins_anew_is_read_again_and_nothing_is_taken_twice(
        self, desks: Desks, place: dict[str, Any]
    ) -> None:
        send_from_partner(desks)
        desks.follow()
        cursor = FeedCursor.objects.get(reader=desks.health.id)
        for name, value in place.items():
            setattr(cursor, name, value)
        cursor.save()
        new = send_from_partner(desks)
        desks.follow()
        assert [row.md for row in ReceivedAlert.objects.order_by("number")][1:] == [new]
        assert AuditEvent.objects.filter(act="alert.screened").count() == 2
        cursor = FeedCursor.objects.get(reader=desks.health.id)
        assert (cursor.epoch, cursor.number) == ("0", 2)

    def test_files_are_measured_before_anything_counts(self, desks: Desks) -> None:
        md = send_from_partner(desks, attachments=[Attachment("a.txt", "text/plain", b"peaks")])
        desks.follow()
        assert received_by(desks, md).card is not None

    def test_a_form_that_the_hub_does_not_know_has_an_empty_card(self, desks: Desks) -> None:
        md = send_from_partner(desks, alert={"schema": "accord-alert/9", "title": "From the future"})
        desks.follow()
        row = received_by(desks, md)
        assert open_received_cards(desks.health.id, [row])[str(row.pk)].title == ""
        view = open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now)
        assert view.marks == ("This alert uses a form that this desk does not know yet; call the sender.",)
        assert [member.text for member in view.as_text] == ["accord-alert/9", "From the future"]

    def test_what_is_missing_or_not_understood_is_named_above_the_content(self, desks: Desks) -> None:
        md = send_from_partner(
            desks, alert={"schema": "accord-alert/1", "alert_type": "seizure", "severity": "9"}
        )
        desks.follow()
        view = open_alert(desks.health.reader, received_by(desks, md), reason="on_duty", now=desks.hub.now)
        assert view.marks == (
            "Some parts were not understood here; they are shown as they came.",
            "The sender left out what every alert says: Title.",
        )
        said = OpenedOut(view).data
        assert (said["as_text"], said["missing"]) == ([{"name": "severity", "text": "9"}], ["title"])


class TestUnopenable:
    @pytest.fixture
    @staticmethod
    @act
    def broken(desks: Desks) -> str:
        """An alert whose ciphertext was changed at the exchange, and which the desk has fetched twice."""
        md = send_from_partner(desks)
        break_ciphertext(md)
        for _ in range(2):
            desks.follow()
        return md

    def test_what_fails_a_check_is_filed_once_and_the_sender_learns_it(
        self, desks: Desks, broken: str
    ) -> None:
        row = received_by(desks, broken)
        assert (row.unopenable, row.card) == (True, None)
        statement = Statement.objects.get(k="ack")
        assert (statement.sub_d, statement.act) == (broken, "")
        assert statement.body == {"st": "unopenable", "code": "check-failed"}
        assert Delivery.objects.get(envelope_id=broken).answer == "unopenable"
        assert Delivery.objects.get(envelope_id=broken).acknowledged_at is None
        assert AuditEvent.objects.filter(act="alert.refused", subject=broken).count() == 1

    def test_an_officer_reads_one_sentence_whatever_the_cause(self, desks: Desks, broken: str) -> None:
        row = received_by(desks, broken)
        with pytest.raises(UnopenableError) as failed:
            open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now)
        assert failed.value.text == (
            "Do not rely on this alert. A check failed; the content stays closed. Call Agency xe-drugs on the "
            f"directory number. Reference {row.reference}."
        )


class TestSuspended:
    def test_what_may_not_flow_yet_is_fetched_when_it_may(self, desks: Desks) -> None:
        md = send_from_partner(desks)
        desks.hub.suspend(desks.own, "G1")
        desks.follow()
        row = received_by(desks, md)
        assert (row.card, row.unopenable) == (None, False)
        desks.hub.later(hours=1)
        desks.hub.resume(desks.own, "G1")
        desks.follow()
        assert received_by(desks, md).card is not None


class TestRetracted:
    def test_a_retract_marks_the_alert_and_its_page(self, desks: Desks) -> None:
        sealed_md = send_from_partner(desks)
        desks.follow()
        row = received_by(desks, sealed_md)
        open_alert(desks.health.reader, row, reason="assigned", now=desks.hub.now)
        retract(desks, row)
        view = open_alert(
            desks.health.reader,
            row,
            reason="case_number",
            reference="XB-2026/7",
            now=desks.hub.later(hours=1),
        )
        assert view.marks[0] == (
            "Withdrawn by Agency xe-drugs: Contaminated sample or blank. Do not act on it."
        )

    def test_a_retract_whose_bytes_were_changed_is_not_applied(self, desks: Desks) -> None:
        md = send_from_partner(desks)
        desks.follow()
        row = received_by(desks, md)
        retract(desks, row, follow=False)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE sharing_statement SET jws = set_byte(jws, 40, get_byte(jws, 40) # 1) WHERE k = 'retract'"
            )
        desks.follow()
        assert received_by(desks, md).withdrawn_at is None


@act
def retract(desks: Desks, row: ReceivedAlert, *, follow: bool = True) -> None:
    statement = desks.hub.statement(
        desks.own,
        "retract",
        SubjectRef("manifest", row.jti, row.md),
        body={"code": "contaminated", "by": None},
        act="officer-1",
    )
    desks.hub.submit(desks.own, statement)
    desks.sequence()
    if follow:
        desks.follow()


def test_trouble_at_one_desk_keeps_no_other_waiting(desks: Desks) -> None:
    desks.released(recipients=[desks.health.id])
    desks.sequence()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE vault_vaultkey SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)")
    with pytest.raises(ExceptionGroup):
        follow_feeds(now=desks.hub.now)
    assert FeedCursor.objects.get(reader=desks.health.id).number == 0
    assert FeedCursor.objects.filter(reader=desks.lab.id).exists()


def test_agencies_take_turns(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "TURN", 1)
    for _ in range(3):
        send_from_partner(desks)
    send_from_partner(desks, to=desks.lab)
    at_health, at_lab = (
        ReceivedAlert.objects.filter(agency=desk.agency) for desk in (desks.health, desks.lab)
    )
    follow_feeds(now=desks.hub.now, is_over=lambda: at_lab.exists() and at_health.exists())
    assert (at_health.count(), at_lab.count()) == (1, 1)
    follow_feeds(now=desks.hub.now)
    assert at_health.count() == 3


def test_another_process_at_the_same_feed_does_nothing(desks: Desks) -> None:
    send_from_partner(desks)
    with psycopg.connect(**connection_facts()) as other:
        other.execute("SELECT pg_advisory_lock(%s, %s)", list(lock_key(desks.health.id)))
        assert follow_feed(desks.health.agency, now=desks.hub.now) == 0
        other.execute("SELECT pg_advisory_unlock(%s, %s)", list(lock_key(desks.health.id)))
    assert follow_feed(desks.health.agency, now=desks.hub.now) == 1


def connection_facts() -> dict[str, Any]:
    return {
        key: value
        for key, value in connection.get_connection_params().items()
        if key in {"dbname", "user", "password", "host", "port"}
    }


def test_cards_are_of_the_document_that_was_sent(desks: Desks) -> None:
    row = desks.received()
    assert open_received_cards(desks.health.id, [row])[str(row.pk)].title == GOOD["title"]
    pairs = [(name, str(GOOD[name])) for name in ("inchikey", "alert_type", "place_country")]
    pairs += [(INCHIKEY_BLOCK, GOOD["inchikey"][:14]), (COUNTRY, "XA")]
    kept = {bytes(token.token) for token in CardToken.objects.filter(received=row)}
    assert kept == set(tokens_of(desks.health.id, pairs))
