# SPDX-License-Identifier: Apache-2.0
"""An officer's own sessions: shown to that officer only, ended one by one or all others at once, or by events that end all."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from ledger.models import AuditEvent
from officers.accounts import disable_officer, enable_officer, end_sessions, store_password
from officers.models import Officer
from officers.session_rows import OfficerSession
from officers.tasks import tidy
from tests.pages.conftest import SignIn
from tests.pages.desk_world import PASSWORD, DeskWorld

EMAIL = "benno@xa-lab.example"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"
)


@pytest.fixture
def desk(db: None, tmp_path: Path) -> DeskWorld:
    """The small hub, with passwords."""
    return DeskWorld.kept(tmp_path / "ledger", passwords=True)


def browser(agent: str = FIREFOX, address: str = "192.0.2.77", email: str = EMAIL) -> Client:
    client = Client(headers={"user-agent": agent}, REMOTE_ADDR=address)
    assert client.post("/login/", {"username": email, "password": PASSWORD}).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/inbox/").status_code == 200


def text(answer: Any) -> str:
    return str(answer.content.decode())


def session_of(agent_words: str) -> OfficerSession:
    return OfficerSession.objects.get(device=agent_words)


def test_one_sees_the_own_sessions_with_device_and_shortened_address(desk: DeskWorld) -> None:
    here, phone = browser(), browser(PHONE, "2001:db8:7:8::9")
    browser(email="ilka@xa-lab.example", address="198.51.100.4")
    page = text(here.get("/security/"))
    assert "Firefox, Linux" in page and "Safari, iPhone" in page
    assert "192.0.2.0/24" in page and "2001:db8:7::/48" in page
    assert "192.0.2.77" not in page and "2001:db8:7:8" not in page and "198.51.100" not in page
    assert page.count("This session") == 1
    keys = [here.cookies["accord_session"].value, phone.cookies["accord_session"].value]
    stored = str(list(OfficerSession.objects.values()))
    assert not any(key in page or key in stored for key in keys)


def test_one_session_is_ended_at_once_and_the_others_stay(desk: DeskWorld) -> None:
    here, phone = browser(), browser(PHONE)
    row = session_of("Safari, iPhone")
    assert here.post(f"/security/sessions/{row.pk}/end/").status_code == 302
    assert is_in(here)
    gone = phone.get("/drafts/")
    assert gone.headers["Location"] == "/login/?next=%2Fdrafts%2F&ended=1"
    assert "You were signed out. Your draft is saved." in text(phone.get(gone.headers["Location"]))
    assert here.post(f"/security/sessions/{row.pk}/end/").status_code == 404


def test_nobody_ends_the_sessions_of_others(desk: DeskWorld) -> None:
    here, other = browser(), browser(PHONE, email="sunniva@xa-lab.example")
    row = session_of("Firefox, Linux")
    assert other.post(f"/security/sessions/{row.pk}/end/").status_code == 404
    other.post("/security/sessions/end/")
    assert is_in(here)


def test_all_others_end_together(desk: DeskWorld) -> None:
    here, phone, third = browser(), browser(PHONE), browser("curl/8")
    assert here.post("/security/sessions/end/").status_code == 302
    assert is_in(here) and not is_in(phone) and not is_in(third)
    assert OfficerSession.objects.filter(officer=desk.benno, ended_at=None).count() == 1


ENDINGS: dict[str, Callable[[DeskWorld], object]] = {
    "disabled": lambda desk: disable_officer(desk.sunniva, desk.benno, now=timezone.now()),
    "signed out by the admin": lambda desk: end_sessions(desk.sunniva, desk.benno, now=timezone.now()),
    "a password by a mailed link": lambda desk: store_password(desk.benno, "ein anderes kennwort 9"),
}


def test_what_must_end_all_sessions_ends_them_for_good(desk: DeskWorld) -> None:
    for name, ending in ENDINGS.items():
        here = browser()
        ending(desk)
        assert not is_in(here), name
        enable_officer(desk.sunniva, desk.benno, now=timezone.now())
        assert not is_in(here), name


def test_a_new_password_keeps_this_session_and_its_record(desk: DeskWorld) -> None:
    here, phone = browser(), browser(PHONE)
    new = "kalter kaffee am gleis 9"
    here.post("/password/", {"old": PASSWORD, "new": new, "again": new})
    assert is_in(here) and not is_in(phone)
    page = text(here.get("/security/"))
    assert page.count("This session") == 1 and "iPhone" not in page
    assert Officer.objects.get(pk=desk.benno.pk).check_password(new)


def test_guesses_at_the_old_password_are_limited(desk: DeskWorld) -> None:
    here, new = browser(), "kalter kaffee am gleis 9"
    for _ in range(10):
        here.post("/password/", {"old": "wrong", "new": new, "again": new})
    page = text(here.post("/password/", {"old": PASSWORD, "new": new, "again": new}))
    assert "Sign-in is closed for 15 minutes." in page
    assert Officer.objects.get(pk=desk.benno.pk).check_password(PASSWORD)


def test_signing_out_ends_the_record_and_a_kept_cookie_opens_nothing(desk: DeskWorld) -> None:
    here = browser()
    kept = here.cookies["accord_session"].value
    here.post("/logout/")
    assert not OfficerSession.objects.filter(ended_at=None).exists()
    here.post("/logout/")
    assert AuditEvent.objects.get(act="officer.signed_out").actor == desk.benno.audit_name
    here.cookies["accord_session"] = kept
    assert not is_in(here)


def test_a_session_without_a_record_is_none(desk: DeskWorld, as_officer: SignIn) -> None:
    client = as_officer(desk.benno)
    OfficerSession.objects.all().delete()
    assert not is_in(client)


def test_one_officers_record_does_not_serve_another_officers_session(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    client = as_officer(desk.benno)
    OfficerSession.objects.update(officer=desk.ilka)
    assert not is_in(client)


def test_what_is_over_is_removed_and_what_runs_stays(desk: DeskWorld) -> None:
    here, old = browser(), browser(PHONE)
    OfficerSession.objects.filter(device="Safari, iPhone").update(seen_at=timezone.now() - timedelta(days=2))
    key = old.cookies["accord_session"].value
    Session.objects.filter(pk=key).update(expire_date=timezone.now() - timedelta(hours=1))
    tidy()
    assert not Session.objects.filter(pk=key).exists()
    assert [row.device for row in OfficerSession.objects.all()] == ["Firefox, Linux"]
    assert is_in(here)
