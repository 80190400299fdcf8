# SPDX-License-Identifier: Apache-2.0
"""A hub restored from a backup: nobody misses an item or sees one twice, and lost ones return without an operator."""

import os
import time

import pytest
from pytest_django.fixtures import Settings

from accord.client.sending import SENT_KEPT_SECS
from agencies.models import Keyset
from sharing.models import Envelope
from tests.backups import Backup
from tests.client.conftest import PartnerWorld, alert_to
from tests.client.terminals import Terminal

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_feed_that_begins_anew_shows_all_that_is_new_and_nothing_twice(
    world: PartnerWorld, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    alpha, bravo = world.partners("xa-alpha", "xb-bravo")
    terminal = Terminal(world, "xa-alpha", capsys)
    terminal.run("inbox")
    shown: list[str] = []

    def watch() -> list[str]:
        world.sequence()
        new = [news.entry.d for news in bravo.watch(once=True)]
        shown.extend(new)
        return new

    def send() -> str:
        return alpha.submit(alert_to("xb-bravo"), wait_secs=5).md

    first = send()
    backup = Backup(world.hub)
    lost = [send(), send()]
    assert watch() == [first, *lost]
    backup.restore(settings, *lost)
    new = send()
    assert watch() == [new]
    later = send()
    assert watch() == [later]
    # The sender reads its own feed, learns of the restore, and sends again the objects that the hub lost.
    terminal.run("inbox")
    assert "begun its feed anew" in terminal.err
    assert Envelope.objects.filter(md__in=lost).count() == 2
    assert watch() == []
    assert sorted(shown) == sorted({first, *lost, new, later})
    numbers = [entry.number for entry in bravo.inbox()]
    assert numbers == sorted(set(numbers))


def test_what_was_sent_is_kept_for_seven_days_and_given_again_as_it_was(
    world: PartnerWorld, settings: Settings
) -> None:
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    world.sequence()
    backup = Backup(world.hub)
    alpha.keys.rotate(uses=("sign",))
    keyset = Keyset.objects.get(agency="xa-alpha", version=2)
    sent = alpha.submit(alert_to("xb-bravo"), wait_secs=5)
    kept = world.place("xa-alpha").sent / sent.jti
    octets = (kept / "manifest").read_bytes()
    assert alpha.resend() == []
    backup.restore(settings, sent.md, keyset.od)
    assert [again.md for again in alpha.resend()] == [sent.md]
    assert bytes(Envelope.objects.get(pk=sent.md).manifest or b"") == octets
    assert Keyset.objects.filter(od=keyset.od).exists()
    assert alpha.resend() == []
    long_ago = time.time() - SENT_KEPT_SECS - 60
    os.utime(kept, (long_ago, long_ago))
    alpha.submit(alert_to("xb-bravo"), wait_secs=5)
    assert not kept.exists()
