# SPDX-License-Identifier: Apache-2.0
"""Administration of an agency in JSON: the acts of the pages, by the same services, with ETags and idempotency keys."""

import csv
import io
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from callers.capabilities import Role
from ledger.models import AuditEvent
from notices.models import Notification
from officers.deskkeys import issue_key
from officers.models import DeskKey, Officer
from sharing.models import Agreement, LaneSuspension
from tests.alerts.conftest import Desks
from tests.api.sessions import Session
from tests.entries import have_released
from tests.mail_server import MailServer

By = Callable[..., Session]


@pytest.fixture
def by(desks: Desks) -> By:
    """Sign in a new officer of the laboratory with these roles."""

    def sign_in(*roles: Role, name: str = "Vera Admin") -> Session:
        return Session(desks.hub.make_officer(desks.lab.agency, *roles, name=name))

    return sign_in


@pytest.fixture
def admin(by: By) -> Session:
    return by(Role.AGENCY_ADMIN)


def by_id(answer: Any) -> dict[str, Any]:
    return {row["id"]: row for row in answer.json()["items"]}


def acts() -> list[str]:
    return list(AuditEvent.objects.order_by("seq").values_list("act", flat=True))


# --- officers and the duty list -----------------------------------------------------------------------------


def test_an_officer_is_invited_once_however_often_it_is_sent(
    admin: Session, desks: Desks, mail_server: MailServer
) -> None:
    person = {"email": "new@xa-lab.example", "full_name": "Nadia New", "roles": ["reader"], "unit": "Intake"}
    one, two = (admin("POST", "officers", person, idempotency_key="invite-1") for _ in range(2))
    assert (one.status_code, two.status_code) == (201, 201), one.content
    assert one.json() == two.json()
    assert one.json()["unit"] == "Intake"
    assert one.json()["state"] == "invited" and one.json()["invitation"]["mailed_at"]
    assert len(mail_server.wait_for_count(1)) == 1
    assert admin("GET", f"officers/{one.json()['id']}").json() == one.json()
    assert one.json()["id"] in by_id(admin("GET", "officers?state=invited&role=reader"))
    assert one.json()["id"] not in by_id(admin("GET", "officers?state=disabled"))
    again = admin("POST", f"officers/{one.json()['id']}/invite")
    assert again.status_code == 200, again.content
    assert acts().count("officer.invited") == 2


def test_an_officer_is_changed_whole_or_not_at_all_and_from_what_was_seen(
    admin: Session, desks: Desks
) -> None:
    author, reader = desks.lab.author.public_id, desks.lab.reader.public_id
    seen = admin("GET", f"officers/{author}")
    change = {"roles": ["author", "releaser"], "deputy": reader, "unit": "Intake"}
    changed = admin("PATCH", f"officers/{author}", change, etag=seen["ETag"])
    assert changed.status_code == 200, changed.content
    assert (changed.json()["roles"], changed.json()["deputy"]) == (["author", "releaser"], reader)
    assert changed.json()["unit"] == "Intake"
    assert admin("PATCH", f"officers/{author}", {"deputy": None}, etag=seen["ETag"]).status_code == 412
    refused = admin("PATCH", f"officers/{author}", {"roles": ["reader"], "deputy": author})
    assert (refused.status_code, refused.json()["field"]) == (422, "deputy")
    assert admin("GET", f"officers/{author}").json()["roles"] == ["author", "releaser"]
    gone = admin("PATCH", f"officers/{author}", {"is_active": False}, etag=changed["ETag"])
    assert gone.json()["state"] == "disabled"
    assert Session(Officer.objects.get(public_id=author))("GET", "officers").status_code == 401


def test_nobody_changes_the_own_standing_and_one_admin_stays(admin: Session, by: By, desks: Desks) -> None:
    own = admin("GET", "account").json()["id"]
    assert admin("PATCH", f"officers/{own}", {"is_active": False}).json()["field"] == "officer"
    other = by(Role.AGENCY_ADMIN, name="Other Admin")
    assert other("PATCH", f"officers/{own}", {"roles": ["reader"]}).status_code == 200
    last = other("GET", "account").json()["id"]
    third = by(Role.AGENCY_ADMIN, name="Third Admin")
    assert third("PATCH", f"officers/{last}", {"is_active": False}).status_code == 200
    assert third("GET", f"officers/{last}").json()["state"] == "disabled"


