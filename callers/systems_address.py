# SPDX-License-Identifier: Apache-2.0
"""Address that systems call: the exchange's, which is another one than the desk's."""

from typing import Final

from django.conf import settings

EXCHANGE_HELP: Final = "Where systems call, if this process is the desk and the exchange has another address."


def exchange_elsewhere() -> str | None:
    """Return the exchange's address where this process is a desk beside it; None where the caller is in the right place.

    Also None at an own desk, whose settings do not have it.
    """
    exchange = settings.EXCHANGE_URL.rstrip("/")
    is_desk = settings.HUB_ROLE == "desk" and exchange != settings.HUB_URL.rstrip("/")
    return exchange if is_desk and exchange else None
