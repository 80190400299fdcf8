# SPDX-License-Identifier: Apache-2.0
"""The control status in a signed alert: computed at submission, replayed by readers."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import RequestFactory

from alerts.document.fields import FIELDS
from alerts.document.validators import is_acceptable
from alerts.drafting.drafts import read_draft
from alerts.receiving.opening import open_alert
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending.release import release_alert
from desk.alerts.display.controlled import controlled_on_page
from science.law.replaying import Replay, replay_document
from science.screening.record import ASKED_BY, computed_record
from substances.control.listings import read_listings
from substances.errors import WorkerLostError
from substances.models import ControlKind
from substances.sandbox import sandboxed
from substances.versions import append_version
from tests.alerts.conftest import Desks
from tests.law.lawful import LISTED_IN_XB, lists_with
from tests.stages import act

SMILES = "CCN(CC)CCN1C2=CC=CC=C2N=C1CC1=CC=C(OC(C)C)C=C1"
SUBSTANCE: dict[str, Any] = {
    "structure": SMILES,
    "preferred_name": "isotodesnitazene",
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
    assert record["standings"]["UN"] == "not_covered"


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
    monkeypatch.setattr(sandboxed, "run", lost)
    flash = {"pri": "flash", "lane": "public_health", "purpose": "public_health"}
    sent = desks.released(**SUBSTANCE, **flash)
    assert sent.state == "released"
    assert read_draft(desks.lab.author, sent).data["screening"] is None


@pytest.fixture
@act
def document(desks: Desks) -> dict[str, Any]:
    """Open the alert at the receiving agency; return its document."""
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


def test_an_engine_that_is_not_known_here_is_named_and_excuses_nothing(
    desks: Desks, document: dict[str, Any]
) -> None:
    record = document["screening"] | {"schema": "accord-screening/77"}
    assert is_acceptable(FIELDS["screening"], record)
    assert replayed(desks, document | {"screening": record}).state == Replay.SAME
    forged = record | {"verdicts": record["verdicts"] | {"UK-NITA": "out"}}
    assert replayed(desks, document | {"screening": forged}).state == Replay.OTHER_ENGINE


def test_a_true_status_of_another_day_is_not_that_of_the_alert(
    desks: Desks, document: dict[str, Any]
) -> None:
    """A signer could state the law of a day on which the substance was not controlled yet."""
    long_ago = computed_record(document, agency_id=desks.health.id, on=date(2018, 1, 1))
    assert long_ago is not None and long_ago["standings"]["UK"] == "not_yet"
    found, today = replayed(desks, document | {"screening": long_ago}), desks.hub.now.date()
    standing = {one.jurisdiction: one.standing for one in found.screening.jurisdictions}
    assert (found.state, found.day, standing["UK"]) == (Replay.OTHER_DAY, today, "meets_definition")
    assert (found.own_day, found.stated_on) == (today, date(2018, 1, 1))
    weeks_ago = computed_record(document, agency_id=desks.health.id, on=today - timedelta(days=20))
    assert replayed(desks, document | {"screening": weeks_ago}).state == Replay.SAME


def test_a_status_of_no_substance_is_named(desks: Desks, document: dict[str, Any]) -> None:
    nameless = document | dict.fromkeys(ASKED_BY)
    found = replayed(desks, nameless)
    assert (found.state, found.screening) == (Replay.NOTHING_TO_ASK, None)
    assert replayed(desks, nameless | {"screening": None}).state == Replay.NO_RECORD
    asked = RequestFactory().get("/")
    shown = controlled_on_page(asked, nameless, agency_id=desks.health.id, sent_on=desks.hub.now.date())
    assert shown is not None and shown.tone == "danger"
    assert ("UK-NITA", "Meets the definition") in shown.stated


def test_a_day_that_there_is_not_is_no_status_and_no_change_of_the_law(document: dict[str, Any]) -> None:
    assert not is_acceptable(FIELDS["screening"], document["screening"] | {"on": "2026-02-30"})
    rule = {"jurisdiction": "CN", "effective": "2026-02-30", "file": "rule.yaml"}
    assert not is_acceptable(FIELDS["proposed_rule"], rule)
    assert is_acceptable(FIELDS["proposed_rule"], rule | {"effective": "2026-02-28"})


def test_after_an_import_of_lists_an_older_alert_is_replayed_by_its_own(
    desks: Desks, document: dict[str, Any]
) -> None:
    """Every version stays on the hub, including versions of lists."""
    text = lists_with(LISTED_IN_XB)
    digest = read_listings(text).digest
    append_version(
        ControlKind.LISTINGS, text=text, digest=digest, source="t", applied_by="t", now=desks.hub.now
    )
    assert replayed(desks, document).state == Replay.SAME_BY_ITS_RULES
    record = document["screening"]
    forged = document | {"screening": record | {"verdicts": record["verdicts"] | {"UK-NITA": "out"}}}
    assert replayed(desks, forged).state == Replay.DIFFERS
    unknown = document | {"screening": record | {"listing_set": "A" * 43}}
    assert replayed(desks, unknown).state == Replay.OTHER_LAW


def test_another_rule_set_is_said_to_be_another(desks: Desks, document: dict[str, Any]) -> None:
    other = document["screening"] | {"ruleset": "A" * 43}
    assert replayed(desks, document | {"screening": other}).state == Replay.OTHER_LAW


def test_without_a_record_and_where_nobody_can_compute_it_that_is_said(
    desks: Desks, document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert replayed(desks, document | {"screening": None}).state == Replay.NO_RECORD
    monkeypatch.setattr(sandboxed, "run", lost)
    found = replayed(desks, document)
    assert (found.state, found.screening) == (Replay.LOST, None)


def test_an_unreadable_structure_is_screened_by_its_name(desks: Desks, document: dict[str, Any]) -> None:
    found = replayed(desks, document | {"structure": "C1CC(", "screening": None})
    assert found.screening is not None and "no_structure" in found.screening.limits
