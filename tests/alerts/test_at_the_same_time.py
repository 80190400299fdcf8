# SPDX-License-Identifier: Apache-2.0
"""Two writers on two real connections: one succeeds, the other is told, nothing is sent or saved twice."""

from datetime import timedelta
from functools import partial

import pytest

from alerts.agency.lanes import resume_lanes, suspend_lanes
from alerts.document.files import AttachmentFile
from alerts.drafting.drafts import save_revision
from alerts.errors import AmendmentRefusedError, MoveRefusedError, RevisionConflictError
from alerts.models import Alert, AlertRevision, ReceivedAlert
from alerts.peers.suspensions import clock_of_received, suspensions_of
from alerts.query_audit import REFUSED, SCREENED, WITHOUT_CASE_AN_HOUR, QueryReason, record_question
from alerts.receiving.following import follow_feed
from alerts.replies.beginning import open_to_answer, start_reply
from alerts.replies.reminding import remind_of_answers
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending.amendment import amend_alert
from alerts.sending.release import release_alert
from alerts.sending.withdrawal import withdraw_alert
from callers.capabilities import Role
from callers.errors import InputError
from casework.models import Task
from casework.tasks import Assignment, assign_answer
from ledger.models import AuditEvent
from notices.models import Notification
from notices.states import ANSWER_OCCASIONS
from science.rows.library import LibrarySpectrum
from science.spectra.received import keep_received_files, read_received_files
from sharing.models import Envelope
from tests.alerts.conftest import Desks
from tests.at_once import at_once
from tests.pages.science_files import record

pytestmark = pytest.mark.no_retry


def test_of_two_savers_one_is_told(committed_desks: Desks) -> None:
    desks = committed_desks
    alert = desks.draft()
    colleague = desks.hub.make_officer(desks.lab.agency, Role.AUTHOR)
    outcomes = at_once(
        lambda: save_revision(
            desks.lab.author, alert, data={"title": "Written by Ilka"}, base=1, now=desks.hub.now
        ),
        lambda: save_revision(
            colleague, alert, data={"title": "Written by another"}, base=1, now=desks.hub.now
        ),
    )
    assert sorted((type(outcome) for outcome in outcomes), key=lambda kind: kind.__name__) == [
        AlertRevision,
        RevisionConflictError,
    ]
    assert list(alert.revisions.values_list("number", flat=True).order_by("number")) == [1, 2]


