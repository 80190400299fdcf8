# SPDX-License-Identifier: Apache-2.0
"""Officers: the list, one person, and every act on a person, tried on colleagues, admins, oneself and strangers."""

import html
import re

import pytest
from django.test import Client
from django.utils import timezone

from ledger.models import AuditEvent
from officers.models import Officer
from tests.bound_rows import rewrite
from tests.mail_server import MailServer
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

FORMS = {"roles": {"roles": ["reader"]}}
NEW = {"full_name": "Runa Skarsholm", "email": "runa@xa-lab.example", "roles": ["author", "reader"]}


@pytest.fixture
def admin(desk: DeskWorld, as_officer: SignIn) -> Client:
    """Sunniva, agency admin of the laboratory; she and Ilka have passwords, so that they count as having joined."""
    rewrite(Officer.objects.filter(agency="xa-lab"), password="argon2$none")
    desk.sunniva.refresh_from_db()
    return as_officer(desk.sunniva)


def of(officer: Officer, act: str = "") -> str:
    return f"/officers/{officer.public_id}/{act}/" if act else f"/officers/{officer.public_id}/"


def standing(officer: Officer) -> dict[str, object]:
    """Return every field of an officer's row that an act could change."""
    row = Officer.objects.get(pk=officer.pk)
    names = {field.attname for field in Officer._meta.concrete_fields} - {"last_login"}
    return {name: getattr(row, name) for name in names}


def test_the_list_leads_to_a_person_and_offers_an_admin_what_fits(desk: DeskWorld, admin: Client) -> None:
    page = admin.get("/officers/").content.decode()
    assert of(desk.ilka) in page
    assert "Invite…" in page
    assert (
        "Roles that one person alone has: Agency admin, Key officer. Name a second person for each." in page
    )
    person = admin.get(of(desk.ilka)).content.decode()
    for text in ("Ilka Torvane", "Author", "called as number 1", "Change roles…", "Disable…"):
        assert text in person
    assert "Enable…" not in person
    assert "Disable…" not in admin.get(of(desk.sunniva)).content.decode()


def test_a_reader_sees_colleagues_and_no_act(desk: DeskWorld, as_officer: SignIn) -> None:
    reader = as_officer(desk.ilka)
    page = reader.get("/officers/").content.decode()
    assert "Invite…" not in page
    assert "one person alone" not in page
    assert "Change roles…" not in reader.get(of(desk.benno)).content.decode()


def test_the_list_filters_by_state(desk: DeskWorld, admin: Client) -> None:
    admin.post(of(desk.benno, "disable"))
    rows = admin.get("/officers/?state=disabled").content.decode().split("<tbody")[1]
    assert "Benno Ashgrove" in rows
    assert "Ilka Torvane" not in rows


def test_an_admin_does_not_change_the_own_standing(desk: DeskWorld, admin: Client) -> None:
    # `tests/agencies/test_enrol_officer.py` and `tests/security/test_matrix.py` prove who acts on whom.
    before = standing(desk.sunniva)
    for act in ("invite", "roles", "factors", "disable", "enable"):
        answer = admin.post(of(desk.sunniva, act), FORMS.get(act))
        assert answer.status_code == 422 and "your own standing" in answer.content.decode(), act
    for target in (desk.haitham, desk.noor):
        assert admin.post(of(target, "roles"), FORMS["roles"]).status_code == 404
    assert standing(desk.sunniva) == before


def test_roles_change_and_an_auditor_is_nothing_else(desk: DeskWorld, admin: Client) -> None:
    refused = admin.post(of(desk.ilka, "roles"), {"roles": ["auditor", "author"]})
    assert refused.status_code == 422
    assert "Who audits does nothing else" in refused.content.decode()
    assert admin.post(of(desk.ilka, "roles"), {"roles": ["keeper"]}).status_code == 422
    assert admin.post(of(desk.ilka, "roles"), {}).status_code == 422
    assert admin.post(of(desk.ilka, "roles"), {"roles": ["auditor"]}).status_code == 302
    desk.ilka.refresh_from_db()
    assert desk.ilka.roles == ["auditor"]
    assert desk.ilka.duty_rank is None, "who reads no alerts is not on duty"


def test_disabling_ends_sessions_at_once_and_enabling_does_not_bring_them_back(
    desk: DeskWorld, admin: Client, as_officer: SignIn
) -> None:
    desk.benno.refresh_from_db()
    session = as_officer(desk.benno)
    assert session.get("/inbox/").status_code == 200
    assert admin.post(of(desk.benno, "disable")).status_code == 302
    assert session.get("/inbox/").status_code == 302
    assert admin.post(of(desk.benno, "enable")).status_code == 302
    assert session.get("/inbox/").status_code == 302, "an old session stays ended"


def test_signing_out_everywhere(desk: DeskWorld, admin: Client, as_officer: SignIn) -> None:
    desk.ilka.refresh_from_db()
    session = as_officer(desk.ilka)
    admin.post(of(desk.ilka, "sessions"))
    assert session.get("/").status_code == 302
    assert AuditEvent.objects.filter(act="officer.sessions_ended", subject=desk.ilka.audit_name).count() == 1


