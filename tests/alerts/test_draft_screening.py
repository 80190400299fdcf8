# SPDX-License-Identifier: Apache-2.0
"""Saving a draft screens nothing; a submission's record stays while it holds, and names nobody as its writer."""

from typing import Any

import pytest

from alerts.drafting.drafts import read_draft, save_revision
from alerts.errors import RevisionConflictError, SecondPersonNeededError
from alerts.models import Alert
from alerts.review.validation import return_alert, submit_alert, validate_alert
from callers.capabilities import Role
from ledger.models import AuditEvent
from science.screening.draft_audit import record_draft_screening
from substances.sandbox import sandboxed
from tests.alerts.conftest import Desks

SMILES = "CCN(CC)CCN1C2=CC=CC=C2N=C1CC1=CC=C(OC)C=C1"
SUBSTANCE: dict[str, Any] = {"structure": SMILES, "preferred_name": "metodesnitazene", "inchikey": None}


def record_in(desks: Desks, draft: Alert) -> Any:
    draft.refresh_from_db()
    return read_draft(desks.lab.author, draft).data["screening"]


@pytest.fixture
def returned(desks: Desks) -> Alert:
    """A draft submitted as revision 1, so that revision 2 holds the record, and then returned."""
    draft = desks.draft(**SUBSTANCE)
    submit_alert(desks.lab.author, draft, revision=1, now=desks.hub.now)
    return return_alert(desks.lab.releaser, draft, reason="Name the exhibit.", now=desks.hub.now)


def test_no_save_asks_who_controls_it(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    run = sandboxed.run

    def listened(job: str, /, *args: Any, **options: Any) -> Any:
        asked.append(job)
        return run(job, *args, **options)

    monkeypatch.setattr(sandboxed, "run", listened)
    draft = desks.draft(**SUBSTANCE)
    changed = {"structure": SMILES, "synonyms": ["metodesnitazen"]}
    save_revision(desks.lab.author, draft, data=changed, base=1, now=desks.hub.now)
    assert asked and "screen" not in asked
    assert record_in(desks, draft) is None
    assert not AuditEvent.objects.filter(act="substance.screened").exists()
    submit_alert(desks.lab.author, draft, revision=2, now=desks.hub.now)
    assert "screen" in asked, "and the submission does ask, so that the name is the right one"


def test_a_record_stays_with_another_title_and_goes_with_another_substance(
    desks: Desks, returned: Alert
) -> None:
    stands = record_in(desks, returned)
    save_revision(desks.lab.author, returned, data={"title": "Another"}, base=2, now=desks.hub.now)
    assert stands is not None and record_in(desks, returned) == stands
    save_revision(desks.lab.author, returned, data={"structure": "CCO"}, base=3, now=desks.hub.now)
    assert record_in(desks, returned) is None


def test_who_changes_the_substance_from_before_the_record_drops_it_too(desks: Desks, returned: Alert) -> None:
    save_revision(desks.lab.author, returned, data={"structure": "CCO"}, base=1, now=desks.hub.now)
    assert (record_in(desks, returned), returned.current) == (None, 3)


def test_the_record_is_no_change_of_the_text(desks: Desks, returned: Alert) -> None:
    same = save_revision(desks.lab.author, returned, data={}, base=1, now=desks.hub.now)
    assert same.number == 2, "nothing was typed: nothing is saved, and nobody is told of a conflict"
    save_revision(desks.lab.author, returned, data={"title": "Another"}, base=1, now=desks.hub.now)
    with pytest.raises(RevisionConflictError):
        save_revision(desks.lab.author, returned, data={"title": "A third"}, base=1, now=desks.hub.now)


def test_the_record_makes_no_writer_of_who_once_submitted(desks: Desks) -> None:
    """The first submitter saved the revision that holds the record and wrote nothing: the last submitter counts."""
    both = desks.hub.make_officer(desks.lab.agency, Role.AUTHOR, Role.RELEASER)
    draft = desks.draft(**SUBSTANCE)
    alert = submit_alert(both, draft, revision=1, now=desks.hub.now)
    assert alert.current == 2
    with pytest.raises(SecondPersonNeededError):
        validate_alert(both, alert, revision=2, now=desks.hub.now)


def test_the_audit_knows_each_revision_that_was_shown_once(desks: Desks) -> None:
    draft = desks.draft(**SUBSTANCE)
    for revision in (1, 1, 2):
        record_draft_screening(desks.lab.author, draft, revision=revision, now=desks.hub.now)
    record_draft_screening(desks.lab.releaser, draft, revision=2, now=desks.hub.now)
    events = AuditEvent.objects.filter(act="substance.screened").order_by("seq")
    assert [(e.subject, e.reason, e.detail) for e in events] == [
        (str(draft.pk), "draft", {"revision": 1}),
        (str(draft.pk), "draft", {"revision": 2}),
    ]
