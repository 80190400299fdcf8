# SPDX-License-Identifier: Apache-2.0
"""Writing a draft by the form: saved on each move, errors at the field and on top, conflicts shown, nothing lost."""

import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from alerts.document.fields import Step
from alerts.drafting.drafts import attach_file, create_draft, read_draft, save_revision
from alerts.models import Alert
from desk.alerts.compose.page import LAST_STEP
from officers.models import Officer
from tests.desk_calls import ViewsInPlaceOfSockets
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld

JSON = {"accept": "application/json"}


@pytest.fixture
def author(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.ilka)


def fields_on(page: str) -> dict[str, Any]:
    """Return the form's values as a browser would send them: every control that is filled, ticked or chosen."""
    form = re.search(r'<form class="panel"[^>]*id="compose".*?</form>', page, re.S)
    assert form is not None
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form[0]):
        kind = (re.search(r'type="(\w+)"', tag) or [None, "text"])[1]
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if (
            name is None
            or kind in {"file", "submit"}
            or (kind in {"radio", "checkbox"} and "checked" not in tag)
        ):
            continue
        found.setdefault(name[1], []).append(value[1] if value else "")
    for name, inside in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form[0], re.S):
        found[name] = [inside]
    for name, inside in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form[0], re.S):
        chosen = re.search(r'value="([^"]*)" selected', inside)
        found.setdefault(name, []).append(chosen[1] if chosen else "")
    return found


def save(client: Client, draft: Alert, step: int, *, go: str = "save", **changes: Any) -> Any:
    """Load a step, change some fields and press a button."""
    address = f"/drafts/{draft.pk}/{step:d}/"
    sent = fields_on(client.get(address).content.decode())
    return client.post(address, {**sent, **changes, "go": go})


def data_of(officer: Officer, draft: Alert) -> dict[str, Any]:
    draft.refresh_from_db()
    return dict(read_draft(officer, draft).data)


def begin(client: Client, kind: str, *, go: str = "save", **changes: Any) -> Any:
    """Choose a kind, write on its first page and press a button."""
    sent = fields_on(client.get(f"/drafts/new/?alert_type={kind}").content.decode())
    return client.post("/drafts/new/", {**sent, **changes, "go": go})


def test_the_first_save_makes_the_draft_with_its_kinds_defaults(author: Client, desk: DeskWorld) -> None:
    answer = begin(author, "harm_cluster", title="Four poisonings")
    draft = Alert.objects.get()
    assert answer.headers["Location"] == f"/drafts/{draft.pk}/{Step.KNOWN:d}/"
    data = data_of(desk.ilka, draft)
    assert (data["title"], data["lane"], data["status"]) == ("Four poisonings", "public_health", "actual")


def test_a_visit_saves_nothing_and_a_page_left_empty_says_what_is_missing(
    author: Client, desk: DeskWorld
) -> None:
    assert author.get("/drafts/new/?alert_type=seizure").status_code == 200
    answer = begin(author, "seizure", go="next")
    assert answer.status_code == 422
    assert '<a href="#field-title">Title: use 5 to 120 characters on one line.</a>' in answer.content.decode()
    assert begin(author, "seizure", go="1").headers["Location"] == "/drafts/new/"
    assert not Alert.objects.exists()


def test_an_exercise_is_one_from_its_first_save(author: Client, desk: DeskWorld) -> None:
    sent = fields_on(author.get("/drafts/new/?alert_type=seizure&status=exercise").content.decode())
    author.post("/drafts/new/", sent | {"title": "Only an exercise"})
    assert Alert.objects.get().status == "exercise"


def test_the_first_autosave_names_the_address_of_the_draft(author: Client, desk: DeskWorld) -> None:
    sent = fields_on(author.get("/drafts/new/?alert_type=seizure").content.decode())
    empty = author.post("/drafts/new/", sent, headers=JSON)
    assert empty.json() == {"revision": 0, "text": "Nothing saved yet."}
    saved = author.post("/drafts/new/", sent | {"title": "Half a ti"}, headers=JSON).json()
    assert (saved["revision"], saved["address"]) == (1, f"/drafts/{Alert.objects.get().pk}/{Step.KNOWN:d}/")
    long = author.post("/drafts/new/", sent | {"narrative": "n" * 20_001}, headers=JSON)
    assert (long.status_code, Alert.objects.count()) == (422, 1)


