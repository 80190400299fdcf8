# SPDX-License-Identifier: Apache-2.0
"""TLP ceilings: drafts, copies and versions above an officer's own ceiling are absent."""

from collections.abc import Callable

import pytest

from alerts.access import find_alert, find_received
from alerts.boxes.drafts import list_drafts
from alerts.boxes.thread import read_thread
from alerts.drafting.changes import changes_in
from alerts.drafting.drafts import create_draft, read_draft, save_revision
from alerts.drafting.templates import (
    copy_alert,
    copy_received,
    create_template,
    list_templates,
    start_from_template,
)
from alerts.errors import AlertIncompleteError, AmendmentRefusedError
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.versions import versions_held
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending.amendment import amend_alert, versions_seen
from alerts.sending.release import release_alert
from callers.errors import AbsentError, InputError
from callers.markings import LEVELS, strictest
from officers.models import AgencyPolicy, Officer
from tests.alerts.conftest import GOOD, Desks
from tests.bound_rows import rewrite
from tests.stages import act


def limit(desks: Desks, officer: Officer, ceiling: str) -> Officer:
    """Limit the officer's role to this TLP; return the officer read anew."""
    rewrite(AgencyPolicy.objects.filter(pk=officer.agency_id), role_ceilings={officer.roles[0]: ceiling})
    return Officer.objects.get(pk=officer.pk)


def another_author(desks: Desks) -> Officer:
    return desks.hub.make_officer(desks.lab.agency, "author")


@act
def settled(desks: Desks, **changes: object) -> Alert:
    sent = desks.released(**changes)
    desks.settle()
    return find_alert(desks.lab.author, sent.pk)


class TestDrafts:
    def test_a_colleague_s_stricter_draft_is_absent(self, desks: Desks) -> None:
        alert = desks.draft(tlp="AMBER+STRICT")
        limited = limit(desks, another_author(desks), "CLEAR")
        assert list_drafts(limited).rows == ()
        with pytest.raises(AbsentError):
            read_draft(limited, alert)
        with pytest.raises(AbsentError):
            save_revision(limited, alert, data={"tlp": "CLEAR"}, base=1, now=desks.hub.now)

    def test_one_s_own_text_stays_in_sight_until_somebody_else_writes_it_too(self, desks: Desks) -> None:
        alert = desks.draft(tlp="AMBER")
        limited = limit(desks, desks.lab.author, "GREEN")
        assert read_draft(limited, alert).data["tlp"] == "AMBER"
        rewrite(AgencyPolicy.objects.all(), role_ceilings={})
        save_revision(
            another_author(desks), alert, data={"title": "With more in it"}, base=1, now=desks.hub.now
        )
        with pytest.raises(AbsentError):
            read_draft(limit(desks, desks.lab.author, "GREEN"), alert)

    def test_what_was_sent_is_no_longer_one_s_own_text(self, desks: Desks) -> None:
        sent = desks.released(tlp="AMBER")
        assert (
            not Alert.objects.visible_to(limit(desks, desks.lab.author, "GREEN")).filter(pk=sent.pk).exists()
        )

    def test_an_earlier_revision_that_was_stricter_does_not_come_back(self, desks: Desks) -> None:
        alert = desks.draft(tlp="AMBER", narrative="Who told us.")
        less = {"tlp": "GREEN", "narrative": "Reported."}
        save_revision(desks.lab.author, alert, data=less, base=1, now=desks.hub.now)
        limited = limit(desks, another_author(desks), "GREEN")
        with pytest.raises(AbsentError):
            save_revision(limited, alert, data={}, base=1, now=desks.hub.now)

    def test_nobody_marks_a_shared_draft_out_of_the_own_sight(self, desks: Desks) -> None:
        alert = desks.draft(tlp="GREEN")
        limited = limit(desks, another_author(desks), "GREEN")
        with pytest.raises(InputError) as refused:
            save_revision(limited, alert, data={"tlp": "AMBER"}, base=1, now=desks.hub.now)
        assert refused.value.field == "tlp"


def amended(desks: Desks) -> Alert:
    return amend_alert(desks.lab.author, settled(desks, tlp="GREEN"), now=desks.hub.now)


def copied(desks: Desks) -> Alert:
    return copy_alert(desks.lab.author, settled(desks, tlp="GREEN"), now=desks.hub.now)


def copied_twice(desks: Desks) -> Alert:
    return copy_alert(desks.lab.author, copied(desks), now=desks.hub.now)


def started(desks: Desks) -> Alert:
    template = create_template(desks.lab.author, desks.draft(tlp="GREEN"), name="Form", now=desks.hub.now)
    return start_from_template(desks.lab.author, template, now=desks.hub.now)


def taken_over(desks: Desks) -> Alert:
    """A draft copied from a foreign alert."""
    settled(desks, tlp="GREEN")
    received = ReceivedAlert.objects.get(agency=desks.health.agency)
    return copy_received(desks.health.author, received, reason="on_duty", now=desks.hub.now)


