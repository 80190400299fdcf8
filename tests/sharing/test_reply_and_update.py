# SPDX-License-Identifier: Apache-2.0
"""References of an envelope: only to one that the issuer can see, and of an update to the issuer's own newest version."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from callers.errors import AbsentError
from sharing.errors import SupersededError
from tests.builders import Hub, new_uuid7, reference_to
from tests.sharing.conftest import Four


def test_a_reply_names_something_the_issuer_can_see(hub: Hub, four: Four) -> None:
    original = hub.deliver(four.alpha, four.bravo)
    reply = hub.alert_to(four.alpha, sender=four.bravo, kind="reply", re=reference_to(original))
    assert hub.carry(four.bravo, reply).md == reply.md


STRANGE_REFERENCES: dict[str, Callable[[Hub, Four], Any]] = {
    "an envelope for others": lambda hub, four: reference_to(hub.deliver(four.alpha, four.bravo)),
    "no envelope at all": lambda hub, four: replace(
        reference_to(hub.deliver(four.alpha, four.charlie)), md="A" * 43
    ),
    "an envelope under another id": lambda hub, four: replace(
        reference_to(hub.deliver(four.alpha, four.charlie)), jti=new_uuid7(hub.now)
    ),
}


@pytest.mark.parametrize("reference", STRANGE_REFERENCES.values(), ids=list(STRANGE_REFERENCES))
def test_a_reply_to_what_the_issuer_cannot_see_is_refused_alike(
    hub: Hub, four: Four, reference: Callable[[Hub, Four], Any]
) -> None:
    re = reference(hub, four)
    reply = hub.alert_to(four.alpha, sender=four.charlie, kind="reply", re=re)
    with pytest.raises(AbsentError):
        hub.carry(four.charlie, reply)


def test_an_envelope_cannot_be_answered_before_it_is_logged(hub: Hub, four: Four) -> None:
    original = hub.alert_to(four.bravo, sender=four.alpha)
    hub.carry(four.alpha, original)
    reply = hub.alert_to(four.alpha, sender=four.bravo, kind="reply", re=reference_to(original))
    with pytest.raises(AbsentError):
        hub.carry(four.bravo, reply)


def test_an_update_names_the_newest_version(hub: Hub, four: Four) -> None:
    first = hub.deliver(four.alpha, four.bravo)
    second = hub.deliver(four.alpha, four.bravo, kind="update", re=reference_to(first))
    late = hub.alert_to(four.bravo, sender=four.alpha, kind="update", re=reference_to(first))
    with pytest.raises(SupersededError):
        hub.carry(four.alpha, late)
    third = hub.alert_to(four.bravo, sender=four.alpha, kind="update", re=reference_to(second))
    assert hub.carry(four.alpha, third).md == third.md


def test_nobody_updates_what_another_agency_wrote(hub: Hub, four: Four) -> None:
    original = hub.deliver(four.alpha, four.bravo)
    update = hub.alert_to(four.alpha, sender=four.bravo, kind="update", re=reference_to(original))
    with pytest.raises(AbsentError):
        hub.carry(four.bravo, update)
