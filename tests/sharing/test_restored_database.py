# SPDX-License-Identifier: Apache-2.0
"""A restored database: its feeds begin anew under a new name, and lost envelopes are accepted again for their old leaves."""

import pytest
from pytest_django.fixtures import Settings

from accord.envelope.private import generate_decryption_key
from agencies.accession import accept_keyset
from agencies.directory import DatabaseKeyDirectory
from agencies.models import Key, Keyset
from ledger.models import Wanted
from ledger.proofs import receipt_for
from sharing.errors import FeedRestartedError
from sharing.feed import FeedPage, read_feed
from sharing.models import Delivery, FeedItem
from tests.backups import Backup
from tests.builders import HeldAgency, Hub
from tests.sharing.conftest import Callers, Four


def everything(agency: HeldAgency) -> FeedPage:
    return read_feed(agency.client)


def test_nobody_goes_on_from_a_number_that_is_given_again(hub: Hub, four: Four, settings: Settings) -> None:
    kept = hub.deliver(four.alpha, four.bravo)
    backup = Backup(hub)
    lost = [hub.deliver(four.alpha, four.bravo).md for _ in range(3)]
    before = read_feed(four.bravo.client, epoch="0", after=4)
    assert (before.head, before.epoch) == (4, "0")
    backup.restore(settings, *lost)
    new = hub.deliver(four.alpha, four.bravo)
    for epoch, after in (("0", 4), ("0", 1), (None, 4), (None, 1)):
        with pytest.raises(FeedRestartedError):
            read_feed(four.bravo.client, epoch=epoch, after=after)
    page = everything(four.bravo)
    assert [item.d for item in page.items] == [kept.md, new.md]
    assert read_feed(four.bravo.client, epoch=page.epoch, after=2).items == []
    with pytest.raises(FeedRestartedError):
        read_feed(four.bravo.client, epoch=page.epoch, after=3)


def test_each_adoption_begins_an_epoch_of_its_own(hub: Hub, four: Four, settings: Settings) -> None:
    hub.deliver(four.alpha, four.bravo)
    backup = Backup(hub)
    epochs = set()
    for _ in range(2):
        assert "new epoch" in backup.restore(settings, hub.deliver(four.alpha, four.bravo).md)
        epochs.add(everything(four.bravo).epoch)
    assert len(epochs) == 2 and "0" not in epochs


def test_what_was_lost_is_taken_again_long_after_its_window_and_once(
    hub: Hub, four: Four, settings: Settings
) -> None:
    hub.deliver(four.alpha, four.bravo)
    backup = Backup(hub)
    lost = hub.deliver(four.alpha, four.bravo)
    receipt = receipt_for(lost.md)
    backup.restore(settings, lost.md)
    assert Wanted.objects.filter(pk=lost.md).exists()
    hub.later(days=6)
    again = hub.carry(four.alpha, lost)
    assert again.receipt is not None and receipt is not None
    assert again.receipt["leaf"] == receipt["leaf"]
    assert not Wanted.objects.filter(pk=lost.md).exists()
    assert hub.carry(four.alpha, lost) == again
    hub.sequence()
    assert [item.d for item in everything(four.bravo).items].count(lost.md) == 1
    assert hub.open(four.bravo, lost).manifest.md == lost.md


def test_what_has_ended_is_taken_again_and_delivered_to_nobody(
    hub: Hub, four: Four, settings: Settings
) -> None:
    hub.deliver(four.alpha, four.bravo)
    backup = Backup(hub)
    lost = hub.deliver(four.alpha, four.bravo)
    backup.restore(settings, lost.md)
    hub.later(days=31)
    hub.carry(four.alpha, lost)
    hub.sequence()
    assert Delivery.objects.get(envelope_id=lost.md).state == "expired"
    assert not FeedItem.objects.filter(d=lost.md).exists()


def test_statements_come_again_in_the_order_in_which_they_were_said(
    hub: Hub, four: Four, settings: Settings
) -> None:
    sealed = hub.deliver(four.alpha, four.bravo)
    backup = Backup(hub)
    hub.fetch(four.bravo, sealed)
    said = [hub.acknowledgement(four.bravo, sealed), hub.retraction(four.alpha, sealed)]
    senders = (four.bravo, four.alpha)
    ods = [hub.submit(sender, jws).od for sender, jws in zip(senders, said, strict=True)]
    hub.sequence()
    backup.restore(settings, *ods)
    hub.later(days=3)
    for sender, jws in zip(senders, said, strict=True):
        hub.submit(sender, jws)
        hub.submit(sender, jws)
    hub.sequence()
    assert [item.d for item in everything(four.alpha).items] == [ods[0]]
    assert [item.d for item in everything(four.bravo).items] == [sealed.md, ods[1]]
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.answer, delivery.recalled_at is not None) == (
        "acknowledged",
        "opened",
        True,
    )


def test_a_keyset_that_was_lost_stands_again_without_another_proof(
    hub: Hub, four: Four, settings: Settings
) -> None:
    alpha = four.alpha
    first = Keyset.objects.get(agency_id=alpha.row.pk)
    hub.sequence()
    backup = Backup(hub)
    alpha.decryption["new"] = generate_decryption_key("PQ1")
    od = hub.publish_keyset(alpha, version=2, prev=first.od)
    jws = bytes(Keyset.objects.get(od=od).jws)
    hub.sequence()
    backup.restore(settings, od)
    Key.objects.filter(pk=alpha.decryption["new"].public.kid).delete()
    hub.later(days=3)
    for _ in range(2):
        assert accept_keyset(alpha.client, alpha.id, pop=None, keyset=jws, now=hub.now).od == od
    newest = DatabaseKeyDirectory(hub.now).keyset(alpha.id)
    assert newest is not None and (newest.od, newest.version) == (od, 2)
    hub.deliver(alpha, four.bravo)


def test_the_exchange_names_what_it_wants_and_where_to_go_on(callers: Callers, settings: Settings) -> None:
    hub, four = callers.hub, callers.four
    kept = hub.deliver(four.alpha, four.bravo)
    backup = Backup(hub)
    lost = hub.deliver(four.alpha, four.bravo)
    backup.restore(settings, lost.md)
    asked = ",".join((kept.md, lost.md, "A" * 43))
    assert callers.alpha.get(f"submissions/wanted?digests={asked}").json() == {"items": [lost.md]}
    refused = callers.bravo.get("inbox?after=2")
    assert (refused.status_code, refused.json()["type"].rsplit(":", 1)[-1]) == (410, "feed-restarted")
    page = callers.bravo.get("inbox").json()
    assert [item["digest"] for item in page["items"]] == [kept.md]
    assert callers.bravo.get(f"inbox?after={page['next']}").json()["next"] == page["next"]