@pytest.mark.parametrize(
    ("typed", "amount", "unit"),
    [
        ({"quantity": "2 kg"}, "2", "kg"),
        ({"quantity": "2.5KG", "unit": "g"}, "2.5", "kg"),
        ({"quantity": "3", "unit": "L"}, "3", "L"),
        ({"quantity": "2 stones", "unit": "g"}, "2 stones", "g"),
    ],
    ids=str,
)
def test_an_amount_may_be_typed_with_its_unit(
    author: Client, desk: DeskWorld, typed: dict[str, str], amount: str, unit: str
) -> None:
    begin(author, "seizure", **typed)
    data = data_of(desk.ilka, Alert.objects.get())
    assert (data["quantity"], data["unit"]) == (amount, unit)


def marks_on(page: str) -> dict[str, str]:
    """Return the pages of the alert by name, each with its hidden words."""
    buttons = re.findall(r'<span class="name">(.*?)</span>(.*?)</button>', page, re.S)
    return {
        name: re.sub(r"<[^>]+>|^, ", "", words.replace('<span class="unseen">, ', "")).strip()
        for name, words in buttons
    }


def test_each_page_says_whether_its_required_answers_are_valid(author: Client, desk: DeskWorld) -> None:
    draft = desk.draft(title="x", recipients=[], exhibit_no="X-1")
    marks = marks_on(author.get(f"/drafts/{draft.pk}/{Step.MORE:d}/").content.decode())
    assert marks == {
        "Kind": "complete",
        "What is known": "to correct",
        "Who gets it": "not complete yet",
        "Check and submit": "not complete yet",
        "Question": "nothing added",
        "Harm and patients": "nothing added",
        "Amount and route": "complete",
        "Analysis": "nothing added",
        "Files": "nothing added",
        "More": "here",
    }


def test_purpose_and_handling_follow_another_lane(author: Client, desk: DeskWorld) -> None:
    draft = desk.draft(handling=[])
    save(author, draft, Step.RECIPIENTS, lane="enforcement")
    data = data_of(desk.ilka, draft)
    assert (data["purpose"], data["handling"]) == ("investigate", ["H0"])
    save(author, draft, Step.RECIPIENTS, lane="trade", purpose="prevent")
    assert data_of(desk.ilka, draft)["purpose"] == "prevent"


def test_opening_and_saving_every_step_changes_nothing(author: Client, desk: DeskWorld) -> None:
    draft = desk.draft(
        route=[{"part": "origin", "country": "XA", "basis": "proven"}],
        recipient_reasons={"xb-health": "they saw it first"},
        technique=["ms", "nmr"],
        cases_fatal="unknown",
        quantity="412",
        unit="g",
    )
    before = data_of(desk.ilka, draft)
    for step in Step:
        if step is not LAST_STEP:
            assert save(author, draft, step).status_code == 302, step
    assert data_of(desk.ilka, draft) == before
    assert draft.current == 1, "saving what stands makes no revision"


def test_continue_goes_on_when_the_step_is_good(author: Client, desk: DeskWorld) -> None:
    draft = desk.draft()
    for step, after in ((1, 2), (2, 3), (3, 4), (Step.AMOUNT, 3), (Step.MORE, 3)):
        there = save(author, draft, step, go="next").headers["Location"]
        assert there == f"/drafts/{draft.pk}/{after}/", step
    there = save(author, draft, 1, go="10").headers["Location"]
    assert there == f"/drafts/{draft.pk}/{Step.FILES:d}/"


