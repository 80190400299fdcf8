# SPDX-License-Identifier: Apache-2.0
"""The author's alerts on the way: on the start page, beside the drafts, and in JSON with a cursor."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client

from alerts.models import Alert
from alerts.review.validation import return_alert
from officers.models import Officer
from tests.api.sessions import Session
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld

PAGE = "/drafts/on-the-way/"


def texts(client: Client, address: str) -> str:
    """Return the page's words, without its markup."""
    page = client.get(address)
    assert page.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", page.content.decode()).split())


@pytest.fixture
def three(desk: DeskWorld) -> Mapping[str, Alert]:
    """One that waits, one that came back, one that was sent; the newest act first."""
    sent = desk.send(desk.draft(title="Sent this morning"))
    waits = desk.submit(desk.draft(title="Waits for somebody", pri="routine"))
    back = desk.submit(desk.draft(title="Came back again"))
    back = return_alert(desk.benno, back, reason="Say <b>where</b>.", now=desk.tick())
    return {"released": sent, "submitted": waits, "returned": back}


def test_each_row_says_where_it_is_who_acts_next_and_why_it_came_back(
    desk: DeskWorld, as_officer: SignIn, three: Mapping[str, Alert]
) -> None:
    client = as_officer(desk.ilka)
    page, words = client.get(PAGE).content.decode(), texts(client, PAGE)
    links = re.findall(r'class="row-link" href="([^"]*)"', page)
    assert links == [
        f"/drafts/{three['returned'].pk}/2/",
        f"/queue/{three['submitted'].pk}/",
        f"/outbox/{three['released'].pk}/",
    ]
    name = desk.benno.display_name
    assert f"{name} returned it: Say &lt;b&gt;where&lt;/b&gt;. You: correct it, then submit it again" in words
    assert f"Waits for somebody To check it: {name}" in words
    for address in links:
        assert client.get(address).status_code == 200, "each leads to a page that its author may open"


def test_the_start_page_shows_them_below_what_waits(
    desk: DeskWorld, as_officer: SignIn, three: Mapping[str, Alert]
) -> None:
    client = as_officer(desk.ilka)
    words = texts(client, "/")
    assert words.index("Waiting for you 1") < words.index("Say &lt;b&gt;where&lt;/b&gt;.")
    section = words[words.index("Yours, on the way") :]
    assert section.index("Waits for somebody") < section.index("Sent this morning")
    assert "All of yours" in section and "Came back again" not in section
    assert f'href="{PAGE}">All of yours' in client.get("/").content.decode()
    assert "Yours, on the way" not in texts(as_officer(desk.benno), "/"), (
        "who writes nothing has no such section"
    )


def test_filters_tabs_and_the_empty_list_in_words(desk: DeskWorld, as_officer: SignIn) -> None:
    client = as_officer(desk.ilka)
    assert "Nothing of yours is on the way." in texts(client, PAGE)
    desk.submit(desk.draft(title="Waits for somebody"))
    for query, is_there in {
        "": True,
        "?state=submitted": True,
        "?state=queued": False,
        "?returned=yes": False,
    }.items():
        assert ("Waits for somebody" in texts(client, PAGE + query)) is is_there, query
    assert "Nothing matches." in texts(client, f"{PAGE}?returned=yes")
    for here, other in (("/drafts/", PAGE), (PAGE, "/drafts/")):
        tabs = client.get(here).content.decode()
        assert re.search(f'href="{here}" aria-current="page"', tabs) and f'href="{other}">' in tabs


def test_where_nobody_could_check_it_the_page_says_whom_to_ask(desk: DeskWorld, as_officer: SignIn) -> None:
    desk.submit(desk.draft(pri="routine"))
    Officer.objects.filter(agency=desk.lab, roles__contains=["releaser"]).update(is_active=False)
    assert "Nobody here could: ask an agency admin for a releaser" in texts(as_officer(desk.ilka), PAGE)


