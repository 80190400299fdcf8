# SPDX-License-Identifier: Apache-2.0
"""Agreements by command: proposed from a file, accepted, refused and left; each side verifies what the other has signed."""

import json
from pathlib import Path
from typing import Any

import pytest

from accord.agreement_texts import TextState
from accord.agreements import VersionState
from accord.cli import exits
from accord.client.client import Client
from accord.client.errors import DocumentError, RefusedError, RequestError, UnreachableError
from callers.directory import AgencyStatus
from sharing.models import AgreementVersion, Envelope
from tests.client.altered_answers import Instead, cut_off
from tests.client.conftest import PartnerWorld, alert_to
from tests.client.terminals import Terminal
from tests.client.test_adopt_history import copy_of, restored
from tests.client.test_spool import DAY, make_older
from tests.entries import change_entry

TERMS: dict[str, Any] = {
    "ref": "AB 2027-1",
    "parties": ["xb-bravo"],
    "lanes": ["science"],
    "tlp": "AMBER",
    "purposes": ["prevent"],
    "begins": "2026-01-01T00:00:00Z",
    "until": "2099-01-01T00:00:00Z",
    "clocks": "freeze",
    "survive_flash": True,
    "emergency": True,
}


def test_from_a_file_to_an_agreement_that_one_leaves(
    world: PartnerWorld, terminals: tuple[Terminal, Terminal], tmp_path: Path
) -> None:
    alpha, bravo = terminals
    file = tmp_path / "terms.json"
    file.write_text(json.dumps(TERMS))
    assert "Nothing is proposed." in alpha.run("agreements", "proposed")
    assert "Proposed" in alpha.run("agreements", "propose", str(file))
    world.sequence()
    (mine,), (theirs,) = alpha.json("agreements", "proposed"), bravo.json("agreements", "proposed")
    assert (mine["waits"], theirs["waits"], theirs["accepted"]) == (False, True, ["xa-alpha"])
    assert "your agency" in bravo.run("agreements", "proposed")
    assert "xa-alpha" in bravo.run("inbox")
    bravo.run("agreements", "accept", theirs["od"], "--yes")
    world.sequence()
    signed = {row["ref"]: row["od"] for row in alpha.json("agreements")}
    assert signed == {"AB 2027-1": theirs["od"], "G1": ""}
    assert "no: recorded by the operator" in alpha.run("agreements")
    (version,) = alpha.client.agreement_versions()
    assert version.state(alpha.client.state().newest_log_time) == VersionState.IN_FORCE
    alpha.run("agreements", "leave", "AB 2027-1", "--yes")
    world.sequence()
    (version,) = bravo.client.agreement_versions()
    assert set(version.left) == {"xa-alpha"}


