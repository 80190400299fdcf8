# SPDX-License-Identifier: Apache-2.0
"""Health of the exchange: times and totals, never whose, and nothing about a desk."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from agencies.endings import endings
from callers.pages import Text
from callers.tones import DANGER, OK, WARN
from callers.waiting_tasks import waiting_tasks
from ledger.halting import halt_reason
from ledger.models import LoopState, SetAside
from ledger.proofs import latest_checkpoint, pending_since
from ledger.restores import newest_restore
from sharing.backpressure import sequencer_silence
from sharing.ledger_views import last_dispute

LATE_AFTER: Final = timedelta(seconds=10)
ENDS_SOON_DAYS: Final = 14
LOOPS: Final = ("contents.deleting", "keys.doubts", "keys.recoveries", "keys.words")
"""The exchange's; others are a desk's."""
QUEUE: Final = "exchange"


@dataclass(frozen=True)
class Sign:
    """One line: a part, its state, and the remedy where something is wrong."""

    label: Text
    tone: str
    text: str
    remedy: str = ""


def health(now: datetime) -> Iterator[Sign]:
    """Yield one sign per part, in the order an envelope passes them."""
    yield _sequencer(now)
    yield _log(now)
    yield _checkpoint()
    yield from _dispute(now)
    yield _queue()
    yield _set_aside()
    yield _keysets(now)
    yield from _restore()


def utc_text(at: datetime) -> str:
    """Format a time for sentences: 4 Dec 2026 14:02, without the zone."""
    return formats.date_format(at.astimezone(UTC), _("j M Y H:i"))


def _sequencer(now: datetime) -> Sign:
    if reason := halt_reason():
        text = _("Stopped for a clock: nothing is logged or delivered.")
        return Sign(_("Sequencer"), DANGER, text, reason)
    silence = sequencer_silence(now)
    if silence is None or silence > LATE_AFTER:
        text = _("Silent: nothing is logged or delivered.")
        return Sign(_("Sequencer"), DANGER, text, _("Start the sequencer; its state folder must be there."))
    return Sign(_("Sequencer"), OK, _("Alive"))


def _log(now: datetime) -> Sign:
    oldest = pending_since()
    if oldest is not None and now - oldest > LATE_AFTER:
        return Sign(_("Log"), WARN, _("Entries wait to be logged."), _("Look at the sequencer first."))
    return Sign(_("Log"), OK, _("Nothing waits to be logged."))


def _checkpoint() -> Sign:
    checkpoint = latest_checkpoint()
    if checkpoint is None:
        return Sign(_("Checkpoint"), WARN, _("No checkpoint yet"))
    return Sign(_("Checkpoint"), OK, _("%(n)d entries signed") % {"n": checkpoint.size})


def _dispute(now: datetime) -> Iterator[Sign]:
    """Yield a sign only if somebody has reported another ledger within the week."""
    if (disputed := last_dispute(now=now)) is not None:
        text = _("A partner has seen another log, at %(time)s UTC.")
        remedy = _("See under Log who, and compare checkpoints with that partner.")
        yield Sign(_("Dispute"), DANGER, text % {"time": utc_text(disputed)}, remedy)


def _queue() -> Sign:
    found = waiting_tasks([QUEUE])
    return Sign(_("Queues"), found.tone, found.text, found.remedy)


def _set_aside() -> Sign:
    """Report items that a loop could not take, and loops that stopped for them."""
    items = SetAside.objects.filter(loop__in=LOOPS).count()
    stopped = LoopState.objects.filter(loop__in=LOOPS, stopped_at__isnull=False).count()
    label = pgettext("work", "Set aside")
    if stopped:
        text = ngettext("%(n)d loop stands.", "%(n)d loops stand.", stopped) % {"n": stopped}
        return Sign(label, DANGER, text, _("The log of its process says why."))
    if items:
        text = ngettext("%(n)d item is set aside.", "%(n)d items are set aside.", items) % {"n": items}
        return Sign(label, WARN, text, _("The log of its process says why; everything else goes on."))
    return Sign(label, OK, _("Nothing is set aside."))


def _keysets(now: datetime) -> Sign:
    ending = [item for item in endings(now=now) if item.kind == "keyset" and item.days_left < ENDS_SOON_DAYS]
    if not ending:
        return Sign(_("Keysets"), OK, _("None ends within 14 days."))
    names = ", ".join(item.agency_id for item in ending[:5])
    text = ngettext(
        "%(n)d keyset ends or has ended: %(names)s", "%(n)d keysets end or have ended: %(names)s", len(ending)
    )
    return Sign(
        _("Keysets"),
        DANGER if any(item.is_over for item in ending) else WARN,
        text % {"n": len(ending), "names": names},
        _("Without one an agency neither sends nor receives; call it."),
    )


def _restore() -> Iterator[Sign]:
    """Yield a sign while content that came back from a backup is not deleted yet."""
    restore = newest_restore()
    if restore is not None and restore.contents_deleted_at is None:
        text = _("What was due to be deleted came back, and is not deleted yet.")
        yield Sign(_("Restore"), DANGER, text, _("Start the exchange-worker."))
