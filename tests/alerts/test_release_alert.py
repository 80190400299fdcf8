# SPDX-License-Identifier: Apache-2.0
"""The way from draft to sent: second persons, refusals of a release, and the comparisons before anything leaves."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from accord.envelope.errors import SealingError
from alerts.drafting.drafts import attach_file, save_revision
from alerts.errors import (
    AlertIncompleteError,
    ChangedSinceValidationError,
    MoveRefusedError,
    RevisionConflictError,
    SecondPersonNeededError,
    SendingStoppedError,
)
from alerts.models import Alert
from alerts.peers.pins import change_book, read_book
from alerts.review.preview import candidates_for, circles_for, preview_release
from alerts.review.second_person import Allowed, Denied, may_release, may_validate
from alerts.review.validation import read_return_note, return_alert, submit_alert, validate_alert
from alerts.sending.release import confirm_second_look, release_alert
from callers.capabilities import Role
from callers.denials import denial_text
from callers.errors import AbsentError, InputError, NotPermittedError
from ledger.models import AuditEvent
from officers.models import AgencyPolicy
from sharing.models import Envelope
from sharing.policy import Terms
from sharing.previews import preview_sending
from tests.agreements import record_circle
from tests.alerts.conftest import Desks, make_desk
from tests.bound_rows import rewrite
from tests.builders import OPERATOR
from tests.entries import change_entry


def acts(agency: str) -> list[str]:
    """The desk's own acts in the audit, oldest first."""
    rows = AuditEvent.objects.filter(agency=agency, act__startswith="alert.").order_by("seq")
    return list(rows.values_list("act", flat=True))


class TestSubmitting:
    def test_an_incomplete_alert_stays_a_draft_with_its_findings(self, desks: Desks) -> None:
        alert = desks.draft(cas_rn="58-08-3", cases_fatal=1, harm_evidence="none_yet")
        with pytest.raises(AlertIncompleteError) as stopped:
            submit_alert(desks.lab.author, alert, revision=1, now=desks.hub.now)
        assert stopped.value.errors == {"cas_rn": ["CAS number: check digit wrong; compare the source."]}
        assert [question["code"] for question in stopped.value.questions] == ["cases-without-harm"]
        assert Alert.objects.get(pk=alert.pk).state == "draft"

    def test_an_older_revision_is_not_submitted(self, desks: Desks) -> None:
        alert = desks.draft()
        save_revision(desks.lab.author, alert, data={"title": "Newer title"}, base=1, now=desks.hub.now)
        with pytest.raises(RevisionConflictError):
            submit_alert(desks.lab.author, alert, revision=1, now=desks.hub.now)

    def test_red_from_keys_held_by_the_hub_is_refused_with_the_remedy(self, desks: Desks) -> None:
        alert = desks.draft(tlp="RED")
        with pytest.raises(AlertIncompleteError) as stopped:
            submit_alert(desks.lab.author, alert, revision=1, now=desks.hub.now)
        red = "TLP: RED needs keys held by the agency; choose AMBER+STRICT."
        assert red in stopped.value.errors["tlp"]

    def test_red_to_keys_held_by_the_hub_is_refused_with_its_sentence(self, desks: Desks) -> None:
        terms = Terms(lane="science", purpose="science", tlp="RED", suite="PQ1", pri="routine")
        (row,) = preview_sending(desks.own.client, [desks.lab.id], terms, now=desks.hub.now)
        assert not row.allowed
        assert denial_text(row.code, row.args) == "RED cannot go to a desk that others host."

    def test_nobody_reachable_stops_it(self, desks: Desks) -> None:
        with pytest.raises(AlertIncompleteError) as stopped:
            submit_alert(
                desks.lab.author, desks.draft(recipients=["xd-stranger"]), revision=1, now=desks.hub.now
            )
        assert stopped.value.errors == {"recipients": ["To: choose an agency that can receive this."]}