@pytest.mark.parametrize("make", [amended, copied, copied_twice, started, taken_over])
def test_a_copy_is_hidden_as_its_source_is_whatever_it_is_marked_and_not_submitted_if_it_is_looser(
    desks: Desks, make: Callable[[Desks], Alert]
) -> None:
    copy = make(desks)
    author = Officer.objects.get(public_id=copy.created_by.removeprefix("officer:"))
    revision = save_revision(author, copy, data={"tlp": "CLEAR"}, base=copy.current, now=desks.hub.now)
    with pytest.raises(AlertIncompleteError) as stopped:
        submit_alert(author, copy, revision=revision.number, now=desks.hub.now)
    assert "choose TLP:GREEN or stricter" in str(stopped.value.errors["tlp"])
    for reader in (author, desks.hub.make_officer(copy.agency, "author")):
        assert not Alert.objects.visible_to(limit(desks, reader, "CLEAR")).filter(pk=copy.pk).exists()


def test_a_template_is_hidden_as_the_draft_it_was_made_from(desks: Desks) -> None:
    create_template(desks.lab.author, desks.draft(tlp="GREEN"), name="Form", now=desks.hub.now)
    assert len(list_templates(desks.lab.author)) == 1
    assert list_templates(limit(desks, another_author(desks), "CLEAR")) == []


def test_the_strictest_of_markings_is_found_and_the_unknown_left_out() -> None:
    assert strictest("GREEN", "", "AMBER+STRICT", "PURPLE") == "AMBER+STRICT"
    assert strictest() == strictest("") == ""
    assert [strictest(one, "CLEAR") for one in LEVELS] == list(LEVELS)


class TestVersions:
    """An alert whose second version has a stricter TLP than the first."""

    @pytest.fixture
    @staticmethod
    @act
    def first(desks: Desks) -> Alert:
        first = settled(desks, tlp="GREEN")
        second = amend_alert(desks.lab.author, first, now=desks.hub.now)
        data = {"tlp": "AMBER", "title": "Known by now"}
        saved = save_revision(desks.lab.author, second, data=data, base=second.current, now=desks.hub.now)
        submitted = submit_alert(desks.lab.author, second, revision=saved.number, now=desks.hub.now)
        validate_alert(desks.lab.releaser, second, revision=submitted.current, now=desks.hub.now)
        release_alert(desks.lab.releaser, second, revision=submitted.current, now=desks.hub.now)
        desks.settle()
        return find_alert(desks.lab.author, first.pk)

    def test_its_sender_s_officers_see_as_far_as_they_reach(self, desks: Desks, first: Alert) -> None:
        assert len(versions_seen(desks.lab.author, first)) == 2
        limited = limit(desks, desks.lab.reader, "GREEN")
        assert versions_seen(limited, first) == [first]
        second = Alert.objects.get(previous=first)
        mds = {first.md: 1, second.md: 2}
        assert [entry.version for entry in read_thread(limited, mds, now=desks.hub.now)] == [1]

    def test_so_do_its_recipients_and_hear_that_there_is_a_newer_one(
        self, desks: Desks, first: Alert
    ) -> None:
        row = ReceivedAlert.objects.get(agency=desks.health.agency, md=first.md)
        assert len(versions_held(desks.health.reader, row, now=desks.hub.now)) == 2
        limited = limit(desks, desks.health.reader, "GREEN")
        held = versions_held(limited, row, now=desks.hub.now)
        assert [one.pk for one in held] == [row.pk] and held[0].replaced_by_id is not None
        with pytest.raises(AbsentError):
            find_received(limited, str(row.replaced_by_id))


def test_who_cannot_see_the_next_version_under_way_is_told_and_not_shown_it(desks: Desks) -> None:
    sent = settled(desks, tlp="GREEN")
    draft = amend_alert(another_author(desks), sent, now=desks.hub.now)
    save_revision(desks.lab.author, draft, data={"tlp": "AMBER"}, base=draft.current, now=desks.hub.now)
    limited = limit(desks, another_author(desks), "GREEN")
    with pytest.raises(AmendmentRefusedError) as refused:
        amend_alert(limited, sent, now=desks.hub.now)
    assert refused.value.cause == "under-way"


def test_what_changed_is_not_told_of_a_version_that_is_hidden(desks: Desks) -> None:
    """The ceiling hides no danger to life, but it may hide the version that was amended."""
    sent = settled(desks, tlp="AMBER", pri="urgent", lane="public_health", purpose="public_health")
    draft = amend_alert(desks.lab.author, sent, now=desks.hub.now)
    save_revision(desks.lab.author, draft, data={"pri": "flash"}, base=draft.current, now=desks.hub.now)
    limited = limit(desks, another_author(desks), "GREEN")
    row = find_alert(limited, draft.pk)
    assert changes_in(limited, row, read_draft(limited, row).data) is None


def test_a_draft_of_a_kind_that_starts_stricter_is_one_s_own_all_the_same(desks: Desks) -> None:
    limited = limit(desks, desks.lab.author, "CLEAR")
    draft = create_draft(limited, data={**GOOD, "tlp": "AMBER"}, now=desks.hub.now)
    assert read_draft(limited, draft).data["title"] == GOOD["title"]
