# SPDX-License-Identifier: Apache-2.0
"""Similarity of samples across agencies: score first, then consent; silence tells nothing; no row of another agency is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.drafting.drafts import save_revision
from alerts.drafting.revisions import read_revision
from alerts.errors import AlertIncompleteError, ReplyRefusedError, ScienceInputError
from alerts.models import Alert
from alerts.profiles.disclosure import Disclosure, disclosure_about, disclosures_of_question
from alerts.profiles.questions import leads_of, start_answer, start_details, start_question
from alerts.receiving.opening import OpeningReason, open_alert
from alerts.replies.beginning import Opened, open_to_answer
from alerts.replies.rules import require_consent
from alerts.rows.replies import SampleProfile
from alerts.sending.release import release_alert
from alerts.sending.withdrawal import withdraw_alert
from callers.errors import NotPermittedError
from officers.models import Officer
from sharing.models import Envelope
from tests.alerts.replies.profile_samples import linked_pair, stranger
from tests.pages.desk_world import CONTENT, DeskWorld
from tests.stages import act

ON_DUTY = OpeningReason.ON_DUTY.value
SEIZURE: Mapping[str, Any] = {
    "alert_type": "seizure",
    "lane": "science",
    "purpose": "science",
    "harm_evidence": None,
    "cases_non_fatal": None,
    "cases_fatal": None,
    "title": f"A parcel of {CONTENT}",
    "exhibit_no": "EX-77",
}
ISOTOPES: Mapping[str, Any] = {
    "ratios": [{"isotope": "d13C", "standard": "VPDB", "value": "-28.4", "uncertainty": "0.2"}],
    "region": "Northern Arvenia",
    "certainty": "probable",
    "basis": "Map of leaf samples of 2024",
}


@dataclass
class Two:
    """The laboratory, which asks, and the health authority, which is asked; each holds a sample of its own."""

    desk: DeskWorld
    sample: Alert
    theirs: Alert

    @classmethod
    def build(cls, desk: DeskWorld, first: dict[str, Any], second: dict[str, Any]) -> "Two":
        """Let each agency send its sample to the third agency alone, so that neither has the other's."""
        sample = desk.send(
            desk.draft(**SEIZURE, profile=first, region_evidence=ISOTOPES, recipients=["xd-reg"])
        )
        other = desk.draft(
            desk.aroha, **{**SEIZURE} | {"exhibit_no": "B-12"}, profile=second, recipients=["xd-reg"]
        )
        return cls(desk, sample, desk.send(other, desk.haitham))

    def ask(self) -> Alert:
        return ask_about(self.desk, self.sample)

    def opened(self, officer: Officer) -> Opened:
        return _opened(self.desk, officer)

    def answer(self) -> Alert:
        return answer_with(self.desk, self.theirs)

    def agree(self, officer: Officer, second: Officer, *told: str) -> Alert:
        return agree_to(self.desk, officer, second, *told)

    def telling(self) -> Alert:
        """Have the health authority's telling of its exhibit checked, so that it waits for its release."""
        opened = self.opened(self.desk.aroha)
        draft = start_details(self.desk.aroha, opened, told=["exhibit"], now=self.desk.tick())
        return self.desk.validate(self.desk.submit(draft), self.desk.haitham)

    def at_lab(self, question: Alert) -> Disclosure:
        (exchange,) = disclosures_of_question(self.desk.ilka, question, now=self.desk.hub.now)
        return exchange

    def read(self, officer: Officer) -> dict[str, Any]:
        row = self.desk.received(officer)
        return dict(open_alert(officer, row, reason=ON_DUTY, now=self.desk.tick()).document)


@act
def ask_about(desk: DeskWorld, sample: Alert) -> Alert:
    draft = start_question(desk.ilka, sample, agencies=["xb-health"], contact="duty desk", now=desk.tick())
    return desk.send(draft)


@act
def answer_with(desk: DeskWorld, sample: Alert) -> Alert:
    opened = _opened(desk, desk.aroha)
    draft = start_answer(desk.aroha, opened, sample=sample, contact="+000 health", now=desk.tick())
    return desk.send(draft, desk.haitham)


