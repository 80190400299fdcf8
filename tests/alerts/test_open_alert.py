# SPDX-License-Identifier: Apache-2.0
"""Opening: a reason each time, every check each time, files, and officers who may never open."""

import pytest
from django.db import connection

from alerts.access import find_by_reference, find_received
from alerts.boxes.outbox import open_sent_attachment
from alerts.drafting.drafts import attach_file
from alerts.errors import ExchangeAwayError, NotOpenedError, UnopenableError
from alerts.models import HeldBlob, HeldEnvelope, ReceivedAlert
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.opening import open_alert, open_attachment, preset_reason
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending.release import release_alert
from callers.capabilities import Role
from callers.errors import AbsentError, InputError, NotPermittedError
from ledger.models import AuditEvent
from sharing.models import Delivery, Statement
from tests.alerts.conftest import GOOD, Desks
from tests.stages import act

SPECTRUM = b"NAME: etizolam\n" * 50


def drop_held() -> None:
    """Delete every envelope that the desk holds."""
    HeldBlob.objects.all().delete()
    HeldEnvelope.objects.all().delete()


@act
def received_with_file(desks: Desks) -> ReceivedAlert:
    alert = desks.draft()
    attach_file(desks.lab.author, alert, base=1, filename="etizolam.msp", data=SPECTRUM, now=desks.hub.now)
    submit_alert(desks.lab.author, alert, revision=2, now=desks.hub.now)
    validate_alert(desks.lab.releaser, alert, revision=2, now=desks.hub.now)
    release_alert(desks.lab.releaser, alert, revision=2, now=desks.hub.now)
    desks.settle()
    return ReceivedAlert.objects.get(agency=desks.health.agency)


class TestReason:
    def test_without_a_reason_nothing_opens(self, desks: Desks) -> None:
        row = desks.received()
        for reason, reference, field in [
            ("", "", "reason"),
            ("curious", "", "reason"),
            ("case_number", "  ", "reference"),
        ]:
            with pytest.raises(InputError) as refused:
                open_alert(desks.health.reader, row, reason=reason, reference=reference, now=desks.hub.now)
            assert refused.value.field == field
            assert not AuditEvent.objects.filter(act="alert.opened").exists()

    def test_each_opening_leaves_who_what_and_why(self, desks: Desks) -> None:
        row, reader = desks.opened(), desks.health.reader
        open_alert(reader, row, reason="case_number", reference=" XB  7/26 ", now=desks.hub.later(hours=1))
        events = AuditEvent.objects.filter(act="alert.opened", subject=row.md).order_by("seq")
        assert [event.reason for event in events] == ["on_duty", "case_number: XB 7/26"]
        assert {event.actor for event in events} == {reader.audit_name}

    def test_flash_presets_on_duty(self, desks: Desks) -> None:
        assert preset_reason(ReceivedAlert(pri="flash")) == "on_duty"
        assert preset_reason(ReceivedAlert(pri="urgent")) == ""


class TestReading:
    def test_what_was_written_is_read_with_its_proof(self, desks: Desks) -> None:
        row = desks.received()
        view = open_alert(desks.health.reader, row, reason="assigned", now=desks.hub.now)
        assert view.title == GOOD["title"] and view.document["harm_evidence"] == GOOD["harm_evidence"]
        assert view.audience == (desks.health.id,)
        assert view.verification.text == (
            "Verified. Forensic Laboratory signed this with both its keys. Nothing has changed since. It is log "
            f"entry {row.log_index}, 2 Mar 2026 12:00 UTC."
        )
        assert view.marking.tlp_sentence == "Your community, no public channels."
        assert view.marks == ()

    def test_the_first_opening_is_what_the_sender_sees(self, desks: Desks) -> None:
        row = desks.received()
        first = desks.hub.later(minutes=10)
        open_alert(desks.health.reader, row, reason="on_duty", now=first)
        open_alert(desks.health.releaser, row, reason="on_duty", now=desks.hub.later(minutes=10))
        assert Delivery.objects.get(envelope_id=row.md).opened_at == first
        assert ReceivedAlert.objects.get(pk=row.pk).first_opened_at == first

    def test_an_exercise_and_a_late_opening_are_marked(self, desks: Desks) -> None:
        row = desks.received(status="exercise", expiry="2026-03-04")
        view = open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.later(days=5))
        assert view.marks == (
            "This is an exercise.",
            "Opened after it expired; call the sender before you act on it.",
        )

    def test_what_was_opened_in_time_is_not_late_when_it_is_read_again(self, desks: Desks) -> None:
        row = desks.received(expiry="2026-03-04")
        in_time = open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now)
        again = open_alert(desks.health.releaser, row, reason="on_duty", now=desks.hub.later(days=5))
        assert in_time.marks == again.marks == ()

    def test_what_was_first_opened_late_stays_marked_so(self, desks: Desks) -> None:
        row = desks.received(expiry="2026-03-04")
        for later in (desks.hub.later(days=5), desks.hub.later(days=1)):
            view = open_alert(desks.health.reader, row, reason="on_duty", now=later)
            assert view.marks == ("Opened after it expired; call the sender before you act on it.",)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE sharing_envelope SET manifest = set_byte(manifest, 90, get_byte(manifest, 90) # 1)",
            "UPDATE sharing_delivery SET entry = replace(entry, 'encrypted_key\":\"', 'encrypted_key\":\"AAAA')",
            """UPDATE sharing_envelope SET jwe_head = replace(jwe_head, '"tag":"', '"tag":"AAAA')""",
            "UPDATE sharing_envelope SET leaf_hashes = set_byte(leaf_hashes, 3, get_byte(leaf_hashes, 3) # 1)",
        ],
        ids=["manifest", "entry", "ciphertext", "tree of recipients"],
    )
    def test_one_changed_byte_anywhere_keeps_the_content_closed(self, desks: Desks, statement: str) -> None:
        row = desks.received()
        drop_held()
        with connection.cursor() as cursor:
            cursor.execute(statement)
        with pytest.raises((UnopenableError, ExchangeAwayError)):
            open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now)
        assert AuditEvent.objects.filter(act="alert.refused", subject=row.md).count() == 1

    def test_another_envelope_under_the_same_address_is_not_this_alert(self, desks: Desks) -> None:
        """All of its signatures hold and it is sealed to the same agency, yet it is not the envelope asked for."""
        row, other = desks.received(), desks.received(title="Quite another alert")
        with connection.cursor() as cursor:
            cursor.execute(
                """UPDATE sharing_envelope AS a SET manifest = b.manifest, jwe_head = b.jwe_head,
                   leaf_hashes = b.leaf_hashes FROM sharing_envelope AS b WHERE a.md = %s AND b.md = %s""",
                [row.md, other.md],
            )
            cursor.execute(
                """UPDATE sharing_delivery AS a SET entry = b.entry, index = b.index
                   FROM sharing_delivery AS b WHERE a.envelope_id = %s AND b.envelope_id = %s""",
                [row.md, other.md],
            )
        drop_held()
        with pytest.raises(ExchangeAwayError):
            open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now)


