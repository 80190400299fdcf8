# SPDX-License-Identifier: Apache-2.0
"""Access to each page by each role, by a stranger, and by nobody; the expectations stand here on their own."""

import uuid
from typing import Any

from django.test import Client
from django.urls import resolve, reverse

from desk.web.urls import PAGES
from officers.models import Officer
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

ROLES = ("author", "releaser", "admin", "auditor", "reader", "keeper")
PAGES_BY_ROLES: dict[str, str] = {
    # roles that may open: names of pages
    "author releaser admin auditor reader keeper": "index password_change directory profile security",
    "author releaser admin reader": """
        inbox outbox overdue search views notifications handed_in own_notices science_screen
        science_similar science_match science_compare science_library science_board
        science_rules science_timeline science_caught science_watches tasks cases units withheld
        reciprocity commitments
    """,
    "author releaser admin": "case_new",
    "releaser": "queue",
    "author": "drafts draft_new on_the_way",
    "author releaser admin auditor reader": "officers keys leaving agreements may_send peers powers duty policy calendar",
    "auditor keeper": "set_aside audit desk_settings desk_settings_text",
    "auditor": "audit_keys audit_key_issue",
    "admin": """
        agreement_propose own_entry after_restore officer_invite apikeys apikey_issue exchange_key_issue
        exchange_key_own policy_change calendar_change unit_new transition
    """,
    "keeper": "desk_take_in own_exchange",
}
CHANGES_BY_ROLES: dict[str, str] = {
    # roles that the capability lets through: names of pages that only take a form
    "author releaser admin auditor reader keeper": "logout codes_renew factor_remove session_end sessions_end",
    "author releaser admin auditor reader": "power_stop",
    "author releaser admin": "case_reopen",
    "author releaser admin reader": """
        received_acknowledge received_confirm case_item_remove view_create view_rename view_default view_delete return
        science_watch_end export own_mail browser_notices withheld_choose withheld_decline withheld_cancel
        reciprocity_compare
    """,
    "author": """
        amend draft_reach draft_structure draft_submit draft_discard draft_overwrite draft_copy
        template_create template_start template_delete sent_copy received_copy
    """,
    "releaser": """
        remind second_look validate release release_cancel proposal_discard key_word_send key_word_give_up
        history_out
    """,
    "releaser admin": "resend science_adopt science_adopt_own",
    "admin": "duty_move",
    "auditor keeper": "audit_export",
    "keeper": "desk_admin_again exchange_ask item_retry loop_resume",
}
ITEM_PAGES = """
    about_case about_note about_task acknowledge_many agreement agreement_accept agreement_leave
    agreement_propose_next agreement_refuse agreement_resume agreement_suspend agreement_version
    answer answer_assign apikey_revoke apikey_rotate
    ask_back arrivals arrivals_news audit_alert audit_key_revoke audit_key_rotate by_reference
    call_recipient call_sender emergency onward_discard onward_received onward_received_end onward_release
    onward_sent onward_sent_end case case_change case_close case_note case_review case_task
    confirm desk_admin
    desk_agency desk_come desk_entry_key desk_keys desk_move_in desk_reopening desk_reopening_ask
    desk_reopening_file draft exchange_key_end hand_over history_take identity_take_over key_retire key_revoke
    key_suspend keys_create keys_move keys_renew keys_rotate leaving_agree leaving_ask
    leaving_destroy leaving_root leaving_sign leaving_stay officer officer_deputy officer_disable
    officer_enable officer_factors officer_invite_again officer_reopen officer_reset officer_roles
    officer_sessions officer_unit passkey_add peer_compare peer_confirm peer_list peer_list_offer
    peer_review peer_telephone peer_undo power_agree profile_agree profile_answer profile_ask
    proposal proposal_file proposal_previous reaffirm reaffirm_answer received received_attachment
    received_changes received_profile reciprocity_brief reciprocity_list reciprocity_peer recovery_cancel reply review root_change root_recover
    science_aside science_change science_change_own science_import science_import_delete
    science_look science_look_own science_rule science_spectrum_delete science_timeline_stored sent
    sent_attachment sent_profile task task_end totp unit withdraw withdraw_unsent withheld_lane withheld_send
"""
"""Pages of one object, and those that differ by it: the matrix asks them all."""


