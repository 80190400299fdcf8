# SPDX-License-Identifier: Apache-2.0
"""RED is for named officers: another officer sees nothing, with a network or without."""

import pytest
from django.utils import timezone

from accord.client.errors import NotEntitledError, RequestError
from accord.envelope.content import NamedOfficer
from tests.client.conftest import PartnerWorld, alert_to


def test_red_is_opened_and_verified_for_the_named_officer_only(world: PartnerWorld) -> None:
    alpha, bravo = world.enrol("xa-alpha"), world.enrol("xb-bravo")
    alpha.pin("xb-bravo", bravo.fingerprint)
    bravo.pin("xa-alpha", alpha.fingerprint)
    world.hub.now = timezone.now()
    world.hub.make_agreement("G1", "xa-alpha", "xb-bravo", ceiling="RED")
    names = (NamedOfficer("xb-bravo", "officer-7"),)
    sent = alpha.submit(alert_to("xb-bravo", tlp="RED", names=names), wait_secs=10)

    for officer in (None, "officer-8"):
        with pytest.raises(NotEntitledError):
            bravo.open(sent.md, officer=officer)
        with pytest.raises((NotEntitledError, RequestError)):
            bravo.acknowledge(sent.md, officer=officer)
    opened = bravo.open(sent.md, officer="officer-7")
    assert opened.names == names
    for officer in (None, "officer-8"):
        with pytest.raises(NotEntitledError):
            bravo.verify(opened.slice_octets, opened.blobs, officer=officer)
    verified = bravo.verify(opened.slice_octets, opened.blobs, officer="officer-7")
    assert verified.opened is not None and verified.opened.names == names
    own = alpha.open(sent.md)
    assert own.md == sent.md
    assert alpha.verify(own.slice_octets, own.blobs).opened is not None
    assert bravo.acknowledge(sent.md, officer="officer-7", wait_secs=10).log_time is not None
