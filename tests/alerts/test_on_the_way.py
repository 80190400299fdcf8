# SPDX-License-Identifier: Apache-2.0
"""An author's own alerts on the way: where each is, since when, who acts next, why it came back; nothing of others."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.boxes.on_the_way import SENT_LATELY, ActsNext, WayRow, WayState, list_on_the_way
from alerts.boxes.start import OWN_SHOWN, read_start
from alerts.drafting.drafts import create_draft, discard_draft, save_revision
from alerts.errors import NotTakenError
from alerts.models import Alert, AlertRevision
from alerts.projections.cards import Card, seal_alert_card
from alerts.review.second_person import Allowed, may_release, may_validate, who_acts_next, who_could_release
from alerts.review.validation import RETURN_NOTES, return_alert, submit_alert, validate_alert
from alerts.sending.amendment import amend_alert
from alerts.sending.hand_in import cancel_release
from alerts.sending.release import release_alert
from alerts.sending.withdrawal import withdraw_alert
from alerts.states import AlertState
from callers.capabilities import Role
from callers.errors import NotPermittedError
from officers.models import AgencyPolicy, Officer
from officers.power_rows import PowerChange
from peers.models import Outgoing
from peers.outgoing import KEPT_AFTER, forget_settled
from tests.alerts.conftest import GOOD, Desks
from tests.alerts.test_ceilings import limit
from tests.alerts.test_second_person import drafted, everything, issued
from tests.alerts.test_send_waiting import queued, refuse_all_that_is_handed_in, work
from tests.bound_rows import rewrite
from tests.desk_calls import the_exchange
from tests.page_queries import reads_of
from tests.stages import act

pytestmark = pytest.mark.usefixtures("exchange_as_asked")

HOUR = timedelta(hours=1)


def rows(desks: Desks, officer: Officer | None = None, *, now: datetime | None = None) -> list[WayRow]:
    return list(list_on_the_way(officer or desks.lab.author, now=now or desks.hub.now).rows)


def only(desks: Desks, officer: Officer | None = None) -> WayRow:
    (row,) = rows(desks, officer)
    return row


def waits_for_check(desks: Desks) -> None:
    desks.submitted()


def is_checked(desks: Desks) -> None:
    desks.validated()


def waits_for_exchange(desks: Desks) -> None:
    queued(desks)


def was_returned(desks: Desks) -> None:
    return_alert(desks.lab.releaser, desks.submitted(), reason="Say where.", now=desks.hub.now)


def was_refused(desks: Desks) -> None:
    desks.follow()
    alert = desks.validated()
    refuse_all_that_is_handed_in()
    with pytest.raises(NotTakenError):
        release_alert(desks.lab.releaser, alert, revision=alert.current, now=desks.hub.now)


def was_sent(desks: Desks) -> None:
    desks.released()


def was_taken_back_from_the_exchange(desks: Desks) -> None:
    cancel_release(desks.lab.releaser, queued(desks), now=desks.hub.now)


@pytest.mark.parametrize(
    ("play", "state", "acts_next", "text"),
    [
        (waits_for_check, WayState.SUBMITTED, ActsNext.OFFICERS, ""),
        (is_checked, WayState.VALIDATED, ActsNext.OFFICERS, ""),
        (waits_for_exchange, WayState.QUEUED, ActsNext.EXCHANGE, "Nobody has received it."),
        (was_returned, WayState.RETURNED, ActsNext.YOU, "Say where."),
        (was_refused, WayState.REFUSED, ActsNext.OFFICERS, "keys have just changed"),
        (was_sent, WayState.RELEASED, ActsNext.NOBODY, ""),
        (was_taken_back_from_the_exchange, WayState.VALIDATED, ActsNext.OFFICERS, ""),
    ],
)
def test_where_it_is_and_who_acts_next(
    desks: Desks, play: Callable[[Desks], None], state: WayState, acts_next: ActsNext, text: str
) -> None:
    play(desks)
    row = only(desks)
    assert (row.state, row.acts_next, row.since) == (state, acts_next, desks.hub.now)
    assert text in row.text and bool(row.text) is bool(text)
    assert row.could_act == ((desks.lab.releaser,) if acts_next is ActsNext.OFFICERS else ())
    assert row.returned_by == (desks.lab.releaser if state is WayState.RETURNED else None)
    assert row.card is not None and row.card.title == GOOD["title"]


def test_the_newest_act_comes_first(desks: Desks) -> None:
    older, newer = desks.submitted(title="The older one"), desks.submitted(title="The newer one")
    desks.hub.now += HOUR
    validate_alert(desks.lab.releaser, newer, revision=1, now=desks.hub.now)
    desks.hub.now += HOUR
    return_alert(desks.lab.releaser, older, reason="Say where.", now=desks.hub.now)
    assert [row.alert.pk for row in rows(desks)] == [older.pk, newer.pk]


def test_it_leaves_the_list_by_what_becomes_of_it(desks: Desks) -> None:
    author, later = desks.lab.author, desks.hub.now + HOUR
    returned = return_alert(desks.lab.releaser, desks.submitted(), reason="Say where.", now=desks.hub.now)
    assert only(desks).state is WayState.RETURNED
    save_revision(author, returned, data={"place_region": "South"}, base=1, now=later)
    assert (only(desks).state, only(desks).since) == (WayState.RETURNED, desks.hub.now), "still to submit"
    returned.refresh_from_db()
    again = submit_alert(author, returned, revision=returned.current, now=later)
    assert (only(desks).state, only(desks).since, only(desks).text) == (WayState.SUBMITTED, later, "")
    returned = return_alert(author, again, reason="Wait.", now=later)
    assert only(desks).returned_by == author
    discard_draft(author, returned, now=later)
    assert rows(desks) == []


def test_what_was_sent_leaves_after_two_weeks_when_withdrawn_and_when_a_newer_version_is_sent(
    desks: Desks,
) -> None:
    sent = desks.released()
    assert len(rows(desks, now=desks.hub.now + SENT_LATELY)) == 1
    assert rows(desks, now=desks.hub.now + SENT_LATELY + timedelta(seconds=1)) == []
    desks.settle()
    sent = Alert.objects.get(pk=sent.pk)
    draft = amend_alert(desks.lab.author, sent, now=desks.hub.now)
    submit_alert(desks.lab.author, draft, revision=draft.current, now=desks.hub.now)
    assert {row.alert.pk for row in rows(desks)} == {sent.pk, draft.pk}
    checked = validate_alert(desks.lab.releaser, draft, revision=draft.current, now=desks.hub.now)
    newer = release_alert(desks.lab.releaser, checked, revision=checked.current, now=desks.hub.now)
    assert only(desks).alert.pk == newer.pk
    desks.settle()
    withdraw_alert(desks.lab.releaser, newer, code="error", now=desks.hub.now)
    assert rows(desks) == []


def test_a_refusal_counts_until_it_is_checked_again_and_is_forgotten_with_its_envelope(desks: Desks) -> None:
    was_refused(desks)
    alert, releaser = only(desks).alert, desks.lab.releaser
    forget_settled(now=desks.hub.now + KEPT_AFTER)
    assert (only(desks).state, only(desks).text) == (WayState.VALIDATED, "")
    with pytest.raises(NotTakenError):
        release_alert(releaser, alert, revision=alert.current, now=desks.hub.now)
    assert only(desks).state is WayState.REFUSED
    desks.hub.now += HOUR
    return_alert(releaser, alert, reason="Other recipients.", now=desks.hub.now)
    assert (only(desks).state, only(desks).text) == (WayState.RETURNED, "Other recipients.")
    submit_alert(desks.lab.author, alert, revision=alert.current, now=desks.hub.now)
    validate_alert(releaser, alert, revision=alert.current, now=desks.hub.now)
    assert (only(desks).state, only(desks).text) == (WayState.VALIDATED, "")


def test_a_refusal_names_whom_the_exchange_denied(desks: Desks) -> None:
    was_refused(desks)
    denial = {"agency": desks.health.id, "code": "no-agreement", "args": {"name": "Health Authority"}}
    Outgoing.objects.update(denials=[denial])
    assert "Health Authority" in only(desks).text


def test_a_record_that_was_changed_outside_the_program_is_no_refusal(desks: Desks) -> None:
    waits_for_exchange(desks)
    Outgoing.objects.update(pri="flash")
    assert "changed outside the program" in only(desks).text
    Alert.objects.update(state=AlertState.VALIDATED)
    Outgoing.objects.update(state="refused", settled_at=desks.hub.now)
    assert only(desks).state is WayState.VALIDATED


def test_a_damaged_note_says_so(desks: Desks) -> None:
    was_returned(desks)
    Alert.objects.update(return_note=bytes(only(desks).alert.return_note or b"")[:-1] + b"\0")
    assert "damaged" in only(desks).text
    assert only(desks).returned_by == desks.lab.releaser


class TestWhose:
    def test_nothing_of_other_authors_and_nothing_of_drafts(self, desks: Desks) -> None:
        colleague = desks.hub.make_officer(desks.lab.agency, Role.AUTHOR)
        for play in (waits_for_check, was_returned, was_sent):
            play(desks)
        desks.draft()
        assert len(rows(desks)) == 3
        assert rows(desks, colleague) == []
        assert rows(desks, desks.health.author) == []

    def test_who_submits_a_colleagues_draft_follows_it_too(self, desks: Desks) -> None:
        colleague = desks.hub.make_officer(desks.lab.agency, Role.AUTHOR)
        submit_alert(colleague, desks.draft(), revision=1, now=desks.hub.now)
        assert only(desks).alert.pk == only(desks, colleague).alert.pk

    def test_whoever_writes_none_has_no_such_list(self, desks: Desks) -> None:
        auditor = desks.hub.make_officer(desks.lab.agency, Role.AUDITOR)
        for officer in (desks.lab.reader, desks.lab.releaser, auditor):
            with pytest.raises(NotPermittedError):
                rows(desks, officer)

    def test_a_ceiling_holds_for_what_was_sent_and_for_what_a_colleague_wrote_in(self, desks: Desks) -> None:
        desks.released(tlp="AMBER")
        shared = desks.draft(tlp="AMBER", title="Written by two")
        colleague = desks.hub.make_officer(desks.lab.agency, Role.AUTHOR)
        save_revision(colleague, shared, data={"place_region": "South"}, base=1, now=desks.hub.now)
        submit_alert(desks.lab.author, shared, revision=2, now=desks.hub.now)
        alone = desks.submitted(tlp="AMBER", title="Written alone")
        assert len(rows(desks)) == 3
        limited = limit(desks, desks.lab.author, "GREEN")
        assert only(desks, limited).alert.pk == alone.pk
        assert [row.alert.pk for row in read_start(limited, now=desks.hub.now).on_the_way.rows] == [alone.pk]

    def test_who_may_not_see_so_strict_an_alert_is_not_named(self, desks: Desks) -> None:
        desks.submitted(tlp="AMBER")
        assert only(desks).could_act == (desks.lab.releaser,)
        rewrite(AgencyPolicy.objects.filter(pk=desks.lab.id), role_ceilings={"releaser": "GREEN"})
        assert only(desks).could_act == ()


class TestFilters:
    def test_by_state_and_what_came_back(self, desks: Desks) -> None:
        for play in (was_sent, waits_for_check, is_checked, waits_for_exchange, was_returned):
            play(desks)

        def states(**filters: Any) -> set[str]:
            page = list_on_the_way(desks.lab.author, now=desks.hub.now, **filters)
            assert page.filtered is bool(filters)
            return {row.state for row in page.rows}

        assert len(states()) == 5
        for state in ("submitted", "validated", "queued", "released"):
            assert states(state=state) == {state}
        assert states(returned=True) == {"returned"}
        assert states(returned=True, state="submitted") == set()
        assert states(state="draft") == set(), "drafts have their own list"


def four_eyes_off(desks: Desks) -> None:
    rewrite(AgencyPolicy.objects.filter(pk=desks.lab.id), four_eyes=False)


def flash_alone(desks: Desks) -> None:
    rewrite(AgencyPolicy.objects.filter(pk=desks.lab.id), flash_single_releaser=True)


def nothing_set(_desks: Desks) -> None:
    """Leave the policy of a new agency."""


@act
def many_submitted(desks: Desks) -> list[Officer]:
    """Submit alerts of every writer, a system among them; return who might check and release them."""
    admin, both, colleague = everything(desks), everything(desks), everything(desks, Role.RELEASER)
    puppet = everything(desks, Role.RELEASER)
    PowerChange.objects.create(
        agency=desks.lab.agency, kind="identity", cause="invited", officer=puppet, asked_by=admin,
        asked_at=desks.hub.now, outcome="waiting",
    )  # fmt: skip
    key = issued(desks, admin)
    writers = (desks.lab.author, admin, both)
    alerts = [desks.draft(author=author, pri=pri) for author in writers for pri in ("routine", "flash")]
    alerts += [drafted(desks, key), drafted(desks, key, pri="flash")]
    for alert in alerts:
        submitter = alert.author if isinstance(alert.author, Officer) else desks.lab.author
        submit_alert(submitter, alert, revision=alert.current, now=desks.hub.now)
    return [desks.lab.releaser, admin, both, colleague, puppet]


@pytest.mark.parametrize("policy", [nothing_set, four_eyes_off, flash_alone])
def test_who_acts_next_is_whoever_may(desks: Desks, policy: Callable[[Desks], None]) -> None:
    """Many alerts judged together, each as `may_validate` and `may_release` judge one officer and one alert."""
    releasers = many_submitted(desks)
    policy(desks)
    for state in (AlertState.SUBMITTED, AlertState.VALIDATED):
        if state == AlertState.VALIDATED:
            Alert.objects.update(state=state, validated_by=desks.lab.releaser)
        waiting = list(Alert.objects.select_related("agency__desk_policy", "submitted_by", "validated_by"))
        together = who_acts_next(waiting)
        may = may_validate if state == AlertState.SUBMITTED else may_release
        for alert in waiting:
            allowed = {one for one in releasers if isinstance(may(one, alert), Allowed)}
            assert set(together[alert.pk]) == allowed, (state, alert.created_by, alert.pri)
            if state == AlertState.VALIDATED:
                assert together[alert.pk] == who_could_release(alert)
    assert who_acts_next([]) == {}


def one_of_each(desks: Desks) -> None:
    """Make alerts of the shapes in which a row reads most: waiting, returned, refused, and written by a system."""
    key = issued(desks, everything(desks))
    for play in (waits_for_check, was_returned, was_refused):
        play(desks)
        the_exchange.behave()
    submit_alert(desks.lab.author, drafted(desks, key), revision=1, now=desks.hub.now)
    denial = {"agency": desks.health.id, "code": "no-agreement", "args": {"name": "Health Authority"}}
    Outgoing.objects.update(denials=[denial])


def copied(first: Alert, *, at: datetime) -> None:
    """Copy an alert's row with what is read of it: a card and a note of its own, its revisions, its envelopes."""
    copy = Alert.objects.get(pk=first.pk)
    copy.pk, copy.changed_at = uuid4(), at
    copy.card = seal_alert_card(copy, Card(title="One of many"))
    copy.return_note = first.return_note and RETURN_NOTES.seal(copy.agency_id, copy.pk, "Say where.")
    copy.save(force_insert=True)
    for revision in AlertRevision.objects.filter(alert=first):
        revision.pk, revision.alert = None, copy
        revision.save(force_insert=True)
    for n, envelope in enumerate(Outgoing.objects.filter(subject=str(first.pk))):
        envelope.pk, envelope.subject, envelope.d = None, str(copy.pk), f"{copy.pk.hex}{n:011}"
        envelope.save(force_insert=True)


