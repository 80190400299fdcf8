# SPDX-License-Identifier: Apache-2.0
"""Notices in the browser while a page of the desk is open: turned on per browser and officer, without any external service.

They say what mails say: the priority, and a reference. A cookie that no script can read holds for which officer they
are on and up to which number of the feed; the first page to ask advances it, so that several pages tell once.
"""

from typing import Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from alerts.boxes.arrivals import arrived_since, newest_arrival
from alerts.models import ReceivedAlert
from desk.web.frame import NOTICES_COOKIE, noticed_up_to, signed_in
from notices.message import NoticeFacts, words_of
from notices.states import Occasion
from officers.models import Officer

YEAR_SECONDS: Final = 365 * 24 * 3600


def switch(request: HttpRequest) -> HttpResponseBase:
    """Turn notices on or off for this browser."""
    officer = signed_in(request)
    response = redirect("admin:profile")
    if request.POST.get("on") == "yes":
        _keep(response, officer, newest_arrival(officer))
        messages.success(request, _("This browser shows notices while a page of the desk is open."))
    else:
        response.delete_cookie(NOTICES_COOKIE, samesite="Strict")
        messages.success(request, _("This browser shows no notices."))
    return response


def news(request: HttpRequest) -> HttpResponseBase:
    """Answer what arrived since this browser was last told, in the words of the mails; 204 where there is nothing."""
    officer = signed_in(request)
    number = noticed_up_to(request)
    found = [] if number is None else arrived_since(officer, number)
    if not found:
        return HttpResponse(status=204)
    response = JsonResponse({"items": [_item(row, officer) for row in found]})
    _keep(response, officer, found[-1].number)
    return response


def _item(row: ReceivedAlert, officer: Officer) -> dict[str, str]:
    facts = NoticeFacts(
        address="",
        language="",
        occasion=Occasion.ALERT,
        message_id="",
        reference=row.reference,
        priority=row.pri,
        exercise=row.status == "exercise",
        agency=officer.agency.name if officer.agency else "",
    )
    title, text = words_of(facts)
    return {"title": title, "text": text, "address": reverse("admin:by_reference", args=[row.reference])}


def _keep(response: HttpResponse, officer: Officer, number: int) -> None:
    response.set_cookie(
        NOTICES_COOKIE,
        f"{officer.public_id}.{number}",
        max_age=YEAR_SECONDS,
        samesite="Strict",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
    )