def _by_page(table: dict[str, str]) -> dict[str, list[str]]:
    """Turn a table around: each page with its roles."""
    return {page: roles.split() for roles, pages in table.items() for page in pages.split()}


LIST_PAGES, CHANGES = _by_page(PAGES_BY_ROLES), _by_page(CHANGES_BY_ROLES)


def _officers(desk: DeskWorld) -> dict[str, Officer]:
    logins = ("ilka", "benno", "sunniva", "edda", "casimir", "noor")
    return dict(zip(ROLES, (desk.officers[login] for login in logins), strict=True))


def test_every_page_stands_in_one_of_the_tables() -> None:
    assert {page.name for page in PAGES} == LIST_PAGES.keys() | CHANGES.keys() | set(ITEM_PAGES.split())


def test_nothing_changes_by_following_a_link() -> None:
    """The table is whole; `tests/security/test_matrix.py` proves that no page answers another method than the declared ones."""
    assert {page.name for page in PAGES if "GET" not in page.methods} == CHANGES.keys()


def test_each_page_is_declared_for_the_roles_that_may(desk: DeskWorld) -> None:
    """Compare the tables only; `tests/security/test_matrix.py` proves that every answer follows the declared capability."""
    for role, officer in _officers(desk).items():
        for page in PAGES:
            if page.name in LIST_PAGES.keys() | CHANGES.keys():
                is_let_in = page.capability is None or page.capability in officer.capabilities
                allowed = (LIST_PAGES | CHANGES)[page.name]
                assert is_let_in == (role in allowed), f"{page.name} for {role}"


def test_who_is_refused_is_told_whom_to_ask(desk: DeskWorld, as_officer: SignIn) -> None:
    client = as_officer(desk.benno)
    assert client.get(reverse("admin:index")).status_code == 200
    for name in ("draft_new", "apikeys"):
        answer = client.get(reverse(f"admin:{name}"))
        assert answer.status_code == 403, name
        assert "Your role cannot" in answer.content.decode()
        assert "Ask Sunniva Okparel." in answer.content.decode()


def test_a_form_without_its_token_is_refused(desk: DeskWorld, as_officer: SignIn) -> None:
    """No page is excepted from the check that refuses one of them."""
    refused = as_officer(desk.benno, csrf=True).post("/keys/renew/")
    assert refused.status_code == 403
    assert b"This form is no longer valid." in refused.content
    for page in PAGES:
        if "POST" in page.methods:
            view = resolve(_address(page.name)).func
            assert not getattr(view, "csrf_exempt", False), page.name


def test_whoever_is_not_signed_in_comes_back(db: None, client: Client) -> None:
    assert client.get("/inbox/?tlp=RED").headers["Location"] == "/login/?next=%2Finbox%2F%3Ftlp%3DRED"


MACHINERY = ("", "jsi18n/", "autocomplete/", "auth/", "auth/group/", "alerts/", "alerts/alert/", "r/1/1/")


def test_the_admins_own_addresses_are_absent(desk: DeskWorld, client: Client, as_officer: SignIn) -> None:
    callers = [client, as_officer(desk.sunniva), as_officer(desk.noor)]
    for address in MACHINERY:
        answers = [caller.get(f"/records/{address}").status_code for caller in callers]
        assert answers == [404, 404, 404], address


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
        "peer": "xz-none",
        "lane": "science",
        "ref": "G0",
        "item": "7QK4-M2XN",
        "view_id": uuid.UUID(int=1),
        "sample_id": uuid.UUID(int=1),
        "session_id": uuid.UUID(int=1),
        **dict.fromkeys(("factor_id", "item_id", "state_id"), 1),
        **dict.fromkeys(("change_id", "release_id"), uuid.UUID(int=1)),
        **dict.fromkeys(("task_id", "case_id", "subject_id", "unit_id"), uuid.UUID(int=1)),
        **dict.fromkeys(
            ("import_id", "spectrum_id", "structure_id", "watch_id", "adopted_id"), uuid.UUID(int=1)
        ),
        "rule_id": "XX-NONE",
    }
    if name == "case_item_remove":
        values["item_id"] = uuid.UUID(int=1)
    return reverse(f"admin:{name}", kwargs={key: v for key, v in values.items() if f":{key}>" in page.route})
