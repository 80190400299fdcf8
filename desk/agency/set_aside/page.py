# SPDX-License-Identifier: Apache-2.0
"""Items that the hub could not process and set aside: for the auditor, and for the keeper with the possible acts."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from alerts.receiving.set_aside import (
    AsideView,
    cause_text,
    loop_text,
    read_set_aside,
    resume_loop,
    retry_item,
)
from callers import clock
from callers.capabilities import Capability
from desk.web.frame import render_page, signed_in
from ledger.models import Distrust, SetAside


@dataclass(frozen=True)
class AsideRow:
    """Item in words; `warning` where its subject is not to be relied on."""

    item: SetAside
    work: str
    cause: str
    warning: str


def set_aside(request: HttpRequest) -> HttpResponse:
    """List the items, newest first, after the loops that have stopped."""
    officer = signed_in(request)
    found = read_set_aside(officer)
    return render_page(
        request,
        "set_aside",
        pgettext("work", "Set aside"),
        heading=pgettext("work", "Set aside"),
        lead=_("What this desk could not take, and why. Everything else went on."),
        empty=_("Nothing is set aside."),
        rows=list(_rows(found)),
        more=found.more,
        stopped=[(state, loop_text(state.loop)) for state in found.stopped],
        may_retry=Capability.DESK_KEEP in officer.capabilities,
    )


def retry(request: HttpRequest, item_id: int) -> HttpResponseBase:
    retry_item(signed_in(request), item_id, now=clock.now())
    messages.success(request, _("It is tried again within a minute."))
    return redirect("admin:set_aside")


def resume(request: HttpRequest, state_id: int) -> HttpResponseBase:
    resume_loop(signed_in(request), state_id, now=clock.now())
    messages.success(request, _("It goes on, and what was set aside is tried again."))
    return redirect("admin:set_aside")


def _rows(found: AsideView) -> Iterator[AsideRow]:
    warnings = {
        Distrust.ALERT.value: _("The alert is not to be relied on."),
        Distrust.AGENCY.value: _("Nothing is sent to this agency meanwhile."),
    }
    for item in found.items:
        yield AsideRow(item, loop_text(item.loop), cause_text(item.reason), warnings.get(item.distrusts, ""))
