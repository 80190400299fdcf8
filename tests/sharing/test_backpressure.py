# SPDX-License-Identifier: Apache-2.0
"""Back-pressure: intake yields to a sequencer that is behind, not to one that is down; flash always passes."""

from datetime import timedelta

import pytest

from ledger.models import AuditEvent
from sharing.backpressure import sequencer_silence
from sharing.errors import LaggingError
from sharing.models import FeedMark
from tests.builders import Hub
from tests.sharing.conftest import Four


def beat(hub: Hub) -> None:
    """Show the sequencer alive, with entries still waiting."""
    FeedMark.objects.update(beat=hub.now)


def test_an_entry_that_waits_for_over_a_second_stops_others(hub: Hub, four: Four) -> None:
    hub.carry(four.alpha, hub.alert_to(four.bravo, sender=four.alpha))
    hub.later(seconds=1)
    beat(hub)
    hub.carry(four.alpha, hub.alert_to(four.bravo, sender=four.alpha))
    hub.later(milliseconds=1)
    beat(hub)
    with pytest.raises(LaggingError) as refused:
        hub.carry(four.alpha, hub.alert_to(four.bravo, sender=four.alpha))
    assert refused.value.retry_after == 1
    assert not AuditEvent.objects.filter(act="envelope.refused").exists()


def test_flash_passes(hub: Hub, four: Four) -> None:
    hub.carry(four.alpha, hub.alert_to(four.bravo, sender=four.alpha))
    hub.later(seconds=2)
    beat(hub)
    flash = hub.alert_to(four.bravo, sender=four.alpha, pri="flash", lane="public_health")
    assert hub.carry(four.alpha, flash).md == flash.md


def test_what_was_carried_before_is_still_answered(hub: Hub, four: Four) -> None:
    sealed = hub.alert_to(four.bravo, sender=four.alpha)
    hub.carry(four.alpha, sealed)
    hub.later(seconds=2)
    beat(hub)
    assert hub.carry(four.alpha, sealed).md == sealed.md


def test_when_the_sequencer_is_down_intake_goes_on(hub: Hub, four: Four) -> None:
    hub.carry(four.alpha, hub.alert_to(four.bravo, sender=four.alpha))
    hub.later(seconds=6)
    sealed = hub.alert_to(four.bravo, sender=four.alpha)
    assert hub.carry(four.alpha, sealed).md == sealed.md


def test_once_it_has_caught_up_intake_is_open_again(hub: Hub, four: Four) -> None:
    hub.carry(four.alpha, hub.alert_to(four.bravo, sender=four.alpha))
    hub.later(seconds=2)
    hub.sequence()
    sealed = hub.alert_to(four.bravo, sender=four.alpha)
    assert hub.carry(four.alpha, sealed).md == sealed.md


def test_silence_is_told_from_the_last_beat(hub: Hub) -> None:
    assert sequencer_silence(hub.now) is None
    hub.sequence()
    hub.later(seconds=7)
    assert sequencer_silence(hub.now) == timedelta(seconds=7)


def test_a_beat_in_the_future_is_no_sign_of_life_and_closes_nothing(hub: Hub, four: Four) -> None:
    """After the sequencer's clock was an hour ahead, intake goes on, and the sequencer does not count as alive."""
    hub.carry(four.alpha, hub.alert_to(four.bravo, sender=four.alpha))
    FeedMark.objects.update_or_create(pk=1, defaults={"beat": hub.now + timedelta(hours=1)})
    assert sequencer_silence(hub.now) == timedelta(hours=1)
    hub.later(seconds=2)
    sealed = hub.alert_to(four.bravo, sender=four.alpha)
    assert hub.carry(four.alpha, sealed).md == sealed.md