def test_of_two_who_assign_a_question_for_the_first_time_one_is_told(committed_desks: Desks) -> None:
    desks = committed_desks
    asked = {"alert_type": "request_for_information", "question": "Seen this?"}
    received = desks.received(**asked, request_priority="urgent_direct", lane="science", purpose="science")
    health = desks.health
    outcomes = at_once(
        *(
            partial(assign_answer, by, received, Assignment(by.public_id), seen="", now=desks.hub.now)
            for by in (health.author, health.releaser)
        )
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["StaleTagError", "Task"]
    assert Task.objects.count() == 1


def test_both_resume_and_a_reminder_falls_due_and_the_answer_is_due_later_by_all_of_it(
    committed_desks: Desks,
) -> None:
    desks, now = committed_desks, committed_desks.hub.now
    asked = {"alert_type": "request_for_information", "question": "Seen this?", "pri": "routine"}
    received = desks.received(**asked, request_priority="urgent_direct", lane="science", purpose="science")
    lab, health = (desks.hub.make_officer(one.agency, Role.AGENCY_ADMIN) for one in (desks.lab, desks.health))
    suspend_lanes(lab, [desks.health.id], ["science"], now=now)
    suspend_lanes(health, [desks.lab.id], ["science"], now=now)
    desks.settle()
    later = desks.hub.later(hours=30)
    resume_lanes(lab, [desks.health.id], ["science"], now=later)
    desks.sequence()
    outcomes = at_once(
        lambda: resume_lanes(health, [desks.lab.id], ["science"], now=later),
        lambda: follow_feed(desks.health.agency, now=later),
        lambda: remind_of_answers(now=later),
    )
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    received.refresh_from_db()
    due = clock_of_received(received, suspensions_of(desks.health.id, now=later)).due
    assert received.reply_by is not None and received.remind_at is not None
    assert received.answer_by == due >= received.reply_by + timedelta(hours=30)
    assert received.remind_at > later
    assert not Notification.objects.filter(occasion__in=ANSWER_OCCASIONS).exists()


def test_of_two_releases_one_leaves(committed_desks: Desks) -> None:
    desks = committed_desks
    alert = desks.validated()
    second = desks.hub.make_officer(desks.lab.agency, Role.RELEASER)
    outcomes = at_once(
        lambda: release_alert(desks.lab.releaser, alert, revision=1, now=desks.hub.now),
        lambda: release_alert(second, alert, revision=1, now=desks.hub.now),
    )
    assert sum(isinstance(outcome, MoveRefusedError) for outcome in outcomes) == 1
    assert Envelope.objects.count() == 1


def test_two_workers_at_one_feed_open_each_alert_once(committed_desks: Desks) -> None:
    desks = committed_desks
    for number in range(3):
        desks.released(title=f"Alert number {number}")
    desks.sequence()
    follow = [lambda: follow_feed(desks.health.agency, now=desks.hub.now)] * 2
    taken = at_once(*follow)
    follow_feed(desks.health.agency, now=desks.hub.now)
    assert sum(count for count in taken if isinstance(count, int)) <= 3
    assert ReceivedAlert.objects.filter(agency=desks.health.agency).count() == 3
    assert AuditEvent.objects.filter(act="alert.screened").count() == 3


def test_two_who_amend_at_once_get_one_draft(committed_desks: Desks) -> None:
    desks = committed_desks
    sent = desks.released()
    desks.sequence()
    colleague = desks.hub.make_officer(desks.lab.agency, Role.AUTHOR)
    drafts = at_once(
        lambda: amend_alert(desks.lab.author, sent, now=desks.hub.now),
        lambda: amend_alert(colleague, sent, now=desks.hub.now),
    )
    assert drafts[0] == drafts[1] == Alert.objects.get(previous=sent)


def test_a_withdrawal_and_the_next_version_never_both_stand(committed_desks: Desks) -> None:
    desks = committed_desks
    sent = desks.released()
    desks.sequence()
    draft = amend_alert(desks.lab.author, sent, now=desks.hub.now)
    submit_alert(desks.lab.author, draft, revision=draft.current, now=desks.hub.now)
    validate_alert(desks.lab.releaser, draft, revision=draft.current, now=desks.hub.now)
    second = desks.hub.make_officer(desks.lab.agency, Role.RELEASER)
    outcomes = at_once(
        lambda: release_alert(desks.lab.releaser, draft, revision=draft.current, now=desks.hub.now),
        lambda: withdraw_alert(second, sent, code="error", now=desks.hub.now),
    )
    assert sum(isinstance(outcome, AmendmentRefusedError) for outcome in outcomes) == 1
    sent.refresh_from_db()
    assert (sent.state == "withdrawn") != Envelope.objects.filter(kind="update").exists()


def test_of_two_who_begin_one_review_the_second_goes_on_with_it(committed_desks: Desks) -> None:
    desks, author = committed_desks, committed_desks.health.author
    opened = open_to_answer(author, desks.received(), reason="on_duty", now=desks.hub.now)

    def begin() -> Alert:
        return start_reply(
            author, opened, alert_type="peer_review", data={"opinion": "agree"}, now=desks.hub.now
        )

    one, other = at_once(begin, begin)
    assert isinstance(one, Alert) and one == other


def test_questions_asked_side_by_side_count_together(committed_desks: Desks) -> None:
    author, now = committed_desks.lab.author, committed_desks.hub.now
    for _ in range(WITHOUT_CASE_AN_HOUR - 2):
        record_question(author, SCREENED, QueryReason("assigned"), now=now)

    def ask() -> bool:
        try:
            record_question(author, SCREENED, QueryReason("assigned"), now=now)
        except InputError:
            return False
        return True

    assert sorted(map(bool, at_once(*[ask] * 4))) == [False, False, True, True]
    assert AuditEvent.objects.filter(act=SCREENED).count() == WITHOUT_CASE_AN_HOUR
    assert AuditEvent.objects.filter(act=REFUSED).count() == 2


def test_two_workers_that_read_one_file_store_its_spectra_once(committed_desks: Desks) -> None:
    received = committed_desks.received()
    data = f"{record('carisoprodol')}\n\n{record('ketamine')}\n".encode()
    keep_received_files(received, {0: AttachmentFile("a.msp", "text/plain", data)}, {})

    def read() -> int:
        return read_received_files(now=committed_desks.hub.now)

    assert sorted(at_once(read, read), key=str) in ([0, 1], [1, 1])
    assert LibrarySpectrum.objects.filter(received=received).count() == 2