def test_nothing_of_a_colleague_or_of_another_agency(
    desk: DeskWorld, as_officer: SignIn, three: Mapping[str, Alert]
) -> None:
    colleague = desk.hub.make_officer(desk.lab, "author")
    for officer, address in ((colleague, PAGE), (colleague, "/"), (desk.aroha, PAGE)):
        words = texts(as_officer(officer), address)
        assert not [alert for alert in ("Waits for", "Came back", "Sent this") if alert in words]
    assert as_officer(desk.benno).get(PAGE).status_code == 403


def test_an_author_who_takes_one_back_comes_to_this_list(desk: DeskWorld, as_officer: SignIn) -> None:
    alert = desk.submit(desk.draft(title="Waits for somebody"))
    client = as_officer(desk.ilka)
    assert f'<a href="{PAGE}">' in client.get(f"/queue/{alert.pk}/").content.decode()
    answer = client.post(f"/queue/{alert.pk}/return/", {"reason": "Not yet."})
    assert answer.headers["Location"] == PAGE
    assert "You took it back: Not yet." in texts(client, PAGE)


def test_a_view_of_it_is_kept(desk: DeskWorld, as_officer: SignIn) -> None:
    client = as_officer(desk.ilka)
    kept = client.post("/views/keep/", {"box": "on_the_way", "name": "Came back", "returned": "yes"})
    assert kept.headers["Location"] == f"{PAGE}?returned=yes"
    assert "Came back" in texts(client, PAGE) and "Came back" in texts(client, "/views/")


class TestJson:
    def read(self, officer: Officer, query: str = "") -> Any:
        answer = Session(officer)("GET", f"alerts?box=on_the_way{query}")
        assert answer.status_code == 200, answer.content
        return answer.json()

    def test_the_same_facts(self, desk: DeskWorld, three: Mapping[str, Alert]) -> None:
        rows = {row["state"]: row for row in self.read(desk.ilka)["items"]}
        benno = {"id": desk.benno.public_id, "full_name": desk.benno.full_name, "unit": desk.benno.unit}
        assert {state: row["alert"]["id"] for state, row in rows.items()} == {
            state: str(alert.pk) for state, alert in three.items()
        }
        facts = {
            state: (row["acts_next"], row["could_act"], row["returned_by"], row["text"])
            for state, row in rows.items()
        }
        assert facts == {
            "released": ("nobody", [], None, ""),
            "submitted": ("officers", [benno], None, ""),
            "returned": ("you", [], benno, "Say <b>where</b>."),
        }
        assert rows["returned"]["state_text"] == "Returned" and rows["returned"]["card"]["title"]

    def test_page_by_page_and_by_filter(self, desk: DeskWorld, three: Mapping[str, Alert]) -> None:
        seen, cursor = [], ""
        while True:
            page = self.read(desk.ilka, f"&limit=2&cursor={cursor}")
            seen.append([row["state"] for row in page["items"]])
            if page["next"] is None:
                break
            cursor = page["next"]
        assert seen == [["returned", "submitted"], ["released"]], "in the order of their first writing"
        assert [row["state"] for row in self.read(desk.ilka, "&returned=1")["items"]] == ["returned"]
        assert [row["state"] for row in self.read(desk.ilka, "&state=submitted")["items"]] == ["submitted"]
        refused = Session(desk.ilka)("GET", "alerts?box=on_the_way&lane=science")
        assert (refused.status_code, refused.json()["field"]) == (422, "lane")

    def test_who_writes_nothing_is_refused_and_a_colleague_sees_nothing(
        self, desk: DeskWorld, three: Mapping[str, Alert]
    ) -> None:
        assert Session(desk.benno)("GET", "alerts?box=on_the_way").status_code == 403
        assert self.read(desk.hub.make_officer(desk.lab, "author"))["items"] == []
        assert CONTENT not in str(self.read(desk.aroha))
