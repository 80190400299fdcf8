# SPDX-License-Identifier: Apache-2.0
"""The verbs, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from accord.cli.becoming import enrol, keygen, pin
from accord.cli.receiving import acknowledge, confirm, inbox, open_alert, verify
from accord.cli.sending import retract, submissions, submit
from accord.cli.workplace import Workplace

VERBS: Final[dict[str, Callable[[Workplace], None]]] = {
    "keygen": keygen,
    "enrol": enrol,
    "pin": pin,
    "submit": submit,
    "inbox": inbox,
    "open": open_alert,
    "acknowledge": acknowledge,
    "retract": retract,
    "confirm": confirm,
    "verify": verify,
    "submissions": submissions,
    "status": submissions,
}
