# SPDX-License-Identifier: Apache-2.0
"""Check by the keeper whether the exchange answers now, with who has to act."""

from collections.abc import Mapping
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from callers import clock
from desk.keeper.machine import clock_text
from desk.web.frame import signed_in
from peers.progress import CLOCK_WARNED
from peers.proxy_words import proxy_text
from peers.reachability import Reach, check_reach

SAID: Final[Mapping[Reach, str | Promise]] = {
    Reach.OTHER: _(
        "Something answers at the exchange's address, and not as an exchange does. Call the exchange's operator; look whether a proxy stands between."
    ),
    Reach.UNTRUSTED: _(
        "The certificate of the exchange is not trusted on this machine. Do not go on: call the exchange's operator on a number that you have from elsewhere."
    ),
    Reach.INSPECTED: _(
        "Through the proxy no certificate is shown that this machine trusts. Ask whoever runs the proxy whether it inspects TLS: if it does, its authority belongs among those that are trusted here, and it then reads the API key and who is told what and when, and no content. If it does not, do not go on: call the exchange's operator on a number that you have from elsewhere."
    ),
    Reach.AWAY: _(
        "The exchange gives no answer. Whoever looks after this machine looks whether it reaches other addresses; if it does, call the exchange's operator."
    ),
    Reach.UNTOLD: _("This desk does not know its exchange. Name it first."),
}


def exchange_ask(request: HttpRequest) -> HttpResponseBase:
    """Ask once; the page then shows the outcome."""
    asked = check_reach(signed_in(request), now=clock.now())
    if asked.trouble is not None:
        messages.error(request, proxy_text(asked.trouble))
    elif asked.reach != Reach.ANSWERS:
        messages.error(request, str(SAID[asked.reach]))
    elif asked.clock_ahead is not None and abs(asked.clock_ahead) > CLOCK_WARNED:
        messages.error(request, clock_text(asked.clock_ahead))
    else:
        text = _(
            "The exchange answers this machine. If this page still says otherwise in a minute, whoever looks after the desk starts it again."
        )
        messages.success(request, text)
    return redirect("admin:index")
