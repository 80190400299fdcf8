# SPDX-License-Identifier: Apache-2.0
"""Feed numbers: gapless, in the order of the ledger, once, and only for entries with a receipt."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accord.envelope.seal import SealedEnvelope
from ledger import proofs
from ledger.entries import CoveredEntry
from ledger.sequencer import sequence_batch
from sharing.intake import submit_envelope
from sharing.models import Delivery, FeedHead, FeedItem, FeedMark, FeedPending
from sharing.numbering import number_covered
from tests.builders import START, HeldAgency, Hub
from tests.sharing.conftest import Four

pytestmark = pytest.mark.no_retry


def feed_of(agency: HeldAgency | str) -> list[tuple[int, str]]:
    recipient = agency if isinstance(agency, str) else agency.id
    return list(FeedItem.objects.filter(recipient=recipient).order_by("number").values_list("number", "d"))


def test_nothing_has_a_number_before_it_has_a_receipt(hub: Hub, four: Four) -> None:
    sealed = hub.alert_to(four.bravo, sender=four.alpha)
    hub.carry(four.alpha, sealed)
    assert not FeedItem.objects.exists()
    hub.sequence()
    item = FeedItem.objects.get()
    delivery = Delivery.objects.get()
    assert (item.recipient, item.number, item.what, item.d) == ("xb-bravo", 1, "envelope", sealed.md)
    assert (item.iss, item.item_id, item.ref) == ("xa-alpha", sealed.jti, delivery.reference)
    assert (delivery.state, delivery.number) == ("available", 1)
    assert proofs.receipt_for(sealed.md) is not None


def test_each_feed_counts_for_itself_in_the_order_of_the_ledger(hub: Hub, four: Four) -> None:
    sent = [
        (four.alpha, [four.bravo, four.charlie]),
        (four.bravo, [four.charlie]),
        (four.alpha, [four.bravo]),
        (four.charlie, [four.alpha, four.bravo]),
    ]
    sealed = []
    for sender, recipients in sent:
        sealed.append(hub.alert_to(*recipients, sender=sender))
        hub.carry(sender, sealed[-1])
    hub.sequence()
    mds = [envelope.md for envelope in sealed]
    assert feed_of(four.bravo) == [(1, mds[0]), (2, mds[2]), (3, mds[3])]
    assert feed_of(four.charlie) == [(1, mds[0]), (2, mds[1])]
    assert feed_of(four.alpha) == [(1, mds[3])]
    assert FeedHead.objects.get(pk="xb-bravo").last == 3


def test_many_batches_leave_no_gap(hub: Hub, four: Four) -> None:
    sent = [hub.deliver(four.alpha, four.bravo).md for _ in range(5)]
    assert feed_of(four.bravo) == list(enumerate(sent, start=1))


def test_the_originator_has_no_feed_item(hub: Hub, four: Four) -> None:
    hub.deliver(four.alpha, four.bravo)
    assert feed_of(four.alpha) == []


def test_a_batch_without_news_only_beats(hub: Hub, four: Four) -> None:
    hub.deliver(four.alpha, four.bravo)
    mark = FeedMark.objects.get()
    hub.later(seconds=5)
    hub.sequence()
    again = FeedMark.objects.get()
    assert (again.next_leaf, again.beat) == (mark.next_leaf, hub.now)
    assert not FeedPending.objects.exists()


def test_what_has_expired_by_its_turn_gets_no_number(hub: Hub, four: Four) -> None:
    late = hub.alert_to(four.bravo, sender=four.alpha)
    hub.carry(four.alpha, late)
    hub.later(days=30)
    hub.sequence()
    assert feed_of(four.bravo) == []
    assert Delivery.objects.get().state == "expired"


def test_the_last_second_before_the_end_still_counts(hub: Hub, four: Four) -> None:
    hub.carry(four.alpha, hub.alert_to(four.bravo, sender=four.alpha))
    hub.later(days=30, seconds=-1)
    hub.sequence()
    assert Delivery.objects.get().state == "available"


def test_a_call_that_is_full_leaves_whole_entries_to_the_next(hub: Hub, four: Four) -> None:
    sent = []
    for _ in range(4):
        sent.append(hub.alert_to(four.bravo, four.charlie, sender=four.alpha))
        hub.carry(four.alpha, sent[-1])
    narrow = partial(number_covered, max_turns=5)
    lengths = []
    for _ in range(3):
        sequence_batch(hub.now, hub.key, hub.folder, narrow)
        lengths.append(FeedItem.objects.filter(recipient="xb-bravo").count())
    assert lengths == [2, 4, 4]
    expected = [(number, sealed.md) for number, sealed in enumerate(sent, start=1)]
    assert feed_of(four.bravo) == feed_of(four.charlie) == expected


def test_what_was_held_goes_first_and_the_rest_waits_for_it(hub: Hub, four: Four) -> None:
    held = [hub.alert_to(four.bravo, sender=four.alpha) for _ in range(4)]
    for sealed in held:
        hub.carry(four.alpha, sealed)
    hub.suspend(four.bravo, "G1")
    hub.sequence()
    hub.resume(four.bravo, "G1")
    new = hub.alert_to(four.bravo, sender=four.alpha)
    hub.carry(four.alpha, new)
    for _ in range(4):
        sequence_batch(hub.now, hub.key, hub.folder, partial(number_covered, max_turns=2))
    assert [d for _, d in feed_of(four.bravo)] == [sealed.md for sealed in [*held, new]]


def test_a_crash_inside_the_last_transaction_numbers_nothing_and_the_next_batch_all(
    hub: Hub, four: Four
) -> None:
    class CrashError(Exception):
        pass

    def number_and_crash(entries: list[CoveredEntry], now: datetime) -> None:
        number_covered(entries, now)
        raise CrashError

    sealed = hub.alert_to(four.bravo, sender=four.alpha)
    hub.carry(four.alpha, sealed)
    with pytest.raises(CrashError):
        sequence_batch(hub.now, hub.key, hub.folder, number_and_crash)
    assert not FeedItem.objects.exists()
    hub.sequence()
    assert feed_of(four.bravo) == [(1, sealed.md)]


def test_numbering_costs_no_more_queries_for_many_recipients(hub: Hub) -> None:
    sender = hub.make_agency("xa-alpha", suites=["EC1"])
    others = hub.make_agencies(*(f"xb-n{n:02}" for n in range(6)), suites=["EC1"])
    hub.make_agreement("G1", sender, *others)
    spent = []
    for recipients in (others[:2], others):
        hub.carry(sender, hub.alert_to(*recipients, sender=sender, suite="EC1"))
        with CaptureQueriesContext(connection) as queries:
            hub.sequence()
        spent.append(sum("sharing_" in query["sql"] for query in queries))
    assert spent[0] == spent[1] > 0


SUBMITTERS = 4
EACH = 6


@pytest.fixture
def shared_hub(transactional_db: None, tmp_path: Path) -> Hub:
    """A hub on a database that other threads see."""
    return Hub(tmp_path / "ledger", START)


def submit_all(sender: HeldAgency, envelopes: list[SealedEnvelope], now: datetime) -> None:
    try:
        for sealed in envelopes:
            submit_envelope(
                sender.client, manifest=sealed.manifest, jwe=sealed.jwe, blobs=sealed.blobs, now=now
            )
    finally:
        connection.close()


def test_numbers_stay_gapless_while_many_submit(shared_hub: Hub) -> None:
    hub = shared_hub
    senders = hub.make_agencies(*(f"xa-s{n}" for n in range(SUBMITTERS)), suites=["EC1"])
    readers = hub.make_agencies("xb-bravo", "xc-charlie", suites=["EC1"])
    hub.make_agreement("G1", *senders, *readers)
    outgoing = {
        sender.id: [hub.alert_to(*readers, sender=sender, suite="EC1") for _ in range(EACH)]
        for sender in senders
    }
    with ThreadPoolExecutor(SUBMITTERS) as pool:
        running = [pool.submit(submit_all, sender, outgoing[sender.id], hub.now) for sender in senders]
        while not all(future.done() for future in running):
            hub.sequence()
        for future in running:
            future.result()
    hub.sequence()
    total = SUBMITTERS * EACH
    leaves = {entry.od: entry.index for entry in proofs.covered_entries(0, 10_000)}
    for reader in readers:
        numbers, mds = zip(*feed_of(reader), strict=True)
        assert numbers == tuple(range(1, total + 1))
        assert len(set(mds)) == total
        assert [leaves[md] for md in mds] == sorted(leaves[md] for md in mds)
    assert not FeedPending.objects.exists()