def test_a_deputy_is_a_colleague_and_is_shown(desk: DeskWorld, admin: Client) -> None:
    assert admin.post(of(desk.ilka, "deputy"), {"deputy": desk.haitham.public_id}).status_code == 422
    assert admin.post(of(desk.ilka, "deputy"), {"deputy": desk.ilka.public_id}).status_code == 422
    assert admin.post(of(desk.ilka, "deputy"), {"deputy": desk.benno.public_id}).status_code == 302
    assert "Benno Ashgrove" in admin.get(of(desk.ilka)).content.decode()
    assert "Stands in for" in admin.get(of(desk.benno)).content.decode()
    duty = admin.get("/officers/duty/").content.decode()
    assert re.search(r"Deputy: <a [^>]*><bdi>Benno Ashgrove", duty), "who calls sees whom to call instead"
    admin.post(of(desk.benno, "disable"))
    desk.ilka.refresh_from_db()
    assert desk.ilka.deputy is None, "who is disabled stands in for nobody"


def test_an_admin_changes_the_unit_of_a_colleague_and_the_audit_says_it(
    desk: DeskWorld, admin: Client, as_officer: SignIn
) -> None:
    assert "Change the unit…" in admin.get(of(desk.ilka)).content.decode()
    assert admin.post(of(desk.ilka, "unit"), {"unit": "U" * 61}).status_code == 422
    changed = admin.post(of(desk.ilka, "unit"), {"unit": " Field  team 2 "}, follow=True)
    assert "<bdi>Field team 2</bdi> · " in changed.content.decode()
    event = AuditEvent.objects.get(act="officer.unit_changed")
    assert (event.actor, event.subject) == (desk.sunniva.audit_name, desk.ilka.audit_name)
    assert event.detail == {"before": {"unit": ""}, "after": {"unit": "Field team 2"}}
    desk.edda.refresh_from_db()
    assert "→ Field team 2" in as_officer(desk.edda).get("/audit/").content.decode()


def test_the_duty_list_is_arranged_step_by_step(desk: DeskWorld, admin: Client) -> None:
    def order() -> list[str]:
        return re.findall(r'class="who"><a[^>]*><bdi>([^<]+)', admin.get("/officers/duty/").content.decode())

    def move(officer: Officer, step: str) -> int:
        return admin.post(f"/officers/duty/{officer.public_id}/", {"move": step}).status_code

    move(desk.benno, "add")
    assert order() == ["Ilka Torvane", "Benno Ashgrove"]
    move(desk.benno, "up")
    move(desk.benno, "up")
    assert order() == ["Benno Ashgrove", "Ilka Torvane"]
    move(desk.benno, "remove")
    assert order() == ["Ilka Torvane"]
    move(desk.edda, "add")
    move(desk.sunniva, "sideways")
    assert order() == ["Ilka Torvane"], "who audits and what is no step change nothing"
    assert move(desk.haitham, "add") == 404
    assert AuditEvent.objects.filter(act="duty.changed").count() == 3


def test_two_of_one_name_are_told_apart_by_their_units(
    desk: DeskWorld, admin: Client, mail_server: MailServer
) -> None:
    officer = Officer.objects.get(pk=desk.ilka.pk)
    officer.unit = "Toxicology"
    officer.save(update_fields=["unit"])
    twin = NEW | {"full_name": "Ilka Torvane", "unit": " Field  team 2 "}
    answer = admin.post("/officers/invite/", twin, follow=True).content.decode()
    assert "looks like this one: Ilka Torvane (Toxicology), " in html.unescape(answer)
    listed = admin.get("/officers/").content.decode()
    assert all(unit in listed for unit in ("Toxicology", "Field team 2"))
    deputies = admin.get(of(desk.benno, "deputy")).content.decode()
    assert all(f"Ilka Torvane ({unit})" in deputies for unit in ("Toxicology", "Field team 2"))


WRONG_INVITATIONS: tuple[tuple[str, object, str], ...] = (
    ("unit", "Lab\u202e2", "Use one line"),
    ("unit", "U" * 61, "Unit: use up to 60 characters."),
    ("full_name", "", "Name: enter the name"),
    ("full_name", "Runa\u202egnp", "Use one line"),
    ("full_name", "Run\u0430 Skarsholm", "Two scripts are mixed in one word; retype it."),
    ("email", "runa", "E-mail: enter a complete address."),
    ("email", "BENNO@xa-lab.example", "an officer of your agency has this address already"),
    ("email", "runa@x.example\nBcc: b@x.example", "E-mail: enter a complete address."),
    ("roles", ["keeper"], "Roles: choose one or more."),
)


def test_what_is_wrong_in_an_invitation_is_named_at_its_field(
    desk: DeskWorld, admin: Client, mail_server: MailServer
) -> None:
    for field, value, text in WRONG_INVITATIONS:
        answer = admin.post("/officers/invite/", NEW | {field: value})
        assert answer.status_code == 422 and text in answer.content.decode(), (field, value)
    assert admin.post(of(desk.benno, "invite")).status_code == 422, "who has a password is not invited"
    assert not mail_server.mails


def test_the_queries_of_the_list_do_not_grow_with_it(
    desk: DeskWorld, admin: Client, django_assert_max_num_queries: object
) -> None:
    Officer.objects.bulk_create(
        Officer(
            email=f"n{n}@xa-lab.example",
            full_name=f"N {n}",
            agency=desk.lab,
            roles=["reader"],
            joined_at=timezone.now(),
            password="!",
        )
        for n in range(60)
    )
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        assert admin.get("/officers/").status_code == 200
