# SPDX-License-Identifier: Apache-2.0
"""`accord entry` shows telephone, zone and contact points of the own agency, and states them under its keys."""

import pytest

from accord.client.client import Client
from accord.client.errors import RefusedError, RequestError
from agencies.models import OwnStatement
from ledger.models import AuditEvent
from tests.client.conftest import PASSPHRASE, PartnerWorld
from tests.client.terminals import Terminal


def test_it_is_shown_stated_and_shown_again(terminals: tuple[Terminal, Terminal]) -> None:
    alpha = terminals[0]
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


def test_an_older_one_is_refused_and_the_refusal_is_recorded(world: PartnerWorld) -> None:
    alpha, _bravo = world.partners("xa-alpha", "xb-bravo")
    now = alpha.state().newest_log_time + 1
    newer, older = (
        Client(world.home("xa-alpha"), PASSPHRASE, clock=lambda at=at: at)  # type: ignore[misc]
        for at in (now + 1, now)
    )
    world.clients += [newer, older]
    newer.state_entry(telephone=None, zone="Europe/Vienna", contacts=[])
    with pytest.raises(RefusedError) as refused:
        older.state_entry(telephone=None, zone="UTC", contacts=[])
    assert refused.value.status < 500
    assert alpha.entry().timezone == "Europe/Vienna"
    assert AuditEvent.objects.get(act="entry.refused").detail == {"code": "iat-too-old"}