class TestReviewing:
    def test_nobody_checks_what_they_wrote(self, desks: Desks) -> None:
        both = desks.hub.make_officer(desks.lab.agency, Role.AUTHOR, Role.RELEASER)
        alert = desks.draft(author=both)
        submit_alert(both, alert, revision=1, now=desks.hub.now)
        with pytest.raises(SecondPersonNeededError):
            validate_alert(both, alert, revision=1, now=desks.hub.now)
        assert acts(desks.lab.id)[-1] == "alert.refused"

    def test_who_saved_one_revision_has_written_it_too(self, desks: Desks) -> None:
        both = desks.hub.make_officer(desks.lab.agency, Role.AUTHOR, Role.RELEASER)
        alert = desks.draft()
        save_revision(both, alert, data={"title": "Changed by both"}, base=1, now=desks.hub.now)
        submit_alert(desks.lab.author, alert, revision=2, now=desks.hub.now)
        with pytest.raises(SecondPersonNeededError):
            validate_alert(both, alert, revision=2, now=desks.hub.now)
        validate_alert(desks.lab.releaser, alert, revision=2, now=desks.hub.now)
        with pytest.raises(SecondPersonNeededError):
            release_alert(both, alert, revision=2, now=desks.hub.now)

    def test_authors_and_readers_do_not_check(self, desks: Desks) -> None:
        alert = desks.submitted()
        colleague = desks.hub.make_officer(desks.lab.agency, Role.AUTHOR)
        for officer in (colleague, desks.lab.reader):
            with pytest.raises(NotPermittedError):
                validate_alert(officer, alert, revision=1, now=desks.hub.now)

    def test_recipients_that_changed_since_they_were_shown_are_shown_again(self, desks: Desks) -> None:
        alert = desks.submitted(recipients=[desks.health.id, desks.own.id])
        seen = preview_release(desks.lab.releaser, alert, now=desks.hub.now).digest
        desks.hub.suspend(desks.own, "G1")
        with pytest.raises(ChangedSinceValidationError):
            validate_alert(
                desks.lab.releaser, alert, revision=1, seen_preview=seen, now=desks.hub.later(minutes=1)
            )

    def test_a_returned_alert_can_be_written_again_and_its_note_read(self, desks: Desks) -> None:
        alert = desks.validated()
        returned = return_alert(desks.lab.releaser, alert, reason="Say where. ", now=desks.hub.now)
        assert (returned.state, returned.validated_digest) == ("draft", "")
        assert read_return_note(desks.lab.author, returned) == "Say where."
        save_revision(desks.lab.author, alert, data={"place_region": "South"}, base=1, now=desks.hub.now)
        assert submit_alert(desks.lab.author, alert, revision=3, now=desks.hub.now).state == "submitted"
        assert read_return_note(desks.lab.author, alert) == ""

    def test_giving_back_needs_a_reason(self, desks: Desks) -> None:
        alert = desks.submitted()
        for reason in ("  ", "x" * 1_001):
            with pytest.raises(InputError):
                return_alert(desks.lab.releaser, alert, reason=reason, now=desks.hub.now)


