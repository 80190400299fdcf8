# SPDX-License-Identifier: Apache-2.0
"""Text of an agreement in JSON: proposed with its commitments, read by each party, begun with a model."""

from datetime import timedelta
from typing import Any

import pytest

from callers.capabilities import Role
from tests.alerts.conftest import Desks
from tests.alerts.test_agreement_texts import ROW
from tests.api.sessions import Session


@pytest.fixture
def admin(desks: Desks) -> Session:
    return Session(desks.hub.make_officer(desks.lab.agency, Role.AGENCY_ADMIN))


def terms(desks: Desks, **text: Any) -> dict[str, Any]:
    now = desks.hub.now
    return {
        "ref": "LH 1",
        "parties": ["xb-health"],
        "lanes": ["science"],
        "tlp": "AMBER",
        "purposes": ["science"],
        "begins": now.isoformat(),
        "until": (now + timedelta(days=365)).isoformat(),
        "clocks": "run",
        "text": {"title": "Exchange of spectra", "text": "1. Purpose\n\nWe share.", "commitments": [ROW]}
        | text,
    }


def test_both_parties_read_the_text_that_one_proposed(desks: Desks, admin: Session) -> None:
    made = admin("POST", "agreements/versions", terms(desks))
    assert made.status_code == 201, made.content
    od = made.json()["od"]
    assert len(made.json()["text"]) == 43
    desks.settle()
    reader = Session(desks.health.reader)
    for caller in (admin, reader):
        said = caller("GET", f"agreements/versions/{od}/text").json()
        assert (said["state"], said["title"], said["compares"]) == ("here", "Exchange of spectra", False)
        assert said["commitments"] == [ROW | {"within": None}]
        assert [one["text"] for one in said["paragraphs"]] == ["1. Purpose", "We share."]
        assert said["differing"] == {}
    assert Session(desks.stranger.reader)("GET", f"agreements/versions/{od}/text").status_code == 404


def test_a_paragraph_of_a_model_that_gives_another_term_is_named(desks: Desks, admin: Session) -> None:
    said = "Items are exchanged on these lanes: Science. The strictest marking that may be sent is TLP:GREEN."
    od = admin("POST", "agreements/versions", terms(desks, text=said)).json()["od"]
    answer = admin("GET", f"agreements/versions/{od}/text").json()
    assert answer["differing"] == {"tlp": "TLP:GREEN"}


def test_a_wrong_row_is_named_by_its_member(desks: Desks, admin: Session) -> None:
    refused = admin("POST", "agreements/versions", terms(desks, commitments=[ROW | {"zone": "Europe/Gone"}]))
    assert refused.status_code == 422 and "/commitments/0/zone" in refused.content.decode()


def test_model_texts_are_given_to_those_who_may_propose(desks: Desks, admin: Session) -> None:
    items = admin("GET", "agreements/model-texts").json()["items"]
    assert [one["name"] for one in items] == ["two", "many"]
    assert all("{parties}" in one["text"] and "2016/680" in one["text"] for one in items)
    assert Session(desks.lab.reader)("GET", "agreements/model-texts").status_code == 403
