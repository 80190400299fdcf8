# SPDX-License-Identifier: Apache-2.0
"""Amending: the next version is drafted like any alert, goes out as an update, and replaces the one before."""

from datetime import timedelta
from typing import Any

import pytest

from accord.envelope.manifest import Reference
from alerts.boxes.inbox import list_received
from alerts.boxes.outbox import list_sent, read_sent
from alerts.boxes.start import read_start
from alerts.drafting.changes import changes_in
from alerts.drafting.drafts import attach_file, discard_draft, read_attachment, read_draft, save_revision
from alerts.errors import (
    AmendmentRefusedError,
    MoveRefusedError,
    ReceiptPendingError,
    SecondPersonNeededError,
)
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.opening import open_alert
from alerts.receiving.versions import settle_versions
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending.amendment import amend_alert, newest_of, versions_of
from alerts.sending.release import release_alert
from alerts.sending.withdrawal import confirm_withdrawal, withdraw_alert, withdrawal_preview
from callers.errors import AbsentError, NotPermittedError
from ledger.models import AuditEvent
from notices.models import Notification
from sharing.errors import SupersededError
from sharing.models import Envelope
from sharing.repudiation import find_repudiated, mark_doubts
from sharing.slices import slice_for
from tests.alerts.conftest import Desks
from tests.alerts.test_follow_feed import PARTNER_ALERT, send_from_partner
from tests.lock_orders import locks_taken
from tests.stages import act
from tests.stolen_vault_keys import as_recipient


@pytest.fixture
@act
def sent(desks: Desks) -> Alert:
    """An alert in force at the health authority and at the agency with keys of its own."""
    alert = desks.released(recipients=[desks.health.id, desks.own.id])
    settle(desks)
    return alert


@act
def settle(desks: Desks) -> None:
    for _ in range(2):
        desks.hub.later(seconds=1)
        desks.settle()


@act
def amended(desks: Desks, alert: Alert, **changes: object) -> Alert:
    """Draft the next version with these changes."""
    draft = amend_alert(desks.lab.author, alert, now=desks.hub.later(seconds=1))
    if changes:
        save_revision(desks.lab.author, draft, data=changes, base=draft.current, now=desks.hub.now)
        draft.refresh_from_db()
    return draft


@act
def checked(desks: Desks, draft: Alert) -> Alert:
    submitted = submit_alert(desks.lab.author, draft, revision=draft.current, now=desks.hub.now)
    return validate_alert(desks.lab.releaser, submitted, revision=draft.current, now=desks.hub.now)


@act
def sent_on(desks: Desks, draft: Alert) -> Alert:
    alert = checked(desks, draft)
    released = release_alert(desks.lab.releaser, alert, revision=alert.current, now=desks.hub.now)
    settle(desks)
    return released


def received(desks: Desks, alert: Alert, agency: str = "") -> ReceivedAlert:
    return ReceivedAlert.objects.get(agency_id=agency or desks.health.id, md=alert.md)


def test_the_draft_says_all_that_was_sent_to_the_same_recipients(desks: Desks, sent: Alert) -> None:
    draft = amended(desks, sent)
    before, after = read_draft(desks.lab.author, sent).data, read_draft(desks.lab.author, draft).data
    changes = changes_in(desks.lab.author, draft, after)
    assert changes is not None and changes.fields == (), "that it is not screened yet is no change"
    assert before["screening"] is not None and after["screening"] is None
    assert after["recipients"] == before["recipients"]
    assert (draft.state, draft.kind, draft.version, draft.previous) == ("draft", "update", 2, sent)
    sent.refresh_from_db()
    assert (sent.state, sent.replaced_at) == ("released", None), "nothing has changed for anybody yet"
    event = AuditEvent.objects.get(act="alert.amended")
    assert event.detail == {"draft": str(draft.pk), "version": 2}


def test_its_files_come_along_out_of_the_envelope(desks: Desks) -> None:
    draft = desks.draft()
    for n, name in enumerate(("a.txt", "b.bin")):
        attach_file(desks.lab.author, draft, base=n + 1, filename=name, data=name.encode(), now=desks.hub.now)
    draft.refresh_from_db()
    sent = sent_on(desks, draft)
    again = amended(desks, sent)
    notes = read_draft(desks.lab.author, again).attachments
    assert [note.filename for note in notes] == ["a.txt", "b.bin"]
    assert read_attachment(desks.lab.author, again, n=1).data == b"b.bin"


def test_what_is_sent_is_signed_as_an_update_of_the_version_before(desks: Desks, sent: Alert) -> None:
    second = sent_on(desks, amended(desks, sent, title="Impregnated paper, two books"))
    envelope = Envelope.objects.get(pk=second.md)
    assert (envelope.kind, envelope.re_md, envelope.re_jti) == ("update", sent.md, sent.jti)
    opened = open_alert(desks.health.reader, received(desks, second), reason="on_duty", now=desks.hub.now)
    assert opened.title == "Impregnated paper, two books"
    third = sent_on(desks, amended(desks, second))
    assert Envelope.objects.get(pk=third.md).re_md == second.md
    assert [row.version for row in versions_of(third)] == [3, 2, 1]
    sent.refresh_from_db()
    assert newest_of(sent) == third and sent.replaced_at is not None


