# SPDX-License-Identifier: Apache-2.0
"""`accord entry`: shows how the own agency is reached, and states it under its keys."""

import pytest

from accord.client.errors import RequestError
from agencies.models import OwnStatement
from tests.client.conftest import PartnerWorld
from tests.client.terminals import joined


def test_it_is_shown_stated_and_shown_again(world: PartnerWorld, capsys: pytest.CaptureFixture[str]) -> None:
    alpha, _bravo = joined(world, capsys, "xa-alpha", "xb-bravo")
    assert "Contact points: -" in alpha.run("entry")
    words = ("entry", "set", "--zone", "Europe/Vienna", "--telephone", "+43 1 5550 102")
    shown = alpha.json(*words, "--contact", "b@lab.example", "--contact", "a@lab.example")
    assert shown == {
        "agency": "xa-alpha",
        "telephone": "+43 1 5550 102",
        "timezone": "Europe/Vienna",
        "contacts": ["a@lab.example", "b@lab.example"],
    }
    assert alpha.json("entry") == shown
    kept = alpha.client.entry().statement
    assert kept is not None and kept == bytes(OwnStatement.objects.get().jws)


def test_what_no_hub_would_take_is_not_signed(world: PartnerWorld) -> None:
    alpha, _bravo = world.partners("xa-alpha", "xb-bravo")
    with pytest.raises(RequestError, match="contact: up to five"):
        alpha.state_entry(telephone=None, zone="UTC", contacts=["duty desk"])
    with pytest.raises(RequestError, match="telephone: digits"):
        alpha.state_entry(telephone="by day", zone="UTC", contacts=[])
    assert not OwnStatement.objects.exists()
