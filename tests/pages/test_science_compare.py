# SPDX-License-Identifier: Apache-2.0
"""The page that compares two profiles: by one method, with rates, as a lead."""

import re

import pytest
from django.test import Client

from alerts.document.display import rows_of
from desk.templatetags.science import ratio
from ledger.models import AuditEvent
from substances.profiles.methods import shipped_methods
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

METHOD = shipped_methods()[0]
VALUES = ", ".join(str(0.01 * n) for n in range(1, len(METHOD.targets) + 1))
OTHERS = ", ".join(str(0.01 * n) for n in range(len(METHOD.targets), 0, -1))


@pytest.fixture
def client(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.ilka)


def asked(client: Client, **fields: str) -> str:
    given = {
        "first_method": METHOD.name,
        "first": VALUES,
        "second_method": METHOD.name,
        "second": VALUES,
        "reason": "assigned",
    }
    return re.sub(r"\s+", " ", client.post("/science/profiles/", given | fields).content.decode())


def test_the_same_profile_twice_is_linked_and_called_a_lead(client: Client) -> None:
    page = asked(client)
    assert "Linked" in page
    assert "A lead, not proof" in page
    assert "False links" in page
    assert "Pairs behind" in page
    assert f"fewer than 1 in {METHOD.calibration.different_pairs:,}" in page
    assert "0.00" not in page


def test_the_form_says_which_targets_a_method_has_and_how_many(client: Client) -> None:
    page = re.sub(r"\s+", " ", client.get("/science/profiles/").content.decode())
    assert f"The {len(METHOD.targets)} targets of" in page
    assert ", ".join(METHOD.targets) in page


def test_opposite_profiles_are_not_linked(client: Client) -> None:
    page = asked(client, second=OTHERS)
    assert "Not linked" in page and "A lead, not proof</span>" not in page


def test_what_an_answer_states_is_told_in_the_same_numbers() -> None:
    said = {
        "method": "M-1", "version": "1", "verdict": "linked", "pairs": 28680, "score": "0.9971",
        "threshold": "0.9790", "log10_lr": "2.6750", "false_link_rate": "0.0022",
    }  # fmt: skip
    (row,) = rows_of(["comparison"], {"comparison": said})
    assert row[1] == (
        "linked: score 0.9971, linked from 0.9790; likelihood ratio 473; 0.22\N{NO-BREAK SPACE}% of pairs from different "
        "sources lie above the cut. A lead, not proof."
    )
    measured = {"method": METHOD.id, "version": METHOD.version, "values": ["0.1", None]}
    (row,) = rows_of(["profile"], {"profile": measured})
    assert row[1] == f"{METHOD.title}, version 1: 2 values, 1 below detection"


def test_another_length_is_not_comparable_and_shows_no_number(client: Client) -> None:
    page = asked(client, second="0.1, 0.2, 0.3")
    assert "Not comparable" in page
    assert "Likelihood ratio" not in page
    assert (
        f"{len(METHOD.targets)} values are needed; the first profile has {len(METHOD.targets)}, the second 3."
        in page
    )


BAD_VALUES = (
    ("0.1, NaN, 0.3", "NaN or infinite"),
    ("0.1, -4, 0.3", "below zero"),
    ("0.1, 0, 0.3", "write nd"),
    ("0.1, many, 0.3", "a number is expected"),
    ("nd, nd, nd", "no target is detected"),
)


def test_what_is_wrong_is_named_at_its_field_and_nothing_is_audited(client: Client) -> None:
    for values, sentence in BAD_VALUES:
        page = asked(client, second=values)
        assert sentence in page and 'href="#field-second"' in page, sentence
    assert "Reason: choose one." in asked(client, reason="")
    assert not AuditEvent.objects.filter(act="profile.compared").exists()


def test_what_was_typed_stays_in_the_form_and_in_no_session_or_audit(client: Client) -> None:
    page = asked(client, reason="case_number", reference="XA-2026-9")
    event = AuditEvent.objects.get(act="profile.compared")
    assert (event.reason, event.detail) == ("case_number: XA-2026-9", {"count": 1})
    assert "0.01" not in repr(event.__dict__)
    assert 'value="XA-2026-9"' in page
    assert VALUES in page
    assert "0.01" not in repr(dict(client.session.items()))


def test_with_the_second_left_empty_it_is_compared_with_the_agencys_own_samples(
    desk: DeskWorld, client: Client
) -> None:
    values = [f"{0.01 * n:.2f}" for n in range(1, len(METHOD.targets) + 1)]
    profile = {"method": METHOD.id, "version": METHOD.version, "values": values}
    sent = desk.send(desk.draft(profile=profile))
    page = asked(client, second="")
    assert f"/outbox/{sent.pk}/" in page
    assert "A lead, not proof" in page
    assert "Compared with 1 sample." in page


def test_a_likelihood_ratio_has_three_significant_figures() -> None:
    assert [ratio(value) for value in (None, 473.2, 95.3, 0.01234, 1.0)] == ["", "473", "95.3", "0.0123", "1"]


def test_no_sample_is_an_answer_too(client: Client) -> None:
    assert "Your agency holds no profile that can be compared" in (page := asked(client, second=""))
    assert "false links be expected" not in page and "A lead, not proof" not in page
