# SPDX-License-Identifier: Apache-2.0
"""The limits of a question hold for mixtures, for drafts changed again and again, for refused ones and for misleading words."""

from datetime import date, timedelta
from typing import Any

import pytest

from alerts.document.files import AttachmentFile
from alerts.errors import ScienceAwayError
from alerts.query_audit import AT_ONCE, PARTS_WITHOUT_CASE, REFUSED, SCREENED, QueryReason, record_question
from callers.errors import InputError
from desk.alerts.display.controlled import controlled_in_preview
from ledger.models import AuditEvent
from science.answers.screen import Screened, SubstanceQuery, screen_substances
from science.law.timelines import ask_timeline
from science.screening import draft_audit as draft_screening
from science.screening.draft_audit import record_draft_screening
from science.spectra.evidence import spectra_in
from science.structures.analogues import find_analogues
from substances.control.results import Query
from substances.errors import InputRefusedError, WorkerLostError
from substances.sandbox import sandboxed
from tests.api.sessions import Session
from tests.pages.desk_world import DeskWorld

ASSIGNED = QueryReason("assigned")
CASE = QueryReason("case_number", "XA-2026-118")
SEVERAL = (
    "CC(N)Cc1ccccc1",
    "CN(C)CCc1c[nH]c2ccccc12",
    "OC(=O)CCCO",
    "CC(=O)Nc1ccccc1",
    "Cn1cnc2c1c(=O)n(C)c(=O)n2C",
)
"""Five substances, of which lists name some."""


def screened(desk: DeskWorld, text: str, why: QueryReason) -> Screened:
    (one,) = screen_substances(
        desk.ilka, [SubstanceQuery(structure=text)], on=date(2026, 3, 1), why=why, now=desk.hub.now
    )
    return one


def test_a_mixture_of_many_is_a_batch_and_needs_a_case(desk: DeskWorld) -> None:
    mixture = ".".join(SEVERAL)
    with pytest.raises(InputError, match="a case only") as refused:
        screened(desk, mixture, ASSIGNED)
    assert refused.value.field == "reference"
    with pytest.raises(InputError, match="a case only"):
        ask_timeline(desk.ilka, Query(mixture), ASSIGNED, now=desk.hub.now)
    assert AuditEvent.objects.filter(act=SCREENED).count() == 2, "they count all the same"
    assert screened(desk, mixture, CASE).screening.jurisdictions
    salt = ".".join((*SEVERAL[: PARTS_WITHOUT_CASE - 1], "Cl", "Cl"))
    assert screened(desk, salt, ASSIGNED).screening.jurisdictions, "a salt of a cut sample is no batch"


def test_a_question_that_cannot_be_read_counts(desk: DeskWorld) -> None:
    session = Session(desk.ilka)
    body = {"structures": [{"structure": "C(C)(C)(C)(C)C"}], "reason": "assigned"}
    assert session("POST", "substances/screen", body).status_code == 422
    assert AuditEvent.objects.get(act=SCREENED).detail == {"count": 1}


def test_a_refused_question_is_in_the_audit_without_its_content(desk: DeskWorld) -> None:
    for why, count in (
        (ASSIGNED, 2),
        (QueryReason("case_number", ""), 1),
        (CASE, AT_ONCE + 1),
        (QueryReason("curiosity"), 1),
    ):
        with pytest.raises(InputError):
            record_question(desk.ilka, SCREENED, why, count=count, now=desk.hub.now)
    rows = AuditEvent.objects.filter(act=REFUSED).order_by("seq")
    assert [(row.agency, row.actor, row.subject, row.reason) for row in rows] == [
        ("xa-lab", desk.ilka.audit_name, "science", "")
    ] * 4
    assert [row.detail for row in rows] == [
        {"asked": SCREENED, "count": count, "field": field}
        for count, field in ((2, "reference"), (1, "reference"), (AT_ONCE + 1, "structures"), (1, "reason"))
    ]
    assert not AuditEvent.objects.filter(act=SCREENED).exists(), "and counts as none"


def test_a_draft_changed_again_and_again_is_shown_so_often_an_hour(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draft_screening, "DRAFTS_AN_HOUR", 2)
    first, second, now = desk.draft(), desk.draft(), desk.hub.now

    def shown(draft: Any, revision: int, when: Any = now) -> bool:
        return record_draft_screening(desk.ilka, draft, revision=revision, now=when)

    assert [shown(first, 1), shown(second, 1), shown(first, 2)] == [True, True, False]
    assert shown(second, 1), "what was shown is shown again"
    assert record_draft_screening(desk.benno, first, revision=2, now=now), "each has a count of one's own"
    assert shown(second, 2, now + timedelta(minutes=61))
    data = {"alert_type": "new_substance", "preferred_name": "etizolam"}
    told = controlled_in_preview(data, desk.ilka, first, revision=3, now=now + timedelta(minutes=62))
    assert told is not None and told.shown is not None
    told = controlled_in_preview(data, desk.ilka, first, revision=4, now=now + timedelta(minutes=62))
    assert told is not None and told.shown is None and "computed all the same" in str(told.text)


def test_where_the_child_is_lost_over_a_fingerprint_that_is_said(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_smiles: str) -> None:
        raise WorkerLostError

    monkeypatch.setattr(sandboxed, "fingerprints_of", lost)
    with pytest.raises(ScienceAwayError):
        find_analogues(desk.ilka, "CCO", ASSIGNED, now=desk.hub.now)


def test_a_page_waits_for_one_file_that_kills_its_reader_and_says_which_were_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def lost(filename: str, _data: bytes) -> None:
        asked.append(filename)
        raise WorkerLostError

    monkeypatch.setattr(sandboxed, "read_spectra", lost)
    files = [AttachmentFile(name, "text/plain", b"x") for name in ("a.msp", "b.mgf", "notes.txt")]
    seen = spectra_in(files, {})
    assert asked == ["a.msp"]
    assert [(one.filename, "could not be read just now" in one.problem) for one in seen] == [
        ("a.msp", True),
        ("b.mgf", True),
    ]


@pytest.mark.parametrize(
    ("asked", "field"),
    [({"name": "f\u0435ntanyl"}, "name"), ({"name": "a\u202eb"}, "name"), ({}, "structure")],
)
def test_a_timeline_takes_no_name_that_deceives_and_no_empty_question(
    desk: DeskWorld, asked: dict[str, str], field: str
) -> None:
    refused = Session(desk.ilka)("POST", "substances/timeline", {"reason": "assigned", **asked})
    assert (refused.status_code, refused.json()["field"]) == (422, field)


def test_half_a_character_is_no_structure_and_no_fault_of_the_hub(desk: DeskWorld) -> None:
    with pytest.raises(InputRefusedError):
        sandboxed.read_structure("CC\ud800")
    session = Session(desk.ilka)
    asked = {"structures": [{"structure": "CC\ud800"}], "reason": "assigned"}
    assert session("POST", "substances/screen", asked).status_code in (400, 422)
    assert session("POST", "alerts", {"data": {"structure": "CC\ud800"}}).status_code in (400, 422)
