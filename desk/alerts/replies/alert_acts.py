# SPDX-License-Identifier: Apache-2.0
"""Acts that an alert's page offers: to reply, to review, to compare its profile; and who has reviewed it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alerts.document.kinds import REPLIES
from alerts.errors import AlertIncompleteError
from alerts.models import Alert, ReceivedAlert
from alerts.red_readers import is_red
from alerts.replies.beginning import REVIEWED
from alerts.replies.kinds import CLARIFICATION, PROFILE_ANSWER, PROFILE_DETAILS, PROFILE_QUERY
from alerts.replies.source import reply_lines
from alerts.review.validation import submit_alert
from callers import clock
from callers.capabilities import Capability
from desk.alerts.display.sections import PageSection
from officers.errors import NobodyToReleaseError
from officers.models import Officer

REVIEWS: Final = "reviews"
NOT_COPIED: Final = REPLIES | {PROFILE_QUERY}


@dataclass(frozen=True)
class AlertActs:
    """`profile_page` is the name of a page, empty where the alert has no profile and is not about one."""

    may_copy: bool = True
    may_reply: bool = False
    may_review: bool = False
    may_answer: bool = False
    may_ask_back: bool = False
    profile_page: str = ""
    profile_button: str | Promise = ""
    profile_help: str | Promise = ""


def acts_on_received(officer: Officer, received: ReceivedAlert, document: Mapping[str, Any]) -> AlertActs:
    """Return the acts on an alert that the officer has opened."""
    kind = str(document.get("alert_type") or "")
    writes = Capability.ALERT_WRITE in officer.capabilities
    open_to_replies = (
        writes
        and received.withdrawn_at is None
        and not received.is_in_doubt
        and received.replaced_by_id is None
        and kind != PROFILE_QUERY
        and (not is_red(received.tlp) or bool(reply_lines(received, document)))
    )
    owes_answer = open_to_replies and received.reply_by is not None and received.answered_at is None
    return AlertActs(
        may_copy=kind not in NOT_COPIED and not is_red(received.tlp),
        may_reply=open_to_replies and kind not in (PROFILE_ANSWER, PROFILE_DETAILS),
        may_review=open_to_replies and kind in REVIEWED,
        may_answer=owes_answer,
        may_ask_back=owes_answer and kind != CLARIFICATION,
        **_profile_act(officer, kind, document, "admin:received_profile"),
    )


def acts_on_sent(officer: Officer, alert: Alert, document: Mapping[str, Any]) -> AlertActs:
    """Return the acts on an alert of the officer's own agency."""
    kind = str(document.get("alert_type") or "")
    way = _profile_act(officer, kind, document, "admin:sent_profile")
    return AlertActs(may_copy=kind not in NOT_COPIED, **way)


def may_note_calls(officer: Officer) -> bool:
    return Capability.ALERT_ACKNOWLEDGE in officer.capabilities


def submits(officer: Officer, draft: Alert) -> bool:
    """Submit a draft that was just made; False where something must be corrected, which its check shows."""
    try:
        submit_alert(officer, draft, revision=draft.current, now=clock.now())
    except (AlertIncompleteError, NobodyToReleaseError):
        return False
    return True


def review_section(document: Mapping[str, Any]) -> list[PageSection]:
    """Return the section of reviews, for alerts that identify something."""
    if document.get("alert_type") not in REVIEWED:
        return []
    return [PageSection(REVIEWS, _("Reviewed by other laboratories"))]


def _profile_act(officer: Officer, kind: str, document: Mapping[str, Any], page: str) -> dict[str, Any]:
    if Capability.SCIENCE_READ not in officer.capabilities:
        return {}
    if page == "admin:received_profile" and kind == PROFILE_QUERY:
        help_text = _("They ask whether you hold a sample like theirs. Only you see what comparing finds.")
        return _way(page, _("Compare with your samples"), help_text)
    if page == "admin:received_profile" and kind in (PROFILE_ANSWER, PROFILE_DETAILS):
        help_text = _("How far you two have come, and what you may do next.")
        return _way(page, _("See what comes next"), help_text)
    if page == "admin:sent_profile" and kind == PROFILE_QUERY:
        return _way(page, _("See the answers"), _("Who does not answer has said nothing."))
    if document.get("profile"):
        return _way(
            page, _("Compare its profile"), _("With the samples that your agency holds: a lead, not proof.")
        )
    return {}


def _way(page: str, button: Promise | str, help_text: Promise | str) -> dict[str, Any]:
    return {"profile_page": page, "profile_button": button, "profile_help": help_text}