def test_strangers_are_absent_to_every_act_on_a_person(admin: Session, desks: Desks) -> None:
    stranger, nobody = desks.health.reader.public_id, "A" * 22
    for verb, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"is_active": False}),
        ("POST", "/invite", None),
        ("POST", "/sign-out", None),
        ("POST", "/reopen-sign-in", None),
        ("POST", "/reset-factors", None),
    ):
        one, two = (admin(verb, f"officers/{person}{path}", body) for person in (stranger, nobody))
        assert (one.status_code, one.content) == (404, two.content), (verb, path)
    assert admin("POST", f"duty/{stranger}", {"move": "add"}).status_code == 404
    assert admin("PATCH", f"officers/{desks.lab.reader.public_id}", {"deputy": stranger}).status_code == 404


def test_sessions_end_sign_in_reopens_factors_are_reset(admin: Session, desks: Desks) -> None:
    reader = Session(desks.lab.reader)
    assert reader("GET", "account").status_code == 200
    for act in ("reopen-sign-in", "reset-factors", "sign-out"):
        answer = admin("POST", f"officers/{desks.lab.reader.public_id}/{act}")
        assert answer.status_code == 200, (act, answer.content)
    assert reader("GET", "account").status_code == 401


def test_the_duty_list_moves_by_places(admin: Session, desks: Desks) -> None:
    one, two = desks.lab.author.public_id, desks.lab.reader.public_id
    for person in (one, two):
        assert admin("POST", f"duty/{person}", {"move": "add"}).status_code == 200
    moved = admin("POST", f"duty/{two}", {"move": "up"})
    assert [(row["id"], row["duty_place"]) for row in moved.json()["items"]] == [(two, 1), (one, 2)]
    assert Session(desks.lab.reader)("GET", "duty").json() == moved.json()
    assert Session(desks.lab.reader)("POST", f"duty/{one}", {"move": "up"}).status_code == 403


# --- keys for the desk -------------------------------------------------------------------------------------------


def test_an_api_key_is_shown_once_serves_and_ends(admin: Session, client: Client) -> None:
    wanted = {"client": "case system", "scopes": ["science:query"], "days": 30}
    one, two = (admin("POST", "api-keys", wanted, idempotency_key="key-1") for _ in range(2))
    assert one.status_code == 201, one.content
    assert two.json() == one.json() | {"key": None}
    assert one["Cache-Control"] == two["Cache-Control"] == "no-store"
    assert DeskKey.objects.filter(client="case system").count() == 1
    key = {"authorization": f"Desk-Key {one.json()['key']}"}
    assert client.get("/api/v1/caller", headers=key).status_code == 200
    assert one.json()["key"] not in admin("GET", "api-keys").content.decode()
    prefix = one.json()["prefix"]
    rotated = admin("POST", f"api-keys/{prefix}/rotate", {"overlap_days": 0})
    assert rotated.status_code == 201 and rotated.json()["scopes"] == ["science:query"]
    assert client.get("/api/v1/caller", headers=key).status_code == 401
    new = rotated.json()["prefix"]
    assert admin("DELETE", f"api-keys/{new}").status_code == 204
    newer = {"authorization": f"Desk-Key {rotated.json()['key']}"}
    assert client.get("/api/v1/caller", headers=newer).status_code == 401
    assert {row["prefix"] for row in admin("GET", "api-keys").json()["items"]} >= {prefix, new}


def test_the_list_says_who_could_send_what_a_key_writes_and_none_is_issued_where_nobody_could(
    admin: Session, desks: Desks
) -> None:
    wanted = {"client": "case system", "scopes": ["draft:write"], "days": 30}
    releaser = desks.lab.releaser
    one = admin("POST", "api-keys", wanted)
    assert one.status_code == 201, one.content
    listed, named = (
        admin("GET", "api-keys").json(),
        {"id": releaser.public_id, "full_name": releaser.full_name, "unit": ""},
    )
    own = next(row for row in listed["items"] if row["prefix"] == one.json()["prefix"])
    assert named in listed["could_release"] and named in own["could_release"]
    Officer.objects.filter(pk=releaser.pk).update(is_active=False)
    rotating = f"api-keys/{one.json()['prefix']}/rotate"
    for refused in (admin("POST", "api-keys", wanted), admin("POST", rotating, {"overlap_days": 0})):
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:accord:problem:nobody-to-release")


def test_a_key_of_another_agency_is_absent_and_no_scope_manages(admin: Session, desks: Desks) -> None:
    keeper = desks.hub.make_officer(desks.health.agency, Role.AGENCY_ADMIN)
    key, _text = issue_key(
        keeper,
        desks.health.agency,
        client="x",
        scopes=["science:query"],
        lifetime=timedelta(days=1),
        now=desks.hub.now,
    )
    foreign = key.prefix
    for prefix in (foreign, "0" * 12):
        assert admin("DELETE", f"api-keys/{prefix}").status_code == 404
        assert admin("POST", f"api-keys/{prefix}/rotate", {}).status_code == 404
    wanted = {"client": "x", "scopes": ["officer:manage"]}
    assert admin("POST", "api-keys", wanted).status_code == 422


