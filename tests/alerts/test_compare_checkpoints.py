# SPDX-License-Identifier: Apache-2.0
"""An agency's desk keeps the newest checkpoint it has verified, and opens nothing under another ledger."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from accord.envelope.tree.notes import Checkpoint, parse_note
from alerts.errors import UnopenableError
from alerts.models import ReceivedAlert
from alerts.receiving.following import follow_feeds
from alerts.receiving.opening import open_alert
from ledger import proofs
from ledger.models import AuditEvent
from peers.models import SeenLedger
from sharing.models import Statement
from tests.alerts.conftest import Desks


def kept(desks: Desks) -> Checkpoint:
    return Checkpoint.parse(parse_note(SeenLedger.objects.get(reader=desks.health.id).checkpoint).text)


def keep(desks: Desks, **changes: Any) -> None:
    """Change the kept checkpoint, as if the desk had seen another ledger before."""
    known = kept(desks)
    facts: dict[str, Any] = {"origin": known.origin, "size": known.size, "root": known.root}
    seen, other = SeenLedger.objects.get(reader=desks.health.id), Checkpoint(**(facts | changes))
    seen.checkpoint, seen.size = desks.hub.key.sign_note(other.text), other.size
    seen.save()


def test_each_opening_keeps_the_newest_checkpoint_and_compares_with_it(desks: Desks) -> None:
    first = desks.received()
    before = kept(desks)
    second = desks.received(title="A second alert")
    newest = kept(desks)
    assert before.size < newest.size <= proofs_size()
    # The receipt of the older alert is under the older checkpoint; the newer checkpoint stays kept.
    for row in (first, second):
        view = open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.later(hours=1))
        assert view.marks == ()
    assert kept(desks) == newest


def proofs_size() -> int:
    newest = proofs.latest_checkpoint()
    assert newest is not None
    return newest.size


FORKS: dict[str, Callable[[Checkpoint], dict[str, Any]]] = {
    "the same size, another tree": lambda known: {"root": hashlib.sha256(b"fork").digest()},
    "a smaller tree that it does not extend": lambda known: {
        "size": known.size - 1,
        "root": hashlib.sha256(b"fork").digest(),
    },
}


@pytest.mark.parametrize("fork", FORKS.values(), ids=list(FORKS))
def test_under_a_forked_ledger_nothing_opens(
    desks: Desks, fork: Callable[[Checkpoint], dict[str, Any]]
) -> None:
    row = desks.received()
    keep(desks, **fork(kept(desks)))
    with pytest.raises(UnopenableError):
        open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now)
    event = AuditEvent.objects.get(act="alert.refused", subject=row.md)
    assert event.detail["cause"] == "ledger-forked"


def test_the_desk_worker_settles_nothing_under_a_forked_ledger(desks: Desks) -> None:
    """The desk-worker raises the alarm and waits; the alert comes in as soon as the ledger is the known one again."""
    desks.received()
    known = kept(desks)
    keep(desks, root=hashlib.sha256(b"fork").digest())
    alert = desks.released(title="A second alert")
    desks.sequence()
    with pytest.raises(ExceptionGroup):
        follow_feeds(now=desks.hub.now)
    assert not ReceivedAlert.objects.filter(md=alert.md).exists()
    assert not Statement.objects.filter(k="ack").exists()
    keep(desks, root=known.root)
    assert follow_feeds(now=desks.hub.now) == 1
    assert ReceivedAlert.objects.get(md=alert.md).card is not None


def test_under_a_ledger_that_lost_what_was_seen_nothing_opens(desks: Desks) -> None:
    row = desks.received()
    keep(desks, size=proofs_size() + 100)
    with pytest.raises(UnopenableError):
        open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now)


def test_each_agency_keeps_its_own(desks: Desks) -> None:
    desks.received()
    keep(desks, root=hashlib.sha256(b"fork").digest())
    lab, health = (SeenLedger.objects.get(reader=desk.id).checkpoint for desk in (desks.lab, desks.health))
    assert lab != health
