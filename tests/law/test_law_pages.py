# SPDX-License-Identifier: Apache-2.0
"""The pages of the law and their JSON say the same, only to officers with the right to ask, and put no content in addresses."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from alerts.document.display import rows_of
from ledger.models import AuditEvent
from science.rows.structures import AdoptedRules, StoredStructure
from tests.api.sessions import Session
from tests.law.lawful import CAFFEINE, COMING, METONITAZENE, SHOWN, LawDesk, rule_from

WHY = {"reason": "on_duty"}
PAGES = (
    "/science/rules/",
    "/science/rules/UK-NITA/",
    "/science/caught/",
    "/science/watches/",
    "/science/timeline/",
)


def text_of(answer: object) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())  # type: ignore[attr-defined]


def test_the_list_of_rules_says_what_counts_from_whom_and_how_sure(signed: Callable[[str], Client]) -> None:
    page = text_of(signed("casimir").get("/science/rules/"))
    assert "UK-NITA" in page and "2-Benzylbenzimidazole opioids (nitazenes), Class A" in page
    assert "15 Jan 2025" in page and "this desk" in page and "confidence" not in page.lower()
    assert "Single Convention on Narcotic Drugs, 1961" in page and "as shipped with this desk" in page
    some = text_of(signed("casimir").get("/science/rules/?place=CN"))
    assert "CN-FENT" in some and "UK-NITA" not in some


def test_a_rule_shows_its_reading_its_clauses_and_its_times(signed: Callable[[str], Client]) -> None:
    page = text_of(signed("casimir").get("/science/rules/US-FRS/"))
    assert "every atom beyond the core has to be accounted for by A-E" in page
    assert "group on the piperidine nitrogen" in page and "(B)" in page
    assert "6 Feb 2018 – 16 Jul 2025" in page and "since 16 Jul 2025" in page
    assert "Public Law 119-26" in page
    assert signed("casimir").get("/science/rules/XX-NONE/").status_code == 404


def test_a_published_rule_is_looked_at_adopted_and_set_aside_on_pages(
    law: LawDesk, signed: Callable[[str], Client], django_assert_max_num_queries: Any
) -> None:
    law.send(METONITAZENE)
    law.send(CAFFEINE)
    law.judge()
    received = law.publish(rule_from(COMING), day=COMING)
    browser, address = signed("benno"), f"/inbox/{received.pk}/rule/"
    assert browser.get(address).headers["Location"] == f"/inbox/{received.pk}/", "the alert asks why first"
    opened = text_of(browser.post(f"/inbox/{received.pk}/", WHY, follow=True))
    assert address in opened and "Adopt this rule" in opened
    stated = {"jurisdiction": "CN", "effective": "2026-07-01", "file": None}
    assert rows_of(["proposed_rule"], {"proposed_rule": stated})[0][1] == "China, from 1 Jul 2026"
    page = text_of(browser.get(address))
    assert "Sound: one rule; examples run: 3, all as the file says." in page
    assert "XB-BENZ" in page and "One of the 2 substances of your alerts." in page and "metonitazene" in page
    assert "Not yet" in page and '<button class="button">Adopt</button>' in page
    assert f'action="{address}adopt/"' in page
    assert browser.post(address).status_code == 405, "looking is no act"
    assert browser.post(f"{address}adopt/").headers["Location"] == "/science/caught/"
    opened = text_of(browser.get(f"/inbox/{received.pk}/"))
    assert "Your agency follows it since" in opened and "Adopt this rule" not in opened
    law.desk.catch_up()
    law.judge()
    with django_assert_max_num_queries(20):
        caught = text_of(browser.get("/science/caught/"))
    with django_assert_max_num_queries(20):
        browser.get("/science/rules/")
    assert f"Not yet</b> controlled in XB: asserted from {SHOWN}" in caught and "by rule XB-BENZ" in caught
    sent = StoredStructure.objects.get(agency_id="xa-lab", alert__isnull=False, caught__isnull=False)
    assert f"/outbox/{sent.alert_id}/" in caught and "caffeine" not in caught
    assert "One of your substances is newly caught" in text_of(browser.get("/"))
    rules = text_of(browser.get("/science/rules/"))
    assert "adopted from <bdi>Health Authority, Belmora</bdi>" in rules and received.reference in rules
    aside = f"/science/adopted/{AdoptedRules.objects.get().pk}/aside/"
    assert "Set these rules aside?" in text_of(browser.get(aside))
    assert browser.post(aside).headers["Location"] == "/science/rules/"
    assert "metonitazene" not in text_of(browser.get("/science/caught/"))


def test_only_who_manages_science_sees_the_button_and_may_press_it(
    law: LawDesk, signed: Callable[[str], Client]
) -> None:
    received = law.publish(rule_from(COMING), day=COMING)
    browser = signed("ilka")
    browser.post(f"/inbox/{received.pk}/", WHY)
    page = text_of(browser.get(f"/inbox/{received.pk}/rule/"))
    assert (
        ">Adopt</button>" not in page and "A releaser or an agency admin of your agency can adopt it." in page
    )
    assert browser.post(f"/inbox/{received.pk}/rule/adopt/").status_code == 403
    assert signed("aroha").get(f"/inbox/{received.pk}/rule/").status_code == 404, "another agency's"
    assert not AdoptedRules.objects.exists()


def test_standings_over_time_are_a_question_with_a_reason(
    law: LawDesk, signed: Callable[[str], Client]
) -> None:
    browser = signed("casimir")
    asked = {"structure": METONITAZENE[1], "name": ""}
    assert "Reason: choose one." in text_of(browser.post("/science/timeline/", asked))
    page = text_of(browser.post("/science/timeline/", asked | WHY))
    assert "United Kingdom" in page
    assert "from 20 Mar 2024" in page and "Listed" in page and "Not known for that date" in page
    assert "time-bar" in page and "style=" not in page
    assert "Needs a structure: not asked" not in page
    named = text_of(browser.post("/science/timeline/", {"structure": "", "name": "metonitazene", **WHY}))
    assert "<bdi>metonitazene</bdi>" in named and "Needs a structure: not asked: " in named
    event = AuditEvent.objects.filter(act="substance.screened").latest("at")
    assert event.subject == "science" and "nitazene" not in json.dumps(event.detail)
    assert browser.post("/science/timeline/", {"structure": "C1CC(", **WHY}).status_code == 422
    assert browser.post("/science/timeline/", WHY).status_code == 422


def test_a_stored_structure_is_asked_about_by_who_may_see_its_alert(
    law: LawDesk, signed: Callable[[str], Client]
) -> None:
    law.send(METONITAZENE)
    law.judge()
    row = StoredStructure.objects.get(agency_id="xb-health")
    address = f"/science/timeline/{row.pk}/"
    assert "Over time" in text_of(signed("casimir").get(address))
    assert "Meets the definition of a class" in text_of(signed("casimir").post(address, WHY))
    assert signed("ilka").get(address).status_code == 404


def test_auditor_and_operator_use_no_science_page(
    signed: Callable[[str], Client], subtests: pytest.Subtests
) -> None:
    for address in PAGES:
        with subtests.test(str(address)[:60]):
            for login in ("edda", "noor"):
                assert signed(login).get(address).status_code == 403
            assert signed("casimir").get(address).status_code == 200


def test_what_an_officer_watches_is_set_and_ended_on_its_page(
    law: LawDesk, signed: Callable[[str], Client]
) -> None:
    browser = signed("casimir")
    page = text_of(browser.get("/science/watches/"))
    assert (
        "You watch nothing yet." in page and '<option dir="auto" value="UK">United Kingdom</option>' in page
    )
    browser.post("/science/watches/", {"jurisdiction": "uk", "drug_class": "nitazene"})
    page = text_of(browser.get("/science/watches/"))
    assert "Nitazenes" in page
    refused = browser.post("/science/watches/", {"jurisdiction": "no code"})
    assert refused.status_code == 422 and "use its code" in text_of(refused)
    (ends,) = re.findall(r'action="(/science/watches/[0-9a-f-]+/end/)"', page)
    browser.post(ends)
    assert "You watch nothing yet." in text_of(browser.get("/science/watches/"))


def test_the_same_in_json(law: LawDesk) -> None:
    law.send(METONITAZENE)
    law.judge()
    received = law.publish(rule_from(COMING), day=COMING)
    ask = Session(law.desk.benno)
    book = ask("GET", "substances/rules").json()
    assert "UK-NITA" in {rule["id"] for rule in book["rules"]} and book["adopted"] == []
    assert ask("GET", "substances/rules/UK-NITA?on=2024-01-01").json()["phase"] == "not_yet"
    assert ask("GET", "substances/rules/UK-NITA?on=2025-02-01").json()["phase"] == "in_force"
    proposal = ask("POST", f"alerts/received/{received.pk}/rule", WHY).json()
    assert proposal["newly_caught"] == 1 and proposal["faults"] == [] and proposal["adopted"] is None
    assert all(run["holds"] for run in proposal["examples"])
    key = {"Idempotency_Key": "adopt-order-12"}
    for _ in range(2):
        answer = ask("POST", f"alerts/received/{received.pk}/rule/adopt", WHY, **key)
        assert answer.status_code == 200 and answer.json()["adopted"]
    law.desk.catch_up()
    law.judge()
    caught = ask("GET", "substances/caught").json()
    (item,) = caught["items"]
    assert [(by["jurisdiction"], by["rule"], by["start"], by["is_law"]) for by in item["by"]] == [
        ("XB", "XB-BENZ", COMING, False)
    ]
    spans = ask("POST", "substances/timeline", {"stored": item["structure"], **WHY}).json()["items"]
    (own,) = [place for place in spans if place["jurisdiction"] == "XB"]
    assert own["spans"][-1]["start"] == COMING
    watches = ask("POST", "substances/watches", {"jurisdiction": "XB"}).json()["items"]
    assert ask("DELETE", f"substances/watches/{watches[0]['id']}").status_code == 204
    adopted = ask("GET", "substances/rules").json()["adopted"][0]["id"]
    assert ask("POST", f"substances/rules/adopted/{adopted}/set-aside").status_code == 200
    assert ask("GET", "substances/caught").json()["items"] == []
    assert Session(law.desk.ilka)("POST", f"alerts/received/{received.pk}/rule/adopt", WHY).status_code == 403
