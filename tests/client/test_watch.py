# SPDX-License-Identifier: Apache-2.0
"""Watching: each item at least once and in order, resumed where it ended, stopped if the kept state was altered."""

import json
import os
from dataclasses import replace
from typing import Any

import pytest

from accord.client.client import Client
from accord.client.errors import (
    AnswerError,
    ApiKeyRefusedError,
    RefusedError,
    UnreachableError,
    WatchedAlreadyError,
)
from accord.client.watching import News, Rhythm
from accord.envelope.content import Attachment
from accord.envelope.errors import Failure, VerificationError
from accord.envelope.private import LedgerKey
from tests.client.altered_answers import flip, forged_receipt, lying_connection
from tests.client.conftest import DOCUMENT, PartnerWorld, alert_to

STEADY = Rhythm(lambda: 0.0, poll_secs=1, first_pause_secs=1, longest_pause_secs=8)


def send(world: PartnerWorld, alpha: Client, count: int) -> list[str]:
    """Send so many alerts and log each, since a hub that falls behind takes no more."""
    mds = []
    for _ in range(count):
        mds.append(alpha.submit(alert_to("xb-bravo")).md)
        world.sequence()
    return mds


def sent_between(world: PartnerWorld, count: int) -> tuple[list[str], tuple[Client, Client]]:
    """Have one partner send so many alerts to the other; return them and the clients of both."""

    def build() -> list[str]:
        alpha, _ = world.partners("xa-alpha", "xb-bravo")
        return send(world, alpha, count)

    mds = world.restored(f"sent {count}", build)
    return mds, (world.client("xa-alpha"), world.client("xb-bravo"))


def watched(client: Client, **how: Any) -> list[News]:
    return list(client.watch(once=True, rhythm=STEADY, **how))


def numbers(news: list[News]) -> list[int]:
    return [item.entry.number for item in news]


def test_every_item_once_and_in_order(world: PartnerWorld) -> None:
    mds, (alpha, bravo) = sent_between(world, 3)
    first = watched(bravo, opening=True)
    assert [item.entry.d for item in first] == mds
    assert all(item.opened and dict(item.opened.alert) == DOCUMENT for item in first)
    assert watched(bravo, opening=True) == []

    alpha.retract(mds[0], code="error")
    world.sequence()
    (news,) = watched(bravo, opening=True)
    assert news.entry.statement is not None
    assert (news.entry.number, news.entry.statement.k, news.opened) == (4, "retract", None)
    assert bravo.state().watched == 4


def test_without_opening_nothing_is_fetched(world: PartnerWorld) -> None:
    (md,), pair = sent_between(world, 1)
    (news,) = watched(pair[1])
    assert (news.entry.d, news.opened) == (md, None)
    (delivery,) = pair[0].submission(md).deliveries
    assert delivery.fetched_at is None


def test_what_was_retracted_meanwhile_is_opened_as_retracted(world: PartnerWorld) -> None:
    """The alert is fetched before its retract, since the hub serves no retracted alert that was never fetched."""
    (md,), pair = sent_between(world, 1)
    pair[1].open(md)
    pair[0].retract(md, code="contaminated")
    world.sequence()
    alert, statement = watched(pair[1], opening=True)
    assert alert.opened is not None
    assert "retracted" in alert.opened.marks
    assert statement.entry.statement is not None


def test_an_item_that_was_not_taken_comes_again(world: PartnerWorld) -> None:
    _, pair = sent_between(world, 3)
    watching = pair[1].watch(opening=True, once=True)
    assert [next(watching).entry.number for _ in range(2)] == [1, 2]
    watching.close()
    assert numbers(watched(pair[1], opening=True)) == [2, 3]


def test_two_watches_of_one_home_do_not_share_the_items(world: PartnerWorld) -> None:
    _, pair = sent_between(world, 2)
    watching = pair[1].watch(once=True)
    next(watching)
    with pytest.raises(WatchedAlreadyError):
        next(world.client("xb-bravo").watch(once=True))
    assert numbers(list(watching)) == [2]


def test_a_position_that_was_altered_is_not_believed(world: PartnerWorld) -> None:
    """The watch falls back on the state's number: items may come again, none is left out."""
    _, pair = sent_between(world, 2)
    watched(pair[1])
    place = world.home("xb-bravo") / "watch.accord"
    place.write_bytes(flip(place.read_bytes(), 20))
    send(world, pair[0], 1)
    assert numbers(watched(pair[1])) == [3]
    place.write_bytes(b"")
    assert watched(pair[1]) == []


def test_what_does_not_open_is_said_and_the_watch_goes_on(world: PartnerWorld) -> None:
    mds, _ = sent_between(world, 3)
    bent = world.lied_to("xb-bravo", slice=lambda octets, md: octets[:-1] if md == mds[1] else octets)
    news = watched(bent, opening=True)
    assert [item.opened is not None for item in news] == [True, False, True]
    assert news[1].problem
    assert isinstance(news[1].error, Exception)
    assert mds[1] not in bent.state().opened


def test_another_envelope_in_its_place_is_refused(world: PartnerWorld) -> None:
    mds, pair = sent_between(world, 2)
    first = pair[1].open(mds[0]).slice_octets
    swapped = world.lied_to("xb-bravo", slice=lambda octets, md: first)
    news = watched(swapped, opening=True)
    assert [item.opened is not None for item in news] == [True, False]
    assert isinstance(news[1].error, VerificationError)
    assert news[1].error.failure is Failure.SUBJECT