WRONG: dict[str, tuple[int, dict[str, Any], str]] = {
    "a title of one letter": (2, {"title": "x"}, "Title: use 5 to 120 characters on one line."),
    "a day in 2099": (2, {"event_date": "2099-01-01"}, "When: enter a day up to today."),
    "a bad CAS check digit": (
        Step.ANALYSIS,
        {"cas_rn": "50-00-1"},
        "CAS number: check digit wrong; compare the source.",
    ),
    "a short InChIKey": (
        Step.ANALYSIS,
        {"inchikey": "ABC"},
        "InChIKey: enter 14, 10, 1 letters with hyphens.",
    ),
    "a letter in a count": (2, {"cases_fatal": "nine"}, "Cases: enter a whole number or unknown."),
    "a letter in an amount": (
        Step.AMOUNT,
        {"quantity": "4l2", "unit": "g"},
        "Amount: enter more than 0, up to 1,000 t.",
    ),
    "RED with keys held by a desk": (
        3,
        {"tlp": "RED"},
        "TLP: RED needs keys held by the agency; choose AMBER+STRICT.",
    ),
    "H0 beside another": (3, {"handling": ["H0", "H1"]}, "Handling: untick H0 or the others."),
    "nobody to receive it": (3, {"recipients": []}, "To: choose an agency that can receive this."),
}


def test_what_is_wrong_stays_typed_and_is_said_at_the_field_and_on_top(
    author: Client, desk: DeskWorld
) -> None:
    for step, change, sentence in WRONG.values():
        draft = desk.draft()
        answer = save(author, draft, step, go="next", **change)
        assert answer.headers["Location"] == f"/drafts/{draft.pk}/{step:d}/?check=1#problems", sentence
        page = author.get(f"/drafts/{draft.pk}/{step:d}/?check=1").content.decode()
        name = next(iter(change))
        assert f'<a href="#field-{name}">{sentence}</a>' in page
        assert f"<span><bdi>{sentence}</bdi></span></p>" in page
        assert page.count(sentence) == 2
        assert data_of(desk.ilka, draft)[name] == (change[name] or []), "what was typed is kept"


def test_a_question_is_asked_and_can_be_kept(author: Client, desk: DeskWorld) -> None:
    draft = desk.draft(harm_evidence="none_yet")
    page = author.get(f"/drafts/{draft.pk}/2/").content.decode()
    assert "Harm: you report cases; choose suspected or more." in page
    assert save(author, draft, 2, go="next").headers["Location"].endswith("?check=1#problems")
    save(author, draft, 2, go="next", kept=["cases-without-harm"])
    assert read_draft(desk.ilka, Alert.objects.get(pk=draft.pk)).kept == ("cases-without-harm",)
    save(author, draft, 3)
    assert read_draft(desk.ilka, Alert.objects.get(pk=draft.pk)).kept == ("cases-without-harm",)
    save(author, draft, 2, kept=[])
    assert read_draft(desk.ilka, Alert.objects.get(pk=draft.pk)).kept == ()


def test_a_value_too_long_to_keep_comes_back_on_the_page(author: Client, desk: DeskWorld) -> None:
    draft = desk.draft()
    answer = save(author, draft, 2, narrative="n" * 20_001)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "What happened: use up to 10,000 characters." in page
    assert "n" * 20_001 in page, "nothing typed is lost"
    assert draft.current == 1


def test_markup_in_a_field_is_text_on_every_page(author: Client, desk: DeskWorld) -> None:
    hostile = "<img src=x onerror=alert(1)>\"'"
    draft = desk.draft(title=hostile, narrative=hostile, preferred_name=hostile, place_region=hostile)
    for address in (f"/drafts/{draft.pk}/2/", f"/drafts/{draft.pk}/4/", "/drafts/"):
        page = author.get(address).content.decode()
        assert "&lt;img src=x" in page
        assert "<img" not in page


# --- saving while typing, and two officers at once ------------------------------------------------------------


def test_an_autosave_answers_the_new_revision_with_its_time_and_zone(author: Client, desk: DeskWorld) -> None:
    draft = desk.draft()
    sent = fields_on(author.get(f"/drafts/{draft.pk}/2/").content.decode()) | {"title": "Another title"}
    answer = author.post(f"/drafts/{draft.pk}/2/", sent, headers=JSON)
    assert answer.json()["revision"] == 2
    assert re.fullmatch(r"Saved \d+ \w+ \d{4} \d\d:\d\d\sUTC.*", answer.json()["text"])


