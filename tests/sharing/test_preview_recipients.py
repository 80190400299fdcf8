# SPDX-License-Identifier: Apache-2.0
"""The preview of recipients: by the rule that sends, with the keys that the sender would seal to."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import pytest

from callers.actors import SystemActor
from callers.capabilities import Capability
from callers.denials import denial_text
from sharing.policy import Terms
from sharing.previews import Previewed, preview_sending
from tests.builders import HeldAgency, Hub
from tests.sharing.conftest import Four


def terms(**changes: Any) -> Terms:
    usual = {"lane": "science", "purpose": "prevent", "tlp": "GREEN", "suite": "PQ1", "pri": "routine"}
    return Terms(**(usual | changes))


@pytest.fixture
def classical(hub: Hub, four: Four) -> HeldAgency:
    """An agency without a PQ1 key, joined with alpha."""
    agency = hub.make_agency("xf-border", suites=["EC1"], name="Border Police")
    hub.make_agreement("G5", four.alpha, agency)
    return agency


def ask(issuer: str, recipients: Collection[str] | None, terms: Terms, *, now: datetime) -> list[Previewed]:
    scopes = frozenset({Capability.ENVELOPE_SUBMIT, Capability.DIRECTORY_READ})
    return preview_sending(SystemActor("system", issuer, scopes), recipients, terms, now=now)


def text(row: Previewed) -> str:
    return denial_text(row.code, row.args)


def test_without_candidates_the_whole_directory_answers_but_oneself(hub: Hub, four: Four) -> None:
    rows = ask("xa-alpha", None, terms(), now=hub.now)
    assert [(row.agency, row.allowed) for row in rows] == [
        ("xb-bravo", True),
        ("xc-charlie", True),
        ("xd-delta", False),
    ]


def test_an_agency_without_a_pq1_key_is_left_out_and_named(
    hub: Hub, four: Four, classical: HeldAgency
) -> None:
    (row,) = ask("xa-alpha", ["xf-border"], terms(), now=hub.now)
    assert (row.allowed, row.code) == (False, "no-key-of-suite")
    assert text(row) == "Border Police has no PQ1 key and is left out."
    (in_ec1,) = ask("xa-alpha", ["xf-border"], terms(suite="EC1"), now=hub.now)
    assert in_ec1.allowed


def test_an_agency_whose_keyset_has_ended_has_no_valid_key(hub: Hub, four: Four) -> None:
    hub.later(days=91)
    (row,) = ask("xb-bravo", ["xa-alpha"], terms(), now=hub.now)
    assert row.code == "own-suite"
    fresh = hub.make_agency("xe-echo")
    hub.make_agreement("G6", fresh, four.alpha)
    (row,) = ask("xe-echo", ["xa-alpha"], terms(), now=hub.now)
    assert text(row) == "Agency xa-alpha has no valid key; call its duty desk."


def test_an_issuer_without_keys_of_the_suite_reaches_nobody(
    hub: Hub, four: Four, classical: HeldAgency
) -> None:
    (row,) = ask("xf-border", ["xa-alpha"], terms(), now=hub.now)
    assert (row.allowed, text(row)) == (False, "Your own agency has no PQ1 key.")


def test_a_policy_denial_comes_before_the_question_of_keys(
    hub: Hub, four: Four, classical: HeldAgency
) -> None:
    rows = {row.agency: row for row in ask("xb-bravo", ["xf-border", "xc-charlie"], terms(), now=hub.now)}
    assert text(rows["xf-border"]) == "No agreement joins you and Border Police."
    assert rows["xc-charlie"].allowed


def test_the_preview_is_stable_while_nothing_changes(hub: Hub, four: Four) -> None:
    before = ask("xa-alpha", None, terms(), now=hub.now)
    hub.later(hours=5)
    assert ask("xa-alpha", None, terms(), now=hub.now) == before


def test_an_agency_that_takes_nothing_below_pq1_is_said_to_be_so(hub: Hub, four: Four) -> None:
    strict = hub.make_agency("xf-strict", low="PQ1", name="Strict Office")
    hub.make_agreement("G6", four.alpha, strict)
    (row,) = ask("xa-alpha", ["xf-strict"], terms(suite="EC1"), now=hub.now)
    assert (row.allowed, row.code, text(row)) == (
        False,
        "suite-below-low",
        "Strict Office takes nothing below PQ1.",
    )
    (row,) = ask("xa-alpha", ["xf-strict"], terms(), now=hub.now)
    assert row.allowed
