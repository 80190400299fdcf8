# SPDX-License-Identifier: Apache-2.0
"""The hub replaces the ledger's key: partners follow by the signed hand-over, a newcomer pins the new key alone."""

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from accord.envelope.errors import NoteError
from accord.envelope.private import LedgerKey
from ledger.handing_over import hand_key_over
from tests.client.conftest import PartnerWorld, alert_to


def replace_key(world: PartnerWorld, settings: Settings) -> None:
    old, new = world.hub.key, LedgerKey.generate(world.hub.key.name)
    hand_key_over(old, new, world.hub.folder, now=timezone.now())
    world.hub.key = new
    settings.LEDGER_VKEY = f"{new.vkey} {old.vkey}"


def test_partners_follow_the_hand_over_and_still_read_what_the_old_key_logged(
    world: PartnerWorld, settings: Settings
) -> None:
    before = world.deliver("xa-alpha", "xb-bravo")
    alpha, bravo = world.partners("xa-alpha", "xb-bravo")
    replace_key(world, settings)
    after = alpha.submit(alert_to("xb-bravo"), wait_secs=10)
    assert after.log_time is not None
    for sent in (after, before):
        assert bravo.open(sent.md).content.alert["title"]
    assert len(bravo.state().handovers) == len(alpha.state().handovers) == 1
    newcomer = world.enrol("xc-charlie")
    assert newcomer.state().ledger_keys == [world.hub.key.vkey]
    newcomer.pin("xa-alpha", alpha.fingerprint)
    world.hub.now = timezone.now()
    world.hub.make_agreement("G2", "xa-alpha", "xc-charlie")
    newcomer.plan(alert_to("xa-alpha"))
    assert len(newcomer.state().handovers) == 1


def test_a_key_without_a_hand_over_is_not_followed(world: PartnerWorld, settings: Settings) -> None:
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    world.hub.key = LedgerKey.generate(world.hub.key.name)
    settings.LEDGER_VKEY = f"{world.hub.key.vkey} {settings.LEDGER_VKEY}"
    with pytest.raises(NoteError):
        alpha.submit(alert_to("xb-bravo"), wait_secs=10)
    assert alpha.state().handovers == []