def test_the_second_of_two_officers_sees_both_texts(author: Client, desk: DeskWorld) -> None:
    draft = desk.draft()
    sent = fields_on(author.get(f"/drafts/{draft.pk}/2/").content.decode()) | {"title": "My own title"}
    save_revision(desk.ilka, draft, data={"title": "Their title"}, base=1, now=desk.tick())
    assert author.post(f"/drafts/{draft.pk}/2/", sent, headers=JSON).status_code == 409
    answer = author.post(f"/drafts/{draft.pk}/2/", sent)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Their title" in page and "My own title" in page
    assert "This draft was saved in another window" in page
    assert data_of(desk.ilka, draft)["title"] == "Their title"


REGION = {
    "ratios": [{"isotope": "d13C", "standard": "VPDB", "value": "-28.4", "uncertainty": "0.2"}],
    "region": "Northern Arvenia", "certainty": "probable", "basis": "Map of 2024",
}  # fmt: skip
PROFILE = {"method": "M-1", "version": "1", "values": ["0.2", None, "0.7"]}


def test_a_conflict_tells_isotopes_and_profiles_in_words(author: Client, desk: DeskWorld) -> None:
    draft = create_draft(desk.ilka, alert_type="seizure", now=desk.tick())
    sent = fields_on(author.get(f"/drafts/{draft.pk}/7/").content.decode()) | {
        "region_evidence-scale": "d18O|VSMOW", "region_evidence-certainty": "suggested",
        "profile-method": "M-1", "profile-version": "1", "profile-values": "0.2, nd, 0.8",
    }  # fmt: skip
    save_revision(
        desk.ilka, draft, data={"region_evidence": REGION, "profile": PROFILE}, base=1, now=desk.tick()
    )
    page = author.post(f"/drafts/{draft.pk}/7/", sent).content.decode()
    assert "Northern Arvenia (Probable): δ¹³C -28.4 ± 0.2 ‰ (VPDB)" in page
    assert "δ¹⁸O, VSMOW" in page and "M-1, 1, 0.2; –; 0.7" in page and "M-1, 1, 0.2; –; 0.8" in page
    table = page.partition("<table")[2].partition("</table>")[0]
    assert not re.search(r"ratios|isotope|d13C|d18O|None|[{\[]", table)


def conflicting(author: Client, desk: DeskWorld) -> tuple[Alert, dict[str, str]]:
    """Return a draft that was saved meanwhile, and the hidden fields of the conflict page's forms."""
    draft = desk.draft()
    sent = fields_on(author.get(f"/drafts/{draft.pk}/2/").content.decode()) | {"title": "My own title"}
    save_revision(desk.ilka, draft, data={"title": "Their title"}, base=1, now=desk.tick())
    page = author.post(f"/drafts/{draft.pk}/2/", sent).content.decode()
    carried = re.search(r'name="mine" value="([^"]*)"', page)
    assert carried is not None
    return draft, {
        "mine": carried[1].replace("&quot;", '"').replace("&#x27;", "'"),
        "revision": "2",
        "step": "1",
    }


def test_apply_mine_saves_over_theirs_and_is_asked_again_when_a_third_save_came_between(
    author: Client, desk: DeskWorld
) -> None:
    draft, carried = conflicting(author, desk)
    save_revision(desk.ilka, draft, data={"title": "A third title"}, base=2, now=desk.tick())
    assert author.post(f"/drafts/{draft.pk}/overwrite/", carried).status_code == 409
    assert author.post(f"/drafts/{draft.pk}/overwrite/", carried | {"revision": "3"}).status_code == 302
    assert data_of(desk.ilka, draft)["title"] == "My own title"


def test_save_as_copy_keeps_both(author: Client, desk: DeskWorld) -> None:
    draft, carried = conflicting(author, desk)
    answer = author.post(f"/drafts/{draft.pk}/copy/", carried)
    copy = Alert.objects.exclude(pk=draft.pk).get()
    assert answer.headers["Location"] == f"/drafts/{copy.pk}/2/"
    assert data_of(desk.ilka, copy)["title"] == "My own title"
    assert data_of(desk.ilka, draft)["title"] == "Their title"


