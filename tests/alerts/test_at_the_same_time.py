# SPDX-License-Identifier: Apache-2.0
"""Two at once, on two real connections: one wins, the other is told, nothing is sent or saved twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection

from agencies.capabilities import Role
from alerts.amending import amend_alert
from alerts.drafts import save_revision
from alerts.errors import AlertsError, AmendmentRefusedError, MoveRefusedError, RevisionConflictError
from alerts.following import follow_feed
from alerts.models import Alert, AlertRevision, ReceivedAlert
from alerts.release import release_alert
from alerts.review import submit_alert, validate_alert
from alerts.withdrawal import withdraw_alert
from ledger.models import AuditEvent
from sharing.models import Envelope
from tests.alerts.conftest import Desks


def at_once(*changes: Callable[[], object]) -> list[object]:
    """Runs each in a thread with a connection of its own; what it answered or was refused with."""
    start = Barrier(len(changes))

    def run(change: Callable[[], object]) -> object:
        start.wait(timeout=180)
        try:
            return change()
        except AlertsError as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(changes)) as pool:
        return list(pool.map(run, changes))


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
    desks.hub.sequence()
    follow = [lambda: follow_feed(desks.health.agency, now=desks.hub.now)] * 2
    taken = at_once(*follow)
    follow_feed(desks.health.agency, now=desks.hub.now)
    assert sum(count for count in taken if isinstance(count, int)) <= 3
    assert ReceivedAlert.objects.filter(agency=desks.health.agency).count() == 3
    assert AuditEvent.objects.filter(act="alert.screened").count() == 3


def test_two_who_amend_at_once_get_one_draft(committed_desks: Desks) -> None:
    desks = committed_desks
    sent = desks.released()
    desks.hub.sequence()
    colleague = desks.hub.make_officer(desks.lab.agency, Role.AUTHOR)
    drafts = at_once(
        lambda: amend_alert(desks.lab.author, sent, now=desks.hub.now),
        lambda: amend_alert(colleague, sent, now=desks.hub.now),
    )
    assert drafts[0] == drafts[1] == Alert.objects.get(previous=sent)


def test_a_withdrawal_and_the_next_version_never_both_stand(committed_desks: Desks) -> None:
    desks = committed_desks
    sent = desks.released()
    desks.hub.sequence()
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
