# SPDX-License-Identifier: Apache-2.0
"""The pages of every kind of alert: fields, rows and moments as typed, templates, copies, the end of a session."""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from alerts.document.fields import Step
from alerts.drafting.drafts import read_draft
from alerts.models import Alert
from alerts.rows.saved import DraftTemplate
from desk.alerts.compose.page import LAST_STEP
from peers.models import Agency
from tests.bound_rows import rewrite
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld
from tests.pages.test_compose import JSON, begin, data_of, fields_on, save

KINDS = ("new_substance", "harm_cluster", "seizure", "suspicious_order", "request_for_information")
PARTY = {"role": "forwarder", "name": "Blue Heron", "category": "organisation", "country": "XB"}


@pytest.fixture
def author(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.ilka)


def text_of(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def shown_on(page: str) -> set[str]:
    return set(re.findall(r'name="shown" value="(\w+)"', page))


def test_every_kind_can_be_started_and_saved_page_by_page(author: Client, desk: DeskWorld) -> None:
    page = text_of(author, "/drafts/new/")
    for kind in KINDS:
        assert f'name="alert_type" value="{kind}"' in page
        address = begin(author, kind, title="Seen for the first time").headers["Location"]
        draft = Alert.objects.get(pk=address.split("/")[2])
        before = data_of(desk.ilka, draft)
        for step in Step:
            if step is not LAST_STEP:
                assert save(author, draft, step).status_code == 302, (kind, step)
        assert data_of(desk.ilka, draft) == before, kind
        assert draft.current == 1, kind


KNOWN = {
    "new_substance": {"harm_evidence"},
    "harm_cluster": {"harm_evidence", "cases_non_fatal", "cases_fatal"},
    "seizure": {"quantity", "unit"},
    "suspicious_order": {"parties"},
    "request_for_information": {"question", "request_priority", "due_at", "due_reason"},
    "legal_status_change": {"proposed_rule"},
}


def test_what_is_known_asks_what_its_kind_is_about(author: Client, desk: DeskWorld) -> None:
    for kind, names in KNOWN.items():
        shown = shown_on(text_of(author, f"/drafts/new/?alert_type={kind}"))
        assert names | {"title", "preferred_name"} <= shown, kind
        for others in KNOWN.values():
            assert not (others - names) & shown, kind


JUDGED = (
    *("harm_evidence", "identity_state", "source_grade", "info_grade", "certainty", "severity", "kyc_result"),
    "assessment_kind",
)
PRESET = {"status": "actual", "tlp": "AMBER", "pri": "routine"}


GRADES = {"source_grade", "info_grade"}


def test_nothing_that_a_person_must_judge_is_preselected_on_any_page(author: Client, desk: DeskWorld) -> None:
    """A laboratory, unlike customs, is not asked for grades: the pages that ask customs are looked at as both."""
    rewrite(Agency.objects.filter(pk=desk.lab.pk), kind="customs")
    asked, preset, with_grades = set[str](), dict[str, set[str]](), list[str]()
    for kind in KNOWN:
        address = begin(author, kind, title="Seen for the first time").headers["Location"]
        at = address.rsplit("/", 2)[0]
        pages = [
            f"/drafts/new/?alert_type={kind}",
            *(f"{at}/{step:d}/" for step in Step if step is not LAST_STEP),
        ]
        for page in pages:
            judged, filled = judged_on(author, page)
            asked |= judged
            if judged & GRADES:
                with_grades.append(page)
            for name in PRESET.keys() & filled.keys():
                preset.setdefault(name, set()).update(
                    [filled[name]] if isinstance(filled[name], str) else filled[name]
                )
    assert asked == set(JUDGED), "each was looked at"
    assert preset == {name: {value} for name, value in PRESET.items()}
    rewrite(Agency.objects.filter(pk=desk.lab.pk), kind="laboratory")
    for page in with_grades:
        assert not judged_on(author, page)[0] & GRADES, page


def judged_on(author: Client, page: str) -> tuple[set[str], dict[str, Any]]:
    """Return what a person must judge on this page, and what the page fills in, which is nothing of that."""
    text = text_of(author, page)
    filled = fields_on(text)
    assert [name for name in JUDGED if any(filled.get(name, ()))] == [], page
    assert "parties-unknown" not in filled, page
    return shown_on(text) & set(JUDGED), filled


def test_any_kind_of_alert_may_carry_a_question_with_its_time(author: Client, desk: DeskWorld) -> None:
    draft = desk.draft(alert_type="seizure", cases_non_fatal=None, cases_fatal=None, question="Seen it?")
    page = text_of(author, f"/drafts/{draft.pk}/{Step.QUESTION:d}/?check=1")
    assert '<a href="#field-request_priority">Answer by: choose one.</a>' in page
    save(author, draft, Step.QUESTION, request_priority="urgent_direct")
    assert "If it is sent now:" in text_of(author, f"/drafts/{draft.pk}/{LAST_STEP:d}/")


def test_a_field_of_another_kind_that_holds_something_is_shown_and_stays(
    author: Client, desk: DeskWorld
) -> None:
    draft = desk.draft(exhibit_no="XA-17")
    save(author, draft, 1, alert_type="request_for_information")
    assert "exhibit_no" in shown_on(text_of(author, f"/drafts/{draft.pk}/{Step.AMOUNT:d}/"))
    assert "cases_non_fatal" in shown_on(text_of(author, f"/drafts/{draft.pk}/{Step.CASES:d}/"))
    save(author, draft, 2, question="Seen it?")
    data = data_of(desk.ilka, draft)
    assert (data["exhibit_no"], data["question"], data["cases_non_fatal"]) == ("XA-17", "Seen it?", 9)


def test_a_page_touches_only_what_it_showed(author: Client, desk: DeskWorld) -> None:
    draft = desk.draft(alert_type="seizure", concealment="in a wheel")
    sent = fields_on(text_of(author, f"/drafts/{draft.pk}/7/"))
    sent["shown"] = [name for name in sent["shown"] if name != "concealment"]
    author.post(f"/drafts/{draft.pk}/7/", sent | {"concealment": "", "exhibit_no": "X-1"})
    data = data_of(desk.ilka, draft)
    assert (data["concealment"], data["exhibit_no"]) == ("in a wheel", "X-1")


# --- parties --------------------------------------------------------------------------------------------------


def parties(*rows: dict[str, str]) -> dict[str, Any]:
    return {
        f"parties-{name}": [row.get(name, "") for row in rows]
        for name in ("role", "name", "category", "country")
    }


def test_parties_are_rows_and_rows_win_over_unknown(author: Client, desk: DeskWorld) -> None:
    draft = desk.draft(alert_type="suspicious_order", parties="unknown")
    assert 'name="parties-unknown" value="unknown" checked' in text_of(author, f"/drafts/{draft.pk}/2/")
    save(author, draft, 2, **parties(PARTY, {"category": "unknown"}), **{"parties-unknown": "unknown"})
    assert data_of(desk.ilka, draft)["parties"] == [PARTY]
    page = text_of(author, f"/drafts/{draft.pk}/2/")
    assert 'value="Blue Heron"' in page and "checked" not in page.split('name="parties-unknown"')[1][:40]
    save(author, draft, 2, **parties(PARTY | {"category": ""}))
    assert data_of(desk.ilka, draft)["parties"] == [PARTY | {"category": None}], "nobody judged it yet"
    assert "Parties: give each a name, a role and a category." in text_of(
        author, f"/drafts/{draft.pk}/2/?check=1"
    )
    save(author, draft, 2, **parties({}))
    assert data_of(desk.ilka, draft)["parties"] == []
    page = text_of(author, f"/drafts/{draft.pk}/2/?check=1")
    assert '<a href="#field-parties">Parties: add one or choose unknown.</a>' in page


def test_a_party_is_said_in_words_to_the_recipient(author: Client, desk: DeskWorld) -> None:
    draft = desk.draft(
        alert_type="suspicious_order", parties=[PARTY], red_flags=["licence_ended"], kyc_result="fail"
    )
    page = text_of(author, f"/drafts/{draft.pk}/4/")
    assert "Forwarder: Blue Heron (Organisation, no person, XB)" in page
    assert "Licence ended or missing" in page


# --- by when ------------------------------------------------------------------------------------------------


def request_for(desk: DeskWorld, **changes: Any) -> Alert:
    return desk.draft(alert_type="request_for_information", question="Seen it?", **changes)


def test_the_time_to_answer_is_shown_in_ones_own_zone_and_in_theirs(author: Client, desk: DeskWorld) -> None:
    due = (timezone.now() + dt.timedelta(days=3)).astimezone(dt.UTC).replace(hour=12, minute=30)
    draft = request_for(
        desk,
        request_priority="custom",
        due_at=f"{due:%Y-%m-%dT%H:%M}Z",
        due_reason="Court",
        recipients=["xb-health"],
    )
    for step in (2, LAST_STEP):
        panel = text_of(author, f"/drafts/{draft.pk}/{step}/").split("Answer by</h2>")[1].split("</dl>")[0]
        assert "As you set it:" in panel
        assert "12:30\N{NO-BREAK SPACE}UTC<" in panel
        assert "Health Authority, Belmora" in panel
        assert panel.count("<time") == 3
        assert re.search(r"UTC\+(9:30|10:30)<", panel), "Adelaide"


def test_a_counted_time_says_that_it_counts_from_sending(author: Client, desk: DeskWorld) -> None:
    draft = request_for(desk, request_priority="urgent_direct")
    assert "If it is sent now:" in text_of(author, f"/drafts/{draft.pk}/2/")
    assert "If it is sent now:" not in text_of(author, f"/drafts/{desk.draft().pk}/2/")


def test_a_moment_is_typed_as_ones_own_wall_clock(author: Client, desk: DeskWorld) -> None:
    draft = request_for(desk)
    save(author, draft, 2, request_priority="custom", due_at="2027-07-01T14:30", due_reason="Court")
    assert data_of(desk.ilka, draft)["due_at"] == "2027-07-01T12:30Z", "Vienna, in summer"
    assert 'value="2027-07-01T14:30"' in text_of(author, f"/drafts/{draft.pk}/2/")
    for typed, meant, shown in (
        ("2027-03-28T02:30", "2027-03-28T01:30Z", "2027-03-28T03:30"),
        ("2027-10-31T02:30", "2027-10-31T00:30Z", "2027-10-31T02:30"),
    ):
        save(author, draft, 2, due_at=typed)
        assert data_of(desk.ilka, draft)["due_at"] == meant, "the hour that Vienna leaves out, and repeats"
        assert f'value="{shown}"' in text_of(author, f"/drafts/{draft.pk}/2/")
    save(author, draft, 2, due_at="2026-02-30T14:30")
    assert data_of(desk.ilka, draft)["due_at"] == "2026-02-30T14:30", "what was typed is kept"


def test_a_request_travels_with_its_time_and_is_read_with_it(desk: DeskWorld, as_officer: SignIn) -> None:
    sent = desk.send(request_for(desk, request_priority="urgent_direct", recipients=["xb-health"]))
    received = desk.received(desk.aroha)
    assert sent.released_at is not None and received.reply_by is not None
    assert abs(received.reply_by - sent.released_at - dt.timedelta(hours=8)) < dt.timedelta(seconds=2)
    reader = as_officer(desk.aroha)
    reader.post(f"/inbox/{received.pk}/", {"reason": "on_duty"})
    page = text_of(reader, f"/inbox/{received.pk}/")
    assert "Seen it?" in page and "Answer by</h3>" in page


def test_names_written_before_are_offered(author: Client, desk: DeskWorld, as_officer: SignIn) -> None:
    desk.draft(preferred_name="metonitazene")
    page = text_of(author, f"/drafts/{desk.draft(preferred_name=None).pk}/2/")
    assert '<option dir="auto" value="metonitazene">' in page
    other = desk.draft(desk.aroha, preferred_name=None)
    assert "metonitazene" not in text_of(as_officer(desk.aroha), f"/drafts/{other.pk}/2/")


def rows_of_page(page: str) -> list[tuple[str, str]]:
    """Return label and words of every fact that a reader sees under the content's headings."""
    tidy = re.sub(r"\s+", " ", page)
    pairs = re.findall(r"<dt>(.*?)</dt><dd[^>]*>(.*?)</dd>", tidy)
    return [
        (re.sub(r"<[^>]+>", "", label).strip(), re.sub(r"<[^>]+>", "", words).strip())
        for label, words in pairs
    ]


def test_the_preview_says_what_the_recipient_reads(
    author: Client, desk: DeskWorld, as_officer: SignIn
) -> None:
    draft = desk.draft(
        alert_type="suspicious_order",
        parties=[PARTY],
        red_flags=["licence_ended"],
        kyc_result="fail",
        quantity="25",
        unit="kg",
        physical_form="powder",
        route=[{"part": "origin", "country": "XA", "basis": "proven"}],
        handling=["H1"],
        recipients=["xb-health"],
    )
    page = text_of(author, f"/drafts/{draft.pk}/4/")
    promised = rows_of_page(page.split('class="panel preview ')[1].split("<aside")[0])
    desk.send(draft)
    reader, received = as_officer(desk.aroha), desk.received(desk.aroha)
    reader.post(f"/inbox/{received.pk}/", {"reason": "on_duty"})
    read = rows_of_page(text_of(reader, f"/inbox/{received.pk}/"))
    assert ("Parties", "Forwarder: Blue Heron (Organisation, no person, XB)") in promised
    assert len(promised) > 10
    assert [row for row in promised if row not in read] == []


# --- danger to life -------------------------------------------------------------------------------------------


def test_the_preview_of_a_life_safety_alert_is_what_a_recipient_will_read(
    author: Client, desk: DeskWorld, as_officer: SignIn
) -> None:
    draft = desk.draft(pri="flash", health_measures="Told\u202e ambulances", concealment="ZZ")
    page = text_of(author, f"/drafts/{draft.pk}/4/")
    assert "Sent without: Measures." in page
    assert "Told" not in page.split("Sent without")[1]
    assert "Submit for release" in page
    checker = as_officer(desk.benno)
    seen = text_of(checker, f"/queue/{desk.submit(draft).pk}/")
    assert "Sent without: Measures." in seen and "ambulances" not in seen


def test_a_question_about_a_life_safety_alert_is_shown_and_holds_nothing_up(
    author: Client, desk: DeskWorld
) -> None:
    unknown: dict[str, Any] = {"cases_non_fatal": "unknown", "cases_fatal": "unknown"}
    draft = desk.draft(pri="flash", harm_evidence="none_yet", **unknown)
    page = text_of(author, f"/drafts/{draft.pk}/{LAST_STEP:d}/")
    assert "flash is danger to life, but no harm and no case is known" in page
    assert "Submit for release" in page


# --- templates and copies ---------------------------------------------------------------------------------------


def test_a_template_is_kept_started_from_and_deleted(
    author: Client, desk: DeskWorld, as_officer: SignIn
) -> None:
    draft = desk.draft()
    assert "No template yet." in text_of(author, "/drafts/new/")
    author.post(f"/drafts/{draft.pk}/template/", {"name": "Festival <b>season</b>"})
    template = DraftTemplate.objects.get()
    page = text_of(author, "/drafts/new/")
    assert "Festival &lt;b&gt;season&lt;/b&gt;" in page and "Cluster of harm" in page
    started = author.post(f"/drafts/templates/{template.pk}/start/").headers["Location"]
    copy = Alert.objects.get(pk=started.split("/")[2])
    assert data_of(desk.ilka, copy)["title"] == f"Nine collapses {CONTENT}"
    stranger = as_officer(desk.aroha)
    assert "Festival" not in text_of(stranger, "/drafts/new/")
    for act in ("start", "delete"):
        assert stranger.post(f"/drafts/templates/{template.pk}/{act}/").status_code == 404
    author.post(f"/drafts/templates/{template.pk}/delete/")
    assert "1 template deleted." in text_of(author, "/drafts/new/")
    assert not DraftTemplate.objects.exists()


def test_a_template_without_a_name_is_asked_for_again(author: Client, desk: DeskWorld) -> None:
    draft = desk.draft()
    answer = author.post(f"/drafts/{draft.pk}/template/", {"name": "x" * 81})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Name: use 1 to 80 characters on one line." in page and "x" * 81 in page
    assert not DraftTemplate.objects.exists()


def test_a_sent_alert_is_copied_as_new(
    author: Client, desk: DeskWorld, as_officer: SignIn, sent: Alert
) -> None:
    assert f'action="/outbox/{sent.pk}/copy/"' in text_of(author, f"/outbox/{sent.pk}/")
    address = author.post(f"/outbox/{sent.pk}/copy/").headers["Location"]
    page = text_of(author, address)
    assert "A new draft. Days are set anew; files were not copied." in page
    assert CONTENT in page
    releaser = as_officer(desk.benno)
    assert "Copy as new" not in text_of(releaser, f"/outbox/{sent.pk}/")
    assert releaser.post(f"/outbox/{sent.pk}/copy/").status_code == 403
    assert as_officer(desk.aroha).post(f"/outbox/{sent.pk}/copy/").status_code == 404


def test_a_received_alert_is_copied_only_while_it_is_being_read(
    desk: DeskWorld, as_officer: SignIn, sent: Alert
) -> None:
    received = desk.received(desk.aroha)
    reader = as_officer(desk.aroha)
    before = Alert.objects.count()
    assert reader.post(f"/inbox/{received.pk}/copy/").headers["Location"] == f"/inbox/{received.pk}/"
    assert Alert.objects.count() == before, "no reason was given"
    reader.post(f"/inbox/{received.pk}/", {"reason": "on_duty"})
    assert f'action="/inbox/{received.pk}/copy/"' in text_of(reader, f"/inbox/{received.pk}/")
    copied = reader.post(f"/inbox/{received.pk}/copy/").headers["Location"]
    assert CONTENT in text_of(reader, copied)


# --- a session ends -------------------------------------------------------------------------------------------


def test_a_session_that_ended_leads_back_to_the_same_page_and_saves_nothing(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    draft = desk.draft()
    for checked, headers in ((False, {}), (True, {}), (False, JSON)):
        client = as_officer(desk.ilka, csrf=checked)
        sent = fields_on(text_of(client, f"/drafts/{draft.pk}/7/"))
        client.session.flush()
        answer = client.post(f"/drafts/{draft.pk}/7/", sent | {"exhibit_no": "lost"}, headers=headers)
        address = answer.headers["Location"]
        assert address == f"/login/?next=%2Fdrafts%2F{draft.pk}%2F7%2F&ended=unsaved"
        page = text_of(client, address)
        assert "You were signed out. Your draft is saved, but not what you typed on its last page." in page
    assert read_draft(desk.ilka, Alert.objects.get(pk=draft.pk)).number == 1


# --- how much a page asks of the database -----------------------------------------------------------------------


def test_each_page_of_a_draft_takes_few_queries(
    author: Client, desk: DeskWorld, django_assert_max_num_queries: Any
) -> None:
    draft = desk.draft(alert_type="suspicious_order", parties=[PARTY], route=[])
    save(author, draft, 1, go="next")
    for step in Step:
        # The menu counts what waits in one. The last step also asks for each recipient's keys and for the officers who could release.
        with django_assert_max_num_queries(33 if step == LAST_STEP else 23):
            page = text_of(author, f"/drafts/{draft.pk}/{step:d}/")
        assert len(page.encode()) < 150_000, step
    with django_assert_max_num_queries(23):
        text_of(author, "/drafts/new/")
    sent = fields_on(text_of(author, f"/drafts/{draft.pk}/2/"))
    with django_assert_max_num_queries(25):
        answer = author.post(f"/drafts/{draft.pk}/2/", sent | {"title": "Typed a little more"}, headers=JSON)
    assert answer.status_code == 200