# --- policy -------------------------------------------------------------------------------------------------


def test_a_stricter_policy_counts_at_once_from_what_was_seen(admin: Session) -> None:
    seen = admin("GET", "policy")
    assert admin("PATCH", "policy", {"case_number_required": True}).status_code == 428
    changed = admin("PATCH", "policy", {"case_number_required": True}, etag=seen["ETag"])
    assert changed.status_code == 200, changed.content
    assert changed.json()["case_number_required"] is True and changed.json()["waiting"] is None
    stale = admin("PATCH", "policy", {"audit_keep_days": 3000}, etag=seen["ETag"])
    assert (stale.status_code, stale.json()["type"]) == (412, "urn:accord:problem:stale-tag")


def test_a_weaker_policy_waits_for_a_second_admin(admin: Session, by: By, desks: Desks) -> None:
    have_released(desks.lab.agency.pk, now=desks.hub.now)
    second = by(Role.AGENCY_ADMIN, name="Second Admin")
    asked = admin("PATCH", "policy", {"four_eyes": False}, etag=admin("GET", "policy")["ETag"])
    assert (asked.status_code, asked.json()["four_eyes"]) == (200, True), asked.content
    waiting = asked.json()["waiting"]
    (shown,) = Session(desks.lab.reader)("GET", "powers").json()["items"]
    assert (shown["id"], shown["kind"], shown["changes"]) == (waiting, "policy", {"four_eyes": False})
    assert (shown["hours"], shown["until"], shown["may_agree"]) == (24, None, False)
    assert admin("POST", f"powers/{waiting}/agree").json()["field"] == "agree"
    assert second("POST", f"powers/{waiting}/agree").json() == {"items": []}
    assert admin("GET", "policy").json()["four_eyes"] is False


def test_roles_that_give_power_wait_and_are_stopped(admin: Session, by: By, desks: Desks) -> None:
    have_released(desks.lab.agency.pk, now=desks.hub.now)
    reader = desks.lab.reader.public_id
    asked = admin("PATCH", f"officers/{reader}", {"roles": ["reader", "releaser"]}).json()
    assert (asked["roles"], asked["waits"], asked["is_confirmed"]) == (["reader"], True, True)
    waiting = admin("GET", "powers").json()["items"][0]["id"]
    assert Session(desks.lab.reader)("POST", f"powers/{waiting}/stop").json()["field"] == "stop"
    assert by(Role.RELEASER)("POST", f"powers/{waiting}/stop").json() == {"items": []}
    assert admin("GET", f"officers/{reader}").json()["waits"] is False
    listed = by(Role.AUDITOR)("GET", "audit?powers=true").json()["items"]
    assert [row["act"] for row in listed[:2]] == ["power.stopped", "power.asked"]


# --- notices, audit, saved views ----------------------------------------------------------------------------


def _notice(desks: Desks, number: int, **changes: Any) -> Notification:
    facts: dict[str, Any] = {
        "subject": f"subject-{number}", "occasion": "alert", "officer": desks.lab.reader, "channel": "email",
        "recipient": desks.lab.agency, "state": "failed", "not_before": desks.hub.now, "queued_at": desks.hub.now,
        "message_id": str(uuid.uuid4()), "cause": "address",
    }  # fmt: skip
    return Notification.objects.create(**facts | changes)


def test_notices_are_read_by_page_and_sent_again(admin: Session, desks: Desks) -> None:
    failed = [_notice(desks, number) for number in range(3)]
    told = _notice(desks, 9, state="sent", officer=desks.lab.author)
    _notice(desks, 10, recipient=desks.health.agency, officer=desks.health.reader)
    first = admin("GET", "notifications?limit=2").json()
    second = admin("GET", f"notifications?limit=2&cursor={first['next']}").json()
    seen = [row["id"] for row in (*first["items"], *second["items"])]
    assert sorted(seen) == sorted(str(row.pk) for row in (*failed, told)) and second["next"] is None
    assert admin("GET", f"notifications?limit=2&state=sent&cursor={first['next']}").status_code == 422
    author = Session(desks.lab.author)
    assert [row["id"] for row in author("GET", "notifications?mine=1").json()["items"]] == [str(told.pk)]
    again = admin("POST", f"notifications/{failed[0].pk}/resend")
    assert (again.status_code, again.json()["state"]) == (200, "queued")
    assert admin("POST", f"notifications/{told.pk}/resend").status_code == 409
    assert author("POST", f"notifications/{failed[1].pk}/resend").status_code == 403


