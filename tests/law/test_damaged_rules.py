# SPDX-License-Identifier: Apache-2.0
"""An agency whose stored rules do not open is told what to do, on the pages of the law alone; doing it repairs them."""

from collections.abc import Callable

import pytest
from django.test import Client

from science.law.controls import ruleset_for
from science.rows.structures import AdoptedRules, AgencyRules
from tests.api.sessions import Session
from tests.law.lawful import METONITAZENE, LawDesk, rule_from

DAMAGED = b"damaged for ever and ever"
ALTERED = b"\x01\x00\x00\x00\x01\x00\x01" + bytes(80)
"""A value of the right form and epoch that no key has sealed."""
SENTENCE = "What your agency stores of adopted rules did not open."


@pytest.mark.parametrize("sealed", [DAMAGED, ALTERED], ids=["no form", "no seal"])
def test_the_set_that_does_not_open_gets_a_sentence_with_the_way_out(
    law: LawDesk, signed: Callable[[str], Client], sealed: bytes
) -> None:
    law.send(METONITAZENE)
    law.judge()
    received = law.publish(rule_from("2026-01-01"), day="2026-01-01")
    law.adopt(received)
    law.judge()
    AgencyRules.objects.update(sealed=sealed)
    browser, reader, other = signed("benno"), signed("ilka"), signed("aroha")
    aside = f"/science/adopted/{AdoptedRules.objects.get().pk}/aside/"
    for address in ("/science/rules/", "/science/rules/UK-NITA/", "/science/caught/"):
        answer = browser.get(address)
        page = answer.content.decode()
        assert (answer.status_code, SENTENCE in page, aside in page) == (409, True, True), address
        assert "Have a releaser or an agency admin set the damaged rules aside" in page
        assert aside not in reader.get(address).content.decode(), "who may not do it gets no link"
        assert other.get(address).status_code == 200, "another agency's"
    for address in ("/", "/inbox/", "/outbox/", "/science/board/", "/science/watches/", "/science/library/"):
        assert browser.get(address).status_code == 200, address
    said = Session(law.desk.benno)("GET", "substances/rules")
    assert (said.status_code, said.json()["type"]) == (409, "urn:accord:problem:rules-damaged")
    assert "adopt them again" in said.json()["text"]
    assert browser.post(aside).headers["Location"] == "/science/rules/"
    assert browser.get("/science/rules/").status_code == 200
    law.adopt(received)
    assert ruleset_for("xa-lab").has_adopted and browser.get("/science/rules/").status_code == 200


def test_a_damaged_file_is_named_in_the_list_and_can_be_set_aside(
    law: LawDesk, signed: Callable[[str], Client]
) -> None:
    law.adopt(law.publish(rule_from("2026-01-01"), day="2026-01-01"))
    AdoptedRules.objects.update(sealed=DAMAGED)
    browser = signed("benno")
    page = browser.get("/science/rules/").content.decode()
    assert "Damaged: it does not open. Set it aside and adopt it again from its alert." in page
    assert "adopted from <bdi>Health Authority, Belmora</bdi>" in page, "the rule is not said to be the hub's"
    (adopted,) = Session(law.desk.ilka)("GET", "substances/rules").json()["adopted"]
    assert (adopted["damaged"], adopted["effective"], adopted["rules"]) == (True, None, [])
    aside = f"/science/adopted/{AdoptedRules.objects.get().pk}/aside/"
    assert "They do not open: damaged." in browser.get(aside).content.decode()
    assert browser.post(aside).headers["Location"] == "/science/rules/"
    assert not ruleset_for("xa-lab").has_adopted


def test_two_damaged_files_go_one_after_the_other(law: LawDesk, signed: Callable[[str], Client]) -> None:
    """A new set needs every file whole, so the removal of the first changes nothing; that of the last makes the new set."""
    law.adopt(law.publish(rule_from("2026-01-01"), day="2026-01-01"))
    law.adopt(law.publish(rule_from("2026-01-01").replace("XB-BENZ", "XB-BENZ2"), day="2026-01-01"))
    AdoptedRules.objects.update(sealed=DAMAGED)
    browser = signed("benno")
    for row in AdoptedRules.objects.all():
        assert browser.post(f"/science/adopted/{row.pk}/aside/").headers["Location"] == "/science/rules/"
        assert browser.get("/science/rules/").status_code == 200
    assert not ruleset_for("xa-lab").has_adopted