def test_the_next_version_follows_the_one_in_force_and_a_refusal_ends_it(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    alpha, bravo = pair
    first = alpha.propose_agreement(TERMS)
    world.sequence()
    bravo.answer_agreement(first.od)
    world.sequence()
    second = bravo.propose_agreement(TERMS | {"parties": ["xa-alpha"], "lanes": ["trade"]})
    world.sequence()
    version = next(one for one in alpha.agreement_versions() if one.od == second.od)
    assert (version.body["ver"], version.body["prev"]) == (2, first.od)
    alpha.answer_agreement(second.od, st="refuse")
    with pytest.raises(RequestError, match="does not wait"):
        alpha.answer_agreement(second.od)
    world.sequence()
    assert alpha.submit(alert_to("xb-bravo"), wait_secs=10).md, "the first stays in force"


def test_its_proposer_takes_it_back_by_refusing(world: PartnerWorld, pair: tuple[Client, Client]) -> None:
    alpha, bravo = pair
    proposed = alpha.propose_agreement(TERMS)
    world.sequence()
    alpha.answer_agreement(proposed.od, st="refuse")
    world.sequence()
    (version,) = bravo.agreement_versions()
    assert version.is_taken_back
    with pytest.raises(RequestError, match="does not wait"):
        bravo.answer_agreement(proposed.od)


WRONG: dict[str, dict[str, Any]] = {
    "unknown colour": {"colour": "blue"},
    "lanes: give an array": {"lanes": "science"},
    "begins: write it like": {"begins": "2026-01-01"},
    "A term is wrong": {"tlp": "PINK"},
    "agreement parties": {"parties": []},
}


def test_wrong_terms_are_named_and_nothing_is_signed(pair: tuple[Client, Client]) -> None:
    for says, wrong in WRONG.items():
        with pytest.raises(RequestError, match=says):
            pair[0].propose_agreement(TERMS | wrong)
    assert pair[0].state().submissions == {} and not AgreementVersion.objects.exclude(od="").exists()


def test_what_the_exchange_refuses_is_known_nowhere(pair: tuple[Client, Client]) -> None:
    with pytest.raises(RefusedError) as refused:
        pair[0].propose_agreement(TERMS | {"parties": ["xz-none"]})
    assert (refused.value.slug, refused.value.members["field"]) == ("agreement-refused", "parties")
    assert pair[0].agreement_versions() == ()


def test_an_action_without_its_object_and_a_file_that_is_none_are_said(
    terminals: tuple[Terminal, Terminal], tmp_path: Path
) -> None:
    alpha = terminals[0]
    for words in (("leave",), ("propose", str(tmp_path / "none.json")), ("accept", "A" * 43)):
        alpha.run("agreements", *words, "--yes", expect=exits.USAGE)


@pytest.mark.parametrize("age_secs", [0, DAY + 60])
def test_a_proposal_that_found_no_network_is_known_once_it_was_sent_again(
    world: PartnerWorld, pair: tuple[Client, Client], age_secs: int
) -> None:
    alpha, bravo = pair
    cut = world.lied_to("xa-alpha", post_statement=Instead(cut_off))
    with pytest.raises(UnreachableError):
        cut.propose_agreement(TERMS)
    assert alpha.agreement_versions() == ()
    make_older(world, "xa-alpha", age_secs)
    (sent,) = world.client("xa-alpha").resend()
    world.sequence()
    (proposed,) = world.client("xa-alpha").agreement_versions()
    assert (proposed.od, proposed.until) == (sent.md, bravo.agreement_versions()[0].until)
    bravo.answer_agreement(sent.md)
    world.sequence()
    (signed,) = world.client("xa-alpha").agreement_versions()
    assert signed.is_signed


def test_a_restored_home_that_adopts_its_statements_knows_what_they_say(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    alpha, bravo = pair
    bravo.inbox()
    copy = copy_of(world, "xb-bravo")
    first = alpha.propose_agreement(TERMS, wait_secs=10)
    bravo.answer_agreement(first.od, wait_secs=10)
    bravo.suspend(["xa-alpha"], ["trade"], wait_secs=10)
    bravo = restored(world, "xb-bravo", copy)
    bravo.adopt(bravo.own_history().found)
    (version,) = bravo.agreement_versions()
    assert version.is_signed and [one.lane for one in bravo.suspensions()] == ["trade"]


def test_a_list_says_in_words_what_others_state(
    world: PartnerWorld, terminals: tuple[Terminal, Terminal]
) -> None:
    alpha, bravo = terminals
    first = alpha.client.propose_agreement(TERMS)
    world.sequence()
    assert "xa-alpha proposes version 1 of AB 2027-1" in bravo.run("inbox")
    bravo.client.answer_agreement(first.od)
    bravo.client.leave_agreement("AB 2027-1")
    world.sequence()
    listed = alpha.run("inbox")
    for verb in ("accepts", "leaves"):
        assert f"xb-bravo {verb} the agreement {first.od}" in listed


TEXT: dict[str, Any] = {
    "title": "Exchange of spectra",
    "text": "1. Purpose\n\nThe parties share what they measure.",
    "commitments": [
        {
            "by": "xa-alpha",
            "to": "xb-bravo",
            "what": "answers",
            "within": {"n": 72, "unit": "hour"},
            "zone": "Europe/Vienna",
            "from": "2027-01-01",
        }
    ],
}


def test_a_text_is_sealed_read_verified_offline_and_accepted(
    world: PartnerWorld, terminals: tuple[Terminal, Terminal], tmp_path: Path
) -> None:
    alpha, bravo = terminals
    file = tmp_path / "terms.json"
    file.write_text(json.dumps(TERMS | {"text": TEXT}))
    alpha.run("agreements", "propose", str(file))
    world.sequence()
    (waiting,) = bravo.json("agreements", "proposed")
    od = waiting["od"]
    assert [row["what"] for row in bravo.json("inbox")["items"]] == ["statement"], "the text is no alert"
    saved = tmp_path / "text"
    shown = bravo.run("agreements", "show", od, "--save", str(saved))
    for said in (
        "AB 2027-1, version 1, proposed by xa-alpha",
        "The text is the one that was signed",
        "The parties share what they measure.",
        "xa-alpha gives answers to xb-bravo within 72 hours, from 2027-01-01 (Europe/Vienna)",
    ):
        assert said in shown, said
    assert f"(od {od}), as xa-alpha signed it" in bravo.run("verify", str(saved))
    own = alpha.json("agreements", "show", od)
    assert (own["text_state"], own["document"]["title"]) == ("here", "Exchange of spectra")
    bravo.run("agreements", "accept", od, "--yes")
    world.sequence()
    (version,) = alpha.client.agreement_versions()
    assert version.is_signed


def test_a_version_whose_text_did_not_come_is_not_accepted(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    bravo = pair[1]
    cut = world.lied_to("xa-alpha", post_envelope=Instead(cut_off))
    with pytest.raises(UnreachableError):
        cut.propose_agreement(TERMS | {"text": TEXT})
    world.sequence()
    (version,) = bravo.agreement_versions()
    assert bravo.agreement_text(version.od).text.state == TextState.MISSING
    with pytest.raises(RequestError, match="not accepted"):
        bravo.answer_agreement(version.od)
    world.client("xa-alpha").resend()
    world.sequence()
    bravo.answer_agreement(version.od)


def test_a_proposal_that_found_no_network_is_sent_again_before_its_text(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    bravo = pair[1]
    cut = world.lied_to("xa-alpha", post_statement=Instead(cut_off))
    with pytest.raises(UnreachableError):
        cut.propose_agreement(TERMS | {"text": TEXT})
    assert len(list(world.client("xa-alpha").resend())) == 2
    world.sequence()
    (version,) = bravo.agreement_versions()
    assert bravo.agreement_text(version.od).text.state == TextState.HERE


def test_where_the_proposal_is_refused_its_text_is_dropped(pair: tuple[Client, Client]) -> None:
    with pytest.raises(RequestError, match="A term is wrong"):
        pair[0].propose_agreement(TERMS | {"text": TEXT, "until": "2020-01-01T00:00:00Z"})
    change_entry("xa-alpha", status=AgencyStatus.SUSPENDED)
    with pytest.raises(RefusedError):
        pair[0].propose_agreement(TERMS | {"text": TEXT})
    assert pair[0].state().submissions == {} and not Envelope.objects.exists()


def test_a_wrong_text_is_named_and_nothing_is_signed(pair: tuple[Client, Client]) -> None:
    owed = TEXT["commitments"][0]
    wrong: dict[str, dict[str, Any]] = {
        "/title": {"title": ""},
        "/text": {"text": "x" * 40_001},
        "/commitments/0/zone": {"commitments": [owed | {"zone": "Europe/Abolished"}]},
        "/commitments/0/to": {"commitments": [owed | {"to": "xz-none"}]},
        "title, text and commitments": {"colour": "blue"},
    }
    for says, change in wrong.items():
        with pytest.raises((RequestError, DocumentError), match=says):
            pair[0].propose_agreement(TERMS | {"text": TEXT | change})
    assert pair[0].state().submissions == {}
