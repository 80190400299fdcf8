# SPDX-License-Identifier: Apache-2.0
"""RED at an own desk: named officers see, open and acknowledge it, the draft names the officers it goes to, few see that."""

import uuid
from pathlib import Path

import pytest
from pytest_django import Settings

from accord.envelope.content import NamedOfficer
from alerts.access import find_alert
from alerts.boxes.drafts import list_drafts
from alerts.boxes.inbox import list_received
from alerts.boxes.outbox import open_sent_attachment, read_sent
from alerts.boxes.queue import list_waiting
from alerts.boxes.start import read_start
from alerts.boxes.waiting import count_waiting
from alerts.drafting.drafts import create_draft, save_revision
from alerts.drafting.templates import copy_received, create_template
from alerts.errors import (
    AlertIncompleteError,
    CopyRefusedError,
    NotOpenedError,
    ReplyRefusedError,
)
from alerts.models import Alert, ReceivedAlert
from alerts.projections.cards import open_received_cards
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.bulk_acknowledgement import Outcome, acknowledge_alerts
from alerts.receiving.following import follow_feed
from alerts.receiving.opening import open_alert, open_attachment
from alerts.replies.beginning import open_to_answer
from alerts.review.validation import submit_alert
from alerts.sending.amendment import amend_alert
from alerts.sending.release import release_alert
from callers.capabilities import Role
from callers.errors import AbsentError, InputError, NotPermittedError
from ledger.models import AuditEvent
from officers.models import Officer
from peers.models import HeldStatement
from science.board.harm_reviews import record_review
from sharing.models import Envelope
from tests.own_desk import CONTENT, TABLE, RedDesk
from tests.stolen_vault_keys import as_recipient
from vault.errors import NotNamedError

OFFICER_7 = "xe-drugs officer-7"


@pytest.fixture
def red(db: None, settings: Settings, tmp_path: Path) -> RedDesk:
    settings.OWN_DESK = True
    return RedDesk.kept(tmp_path / "ledger")


def refusals(md: str) -> list[dict[str, str]]:
    """The causes for which requests about this alert were refused, oldest first."""
    rows = AuditEvent.objects.filter(act="alert.refused", subject=md).order_by("seq")
    return list(rows.values_list("detail", flat=True))