@act
def agree_to(desk: DeskWorld, officer: Officer, second: Officer, *told: str) -> Alert:
    draft = start_details(officer, _opened(desk, officer), told=told, now=desk.tick())
    return desk.send(draft, second)


def _opened(desk: DeskWorld, officer: Officer) -> Opened:
    return open_to_answer(officer, desk.received(officer), reason=ON_DUTY, now=desk.tick())


@pytest.fixture
def two(desk: DeskWorld) -> Two:
    return Two.build(desk, *linked_pair())


def test_a_question_carries_method_and_vector_and_no_case_and_the_exchange_sees_an_alert(two: Two) -> None:
    question = two.ask()
    envelope = Envelope.objects.get(md=question.md)
    assert (envelope.kind, envelope.re_md, envelope.lane) == ("alert", None, "science")
    document = two.read(two.desk.aroha)
    told = {name for name, value in document.items() if value not in (None, "", [], {}, "not_graded")}
    assert told <= {"alert_type", "title", "profile", "contact", "handling", "review_date"}
    assert document["title"] == "Question about a sample profile"
    assert CONTENT not in str(document) and "EX-77" not in str(document)


def test_the_asked_desk_compares_with_its_own_samples_and_reads_no_row_of_another(two: Two) -> None:
    two.ask()
    row = two.desk.received(two.desk.aroha)
    view = open_alert(two.desk.aroha, row, reason=ON_DUTY, now=two.desk.tick())
    with CaptureQueriesContext(
        connection,
    ) as queries:
        leads = leads_of(two.desk.aroha, view.document, row, own_only=True, now=two.desk.tick())
    (lead,) = leads.rows
    assert lead.alert == two.theirs and lead.comparison.verdict == "linked"
    read = [query["sql"] for query in queries.captured_queries if "sampleprofile" in query["sql"].lower()]
    assert read and all("xb-health" in sql and "xa-lab" not in sql for sql in read)
    assert set(SampleProfile.objects.values_list("agency_id", flat=True)) == {"xa-lab", "xb-health"}


def test_an_answer_tells_score_rates_verdict_and_contact_and_nothing_of_the_case(two: Two) -> None:
    question = two.ask()
    assert not two.at_lab(question).has_answered, "silence says nothing"
    two.answer()
    document = two.read(two.desk.ilka)
    comparison = document["comparison"]
    assert comparison["verdict"] == "linked" and float(comparison["score"]) >= float(comparison["threshold"])
    assert comparison["pairs"] > 1000 and float(comparison["false_link_rate"]) <= 0.005
    assert document["profile"] is None and "B-12" not in str(document) and CONTENT not in str(document)
    exchange = two.at_lab(question)
    assert exchange.answer == comparison and exchange.contact == "+000 health"
    assert not exchange.we_agreed and not exchange.they_agreed


def test_case_details_follow_only_when_both_have_agreed(two: Two) -> None:
    question = two.ask()
    two.answer()
    with pytest.raises(ReplyRefusedError, match="early"):
        two.agree(two.desk.ilka, two.desk.benno, "exhibit")
    two.agree(two.desk.ilka, two.desk.benno)
    assert "EX-77" not in str(two.read(two.desk.aroha))
    assert two.at_lab(question).we_agreed and not two.at_lab(question).they_agreed
    two.agree(two.desk.aroha, two.desk.haitham, "exhibit", "what")
    assert two.at_lab(question).both_agreed and two.at_lab(question).they_told
    assert two.read(two.desk.ilka)["exhibit_no"] == "B-12"
    two.agree(two.desk.ilka, two.desk.benno, "exhibit")
    document = two.read(two.desk.aroha)
    assert document["exhibit_no"] == "EX-77" and document["region_evidence"] is None
    two.agree(two.desk.ilka, two.desk.benno, "isotopes")
    assert two.read(two.desk.aroha)["region_evidence"] == ISOTOPES
    about = disclosure_about(two.desk.aroha, two.desk.received(two.desk.aroha), now=two.desk.hub.now)
    assert about.both_agreed and about.they_told and about.we_told


