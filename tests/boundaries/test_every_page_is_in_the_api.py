# SPDX-License-Identifier: Apache-2.0
"""Every act and fact of a page is in the API too, or this file says why it belongs to the browser alone."""

from typing import Final

from django.urls import URLPattern, URLResolver, get_resolver

from desk.web.urls import PAGES

THE_BROWSERS: Final = {
    "index": "gathers the lists that have an address each",
    "arrivals": "tells a page that waits to look again; a system polls its feed",
    "arrivals_news": "gives a browser the words of its notices; a system polls its feed",
    "browser_notices": "switches notices on for this browser alone",
    "logout": "ends a browser's session; account-session ends any",
    "password_change": "a password is typed by its owner, on a page",
    "confirm": "a proof needs the person before a page; the API answers step-up-needed",
    "codes_renew": "recovery codes are shown once, on a page",
    "passkey_add": "a passkey is made by a browser",
    "totp": "the secret is shown once, on a page",
    "factor_remove": "changes how one signs in, as above",
    "officer_reset": "the link is shown once, on a page, to be handed over",
    "desk_move_in": "takes a key file with its passphrase, once, from a person who has the fingerprint on paper",
    "desk_come": "takes an agency over, once, by a person who has the fingerprint on paper",
    "leaving": "gathers the steps of a move, which people of three places take",
    **dict.fromkeys(
        ("leaving_ask", "leaving_agree", "leaving_stay", "leaving_root", "leaving_sign", "leaving_destroy"),
        "a step of a move, once in an agency's life, by a person who compares and carries a file",
    ),
    **dict.fromkeys(
        ("history_out", "history_take"), "a file that a person carries from one desk to the other, once"
    ),
    **dict.fromkeys(
        ("desk_reopening", "desk_reopening_ask", "desk_reopening_file"),
        "lets one person in by a file that the agency's head has signed; the link is shown once, to be handed over",
    ),
    **dict.fromkeys(
        ("peer_list", "peer_list_offer"),
        "compares by a file that a root has signed, line by line, ticked by a person; peers-compare does one",
    ),
    "own_exchange": "tells an own desk where its exchange is, once, by a person who compares a fingerprint",
    "exchange_ask": "asks once, while a person waits; desk-health says what the desk-worker found",
    "received_changes": "compares what two openings give; received-versions and received-open give both",
}
IN_JSON: Final = {
    "security": "account-sessions",
    "sessions_end": "account-sessions",
    "session_end": "account-session",
    **dict.fromkeys(("inbox", "outbox", "queue", "drafts", "on_the_way", "draft_new"), "alerts"),
    "acknowledge_many": "received-acknowledge-many",
    "search": "alerts-search",
    "export": "alerts-export",
    **dict.fromkeys(("views", "view_create"), "views-list"),
    **dict.fromkeys(("view_rename", "view_default", "view_delete"), "views-one"),
    "onward_received": "received-releases",
    "onward_sent": "alert-releases",
    "onward_release": "prepared-release",
    "onward_discard": "prepared-release-discard",
    "onward_received_end": "received-release-end",
    "onward_sent_end": "alert-release-end",
    "emergency": "emergency-review",
    "call_sender": "received-calls",
    "call_recipient": "alert-calls",
    "received": "received-open",
    "received_attachment": "received-attachment",
    "received_acknowledge": "received-acknowledge",
    "received_confirm": "received-confirm-withdrawal",
    "by_reference": "alerts-search",
    **dict.fromkeys(("reply", "answer", "ask_back", "peer_review"), "received-reply"),
    "received_profile": "received-profile",
    "profile_answer": "received-profile-answer",
    "profile_agree": "received-profile-details",
    "sent_profile": "alert-profile",
    "profile_ask": "alert-profile-ask",
    **dict.fromkeys(
        ("sent", "review", "draft", "draft_discard", "draft_overwrite", "draft_structure"), "alert"
    ),
    "overdue": "alerts-overdue",
    "tasks": "tasks-list",
    "task": "tasks-assign",
    "task_end": "tasks-end",
    "answer_assign": "received-assign",
    "about_note": "about-notes",
    "about_case": "cases-items",
    **dict.fromkeys(("about_task", "case_task"), "tasks-list"),
    **dict.fromkeys(("cases", "case_new"), "cases-list"),
    **dict.fromkeys(("case", "case_change"), "cases-one"),
    "case_close": "cases-close",
    "case_reopen": "cases-reopen",
    "case_review": "cases-review",
    "case_note": "cases-notes",
    "case_item_remove": "cases-item",
    **dict.fromkeys(("units", "unit_new"), "units-list"),
    "unit": "units-one",
    "hand_over": "officers-hand-over",
    "sent_attachment": "alert-attachment",
    "withdraw": "alert-withdraw",
    "amend": "alert-amend",
    "remind": "alert-remind",
    "second_look": "alert-second-look",
    "reaffirm": "alert-reaffirm",
    "withdraw_unsent": "doubts-withdraw",
    "reaffirm_answer": "doubts-reaffirm",
    "validate": "alert-validate",
    "release": "alert-release",
    "release_cancel": "alert-cancel",
    "handed_in": "alerts-handed-in",
    "return": "alert-return",
    "draft_reach": "alerts-check-recipients",
    "draft_submit": "alert-submit",
    **dict.fromkeys(("draft_copy", "sent_copy"), "alert-copy"),
    "received_copy": "received-copy",
    "template_create": "alert-template",
    "template_start": "template-start",
    "template_delete": "template",
    **dict.fromkeys(("officers", "officer_invite"), "officers-list"),
    **dict.fromkeys(
        ("officer", "officer_roles", "officer_deputy", "officer_unit", "officer_disable", "officer_enable"),
        "officers-one",
    ),
    "officer_invite_again": "officers-invite-again",
    "officer_sessions": "officers-sign-out",
    "officer_reopen": "officers-reopen",
    "officer_factors": "officers-reset-factors",
    "duty": "duty-list",
    "duty_move": "duty-move",
    **dict.fromkeys(("apikeys", "apikey_issue"), "apikeys-list"),
    **dict.fromkeys(("audit_keys", "audit_key_issue"), "apikeys-list"),
    **dict.fromkeys(("apikey_rotate", "audit_key_rotate"), "apikeys-rotate"),
    **dict.fromkeys(("apikey_revoke", "audit_key_revoke"), "apikeys-one"),
    "exchange_key_issue": "exchange-keys-list",
    "exchange_key_end": "exchange-keys-one",
    "exchange_key_own": "exchange-keys-replace-own",
    **dict.fromkeys(("calendar", "calendar_change"), "calendar"),
    **dict.fromkeys(("policy", "policy_change"), "policy-one"),
    "after_restore": "restore-review",
    "transition": "transition-one",
    "powers": "powers-list",
    "power_agree": "powers-agree",
    "power_stop": "powers-stop",
    "set_aside": "set-aside",
    "item_retry": "desk-set-aside-retry",
    "loop_resume": "desk-loop-resume",
    **dict.fromkeys(("profile", "own_mail"), "account-one"),
    **dict.fromkeys(("own_notices", "notifications"), "notifications-list"),
    "resend": "notifications-resend",
    "directory": "directory-list",
    "own_entry": "entry-one",
    "peers": "peers-list",
    "peer_compare": "peers-compare",
    "peer_confirm": "peers-confirm",
    "peer_telephone": "peers-telephone",
    "peer_undo": "peers-undo",
    "keys": "keys-list",
    **dict.fromkeys(
        ("keys_create", "keys_renew", "keys_rotate", "keys_move", "root_change", "root_recover"),
        "keys-change",
    ),
    **dict.fromkeys(("recovery_cancel", "key_retire", "key_revoke", "key_suspend"), "keys-change"),
    "identity_take_over": "keys-holder",
    **dict.fromkeys(("key_word_send", "key_word_give_up"), "keys-to-send"),
    **dict.fromkeys(("proposal", "proposal_file", "proposal_discard"), "keys-proposal"),
    "proposal_previous": "keys-proposal-previous",
    **dict.fromkeys(("agreements", "agreement"), "agreements-list"),
    "reciprocity": "reciprocity-list",
    **dict.fromkeys(("reciprocity_peer", "reciprocity_brief", "reciprocity_list"), "reciprocity-brief"),
    "reciprocity_compare": "reciprocity-compare",
    "commitments": "commitments-list",
    **dict.fromkeys(
        ("agreement_version", "agreement_propose", "agreement_propose_next"), "agreement-versions"
    ),
    "may_send": "agreements-may-send",
    "agreement_accept": "agreement-version-accept",
    "agreement_refuse": "agreement-version-refuse",
    "agreement_leave": "agreements-leave",
    "withheld": "withheld-list",
    "withheld_lane": "withheld-lane",
    "withheld_choose": "withheld-choose",
    "withheld_decline": "withheld-decline",
    "withheld_cancel": "withheld-cancel",
    "withheld_send": "withheld-send",
    "agreement_suspend": "agreements-suspend",
    "agreement_resume": "agreements-resume",
    "science_board": "science-board",
    "science_look": "received-looks",
    "science_look_own": "alert-looks",
    "science_screen": "substances-screen",
    "science_similar": "substances-similar",
    "science_match": "spectra-match",
    "science_compare": "profiles-compare",
    "science_library": "spectra-library",
    "science_import": "spectra-import-confirm",
    "science_import_delete": "spectra-import",
    "science_spectrum_delete": "spectra-library-one",
    **dict.fromkeys(("audit", "audit_alert"), "audit-list"),
    "audit_export": "audit-file",
    **dict.fromkeys(("desk_settings", "desk_settings_text"), "desk-settings"),
    "science_rules": "rules-list",
    "science_rule": "rules-one",
    **dict.fromkeys(("science_timeline", "science_timeline_stored"), "substances-timeline"),
    "science_caught": "caught-list",
    "science_watches": "watches-list",
    "science_watch_end": "watches-one",
    "science_change": "received-rule",
    "science_change_own": "alert-rule",
    "science_adopt": "received-rule-adopt",
    "science_adopt_own": "alert-rule-adopt",
    "science_aside": "rules-set-aside",
    "desk_take_in": "desk-agencies",
    "desk_agency": "desk-agency-one",
    "desk_admin": "desk-agency-admin",
    "desk_admin_again": "desk-agency-admin-again",
    "desk_entry_key": "desk-agency-entry-key",
    "desk_keys": "desk-agency-keys",
}
"""Name of a page: name of the API's address for it."""


def _names(patterns: list[URLPattern | URLResolver], prefix: str = "") -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found |= _names(pattern.url_patterns, route)
        elif route.startswith("api/v1/") and pattern.name:
            found.add(pattern.name)
    return found


def test_every_page_has_its_counterpart_in_the_api_or_a_reason() -> None:
    pages = {page.name for page in PAGES}
    assert pages - IN_JSON.keys() - THE_BROWSERS.keys() == set(), "pages without a way in JSON"
    assert (IN_JSON.keys() | THE_BROWSERS.keys()) - pages == set(), "pages that are no more"
    assert IN_JSON.keys().isdisjoint(THE_BROWSERS)


def test_every_counterpart_is_there() -> None:
    assert set(IN_JSON.values()) - _names(get_resolver("hub.urls.desk").url_patterns) == set()
