# SPDX-License-Identifier: Apache-2.0
"""The feed and the list of submissions: an agency's own, page by page."""

from dataclasses import replace

import pytest

from callers.actors import SystemActor
from callers.errors import AbsentError, InputError
from sharing.feed import read_feed, resolve_reference
from sharing.models import Delivery
from sharing.submissions import find_submission, list_submissions
from tests.builders import Hub
from tests.sharing.conftest import Four


def test_a_feed_is_read_from_a_number_on(hub: Hub, four: Four) -> None:
    sent = [hub.deliver(four.alpha, four.bravo).md for _ in range(4)]
    first = read_feed(four.bravo.client, after=0, limit=3)
    assert ([item.d for item in first.items], first.head) == (sent[:3], 4)
    rest = read_feed(four.bravo.client, after=first.items[-1].number)
    assert [(item.number, item.d) for item in rest.items] == [(4, sent[3])]
    end = read_feed(four.bravo.client, after=4)
    assert (end.items, end.head) == ([], 4)


def test_an_agency_reads_its_own_feed_only(hub: Hub, four: Four) -> None:
    hub.deliver(four.alpha, four.bravo)
    empty = read_feed(four.charlie.client)
    assert (empty.items, empty.head) == ([], 0)
    assert read_feed(replace(four.bravo.client, scopes=frozenset())).items == []
    assert len(read_feed(SystemActor("desk-worker", "xb-bravo")).items) == 1


def test_a_reference_resolves_to_its_item(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo)
    reference = Delivery.objects.get().reference
    item = resolve_reference(four.bravo.client, reference)
    assert (item.number, item.d, item.ref) == (1, sealed.md, reference)
    for stranger in (four.alpha, four.charlie):
        with pytest.raises(AbsentError):
            resolve_reference(stranger.client, reference)


def test_submissions_come_newest_first_with_what_became_of_them(hub: Hub, four: Four) -> None:
    first = hub.deliver(four.alpha, four.bravo)
    hub.later(minutes=1)
    statement = hub.submit(four.alpha, hub.retraction(four.alpha, first))
    hub.later(minutes=1)
    waiting = hub.alert_to(four.charlie, sender=four.alpha)
    hub.carry(four.alpha, waiting)
    items = list_submissions(four.alpha.client).items
    assert [(item.what, item.d) for item in items] == [
        ("envelope", waiting.md),
        ("statement", statement.od),
        ("envelope", first.md),
    ]
    assert [item.receipt is not None for item in items] == [False, False, True]
    assert [(fact.recipient, fact.state) for fact in items[2].deliveries] == [("xb-bravo", "available")]
    assert (items[2].id, items[2].received_at < items[1].received_at) == (first.jti, True)


def test_pages_of_submissions_join_without_gap_or_double(hub: Hub, four: Four) -> None:
    sent = []
    for step in range(7):
        # Some share one moment; the digest then decides the order.
        hub.later(seconds=step % 2)
        sent.append(hub.alert_to(four.bravo, sender=four.alpha))
        hub.carry(four.alpha, sent[-1])
        hub.sequence()
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = list_submissions(four.alpha.client, after=after, limit=2)
        seen += [item.d for item in page.items]
        after = page.next
    assert len(seen) == 7
    assert set(seen) == {sealed.md for sealed in sent}


def test_one_submission_is_found_by_its_digest_by_its_own_agency(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo)
    hub.fetch(four.bravo, sealed)
    statement = hub.submit(four.bravo, hub.acknowledgement(four.bravo, sealed))
    assert find_submission(four.alpha.client, sealed.md).id == sealed.jti
    assert find_submission(four.bravo.client, statement.od).what == "statement"
    for actor, d in (
        (four.bravo.client, sealed.md),
        (four.alpha.client, statement.od),
        (replace(four.alpha.client, scopes=frozenset()), sealed.md),
    ):
        with pytest.raises(AbsentError):
            find_submission(actor, d)


def test_a_cursor_that_no_page_gave_is_refused(hub: Hub, four: Four, subtests: pytest.Subtests) -> None:
    for cursor in ["x", "AAAA", "bm9wZQ", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTpB"]:
        with subtests.test(str(cursor)[:60]), pytest.raises(InputError):
            list_submissions(four.alpha.client, after=cursor)
