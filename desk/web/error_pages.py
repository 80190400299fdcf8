# SPDX-License-Identifier: Apache-2.0
"""Pages for errors that a page has no answer of its own for, in the words of the table (`alerts.problems`).

Absent and foreign objects have the same octets: that page has no name, no form token and no address.
"""

import logging
from collections.abc import Iterable
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.envelope.errors import EnvelopeError
from alerts.errors import (
    AlertsError,
    ExchangeRefusedError,
    KeysMovedOnError,
    MoveRefusedError,
    RulesDamagedError,
)
from alerts.problems import PROBLEMS
from alerts.states import AlertState
from callers.capabilities import Capability, Role
from callers.errors import InputError, NotPermittedError
from callers.problems import (
    ABSENT,
    BROKEN,
    DATABASE_BUSY,
    FORM_TOKEN_REFUSED,
    INPUT_REFUSED,
    NOT_PERMITTED,
    Problem,
    row_of,
    unreadable_row,
)
from desk.web.frame import render_page, theme_of
from officers.models import Officer
from science.rows.structures import AdoptedRules
from vault.errors import VaultError

log = logging.getLogger(__name__)
HANDLED_ERRORS: Final = (AlertsError, EnvelopeError, InputError, VaultError)

VERBS: Final[dict[str, str | Promise]] = {
    Capability.AGREEMENT_READ: gettext_lazy("see agreements"),
    Capability.ALERT_ACKNOWLEDGE: gettext_lazy("acknowledge"),
    Capability.ALERT_READ: gettext_lazy("read alerts"),
    Capability.ALERT_RELEASE: gettext_lazy("release"),
    Capability.ALERT_VALIDATE: gettext_lazy("check alerts"),
    Capability.ALERT_WITHDRAW: gettext_lazy("withdraw"),
    Capability.ALERT_WRITE: gettext_lazy("write alerts"),
    Capability.AUDIT_GIVE: gettext_lazy("have a system follow the audit"),
    Capability.AUDIT_READ: gettext_lazy("read the audit"),
    Capability.CASE_MANAGE: gettext_lazy("manage cases"),
    Capability.CASE_READ: gettext_lazy("work in cases"),
    Capability.KEY_MANAGE: gettext_lazy("manage keys"),
    Capability.KEY_READ: gettext_lazy("see keys"),
    Capability.NOTICE_READ: gettext_lazy("see notifications"),
    Capability.AGENCY_MANAGE: gettext_lazy("change your agency's policy and agreements"),
    Capability.APIKEY_MANAGE: gettext_lazy("manage API keys"),
    Capability.DESK_KEEP: gettext_lazy("keep the desk"),
    Capability.NOTICE_RESEND: gettext_lazy("send notices again"),
    Capability.OFFICER_MANAGE: gettext_lazy("manage officers"),
    Capability.OFFICER_READ: gettext_lazy("see officers"),
    Capability.PEER_COMPARE: gettext_lazy("compare fingerprints"),
    Capability.QUEUE_READ: gettext_lazy("see the release queue"),
    Capability.SCIENCE_READ: gettext_lazy("ask about substances"),
    Capability.SCIENCE_MANAGE: gettext_lazy("change the agency's reference data"),
}


def absent(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 404: absent, or another agency's; the two cannot be told apart."""
    return _alone(request, ABSENT)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403 for a page of one's own agency that one's roles do not open, with the verb and whom to ask."""
    capability = exception.capability if isinstance(exception, NotPermittedError) else ""
    if not isinstance(request.user, Officer):
        return absent(request)
    sentence = _("Your role cannot %(verb)s.") % {"verb": VERBS.get(capability, _("do this"))}
    remedy = _("Ask %(admin)s.") % {"admin": _whom_to_ask(request.user, capability)}
    return render_page(
        request,
        "stopped",
        _("Not for your role"),
        status=NOT_PERMITTED.status,
        sentence=sentence,
        remedy=remedy,
    )


def _whom_to_ask(officer: Officer, capability: str) -> str:
    """Return the keeper for what a keeper does, else the admins beside the reader, who give roles."""
    if capability == Capability.DESK_KEEP:
        return _("the keeper of this desk")
    admins = Officer.objects.visible_to(officer).filter(is_active=True, roles__contains=[Role.AGENCY_ADMIN])
    others = admins.exclude(pk=officer.pk).only("full_name", "unit").order_by("duty_rank", "full_name")[:3]
    names = ", ".join(admin.display_name for admin in others)
    return names or _("whoever runs this desk")


def unreadable(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400 or 413 to a request that was not read."""
    return _alone(request, unreadable_row(exception))


def form_refused(request: HttpRequest) -> HttpResponse:
    """Answer 403 to a form without the session's token."""
    return _alone(request, FORM_TOKEN_REFUSED)


def broken(request: HttpRequest) -> HttpResponse:
    """Answer 500 without any detail."""
    return _alone(request, BROKEN)


def busy(request: HttpRequest) -> HttpResponse:
    """Answer 503 where the database did not answer in time."""
    answer = _alone(request, DATABASE_BUSY)
    answer["Retry-After"] = str(DATABASE_BUSY.retry_secs)
    return answer


def _alone(request: HttpRequest, row: Problem) -> HttpResponse:
    """Render a row without the frame: this uses neither the database nor the session, which may be what broke."""
    context = {"sentence": _(row.sentence), "remedy": row.remedy_for(), "theme": theme_of(request)}
    return render(request, "accord/stopped_alone.html", context, status=row.status)


def stopped(request: HttpRequest, error: Exception) -> HttpResponse:
    """Return the page for one of `HANDLED_ERRORS`; only its class is logged. Raises an error without a row again."""
    row = row_of(error, PROBLEMS)
    if row is None:
        raise error
    log.warning("a page was stopped by %s", type(error).__name__)
    return render_page(
        request,
        "stopped",
        _("Stopped"),
        status=row.status,
        **_words_for(row, error),
        **_ways_on(request, error),
    )


def _words_for(row: Problem, error: Exception) -> dict[str, str]:
    """Return the heading and the sentence below it. A mistake that no form shows beside its field is the heading itself."""
    if row is INPUT_REFUSED and isinstance(error, InputError):
        return {"sentence": error.problem, "remedy": _("Nothing was changed. Go back and try again.")}
    return {"sentence": _(row.sentence), "remedy": row.remedy_for(error)}


def _ways_on(request: HttpRequest, error: Exception) -> dict[str, Any]:
    """Return what the page shows beside the words: where the alert stands, or where the reader can mend the cause."""
    if isinstance(error, MoveRefusedError):
        return {"state": error.state, "state_text": AlertState(error.state).label}
    if isinstance(error, RulesDamagedError):
        return {"to_set_aside": _in_use(request)}
    return {
        "about_keys": isinstance(error, KeysMovedOnError),
        "about_api_keys": _may_replace_key(request, error),
    }


def _may_replace_key(request: HttpRequest, error: Exception) -> bool:
    """Tell whether the desk's own key at the exchange is in the way, and the reader is one who can replace it."""
    officer = request.user
    may = isinstance(officer, Officer) and Capability.APIKEY_MANAGE in officer.capabilities
    return may and isinstance(error, ExchangeRefusedError) and error.about_api_key


def _in_use(request: HttpRequest) -> Iterable[AdoptedRules]:
    """Return the adopted rules that this officer may set aside from here; they are named in plain text."""
    officer = request.user
    if not isinstance(officer, Officer) or Capability.SCIENCE_MANAGE not in officer.capabilities:
        return ()
    return AdoptedRules.objects.visible_to(officer).in_use().select_related("issuer")
