# SPDX-License-Identifier: Apache-2.0
"""The science core in JSON: officers and API keys, reasons, limits and problems; no part of a question is stored."""

import json
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from alerts import query_audit as asking
from alerts.query_audit import SCREENED, QueryReason, record_question
from callers.capabilities import Capability, Role
from ledger.models import AuditEvent
from officers.deskkeys import issue_key
from science.law.reevaluating import reevaluate_structures
from science.rows.structures import StoredStructure
from science.structures.store import keep_sent_structure
from substances.models import ControlKind
from substances.profiles.methods import shipped_methods
from substances.versions import append_version
from tests.alerts.conftest import Desks
from tests.api.sessions import Session
from tests.entries import change_entry
from tests.pages.science_files import record
from tests.substances.control.listing_texts import listed

FENTANYL_LIKE = "CCC(=O)N(c1ccc(F)cc1)C1CCN(CCc2ccccc2)CC1"
CASE = {"reason": "case_number", "reference": "XA-2026-118"}


def screen(session: Any, *structures: str, **more: Any) -> Any:
    body = {"structures": [{"structure": text} for text in structures], "reason": "assigned", **more}
    return session("POST", "substances/screen", body)


@pytest.fixture
def author(desks: Desks) -> Session:
    return Session(desks.lab.author)


@pytest.fixture
def system(desks: Desks) -> Any:
    """A system of the laboratory with `science:query` alone."""
    admin = desks.hub.make_officer(desks.lab.agency, Role.AGENCY_ADMIN)
    scopes, day = [Capability.SCIENCE_QUERY], timedelta(days=1)
    _, key = issue_key(
        admin, desks.lab.agency, client="lims", scopes=scopes, lifetime=day, now=timezone.now()
    )
    client = Client(headers={"authorization": f"Desk-Key {key}"})

    def call(method: str, path: str, body: Any = None) -> Any:
        return client.generic(
            method,
            f"/api/v1/{path}",
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
        )

    return call


def test_a_structure_is_screened_for_a_day_with_every_clause(author: Session) -> None:
    answer = screen(author, FENTANYL_LIKE, on="2025-07-17").json()
    item = answer["items"][0]
    assert (answer["on"], item["structure"]["formula"]) == ("2025-07-17", "C22H27FN2O")
    standings = {place["jurisdiction"]: place["standing"] for place in item["jurisdictions"]}
    assert standings["UK"] in {"meets_definition", "listed"}
    rules = [rule for place in item["jurisdictions"] for rule in place["rules"]]
    met = next(rule for rule in rules if rule["verdict"] == "in")
    assert met["instrument"] and met["findings"][0]["atoms"]
    assert item["ruleset"]


@pytest.mark.parametrize(("zone", "standing"), [("Pacific/Kiritimati", "ended"), ("Etc/GMT+12", "listed")])
def test_a_temporary_entry_ends_on_its_day_where_the_reader_sits(
    author: Session, desks: Desks, zone: str, standing: str
) -> None:
    """The first day without control is today where the date is latest, and tomorrow or later where it is earliest."""
    end = timezone.now().astimezone(ZoneInfo("Pacific/Kiritimati")).date()
    text = listed({"to": end.isoformat()})
    append_version(
        ControlKind.LISTINGS, text=text, digest="d", source="test", applied_by="noor", now=timezone.now()
    )
    change_entry(desks.lab.agency.pk, timezone=zone)
    places = screen(author, "Cn1c(=O)c2c(ncn2C)n(C)c1=O").json()["items"][0]["jurisdictions"]
    assert next(place["standing"] for place in places if place["jurisdiction"] == "XA") == standing


def test_several_need_a_case_reference_and_the_member_is_named(author: Session) -> None:
    refused = screen(author, FENTANYL_LIKE, "CCO")
    assert (refused.status_code, refused.json()["field"]) == (422, "reference")
    assert not AuditEvent.objects.filter(act="substance.screened").exists()
    answer = screen(author, FENTANYL_LIKE, "CCO", **CASE)
    assert (answer.status_code, len(answer.json()["items"])) == (200, 2)
    event = AuditEvent.objects.get(act="substance.screened")
    assert (event.reason, event.detail) == ("case_number: XA-2026-118", {"count": 2})


def test_more_than_fifty_are_refused(author: Session) -> None:
    assert screen(author, *["CCO"] * 51, **CASE).status_code == 422


def test_one_after_the_other_more_than_thirty_an_hour_need_a_case(desks: Desks, author: Session) -> None:
    for _ in range(asking.WITHOUT_CASE_AN_HOUR):
        record_question(desks.lab.author, SCREENED, QueryReason("assigned"), now=timezone.now())
    refused = screen(author, "CCO")
    assert (refused.status_code, refused.json()["field"]) == (422, "reference")
    assert "more than 30 questions an hour are asked for a case only" in refused.json()["problem"]
    assert AuditEvent.objects.filter(act="substance.screened").count() == asking.WITHOUT_CASE_AN_HOUR
    similar = {"structure": "CCO", "reason": "on_duty"}
    assert author("POST", "substances/similar", similar).json()["field"] == "reference"
    assert screen(author, "CCO", **CASE).status_code == 200
    assert screen(Session(desks.lab.reader), "CCO").status_code == 200, "each has a count of one's own"


