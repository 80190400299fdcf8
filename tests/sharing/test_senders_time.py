# SPDX-License-Identifier: Apache-2.0
"""Senders' clocks compared with the log's: a median of three agencies warns, and stops nothing."""

import logging
from datetime import timedelta

import pytest

from ledger.entries import CoveredEntry
from sharing.models import Envelope
from sharing.senders_time import KEPT_FOR, SendersTime
from tests.builders import Hub
from tests.sharing.conftest import Four

AHEAD = timedelta(minutes=10)
SIGNED_BEFORE = timedelta(seconds=10)
"""The time by which the builder dates an alert before it is carried."""


def carried(hub: Hub, four: Four) -> list[CoveredEntry]:
    """Carry an alert of each of three agencies; return the entries as the sequencer covers them."""
    pairs = [(four.alpha, four.bravo), (four.bravo, four.charlie), (four.charlie, four.alpha)]
    mds = [hub.carry(sender, hub.alert_to(reader, sender=sender)).md for sender, reader in pairs]
    return [CoveredEntry(index, md, "x", "", 0) for index, md in enumerate(mds)]


def test_three_agencies_that_agree_warn_once(hub: Hub, four: Four, caplog: pytest.LogCaptureFixture) -> None:
    covered, senders = carried(hub, four), SendersTime()
    ahead = hub.now + AHEAD
    with caplog.at_level(logging.WARNING, logger="sharing.senders_time"):
        senders.note(covered[:2], ahead)
        assert senders.difference(ahead) is None
        senders.note(covered[2:], ahead)
        senders.note(covered, ahead)
    assert senders.difference(ahead) == -AHEAD - SIGNED_BEFORE
    assert [record.getMessage() for record in caplog.records] == ["senders' clocks differ from the log's"]
    assert senders.difference(ahead + KEPT_FOR + timedelta(seconds=1)) is None


def test_a_sender_alone_moves_no_median(hub: Hub, four: Four) -> None:
    covered, senders = carried(hub, four), SendersTime()
    Envelope.objects.filter(md=covered[0].od).update(iat=int((hub.now + timedelta(days=1)).timestamp()))
    senders.note(covered, hub.now)
    assert senders.difference(hub.now) == -SIGNED_BEFORE
