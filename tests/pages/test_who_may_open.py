# SPDX-License-Identifier: Apache-2.0
"""Access to each page by each role, by a stranger, and by nobody; the expectations stand here on their own."""

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from desk.web.urls import PAGES
from officers.models import Officer
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld

ROLES = ("author", "releaser", "admin", "auditor", "reader", "keeper")
LIST_PAGES: dict[str, str] = {
    # name of the page: the roles that may open it
    "index": "author releaser admin auditor reader keeper",
    "password_change": "author releaser admin auditor reader keeper",
    "inbox": "author releaser admin reader",
    "outbox": "author releaser admin reader",
    "search": "author releaser admin reader",
    "views": "author releaser admin reader",
    "queue": "releaser",
    "drafts": "author",
    "draft_new": "author",
    "officers": "author releaser admin auditor reader",
    "keys": "author releaser admin auditor reader",
    "leaving": "author releaser admin auditor reader",
    "agreements": "author releaser admin auditor reader",
    "directory": "author releaser admin auditor reader keeper",
    "peers": "author releaser admin auditor reader",
    "powers": "author releaser admin auditor reader",
    "set_aside": "auditor keeper",
    "notifications": "author releaser admin reader",
    "handed_in": "author releaser admin reader",
    "audit": "auditor keeper",
    **dict.fromkeys(("audit_keys", "audit_key_issue"), "auditor"),
    "duty": "author releaser admin auditor reader",
    "own_entry": "admin",
    "policy": "author releaser admin auditor reader",
    "after_restore": "admin",
    "officer_invite": "admin",
    "apikeys": "admin",
    "apikey_issue": "admin",
    "exchange_key_issue": "admin",
    "exchange_key_own": "admin",
    "policy_change": "admin",
    "profile": "author releaser admin auditor reader keeper",
    "own_notices": "author releaser admin reader",
    "security": "author releaser admin auditor reader keeper",
    "desk_take_in": "keeper",
    "own_exchange": "keeper",
    **dict.fromkeys(("desk_settings", "desk_settings_text"), "auditor keeper"),
    "science_screen": "author releaser admin reader",
    "science_similar": "author releaser admin reader",
    "science_match": "author releaser admin reader",
    "science_compare": "author releaser admin reader",
    "science_library": "author releaser admin reader",
    "science_board": "author releaser admin reader",
    "science_rules": "author releaser admin reader",
    "science_timeline": "author releaser admin reader",
    "science_caught": "author releaser admin reader",
    "science_watches": "author releaser admin reader",
}
CHANGES: dict[str, str] = {
    # name of the page that changes something: the roles that the capability lets through
    "logout": "author releaser admin auditor reader keeper",
    "received_acknowledge": "author releaser admin reader",
    "received_confirm": "author releaser admin reader",
    "view_rename": "author releaser admin reader",
    "view_default": "author releaser admin reader",
    "view_delete": "author releaser admin reader",
    "amend": "author",
    "remind": "releaser",
    "second_look": "releaser",
    "validate": "releaser",
    "release": "releaser",
    "return": "author releaser admin reader",
    "draft_reach": "author",
    "draft_structure": "author",
    "draft_submit": "author",
    "draft_discard": "author",
    "draft_overwrite": "author",
    "draft_copy": "author",
    "template_create": "author",
    "template_start": "author",
    "template_delete": "author",
    "sent_copy": "author",
    "received_copy": "author",
    "resend": "releaser admin",
    "proposal_discard": "releaser",
    "key_word_send": "releaser",
    "key_word_give_up": "releaser",
    "duty_move": "admin",
    "science_watch_end": "author releaser admin reader",
    "science_adopt": "releaser admin",
    "science_adopt_own": "releaser admin",
    "desk_admin_again": "keeper",
}
ITEM_PAGES = {
    "desk_move_in",
    "desk_come",
    "keys_move",
    "history_take",
    "history_out",
    "leaving_ask",
    "leaving_agree",
    "leaving_stay",
    "leaving_root",
    "leaving_sign",
    "leaving_destroy",
    "exchange_ask",
    "arrivals",
    "arrivals_news",
    "audit_key_revoke",
    "audit_key_rotate",
    "browser_notices",
    "peer_compare",
    "peer_confirm",
    "peer_list",
    "peer_list_offer",
    "peer_telephone",
    "peer_undo",
    "power_agree",
    "power_stop",
    "item_retry",
    "loop_resume",
    "reply",
    "peer_review",
    "received_profile",
    "profile_answer",
    "profile_agree",
    "sent_profile",
    "profile_ask",
    "science_import",
    "science_import_delete",
    "science_spectrum_delete",
    "science_rule",
    "science_timeline_stored",
    "science_look",
    "science_look_own",
    "science_change",
    "science_change_own",
    "science_aside",
    "view_create",
    "acknowledge_many",
    "received",
    "received_attachment",
    "received_changes",
    "by_reference",
    "sent",
    "sent_attachment",
    "withdraw",
    "withdraw_unsent",
    "reaffirm",
    "reaffirm_answer",
    "review",
    "draft",
    "keys_create",
    "keys_renew",
    "keys_rotate",
    "key_retire",
    "key_revoke",
    "key_suspend",
    "identity_take_over",
    "root_change",
    "root_recover",
    "recovery_cancel",
    "proposal",
    "proposal_file",
    "proposal_previous",
    "agreement",
    "agreement_resume",
    "agreement_suspend",
    "apikey_revoke",
    "apikey_rotate",
    "exchange_key_end",
    "release_cancel",
    "audit_export",
    "codes_renew",
    "confirm",
    "export",
    "factor_remove",
    "desk_admin",
    "desk_agency",
    "desk_entry_key",
    "desk_keys",
    "desk_reopening",
    "desk_reopening_ask",
    "desk_reopening_file",
    "officer",
    "officer_deputy",
    "officer_disable",
    "officer_enable",
    "officer_factors",
    "officer_invite_again",
    "officer_reopen",
    "officer_reset",
    "officer_roles",
    "officer_sessions",
    "officer_unit",
    "own_mail",
    "passkey_add",
    "session_end",
    "sessions_end",
    "totp",
}


