# SPDX-License-Identifier: Apache-2.0
"""The pages and the JSON of casework: each job by the same service, markup inert, absent and not visible alike."""

import re
from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from casework.cases import add_item, open_case
from casework.models import Case, CaseItem, Note, Task, Unit
from casework.notes import write_note
from casework.tasks import Assignment, create_task
from officers.models import Officer
from tests.api.sessions import Session
from tests.casework.conftest import asked, facts, incoming
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

MARKUP = "<script>alert(1)</script>"


def text_of(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, address
    return answer.content.decode()


def given(unit: Unit, **changed: Any) -> dict[str, Any]:
    day = (timezone.now() + timedelta(days=90)).date().isoformat()
    return (
        {"number": "K 20/26", "title": "White powder", "summary": "", "unit": str(unit.pk)}
        | {
            "access": "unit",
            "review_on": day,
        }
        | changed
    )


def test_a_case_is_opened_changed_closed_and_reopened_on_its_pages(
    desk: DeskWorld, as_officer: SignIn, unit: Unit
) -> None:
    client = as_officer(desk.ilka)
    assert "No case yet." in text_of(client, "/cases/")
    answer = client.post("/cases/new/", given(unit, number=MARKUP))
    case = Case.objects.get()
    assert answer.headers["Location"] == f"/cases/{case.pk}/"
    page = text_of(client, f"/cases/{case.pk}/")
    assert MARKUP not in page and "&lt;script&gt;" in page and "White powder" in page
    again = client.post("/cases/new/", given(unit, number=MARKUP))
    assert again.status_code == 422 and "choose another one" in again.content.decode()
    client.post(f"/cases/{case.pk}/change/", given(unit, title="Grey powder"))
    assert "Grey powder" in text_of(client, "/cases/")
    client.post(f"/cases/{case.pk}/close/", {"reason": "No charges."})
    assert "No charges." in text_of(client, f"/cases/{case.pk}/")
    client.post(f"/cases/{case.pk}/reopen/")
    assert "No charges." not in text_of(client, f"/cases/{case.pk}/")


def test_notes_are_deleted_only_where_the_review_of_a_closed_case_says_so(
    desk: DeskWorld, as_officer: SignIn, case: Case
) -> None:
    client, there = as_officer(desk.benno), f"/cases/{case.pk}/review/"
    write_note(desk.benno, case, text="Seen in May.", now=desk.tick())
    assert "Delete them for good" not in text_of(client, there)
    for act in ("review", "close", "change", "note"):
        assert "K 14/26" in text_of(client, f"/cases/{case.pk}/{act}/"), act
    client.post(f"/cases/{case.pk}/close/", {"reason": "No charges."})
    page = text_of(client, there)
    kept, day = (
        re.search(r'value="keep"[^>]* checked', page),
        re.search(r'name="next_on" value="([^"]+)"', page),
    )
    assert kept and day and "Delete them for good" in page
    dayless = client.post(there, {"notes": "keep", "next_on": ""})
    assert dayless.status_code == 422 and "Next review: write the day" in dayless.content.decode()
    for choice, said, left in (("keep", "The notes are kept.", 1), ("delete", "The notes are deleted.", 0)):
        answer = client.post(there, {"notes": choice, "next_on": day[1]}, follow=True)
        assert said in answer.content.decode() and Note.objects.count() == left


def test_what_cannot_be_done_yet_says_what_comes_first(
    desk: DeskWorld, as_officer: SignIn, unit: Unit
) -> None:
    received = incoming(desk)
    page = text_of(as_officer(desk.benno), f"/about/{received.pk}/case/")
    assert 'href="/cases/new/"' in page and "Put it in" not in page
    unit.members.clear()
    page = text_of(as_officer(desk.benno), f"/about/{received.pk}/case/")
    assert "You belong to no unit yet" in page and "/cases/new/" not in page
    assert "/cases/new/" not in text_of(as_officer(desk.benno), "/cases/")
    page = text_of(as_officer(desk.benno), "/cases/new/")
    assert "an agency admin puts officers into units" in page and "Open the case" not in page


def test_the_top_of_a_form_names_the_field_of_each_problem(
    desk: DeskWorld, as_officer: SignIn, unit: Unit
) -> None:
    page = (
        as_officer(desk.ilka)
        .post("/cases/new/", given(unit, number="", title="") | {"unit": ""})
        .content.decode()
    )
    top = page.split('id="problems"')[1].split("</ul>")[0]
    for problem in (
        "Case number: write something.",
        "Title: write something.",
        "Unit: choose one of the list.",
    ):
        assert problem in top


def test_an_alert_goes_into_a_case_with_a_note_and_a_task_from_its_page(
    desk: DeskWorld, as_officer: SignIn, case: Case
) -> None:
    received, client = incoming(desk), as_officer(desk.benno)
    there = f"/inbox/{received.pk}/"
    assert "Write a note…" in text_of(client, there)
    for name, fields in (
        ("case", {"case": str(case.pk)}),
        ("note", {"text": f"Seen in May. {MARKUP}"}),
        ("task", {"kind": "call", "text": "Call them.", "officer": desk.ilka.public_id, "due": ""}),
    ):
        assert "Nine collapses" in text_of(client, f"/about/{received.pk}/{name}/")
        assert client.post(f"/about/{received.pk}/{name}/", fields).headers["Location"] == there
    assert "Seen in May." not in text_of(client, there)
    client.post(there, {"reason": "on_duty"})
    page = text_of(client, there)
    assert "K 14/26" in page and "Seen in May." in page and MARKUP not in page
    note = Note.objects.get()
    client.post(f"/about/{received.pk}/note/?corrects={note.pk}", {"text": "Seen in June."})
    assert "A note that was corrected" in text_of(client, there)
    shown = text_of(client, f"/cases/{case.pk}/")
    assert "Nine collapses" in shown and "added an alert to a case" in shown
    assert "Call them." in text_of(as_officer(desk.ilka), "/")
    client.post(f"/cases/{case.pk}/items/{CaseItem.objects.get().pk}/remove/")
    assert "Nine collapses" not in text_of(client, f"/cases/{case.pk}/")


def test_a_task_is_assigned_and_ended_on_its_pages(desk: DeskWorld, as_officer: SignIn, case: Case) -> None:
    client = as_officer(desk.benno)
    client.post(
        f"/cases/{case.pk}/task/", {"kind": "examine", "text": "Weigh it.", "due": given(Unit())["review_on"]}
    )
    task = Task.objects.get()
    assert "Weigh it." in text_of(client, "/tasks/?whose=unit")
    to_ilka = {"officer": desk.ilka.public_id, "unit": "", "seen": ""}
    assert client.post(f"/tasks/{task.pk}/", to_ilka).headers["Location"] == "/tasks/"
    late = client.post(f"/tasks/{task.pk}/", to_ilka)
    assert late.status_code == 422 and "since you looked" in late.content.decode()
    for shown in (f"/tasks/{task.pk}/", f"/tasks/{task.pk}/end/"):
        assert "Weigh it." in text_of(client, shown)
    assert "K 14/26" in text_of(client, f"/tasks/{task.pk}/")
    client.post(f"/tasks/{task.pk}/end/", {"outcome": "done", "result": "Two grams."})
    assert "Two grams." in text_of(client, f"/cases/{case.pk}/")


def test_a_question_is_assigned_from_its_page(desk: DeskWorld, as_officer: SignIn, unit: Unit) -> None:
    question, client = asked(desk), as_officer(desk.benno)
    assert "Assigned to nobody" in text_of(client, f"/inbox/{question.pk}/")
    to_ilka = {"officer": desk.ilka.public_id, "seen": ""}
    page = text_of(client, f"/inbox/{question.pk}/assign/")
    assert "Nine collapses" in page and "Ilka Torvane" in page and "Sunniva Okparel" not in page
    answer = client.post(f"/inbox/{question.pk}/assign/", to_ilka)
    assert answer.headers["Location"] == f"/inbox/{question.pk}/"
    assert "Ilka Torvane" in text_of(client, f"/inbox/{question.pk}/")
    to_nobody = {"officer": "", "seen": desk.ilka.public_id}
    answer = client.post(f"/inbox/{question.pk}/assign/", to_nobody, follow=True)
    assert "Nobody has it now." in answer.content.decode()


def test_a_search_of_cases_stands_in_no_address(desk: DeskWorld, as_officer: SignIn, case: Case) -> None:
    client = as_officer(desk.benno)
    found = client.post("/cases/", {"q": "sellers"})
    assert "Blue tablets" in found.content.decode()
    assert client.post("/cases/", {"q": "s"}).status_code == 422
    everywhere = client.post("/search/", {"q": "k 14/26"}, follow=True).content.decode()
    assert f"/cases/{case.pk}/" in everywhere
    theirs = as_officer(desk.sunniva).post("/search/", {"q": "k 14/26"}, follow=True).content.decode()
    assert f"/cases/{case.pk}/" not in theirs
    assert "Nothing matches." in client.post("/cases/", {"q": "nowhere"}).content.decode()


def test_units_and_a_hand_over_on_their_pages(
    desk: DeskWorld, as_officer: SignIn, case: Case, unit: Unit
) -> None:
    admin = as_officer(desk.sunniva)
    assert '<a class="button" href="/units/">' in text_of(admin, "/cases/"), (
        "who may make units is led to them"
    )
    fields = {"name": "Narcotics North", "lead": desk.benno.public_id, "members": [desk.ilka.public_id]}
    assert admin.post(f"/units/{unit.pk}/", fields).headers["Location"] == "/units/"
    assert "Narcotics North" in text_of(as_officer(desk.ilka), "/units/")
    assert as_officer(desk.ilka).get(f"/units/{unit.pk}/").status_code == 403
    there = f"/officers/{desk.ilka.public_id}/hand-over/"
    assert there in text_of(as_officer(desk.benno), f"/officers/{desk.ilka.public_id}/")
    assert as_officer(desk.benno).post(there, {"to": desk.benno.public_id}).status_code == 302
    case.refresh_from_db()
    assert case.officer == desk.benno


def test_a_case_of_others_is_absent_on_every_page(
    desk: DeskWorld, as_officer: SignIn, case: Case, piet: Officer
) -> None:
    for outside in (piet, desk.haitham):
        client = as_officer(outside)
        for name in ("", "change/", "close/", "review/", "note/", "task/"):
            absent = client.get(f"/cases/{'0' * 8}-0000-4000-8000-{'0' * 12}/{name}")
            theirs = client.get(f"/cases/{case.pk}/{name}")
            assert (theirs.status_code, theirs.content) == (404, absent.content), name
            assert absent.status_code == 404, name


def test_json_does_each_job_of_the_pages(desk: DeskWorld, unit: Unit) -> None:
    received, api = incoming(desk), Session(desk.ilka)
    made = api("POST", "cases", given(unit), idempotency_key="one")
    assert made.status_code == 201
    at = f"cases/{made.json()['id']}"
    assert api("POST", "cases", given(unit), idempotency_key="one").json()["id"] == made.json()["id"]
    assert api("POST", "cases", given(unit)).json()["field"] == "number"
    assert api("PUT", at, given(unit, title="Grey")).json()["title"] == "Grey"
    shown = api("POST", f"{at}/items", {"subject": str(received.pk)}).json()
    (item,) = shown["alerts"]
    assert item["received"] == str(received.pk) and item["card"]["title"].startswith("Nine")
    noted = api("POST", f"{at}/notes", {"text": "First."}).json()["notes"][0]
    corrected = api("POST", f"{at}/notes", {"text": "Second.", "supersedes": noted["id"]}).json()["notes"]
    assert [(one["text"], one["is_superseded"]) for one in corrected] == [
        ("Second.", False),
        ("First.", True),
    ]
    assert (
        api("POST", f"about/{received.pk}/notes", {"text": "On it."}).json()["items"][0]["text"] == "On it."
    )
    task = api("POST", "tasks", {"kind": "call", "text": "Call.", "case": made.json()["id"]}).json()
    to_benno = {"officer": desk.benno.public_id, "seen": ""}
    assert api("POST", f"tasks/{task['id']}/assign", to_benno).json()["state"] == "assigned"
    assert api("POST", f"tasks/{task['id']}/assign", to_benno).status_code == 412
    assert [one["text"] for one in api("GET", "tasks?whose=unit").json()["items"]] == ["Call."]
    done = api("POST", f"tasks/{task['id']}/end", {"outcome": "done", "result": "Called."}).json()
    assert (
        (done["state"], done["result"])
        == ("done", "Called.")
        == (
            api("GET", f"tasks/{task['id']}").json()["state"],
            "Called.",
        )
    )
    assert api("DELETE", f"{at}/items/{item['id']}").json()["alerts"] == []
    assert api("POST", "cases/search", {"text": "grey"}).json()["items"][0]["title"] == "Grey"
    assert api("POST", f"{at}/close", {"reason": "Over."}).json()["closed_for"] == "Over."
    assert api("POST", f"{at}/review", {"next_on": None}).json()["notes"] == []
    assert api("POST", f"{at}/reopen").json()["state"] == "open"
    assert [one["number"] for one in api("GET", "cases?whose=mine").json()["items"]] == ["K 20/26"]
    assert Session(desk.haitham)("GET", at).status_code == 404
    stranger = {"kind": "call", "text": "Call.", "case": made.json()["id"]}
    assert Session(desk.haitham)("POST", "tasks", stranger).json()["field"] == "case"


def test_units_hand_over_and_questions_in_json(desk: DeskWorld, unit: Unit, case: Case) -> None:
    question, admin = asked(desk), Session(desk.sunniva)
    body = {"name": "Customs", "lead": "", "members": [desk.ilka.public_id]}
    made = admin("POST", "units", body).json()["items"]
    assert [(one["name"], one["people"]) for one in made] == [("Customs", 1), ("Narcotics", 2)]
    changed = admin("PUT", f"units/{made[0]['id']}", body | {"members": []}).json()["items"]
    assert changed[0]["people"] == 0
    assert Session(desk.ilka)("POST", "units", body).status_code == 403
    given_to = Session(desk.benno)(
        "POST", f"alerts/received/{question.pk}/assign", {"officer": desk.ilka.public_id}
    )
    assert (given_to.status_code, given_to.json()["state"]) == (201, "assigned")
    at = f"officers/{desk.ilka.public_id}/hand-over"
    assert admin("GET", at).json() == {"tasks": 1, "cases": 1, "drafts": 0, "units": 0}
    assert admin("POST", at, {"to": desk.benno.public_id}).json()["cases"] == 0
    assert admin("POST", at, {"to": desk.aroha.public_id}).status_code == 422


def test_pages_take_as_many_reads_for_many_rows_as_for_few(
    desk: DeskWorld, as_officer: SignIn, unit: Unit, case: Case
) -> None:
    received, client = incoming(desk), as_officer(desk.benno)
    add_item(desk.ilka, case, received, now=desk.tick())
    to = Assignment(desk.benno.public_id)
    addresses = ("/", "/cases/", f"/cases/{case.pk}/", "/tasks/?whose=all", "/units/")

    def fill(n: int) -> None:
        for i in range(n):
            write_note(desk.ilka, case, text="Noted.", now=desk.tick())
            create_task(desk.ilka, kind="call", text="Call.", case=case, to=to, now=desk.tick())
            open_case(desk.ilka, facts(desk, unit, number=f"{n}-{i}"), now=desk.tick())

    def reads() -> list[int]:
        counts = []
        for address in addresses:
            with CaptureQueriesContext(connection) as asked_for:
                assert client.get(address).status_code == 200
            counts.append(len(asked_for))
        return counts

    fill(1)
    client.get("/")
    few = reads()
    fill(5)
    assert reads() == few and max(few) <= 32, few