def test_a_detail_written_into_the_agreement_by_hand_stops_it(two: Two) -> None:
    two.ask()
    two.answer()
    draft = start_details(two.desk.ilka, two.opened(two.desk.ilka), now=two.desk.tick())
    written = {"exhibit_no": "EX-77", "region_evidence": ISOTOPES, "synonyms": ["blue"]}
    save_revision(two.desk.ilka, draft, data=written, base=draft.current, now=two.desk.tick())
    draft.refresh_from_db()
    with pytest.raises(AlertIncompleteError) as refused:
        two.desk.submit(draft)
    assert "has not agreed yet" in refused.value.errors["exhibit_no"][0]
    (said,) = refused.value.errors["region_evidence"]
    assert said == "Isotopes: the other side has not agreed yet; leave it empty until then."


def test_of_a_near_miss_nothing_is_told(desk: DeskWorld) -> None:
    two = Two.build(desk, linked_pair()[0], stranger())
    question = two.ask()
    with pytest.raises(ReplyRefusedError, match="nothing"):
        two.answer()
    assert not two.at_lab(question).has_answered


def test_another_method_version_or_length_is_not_comparable_and_has_no_number(desk: DeskWorld) -> None:
    first, second = linked_pair()
    sample = desk.send(desk.draft(**SEIZURE, profile=first, recipients=["xd-reg"]))
    theirs = [
        desk.send(
            desk.draft(desk.aroha, **SEIZURE, profile=second | change, recipients=["xd-reg"]), desk.haitham
        )
        for change in ({"version": "99"}, {"method": "another"}, {"values": second["values"][:-1]})
    ]
    ask_about(desk, sample)
    row = desk.received(desk.aroha)
    view = open_alert(desk.aroha, row, reason=ON_DUTY, now=desk.tick())
    leads = leads_of(desk.aroha, view.document, row, own_only=True, now=desk.tick())
    assert leads.rows == () and leads.compared == 0 and leads.not_comparable == len(theirs)
    for one in theirs:
        with pytest.raises(ReplyRefusedError):
            answer_with(desk, one)


def test_a_question_by_a_method_that_nobody_has_calibrated_is_not_asked(desk: DeskWorld) -> None:
    first, second = linked_pair()
    two = Two.build(desk, first | {"version": "99"}, second)
    with pytest.raises(ScienceInputError):
        two.ask()


def test_that_a_sample_is_alike_is_told_only_by_whom_the_agency_trusts_with_it(two: Two) -> None:
    two.ask()
    draft = start_answer(
        two.desk.aroha, two.opened(two.desk.aroha), sample=two.theirs, contact="desk", now=two.desk.tick()
    )
    content = read_revision(draft)
    require_consent(two.desk.haitham, content)
    for officer in (two.desk.aroha, two.desk.casimir):
        with pytest.raises(NotPermittedError):
            require_consent(officer, content)


def test_no_message_on_a_profile_is_flash_which_one_person_alone_might_send(two: Two) -> None:
    draft = start_question(two.desk.ilka, two.sample, agencies=["xb-health"], now=two.desk.tick())
    save_revision(two.desk.ilka, draft, data={"pri": "flash"}, base=draft.current, now=two.desk.tick())
    draft.refresh_from_db()
    with pytest.raises(AlertIncompleteError) as refused:
        two.desk.submit(draft)
    assert "a second person sends it" in refused.value.errors["pri"][0]


def test_with_the_question_ends_what_follows_from_it(two: Two) -> None:
    question = two.ask()
    two.answer()
    two.agree(two.desk.ilka, two.desk.benno)
    opened = two.opened(two.desk.aroha)
    waiting = two.telling()
    withdraw_alert(two.desk.benno, question, code="error", now=two.desk.tick())
    two.desk.settle()
    with pytest.raises(AlertIncompleteError) as refused:
        release_alert(two.desk.haitham, waiting, revision=waiting.current, now=two.desk.tick())
    assert "the question was withdrawn" in refused.value.errors["alert_type"][0]
    with pytest.raises(ReplyRefusedError, match="withdrawn"):
        start_details(two.desk.aroha, opened, told=["exhibit"], now=two.desk.tick())