def test_the_auditor_asks_by_page_and_takes_the_answer_out(by: By, desks: Desks) -> None:
    received = desks.received()
    reader, auditor = Session(desks.health.reader), desks.hub.make_officer(desks.health.agency, Role.AUDITOR)
    reader("POST", f"alerts/received/{received.pk}/open", {"reason": "case_number", "reference": "=1+1"})
    asked = Session(auditor)
    pages, cursor = [], ""
    while True:
        page = asked("GET", f"audit?limit=1&act=alert.opened&cursor={cursor}").json()
        pages += page["items"]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert [(row["act"], row["actor"]) for row in pages] == [("alert.opened", desks.health.reader.audit_name)]
    assert (pages[0]["reason"], pages[0]["item"]) == ("case_number: =1+1", received.reference)
    narrowed = f"audit?officer={desks.health.reader.public_id}&item={received.reference}&act=alert.opened"
    assert asked("GET", narrowed).json()["items"] == pages
    for who in (desks.lab.reader.public_id, "A" * 22):
        assert asked("GET", f"audit?officer={who}").status_code == 404
    assert asked("GET", "audit?act=nothing").status_code == 422
    taken = asked("POST", "audit/export", {"act": "alert.opened"})
    rows = list(csv.reader(io.StringIO(b"".join(taken.streaming_content).decode("utf-8-sig"))))
    assert taken["Content-Disposition"].startswith("attachment")
    assert len(rows) == 2 and not [cell for row in rows for cell in row if cell.startswith("=")]
    assert AuditEvent.objects.filter(act="audit.exported", actor=auditor.audit_name).count() == 1
    assert reader("GET", "audit").status_code == 403


def test_the_timeline_of_one_alert_is_a_question_too(by: By, desks: Desks) -> None:
    received = desks.received()
    reader, auditor = Session(desks.health.reader), desks.hub.make_officer(desks.health.agency, Role.AUDITOR)
    for case in ("B 1", "B 2"):
        body = {"reason": "case_number", "reference": case}
        reader("POST", f"alerts/received/{received.pk}/open", body)
    reader("POST", f"alerts/received/{received.pk}/acknowledge")
    reader("POST", "alerts/export", {"format": "csv", "box": "inbox"})
    asked, seen = Session(auditor), list[Any]()
    page: Any = {"next": ""}
    while page["next"] is not None:
        page = asked("GET", f"audit?item={received.pk}&order=oldest&limit=2&cursor={page['next']}").json()
        seen += page["items"]
    acts = ["alert.opened", "alert.opened", "alert.acknowledged", "alert.exported"]
    assert [row["act"] for row in seen][-4:] == acts
    opened = seen[-4]
    assert (opened["act_text"], opened["subject"], opened["item"]) == (
        "opened an alert",
        received.md,
        received.reference,
    )
    assert (opened["reason"], opened["reason_text"]) == ("case_number: B 1", "Case number: B 1")
    about = page["about"]
    assert (about["reference"], about["id"], about["md"]) == (
        received.reference,
        str(received.pk),
        received.md,
    )
    assert (about["opened_by"], about["exported"], about["is_own"]) == (1, 1, False)
    assert about["first_opened_at"] <= about["last_opened_at"]
    assert about["acknowledged_by"] == [desks.health.reader.display_name]
    exports = asked("GET", f"audit?item={received.reference}&kind=exports").json()
    assert exports["about"] == about
    assert exports["items"] == asked("GET", "audit?kind=exports").json()["items"] == seen[-1:]
    marked = asked("GET", f"audit?tlp={received.tlp}&act=alert.opened").json()
    assert len(marked["items"]) == 2 and marked["about"] is None
    red = asked("GET", "audit?tlp=RED&act=alert.opened").json()
    assert red["items"] == []
    for wrong in ("kind=nothing", "tlp=PURPLE", "order=any"):
        assert asked("GET", f"audit?{wrong}").status_code == 422


