# SPDX-License-Identifier: Apache-2.0
"""Filter chips and saved views in the lists: clear one, clear all, save, open first, rename, delete; private to the officer."""

import re

from alerts.rows.saved import SavedView
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld


def test_chips_clear_one_or_all(desk: DeskWorld, as_officer: SignIn) -> None:
    client = as_officer(desk.haitham)
    page = client.get("/inbox/?unread=yes&lane=trade&sender=xa-lab&lane=science&nonsense=1").content.decode()
    chips = re.findall(r'<a class="chip" href="([^"]*)"><span>(.*?)</span>', page)
    assert chips == [
        ("?lane=science&amp;sender=xa-lab", "Unread"),
        ("?unread=yes&amp;sender=xa-lab", "Lane: <bdi>Science</bdi>"),
        ("?unread=yes&amp;lane=science", "From: <bdi>Forensic Laboratory, Arvenia</bdi>"),
    ]
    assert '<a class="chips-clear" href="/inbox/">Clear filters</a>' in page
    assert 'class="chips"' not in client.get("/inbox/?lane=nowhere&tlp=PURPLE&limit=0").content.decode()


def test_keep_open_first_rename_delete(desk: DeskWorld, as_officer: SignIn) -> None:
    client, colleague = as_officer(desk.haitham), as_officer(desk.aroha)
    form = {"box": "inbox", "name": "  Night   desk", "unread": "yes", "tlp": "PURPLE", "q": "etizolam"}
    answer = client.post("/views/keep/", form)
    assert answer.headers["Location"] == "/inbox/?unread=yes"
    page = client.get("/inbox/?unread=yes").content.decode()
    assert '<a href="?unread=yes" aria-current="true"><bdi>Night desk</bdi></a>' in page
    assert (
        "Keep as a view" not in page
        and "Keep as a view" in client.get("/inbox/?overdue=yes").content.decode()
    )
    assert "Night desk" not in colleague.get("/inbox/").content.decode()

    view = SavedView.objects.get()
    client.post(f"/views/{view.pk}/default/", {"default": "yes"})
    assert client.get("/inbox/").headers["Location"] == "/inbox/?unread=yes"
    everything = client.get("/inbox/?view=all").content.decode()
    assert 'href="/inbox/?view=all" aria-current="true">All</a>' in everything
    cleared = client.get("/inbox/?lane=trade").content.decode()
    assert '<a href="/inbox/?view=all">Clear filters.</a>' in cleared
    assert '<input type="hidden" name="view" value="all">' in cleared
    assert colleague.get("/inbox/").status_code == 200

    client.post(f"/views/{view.pk}/rename/", {"name": "Morning"})
    assert "Morning" in client.get("/views/").content.decode()
    client.post(f"/views/{view.pk}/default/", {"default": "no"})
    assert client.get("/inbox/").status_code == 200
    client.post(f"/views/{view.pk}/delete/")
    assert "No view yet" in client.get("/views/").content.decode() and not SavedView.objects.exists()


def test_a_filter_that_is_offered_no_more_drops_out(desk: DeskWorld, as_officer: SignIn) -> None:
    now = desk.hub.now
    SavedView.objects.create(
        officer=desk.haitham, box="inbox", name="Old", filters={"lane": "gone", "agency__pk": "x"},
        is_default=True, created_at=now, changed_at=now,
    )  # fmt: skip
    client = as_officer(desk.haitham)
    assert client.get("/inbox/").headers["Location"] == "/inbox/?view=all"
    assert client.get("/inbox/", follow=True).status_code == 200
    assert "None of its filters is offered any more." in client.get("/views/").content.decode()


def test_wrong_input_and_strangers(desk: DeskWorld, as_officer: SignIn) -> None:
    client = as_officer(desk.haitham)
    client.post("/views/keep/", {"box": "inbox", "name": "Mine", "unread": "yes"})
    view = SavedView.objects.get()
    taken = client.post("/views/keep/", {"box": "inbox", "name": "Mine", "overdue": "yes"})
    page = taken.content.decode()
    assert taken.status_code == 422 and "another view of this list has it" in page
    assert '<input type="hidden" name="overdue" value="yes">' in page, "the filters are not lost"
    assert client.post("/views/keep/", {"box": "inbox", "name": "None"}).status_code == 422
    assert client.post("/views/keep/", {"box": "audit", "name": "A", "act": "x"}).status_code == 422
    assert client.post(f"/views/{view.pk}/rename/", {"name": "<i>" * 20}).status_code == 422
    absent = client.get("/nothing/").content
    for officer in (desk.aroha, desk.benno):
        for act in ("rename", "default", "delete"):
            answer = as_officer(officer).post(
                f"/views/{view.pk}/{act}/", {"name": "Stolen", "default": "yes"}
            )
            assert (answer.status_code, answer.content) == (404, absent)
    assert client.get(f"/views/{view.pk}/delete/").status_code == 405
    view.refresh_from_db()
    assert (view.name, view.is_default) == ("Mine", False)
