# SPDX-License-Identifier: Apache-2.0
"""Every page of the site: its address, its name, and the capability that it needs.

- A page cannot be listed without its capability, and only this table gives a page an address.
- Changes are made by POST; following a link never changes anything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from callers import clock
from callers.capabilities import Capability, require
from callers.errors import AbsentError, NotPermittedError
from desk.account import profile_page as profile
from desk.account import security_page as security
from desk.account import sign_in_page as signing_in
from desk.account import step_up
from desk.agency.after_restore import page as after_restore
from desk.agency.agreements import lanes_page as lanes
from desk.agency.agreements import may_send_page as may_send
from desk.agency.agreements import page as agreements
from desk.agency.agreements import versions_page as versions
from desk.agency.apikeys import exchange_page as exchange_keys
from desk.agency.apikeys import page as apikeys
from desk.agency.audit import alert_page as audit_alert
from desk.agency.audit import export_page as audit_export
from desk.agency.audit import page as audit_page
from desk.agency.calendar import page as calendar
from desk.agency.directory import page as directory
from desk.agency.entry import page as own_entry
from desk.agency.keys import history_page as history
from desk.agency.keys import leaving_page as leaving
from desk.agency.keys import page as key_page
from desk.agency.keys import proposals_page as proposals
from desk.agency.keys import revoking, wizard
from desk.agency.keys import take_over_identity_page as holder
from desk.agency.keys import waiting_page as waiting
from desk.agency.notices import page as notices
from desk.agency.officers import acts as officer_acts
from desk.agency.officers import duty_page as duty
from desk.agency.officers import page as people
from desk.agency.peers import list_page as peer_list
from desk.agency.peers import page as peers
from desk.agency.policy import page as policy
from desk.agency.powers import page as powers
from desk.agency.set_aside import page as aside
from desk.agency.transition import page as transition
from desk.alerts.boxes import export_page as exporting
from desk.alerts.boxes import overdue_page
from desk.alerts.boxes import page as lists
from desk.alerts.boxes import saved_views_page as views
from desk.alerts.boxes import search_page as searching
from desk.alerts.boxes import start_page as start
from desk.alerts.compose import starting, steps, structure
from desk.alerts.onward import page as onward
from desk.alerts.received import acknowledging_page as bulk
from desk.alerts.received import page as received
from desk.alerts.replies import calls_page as calls
from desk.alerts.replies import page as replying
from desk.alerts.review import page as review
from desk.alerts.sent import doubts_page as doubts
from desk.alerts.sent import handed_in_page as handed_in
from desk.alerts.sent import page as sent
from desk.alerts.versions import page as comparing
from desk.alerts.withheld import page as withheld
from desk.casework import cases_page, tasks_page, units_page
from desk.keeper import agencies_page as keeper
from desk.keeper import moving_in_page as moving_in
from desk.keeper import own_exchange_page as own_exchange
from desk.keeper import reach_check
from desk.keeper import reopening_page as reopening
from desk.keeper import settings_page as desk_settings
from desk.keeper import take_over_agency_page as coming
from desk.reciprocity import commitments_page as commitments
from desk.reciprocity import page as reciprocity
from desk.science.board import harm_review_page as science_looking
from desk.science.board import page as science_board
from desk.science.law import adopting_page as science_adopting
from desk.science.law import caught_page as science_caught
from desk.science.law import page as science_rules
from desk.science.law import timeline_page as science_timeline
from desk.science.profiles import compare_page as science_compare
from desk.science.profiles import page as profiles
from desk.science.spectra import library_page as science_library
from desk.science.spectra import page as science_match
from desk.science.substances import page as science_screen
from desk.science.substances import similar_page as science_similar
from desk.web import arrivals, browser_notices, error_pages
from desk.web.frame import signed_in
from officers.login.proof import is_fresh, needs_fresh_proof

C = Capability
View = Callable[..., HttpResponseBase]
READ: Final = ("GET", "HEAD")
CHANGE: Final = ("POST",)
BOTH: Final = (*READ, *CHANGE)
ANY_OFFICER: Final = None
"""Every active officer, whatever the role."""


@dataclass(frozen=True)
class Page:
    """Address with its guard."""

    route: str
    view: View
    name: str
    capability: C | None
    methods: tuple[str, ...] = READ
    fresh: bool = False
    """Whether every act on it asks for a fresh proof; acts of a sensitive capability do anyway."""

    def pattern(self, admin_view: Callable[[View], View]) -> URLPattern:
        return path(self.route, admin_view(guarded(self)), name=self.name)


def guarded(page: Page) -> View:
    """Return the view behind its capability; absence and missing rights get their page here."""

    @require_http_methods(page.methods)
    @wraps(page.view)
    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return _asked_first(page, request) or page.view(request, *args, **kwargs)
        except AbsentError:
            raise Http404 from None
        except NotPermittedError as missing:
            return error_pages.forbidden(request, missing)
        except error_pages.HANDLED_ERRORS as stop:
            return error_pages.stopped(request, stop)

    return view


def _asked_first(page: Page, request: HttpRequest) -> HttpResponseBase | None:
    """Return the question for a fresh proof where this act needs one; raises NotPermittedError before it asks."""
    if page.capability is not None:
        require(signed_in(request), page.capability)
    return step_up.prove_or_ask(request) if needs_proof(page, request) else None


def needs_proof(page: Page, request: HttpRequest) -> bool:
    """Tell whether this act needs a fresh proof that it is still the same person."""
    now = clock.now()
    if page.fresh:
        return request.method == "POST" and not is_fresh(request, now=now)
    return needs_fresh_proof(request, page.capability, now=now)


PAGES: Final = (
    Page("", start.start, "index", ANY_OFFICER),
    Page("logout/", signing_in.sign_out, "logout", ANY_OFFICER, CHANGE),
    Page("password/", signing_in.password, "password_change", ANY_OFFICER, BOTH),
    # signing in
    Page("confirm/", step_up.confirm, "confirm", ANY_OFFICER, BOTH),
    Page("security/", security.security, "security", ANY_OFFICER),
    Page("security/codes/", security.codes_renew, "codes_renew", ANY_OFFICER, CHANGE, fresh=True),
    Page("security/passkeys/add/", security.passkey_add, "passkey_add", ANY_OFFICER, BOTH, fresh=True),
    Page("security/sessions/end/", security.sessions_end, "sessions_end", ANY_OFFICER, CHANGE),
    Page(
        "security/sessions/<uuid:session_id>/end/", security.session_end, "session_end", ANY_OFFICER, CHANGE
    ),
    Page("security/totp/", security.totp, "totp", ANY_OFFICER, BOTH, fresh=True),
    Page(
        "security/factors/<int:factor_id>/remove/",
        security.factor_remove,
        "factor_remove",
        ANY_OFFICER,
        CHANGE,
        fresh=True,
    ),
    Page("overdue/", overdue_page.overdue, "overdue", C.ALERT_READ),
    Page("arrivals/", arrivals.arrivals, "arrivals", ANY_OFFICER),
    Page("arrivals/news/", browser_notices.news, "arrivals_news", C.ALERT_READ),
    Page("inbox/", lists.inbox, "inbox", C.ALERT_READ),
    # Area of lists: search, kept views, acknowledging several.
    Page("inbox/acknowledge/", bulk.acknowledge_many, "acknowledge_many", C.ALERT_ACKNOWLEDGE, BOTH),
    Page("export/", exporting.export, "export", C.ALERT_READ, CHANGE),
    Page("search/", searching.search, "search", C.ALERT_READ, BOTH),
    Page("views/", views.views, "views", C.ALERT_READ),
    Page("views/keep/", views.create, "view_create", C.ALERT_READ, CHANGE),
    Page("views/<uuid:view_id>/rename/", views.rename, "view_rename", C.ALERT_READ, CHANGE),
    Page("views/<uuid:view_id>/default/", views.choose, "view_default", C.ALERT_READ, CHANGE),
    Page("views/<uuid:view_id>/delete/", views.delete, "view_delete", C.ALERT_READ, CHANGE),
    Page("inbox/<uuid:alert_id>/", received.received, "received", C.ALERT_READ, BOTH),
    Page("inbox/<uuid:alert_id>/files/<int:n>/", received.attachment, "received_attachment", C.ALERT_READ),
    Page(
        "inbox/<uuid:alert_id>/acknowledge/",
        received.acknowledge,
        "received_acknowledge",
        C.ALERT_ACKNOWLEDGE,
        CHANGE,
    ),
    Page("inbox/<uuid:alert_id>/changes/", comparing.changes, "received_changes", C.ALERT_READ),
    Page("inbox/<uuid:alert_id>/confirm/", received.confirm, "received_confirm", C.ALERT_ACKNOWLEDGE, CHANGE),
    # Answering: replies, reviews, and likeness of samples.
    Page("inbox/<uuid:alert_id>/reply/", replying.reply, "reply", C.ALERT_WRITE, BOTH),
    Page("inbox/<uuid:alert_id>/answer/", replying.answer, "answer", C.ALERT_WRITE, BOTH),
    Page("inbox/<uuid:alert_id>/ask-back/", replying.ask_back, "ask_back", C.ALERT_WRITE, BOTH),
    Page("inbox/<uuid:alert_id>/call/", calls.to_sender, "call_sender", C.ALERT_ACKNOWLEDGE, BOTH),
    Page("outbox/<uuid:alert_id>/call/", calls.to_recipient, "call_recipient", C.ALERT_ACKNOWLEDGE, BOTH),
    # Releasing onward.
    Page(
        "inbox/<uuid:alert_id>/release-onward/", onward.received, "onward_received", C.ALERT_ACKNOWLEDGE, BOTH
    ),
    Page("outbox/<uuid:alert_id>/release-onward/", onward.sent, "onward_sent", C.ALERT_ACKNOWLEDGE, BOTH),
    Page("onward/<uuid:release_id>/release/", onward.release, "onward_release", C.ALERT_RELEASE, BOTH),
    Page("onward/<uuid:release_id>/discard/", onward.discard, "onward_discard", C.ALERT_ACKNOWLEDGE, BOTH),
    Page(
        "inbox/<uuid:alert_id>/onward/<str:od>/end/",
        onward.end_of_received,
        "onward_received_end",
        C.ALERT_WITHDRAW,
        BOTH,
    ),
    Page(
        "outbox/<uuid:alert_id>/onward/<str:od>/end/",
        onward.end_of_sent,
        "onward_sent_end",
        C.ALERT_WITHDRAW,
        BOTH,
    ),
    Page("emergencies/<uuid:release_id>/", onward.emergency, "emergency", C.OFFICER_READ, BOTH),
    Page("inbox/<uuid:alert_id>/review/", replying.review, "peer_review", C.ALERT_WRITE, BOTH),
    Page("inbox/<uuid:alert_id>/profile/", profiles.received_leads, "received_profile", C.SCIENCE_READ),
    Page(
        "inbox/<uuid:alert_id>/profile/answer/<uuid:sample_id>/",
        profiles.answer,
        "profile_answer",
        C.ALERT_WRITE,
        BOTH,
    ),
    Page("inbox/<uuid:alert_id>/profile/agree/", profiles.agree, "profile_agree", C.ALERT_WRITE, BOTH),
    Page("outbox/<uuid:alert_id>/profile/", profiles.sent_leads, "sent_profile", C.SCIENCE_READ),
    Page("outbox/<uuid:alert_id>/profile/ask/", profiles.ask_others, "profile_ask", C.ALERT_WRITE, BOTH),
    Page("a/<str:reference>", received.by_reference, "by_reference", C.ALERT_READ),
    # Casework of the agency
    Page("tasks/", tasks_page.tasks, "tasks", C.CASE_READ),
    Page("tasks/<uuid:task_id>/", tasks_page.task, "task", C.CASE_READ, BOTH),
    Page("tasks/<uuid:task_id>/end/", tasks_page.end, "task_end", C.CASE_READ, BOTH),
    Page("inbox/<uuid:alert_id>/assign/", tasks_page.assign, "answer_assign", C.CASE_READ, BOTH),
    Page("about/<uuid:subject_id>/note/", tasks_page.about_note, "about_note", C.CASE_READ, BOTH),
    Page("about/<uuid:subject_id>/case/", tasks_page.about_case, "about_case", C.CASE_READ, BOTH),
    Page("about/<uuid:subject_id>/task/", tasks_page.about_task, "about_task", C.CASE_READ, BOTH),
    Page("cases/", cases_page.cases, "cases", C.CASE_READ, BOTH),
    Page("cases/new/", cases_page.new_case, "case_new", C.CASE_MANAGE, BOTH),
    Page("cases/<uuid:case_id>/", cases_page.case, "case", C.CASE_READ),
    Page("cases/<uuid:case_id>/change/", cases_page.change, "case_change", C.CASE_MANAGE, BOTH),
    Page("cases/<uuid:case_id>/close/", cases_page.close, "case_close", C.CASE_MANAGE, BOTH),
    Page("cases/<uuid:case_id>/reopen/", cases_page.reopen, "case_reopen", C.CASE_MANAGE, CHANGE),
    Page("cases/<uuid:case_id>/review/", cases_page.review, "case_review", C.CASE_MANAGE, BOTH),
    Page("cases/<uuid:case_id>/note/", cases_page.note, "case_note", C.CASE_READ, BOTH),
    Page("cases/<uuid:case_id>/task/", tasks_page.case_task, "case_task", C.CASE_READ, BOTH),
    Page(
        "cases/<uuid:case_id>/items/<uuid:item_id>/remove/",
        cases_page.remove,
        "case_item_remove",
        C.CASE_READ,
        CHANGE,
    ),
    Page("units/", units_page.units, "units", C.CASE_READ),
    Page("units/new/", units_page.new_unit, "unit_new", C.OFFICER_MANAGE, BOTH),
    Page("units/<uuid:unit_id>/", units_page.unit, "unit", C.OFFICER_MANAGE, BOTH),
    Page("officers/<str:public_id>/hand-over/", units_page.hand_over, "hand_over", C.CASE_MANAGE, BOTH),
    Page("outbox/", lists.outbox, "outbox", C.ALERT_READ),
    Page("outbox/<uuid:alert_id>/", sent.sent, "sent", C.ALERT_READ),
    Page("outbox/<uuid:alert_id>/files/<int:n>/", sent.sent_attachment, "sent_attachment", C.ALERT_READ),
    Page("outbox/<uuid:alert_id>/withdraw/", sent.withdraw, "withdraw", C.ALERT_WITHDRAW, BOTH),
    # The alert page: amending, and reminders of a withdrawal.
    Page("outbox/<uuid:alert_id>/amend/", sent.amend, "amend", C.ALERT_WRITE, CHANGE),
    Page("outbox/<uuid:alert_id>/remind/", sent.remind, "remind", C.ALERT_WITHDRAW, CHANGE),
    Page("outbox/<uuid:alert_id>/second-look/", sent.second_look, "second_look", C.ALERT_VALIDATE, CHANGE),
    Page("outbox/<uuid:alert_id>/reaffirm/", doubts.reaffirm, "reaffirm", C.ALERT_RELEASE, BOTH),
    Page("doubt/alerts/<str:md>/withdraw/", doubts.unsent, "withdraw_unsent", C.ALERT_WITHDRAW, BOTH),
    Page("doubt/answers/<str:od>/reaffirm/", doubts.statement, "reaffirm_answer", C.ALERT_RELEASE, BOTH),
    Page("queue/", lists.queue, "queue", C.QUEUE_READ),
    Page("queue/<uuid:alert_id>/", review.review, "review", C.ALERT_READ, BOTH),
    Page("queue/<uuid:alert_id>/validate/", review.validate, "validate", C.ALERT_VALIDATE, CHANGE),
    Page("queue/<uuid:alert_id>/release/", review.release, "release", C.ALERT_RELEASE, CHANGE),
    Page("queue/<uuid:alert_id>/cancel/", handed_in.cancel, "release_cancel", C.ALERT_RELEASE, CHANGE),
    Page("outbox/waiting/", handed_in.handed_in, "handed_in", C.ALERT_READ),
    Page("queue/<uuid:alert_id>/return/", review.send_back, "return", C.ALERT_READ, CHANGE),
    Page("drafts/", lists.drafts, "drafts", C.ALERT_WRITE),
    Page("drafts/on-the-way/", lists.on_the_way, "on_the_way", C.ALERT_WRITE),
    Page("drafts/new/", starting.new_draft, "draft_new", C.ALERT_WRITE, BOTH),
    Page("drafts/<uuid:alert_id>/<int:number>/", steps.draft_step, "draft", C.ALERT_WRITE, BOTH),
    Page("drafts/<uuid:alert_id>/reach/", steps.draft_reach, "draft_reach", C.ALERT_WRITE, CHANGE),
    Page(
        "drafts/<uuid:alert_id>/structure/",
        structure.draft_structure,
        "draft_structure",
        C.ALERT_WRITE,
        CHANGE,
    ),
    Page("drafts/<uuid:alert_id>/submit/", steps.draft_submit, "draft_submit", C.ALERT_WRITE, CHANGE),
    Page("drafts/<uuid:alert_id>/discard/", steps.draft_discard, "draft_discard", C.ALERT_WRITE, CHANGE),
    Page(
        "drafts/<uuid:alert_id>/overwrite/", steps.draft_overwrite, "draft_overwrite", C.ALERT_WRITE, CHANGE
    ),
    Page("drafts/<uuid:alert_id>/copy/", steps.draft_copy, "draft_copy", C.ALERT_WRITE, CHANGE),
    # Area of composing: what a draft starts from.
    Page(
        "drafts/<uuid:alert_id>/template/", starting.template_create, "template_create", C.ALERT_WRITE, CHANGE
    ),
    Page(
        "drafts/templates/<uuid:template_id>/start/",
        starting.template_start,
        "template_start",
        C.ALERT_WRITE,
        CHANGE,
    ),
    Page(
        "drafts/templates/<uuid:template_id>/delete/",
        starting.template_delete,
        "template_delete",
        C.ALERT_WRITE,
        CHANGE,
    ),
    Page("outbox/<uuid:alert_id>/copy/", starting.sent_copy, "sent_copy", C.ALERT_WRITE, CHANGE),
    Page("inbox/<uuid:alert_id>/copy/", starting.received_copy, "received_copy", C.ALERT_WRITE, CHANGE),
    # The agency itself
    Page("officers/", people.officers, "officers", C.OFFICER_READ),
    Page("officers/invite/", officer_acts.invite, "officer_invite", C.OFFICER_MANAGE, BOTH),
    Page("officers/duty/", duty.duty, "duty", C.OFFICER_READ),
    Page("officers/duty/<str:public_id>/", duty.move, "duty_move", C.OFFICER_MANAGE, CHANGE),
    Page("officers/<str:public_id>/", people.person, "officer", C.OFFICER_READ),
    Page(
        "officers/<str:public_id>/invite/",
        officer_acts.invite_again,
        "officer_invite_again",
        C.OFFICER_MANAGE,
        BOTH,
    ),
    Page("officers/<str:public_id>/roles/", officer_acts.roles, "officer_roles", C.OFFICER_MANAGE, BOTH),
    Page("officers/<str:public_id>/deputy/", officer_acts.deputy, "officer_deputy", C.OFFICER_MANAGE, BOTH),
    Page("officers/<str:public_id>/unit/", officer_acts.unit, "officer_unit", C.OFFICER_MANAGE, BOTH),
    Page(
        "officers/<str:public_id>/sessions/",
        officer_acts.sessions,
        "officer_sessions",
        C.OFFICER_MANAGE,
        BOTH,
    ),
    Page("officers/<str:public_id>/password/", officer_acts.reset, "officer_reset", C.OFFICER_MANAGE, BOTH),
    Page("officers/<str:public_id>/reopen/", officer_acts.reopen, "officer_reopen", C.OFFICER_MANAGE, BOTH),
    Page(
        "officers/<str:public_id>/factors/", officer_acts.factors, "officer_factors", C.OFFICER_MANAGE, BOTH
    ),
    Page(
        "officers/<str:public_id>/disable/", officer_acts.disable, "officer_disable", C.OFFICER_MANAGE, BOTH
    ),
    Page("officers/<str:public_id>/enable/", officer_acts.enable, "officer_enable", C.OFFICER_MANAGE, BOTH),
    Page("api-keys/", apikeys.apikeys, "apikeys", C.APIKEY_MANAGE),
    Page("api-keys/issue/", apikeys.issue, "apikey_issue", C.APIKEY_MANAGE, BOTH),
    Page("api-keys/exchange/issue/", exchange_keys.issue, "exchange_key_issue", C.APIKEY_MANAGE, BOTH),
    Page("api-keys/exchange/own/", exchange_keys.replace_own, "exchange_key_own", C.APIKEY_MANAGE, BOTH),
    Page("api-keys/exchange/<str:prefix>/end/", exchange_keys.end, "exchange_key_end", C.APIKEY_MANAGE, BOTH),
    Page("api-keys/<str:prefix>/rotate/", apikeys.rotate, "apikey_rotate", C.APIKEY_MANAGE, BOTH),
    Page("api-keys/<str:prefix>/revoke/", apikeys.revoke, "apikey_revoke", C.APIKEY_MANAGE, BOTH),
    Page("directory/own/", own_entry.own_entry, "own_entry", C.AGENCY_MANAGE, BOTH),
    Page("calendar/", calendar.calendar, "calendar", C.OFFICER_READ),
    Page("calendar/change/", calendar.change, "calendar_change", C.AGENCY_MANAGE, BOTH),
    Page("policy/", policy.policy, "policy", C.OFFICER_READ),
    Page("policy/change/", policy.change, "policy_change", C.AGENCY_MANAGE, BOTH),
    Page("transition/", transition.page, "transition", C.AGENCY_MANAGE, BOTH),
    Page("powers/", powers.powers, "powers", C.OFFICER_READ),
    Page("powers/<uuid:change_id>/agree/", powers.agree, "power_agree", C.POWER_DECIDE, BOTH),
    Page("powers/<uuid:change_id>/stop/", powers.stop, "power_stop", C.POWER_DECIDE, CHANGE),
    Page("restore/", after_restore.after_restore, "after_restore", C.OFFICER_MANAGE, BOTH),
    Page("account/", profile.profile, "profile", ANY_OFFICER, BOTH),
    Page("account/mail/", profile.own_mail, "own_mail", C.NOTICE_READ, CHANGE),
    Page("account/notices/", browser_notices.switch, "browser_notices", C.ALERT_READ, CHANGE),
    Page("account/mails/", profile.own_notices, "own_notices", C.NOTICE_READ),
    Page("keys/", key_page.keys, "keys", C.KEY_READ),
    Page("keys/create/", wizard.create, "keys_create", C.KEY_MANAGE, BOTH),
    Page("keys/renew/", wizard.renew, "keys_renew", C.KEY_MANAGE, BOTH),
    Page("keys/rotate/", wizard.rotate, "keys_rotate", C.KEY_MANAGE, BOTH),
    Page("keys/move/", wizard.move, "keys_move", C.KEY_MANAGE, BOTH),
    Page("keys/history/", history.take, "history_take", C.KEY_MANAGE, BOTH),
    Page("keys/leaving/", leaving.page, "leaving", C.KEY_READ),
    Page("keys/leaving/ask/", leaving.ask_first, "leaving_ask", C.KEY_MANAGE, BOTH),
    Page("keys/leaving/agree/", leaving.agree, "leaving_agree", C.KEY_MANAGE, BOTH),
    Page("keys/leaving/stay/", leaving.stay_here, "leaving_stay", C.KEY_MANAGE, BOTH),
    Page("keys/leaving/root/", leaving.announce_root, "leaving_root", C.KEY_MANAGE, BOTH),
    Page("keys/leaving/sign/", leaving.sign, "leaving_sign", C.KEY_MANAGE, BOTH),
    Page("keys/leaving/history/", history.hand_over, "history_out", C.KEY_MANAGE, CHANGE),
    Page("keys/leaving/destroy/", leaving.destroy, "leaving_destroy", C.KEY_MANAGE, BOTH),
    Page("keys/root/change/", wizard.change_root, "root_change", C.KEY_MANAGE, BOTH),
    Page("keys/root/recover/", wizard.recover_root, "root_recover", C.KEY_MANAGE, BOTH),
    Page("keys/root/cancel/", wizard.cancel_recovery, "recovery_cancel", C.KEY_MANAGE, BOTH),
    Page("keys/proposals/<str:od>/", proposals.proposal, "proposal", C.KEY_MANAGE, BOTH),
    Page("keys/proposals/<str:od>/file/", proposals.proposal_file, "proposal_file", C.KEY_MANAGE),
    Page("keys/proposals/<str:od>/previous/", proposals.proposal_previous, "proposal_previous", C.KEY_MANAGE),
    Page("keys/proposals/<str:od>/discard/", proposals.discard, "proposal_discard", C.KEY_MANAGE, CHANGE),
    Page("keys/key/<str:kid>/retire/", wizard.retire, "key_retire", C.KEY_MANAGE, BOTH),
    Page("keys/key/<str:kid>/revoke/", revoking.revoke, "key_revoke", C.KEY_MANAGE, BOTH),
    Page("keys/key/<str:kid>/suspend/", wizard.suspend, "key_suspend", C.KEY_MANAGE, BOTH),
    Page("keys/holder/", holder.take_over, "identity_take_over", C.KEY_MANAGE, BOTH),
    Page("keys/waiting/<str:od>/send/", waiting.send, "key_word_send", C.KEY_MANAGE, CHANGE),
    Page("keys/waiting/<str:od>/give-up/", waiting.give_up, "key_word_give_up", C.KEY_MANAGE, CHANGE),
    Page("directory/", directory.directory, "directory", C.DIRECTORY_READ),
    Page("peers/", peers.peers, "peers", C.KEY_READ),
    Page("peers/list/", peer_list.by_list, "peer_list", C.PEER_COMPARE, BOTH),
    Page("peers/list/file/", peer_list.offered, "peer_list_offer", C.PEER_COMPARE),
    Page("peers/<str:agency_id>/compare/", peers.compare, "peer_compare", C.PEER_COMPARE, BOTH),
    Page("peers/<str:agency_id>/circles/", peers.confirm, "peer_confirm", C.ALERT_VALIDATE, BOTH),
    Page("peers/<str:agency_id>/telephone/", peers.telephone, "peer_telephone", C.KEY_MANAGE, BOTH),
    Page("peers/<str:agency_id>/undo/", peers.undo, "peer_undo", C.PEER_COMPARE, BOTH),
    Page("withheld/", withheld.withheld, "withheld", C.ALERT_READ),
    Page("withheld/<str:peer>/<str:lane>/", withheld.lane, "withheld_lane", C.ALERT_READ),
    Page("withheld/<str:peer>/<str:lane>/choose/", withheld.choose, "withheld_choose", C.ALERT_READ, CHANGE),
    Page(
        "withheld/<str:peer>/<str:lane>/decline/", withheld.decline, "withheld_decline", C.ALERT_READ, CHANGE
    ),
    Page("withheld/<str:peer>/<str:lane>/cancel/", withheld.cancel, "withheld_cancel", C.ALERT_READ, CHANGE),
    Page("withheld/<str:peer>/<str:lane>/send/", withheld.send, "withheld_send", C.ALERT_RELEASE, BOTH),
    Page("agreements/", agreements.agreements, "agreements", C.AGREEMENT_READ),
    Page("agreements/may-send/", may_send.page, "may_send", C.AGREEMENT_READ),
    Page("agreements/propose/", versions.propose, "agreement_propose", C.AGENCY_MANAGE, BOTH),
    Page("agreements/versions/<str:od>/", versions.version, "agreement_version", C.AGREEMENT_READ),
    Page("agreements/versions/<str:od>/accept/", versions.accept, "agreement_accept", C.AGENCY_MANAGE, BOTH),
    Page(
        "agreements/versions/<str:od>/refuse/",
        versions.refuse_version,
        "agreement_refuse",
        C.AGENCY_MANAGE,
        BOTH,
    ),
    Page("agreements/<str:ref>/", lanes.agreement, "agreement", C.AGREEMENT_READ),
    Page(
        "agreements/<str:ref>/propose/",
        versions.propose_next,
        "agreement_propose_next",
        C.AGENCY_MANAGE,
        BOTH,
    ),
    Page("agreements/<str:ref>/leave/", versions.leave, "agreement_leave", C.AGENCY_MANAGE, BOTH),
    Page("agreements/<str:ref>/suspend/", lanes.suspend, "agreement_suspend", C.AGENCY_MANAGE, BOTH),
    Page("agreements/<str:ref>/resume/", lanes.resume, "agreement_resume", C.AGENCY_MANAGE, BOTH),
    Page("commitments/", commitments.commitments, "commitments", C.ALERT_READ),
    Page("reciprocity/", reciprocity.partners, "reciprocity", C.ALERT_READ),
    Page("reciprocity/<str:agency_id>/", reciprocity.record, "reciprocity_peer", C.ALERT_READ),
    Page("reciprocity/<str:agency_id>/brief/", reciprocity.brief, "reciprocity_brief", C.ALERT_READ),
    Page("reciprocity/<str:agency_id>/list/", reciprocity.item_list, "reciprocity_list", C.ALERT_READ),
    Page(
        "reciprocity/<str:agency_id>/compare/",
        reciprocity.compare,
        "reciprocity_compare",
        C.ALERT_READ,
        CHANGE,
    ),
    Page("notifications/", notices.notifications, "notifications", C.NOTICE_READ),
    Page("notifications/<uuid:notice_id>/resend/", notices.resend, "resend", C.NOTICE_RESEND, CHANGE),
    Page("audit/", audit_page.audit, "audit", C.AUDIT_READ),
    Page("audit/alerts/<str:item>/", audit_alert.audit_alert, "audit_alert", C.AUDIT_READ),
    Page("audit/keys/", apikeys.audit_keys, "audit_keys", C.AUDIT_GIVE),
    Page("audit/keys/issue/", apikeys.issue, "audit_key_issue", C.AUDIT_GIVE, BOTH),
    Page("audit/keys/<str:prefix>/rotate/", apikeys.rotate, "audit_key_rotate", C.AUDIT_GIVE, BOTH),
    Page("audit/keys/<str:prefix>/revoke/", apikeys.revoke, "audit_key_revoke", C.AUDIT_GIVE, BOTH),
    Page("audit/export/", audit_export.export, "audit_export", C.AUDIT_READ, CHANGE),
    Page("set-aside/", aside.set_aside, "set_aside", C.AUDIT_READ),
    Page("set-aside/<int:item_id>/retry/", aside.retry, "item_retry", C.DESK_KEEP, CHANGE),
    Page("set-aside/loops/<int:state_id>/resume/", aside.resume, "loop_resume", C.DESK_KEEP, CHANGE),
    # Science: an officer's question, asked with a reason in the form.
    Page("science/board/", science_board.board, "science_board", C.SCIENCE_READ),
    Page("inbox/<uuid:alert_id>/look/", science_looking.received, "science_look", C.SCIENCE_READ, BOTH),
    Page("outbox/<uuid:alert_id>/look/", science_looking.own, "science_look_own", C.SCIENCE_READ, BOTH),
    Page("science/screen/", science_screen.screen, "science_screen", C.SCIENCE_READ, BOTH),
    Page("science/similar/", science_similar.similar, "science_similar", C.SCIENCE_READ, BOTH),
    Page("science/spectra/", science_match.match, "science_match", C.SCIENCE_READ, BOTH),
    Page("science/profiles/", science_compare.compare, "science_compare", C.SCIENCE_READ, BOTH),
    Page("science/library/", science_library.library, "science_library", C.SCIENCE_READ, BOTH),
    # Science: the law that the agency follows, and what it reaches.
    Page("science/rules/", science_rules.rules, "science_rules", C.SCIENCE_READ),
    Page("science/rules/<str:rule_id>/", science_rules.rule, "science_rule", C.SCIENCE_READ),
    Page("science/timeline/", science_timeline.typed, "science_timeline", C.SCIENCE_READ, BOTH),
    Page(
        "science/timeline/<uuid:structure_id>/",
        science_timeline.stored,
        "science_timeline_stored",
        C.SCIENCE_READ,
        BOTH,
    ),
    Page("science/caught/", science_caught.caught, "science_caught", C.SCIENCE_READ),
    Page("science/watches/", science_caught.watches, "science_watches", C.SCIENCE_READ, BOTH),
    Page(
        "science/watches/<uuid:watch_id>/end/",
        science_caught.watch_end,
        "science_watch_end",
        C.SCIENCE_READ,
        CHANGE,
    ),
    Page("inbox/<uuid:alert_id>/rule/", science_adopting.received, "science_change", C.ALERT_READ),
    Page("outbox/<uuid:alert_id>/rule/", science_adopting.own, "science_change_own", C.ALERT_READ),
    Page(
        "inbox/<uuid:alert_id>/rule/adopt/",
        science_adopting.adopt_received,
        "science_adopt",
        C.SCIENCE_MANAGE,
        CHANGE,
    ),
    Page(
        "outbox/<uuid:alert_id>/rule/adopt/",
        science_adopting.adopt_own,
        "science_adopt_own",
        C.SCIENCE_MANAGE,
        CHANGE,
    ),
    Page(
        "science/adopted/<uuid:adopted_id>/aside/",
        science_adopting.aside,
        "science_aside",
        C.SCIENCE_MANAGE,
        BOTH,
    ),
    Page(
        "science/library/imports/<uuid:import_id>/",
        science_library.import_report,
        "science_import",
        C.SCIENCE_MANAGE,
        BOTH,
    ),
    Page(
        "science/library/imports/<uuid:import_id>/delete/",
        science_library.import_delete,
        "science_import_delete",
        C.SCIENCE_MANAGE,
        BOTH,
    ),
    Page(
        "science/library/<uuid:spectrum_id>/delete/",
        science_library.spectrum_delete,
        "science_spectrum_delete",
        C.SCIENCE_MANAGE,
        BOTH,
    ),
    # The keeper's
    Page("desk/exchange/", own_exchange.own_exchange, "own_exchange", C.DESK_KEEP, BOTH),
    Page("desk/exchange/ask/", reach_check.exchange_ask, "exchange_ask", C.DESK_KEEP, CHANGE),
    Page("desk/settings/", desk_settings.desk_settings, "desk_settings", C.AUDIT_READ),
    Page("desk/settings/text/", desk_settings.desk_settings_text, "desk_settings_text", C.AUDIT_READ),
    Page("desk/agencies/take-in/", keeper.take_agency_in, "desk_take_in", C.DESK_KEEP, BOTH),
    Page("desk/agencies/come/", coming.come, "desk_come", C.DESK_KEEP, BOTH),
    Page("desk/agencies/move-in/", moving_in.move_agency_in, "desk_move_in", C.DESK_KEEP, BOTH),
    Page("desk/agencies/<str:agency_id>/", keeper.agency, "desk_agency", C.DESK_KEEP),
    Page("desk/agencies/<str:agency_id>/admin/", keeper.first_admin, "desk_admin", C.DESK_KEEP, BOTH),
    Page(
        "desk/agencies/<str:agency_id>/admin/again/",
        keeper.first_admin_again,
        "desk_admin_again",
        C.DESK_KEEP,
        CHANGE,
    ),
    Page("desk/agencies/<str:agency_id>/entry-key/", keeper.entry_key, "desk_entry_key", C.DESK_KEEP, BOTH),
    Page(
        "desk/agencies/<str:agency_id>/reopening/", reopening.reopening, "desk_reopening", C.DESK_KEEP, BOTH
    ),
    Page(
        "desk/agencies/<str:agency_id>/reopening/ask/",
        reopening.reopening_ask,
        "desk_reopening_ask",
        C.DESK_KEEP,
        BOTH,
    ),
    Page(
        "desk/agencies/<str:agency_id>/reopening/file/",
        reopening.reopening_file,
        "desk_reopening_file",
        C.DESK_KEEP,
    ),
    Page("desk/agencies/<str:agency_id>/keys/", keeper.make_keys, "desk_keys", C.DESK_KEEP, BOTH),
)