def test_who_takes_the_agreement_back_is_told_nothing(two: Two) -> None:
    two.ask()
    two.answer()
    agreed = two.agree(two.desk.ilka, two.desk.benno)
    waiting = two.telling()
    withdraw_alert(two.desk.benno, agreed, code="error", now=two.desk.tick())
    two.desk.settle()
    with pytest.raises((AlertIncompleteError, ReplyRefusedError)):
        release_alert(two.desk.haitham, waiting, revision=waiting.current, now=two.desk.tick())


def test_of_the_sample_of_a_withdrawn_alert_nothing_is_asked_and_nothing_told(two: Two) -> None:
    asking = start_question(two.desk.ilka, two.sample, agencies=["xb-health"], now=two.desk.tick())
    two.ask()
    answering = start_answer(
        two.desk.aroha, two.opened(two.desk.aroha), sample=two.theirs, contact="desk", now=two.desk.tick()
    )
    withdraw_alert(two.desk.benno, two.sample, code="contaminated", now=two.desk.tick())
    withdraw_alert(two.desk.haitham, two.theirs, code="contaminated", now=two.desk.tick())
    for draft in (asking, answering):
        with pytest.raises(AlertIncompleteError) as refused:
            two.desk.submit(draft)
        assert "your own alert about this sample was withdrawn" in refused.value.errors["alert_type"][0]


def test_a_question_with_a_case_in_it_stops(two: Two) -> None:
    draft = start_question(two.desk.ilka, two.sample, agencies=["xb-health"], now=two.desk.tick())
    changes = {"narrative": "From the parcel.", "title": "About our parcel"}
    save_revision(two.desk.ilka, draft, data=changes, base=draft.current, now=two.desk.tick())
    draft.refresh_from_db()
    with pytest.raises(AlertIncompleteError) as refused:
        two.desk.submit(draft)
    assert {"narrative", "title"} <= refused.value.errors.keys()


def test_of_two_that_were_asked_only_the_one_that_was_told_yes_counts_as_agreed(two: Two) -> None:
    draft = start_question(two.desk.ilka, two.sample, agencies=["xb-health", "xd-reg"], now=two.desk.tick())
    question = two.desk.send(draft)
    two.answer()
    two.agree(two.desk.ilka, two.desk.benno)
    found = {
        row.agency: row for row in disclosures_of_question(two.desk.ilka, question, now=two.desk.hub.now)
    }
    assert found["xb-health"].we_agreed and found["xb-health"].has_answered
    assert not found["xd-reg"].we_agreed and not found["xd-reg"].has_answered


def test_a_seizure_of_another_agency_is_compared_with_own_and_received_samples(desk: DeskWorld) -> None:
    first, second = linked_pair()
    own = desk.send(desk.draft(desk.aroha, **SEIZURE, profile=second, recipients=["xd-reg"]), desk.haitham)
    desk.send(desk.draft(**SEIZURE, profile=first, recipients=["xb-health"]))
    earlier = desk.received(desk.aroha)
    desk.send(desk.draft(**SEIZURE, profile=second, recipients=["xb-health"]))
    row = desk.received(desk.aroha)
    view = open_alert(desk.aroha, row, reason=ON_DUTY, now=desk.tick())
    leads = leads_of(desk.aroha, view.document, row, own_only=False, now=desk.tick())
    assert [(lead.alert, lead.received) for lead in leads.rows] == [(own, None), (None, earlier)]
    assert leads.rows[0].comparison.score == 1.0 and leads.compared == 2


def test_a_sample_of_an_exercise_is_no_lead(desk: DeskWorld) -> None:
    first, second = linked_pair()
    sample = desk.send(desk.draft(**SEIZURE, profile=first, recipients=["xd-reg"]))
    exercise = {**SEIZURE} | {"status": "exercise", "exhibit_no": "B-12"}
    desk.send(desk.draft(**exercise, profile=second, recipients=["xd-reg"]))
    rows = SampleProfile.objects.visible_to(desk.ilka)
    assert rows.count() == 2
    assert [row.alert for row in rows.standing()] == [sample]