def with_forged_receipt(key: LedgerKey, octets: bytes, before: int) -> bytes:
    value = json.loads(octets)
    from accord.envelope.tree.receipts import Receipt

    honest = Receipt.parse(value["receipts"][0])
    value["receipts"] = [forged_receipt(key, honest.leaf, before=before).as_json()]
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def test_a_forked_ledger_opens_nothing_and_ends_the_watch(world: PartnerWorld) -> None:
    """The alarm comes before the first item of the batch, even items that would have opened."""
    mds, pair = sent_between(world, 3)
    before = pair[1].state()
    forked = world.lied_to(
        "xb-bravo",
        slice=lambda octets, md: with_forged_receipt(world.hub.key, octets, 40) if md == mds[1] else octets,
    )
    delivered: list[News] = []
    with pytest.raises(VerificationError) as caught:
        delivered.extend(forked.watch(opening=True, once=True))
    assert caught.value.failure in (Failure.LEDGER_FORK, Failure.LEDGER_TIME)
    assert delivered == []
    after = forked.state()
    assert (after.opened, after.checkpoint, after.watched) == ({}, before.checkpoint, 0)
    assert numbers(watched(pair[1], opening=True)) == [1, 2, 3]


def test_a_lost_network_is_waited_for_longer_each_time(world: PartnerWorld) -> None:
    sent_between(world, 1)
    failures = iter([True] * 5 + [False] * 9)

    def inbox(answer: Any) -> Any:
        if next(failures):
            raise UnreachableError("The cable is out.")
        return answer

    told: list[float] = []
    slept: list[float] = []
    client = world.client_with("xb-bravo", connect=lying_connection(inbox=inbox), sleep=slept.append)
    watching = client.watch(rhythm=STEADY, trouble=lambda failed, pause: told.append(pause))
    assert next(watching).entry.number == 1
    watching.close()
    assert told == slept == [0.5, 1.0, 2.0, 4.0, 4.0]
    with pytest.raises(UnreachableError):
        failures = iter([True])
        watched(client)


def test_a_network_lost_in_the_middle_of_a_batch_delivers_none_of_it_twice(world: PartnerWorld) -> None:
    mds, _ = sent_between(world, 3)
    broken = iter([True])

    def slice_(octets: bytes, md: str) -> bytes:
        if md == mds[1] and next(broken, False):
            raise UnreachableError("The connection broke.")
        return octets

    client = world.client_with("xb-bravo", connect=lying_connection(slice=slice_), sleep=lambda seconds: None)
    watching = client.watch(opening=True, rhythm=STEADY)
    news = [next(watching) for _ in range(3)]
    watching.close()
    assert numbers(news) == [1, 2, 3]
    assert all(item.opened is not None for item in news)


@pytest.mark.parametrize(
    ("failed", "ends"),
    [
        (RefusedError(500, "fault", "A fault.", "", {}), False),
        (ApiKeyRefusedError(401, "key", "Not accepted.", "", {}), True),
        (AnswerError("another shape"), True),
    ],
)
def test_what_waiting_cannot_mend_ends_the_watch(world: PartnerWorld, failed: Exception, ends: bool) -> None:
    sent_between(world, 1)
    answers = iter([failed])

    def inbox(answer: Any) -> Any:
        problem = next(answers, None)
        if problem is not None:
            raise problem
        return answer

    client = world.client_with("xb-bravo", connect=lying_connection(inbox=inbox), sleep=lambda seconds: None)
    watching = client.watch(rhythm=STEADY)
    if ends:
        with pytest.raises(type(failed)):
            next(watching)
    else:
        assert next(watching).entry.number == 1


def test_pauses_double_up_to_their_limit_and_half_of_each_is_chance() -> None:
    rhythm = Rhythm(lambda: 1.0, first_pause_secs=1, longest_pause_secs=60)
    assert [rhythm.pause_after(n) for n in (1, 2, 3, 10, 10**6)] == [1, 2, 4, 60, 60]
    assert [replace(rhythm, jitter=lambda: 0.0).pause_after(n) for n in (1, 3)] == [0.5, 2.0]


def test_large_attachments_are_delivered_before_more_are_fetched(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    """The disk never holds more than was agreed, or than one alert has."""
    spectrum = Attachment("a.bin", "application/octet-stream", os.urandom(2 * 1024 * 1024))
    for _ in range(3):
        pair[0].submit(alert_to("xb-bravo", attachments=(spectrum,)))
        world.sequence()
    fetched: list[str] = []

    def blob(chunks: Any, md: str, n: int, size: int) -> Any:
        fetched.append(md)
        return chunks

    client = world.lied_to("xb-bravo", blob=blob)
    small = replace(STEADY, held_bytes=1024 * 1024)
    news = []
    for item in client.watch(opening=True, once=True, rhythm=small):
        assert item.opened is not None
        assert item.opened.attachment(0) == spectrum.plain
        news.append(item)
        assert len(fetched) == len(news)
    assert numbers(news) == [1, 2, 3]


def test_batch_after_batch(world: PartnerWorld) -> None:
    mds, pair = sent_between(world, 5)
    rhythm = replace(STEADY, batch=2)
    news = list(pair[1].watch(opening=True, once=True, rhythm=rhythm))
    assert [item.entry.d for item in news] == mds
    assert pair[1].state().watched == 5
    assert set(pair[1].state().opened) == set(mds)