def test_an_hour_later_one_may_ask_again(desks: Desks, author: Session) -> None:
    before = timezone.now() - timedelta(minutes=61)
    for _ in range(asking.WITHOUT_CASE_AN_HOUR):
        record_question(desks.lab.author, SCREENED, QueryReason("assigned"), now=before)
    assert screen(author, "CCO").status_code == 200


def test_for_a_case_too_an_hour_has_its_limit_over_all_kinds_of_questions(
    desks: Desks, author: Session
) -> None:
    case = QueryReason("case_number", "XA-2026-118")
    for _ in range(asking.ASKED_AN_HOUR // asking.AT_ONCE):
        record_question(desks.lab.author, SCREENED, case, count=asking.AT_ONCE, now=timezone.now())
    refused = author("POST", "substances/similar", {"structure": "CCO", **CASE})
    assert (refused.status_code, refused.json()["field"]) == (422, "reference")
    assert "300 questions an hour are the most" in refused.json()["problem"]


def test_a_name_of_two_scripts_is_refused(author: Session) -> None:
    body = {"structures": [{"name": "f\u0435ntanyl"}], "reason": "assigned"}
    refused = author("POST", "substances/screen", body)
    assert (refused.status_code, refused.json()["field"]) == (422, "name")
    assert "two scripts are mixed" in refused.json()["problem"]


def test_an_unreadable_structure_is_named_by_place_code_and_remedy(author: Session) -> None:
    refused = screen(author, "CCO", "C(C)(C)(C)(C)C", **CASE)
    body = refused.json()
    assert (refused.status_code, body["type"]) == (422, "urn:accord:problem:substance-unreadable")
    assert (body["field"], body["code"]) == ("structures.1.structure", "impossible_valence")
    assert "more bonds than it can have" in body["problem"]


def test_a_wrong_cas_number_is_named(author: Session) -> None:
    body = {"structures": [{"cas": "437-38-8"}], "reason": "assigned"}
    refused = author("POST", "substances/screen", body)
    assert (refused.status_code, refused.json()["field"]) == (422, "cas")


def test_without_a_reason_nothing_is_answered(author: Session) -> None:
    refused = author("POST", "substances/screen", {"structures": [{"structure": "CCO"}]})
    assert refused.status_code == 422
    assert (
        author("POST", "substances/similar", {"structure": "CCO", "reason": "curiosity"}).status_code == 422
    )


def test_similar_ones_are_ranked_and_no_member_sorts_by_control(author: Session) -> None:
    asked = {"structure": FENTANYL_LIKE, "reason": "assigned", "limit": 5}
    answer = author("POST", "substances/similar", asked).json()
    assert len(answer["items"]) == 5
    assert answer["items"][0]["common_hit"]
    for extra in ({"controlled": False}, {"sort": "uncontrolled"}, {"filter": "outside"}):
        assert author("POST", "substances/similar", asked | extra).status_code == 422


def test_a_spectrum_is_matched_with_its_provenance(author: Session) -> None:
    answer = author(
        "POST", "spectra/match", {"spectrum": record("carisoprodol"), "reason": "assigned"}
    ).json()
    assert answer["hits"][0]["name"] == "carisoprodol"
    assert answer["hits"][0]["licence"] == "CC BY"
    refused = author("POST", "spectra/match", {"spectrum": "100 5\n120 -3\n", "reason": "assigned"})
    assert (refused.status_code, refused.json()["code"]) == (422, "negative_intensity")


def test_profiles_of_different_length_are_not_comparable(author: Session) -> None:
    method = shipped_methods()[0]
    one = {"method": method.id, "version": method.version, "values": ["0.1"] * len(method.targets)}
    body = {"first": one, "second": one | {"values": ["0.1", None, "0.3"]}, "reason": "assigned"}
    answer = author("POST", "profiles/compare", body).json()
    assert "verdict" in answer, answer
    assert (answer["verdict"], answer["score"], answer["likelihood_ratio"]) == ("not_comparable", None, None)
    refused = author("POST", "profiles/compare", body | {"second": one | {"values": ["0.1", "0", "0.3"]}})
    assert (refused.json()["field"], refused.json()["code"]) == ("second.profile", "zero")


def test_a_system_with_the_scope_asks_and_is_audited_by_its_name(system: Any) -> None:
    answer = system(
        "POST", "substances/screen", {"structures": [{"structure": FENTANYL_LIKE}], "reason": "on_duty"}
    )
    assert answer.status_code == 200
    assert AuditEvent.objects.get(act="substance.screened").actor == "client:xa-lab/lims"
    assert system("POST", "substances/similar", {"structure": "CCO", "reason": "on_duty"}).status_code == 200
    assert system("GET", "spectra/library").status_code == 200
    assert system("GET", "alerts").status_code == 403


def test_the_library_is_imported_listed_and_deleted(desks: Desks) -> None:
    releaser = Session(desks.lab.releaser)
    file = SimpleUploadedFile("library.msp", record("carisoprodol").encode())
    batch = releaser.client.post("/api/v1/spectra/library", {"file": file, "source": "Own"}).json()
    assert (batch["accepted"], batch["confirmed_at"], batch["refused"]) == (1, None, [])
    assert releaser("GET", "spectra/library").json()["total"] == 0
    assert releaser("POST", f"spectra/imports/{batch['id']}/confirm").json()["confirmed_at"]
    listed = releaser("GET", "spectra/library").json()
    assert (listed["total"], listed["items"][0]["licence"]) == (1, "CC BY")
    assert releaser("DELETE", f"spectra/library/{listed['items'][0]['id']}").status_code == 204
    assert releaser("DELETE", f"spectra/imports/{batch['id']}").status_code == 204
    assert releaser("GET", f"spectra/imports/{batch['id']}").status_code == 404


def test_the_same_key_with_another_question_is_refused_and_an_answer_is_never_kept(author: Session) -> None:
    body = {"structures": [{"structure": "CCO"}], "reason": "assigned"}
    first = author("POST", "substances/screen", body, idempotency_key="science-1")
    again = author("POST", "substances/screen", body, idempotency_key="science-1")
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    other = author("POST", "substances/screen", body | {"on": "2018-01-01"}, idempotency_key="science-1")
    assert other.json()["type"].endswith("idempotency-key-reused")


def test_a_system_learns_of_the_agency_s_own_hits_that_there_are_and_how_alike(
    desks: Desks, author: Session, system: Any
) -> None:
    smiles = "CCC(=O)N(c1ccc(OC)cc1)C1CCN(CCc2ccccc2)CC1"
    keep_sent_structure(desks.released(), {"preferred_name": "Zirrofentanyl", "structure": smiles})
    while reevaluate_structures(now=timezone.now()):
        pass
    body = {"structure": smiles, "reason": "on_duty"}
    known = next(one for one in author("POST", "substances/similar", body).json()["items"] if one["is_own"])
    assert (known["name"], known["similarity_a"]) == ("Zirrofentanyl", 1.0)
    assert known["parent_smiles"] and known["alert"] and known["common_hit"]
    answer = system("POST", "substances/similar", body)
    assert "Zirrofentanyl" not in answer.content.decode()
    told = next(one for one in answer.json()["items"] if one["is_own"])
    alike = {name: told.pop(name) for name in ("is_own", "score", "similarity_a", "similarity_b")}
    assert alike == {name: known[name] for name in alike}
    assert not any(told.values()), told


def test_a_system_is_refused_the_timeline_of_a_stored_structure(
    desks: Desks, author: Session, system: Any
) -> None:
    keep_sent_structure(desks.released(), {"structure": FENTANYL_LIKE})
    while reevaluate_structures(now=timezone.now()):
        pass
    stored = str(StoredStructure.objects.get(agency=desks.lab.agency).pk)
    body = {"stored": stored, "reason": "on_duty"}
    assert author("POST", "substances/timeline", body).status_code == 200
    assert system("POST", "substances/timeline", body).status_code == 403
    typed = {"structure": FENTANYL_LIKE, "reason": "on_duty"}
    assert system("POST", "substances/timeline", typed).status_code == 200


def test_a_file_of_spectra_over_the_limit_is_refused_unread(desks: Desks) -> None:
    client = Session(desks.lab.releaser).client
    for octets, status in ((4 * 1024 * 1024 + 1, 422), (6 * 1024 * 1024, 413)):
        file = SimpleUploadedFile("library.msp", b"x" * octets)
        refused = client.post("/api/v1/spectra/library", {"file": file})
        assert (refused.status_code, refused["Content-Type"]) == (status, "application/problem+json")
        assert status == 413 or refused.json()["code"] == "too_large"


def test_what_the_evidence_of_an_alert_comes_to_stands_with_it(author: Session) -> None:
    line = {"method": None, "reference": "certified", "conclusion": "identified", "file": None, "note": None}
    one, two = {"technique": "ms", **line}, {"technique": "nmr", **line}
    at = f"alerts/{author('POST', 'alerts', {'data': {'title': 'A powder'}}).json()['id']}"
    assert author("GET", at).json()["scheme"] is None
    for lines, meets, code in (([one], False, "a_alone"), ([one, two], True, "a_and_a")):
        saved = author("PATCH", at, {"data": {"evidence": lines}}, etag=author("GET", at)["ETag"])
        scheme = saved.json()["scheme"]
        assert (scheme["meets"], scheme["codes"]) == (meets, [code])
        assert scheme["citation"].startswith("SWGDRUG") and scheme["why"]