def _officers(desk: DeskWorld) -> dict[str, Officer]:
    logins = ("ilka", "benno", "sunniva", "edda", "casimir", "noor")
    return dict(zip(ROLES, (desk.officers[login] for login in logins), strict=True))


def test_every_page_stands_in_one_of_the_tables() -> None:
    assert {page.name for page in PAGES} == LIST_PAGES.keys() | CHANGES.keys() | ITEM_PAGES


def test_each_page_is_declared_for_the_roles_that_may(desk: DeskWorld) -> None:
    """Compare the tables only; `tests/security/test_matrix.py` proves that every answer follows the declared capability."""
    for role, officer in _officers(desk).items():
        for page in PAGES:
            if page.name not in ITEM_PAGES:
                is_let_in = page.capability is None or page.capability in officer.capabilities
                allowed = (LIST_PAGES | CHANGES)[page.name].split()
                assert is_let_in == (role in allowed), f"{page.name} for {role}"


def test_a_list_opens_and_another_names_the_admin_to_whom_it_is_refused(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    for role, officer in _officers(desk).items():
        client = as_officer(officer)
        for name in ("index", "draft_new", "apikeys"):
            answer = client.get(reverse(f"admin:{name}"))
            expected = 200 if role in LIST_PAGES[name].split() else 403
            assert answer.status_code == expected, f"{name} for {role}"
            if expected == 403 and officer.agency_id == "xa-lab":
                assert "Your role cannot" in answer.content.decode()
                assert "Ask Sunniva Okparel." in answer.content.decode()


def test_nothing_changes_by_following_a_link(desk: DeskWorld, as_officer: SignIn) -> None:
    for name in CHANGES:
        assert as_officer(desk.benno).get(_address(name)).status_code == 405, name


def test_a_form_without_its_token_is_refused(desk: DeskWorld, as_officer: SignIn) -> None:
    client = as_officer(desk.benno, csrf=True)
    for page in PAGES:
        if "POST" in page.methods:
            answer = client.post(_address(page.name))
            assert answer.status_code == 403, page.name
            assert b"This form is no longer valid." in answer.content, page.name


def test_whoever_is_not_signed_in_is_asked_to_and_comes_back(db: None, client: Client) -> None:
    for page in PAGES:
        if "GET" in page.methods:
            address = _address(page.name)
            answer = client.get(address)
            assert answer.status_code == 302, page.name
            assert answer.headers["Location"].startswith("/login/?next="), page.name


MACHINERY = ("", "jsi18n/", "autocomplete/", "auth/", "auth/group/", "alerts/", "alerts/alert/", "r/1/1/")


def test_the_admins_own_addresses_are_absent(desk: DeskWorld, client: Client, as_officer: SignIn) -> None:
    callers = [client, as_officer(desk.sunniva), as_officer(desk.noor)]
    for address in MACHINERY:
        answers = [caller.get(f"/records/{address}").status_code for caller in callers]
        assert answers == [404, 404, 404], address


def test_a_disabled_officer_is_out_at_the_next_request(desk: DeskWorld, as_officer: SignIn) -> None:
    client = as_officer(desk.benno)
    assert client.get("/inbox/").status_code == 200
    Officer.objects.filter(pk=desk.benno.pk).update(is_active=False)
    assert client.get("/inbox/").status_code == 302


def _address(name: str) -> str:
    page = next(page for page in PAGES if page.name == name)
    values: dict[str, Any] = {
        "alert_id": uuid.UUID(int=1),
        "notice_id": uuid.UUID(int=1),
        "template_id": uuid.UUID(int=1),
        "number": 1,
        "n": 0,
        "reference": "7QK4-M2XN",
        "kid": "A" * 43,
        "od": "A" * 43,
        "md": "A" * 43,
        "public_id": "A" * 22,
        "prefix": "0" * 12,
        "request_id": uuid.UUID(int=1),
        "agency_id": "xz-none",
        "ref": "G0",
        "view_id": uuid.UUID(int=1),
        "sample_id": uuid.UUID(int=1),
        "session_id": uuid.UUID(int=1),
        **dict.fromkeys(("factor_id", "item_id", "state_id"), 1),
        "change_id": uuid.UUID(int=1),
        **dict.fromkeys(
            ("import_id", "spectrum_id", "structure_id", "watch_id", "adopted_id"), uuid.UUID(int=1)
        ),
        "rule_id": "XX-NONE",
    }
    return reverse(f"admin:{name}", kwargs={key: v for key, v in values.items() if f":{key}>" in page.route})


@pytest.fixture
def foreign(desk: DeskWorld) -> dict[str, str]:
    """Map addresses of the laboratory's objects to absent ones: the health authority must see no difference."""
    sent = desk.send(desk.draft(recipients=["xd-reg"]))
    desk.send(desk.draft(desk.aroha, recipients=["xa-lab"]), desk.haitham)
    waiting = desk.submit(desk.draft())
    draft = desk.draft()
    received = desk.received(desk.ilka)
    return {
        f"/inbox/{received.pk}/": f"/inbox/{uuid.uuid4()}/",
        f"/inbox/{received.pk}/files/0/": f"/inbox/{uuid.uuid4()}/files/0/",
        f"/a/{received.reference}": "/a/7QK4-M2XN",
        f"/outbox/{sent.pk}/": f"/outbox/{uuid.uuid4()}/",
        f"/outbox/{sent.pk}/files/0/": f"/outbox/{uuid.uuid4()}/files/0/",
        f"/outbox/{sent.pk}/withdraw/": f"/outbox/{uuid.uuid4()}/withdraw/",
        f"/queue/{waiting.pk}/": f"/queue/{uuid.uuid4()}/",
        f"/drafts/{draft.pk}/1/": f"/drafts/{uuid.uuid4()}/1/",
    }


def test_foreign_and_absent_cannot_be_told_apart(
    foreign: dict[str, str], desk: DeskWorld, as_officer: SignIn
) -> None:
    for officer in (desk.aroha, desk.haitham):
        client = as_officer(officer)
        for theirs, nothing in foreign.items():
            one, other = client.get(theirs), client.get(nothing)
            if one.status_code == 403:
                continue
            assert one.status_code == 404, theirs
            assert one.content == other.content, theirs
            assert CONTENT.encode() not in one.content
            assert _telling(one.headers) == _telling(other.headers), theirs
            assert b"There is nothing here for you." in one.content


def test_foreign_and_absent_rows_refuse_changes_alike(
    foreign: dict[str, str], desk: DeskWorld, as_officer: SignIn
) -> None:
    client = as_officer(desk.haitham)
    known = {address.split("/")[2]: address.split("/")[1] for address in foreign}
    for row, box in known.items():
        verbs = {
            "queue": ("validate", "release", "return"),
            "inbox": ("acknowledge", "confirm"),
            "outbox": ("withdraw",),
        }
        for verb in verbs.get(box, ()):
            one = client.post(
                f"/{box}/{row}/{verb}/", {"reason": "on_duty", "code": "error", "revision": "1"}
            )
            other = client.post(
                f"/{box}/{uuid.uuid4()}/{verb}/", {"reason": "on_duty", "code": "error", "revision": "1"}
            )
            assert (one.status_code, one.content) == (404, other.content), f"{box} {verb}"


def _telling(headers: Any) -> dict[str, str]:
    """Return the headers without the request's own id."""
    return {name: value for name, value in headers.items() if name != "X-Request-Id"}


def test_the_keeper_sees_no_agency_business(desk: DeskWorld, as_officer: SignIn) -> None:
    sent = desk.send(desk.draft())
    client = as_officer(desk.noor)
    for address in ("/", "/audit/"):
        page = client.get(address).content.decode()
        for secret in (CONTENT, "Ilka Torvane", str(sent.pk), sent.md):
            assert secret not in page
