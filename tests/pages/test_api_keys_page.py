# SPDX-License-Identifier: Apache-2.0
"""API keys at the desk: shown once, never again, rotated with an overlap, refused from the next request on."""

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from callers.errors import AbsentError, CredentialError, InputError
from ledger.models import AuditEvent
from officers.deskkeys import authenticate_key, issue_key, rotate_key
from officers.models import DeskKey
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

FORM = {"client": "case system", "scopes": ["science:query"], "days": "30", "networks": ""}
SECRET = re.compile(r"\b([0-9a-f]{12}\.[A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])")


@pytest.fixture
def admin(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.sunniva)


def issue(admin: Client, **changes: object) -> str:
    """Issue a key by the page; return its text."""
    newest = DeskKey.objects.filter(agency="xa-lab").order_by("-created_at").values_list("prefix", flat=True)
    answer = admin.post("/api-keys/issue/", FORM | {"seen": newest.first() or ""} | changes)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    found = SECRET.search(answer.content.decode())
    assert found is not None
    return found[1]


def test_a_key_is_shown_once_and_serves(desk: DeskWorld, admin: Client) -> None:
    text = issue(admin, networks="192.0.2.0/24\n2001:db8::/32")
    key = DeskKey.objects.get()
    assert (key.agency_id, key.networks) == ("xa-lab", ["192.0.2.0/24", "2001:db8::/32"])
    assert key.expires_at - key.created_at == timedelta(days=30)
    assert authenticate_key(text, "192.0.2.9", now=timezone.now()).agency_id == "xa-lab"
    for address in ("/api-keys/", "/api-keys/issue/", f"/api-keys/{key.prefix}/rotate/", "/", "/officers/"):
        assert text.partition(".")[2] not in admin.get(address).content.decode()
    stored = str(list(AuditEvent.objects.values())) + str([s.get_decoded() for s in Session.objects.all()])
    assert text.partition(".")[2] not in stored + str(list(DeskKey.objects.values()))


def test_the_list_says_what_a_key_may_and_when_it_ends(admin: Client) -> None:
    issue(admin)
    page = admin.get("/api-keys/").content.decode()
    for words in (
        "case system",
        "ask about substances, spectra and profiles",
        "anywhere",
        "never",
        "Rotate…",
        "Revoke…",
    ):
        assert words in page
    assert "Nothing matches." in admin.get("/api-keys/?state=revoked").content.decode()


def test_an_auditor_has_a_system_follow_the_audit(desk: DeskWorld, admin: Client, as_officer: SignIn) -> None:
    auditor = as_officer(desk.edda)
    assert "/audit/keys/" in auditor.get("/audit/").content.decode()
    asked = auditor.get("/audit/keys/issue/").content.decode()
    assert "audit:follow" in asked
    assert "science:query" not in asked
    assert "audit:follow" not in admin.get("/api-keys/issue/").content.decode()
    shown = auditor.post("/audit/keys/issue/", FORM | {"scopes": ["audit:follow"], "seen": ""})
    key = DeskKey.objects.get()
    assert (key.scopes, shown.status_code) == (["audit:follow"], 200)
    listed = auditor.get("/audit/keys/").content.decode()
    assert f"/audit/keys/{key.prefix}/rotate/" in listed
    of_admin = admin.get("/api-keys/").content.decode()
    assert f"/api-keys/{key.prefix}/revoke/" in of_admin
    assert f"/api-keys/{key.prefix}/rotate/" not in of_admin
    auditor.post(f"/audit/keys/{key.prefix}/revoke/", {"confirmed": "yes"})
    assert auditor.get("/api-keys/").status_code == 403


def test_a_form_that_is_sent_twice_issues_one_key(admin: Client) -> None:
    issue(admin)
    again = admin.post("/api-keys/issue/", FORM | {"seen": ""}, follow=True)
    assert "Nothing was issued now." in again.content.decode()
    assert DeskKey.objects.count() == 1


