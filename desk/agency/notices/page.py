# SPDX-License-Identifier: Apache-2.0
"""Whom the hub told for this agency; and the words for every act that the audit knows."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.boxes.paging import PAGE_ROWS, cut, moment_before, moment_cursor
from alerts.receiving.opening import OpeningReason
from callers import clock
from callers.capabilities import Capability
from callers.errors import MoveError
from desk.web.filters import Filter, Filters, read_filters
from desk.web.frame import render_page, signed_in
from notices.models import Notification
from notices.resending import resend_notice
from notices.states import RESENDABLE, Cause, NotificationState, Occasion

ACTS: Final[Mapping[str, str | Promise]] = {
    "agency.admitted": gettext_lazy("admitted the agency"),
    "agency.bound": gettext_lazy("let the agency's entry count as it stood"),
    "agency.change_given_up": gettext_lazy("gave up a change of keys that waited"),
    "agency.change_proposed": gettext_lazy("proposed a change of keys"),
    "agency.change_refused": gettext_lazy("was refused a change of keys by the exchange"),
    "agency.key_retired": gettext_lazy("retired a key"),
    "agency.keys_created": gettext_lazy("created keys for the agency"),
    "agency.keys_rotated": gettext_lazy("rotated the keys"),
    "agency.keyset_renewed": gettext_lazy("renewed the keyset"),
    "agency.moved_in": gettext_lazy("moved the agency in from the accord command"),
    "agency.proposal_accepted": gettext_lazy("handed in a signed proposal"),
    "agency.proposal_discarded": gettext_lazy("discarded a proposal"),
    "agency.proposal_refused": gettext_lazy("was refused a signed proposal"),
    "agency.recovery_cancelled": gettext_lazy("cancelled a root's recovery"),
    "agency.resumed": gettext_lazy("resumed the agency"),
    "agency.root_changed": gettext_lazy("changed the root"),
    "agency.root_recovered": gettext_lazy("began to recover the root"),
    "agency.comes": gettext_lazy("took the agency over from another desk"),
    "agency.custody_changed": gettext_lazy("named another holder of the keys"),
    "agency.history_handed_over": gettext_lazy("handed the history over to another desk"),
    "agency.history_taken": gettext_lazy("took the history in"),
    "agency.keys_destroyed": gettext_lazy("destroyed the private keys here"),
    "agency.leave_agreed": gettext_lazy("agreed that the agency leaves this desk"),
    "agency.leave_asked": gettext_lazy("asked that the agency leaves this desk"),
    "agency.move_allowed": gettext_lazy("allowed the move of the keys"),
    "agency.move_forbidden": gettext_lazy("took back that the keys may move"),
    "agency.move_signed": gettext_lazy("signed the keyset of another desk"),
    "agency.stays": gettext_lazy("kept the agency at this desk"),
    "agency.suspended": gettext_lazy("suspended the agency"),
    "agreement.recorded": gettext_lazy("recorded an agreement"),
    "alert.acknowledged": gettext_lazy("acknowledged an alert"),
    "alert.cancelled": gettext_lazy("cancelled an alert that waited for the exchange"),
    "alert.copied": gettext_lazy("copied an alert into a draft"),
    "alert.discarded": gettext_lazy("discarded a draft"),
    "alert.drafted": gettext_lazy("started a draft"),
    "alert.exported": gettext_lazy("exported a list of alerts"),
    "alert.looked": gettext_lazy("took a second look"),
    "alert.opened": gettext_lazy("opened an alert"),
    "alert.reaffirmed": gettext_lazy("reaffirmed an alert"),
    "alert.refused": gettext_lazy("was refused a move"),
    "alert.released": gettext_lazy("sent an alert"),
    "alert.returned": gettext_lazy("returned an alert"),
    "alert.screened": gettext_lazy("screened an alert"),
    "alert.searched": gettext_lazy("searched alerts"),
    "alert.submitted": gettext_lazy("submitted an alert"),
    "alert.unopenable": gettext_lazy("met an alert that does not open"),
    "alert.validated": gettext_lazy("checked an alert"),
    "alert.withdrawn": gettext_lazy("withdrew an alert"),
    "apikey.issued": gettext_lazy("issued an API key"),
    "apikey.revoked": gettext_lazy("revoked an API key"),
    "apikey.rotated": gettext_lazy("rotated an API key"),
    "audit.exported": gettext_lazy("exported the audit"),
    "audit.pruned": gettext_lazy("pruned the audit"),
    "blob.refused": gettext_lazy("was refused a file"),
    "blob.served": gettext_lazy("fetched a file"),
    "circle.member_confirmed": gettext_lazy("confirmed an agency in a circle"),
    "circle.recorded": gettext_lazy("recorded a circle"),
    "credential.ended": gettext_lazy("ended an API key at the exchange"),
    "credential.issued": gettext_lazy("had an API key issued at the exchange"),
    "credential.replaced": gettext_lazy("replaced the desk's own API key at the exchange"),
    "database.restored": gettext_lazy("was put back from a backup"),
    "exchange.told": gettext_lazy("told the desk which exchange it belongs to"),
    "deskkey.issued": gettext_lazy("issued a key for the desk"),
    "deskkey.revoked": gettext_lazy("revoked a key for the desk"),
    "deskkey.rotated": gettext_lazy("rotated a key for the desk"),
    "duty.changed": gettext_lazy("changed the duty list"),
    "envelope.carried": gettext_lazy("handed in an envelope"),
    "envelope.kept_short": gettext_lazy("sent an alert that is deleted within a year"),
    "envelope.refused": gettext_lazy("was refused an envelope"),
    "key.resumed": gettext_lazy("resumed a key"),
    "key.revoke_refused": gettext_lazy("was refused a revocation"),
    "key.revoked": gettext_lazy("revoked a key"),
    "key.suspended": gettext_lazy("suspended a key"),
    "keyset.accepted": gettext_lazy("brought in a keyset"),
    "keyset.recovered": gettext_lazy("brought a recovered root into force"),
    "keyset.refused": gettext_lazy("was refused a keyset"),
    "lane.resumed": gettext_lazy("resumed a lane"),
    "lane.suspended": gettext_lazy("suspended a lane"),
    "notice.resent": gettext_lazy("sent a notice again"),
    "officer.deputy_named": gettext_lazy("named a deputy"),
    "officer.disabled": gettext_lazy("disabled an officer"),
    "officer.enabled": gettext_lazy("enabled an officer"),
    "officer.enrolled": gettext_lazy("enrolled an officer"),
    "officer.factor_added": gettext_lazy("set up a second factor"),
    "officer.factor_removed": gettext_lazy("removed a second factor"),
    "officer.factors_reset": gettext_lazy("reset a second factor"),
    "officer.invitation_accepted": gettext_lazy("accepted an invitation"),
    "officer.invited": gettext_lazy("invited an officer"),
    "officer.mail_changed": gettext_lazy("changed the own mail settings"),
    "officer.other_sessions_ended": gettext_lazy("signed out everywhere else"),
    "officer.password_changed": gettext_lazy("changed a password"),
    "officer.password_reset": gettext_lazy("reset a password"),
    "officer.profile_changed": gettext_lazy("changed the own profile"),
    "officer.proved_again": gettext_lazy("proved again who it is"),
    "officer.recovery_code_used": gettext_lazy("used a recovery code"),
    "officer.recovery_codes_renewed": gettext_lazy("made new recovery codes"),
    "officer.reset_issued": gettext_lazy("made a link for a new password, to hand over"),
    "officer.roles_changed": gettext_lazy("changed roles"),
    "officer.session_ended": gettext_lazy("signed out another session"),
    "officer.sessions_ended": gettext_lazy("signed an officer out everywhere"),
    "officer.sign_in_reopened": gettext_lazy("opened a sign-in again"),
    "officer.signed_in": gettext_lazy("signed in"),
    "officer.unit_changed": gettext_lazy("changed the unit of an officer"),
    "policy.bound": gettext_lazy("let the policy count as it stood"),
    "policy.changed": gettext_lazy("changed the policy"),
    "power.agreed": gettext_lazy("agreed to a change of power"),
    "entry.stated": gettext_lazy("stated how the agency is reached"),
    "instance.announced": gettext_lazy("had this desk taken as the holder of the agency's identity"),
    "instance.held_elsewhere": gettext_lazy("was told that another one holds the agency's identity"),
    "instance.released": gettext_lazy("gave the agency's identity back"),
    "instance.versions_apart": gettext_lazy(
        "was told that the exchange speaks no version that this desk speaks"
    ),
    "instance.taken_over": gettext_lazy("took the agency's identity over from another holder"),
    "item.retried": gettext_lazy("had something tried again"),
    "item.set_aside": gettext_lazy("set something aside that cannot be taken"),
    "item.taken_later": gettext_lazy("took what had been set aside"),
    "loop.resumed": gettext_lazy("let a loop go on"),
    "loop.stopped": gettext_lazy("stopped a loop"),
    "power.applied": gettext_lazy("applied a change of power after its time"),
    "power.asked": gettext_lazy("asked for a change of power"),
    "power.dropped": gettext_lazy("took a change of power back"),
    "power.stopped": gettext_lazy("stopped a change of power"),
    "profile.asked": gettext_lazy("drafted a question about a profile"),
    "profile.compared": gettext_lazy("compared profiles"),
    "reopening.asked": gettext_lazy("asked the agency's root to let somebody in"),
    "reopening.refused": gettext_lazy("handed in a file by which nobody is let in"),
    "reopening.taken": gettext_lazy("let somebody in by the agency's root"),
    "reply.drafted": gettext_lazy("drafted a reply"),
    "restore.reviewed": gettext_lazy("went through a restore and opened sign-in"),
    "science.refused": gettext_lazy("was refused a question to the science core"),
    "slice.refused": gettext_lazy("was refused a sealed alert"),
    "slice.served": gettext_lazy("fetched an alert, still sealed"),
    "spectra.deleted": gettext_lazy("deleted a spectrum of the library"),
    "spectra.imported": gettext_lazy("imported spectra into the library"),
    "spectrum.matched": gettext_lazy("matched a spectrum"),
    "statement.accepted": gettext_lazy("handed in a statement"),
    "statement.reaffirmed": gettext_lazy("reaffirmed an answer"),
    "statement.refused": gettext_lazy("was refused a statement"),
    "substance.compared": gettext_lazy("looked for similar substances"),
    "harm.looked": gettext_lazy("looked again at harm that was not known"),
    "board.read": gettext_lazy("read the early-warning board"),
    "substance.screened": gettext_lazy("asked about the control of substances"),
    "template.created": gettext_lazy("kept a template"),
    "template.deleted": gettext_lazy("deleted a template"),
    "vault.locked": gettext_lazy("locked the desk"),
    "vault.opened": gettext_lazy("opened the desk, which was locked"),
    "vault.passphrase_changed": gettext_lazy("changed the desk's passphrase"),
    "vault.recovery_key_changed": gettext_lazy("changed the desk's recovery key"),
    "vault.ring_rotated": gettext_lazy("replaced the desk's key-encryption key"),
    "vault.ring_rotation_begun": gettext_lazy("began to replace the desk's key-encryption key"),
    "vault.ring_made": gettext_lazy("made the desk's key ring and locked it"),
    "view.chosen": gettext_lazy("opens a list with a view"),
    "view.deleted": gettext_lazy("deleted a view"),
    "view.renamed": gettext_lazy("renamed a view"),
    "view.saved": gettext_lazy("kept a view"),
    "view.unchosen": gettext_lazy("opens a list without a view"),
    "withdrawal.confirmed": gettext_lazy("confirmed a withdrawal"),
}
"""Acts in words; one that is not listed is shown by its name."""


def notifications(request: HttpRequest) -> HttpResponse:
    """Whom the hub told for this agency, newest first."""
    filters = read_filters(request.GET, [Filter("state", _("State"), NotificationState.choices)])
    officer = signed_in(request)
    found = Notification.objects.visible_to(officer).select_related("officer")
    if state := filters.values["state"]:
        found = found.filter(state=state)
    found = found.filter(moment_before(request.GET.get("cursor", ""), "queued_at"))
    may_resend = Capability.NOTICE_RESEND in officer.capabilities
    page, has_more = cut(list(found.order_by("-queued_at", "-pk")[: PAGE_ROWS + 1]))
    cursor = moment_cursor(page[-1].queued_at, page[-1].pk) if has_more else ""
    rows = [_notice_row(notice, may_resend) for notice in page]
    return _page(request, "notifications", rows, filters, cursor)


def _notice_row(notice: Notification, may_resend: bool) -> dict[str, object]:
    return {
        "notice": notice,
        "reference": notice.reference or _occasion_text(notice),
        "cause": Cause(notice.cause).label if notice.cause in Cause.values else notice.cause,
        "may_resend": may_resend and notice.state in RESENDABLE,
    }


def _occasion_text(notice: Notification) -> str:
    """What it is about, where no delivery is: a key, the policy."""
    known = notice.occasion in Occasion.values
    return str(Occasion(notice.occasion).label) if known else notice.subject


def resend(request: HttpRequest, notice_id: uuid.UUID) -> HttpResponseBase:
    """A person's "send again" for a notice that failed or was held."""
    try:
        resend_notice(signed_in(request), notice_id, now=clock.now())
    except MoveError:
        messages.warning(request, _("This one was told, or is on its way. Nothing was sent again."))
    else:
        messages.success(request, _("1 notice is queued again."))
    return redirect("admin:notifications")


def reason_words(reason: str) -> str:
    """The reason of an opening as the officer chose it; the case number stands behind its word."""
    code, colon, case = reason.partition(": ")
    known = code in OpeningReason.values
    return f"{OpeningReason(code).label}{colon}{case}" if known else reason


TEXTS: Final = {
    "notifications": (
        gettext_lazy("Notifications"),
        gettext_lazy("Whom this desk told about alerts for your agency."),
        gettext_lazy("Nobody had to be told yet."),
    ),
}


def _page(
    request: HttpRequest, name: str, rows: Sequence[object], filters: Filters, cursor: str, **context: Any
) -> HttpResponse:
    heading, lead, empty = TEXTS[name]
    return render_page(
        request,
        name,
        heading,
        heading=heading,
        lead=lead,
        empty=empty,
        rows=rows,
        filters=filters,
        next_address=filters.next_address(cursor) if cursor else "",
        first_address=filters.next_address(""),
        paged="cursor" in request.GET,
        shows_keys=True,
        **context,
    )