def test_four_eyes_hold_for_a_next_version(desks: Desks, sent: Alert) -> None:
    desks.lab.author.roles = ["author", "releaser"]
    desks.lab.author.save()
    draft = amended(desks, sent)
    submitted = submit_alert(desks.lab.author, draft, revision=draft.current, now=desks.hub.now)
    with pytest.raises(SecondPersonNeededError):
        validate_alert(desks.lab.author, submitted, revision=draft.current, now=desks.hub.now)


def test_lists_show_the_newest_version_unread(desks: Desks, sent: Alert) -> None:
    open_alert(desks.health.reader, received(desks, sent), reason="on_duty", now=desks.hub.now)
    second = sent_on(desks, amended(desks, sent, title="Paper, corrected"))
    rows = list_received(desks.health.reader, now=desks.hub.now).rows
    assert [(row.received.md, row.received.version, row.state) for row in rows] == [(second.md, 2, "unread")]
    old = received(desks, sent)
    assert old.replaced_by == received(desks, second)
    assert [row.alert.md for row in list_sent(desks.lab.reader, now=desks.hub.now).rows] == [second.md]
    waiting = read_start(desks.health.author, now=desks.hub.now).to_acknowledge
    assert [row.received.md for row in waiting] in ([second.md], []), "no clock runs for the older version"


def test_a_recipient_left_out_gets_nothing_of_the_next_version(desks: Desks, sent: Alert) -> None:
    second = sent_on(desks, amended(desks, sent, recipients=[desks.health.id]))
    with pytest.raises(AbsentError):
        slice_for(desks.own.client, second.md, now=desks.hub.now)
    receipts = read_sent(desks.lab.reader, second, now=desks.hub.now).receipts
    assert [(row.agency, row.version) for row in receipts.earlier] == [(desks.own.id, 1)]


def test_for_whoever_joins_later_versions_count_from_the_one_before(desks: Desks) -> None:
    """A new recipient knows earlier versions by their address alone."""
    first = desks.released(recipients=[desks.own.id])
    settle(desks)
    second = sent_on(desks, amended(desks, first, recipients=[desks.health.id, desks.own.id]))
    row = received(desks, second, desks.health.id)
    assert (row.version, row.first_md) == (2, first.md)
    third = sent_on(desks, amended(desks, second))
    assert received(desks, second, desks.health.id).replaced_by == received(desks, third, desks.health.id)


def test_two_officers_who_amend_at_once_meet_in_one_draft(desks: Desks, sent: Alert) -> None:
    other = desks.hub.make_officer(desks.lab.agency, "author", name="Sunniva Okparel")
    draft = amended(desks, sent)
    assert amend_alert(other, sent, now=desks.hub.later(seconds=1)) == draft
    assert Alert.objects.filter(previous=sent).count() == 1
    discard_draft(desks.lab.author, draft, now=desks.hub.now)
    again = amend_alert(other, sent, now=desks.hub.now)
    assert again != draft and again.version == 2


def test_an_older_version_takes_no_other_next_one(desks: Desks, sent: Alert) -> None:
    second = sent_on(desks, amended(desks, sent))
    with pytest.raises(AmendmentRefusedError) as refused:
        amend_alert(desks.lab.author, sent, now=desks.hub.now)
    assert refused.value.cause == "replaced"
    with pytest.raises(AmendmentRefusedError):
        withdraw_alert(desks.lab.releaser, sent, code="error", now=desks.hub.now)
    assert withdrawal_preview(desks.lab.releaser, second)[0] == 2


def test_neither_a_draft_nor_what_is_not_logged_is_amended(desks: Desks) -> None:
    with pytest.raises(MoveRefusedError):
        amend_alert(desks.lab.author, desks.draft(), now=desks.hub.now)
    with pytest.raises(ReceiptPendingError):
        amend_alert(desks.lab.author, desks.released(), now=desks.hub.now)


def test_expired_and_withdrawn_are_not_amended(desks: Desks, sent: Alert) -> None:
    withdraw_alert(desks.lab.releaser, sent, code="error", now=desks.hub.later(seconds=1))
    with pytest.raises(AmendmentRefusedError) as refused:
        amend_alert(desks.lab.author, sent, now=desks.hub.now)
    assert refused.value.cause == "withdrawn"
    other = desks.released()
    settle(desks)
    with pytest.raises(AmendmentRefusedError) as refused:
        amend_alert(desks.lab.author, other, now=desks.hub.now + timedelta(days=200))
    assert refused.value.cause == "expired"


def test_a_withdrawal_stops_the_next_version_that_was_under_way(desks: Desks, sent: Alert) -> None:
    waiting = checked(desks, amended(desks, sent))
    withdraw_alert(desks.lab.releaser, sent, code="error", now=desks.hub.later(seconds=1))
    with pytest.raises(AmendmentRefusedError):
        release_alert(desks.lab.releaser, waiting, revision=waiting.current, now=desks.hub.now)
    assert not Envelope.objects.filter(kind="update").exists()
    refused = AuditEvent.objects.filter(act="alert.refused", subject=str(waiting.pk)).get()
    assert refused.detail["cause"] == "AmendmentRefusedError"