class TestReceiving:
    def test_it_stands_without_a_card_in_the_inbox_of_whom_it_names(self, red: RedDesk) -> None:
        row = red.received(red.named)
        (shown,) = list_received(red.named, now=red.hub.now).rows
        assert (shown.received.pk, shown.received.tlp, shown.card) == (row.pk, "RED", None)
        assert not open_received_cards(red.agency.pk, [row])
        assert row.derived_at is not None and not row.unopenable

    def test_whom_the_sender_named_opens_it_and_its_files(self, red: RedDesk) -> None:
        row = red.received(red.named)
        view = open_alert(red.named, row, reason="on_duty", now=red.hub.now)
        assert CONTENT in view.title and view.marking.tlp == "RED"
        assert view.named == (red.named.public_id,)
        file = open_attachment(red.named, row, n=0, reason="on_duty", now=red.hub.now)
        assert file.data == TABLE.plain

    def test_for_everybody_else_of_the_agency_it_is_absent_whatever_the_role(self, red: RedDesk) -> None:
        row = red.received(red.named)
        for role in (Role.READER, Role.AUTHOR, Role.RELEASER, Role.AGENCY_ADMIN, Role.KEY_OFFICER):
            officer = red.hub.make_officer(red.agency, role)
            with pytest.raises(AbsentError):
                open_alert(officer, row, reason="on_duty", now=red.hub.now)
            with pytest.raises(AbsentError):
                open_attachment(officer, row, n=0, reason="on_duty", now=red.hub.now)
            if role is not Role.KEY_OFFICER:
                assert not list_received(officer, now=red.hub.now).rows, role
                assert not read_start(officer, now=red.hub.now).acknowledge.rows, role
            assert not count_waiting(officer, now=red.hub.now).inbox, role
            assert not AuditEvent.objects.filter(act="alert.opened", actor=officer.audit_name).exists(), role

    def test_a_name_that_only_the_row_has_stops_at_the_vault(self, red: RedDesk) -> None:
        row = red.received(red.named)
        ReceivedAlert.objects.filter(pk=row.pk).update(named=[red.other.public_id])
        with pytest.raises(NotNamedError):
            open_alert(red.other, row, reason="on_duty", now=red.hub.now)
        assert refusals(row.md) == [{"move": "open", "cause": "not-named"}]
        row.refresh_from_db()
        assert row.first_opened_at is None

    def test_one_that_does_not_open_is_seen_by_every_reader(self, red: RedDesk) -> None:
        row = red.received(red.named)
        ReceivedAlert.objects.filter(pk=row.pk).update(named=[], unopenable=True)
        (shown,) = list_received(red.other, now=red.hub.now).rows
        assert (shown.received.pk, shown.card) == (row.pk, None)

    def test_auditor_and_keeper_never_come_so_far(self, red: RedDesk) -> None:
        row = red.received(red.named)
        keeper = Officer(email="noor@own.example", full_name="Noor Ashdene", roles=[Role.KEEPER])
        for officer in (red.hub.make_officer(red.agency, Role.AUDITOR), keeper):
            with pytest.raises((AbsentError, NotPermittedError)):
                open_alert(officer, row, reason="on_duty", now=red.hub.now)

    def test_an_id_of_another_agency_names_nobody_here(self, red: RedDesk) -> None:
        names = [NamedOfficer("xa-own", red.named.public_id), NamedOfficer("xd-reg", red.other.public_id)]
        sealed = red.hub.alert_to(
            as_recipient(red.agency), red.third, sender=red.partner, tlp="RED", names=sorted(names)
        )
        red.hub.carry(red.partner, sealed)
        red.hub.sequence()
        follow_feed(red.agency, now=red.hub.now)
        row = ReceivedAlert.objects.get(md=sealed.md)
        with pytest.raises(AbsentError):
            open_alert(red.other, row, reason="on_duty", now=red.hub.now)
        assert open_alert(red.named, row, reason="on_duty", now=red.hub.now).named == (red.named.public_id,)

    def test_a_named_officer_acknowledges_it_by_name_and_nobody_else(self, red: RedDesk) -> None:
        row = red.received(red.named)
        with pytest.raises(NotOpenedError):
            acknowledge_alert(red.named, row, now=red.hub.now)
        open_alert(red.named, row, reason="on_duty", now=red.hub.now)
        with pytest.raises(AbsentError):
            acknowledge_alert(red.other, row, now=red.hub.now)
        (many,) = acknowledge_alerts(red.other, [row.pk], reason="on_duty", now=red.hub.now)
        assert (many.outcome, many.row) == (Outcome.REFUSED, None)
        assert not HeldStatement.objects.filter(k="ack", sub_d=row.md).exists()
        acknowledge_alert(red.named, row, now=red.hub.now)
        said = HeldStatement.objects.get(k="ack", sub_d=row.md)
        assert (said.act, said.body) == (red.named.public_id, {"st": "opened", "code": None})
        row.refresh_from_db()
        assert row.acknowledged_by == red.named

    def test_it_is_not_copied_nor_answered_where_it_names_nobody_for_that(self, red: RedDesk) -> None:
        row = red.received(red.named)
        with pytest.raises(CopyRefusedError):
            copy_received(red.named, row, reason="on_duty", now=red.hub.now)
        with pytest.raises(ReplyRefusedError) as refused:
            open_to_answer(red.named, row, reason="on_duty", now=red.hub.now)
        assert (refused.value.cause, "call the sender" in refused.value.text) == ("red", True)
        for way in (copy_received, open_to_answer):
            with pytest.raises(AbsentError):
                way(red.other, row, reason="on_duty", now=red.hub.now)

    def test_no_note_about_it_stands_on_the_board(self, red: RedDesk) -> None:
        row = red.received(red.named)
        with pytest.raises(InputError, match="not followed on the board"):
            record_review(red.named, row, outcome="none_found", now=red.hub.now)


