# SPDX-License-Identifier: Apache-2.0
"""Deliveries: what became of an envelope, as its originator sees it, and the facts that a recipient reports."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from accord.moments import moment_of
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from callers.limits import REPORTED_FACTS
from ledger.proofs import log_times
from sharing.errors import NotFetchedError
from sharing.locks import lock_deliveries
from sharing.models import Delivery, FeedHeld
from sharing.references import is_reference
from sharing.states import DeliveryState, move

OWN = frozenset({Capability.ENVELOPE_SUBMIT, Capability.ENVELOPE_READ, Capability.ALERT_READ})
"""Any of these allows an actor to see what became of its agency's own envelopes."""

FACTS = (
    "recipient_id",
    "state",
    "told_at",
    "fetched_at",
    "opened_at",
    "acknowledged_at",
    "answer",
    "recalled_at",
    "recall_confirmed_at",
)
"""The columns that an originator is told; a trigger notes when one of them changes (`sharing.changes`)."""

TOLD, OPENED = "told", "opened"
MOST_REPORTED: Final = REPORTED_FACTS
AHEAD: Final = timedelta(minutes=5)
"""The most that a recipient's clock may be ahead."""


@dataclass(frozen=True)
class DeliveryFact:
    """One recipient's row; `answer` is what its last acknowledgement said: opened, refused, unopenable or ""."""

    recipient: str
    state: str
    told_at: datetime | None
    fetched_at: datetime | None
    opened_at: datetime | None
    acknowledged_at: datetime | None
    answer: str
    recalled_at: datetime | None
    recall_confirmed_at: datetime | None


def delivery_facts_of(actor: Actor, mds: Collection[str]) -> dict[str, list[DeliveryFact]]:
    """Return what became of the actor's agency's own envelopes, by recipient, in one query; leave out other agencies' envelopes."""
    facts: defaultdict[str, list[DeliveryFact]] = defaultdict(list)
    if not OWN & actor.capabilities:
        return facts
    rows = Delivery.objects.originated_by(actor).filter(envelope_id__in=mds).order_by("recipient_id")
    for md, *columns in rows.values_list("envelope_id", *FACTS):
        facts[md].append(DeliveryFact(*columns))
    return facts


def find_delivery(actor: Actor, reference: str) -> Delivery:
    """Return the delivery that a mail's reference names, for its recipient only; raise `AbsentError`."""
    known = reference.strip().upper()
    visible = Delivery.objects.visible_to(actor).select_related("envelope__iss")
    found = visible.filter(reference=known).first() if is_reference(known) else None
    if found is None:
        raise AbsentError
    return found


@dataclass(frozen=True)
class Report:
    """A recipient desk's report about a delivery: somebody was told, or somebody opened it, `at` in seconds."""

    md: str
    fact: str
    at: int


@transaction.atomic
def report_facts(actor: Actor, reports: Sequence[Report], *, now: datetime) -> list[Exception | None]:
    """Keep the first report of each fact that the actor's desk reports about deliveries to it; return a refusal or None for each.

    Reports are unsigned, so they change no state and stop no clock. Takes at most `MOST_REPORTED`, in a constant number of
    queries. A single report is refused with `AbsentError` where nothing of the envelope has a number for this agency,
    `NotFetchedError` for `opened` before the fetch, `InputError` for a time before the envelope was logged or ahead of the
    hub's clock. Raises `NotPermittedError`.
    """
    require(actor, Capability.STATEMENT_SUBMIT)
    mds = {report.md for report in reports}
    received = Delivery.objects.received_by(actor)
    locked = lock_deliveries(received.filter(envelope_id__in=mds))
    # Read after the lock: a report that was made meanwhile came first.
    rows = {row.envelope_id: row for row in Delivery.objects.filter(pk__in=locked).defer("entry")}
    logged = log_times(rows)
    before = {md: (row.told_at, row.opened_at) for md, row in rows.items()}
    answers = [_report(rows.get(report.md), report, logged.get(report.md, 0), now=now) for report in reports]
    news = [row for md, row in rows.items() if (row.told_at, row.opened_at) != before[md]]
    Delivery.objects.bulk_update(news, ["told_at", "opened_at"])
    return answers


def _report(row: Delivery | None, report: Report, logged: int, *, now: datetime) -> Exception | None:
    if row is None:
        return AbsentError()
    if report.at < logged:
        return InputError(
            "at", _("This is before the envelope was logged; give the time at which it happened.")
        )
    if report.at > int((now + AHEAD).timestamp()):
        return InputError(
            "at", _("This is more than 5 minutes ahead of the exchange's clock; set your clock.")
        )
    if report.fact == OPENED and row.state == DeliveryState.AVAILABLE:
        return NotFetchedError()
    if report.fact == TOLD:
        row.told_at = row.told_at or moment_of(report.at)
    else:
        row.opened_at = row.opened_at or moment_of(report.at)
    return None


@transaction.atomic
def expire_held(*, now: datetime, limit: int) -> int:
    """End at most `limit` held deliveries whose `exp` has passed; return how many."""
    late = FeedHeld.objects.filter(delivery__envelope__exp__lte=int(now.timestamp()))
    rows = list(late.select_for_update(of=("self",), skip_locked=True).order_by("position")[:limit])
    ids = lock_deliveries(Delivery.objects.filter(pk__in=[row.delivery_id for row in rows]))
    FeedHeld.objects.filter(pk__in=ids).delete()
    expired = move(DeliveryState.HELD, "expire")
    Delivery.objects.filter(pk__in=ids, state=DeliveryState.HELD).update(state=expired)
    return len(ids)
