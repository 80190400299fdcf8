# SPDX-License-Identifier: Apache-2.0
"""Malformed questions to the science core in JSON: each is refused with the member that is wrong."""

from typing import Any

import pytest

from callers.capabilities import Role
from substances.profiles.methods import shipped_methods
from tests.alerts.conftest import Desks
from tests.api.sessions import Session


@pytest.fixture
def author(desks: Desks) -> Session:
    return Session(desks.lab.author)


def compared(session: Session, *values: Any) -> Any:
    method = shipped_methods()[0]
    one = {"method": method.id, "version": method.version, "values": ["0.1"] * len(method.targets)}
    body = {"first": one, "second": one | {"values": list(values)}, "reason": "assigned"}
    return session("POST", "profiles/compare", body)


def test_what_two_readers_could_take_for_two_numbers_is_none(author: Session) -> None:
    for value in ("1_0", "\u0661", "0x1", "0,1", "nd", "1e", ""):
        refused = compared(author, "0.1", value)
        assert refused.status_code == 422, value
        if value:
            assert (refused.json()["field"], refused.json()["code"]) == ("second.profile", "number"), value
            assert "in JSON null" in refused.json()["problem"]


def test_a_number_that_no_measurement_gives_has_its_own_code(author: Session) -> None:
    for value, code in (
        ("NaN", "not_finite"),
        ("-inf", "not_finite"),
        ("1e400", "not_finite"),
        ("-.5", "negative"),
    ):
        assert compared(author, "0.1", value).json()["code"] == code, value


def test_who_may_not_ask_is_told_who_may(desks: Desks) -> None:
    body = {"structures": [{"structure": "CCO"}], "reason": "assigned"}
    auditor = desks.hub.make_officer(desks.lab.agency, Role.AUDITOR)
    refused = Session(auditor)("POST", "substances/screen", body)
    assert refused.status_code == 403
    assert "Author" in refused.json()["ask"]


def test_bare_pairs_without_a_mass_are_searched_by_their_peaks_alone(author: Session) -> None:
    asked = {"spectrum": "12.3456 100\n45.6789 50\n", "reason": "assigned"}
    answer = author("POST", "spectra/match", asked).json()
    assert (answer["verdict"], answer["reasons"], answer["groups"]) == ("no_match", ["score_low"], [])
    assert answer["compared"] > 30


def test_a_timeline_of_nothing_or_of_two_things_is_not_answered(author: Session) -> None:
    for given, field in (
        ({}, "structure"),
        ({"name": "f\u0435ntanyl"}, "name"),
        ({"stored": "00000000-0000-4000-8000-000000000000", "structure": "CCO"}, "stored"),
    ):
        refused = author("POST", "substances/timeline", {"reason": "assigned", **given})
        assert (refused.status_code, refused.json()["field"]) == (422, field), given
