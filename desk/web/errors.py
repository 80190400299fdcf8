# SPDX-License-Identifier: Apache-2.0
"""Pages for absence and for a missing right.

Absent and foreign objects have the same octets: that page has no name, no form token and no address.
"""

from typing import Final

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.errors import MoveRefusedError, NotTakenError
from alerts.states import AlertState
from callers.capabilities import Capability, Role
from callers.errors import InputError, NotPermittedError
from desk.web.frame import render_page
from officers.models import Officer

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
    return render(request, "accord/absent.html", status=404)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403 for a page of one's own agency that one's roles do not open, with the verb and whom to ask."""
    capability = exception.capability if isinstance(exception, NotPermittedError) else ""
    if not isinstance(request.user, Officer):
        return absent(request)
    return render_page(
        request,
        "forbidden",
        _("Not for your role"),
        status=403,
        sentence=_("Your role cannot %(verb)s.") % {"verb": VERBS.get(capability, _("do this"))},
        remedy=_("Ask %(admin)s.") % {"admin": _admins_of(request.user)},
    )


def _admins_of(officer: Officer) -> str:
    admins = Officer.objects.visible_to(officer).filter(is_active=True, roles__contains=[Role.AGENCY_ADMIN])
    names = ", ".join(admin.display_name for admin in admins.order_by("duty_rank", "full_name")[:3])
    return names or _("whoever runs this desk")


def unreadable(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400 or 413 to a request that was not read; uses neither the database nor the session."""
    too_large = isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent)
    context = {"too_large": too_large}
    return render(request, "accord/unreadable.html", context, status=413 if too_large else 400)


def broken(request: HttpRequest) -> HttpResponse:
    """Answer 500 without any detail; uses neither the database nor the session, which may be what broke."""
    return render(request, "accord/broken.html", status=500)


def busy(request: HttpRequest, *, retry_secs: int) -> HttpResponse:
    """Answer 503 where the database did not answer in time; uses neither it nor the session."""
    answer = render(request, "accord/busy.html", status=503)
    answer["Retry-After"] = str(retry_secs)
    return answer


def refused(request: HttpRequest, refusal: InputError) -> HttpResponse:
    """Answer 422 to an address or form that our pages do not make, such as a typed cursor."""
    return render_page(
        request,
        "forbidden",
        _("Not accepted"),
        status=422,
        sentence=_("That was not accepted."),
        remedy=refusal.problem,
    )


def moved_on(request: HttpRequest, refused: MoveRefusedError) -> HttpResponse:
    """Answer 409: somebody was faster, or a form was sent twice."""
    text = AlertState(refused.state).label
    return render_page(request, "moved", _("Moved on"), status=409, state=refused.state, state_text=text)


def not_taken(request: HttpRequest, stop: NotTakenError) -> HttpResponse:
    """Show that the exchange refused what a page handed in; nothing was changed."""
    return render_page(
        request,
        "forbidden",
        _("Not taken"),
        status=409,
        sentence=_("Nothing was changed."),
        remedy=stop.text,
    )
