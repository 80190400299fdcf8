# SPDX-License-Identifier: Apache-2.0
"""Here is every page of the site: its address, its name, and the capability without which it stays closed.

A page cannot be listed without saying who may open it, and this table is the only way to an address. What
changes something takes POST; following a link never does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from agencies.capabilities import Capability, require
from agencies.errors import AbsentError, InputError, NotPermittedError
from alerts.errors import KeysElsewhereError, MoveRefusedError
from alerts.pages import (
    affairs,
    doubts,
    errors,
    lists,
    received,
    records,
    review,
    sent,
    signing_in,
    start,
    stops,
)
from alerts.pages.compose import steps
from alerts.pages.frame import signed_in
from alerts.pages.keys import key_page, proposals, revoking, wizard
from sharing.errors import SharingError

C = Capability
View = Callable[..., HttpResponseBase]
READ: Final = ("GET", "HEAD")
CHANGE: Final = ("POST",)
BOTH: Final = (*READ, *CHANGE)
ANY_OFFICER: Final = None
"""Every active officer, whatever the role."""


@dataclass(frozen=True)
class Page:
    """One address with its guard."""

    route: str
    view: View
    name: str
    capability: C | None
    methods: tuple[str, ...] = READ

    def pattern(self, admin_view: Callable[[View], View]) -> URLPattern:
        return path(self.route, admin_view(guarded(self)), name=self.name)


def guarded(page: Page) -> View:
    """The view behind its capability; what is absent, forbidden or elsewhere becomes its page here, once."""

    @require_http_methods(page.methods)
    @wraps(page.view)
    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            if page.capability is not None:
                require(signed_in(request), page.capability)
            return page.view(request, *args, **kwargs)
        except AbsentError:
            raise Http404 from None
        except NotPermittedError as missing:
            return errors.forbidden(request, missing)
        except InputError as refused:
            return errors.refused(request, refused)
        except KeysElsewhereError as elsewhere:
            return errors.keys_elsewhere(request, elsewhere)
        except MoveRefusedError as moved:
            return errors.moved_on(request, moved)
        except SharingError as stop:
            return errors.not_taken(request, stop)
        except stops.STOPS as stop:
            return stops.stopped(request, stop)

    return view


PAGES: Final = (
    Page("", start.start, "index", ANY_OFFICER),
    Page("logout/", signing_in.sign_out, "logout", ANY_OFFICER, CHANGE),
    Page("password/", signing_in.password, "password_change", ANY_OFFICER, BOTH),
    Page("inbox/", lists.inbox, "inbox", C.ALERT_READ),
    Page("inbox/<uuid:alert_id>/", received.received, "received", C.ALERT_READ, BOTH),
    Page("inbox/<uuid:alert_id>/files/<int:n>/", received.attachment, "received_attachment", C.ALERT_READ),
    Page(
        "inbox/<uuid:alert_id>/acknowledge/",
        received.acknowledge,
        "received_acknowledge",
        C.ALERT_ACKNOWLEDGE,
        CHANGE,
    ),
    Page("inbox/<uuid:alert_id>/confirm/", received.confirm, "received_confirm", C.ALERT_ACKNOWLEDGE, CHANGE),
    Page("a/<str:reference>", received.by_reference, "by_reference", C.ALERT_READ),
    Page("outbox/", lists.outbox, "outbox", C.ALERT_READ),
    Page("outbox/<uuid:alert_id>/", sent.sent, "sent", C.ALERT_READ),
    Page("outbox/<uuid:alert_id>/files/<int:n>/", sent.sent_attachment, "sent_attachment", C.ALERT_READ),
    Page("outbox/<uuid:alert_id>/withdraw/", sent.withdraw, "withdraw", C.ALERT_WITHDRAW, BOTH),
    Page("outbox/<uuid:alert_id>/second-look/", sent.second_look, "second_look", C.ALERT_VALIDATE, CHANGE),
    Page("outbox/<uuid:alert_id>/reaffirm/", doubts.reaffirm, "reaffirm", C.ALERT_RELEASE, BOTH),
    Page("doubt/alerts/<str:md>/withdraw/", doubts.unsent, "withdraw_unsent", C.ALERT_WITHDRAW, BOTH),
    Page("doubt/answers/<str:od>/reaffirm/", doubts.statement, "reaffirm_answer", C.ALERT_RELEASE, BOTH),
    Page("queue/", lists.queue, "queue", C.QUEUE_READ),
    Page("queue/<uuid:alert_id>/", review.review, "review", C.ALERT_READ),
    Page("queue/<uuid:alert_id>/validate/", review.validate, "validate", C.ALERT_VALIDATE, CHANGE),
    Page("queue/<uuid:alert_id>/release/", review.release, "release", C.ALERT_RELEASE, CHANGE),
    Page("queue/<uuid:alert_id>/return/", review.send_back, "return", C.ALERT_READ, CHANGE),
    Page("drafts/", lists.drafts, "drafts", C.ALERT_WRITE),
    Page("drafts/new/", steps.new_draft, "draft_new", C.ALERT_WRITE, BOTH),
    Page("drafts/<uuid:alert_id>/<int:number>/", steps.draft_step, "draft", C.ALERT_WRITE, BOTH),
    Page("drafts/<uuid:alert_id>/reach/", steps.draft_reach, "draft_reach", C.ALERT_WRITE, CHANGE),
    Page("drafts/<uuid:alert_id>/submit/", steps.draft_submit, "draft_submit", C.ALERT_WRITE, CHANGE),
    Page("drafts/<uuid:alert_id>/discard/", steps.draft_discard, "draft_discard", C.ALERT_WRITE, CHANGE),
    Page(
        "drafts/<uuid:alert_id>/overwrite/", steps.draft_overwrite, "draft_overwrite", C.ALERT_WRITE, CHANGE
    ),
    Page("drafts/<uuid:alert_id>/copy/", steps.draft_copy, "draft_copy", C.ALERT_WRITE, CHANGE),
    Page("officers/", affairs.officers, "officers", C.OFFICER_READ),
    Page("keys/", key_page.keys, "keys", C.KEY_READ),
    Page("keys/create/", wizard.create, "keys_create", C.KEY_MANAGE, BOTH),
    Page("keys/renew/", wizard.renew, "keys_renew", C.KEY_MANAGE, BOTH),
    Page("keys/rotate/", wizard.rotate, "keys_rotate", C.KEY_MANAGE, BOTH),
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
    Page("keys/key/<str:kid>/resume/", wizard.resume, "key_resume", C.KEY_MANAGE, BOTH),
    Page("agreements/", affairs.agreements, "agreements", C.AGREEMENT_READ),
    Page("notifications/", records.notifications, "notifications", C.NOTICE_READ),
    Page("notifications/<uuid:notice_id>/resend/", records.resend, "resend", C.NOTICE_RESEND, CHANGE),
    Page("audit/", records.audit, "audit", C.AUDIT_READ),
)
