# SPDX-License-Identifier: Apache-2.0
"""An alert without a structure is caught anew once a list names its substance, by an exact name or its number."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from science.law.newly_caught import list_caught
from science.rows.structures import CaughtStructure, Mark, StoredStructure
from science.structures.store import open_structures
from tests.api.sessions import Session
from tests.law.lawful import COMING, LawDesk

MADE_UP = f"substance,XB,Belmoran list,Class 3,,belmorazine,belmo powder,,50-00-0,,,,salts,{COMING},day,,A,order-13,,,"
"""A line for a made-up substance. The number is formaldehyde's, which no list of drugs names."""


def named(law: LawDesk, **said: Any) -> None:
    law.send(
        ("", ""), **{"structure": None, "recipients": ["xb-health"], "title": "A powder and its name", **said}
    )


NAMED: list[dict[str, Any]] = [
    {"preferred_name": "Belmorazine"},
    {"preferred_name": "belmorazine hydrochloride"},
    {"preferred_name": "white powder", "synonyms": ["belmo-powder"]},
    {"preferred_name": "white powder", "cas_rn": "50-00-0"},
]
"""By name, as a salt, by synonym and by number."""
ALIKE: list[dict[str, Any]] = [{"preferred_name": "belmorazin"}, {"preferred_name": "desbelmorazine"}]
"""A letter less, and a name of which it is a part."""


@pytest.mark.parametrize(("named_as", "caught"), [(NAMED, 4), (ALIKE, 0)], ids=["named", "only alike"])
def test_a_list_that_comes_to_name_it_catches_it_by_name_and_never_by_likeness(
    law: LawDesk, named_as: list[dict[str, Any]], caught: int
) -> None:
    for said in named_as:
        named(law, **said)
    law.judge()
    assert not CaughtStructure.objects.exists(), "nothing is new on the first look"
    assert set(StoredStructure.objects.values_list("mark", flat=True)) == {Mark.NAMED}
    law.import_listings(MADE_UP)
    law.judge()
    lines, _following = list_caught(law.desk.ilka)
    assert [(by.jurisdiction, by.verdict) for line in lines for by in line.by] == [("XB", "listed")] * caught
    assert all(line.is_by_name for line in lines)
    law.import_listings(MADE_UP)
    law.judge()
    assert CaughtStructure.objects.filter(agency_id="xa-lab").count() == caught, "twice is once"


def test_what_is_known_by_name_is_no_structure(law: LawDesk, signed: Callable[[str], Client]) -> None:
    named(law, preferred_name="belmorazine")
    law.judge()
    law.import_listings(MADE_UP)
    law.judge()
    assert not list(open_structures("xa-lab")), "nothing that could be alike"
    browser = signed("ilka")
    page = browser.get("/science/caught/").content.decode()
    assert "By its name or number alone" in page
    row = StoredStructure.objects.get(agency_id="xa-lab")
    found = Session(law.desk.ilka)("GET", "substances/caught").json()["items"]
    assert [(one["structure"], one["by_name"]) for one in found] == [(str(row.pk), True)]
    answer = browser.post(f"/science/timeline/{row.pk}/", {"reason": "assigned"})
    assert answer.status_code == 200 and "XB" in answer.content.decode()