WRONG: tuple[tuple[str, object, str], ...] = (
    ("client", "", "System: name what uses the key."),
    ("client", "<b>", "Use 1 to 60 letters"),
    ("scopes", [], "May: choose one or more."),
    ("scopes", ["alert:release"], "May: choose from the list."),
    ("scopes", ["key:enrol"], "May: choose from the list."),
    ("scopes", ["feed:read"], "May: choose from the list."),
    ("days", "91", "enter 1 to 90 days"),
    ("days", "0", "enter 1 to 90 days"),
    ("days", "1e9", "enter 1 to 90 days"),
    ("networks", "192.0.2.7/24", "192.0.2.7/24 is none"),
    ("networks", "everywhere", "everywhere is none"),
)


def test_what_is_wrong_is_named_and_nothing_is_issued(admin: Client) -> None:
    for field, value, words in WRONG:
        answer = admin.post("/api-keys/issue/", FORM | {"seen": "", field: value})
        assert answer.status_code == 422 and words in answer.content.decode(), (field, value)
    assert not DeskKey.objects.exists()


def test_rotating_gives_a_new_key_and_ends_the_old_one(admin: Client) -> None:
    old_text = issue(admin, networks="192.0.2.0/24")
    old = DeskKey.objects.get()
    answer = admin.post(f"/api-keys/{old.prefix}/rotate/", {"overlap_days": "1", "seen": old.prefix})
    found = SECRET.search(answer.content.decode())
    assert found is not None
    new = DeskKey.objects.exclude(pk=old.pk).get()
    assert (new.client, new.scopes, new.networks) == (old.client, old.scopes, old.networks)
    old.refresh_from_db()
    now = timezone.now()
    assert now + timedelta(hours=23) < old.expires_at <= now + timedelta(days=1)
    for text in (old_text, found[1]):
        authenticate_key(text, "192.0.2.1", now=now)
    with pytest.raises(CredentialError):
        authenticate_key(old_text, "192.0.2.1", now=old.expires_at)
    assert AuditEvent.objects.filter(act="deskkey.rotated", subject=f"deskkey:{old.prefix}").count() == 1


@pytest.mark.django_db
def test_a_key_that_has_ended_is_not_rotated(desk: DeskWorld) -> None:
    now = timezone.now()
    key, _text = issue_key(
        desk.sunniva, desk.lab, client="old", scopes=["science:query"], lifetime=timedelta(days=1), now=now
    )
    with pytest.raises(InputError):
        rotate_key(desk.sunniva, key, overlap=timedelta(0), now=key.expires_at)
    with pytest.raises(InputError):
        rotate_key(desk.sunniva, key, overlap=timedelta(days=8), now=now)
    with pytest.raises(AbsentError):
        rotate_key(desk.haitham, key, overlap=timedelta(0), now=now)


def test_the_page_says_who_could_send_what_a_key_writes_and_refuses_where_nobody_could(
    desk: DeskWorld, admin: Client
) -> None:
    page = admin.get("/api-keys/issue/").content.decode()
    assert "Could send its drafts" in page and "Benno Ashgrove" in page
    issue(admin, scopes=["draft:write"])
    rotating = f"/api-keys/{DeskKey.objects.get().prefix}/rotate/"
    assert "Benno Ashgrove" in admin.get(rotating).content.decode()
    desk.benno.is_active = False
    desk.benno.save()
    assert "<bdi>nobody</bdi>" in admin.get(rotating).content.decode()
    seen = DeskKey.objects.get().prefix
    for address, form in (
        (rotating, {"overlap_days": "1"}),
        ("/api-keys/issue/", FORM | {"scopes": ["draft:write"]}),
    ):
        answer = admin.post(address, form | {"seen": seen})
        assert answer.status_code == 422
        assert "Nobody else could check and send what this key writes." in answer.content.decode()
    assert DeskKey.objects.count() == 1


def test_revoking_counts_at_the_next_request(admin: Client) -> None:
    text = issue(admin)
    key = DeskKey.objects.get()
    page = admin.get(f"/api-keys/{key.prefix}/revoke/").content.decode()
    assert "A revoked key does not come back." in page
    assert admin.post(f"/api-keys/{key.prefix}/revoke/").status_code == 302
    with pytest.raises(CredentialError):
        authenticate_key(text, "192.0.2.1", now=timezone.now())
    assert "Revoked" in admin.get("/api-keys/?state=revoked").content.decode()