def test_submitting_what_another_author_saved_meanwhile_shows_both_texts(
    author: Client, desk: DeskWorld, as_officer: SignIn
) -> None:
    draft = desk.draft()
    shown = author.get(f"/drafts/{draft.pk}/{LAST_STEP}/").content.decode()
    carried = re.search(r'name="revision" value="(\d+)"', shown)
    assert carried is not None
    desk.sunniva.roles = [*desk.sunniva.roles, "author"]
    desk.sunniva.save()
    other = as_officer(desk.sunniva)
    sent = fields_on(other.get(f"/drafts/{draft.pk}/2/").content.decode()) | {"title": "Their title"}
    assert other.post(f"/drafts/{draft.pk}/2/", sent).status_code == 302
    answer = author.post(f"/drafts/{draft.pk}/submit/", {"revision": carried[1]})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "This draft was saved in another window" in page
    assert "Their title" in page and f"Nine collapses {CONTENT}" in page
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_submitting_a_revision_that_never_was_is_absent_and_one_before_a_file_is_said(
    author: Client, desk: DeskWorld
) -> None:
    draft = desk.draft()
    for body in ({}, {"revision": "0"}, {"revision": "7"}):
        assert author.post(f"/drafts/{draft.pk}/submit/", body).status_code == 404
    attach_file(desk.ilka, draft, base=1, filename="a.txt", data=b"a", now=desk.tick())
    answer = author.post(f"/drafts/{draft.pk}/submit/", {"revision": "1"})
    assert answer.status_code == 409
    assert "The text is the same" in answer.content.decode()


def test_a_form_that_no_page_of_ours_makes_is_absent(author: Client, desk: DeskWorld) -> None:
    draft = desk.draft()
    for body in ({"mine": "no json"}, {"mine": json.dumps(["list"])}, {}):
        assert author.post(f"/drafts/{draft.pk}/overwrite/", body | {"revision": "1"}).status_code == 404
    assert author.post(f"/drafts/{draft.pk}/2/", {"title": "No revision"}).status_code == 404
    assert author.post(f"/drafts/{draft.pk}/2/", {"title": "Future", "revision": "99"}).status_code == 404
    assert author.get(f"/drafts/{draft.pk}/12/").status_code == 404
    assert author.get(f"/drafts/{draft.pk}/0/").status_code == 404
    unknown = author.post(f"/drafts/{draft.pk}/copy/", {"mine": json.dumps({"agency": "xb-health"})})
    assert unknown.status_code == 422


# --- files ----------------------------------------------------------------------------------------------------


def test_files_are_added_listed_and_removed(author: Client, desk: DeskWorld) -> None:
    draft = desk.draft()
    spectrum = SimpleUploadedFile("etizolam.msp", b"Name: etizolam\nNum Peaks: 1\n343 999\n")
    save(author, draft, Step.FILES, go="attach", files=spectrum)
    assert "etizolam.msp" in author.get(f"/drafts/{draft.pk}/10/").content.decode()
    assert "etizolam.msp" in author.get(f"/drafts/{draft.pk}/4/").content.decode()
    save(author, draft, Step.FILES, go="remove-0")
    assert read_draft(desk.ilka, Alert.objects.get(pk=draft.pk)).attachments == ()


def test_a_refused_file_says_why_and_the_fields_are_saved(author: Client, desk: DeskWorld) -> None:
    draft = desk.draft()
    answer = save(
        author,
        draft,
        Step.FILES,
        go="attach",
        shown=["formula"],
        formula="C17H13ClN4S",
        files=SimpleUploadedFile("empty.txt", b""),
    )
    assert answer.status_code == 422
    assert "Files: “empty.txt” is empty." in answer.content.decode()
    assert data_of(desk.ilka, draft)["formula"] == "C17H13ClN4S"
    assert "Files: choose a file first." in save(author, draft, Step.FILES, go="attach").content.decode()


# --- recipients and submitting ----------------------------------------------------------------------------------


