# SPDX-License-Identifier: Apache-2.0
"""Following without a home folder: pins, keysets, ledger, statements and slices over another memory."""

import pytest

from accord.calls.exchange import Exchange
from accord.client.session import connect_http
from accord.envelope.errors import Failure, OpeningError, VerificationError
from accord.envelope.statements.form import parse_statement
from accord.following.errors import UnpinnedError
from accord.following.feed import Feed
from accord.following.fetching import Fetched, NotFetched, SlicesAhead
from accord.following.follower import Follower
from accord.following.judging import retraction_of
from accord.following.keysets import refresh_keysets
from accord.following.slices import open_slice, verify_after_all_said, verify_fetched
from accord.following.statements import fetch_statement
from accord.following.stating import sign_statement
from tests.builders import HeldAgency, about, seconds
from tests.client.conftest import PartnerWorld
from tests.client.plain_memory import PlainKeys, PlainMemory


@pytest.fixture
def pair(world: PartnerWorld) -> tuple[HeldAgency, HeldAgency]:
    def build() -> tuple[HeldAgency, HeldAgency]:
        alpha, bravo = world.hub.make_agencies("xa-alpha", "xb-bravo")
        world.hub.make_agreement("G1", alpha, bravo)
        return alpha, bravo

    return world.restored("two held", build)


def follower_of(world: PartnerWorld, reader: HeldAgency, *pinned: HeldAgency) -> Follower:
    exchange: Exchange = connect_http(world.address, world.another_api_key(reader.id))
    memory = PlainMemory(
        reader.id, [world.hub.key.vkey], {agency.id: agency.root.fingerprint for agency in pinned}
    )
    return Follower(reader.id, memory, exchange, clock=seconds(world.hub.now))


def test_a_feed_is_followed_into_another_memory(
    world: PartnerWorld, pair: tuple[HeldAgency, HeldAgency]
) -> None:
    alpha, bravo = pair
    first, second = world.hub.deliver(alpha, bravo), world.hub.deliver(alpha, bravo)
    world.rotate(alpha)
    world.hub.submit(alpha, world.hub.retraction(alpha, second))
    world.hub.sequence()
    follower, keys = follower_of(world, bravo, alpha, bravo), PlainKeys(world.hub, bravo)
    memory = follower.memory
    assert isinstance(memory, PlainMemory)

    feed = Feed(follower, limit=2)
    while (page := feed.next_page()).items:
        memory.listed |= {entry.d: entry for entry in page.items}
        feed.go_on_after(page)
    assert [entry.what for entry in memory.listed.values()] == ["envelope", "envelope", "statement"]
    assert (memory.taken.number, feed.is_restarted) == (3, False)

    with SlicesAhead(follower.exchange) as slices:
        fetched = slices.take([first.md, second.md], follower.log)
        withheld = slices.take([second.md], follower.log)
    assert isinstance(fetched, Fetched) and isinstance(withheld, NotFetched)
    verified = verify_fetched(follower, fetched.unverified)
    verified = verify_after_all_said(follower, fetched.unverified, verified)
    opened = open_slice(follower, keys, verified, [], actor="officer-7", reason="on duty")
    assert (opened.manifest.md, opened.log_compared) == (first.md, True)

    withdrawn = fetch_statement(follower, list(memory.listed)[2])
    assert retraction_of(follower, second.md, alpha.id) == withdrawn
    assert retraction_of(follower, first.md, alpha.id) is None
    assert [record.version for record in memory.chains[alpha.id]] == [1, 2]
    assert memory.checkpoint is not None and memory.log_times.keys() >= {first.md, withdrawn.od}

    said = sign_statement(
        follower, keys, "ack", about(first), {"st": "opened", "code": None}, actor="officer-7", reason="asked"
    )
    assert parse_statement(said).statement.cp == follower.log.reference()
    assert keys.used == [("officer-7", "on duty"), ("officer-7", "asked")]


def test_what_a_memory_has_seen_holds_against_a_second_envelope_of_one_id(
    world: PartnerWorld, pair: tuple[HeldAgency, HeldAgency]
) -> None:
    alpha, bravo = pair
    sealed = world.hub.deliver(alpha, bravo)
    follower, keys = follower_of(world, bravo, alpha), PlainKeys(world.hub, bravo)
    follower.memory.keep_seen(alpha.id, sealed.jti, "A" * 43)
    with SlicesAhead(follower.exchange) as slices:
        fetched = slices.take([sealed.md], follower.log)
    assert isinstance(fetched, Fetched)
    verified = verify_fetched(follower, fetched.unverified)
    with pytest.raises(OpeningError):
        open_slice(follower, keys, verified, [], actor="officer-7", reason="on duty")


def test_keys_of_another_root_than_the_pinned_one_are_not_kept(
    world: PartnerWorld, pair: tuple[HeldAgency, HeldAgency]
) -> None:
    alpha, bravo = pair
    follower = follower_of(world, bravo, bravo)
    with pytest.raises(UnpinnedError):
        refresh_keysets(follower, alpha.id)
    memory = follower.memory
    assert isinstance(memory, PlainMemory)
    memory.pins[alpha.id] = bravo.root.fingerprint
    with pytest.raises(VerificationError) as refused:
        refresh_keysets(follower, alpha.id)
    assert refused.value.failure is Failure.KEYSET_ROOT
    assert alpha.id not in memory.chains
