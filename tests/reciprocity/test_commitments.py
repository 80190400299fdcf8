# SPDX-License-Identifier: Apache-2.0
"""Standing commitments of an agreement between two agencies of a desk, as both of them read how they were kept."""

from datetime import timedelta

from tests.alerts.replies.test_answers import ask, sent_answer
from tests.alerts.replies.test_suspension import resume, suspend
from tests.pages.desk_world import DeskWorld
from tests.reciprocity.pairs import agree, commitment, states


def spectra(desk: DeskWorld) -> None:
    desk.send(desk.draft(supplies=["spectra"]))


def test_kept_missed_late_and_excused_are_the_same_on_both_sides(desk: DeskWorld) -> None:
    agree(desk, commitment(desk, "spectra"))
    for officer in (desk.ilka, desk.aroha):
        assert states(officer, desk.hub.now) == {"spectra": ["due"]}
    spectra(desk)
    desk.hub.later(days=2)
    desk.settle()
    for officer in (desk.ilka, desk.aroha):
        assert states(officer, desk.hub.now) == {"spectra": ["kept", "missed", "due"]}
    spectra(desk)
    spectra(desk)
    suspend(desk, desk.health)
    desk.hub.later(days=1)
    resume(desk, desk.health)
    for officer in (desk.ilka, desk.aroha):
        assert states(officer, desk.hub.now) == {"spectra": ["kept", "late", "kept", "excused"]}


def test_an_answer_is_owed_for_each_question(desk: DeskWorld) -> None:
    agree(desk, commitment(desk, "answers", by="xb-health", to="xa-lab"))
    ask(desk)
    sent_answer(desk)
    ask(desk, title="Who else has met it")
    for hours, state in ((0, "due"), (2, "missed")):
        desk.hub.later(seconds=hours * 3600)
        for officer in (desk.ilka, desk.aroha):
            assert states(officer, desk.hub.now) == {"answers": ["kept", state]}
    sent_answer(desk)
    assert states(desk.ilka, desk.hub.now) == {"answers": ["kept", "late"]}


def test_a_commitment_of_third_parties_or_of_no_agreement_in_force_is_not_shown(desk: DeskWorld) -> None:
    assert states(desk.ilka, desk.hub.now) == {}
    agree(desk, commitment(desk, "spectra", to="xb-health"))
    assert states(desk.ilka, desk.hub.now + timedelta(days=366)) == {}
