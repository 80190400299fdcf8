# SPDX-License-Identifier: Apache-2.0
"""The search page: no search term in clear in an address, hits as in the lists, empty and wrong searches."""

from django.test import Client

from alerts.models import Alert
from ledger.models import AuditEvent
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld


def look(client: Client, text: str = "", **query: str) -> str:
    """Search and follow the redirect; return the page of hits."""
    answer = client.post("/search/", {"q": text, **query}, follow=True)
    assert answer.status_code == 200 and answer.redirect_chain, answer.status_code
    return answer.content.decode()


def test_received_and_sent_as_the_lists_show_them(desk: DeskWorld, as_officer: SignIn) -> None:
    sent = desk.send(desk.draft(title="Blue tablets <b>bold</b>", exhibit_no="AB-77"))
    desk.send(desk.draft(desk.aroha, title="حبوب زرقاء", recipients=["xa-lab"]), desk.haitham)
    client = as_officer(desk.haitham)
    assert "Everything your agency received and sent." in client.get("/search/").content.decode()

    page = look(client, "AB-77")
    assert "Found by the exact identifier." in page and "1 hit." in page
    assert (
        "Blue tablets &lt;b&gt;bold&lt;/b&gt;" in page and f"/inbox/{desk.received(desk.aroha).pk}/" in page
    )
    assert "Look for it in words too" in page and "1 hit." not in look(client, "AB-77", in_words="yes")
    arabic = look(client, "زرقاء")
    assert "<h2>Sent</h2>" in arabic and "<h2>Received</h2>" not in arabic and "حبوب زرقاء" in arabic
    both = look(client, kind="harm_cluster")
    assert "<h2>Sent</h2>" in both and "<h2>Received</h2>" in both and "2 hits." in both
    assert "2 hits." not in look(client, kind="harm_cluster", box="sent")
    assert f"/outbox/{sent.pk}/" in look(as_officer(desk.benno), "BLUE")
    for nothing in (
        "{{ 7*7 }}",
        "' OR 1=1 --",
        "<script>alert(1)</script>",
    ):
        page = look(client, nothing)
        assert "Nothing was found." in page and "<script>alert" not in page and ">49<" not in page


def test_an_address_tells_nothing_and_serves_its_officer_only(
    desk: DeskWorld, as_officer: SignIn, sent: Alert
) -> None:
    client = as_officer(desk.haitham)
    answer = client.post("/search/", {"q": CONTENT})
    address = answer.headers["Location"]
    assert CONTENT not in address and address.startswith("/search/?s=")
    page = client.get(address)
    assert CONTENT in page.content.decode() and "no-store" in page.headers["Cache-Control"]
    assert f"<title>Search{' '}" in page.content.decode().replace("\n", " ")
    for officer in (desk.casimir, desk.benno):
        strange = as_officer(officer).get(address)
        assert strange.status_code == 422 and CONTENT not in strange.content.decode()
        assert "This search is over. Search again." in strange.content.decode()
    for forged in ("x", address[11:-4], address[11:] + "AAAA", "A" * 6000, "%FF"):
        assert client.get("/search/", {"s": forged}).status_code == 422
    events = AuditEvent.objects.filter(act="alert.searched")
    assert events.count() == 1 and CONTENT not in str(events.get().__dict__)


def test_wrong_input_is_said_at_the_field(desk: DeskWorld, as_officer: SignIn) -> None:
    client = as_officer(desk.haitham)
    for form, problem in (
        ({}, "Search: write an identifier or words, or choose a kind or a country."),
        ({"q": "x"}, "Search: use 2 to 200 characters."),
        ({"q": "y" * 201}, "Search: use 2 to 200 characters."),
        ({"q": "blue", "kind": "agency__officers"}, "Kind: choose one of the list."),
        ({"q": "blue", "country": "??"}, "Country: choose one of the list."),
        ({"q": "blue", "box": "audit"}, "Where: choose one of the list."),
    ):
        answer = client.post("/search/", form)
        assert answer.status_code == 422 and problem in answer.content.decode()
        if "q" in form and len(form["q"]) < 200:
            assert f'value="{form["q"]}"' in answer.content.decode(), "what was typed is not lost"
    assert not AuditEvent.objects.filter(act="alert.searched").exists()
