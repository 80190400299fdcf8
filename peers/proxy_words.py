# SPDX-License-Identifier: Apache-2.0
"""Sentences about faults of the proxy to the exchange, and who can mend them."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accord.calls.errors import ProxyTrouble

_TEXTS: Final[Mapping[ProxyTrouble, str | Promise]] = {
    ProxyTrouble.AWAY: _(
        "The proxy gives no answer, so the exchange was not asked. Whoever looks after this machine looks whether EXCHANGE_PROXY is right and the proxy runs."
    ),
    ProxyTrouble.UNTRUSTED: _(
        "The certificate of the proxy is not trusted on this machine, so the exchange was not asked. Whoever looks after this machine calls whoever runs the proxy."
    ),
    ProxyTrouble.LOGIN: _(
        "The proxy does not let this desk in: it asks for a user and password, or does not take those that it was given. The exchange was not asked. Whoever looks after this machine corrects them, then starts the desk again."
    ),
    ProxyTrouble.REFUSES: _(
        "The proxy answers, and does not lead to the exchange. Whoever runs the proxy has to let this machine reach the exchange's address."
    ),
    ProxyTrouble.BEYOND: _(
        "The proxy answers, and says that the exchange does not answer it. Call the exchange's operator; ask whoever runs the proxy what it sees."
    ),
}


def proxy_text(trouble: ProxyTrouble) -> str:
    return str(_TEXTS[trouble])
