# SPDX-License-Identifier: Apache-2.0
"""Health of the desk's machine: its clock, and the certificate by which browsers know it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerts.receiving.signature_state import utc_text
from callers.endings import THRESHOLDS
from callers.tones import DANGER, OK, WARN
from desk.keeper.health_signs import Sign, ask_exchange_way
from peers.progress import CLOCK_WARNED, CLOCK_WRONG, Depth
from vault.certificates import end_of_certificate

DANGER_DAYS: Final = 7
"""From this one of `THRESHOLDS` on the certificate's end is an alarm and no longer a warning."""


def clock_sign(depth: Depth) -> Iterator[Sign]:
    """Yield a sign once the exchange has stated its time: a warning from two minutes off, from five nothing signed here counts."""
    if depth.clock_ahead is None:
        return
    off = abs(depth.clock_ahead)
    if off <= CLOCK_WARNED:
        yield Sign("clock", _("Clock"), OK, _("This machine's clock agrees with the exchange's."))
        return
    remedy = _(
        "Whoever looks after this machine sets its clock, best by a time server. If it is right, call the exchange's operator."
    )
    tone = DANGER if off > CLOCK_WRONG else WARN
    yield Sign("clock", _("Clock"), tone, clock_text(depth.clock_ahead), remedy, ask_exchange_way())


def clock_text(ahead: timedelta) -> str:
    """Return by how much a clock is off, in whole minutes, and in which direction."""
    minutes = round(abs(ahead) / timedelta(minutes=1))
    text = (
        ngettext(
            "This machine's clock is %(n)d minute ahead of the exchange's.",
            "This machine's clock is %(n)d minutes ahead of the exchange's.",
            minutes,
        )
        if ahead > timedelta(0)
        else ngettext(
            "This machine's clock is %(n)d minute behind the exchange's.",
            "This machine's clock is %(n)d minutes behind the exchange's.",
            minutes,
        )
    )
    return text % {"n": minutes}


def certificate_sign(now: datetime) -> Iterator[Sign]:
    """Yield a sign where `TLS_CERTIFICATE_FILE` names the certificate; it warns 30, 14, 7 and 1 days ahead."""
    if not settings.TLS_CERTIFICATE_FILE:
        return
    label = _("Certificate")
    try:
        ends_at = end_of_certificate(Path(settings.TLS_CERTIFICATE_FILE))
    except (OSError, ValueError):
        remedy = _("Whoever started the desk looks at the file that TLS_CERTIFICATE_FILE names.")
        yield Sign("certificate", label, WARN, _("The certificate of this desk cannot be read."), remedy)
        return
    yield Sign("certificate", label, *_of_end(ends_at, now))


def _of_end(ends_at: datetime, now: datetime) -> tuple[str, str, str]:
    """Return tone, text and remedy."""
    left, when = ends_at - now, {"time": utc_text(ends_at)}
    passed = next((days for days in THRESHOLDS if left <= timedelta(days=days)), None)
    if passed is None:
        return OK, _("It ends on %(time)s UTC.") % when, ""
    remedy = _(
        "Start the desk again: a certificate that it made itself is made anew. For one that was given to it, ask whoever issued it for the next."
    )
    if left <= timedelta(0):
        text = _("It ended on %(time)s UTC: browsers warn of this desk.") % when
    else:
        text = ngettext(
            "It ends in less than %(n)d day, on %(time)s UTC.",
            "It ends in less than %(n)d days, on %(time)s UTC.",
            left.days + 1,
        ) % {**when, "n": left.days + 1}
    return DANGER if passed <= DANGER_DAYS else WARN, text, remedy