def test_readers_and_strangers_amend_nothing(desks: Desks, sent: Alert) -> None:
    with pytest.raises(NotPermittedError):
        amend_alert(desks.lab.reader, sent, now=desks.hub.now)
    for stranger in (desks.health.author, desks.stranger.author):
        with pytest.raises(AbsentError):
            amend_alert(stranger, sent, now=desks.hub.now)


def test_withdrawn_whole_and_confirmed_whole(desks: Desks, sent: Alert) -> None:
    second = sent_on(desks, amended(desks, sent, recipients=[desks.health.id]))
    withdraw_alert(desks.lab.releaser, second, code="mistaken", now=desks.hub.later(seconds=1))
    settle(desks)
    assert not ReceivedAlert.objects.filter(withdrawn_at=None).exists()
    with locks_taken() as locks:
        confirm_withdrawal(desks.health.releaser, received(desks, second), now=desks.hub.now)
    versions = [order for table, order in locks if table == "alerts_receivedalert"]
    assert "version" in versions[0], (
        "all of them before one, in their order, since another may confirm the older one"
    )
    confirmed = ReceivedAlert.objects.filter(withdrawal_confirmed_at__isnull=False)
    assert {row.md for row in confirmed} == {sent.md, second.md}
    receipts = read_sent(desks.lab.reader, second, now=desks.hub.now).receipts
    assert [(row.agency, row.is_confirmed) for row in receipts.rows] == [
        (desks.health.id, True),
        (desks.own.id, False),
    ]


def test_notices_of_a_next_version_say_nothing_of_it(desks: Desks, sent: Alert) -> None:
    second = sent_on(desks, amended(desks, sent))
    occasions = set(Notification.objects.filter(subject=second.md).values_list("occasion", flat=True))
    assert occasions == {"alert"}, "the mail is the one of any alert"


# --- updates by partners -------------------------------------------------------------------------------------


@act
def from_partner(desks: Desks, *, replaces: str = "") -> str:
    """Send an alert of the agency with its own keys; return its md. `replaces` makes it an update of that one."""
    terms: dict[str, Any] = {}
    if replaces:
        jti = Envelope.objects.values_list("jti", flat=True).get(pk=replaces)
        terms = {"kind": "update", "re": Reference(jti, replaces)}
    md = send_from_partner(desks, **terms)
    settle(desks)
    return md


def row_of(desks: Desks, md: str) -> ReceivedAlert:
    return ReceivedAlert.objects.get(agency_id=desks.health.id, md=md)


def test_a_partners_update_replaces_what_it_sent(desks: Desks) -> None:
    first = from_partner(desks)
    second = from_partner(desks, replaces=first)
    old, new = row_of(desks, first), row_of(desks, second)
    assert (old.replaced_by, new.version, new.kind, new.first_md) == (new, 2, "update", first)


def test_an_update_that_came_before_what_it_replaces_still_replaces_it(desks: Desks) -> None:
    first = from_partner(desks)
    second = from_partner(desks, replaces=first)
    ReceivedAlert.objects.filter(md=first).update(replaced_by=None)
    settle_versions(desks.health.id, first, now=desks.hub.now)
    assert row_of(desks, first).replaced_by == row_of(desks, second)


def test_the_exchange_takes_no_second_update_of_one_version(desks: Desks) -> None:
    first = from_partner(desks)
    from_partner(desks, replaces=first)
    with pytest.raises(SupersededError):
        from_partner(desks, replaces=first)


def test_an_older_version_sent_again_replaces_nothing(desks: Desks) -> None:
    """A rollback: the same bytes sent once more are the same envelope, and add no item to any feed."""
    sealed = desks.hub.alert_to(as_recipient(desks.health.agency), sender=desks.own, alert=PARTNER_ALERT)
    desks.hub.carry(desks.own, sealed)
    settle(desks)
    second = from_partner(desks, replaces=sealed.md)
    desks.hub.carry(desks.own, sealed)
    settle(desks)
    assert row_of(desks, sealed.md).replaced_by == row_of(desks, second)
    assert ReceivedAlert.objects.filter(agency_id=desks.health.id).count() == 2


def test_a_thiefs_update_replaces_nothing_once_its_key_is_known_as_stolen(desks: Desks) -> None:
    first = from_partner(desks)
    desks.hub.later(hours=1)
    since = desks.hub.now
    second = from_partner(desks, replaces=first)
    assert row_of(desks, first).replaced_by == row_of(desks, second)
    desks.hub.later(hours=1)
    desks.hub.revoke(desks.own, since=since)
    settle(desks)
    for step in (find_repudiated, mark_doubts):
        while step(now=desks.hub.now):
            pass
    settle(desks)
    assert row_of(desks, first).replaced_by is None, "the honest version stands again"
    assert row_of(desks, second).replaced_by is None, "and what the thief said is shown for what it is"