def queries(desks: Desks, read: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as asked:
        read()
    return len(reads_of(asked))


def test_thirty_rows_cost_the_queries_of_one(desks: Desks) -> None:
    author = desks.lab.author
    one_of_each(desks)
    now = desks.hub.now

    def listed() -> object:
        return list_on_the_way(Officer.objects.get(pk=author.pk), now=now, limit=100)

    def started() -> object:
        return read_start(Officer.objects.get(pk=author.pk), now=now)

    few = queries(desks, listed), queries(desks, started)
    for first in list(Alert.objects.all()):
        for n in range(1, 30):
            copied(first, at=now + n * timedelta(seconds=1))
    assert len(list_on_the_way(author, now=now, limit=100).rows) == 100
    states = {row.state for row in list_on_the_way(author, now=now, limit=100).rows}
    assert {"submitted", "returned", "refused"} <= states
    assert (queries(desks, listed), queries(desks, started)) == few
    assert few[0] <= 16


class TestStart:
    def test_five_of_one_s_own_below_what_waits_and_what_came_back_on_its_own(self, desks: Desks) -> None:
        for n in range(OWN_SHOWN + 1):
            desks.submitted(title=f"Number {n}")
        was_returned(desks)
        start = read_start(desks.lab.author, now=desks.hub.now)
        assert len(start.on_the_way.rows) == OWN_SHOWN and start.on_the_way.more
        assert {row.state for row in start.on_the_way.rows} == {WayState.SUBMITTED}
        (back,) = start.returned.rows
        assert (back.state, back.text) == (WayState.RETURNED, "Say where.")

    def test_what_waits_for_others_leaves_the_author_nothing_to_do(self, desks: Desks) -> None:
        desks.submitted()
        start = read_start(desks.lab.author, now=desks.hub.now)
        assert start.nothing_waits and start.on_the_way.rows
        assert read_start(desks.lab.releaser, now=desks.hub.now).on_the_way.rows == ()


def test_a_draft_of_a_system_is_whose_who_submitted_it(desks: Desks) -> None:
    alert = drafted(desks, issued(desks, everything(desks)))
    assert rows(desks) == []
    submit_alert(desks.lab.author, alert, revision=1, now=desks.hub.now)
    assert only(desks).alert.pk == alert.pk


def test_the_desk_worker_sends_it_and_it_is_sent(desks: Desks) -> None:
    waits_for_exchange(desks)
    assert work(desks) == 1
    assert (only(desks).state, only(desks).acts_next) == (WayState.RELEASED, ActsNext.NOBODY)


def test_an_untitled_draft_was_never_submitted(desks: Desks) -> None:
    create_draft(desks.lab.author, data={}, now=desks.hub.now)
    assert rows(desks) == []