def test_who_will_receive_this_follows_what_is_chosen_and_saves_nothing(
    author: Client, desk: DeskWorld
) -> None:
    desk.hub.make_agency("xf-border", name="Border Police, Fenlund", suites=("EC1",))
    draft = desk.draft()
    sent = fields_on(author.get(f"/drafts/{draft.pk}/3/").content.decode())
    answer = author.post(f"/drafts/{draft.pk}/reach/", sent | {"recipients": ["xb-health", "xf-border"]})
    page = answer.content.decode()
    assert "Health Authority, Belmora" in page and "1 will receive it" in page
    assert "No agreement joins you and Border Police, Fenlund." in page
    assert "Precursor Office" not in page
    draft.refresh_from_db()
    assert draft.current == 1


def test_a_draft_is_written_while_the_exchange_is_away_and_says_that_nobody_was_asked(
    author: Client, desk: DeskWorld, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    draft = desk.draft()
    exchange_as_asked.is_away = True
    for step in (3, 4):
        page = author.get(f"/drafts/{draft.pk}/{step}/").content.decode()
        assert "The exchange could not be asked who may receive this" in page
        assert "Nobody yet: choose recipients." not in page
    assert save(author, draft, 3, go="next", recipients=["xb-health"]).status_code == 302
    assert data_of(desk.ilka, draft)["recipients"] == ["xb-health"]
    answer = author.post(f"/drafts/{draft.pk}/submit/", {"revision": draft.current})
    assert answer.status_code == 503


def test_a_circle_stands_for_its_members(author: Client, desk: DeskWorld) -> None:
    draft = desk.draft(recipients=[])
    save(author, draft, 3, circle=["Early Look"])
    assert data_of(desk.ilka, draft)["recipients"] == ["xb-health"]
    save(author, draft, 3, recipients=[], circle=["A circle of others"])
    assert data_of(desk.ilka, draft)["recipients"] == []


def test_the_last_step_names_what_stops_it_with_links(author: Client, desk: DeskWorld) -> None:
    draft = desk.draft(title="x", cas_rn="50-00-1")
    page = author.get(f"/drafts/{draft.pk}/4/").content.decode()
    assert f'href="/drafts/{draft.pk}/2/?check=1#field-title"' in page
    assert f'href="/drafts/{draft.pk}/9/?check=1#field-cas_rn"' in page
    assert "Submit for release" not in page
    assert author.post(f"/drafts/{draft.pk}/submit/", {"revision": "1"}).status_code == 302
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_the_last_step_says_who_could_send_it_and_takes_nothing_that_nobody_could(
    author: Client, desk: DeskWorld
) -> None:
    draft = desk.draft()
    page = author.get(f"/drafts/{draft.pk}/4/").content.decode()
    assert "Could send it:" in page and "<bdi>Benno Ashgrove</bdi>" in page
    desk.benno.is_active = False
    desk.benno.save()
    page = author.get(f"/drafts/{draft.pk}/4/").content.decode()
    assert "nobody else could check and send it" in page and "Submit for release" not in page
    answer = author.post(f"/drafts/{draft.pk}/submit/", {"revision": "1"})
    assert answer.headers["Location"] == f"/drafts/{draft.pk}/4/"
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_submitting_hands_it_to_the_second_person(author: Client, desk: DeskWorld) -> None:
    draft = desk.draft()
    author.post(f"/drafts/{draft.pk}/submit/", {"revision": "1"})
    draft.refresh_from_db()
    assert draft.state == "submitted"
    assert author.get(f"/drafts/{draft.pk}/2/").headers["Location"] == f"/queue/{draft.pk}/"
    again = author.post(f"/drafts/{draft.pk}/submit/", {"revision": "1"})
    assert again.status_code == 409
    assert "Waiting for release" in again.content.decode()


def test_a_discarded_draft_leaves_the_list(author: Client, desk: DeskWorld) -> None:
    draft = desk.draft()
    assert CONTENT in author.get("/drafts/").content.decode()
    author.post(f"/drafts/{draft.pk}/discard/")
    page = author.get("/drafts/").content.decode()
    assert "No drafts." in page
    assert CONTENT not in page
