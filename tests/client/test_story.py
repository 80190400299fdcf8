# SPDX-License-Identifier: Apache-2.0
"""The whole job between two agencies that hold their own keys, over the wire."""

from pathlib import Path

from accord.envelope.content import Attachment
from tests.client.conftest import DOCUMENT, PartnerWorld, alert_to


def test_an_alert_travels_is_opened_and_acknowledged(world: PartnerWorld, tmp_path: Path) -> None:
    alpha, bravo = world.partners("xa-alpha", "xb-bravo")
    spectrum = Attachment("etizolam.msp", "text/plain", b"NAME: Etizolam\n" * 300)

    sent = alpha.submit(alert_to("xb-bravo", attachments=(spectrum,)), wait_secs=10)
    assert sent.log_time is not None
    assert world.place("xa-alpha").spool.ids() == []

    (entry,) = bravo.inbox()
    assert (entry.what, entry.iss, entry.d, entry.number) == ("envelope", "xa-alpha", sent.md, 1)
    assert entry.ref is not None

    opened = bravo.open(entry.ref)
    assert dict(opened.alert) == DOCUMENT
    assert opened.marks == ()
    assert all(check.held for check in opened.checks)
    (path,) = opened.save_attachments(tmp_path / "out")
    assert (path.name, path.read_bytes()) == ("00_etizolam.msp", spectrum.plain)

    stated = bravo.acknowledge(entry.ref, officer="officer-7", wait_secs=10)
    assert stated.log_time is not None

    (news,) = alpha.inbox()
    assert news.statement is not None
    assert (news.statement.k, news.statement.iss, news.statement.about) == ("ack", "xb-bravo", sent.md)
    assert news.statement.body == {"st": "opened", "code": None}
    (delivery,) = alpha.submission(sent.md).deliveries
    assert (delivery.recipient, delivery.state) == ("xb-bravo", "acknowledged")
    assert delivery.opened_at and delivery.acknowledged_at
