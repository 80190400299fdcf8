# SPDX-License-Identifier: Apache-2.0
"""The control status in a signed alert: computed at submission, replayed by readers."""

from datetime import date
from typing import Any

import pytest

from alerts.document.fields import FIELDS
from alerts.document.shapes import is_acceptable
from alerts.drafts import read_draft
from alerts.opening import open_alert
from alerts.release import release_alert
from alerts.review import submit_alert, validate_alert
from alerts.science.replaying import Replay, replay_document
from alerts.science.screening import computed_record
from substances import safely
from substances.errors import WorkerLostError
from tests.alerts.conftest import Desks

SMILES = "CCN(CC)CCN1C2=CC=CC=C2N=C1CC1=CC=C(OC)C=C1"
SUBSTANCE: dict[str, Any] = {
    "structure": SMILES,
    "preferred_name": "metodesnitazene",
    "inchikey": None,
    "formula": None,
    "cas_rn": None,
}


def lost(*_args: Any, **_kwargs: Any) -> None:
    raise WorkerLostError


def test_a_submitted_alert_holds_it_with_its_digests_and_day(desks: Desks) -> None:
    draft = desks.draft(**SUBSTANCE)
    assert read_draft(desks.lab.author, draft).data["screening"] is None, "a draft is not screened"
    submit_alert(desks.lab.author, draft, revision=1, now=desks.hub.now)
    draft.refresh_from_db()
    record = read_draft(desks.lab.author, draft).data["screening"]
    assert is_acceptable(FIELDS["screening"], record)
    assert record["on"] == desks.hub.now.date().isoformat()
    assert (record["standings"]["UK"], record["verdicts"]["UK-NITA"]) == ("meets_definition", "in")
    assert record["standings"]["UN"] in {"no_rule_known", "not_listed"}


def test_an_order_is_screened_by_name_and_number_for_precursors(desks: Desks) -> None:
    order = {"alert_type": "suspicious_order", "preferred_name": "NPP"}
    record = computed_record(order, agency_id=desks.lab.id, on=desks.hub.now.date())
    assert record is not None and any("NPP" in line for line in record["precursors"])


def test_submitted_on_a_later_day_it_is_of_that_day_and_one_revision_more(desks: Desks) -> None:
    draft = desks.draft(**SUBSTANCE)
    later = desks.hub.later(days=1)
    submit_alert(desks.lab.author, draft, revision=1, now=later)
    draft.refresh_from_db()
    content = read_draft(desks.lab.author, draft)
    assert (draft.current, content.data["screening"]["on"]) == (2, later.date().isoformat())
    validate_alert(desks.lab.releaser, draft, revision=2, now=later)
    release_alert(desks.lab.releaser, draft, revision=2, now=later)


def test_danger_to_life_is_never_held_up_by_it(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safely, "run", lost)
    flash = {"pri": "flash", "lane": "public_health", "purpose": "public_health"}
    sent = desks.released(**SUBSTANCE, **flash)
    assert sent.state == "released"
    assert read_draft(desks.lab.author, sent).data["screening"] is None


@pytest.fixture
def document(desks: Desks) -> dict[str, Any]:
    """As the receiving agency reads it."""
    received = desks.received(**SUBSTANCE)
    view = open_alert(desks.health.reader, received, reason="on_duty", now=desks.hub.now)
    return dict(view.document)


def replayed(desks: Desks, document: dict[str, Any], asked: date | None = None) -> Any:
    today = desks.hub.now.date()
    return replay_document(document, agency_id=desks.health.id, sent_on=today, asked=asked)


def test_a_reader_computes_the_same(desks: Desks, document: dict[str, Any]) -> None:
    found = replayed(desks, document)
    assert (found.state, found.day) == (Replay.SAME, desks.hub.now.date())
    assert found.screening is not None and found.screening.ruleset == document["screening"]["ruleset"]


def test_for_another_day_the_rules_of_that_day_speak(desks: Desks, document: dict[str, Any]) -> None:
    found = replayed(desks, document, asked=date(2018, 1, 1))
    standing = {one.jurisdiction: one.standing for one in found.screening.jurisdictions}
    assert (found.state, found.day, standing["UK"]) == (Replay.SAME, date(2018, 1, 1), "not_yet")


def test_a_verdict_that_was_changed_does_not_replay(desks: Desks, document: dict[str, Any]) -> None:
    record = document["screening"]
    changed = record | {"verdicts": record["verdicts"] | {"UK-NITA": "out"}}
    assert replayed(desks, document | {"screening": changed}).state == Replay.DIFFERS


def test_another_rule_set_is_said_to_be_another(desks: Desks, document: dict[str, Any]) -> None:
    other = document["screening"] | {"ruleset": "A" * 43}
    assert replayed(desks, document | {"screening": other}).state == Replay.OTHER_LAW


def test_without_a_record_and_where_nobody_can_compute_it_that_is_said(
    desks: Desks, document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert replayed(desks, document | {"screening": None}).state == Replay.NO_RECORD
    monkeypatch.setattr(safely, "run", lost)
    found = replayed(desks, document)
    assert (found.state, found.screening) == (Replay.LOST, None)


def test_an_unreadable_structure_is_screened_by_its_name(desks: Desks, document: dict[str, Any]) -> None:
    found = replayed(desks, document | {"structure": "C1CC(", "screening": None})
    assert found.screening is not None and "no_structure" in found.screening.limits