class TestReleasing:
    def test_what_was_checked_leaves_with_its_own_address(self, desks: Desks) -> None:
        alert = desks.released()
        envelope = Envelope.objects.get(md=alert.md)
        assert (alert.state, envelope.iss_id, envelope.jti) == ("released", desks.lab.id, alert.jti)
        assert list(envelope.deliveries.values_list("recipient_id", flat=True)) == [desks.health.id]
        assert acts(desks.lab.id)[-4:] == [
            "alert.drafted", "alert.submitted", "alert.validated", "alert.released",
        ]  # fmt: skip

    def test_a_submitted_alert_is_not_sent_before_it_is_checked(self, desks: Desks) -> None:
        alert = desks.submitted()
        with pytest.raises(MoveRefusedError):
            release_alert(desks.lab.releaser, alert, revision=1, now=desks.hub.now)

    def test_an_alert_is_sent_once(self, desks: Desks) -> None:
        alert = desks.released()
        with pytest.raises(MoveRefusedError):
            release_alert(desks.lab.releaser, alert, revision=1, now=desks.hub.now)
        assert Envelope.objects.count() == 1

    def test_the_author_does_not_send_under_four_eyes(self, desks: Desks) -> None:
        both = desks.hub.make_officer(desks.lab.agency, Role.AUTHOR, Role.RELEASER)
        alert = desks.draft(author=both)
        submit_alert(both, alert, revision=1, now=desks.hub.now)
        validate_alert(desks.lab.releaser, alert, revision=1, now=desks.hub.now)
        assert isinstance(may_release(both, alert), Denied)
        with pytest.raises(SecondPersonNeededError):
            release_alert(both, alert, revision=1, now=desks.hub.now)
        rewrite(AgencyPolicy.objects.filter(pk=desks.lab.id), four_eyes=False)
        both.refresh_from_db()
        assert release_alert(both, alert, revision=1, now=desks.hub.now).state == "released"

    def test_content_that_differs_from_what_was_checked_stays(self, desks: Desks) -> None:
        alert = desks.validated()
        Alert.objects.filter(pk=alert.pk).update(validated_digest="x" * 43)
        with pytest.raises(ChangedSinceValidationError) as changed:
            release_alert(desks.lab.releaser, alert, revision=1, now=desks.hub.now)
        assert changed.value.what == "revision"
        assert not Envelope.objects.exists() and acts(desks.lab.id)[-1] == "alert.refused"

    def test_recipients_that_differ_from_what_was_checked_stop_it(self, desks: Desks) -> None:
        alert = desks.validated(recipients=[desks.health.id, desks.own.id])
        desks.hub.suspend(desks.own, "G1")
        with pytest.raises(ChangedSinceValidationError) as changed:
            release_alert(desks.lab.releaser, alert, revision=1, now=desks.hub.later(minutes=1))
        assert changed.value.what == "recipients" and not Envelope.objects.exists()

    def test_who_cannot_receive_is_left_out_and_named(self, desks: Desks) -> None:
        alert = desks.validated(recipients=[desks.health.id, "xd-stranger"])
        preview = preview_release(desks.lab.releaser, alert, now=desks.hub.now)
        assert [row.text for row in preview.wont] == ["No agreement joins you and Harbour Office."]
        sent = release_alert(desks.lab.releaser, alert, revision=1, now=desks.hub.now)
        recipients = Envelope.objects.get(md=sent.md).deliveries.values_list("recipient_id", flat=True)
        assert list(recipients) == [desks.health.id]

    def test_a_recipient_without_a_post_quantum_key_is_left_out_and_named(self, desks: Desks) -> None:
        old = make_desk(desks.hub, "xf-border", "Border Police", suites=["EC1"])
        desks.sequence()
        desks.hub.make_agreement("G2", desks.lab.id, old.id)
        alert = desks.validated(recipients=[desks.health.id, old.id])
        preview = preview_release(desks.lab.releaser, alert, now=desks.hub.now)
        assert [row.text for row in preview.wont] == ["Border Police has no PQ1 key and is left out."]
        sent = release_alert(desks.lab.releaser, alert, revision=1, now=desks.hub.now)
        assert Envelope.objects.get(md=sent.md).suite == "PQ1"

    def test_a_suspended_agency_sends_nothing(self, desks: Desks) -> None:
        alert = desks.validated()
        change_entry(desks.lab.id, status="suspended")
        with pytest.raises(SendingStoppedError) as stopped:
            release_alert(desks.lab.releaser, alert, revision=1, now=desks.hub.now)
        assert stopped.value.text == "You can read what you received; nothing can be sent."
        assert not Envelope.objects.exists() and acts(desks.lab.id)[-1] == "alert.refused"

    def test_an_alert_that_expired_while_it_waited_is_not_sent(self, desks: Desks) -> None:
        alert = desks.validated(expiry="2026-03-03")
        with pytest.raises(AlertIncompleteError):
            release_alert(desks.lab.releaser, alert, revision=1, now=desks.hub.later(days=2))

    def test_a_stranger_neither_sees_nor_sends_it(self, desks: Desks) -> None:
        alert = desks.validated()
        with pytest.raises(AbsentError):
            release_alert(desks.stranger.releaser, alert, revision=1, now=desks.hub.now)

    def test_files_travel_and_leave_the_desk(self, desks: Desks) -> None:
        alert = desks.draft()
        attach_file(desks.lab.author, alert, base=1, filename="a.txt", data=b"peaks", now=desks.hub.now)
        submit_alert(desks.lab.author, alert, revision=2, now=desks.hub.now)
        validate_alert(desks.lab.releaser, alert, revision=2, now=desks.hub.now)
        sent = release_alert(desks.lab.releaser, alert, revision=2, now=desks.hub.now)
        assert Envelope.objects.get(md=sent.md).blobs.count() == 1
        assert not alert.attachments.exists()

    def test_a_damaged_revision_is_never_sent(self, desks: Desks) -> None:
        alert = desks.validated()
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE alerts_alertrevision SET sealed = set_byte(sealed, 60, get_byte(sealed, 60) # 1)"
            )
        with pytest.raises(Exception, match="did not open"):
            release_alert(desks.lab.releaser, alert, revision=1, now=desks.hub.now)
        assert not Envelope.objects.exists()


