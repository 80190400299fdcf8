# SPDX-License-Identifier: Apache-2.0
"""The verbs, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from accord.cli.adopting import adopt
from accord.cli.agreements import agreements
from accord.cli.becoming import api_key, enrol, pin
from accord.cli.comparing import compare, match, similar
from accord.cli.completing import completion
from accord.cli.holding import holder
from accord.cli.keys.changing import keys
from accord.cli.keys.files import fingerprint, keygen, pins
from accord.cli.keys.offline import sign
from accord.cli.lanes import may_send, resume, suspend, suspensions
from accord.cli.overdue import overdue
from accord.cli.partners import agencies, entry
from accord.cli.receiving import acknowledge, answer, called, confirm, inbox, open_alert, verify
from accord.cli.record import record
from accord.cli.releasing import release_onward, unrelease
from accord.cli.screening import screen
from accord.cli.sending import check, reaffirm, retract, seal, submissions, submit
from accord.cli.systems import systems
from accord.cli.watching import watch
from accord.cli.withheld import resend, withheld
from accord.cli.workplace import Workplace

VERBS: Final[dict[str, Callable[[Workplace], None]]] = {
    "keygen": keygen,
    "enrol": enrol,
    "api-key": api_key,
    "pin": pin,
    "pins": pins,
    "fingerprint": fingerprint,
    "keys": keys,
    "sign": sign,
    "agencies": agencies,
    "agreements": agreements,
    "suspend": suspend,
    "resume": resume,
    "suspensions": suspensions,
    "may-send": may_send,
    "record": record,
    "withheld": withheld,
    "resend": resend,
    "entry": entry,
    "systems": systems,
    "holder": holder,
    "check": check,
    "submit": submit,
    "seal": seal,
    "inbox": inbox,
    "open": open_alert,
    "acknowledge": acknowledge,
    "answer": answer,
    "called": called,
    "overdue": overdue,
    "retract": retract,
    "release-onward": release_onward,
    "unrelease": unrelease,
    "reaffirm": reaffirm,
    "confirm": confirm,
    "verify": verify,
    "submissions": submissions,
    "status": submissions,
    "adopt": adopt,
    "watch": watch,
    "screen": screen,
    "similar": similar,
    "match": match,
    "compare": compare,
    "completion": completion,
}
