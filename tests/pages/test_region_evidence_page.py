# SPDX-License-Identifier: Apache-2.0
"""Isotopes filled in by the form are told in words, and form and preview say that isotopes link no samples."""

from typing import Any

from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld
from tests.pages.test_chemistry_on_pages import WORD
from tests.pages.test_compose import data_of, save

SAID = "Region evidence only, never a link between samples."
SEIZURE: dict[str, Any] = {
    "alert_type": "seizure",
    "cases_non_fatal": None,
    "cases_fatal": None,
    "parties": "unknown",
}


def test_isotopes_are_filled_in_corrected_and_told_as_the_recipient_reads_them(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    author = as_officer(desk.ilka)
    draft = desk.draft(**SEIZURE, lane="science", purpose="science")
    rows: dict[str, Any] = {
        "region_evidence-scale": ["d13C|VPDB", "", "87Sr/86Sr|SRM987"],
        "region_evidence-value": ["284", "", "0.7092"],
        "region_evidence-uncertainty": ["0.2", "", "0.0001"],
        "region_evidence-region": "Northern Arvenia",
        "region_evidence-certainty": "probable",
        "region_evidence-basis": "Map of leaf samples of 2024",
    }
    answer = save(author, draft, 7, go="next", **rows)
    page = author.get(answer.headers["Location"]).content.decode()
    assert "Isotopes: no material has such a ratio; compare sign and decimal point. (ratio 1)" in page
    assert SAID in page and 'value="284"' in page and "δ¹³C in ‰ against VPDB" in page
    corrected: dict[str, Any] = {"region_evidence-value": ["-28.4", "0.7092", ""]}
    save(author, draft, 7, **corrected)
    kept = data_of(desk.ilka, draft)["region_evidence"]
    assert [(row["standard"], row["value"]) for row in kept["ratios"]] == [
        ("VPDB", "-28.4"),
        ("SRM987", "0.7092"),
    ]
    preview = author.get(f"/drafts/{draft.pk}/4/").content.decode()
    told = " ".join(WORD.sub(" ", preview).split())
    assert f"{SAID} Northern Arvenia (Probable): δ¹³C -28.4 ± 0.2 ‰ (VPDB)" in told
    assert "Basis: Map of leaf samples of 2024" in told