class TestPins:
    def test_what_was_seen_of_a_peer_is_kept(self, desks: Desks) -> None:
        desks.released()
        pin = read_book(desks.lab.id).pins[desks.health.id]
        assert (pin.root, pin.version) == (desks.health.agency.root_fingerprint, 1)

    @pytest.mark.parametrize(
        "change",
        [{"root": "0" * 64}, {"version": 2}],
        ids=["another root than pinned", "an older keyset than seen"],
    )
    def test_a_peer_that_does_not_fit_its_pin_gets_nothing(
        self, desks: Desks, change: dict[str, Any]
    ) -> None:
        desks.released()
        pin = replace(read_book(desks.lab.id).pins[desks.health.id], **change)
        change_book(desks.lab.id, lambda book: book.with_pin(desks.health.id, pin), now=desks.hub.now)
        with pytest.raises(SendingStoppedError) as stopped:
            desks.released(title="A second alert")
        assert isinstance(stopped.value.__cause__, SealingError)
        assert "xb-health" in stopped.value.text and Envelope.objects.count() == 1


class TestFlash:
    """An agency may let one releaser alone send a flash alert; a second look is then due within a day."""

    def test_one_person_may_send_a_flash_alert_where_policy_says_so(self, desks: Desks) -> None:
        hub = desks.hub
        rewrite(AgencyPolicy.objects.filter(pk=desks.lab.id), flash_single_releaser=True)
        alone = hub.make_officer(desks.lab.agency, Role.AUTHOR, Role.RELEASER)
        alert = desks.draft(author=alone, pri="flash")
        submit_alert(alone, alert, revision=1, now=hub.now)
        validate_alert(alone, alert, revision=1, now=hub.now)
        sent = release_alert(alone, alert, revision=1, now=hub.now)
        assert sent.second_look_by is not None and (sent.second_look_by - hub.now).total_seconds() == 86_400

        sent.pri = "routine"
        assert isinstance(may_validate(alone, sent), Denied)
        with pytest.raises(SecondPersonNeededError):
            confirm_second_look(alone, alert, now=hub.now)
        looked = confirm_second_look(desks.lab.releaser, alert, now=hub.later(hours=3))
        assert looked.second_look_at == hub.now

    def test_policy_says_no_unless_it_says_yes_and_only_for_flash(self, desks: Desks) -> None:
        alone = desks.hub.make_officer(desks.lab.agency, Role.AUTHOR, Role.RELEASER)
        flash = desks.draft(author=alone, pri="flash")
        assert isinstance(may_validate(alone, flash), Denied)
        assert may_validate(desks.lab.releaser, flash) == Allowed()
        with pytest.raises(AbsentError):
            confirm_second_look(desks.lab.releaser, desks.released(), now=desks.hub.now)


class TestChoosing:
    def test_the_whole_directory_is_judged_by_the_code_that_sends(self, desks: Desks) -> None:
        data = {"lane": "science", "purpose": "science", "tlp": "GREEN", "pri": "routine", "status": "actual"}
        rows = {
            row.agency: row.will for row in candidates_for(desks.lab.author, data, now=desks.hub.now).rows
        }
        assert rows == {"xb-health": True, "xd-stranger": False, "xe-drugs": True}
        assert candidates_for(desks.lab.author, {**data, "lane": None}, now=desks.hub.now).rows == ()

    def test_circles_name_the_other_members(self, desks: Desks) -> None:
        members = [desks.lab.id, desks.health.id]
        record_circle(OPERATOR, name="Early Look", agreement="G1", members=members, now=desks.hub.now)
        assert circles_for(desks.lab.author) == [("Early Look", [desks.health.id])]
        assert circles_for(desks.stranger.author) == []
