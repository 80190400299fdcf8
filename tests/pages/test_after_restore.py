# SPDX-License-Identifier: Apache-2.0
"""After a restore at the desk: who may sign in, the notice to the others, the admin's page, and its effects."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from ledger.models import Restore
from ledger.restores import DELETED, note_deleted, record_restore
from officers.accounts import disable_officer
from officers.deskkeys import issue_key
from officers.models import Officer
from officers.restores import SECTIONS
from officers.session_rows import OfficerSession
from tests.api.sessions import Session
from tests.bound_rows import rewrite
from tests.pages.conftest import SignIn
from tests.pages.desk_world import PASSWORD, DeskWorld
from tests.pages.test_second_factors import Telephone

HERE = "/restore/"


@pytest.fixture
def desk(db: None, tmp_path: Path) -> DeskWorld:
    """The small hub, with passwords."""
    return DeskWorld.kept(tmp_path / "ledger", passwords=True)


def restored(*, deleted: bool = True) -> Restore:
    """Record a restore of this moment, from a backup of a day ago."""
    now = timezone.now()
    row = record_restore((), backup_at=now - timedelta(days=1), now=now)
    if deleted:
        for part in DELETED:
            note_deleted(part, row, now=now)
    return row


def sign_in(client: Client, officer: Officer, password: str = PASSWORD) -> Any:
    return client.post("/login/", {"username": officer.email, "password": password, "next": "/inbox/"})


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def review(client: Client, restore: Restore, *sections: str) -> Any:
    return client.post(
        HERE, {"restored_at": restore.restored_at.isoformat(), **dict.fromkeys(sections, "on")}
    )


def test_an_officer_is_told_after_the_right_password_and_not_before(client: Client, desk: DeskWorld) -> None:
    restored()
    wrong = sign_in(client, desk.ilka, "wrong")
    assert (wrong.status_code, "Sign-in is closed" in text(wrong)) == (200, False)
    told = sign_in(client, desk.ilka)
    assert told.status_code == 403
    assert "Sunniva Okparel" in text(told)
    assert client.get("/inbox/").headers["Location"].startswith("/login/")
    assert not OfficerSession.objects.filter(officer=desk.ilka).exists()


def test_whoever_has_a_second_factor_is_told_after_it(client: Client, desk: DeskWorld) -> None:
    telephone = Telephone(desk.benno, now=timezone.now())
    restored()
    assert sign_in(client, desk.benno).headers["Location"] == "/login/second/"
    told = client.post("/login/second/", {"proof_code": telephone.code()})
    assert (told.status_code, "Sunniva Okparel" in text(told)) == (403, True)


def test_an_agency_without_an_admin_is_told_whom_to_call(client: Client, desk: DeskWorld) -> None:
    rewrite(Officer.objects.filter(pk=desk.sunniva.pk), is_active=False)
    restored()
    assert "your agency has none who can sign in" in text(sign_in(client, desk.ilka))


def test_an_admin_waits_until_what_was_due_is_deleted(client: Client, desk: DeskWorld) -> None:
    row = restored(deleted=False)
    assert "due to be deleted" in text(sign_in(client, desk.sunniva))
    for part in DELETED:
        note_deleted(part, row, now=timezone.now())
    assert sign_in(client, desk.sunniva).headers["Location"] == HERE


def test_every_session_of_before_has_ended(desk: DeskWorld, as_officer: SignIn) -> None:
    admin, keeper = as_officer(desk.sunniva), as_officer(desk.officers["noor"])
    assert admin.get("/").status_code == 200
    restored()
    for client in (admin, keeper):
        assert client.get("/").headers["Location"].startswith("/login/")
        assert client.get("/api/v1/officers").status_code == 401
    assert as_officer(desk.officers["noor"]).get("/").status_code == 200


def test_an_admin_goes_through_it_and_everybody_signs_in(client: Client, desk: DeskWorld) -> None:
    disable_officer(desk.sunniva, desk.benno, now=desk.tick())
    system: dict[str, Any] = {
        "client": "scanner",
        "scopes": ["science:query"],
        "lifetime": timedelta(days=30),
    }
    issue_key(desk.sunniva, desk.lab, **system, now=timezone.now())
    row = restored()
    assert sign_in(client, desk.sunniva).headers["Location"] == HERE
    page = text(client.get(HERE))
    for name in ("Ilka Torvane", "Edda Quillane", "Benno Ashgrove"):
        assert name in page
    assert f'href="{HERE}"' in text(client.get("/officers/"))
    assert HERE in text(client.get("/"))
    for left_out in SECTIONS:
        answer = review(client, row, *(set(SECTIONS) - {left_out}))
        assert (answer.status_code, f"#field-{left_out}" in text(answer)) == (422, True)
    assert sign_in(Client(), desk.ilka).status_code == 403
    assert review(client, row, *SECTIONS).headers["Location"] == "/"
    assert sign_in(Client(), desk.ilka).headers["Location"] == "/inbox/"
    assert "Nothing waits" in text(client.get(HERE))
    assert HERE not in text(client.get("/officers/"))


def test_of_an_empty_list_nothing_is_to_be_confirmed(client: Client, desk: DeskWorld) -> None:
    row = restored()
    sign_in(client, desk.sunniva)
    page = text(client.get(HERE))
    assert "Nobody is disabled." in page and "No key serves." in page
    assert 'name="roles"' in page and 'name="disabled"' not in page and 'name="keys"' not in page
    assert "what was sent after the backup stands there no more" in page
    assert review(client, row).status_code == 422
    assert review(client, row, "roles").headers["Location"] == "/"


def test_a_page_of_an_earlier_restore_opens_nothing(client: Client, desk: DeskWorld) -> None:
    first = restored()
    restored()
    sign_in(client, desk.sunniva)
    assert review(client, first, *SECTIONS).status_code == 422


def test_whoever_is_no_admin_any_more_is_signed_out_meanwhile(desk: DeskWorld, as_officer: SignIn) -> None:
    row = restored()
    client = as_officer(desk.sunniva)
    assert client.get("/officers/").status_code == 200
    rewrite(Officer.objects.filter(pk=desk.sunniva.pk), roles=["reader"])
    assert client.get("/officers/").headers["Location"].startswith("/login/")
    assert row.restored_at < timezone.now()


def test_a_colleague_without_the_role_does_not_open_it_by_json_either(desk: DeskWorld) -> None:
    row = restored()
    admin = Session(desk.sunniva)
    shown = admin("GET", "restore").json()
    assert shown["to_confirm"] == list(SECTIONS)
    body = {"restored_at": shown["restored_at"], "confirmed": list(SECTIONS)}
    assert Session(desk.ilka)("POST", "restore/review", body).status_code == 401
    assert admin("POST", "restore/review", body | {"confirmed": ["roles"]}).json()["field"] == "disabled"
    done = admin("POST", "restore/review", body)
    assert (done.status_code, done.json()["restored_at"]) == (200, shown["restored_at"])
    assert admin("GET", "restore").json() == {"restored_at": None, "backup_at": None, "to_confirm": []}
    assert admin("POST", "restore/review", body).json()["field"] == "restored_at"
    assert sign_in(Client(), desk.ilka).status_code == 302
    assert Restore.objects.get() == row


def test_the_keeper_sees_which_agencies_wait(client: Client, desk: DeskWorld) -> None:
    noor = desk.officers["noor"]
    assert sign_in(client, noor).status_code == 302
    assert "gone through it yet" not in text(client.get("/"))
    restored(deleted=False)
    assert sign_in(client, noor).headers["Location"] == "/inbox/"
    page = text(client.get("/"))
    assert "2 agencies have not gone through it yet: xa-lab, xb-health" in page
    assert "is not deleted yet" in page
