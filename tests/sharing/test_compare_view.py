# SPDX-License-Identifier: Apache-2.0
"""A partner names the checkpoint that it has seen: one of another ledger raises an alarm, and the statement is still accepted."""

from datetime import timedelta

import pytest

from accord.envelope.encoding import b64u
from accord.envelope.seal import SealedEnvelope
from accord.envelope.statements.form import CheckpointRef
from accord.envelope.tree.merkle import EMPTY_ROOT
from ledger.models import AuditEvent
from ledger.nodes import root_at
from ledger.proofs import latest_checkpoint
from sharing.ledger_views import last_dispute
from tests.builders import Hub
from tests.sharing.conftest import Four


@pytest.fixture
def sealed(hub: Hub, four: Four) -> SealedEnvelope:
    made = hub.deliver(four.alpha, four.bravo)
    hub.fetch(four.bravo, made)
    return made


def size() -> int:
    newest = latest_checkpoint()
    assert newest is not None
    return newest.size


def acknowledge_having_seen(hub: Hub, four: Four, sealed: SealedEnvelope, n: int, root: bytes) -> str:
    jws = hub.acknowledgement(four.bravo, sealed, cp=CheckpointRef(n, b64u(root)))
    return hub.submit(four.bravo, jws).od


def disputes() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(act="ledger.disputed"))


@pytest.mark.parametrize("back", [0, 1, 3])
def test_what_this_ledger_showed_is_no_news(hub: Hub, four: Four, sealed: SealedEnvelope, back: int) -> None:
    acknowledge_having_seen(hub, four, sealed, size() - back, root_at(size() - back))
    assert disputes() == [] and last_dispute(now=hub.now) is None


def test_the_empty_ledger_is_everybodys(hub: Hub, four: Four, sealed: SealedEnvelope) -> None:
    acknowledge_having_seen(hub, four, sealed, 0, EMPTY_ROOT)
    assert disputes() == []


@pytest.mark.parametrize(("ahead", "known"), [(0, True), (1000, False)])
def test_another_ledger_is_an_alarm_of_the_hub(
    hub: Hub,
    four: Four,
    sealed: SealedEnvelope,
    ahead: int,
    known: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    n, root = size() + ahead, bytes(32)
    od = acknowledge_having_seen(hub, four, sealed, n, root)
    (event,) = disputes()
    assert (event.agency, event.subject) == ("", od)
    assert event.detail == {"agency": "xb-bravo", "size": n, "root": b64u(root), "known": known}
    assert "another ledger" in caplog.text
    assert last_dispute(now=hub.now) == hub.now
    assert last_dispute(now=hub.now + timedelta(days=8)) is None