class TestFiles:
    def test_a_file_arrives_as_it_was_sent_at_both_ends(self, desks: Desks) -> None:
        row = received_with_file(desks)
        view = open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now)
        assert [(item.n, item.filename, item.size) for item in view.attachments] == [
            (0, "etizolam.msp", len(SPECTRUM))
        ]
        file = open_attachment(desks.health.reader, row, n=0, reason="on_duty", now=desks.hub.now)
        assert (file.data, file.media_type) == (SPECTRUM, "text/plain")
        sent = desks.lab.agency.alerts.get()
        assert open_sent_attachment(desks.lab.reader, sent, n=0, now=desks.hub.now).data == SPECTRUM

    def test_a_file_needs_a_reason_of_its_own_and_must_be_there(self, desks: Desks) -> None:
        row = received_with_file(desks)
        with pytest.raises(InputError):
            open_attachment(desks.health.reader, row, n=0, reason="", now=desks.hub.now)
        with pytest.raises(AbsentError):
            open_attachment(desks.health.reader, row, n=1, reason="on_duty", now=desks.hub.now)

    def test_a_changed_blob_closes_the_whole_alert(self, desks: Desks) -> None:
        row = received_with_file(desks)
        drop_held()
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE sharing_blob SET content = set_byte(content, 99, get_byte(content, 99) # 1)"
            )
        with pytest.raises(UnopenableError):
            open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now)


class TestWhoMay:
    def test_strangers_and_absent_things_are_answered_alike(self, desks: Desks) -> None:
        row = desks.received()
        nobody = desks.stranger.reader
        for look in (
            lambda: find_received(nobody, row.pk),
            lambda: find_received(nobody, "00000000-0000-4000-8000-000000000000"),
            lambda: find_received(nobody, "no id at all"),
            lambda: find_by_reference(nobody, row.reference),
            lambda: find_by_reference(nobody, "2222-2222"),
            lambda: open_alert(nobody, row, reason="on_duty", now=desks.hub.now),
            lambda: acknowledge_alert(nobody, row, now=desks.hub.now),
        ):
            with pytest.raises(AbsentError):
                look()

    def test_a_reference_is_found_however_it_is_typed(self, desks: Desks) -> None:
        row = desks.received()
        assert find_by_reference(desks.health.reader, f"  {row.reference.lower()} ") == row

    def test_auditors_and_operators_read_no_alert(self, desks: Desks) -> None:
        row = desks.received()
        auditor = desks.hub.make_officer(desks.health.agency, Role.AUDITOR)
        with pytest.raises(NotPermittedError):
            open_alert(auditor, row, reason="lawfulness_check", now=desks.hub.now)


class TestAcknowledging:
    def test_it_is_a_person_s_signed_act(self, desks: Desks) -> None:
        row, reader = desks.opened(), desks.health.reader
        done = acknowledge_alert(reader, row, now=desks.hub.later(minutes=1))
        statement = Statement.objects.get(k="ack")
        assert (statement.act, statement.body) == (reader.public_id, {"st": "opened", "code": None})
        assert (done.acknowledged_by, done.acknowledged_at) == (reader, desks.hub.now)
        assert Delivery.objects.get(envelope_id=row.md).state == "acknowledged"

    def test_twice_is_once(self, desks: Desks) -> None:
        row, reader = desks.opened(), desks.health.reader
        for _ in range(2):
            acknowledge_alert(reader, row, now=desks.hub.later(minutes=1))
        assert Statement.objects.filter(k="ack").count() == 1
        assert AuditEvent.objects.filter(act="alert.acknowledged").count() == 1

    def test_what_nobody_has_opened_is_not_acknowledged(self, desks: Desks) -> None:
        row = desks.received()
        with pytest.raises(NotOpenedError):
            acknowledge_alert(desks.health.reader, row, now=desks.hub.now)
        assert not Statement.objects.exists()
