# SPDX-License-Identifier: Apache-2.0
"""Who will receive this: the rule that sends, with the keys that would be sealed to."""

from typing import Any

import pytest

from sharing.policy import RecipientVerdict, Terms, preview_recipients
from tests.builders import HeldAgency, Hub
from tests.sharing.conftest import Four


def terms(**changes: Any) -> Terms:
    usual = {"lane": "science", "purpose": "prevent", "tlp": "GREEN", "suite": "PQ1", "pri": "routine"}
    return Terms(**(usual | changes))


@pytest.fixture
def classical(hub: Hub, four: Four) -> HeldAgency:
    """An agency that has no PQ1 key, joined with alpha."""
    agency = hub.make_agency("xf-border", suites=["EC1"], name="Border Police")
    hub.make_agreement("G5", four.alpha, agency)
    return agency


def by_agency(rows: list[RecipientVerdict]) -> dict[str, RecipientVerdict]:
    return {row.agency: row for row in rows}


def test_a_row_says_who_by_which_agreement_and_how_it_is_sealed(hub: Hub, four: Four) -> None:
    (row,) = preview_recipients("xa-alpha", ["xb-bravo"], terms(), now=hub.now)
    assert row.as_json() == {
        "agency": "xb-bravo",
        "name": "Agency xb-bravo",
        "country": "XB",
        "kind": "laboratory",
        "will": True,
        "code": "",
        "text": "",
        "agreement": "G1",
        "lane": "science",
        "ceiling": "AMBER+STRICT",
        "custody": "agency",
        "suite": "PQ1",
        "timezone": "Europe/Vienna",
    }


def test_without_candidates_the_whole_directory_answers_but_oneself(hub: Hub, four: Four) -> None:
    rows = preview_recipients("xa-alpha", None, terms(), now=hub.now)
    assert [(row.agency, row.will) for row in rows] == [
        ("xb-bravo", True),
        ("xc-charlie", True),
        ("xd-delta", False),
    ]


def test_an_agency_without_a_pq1_key_is_left_out_and_named(
    hub: Hub, four: Four, classical: HeldAgency
) -> None:
    (row,) = preview_recipients("xa-alpha", ["xf-border"], terms(), now=hub.now)
    assert (row.will, row.code) == (False, "no-key-of-suite")
    assert row.text == "Border Police has no PQ1 key and is left out."
    (in_ec1,) = preview_recipients("xa-alpha", ["xf-border"], terms(suite="EC1"), now=hub.now)
    assert in_ec1.will


def test_an_agency_whose_keyset_has_ended_has_no_valid_key(hub: Hub, four: Four) -> None:
    hub.later(days=91)
    (row,) = preview_recipients("xb-bravo", ["xa-alpha"], terms(), now=hub.now)
    assert row.code == "own-suite"
    fresh = hub.make_agency("xe-echo")
    hub.make_agreement("G6", fresh, four.alpha)
    (row,) = preview_recipients("xe-echo", ["xa-alpha"], terms(), now=hub.now)
    assert row.text == "Agency xa-alpha has no valid key; call its duty desk."


def test_an_issuer_without_keys_of_the_suite_reaches_nobody(
    hub: Hub, four: Four, classical: HeldAgency
) -> None:
    (row,) = preview_recipients("xf-border", ["xa-alpha"], terms(), now=hub.now)
    assert (row.will, row.text) == (False, "Your own agency has no PQ1 key.")


def test_a_policy_denial_comes_before_the_question_of_keys(
    hub: Hub, four: Four, classical: HeldAgency
) -> None:
    rows = by_agency(preview_recipients("xb-bravo", ["xf-border", "xc-charlie"], terms(), now=hub.now))
    assert rows["xf-border"].text == "No agreement joins you and Border Police."
    assert rows["xc-charlie"].will


def test_the_preview_is_stable_while_nothing_changes(hub: Hub, four: Four) -> None:
    before = preview_recipients("xa-alpha", None, terms(), now=hub.now)
    hub.later(hours=5)
    assert preview_recipients("xa-alpha", None, terms(), now=hub.now) == before


def test_an_agency_that_takes_nothing_below_pq1_is_said_to_be_so(hub: Hub, four: Four) -> None:
    strict = hub.make_agency("xf-strict", low="PQ1", name="Strict Office")
    hub.make_agreement("G6", four.alpha, strict)
    (row,) = preview_recipients("xa-alpha", ["xf-strict"], terms(suite="EC1"), now=hub.now)
    assert (row.will, row.code, row.text) == (
        False,
        "suite-below-low",
        "Strict Office takes nothing below PQ1.",
    )
    (row,) = preview_recipients("xa-alpha", ["xf-strict"], terms(), now=hub.now)
    assert row.will