class TestSending:
    def test_who_is_named_opens_what_this_desk_sent(self, red: RedDesk) -> None:
        alert = red.sent(OFFICER_7, "xe-drugs officer-8", OFFICER_7)
        assert Envelope.objects.get(md=alert.md).tlp == "RED"
        opened = red.open_elsewhere(red.partner, alert)
        assert opened.names == (NamedOfficer("xe-drugs", "officer-7"), NamedOfficer("xe-drugs", "officer-8"))
        assert (opened.manifest.terms.rel, opened.manifest.suite) == ("none", "PQ1")
        assert CONTENT in opened.alert["title"]

    def test_who_names_nobody_of_a_recipient_submits_nothing(self, red: RedDesk) -> None:
        alert = red.draft("xd-reg officer-1")
        with pytest.raises(AlertIncompleteError) as stopped:
            submit_alert(red.named, alert, revision=1, now=red.hub.now)
        assert set(stopped.value.errors) == {"named_officers"}

    def test_without_red_nobody_is_named(self, red: RedDesk) -> None:
        alert = red.sent("no line at all", tlp="AMBER")
        assert red.open_elsewhere(red.partner, alert).names == ()

    def test_a_next_version_of_red_names_the_same_officers_and_stays_with_its_writer(
        self, red: RedDesk
    ) -> None:
        alert = red.sent(OFFICER_7)
        following = amend_alert(red.named, alert, now=red.hub.now)
        with pytest.raises(AbsentError):
            find_alert(red.other, following.pk)
        sent = red.release(following)
        assert red.open_elsewhere(red.partner, sent).names == (NamedOfficer("xe-drugs", "officer-7"),)

    def test_what_was_not_red_is_not_replaced_by_red(self, red: RedDesk) -> None:
        first = red.sent(tlp="GREEN")
        following = amend_alert(red.named, first, now=red.hub.now)
        marked = {"tlp": "RED", "named_officers": [OFFICER_7]}
        saved = save_revision(red.named, following, data=marked, base=following.current, now=red.hub.now)
        with pytest.raises(AlertIncompleteError) as stopped:
            submit_alert(red.named, following, revision=saved.number, now=red.hub.now)
        assert "write a new alert" in stopped.value.errors["tlp"][0]


class TestOwnReaders:
    def test_writer_and_releasers_alone_meet_it_on_its_way(self, red: RedDesk) -> None:
        readers = [red.hub.make_officer(red.agency, role) for role in (Role.READER, Role.AGENCY_ADMIN)]
        alert = red.draft(OFFICER_7)
        assert [row.alert.pk for row in list_drafts(red.named).rows] == [alert.pk]
        assert not list_drafts(red.other).rows
        submit_alert(red.named, alert, revision=1, now=red.hub.now)
        assert [row.alert.pk for row in list_waiting(red.releaser).rows] == [alert.pk]
        for officer in (red.other, *readers):
            with pytest.raises(AbsentError):
                find_alert(officer, alert.pk)
        assert find_alert(red.named, alert.pk) == find_alert(red.releaser, alert.pk) == alert

    def test_and_once_it_is_sent(self, red: RedDesk) -> None:
        reader = red.hub.make_officer(red.agency, Role.READER)
        alert = red.sent(OFFICER_7)
        for officer in (red.named, red.releaser, red.hub.make_officer(red.agency, Role.RELEASER)):
            view = read_sent(officer, alert, now=red.hub.now)
            assert (CONTENT in view.title, view.named) == (True, (OFFICER_7,))
        for officer in (red.other, reader):
            with pytest.raises(AbsentError):
                read_sent(officer, alert, now=red.hub.now)
            with pytest.raises(AbsentError):
                open_sent_attachment(officer, alert, n=0, now=red.hub.now)

    def test_an_earlier_text_that_was_red_stays_with_its_writer(self, red: RedDesk) -> None:
        alert = red.draft(OFFICER_7)
        save_revision(red.named, alert, data={"tlp": "AMBER"}, base=1, now=red.hub.now)
        assert find_alert(red.other, alert.pk) == alert
        with pytest.raises(AbsentError):
            save_revision(red.other, alert, data={"title": "Another title"}, base=1, now=red.hub.now)
        save_revision(red.other, alert, data={"title": "Another title"}, base=2, now=red.hub.now)

    def test_what_is_made_of_it_is_as_closed(self, red: RedDesk) -> None:
        alert = red.draft(OFFICER_7)
        with pytest.raises(InputError) as refused:
            create_template(red.named, alert, name="Papers", now=red.hub.now)
        assert refused.value.field == "name"
        copy = create_draft(red.named, data={"title": "Of it"}, floor="RED", now=red.hub.now)
        assert Alert.objects.visible_to(red.named).filter(pk=copy.pk).exists()
        assert not Alert.objects.visible_to(red.other).filter(pk=copy.pk).exists()


def test_where_somebody_else_hosts_the_agency_nothing_of_it_changes(red: RedDesk, settings: Settings) -> None:
    row, alert = red.received(red.named), red.validated(OFFICER_7)
    settings.OWN_DESK = False
    with pytest.raises(Exception) as closed:
        open_alert(red.named, row, reason="on_duty", now=red.hub.now)
    assert type(closed.value).__name__ == "UnopenableError"
    with pytest.raises(AlertIncompleteError) as stopped:
        release_alert(red.releaser, alert, revision=alert.current, now=red.hub.now)
    assert "RED needs keys held by the agency" in stopped.value.errors["tlp"][0]
    assert uuid.UUID(str(row.pk))