def test_views_hold_what_the_list_offers_and_nothing_else(desks: Desks) -> None:
    reader, colleague = Session(desks.lab.reader), Session(desks.lab.author)
    wanted = {"box": "inbox", "name": "Overdue science", "filters": {"lane": "science", "overdue": "yes"}}
    kept = reader("POST", "views", wanted)
    assert kept.status_code == 201, kept.content
    at = f"views/{kept.json()['id']}"
    for filters in ({"lane": "elsewhere"}, {"title": "text"}, {"overdue": "no"}, {}):
        refused = reader("POST", "views", wanted | {"name": "Other", "filters": filters})
        assert (refused.status_code, refused.json()["field"]) == (422, "filters"), filters
    renamed = reader("PATCH", at, {"name": "Mine", "is_default": True})
    assert (renamed.json()["name"], renamed.json()["is_default"]) == ("Mine", True)
    assert reader("GET", "views?box=inbox").json()["items"] == [renamed.json()]
    assert reader("GET", "views?box=outbox").json()["items"] == []
    assert colleague("PATCH", at, {"name": "Theirs"}).status_code == 404
    assert colleague("DELETE", at).status_code == 404
    assert reader("DELETE", at).status_code == 204
    assert reader("GET", "views").json()["items"] == []


# --- the own account, agreements ----------------------------------------------------------------------------


def test_the_own_account_changes_and_its_sessions_end(desks: Desks) -> None:
    one, two = Session(desks.lab.reader), Session(desks.lab.reader)
    seen = one("GET", "account")
    changed = one(
        "PATCH",
        "account",
        {"language": "fr", "quiet_from": "22:00", "quiet_until": "06:00"},
        etag=seen["ETag"],
    )
    assert changed.status_code == 200, changed.content
    assert (changed.json()["language"], changed.json()["quiet_from"]) == ("fr", "22:00:00")
    assert one("PATCH", "account", {"language": "en"}, etag=seen["ETag"]).status_code == 412
    assert one("PATCH", "account", {"quiet_from": None}).json()["field"] == "quiet_until"
    assert one("PATCH", "account", {"roles": ["keeper"]}).json()["field"] == "roles"
    listed = one("GET", "account/sessions").json()["items"]
    assert [row["is_this"] for row in listed].count(True) == 1 and len(listed) == 2
    other = next(row["id"] for row in listed if not row["is_this"])
    assert Session(desks.lab.author)("DELETE", f"account/sessions/{other}").status_code == 404
    assert one("DELETE", f"account/sessions/{other}").status_code == 204
    assert two("GET", "account").status_code == 401
    third = Session(desks.lab.reader)
    assert len(one("DELETE", "account/sessions").json()["items"]) == 1
    assert third("GET", "account").status_code == 401


def test_lanes_are_stopped_and_opened_again_by_a_party(admin: Session, desks: Desks) -> None:
    ref = Agreement.objects.get().ref
    suspend, resume = f"agreements/{ref}/suspend", f"agreements/{ref}/resume"
    with_health = {"agencies": ["xb-health"], "lanes": ["science"]}
    stopped = admin("POST", suspend, with_health | {"why": "legal"})
    assert stopped.status_code == 200, stopped.content
    (row,) = stopped.json()["suspended"]
    assert row.pop("since") and row == {
        "lane": "science",
        "agency": "xa-lab",
        "peer": "xb-health",
        "why": "legal",
    }
    assert admin("POST", resume, with_health).json()["suspended"] == []
    assert LaneSuspension.objects.get().lifted_at is not None
    for refused in (
        admin("POST", resume, with_health),
        admin("POST", suspend, with_health | {"agencies": ["xz-none"]}),
    ):
        assert (refused.status_code, refused.json()["type"]) == (422, "urn:accord:problem:agreement-refused")
    outsider = Session(desks.hub.make_officer(desks.stranger.agency, Role.AGENCY_ADMIN))
    assert outsider("POST", suspend, with_health).status_code == 404
    assert Session(desks.lab.reader)("POST", suspend, with_health).status_code == 403


def test_a_number_is_no_text_and_no_word_is_true(admin: Session) -> None:
    key, person = {"client": "x", "scopes": ["science:query"]}, {"email": "a@b.example", "full_name": "A"}
    view, duty = {"box": "inbox", "name": "x"}, {"reason": "on_duty"}
    for path, body, field in (
        ("officers", {**person, "email": 5, "roles": ["reader"]}, "email"),
        ("officers", {**person, "roles": [1]}, "roles"),
        ("api-keys", {**key, "days": "30"}, "days"),
        ("api-keys", {**key, "days": True}, "days"),
        ("views", {**view, "filters": {"lane": 1}}, "filters"),
        ("alerts/received/acknowledge", {**duty, "ids": [7]}, "ids"),
        ("alerts/received/acknowledge", {**duty, "ids": [], "reference": 0}, "reference"),
    ):
        refused = admin("POST", path, body)
        assert (refused.status_code, refused.json()["field"]) == (422, field), refused.content
