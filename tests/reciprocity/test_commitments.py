# SPDX-License-Identifier: Apache-2.0
"""Standing commitments of an agreement between two agencies of a desk, as both of them read how they were kept."""

from datetime import timedelta
from uuid import UUID

from notices.commitments import due_text
from notices.message import NoticeFacts, compose_message
from notices.models import Notification
from notices.states import Occasion
from reciprocity.commitments import commitments_of
from reciprocity.reminding import remind_of_commitments, soon_due
from tests.alerts.replies.test_answers import ask, sent_answer
from tests.alerts.replies.test_suspension import resume, suspend
from tests.api.sessions import Session
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld
from tests.reciprocity.pairs import agree, commitment, states


def reminded() -> set[UUID]:
    """Return the officers who were told that a commitment is due."""
    rows = Notification.objects.filter(occasion=Occasion.COMMITMENT_DUE)
    return set(rows.values_list("officer_id", flat=True))


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


def test_only_the_owing_side_is_reminded_and_once(desk: DeskWorld) -> None:
    agree(desk, commitment(desk, "spectra"))
    noon, evening = (desk.hub.now.replace(hour=hour) + timedelta(days=1) for hour in (12, 19))
    remind_of_commitments(now=noon)
    assert not reminded()
    for _again in range(2):
        remind_of_commitments(now=evening)
    assert reminded() == {desk.ilka.pk}
    assert [
        one.commitment.what for one, _due in soon_due(commitments_of(desk.ilka, now=evening), now=evening)
    ] == ["spectra"]
    assert not soon_due(commitments_of(desk.aroha, now=evening), now=evening)


def test_a_reminder_says_by_when_and_nothing_else(desk: DeskWorld) -> None:
    agree(desk, commitment(desk, "spectra"))
    remind_of_commitments(now=desk.hub.now.replace(hour=23))
    notice = Notification.objects.get(occasion=Occasion.COMMITMENT_DUE)
    facts = NoticeFacts(
        "ilka@xa-lab.example", "en", Occasion.COMMITMENT_DUE, "<1@desk>", ends=due_text(notice)
    )
    mail = compose_message(facts, hub_url="https://desk.example", sender="desk@example.org").as_string()
    assert "COMMITMENTS" in mail and "/commitments/" in mail and "(Europe/Vienna)" in mail
    assert "pectra" not in mail and "Belmora" not in mail


def test_the_page_shows_both_directions(desk: DeskWorld, as_officer: SignIn) -> None:
    agree(desk, commitment(desk, "spectra"), commitment(desk, "methods", by="xb-health", to="xa-lab"))
    page = as_officer(desk.ilka).get("/commitments/").content.decode()
    ours, theirs = page.split("They give")
    for text, part in (("Spectra</b>, every day", ours), ("Methods</b>, every day", theirs)):
        assert text in part and "Health Authority, Belmora" in part
    shown = Session(desk.ilka)("GET", "commitments").json()["items"]
    assert [(row["by"], row["what"]) for row in shown] == [("xa-lab", "spectra"), ("xb-health", "methods")]
    brief = as_officer(desk.ilka).get("/reciprocity/xb-health/brief/").content.decode()
    assert "Spectra, every day" in brief


def test_what_was_given_before_its_period_ends_is_kept_on_the_page_and_in_the_brief(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    agree(desk, commitment(desk, "spectra"))
    days = f"?first={desk.hub.now.date()}&last={desk.hub.now.date()}"
    officers = ((desk.ilka, "xb-health"), (desk.aroha, "xa-lab"))
    for officer, peer in officers:
        assert (
            "nothing was due</td>"
            in as_officer(officer).get(f"/reciprocity/{peer}/brief/{days}").content.decode()
        )
    spectra(desk)
    desk.settle()
    for officer, peer in officers:
        assert "Kept" in as_officer(officer).get("/commitments/").content.decode()
        brief = as_officer(officer).get(f"/reciprocity/{peer}/brief/{days}").content.decode()
        assert "nothing was due; Kept 1, due later</td>" in brief
    (row,) = Session(desk.ilka)("GET", f"reciprocity/xb-health{days}").json()["commitments"]
    assert (row["ahead"], row["kept"]) == (1, 0)
