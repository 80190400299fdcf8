# SPDX-License-Identifier: Apache-2.0
"""A watch fetches many slices with one request, none twice, and holds no more than two answers."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import pytest

from accord.client.client import Client
from accord.client.errors import AbsentError, AnswerError, RefusedError
from accord.envelope.content import Attachment
from accord.envelope.errors import Failure, VerificationError
from accord.following.fetching import NotFetched, SlicesAhead
from agencies.apikeys import KEYRING
from agencies.models import ApiKey
from callers.capabilities import EXCHANGE_SCOPES, Capability
from ledger.models import AuditEvent
from sharing.models import Delivery
from tests.client.altered_answers import Lie
from tests.client.conftest import PartnerWorld, alert_to
from tests.client.test_watch import STEADY, numbers, send, sent_between, watched

MDS = [letter * 43 for letter in "AEIMQUYcgk"]


class Scripted:
    """An exchange that gives so many slices a call and records the calls."""

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        self.asked: list[list[str]] = []

    def slices(self, mds: Sequence[str]) -> list[Any]:
        self.asked.append(list(mds))
        return [AbsentError(404, "absent", md, "", {}) for md in mds[: self.at_once]]

    def ask_ahead(self, notes: list[str]) -> None:
        assert notes == []


def taken(ahead: SlicesAhead, script: Scripted, mds: Sequence[str], count: int) -> list[str]:
    found = []
    for place in range(count):
        answer = ahead.take(mds[place:], script)  # type: ignore[arg-type]
        assert isinstance(answer, NotFetched)
        assert answer.md in str(answer.error)
        found.append(answer.md)
    return found


def test_what_did_not_fit_is_asked_for_again_and_nothing_twice() -> None:
    script = Scripted(at_once=3)
    with SlicesAhead(script) as ahead:  # type: ignore[arg-type]
        assert taken(ahead, script, MDS, len(MDS)) == MDS
    assert script.asked == [MDS, MDS[3:], MDS[6:], MDS[9:]]


def test_what_a_batch_left_begins_the_next() -> None:
    script = Scripted(at_once=4)
    with SlicesAhead(script) as ahead:  # type: ignore[arg-type]
        assert taken(ahead, script, MDS, 2) == MDS[:2]
        assert taken(ahead, script, MDS[2:], 8) == MDS[2:]
    assert script.asked == [MDS, MDS[4:], MDS[8:]]


def test_another_order_than_was_foreseen_is_asked_for_anew() -> None:
    script = Scripted(at_once=4)
    with SlicesAhead(script) as ahead:  # type: ignore[arg-type]
        taken(ahead, script, MDS, 1)
        assert taken(ahead, script, MDS[::-1], 10) == MDS[::-1]


def test_what_a_call_raised_is_raised_once_and_the_next_begins_anew() -> None:
    script = Scripted(at_once=4)
    failing = iter([True, False])

    def slices(mds: Sequence[str]) -> list[Any]:
        if next(failing, False):
            raise RefusedError(500, "broken", "Broken.", "", {})
        return script.slices(mds)

    carrier: Any = type("Carrier", (), {"slices": staticmethod(slices)})()
    with SlicesAhead(carrier) as ahead:
        with pytest.raises(RefusedError):
            taken(ahead, script, MDS, 1)
        assert taken(ahead, script, MDS, 10) == MDS


def noting(asked: list[Any]) -> Lie:
    """Record the calls and answer honestly."""

    def note(answer: Any, *arguments: Any) -> Any:
        asked.append(arguments)
        return answer

    return note


def test_a_watch_asks_for_many_at_once(world: PartnerWorld) -> None:
    mds, _ = sent_between(world, 4)
    asked: list[Any] = []
    proofs: list[Any] = []
    alone: list[Any] = []
    client = world.lied_to(
        "xb-bravo",
        slices=noting(asked),
        consistencies=noting(proofs),
        consistency=noting(alone),
    )
    news = watched(client, opening=True)
    assert [item.entry.d for item in news] == mds
    assert all(item.opened is not None for item in news)
    assert asked == [(mds,)]
    # Each of the four was logged under its own checkpoint; one more proof is for the checkpoint that the feed showed.
    ((pairs,),) = proofs
    assert (len(pairs), len(alone)) == (4, 1)


@pytest.mark.parametrize("failed", [AbsentError(404, "absent", "Nothing.", "", {}), AnswerError("bent")])
def test_without_proofs_for_many_each_is_asked_for_alone(world: PartnerWorld, failed: Exception) -> None:
    sent_between(world, 3)

    def consistencies(answer: Any, pairs: Any) -> Any:
        raise failed

    alone: list[Any] = []
    client = world.lied_to("xb-bravo", consistencies=consistencies, consistency=noting(alone))
    assert all(item.opened is not None for item in watched(client, opening=True))
    # The checkpoint that the feed showed, and one for each alert.
    assert len(alone) == 4


def test_a_false_proof_among_many_ends_the_watch(world: PartnerWorld) -> None:
    sent_between(world, 3)
    client = world.lied_to("xb-bravo", consistencies=lambda answer, pairs: [[bytes(32)] * 3 for _ in pairs])
    with pytest.raises(VerificationError) as caught:
        watched(client, opening=True)
    assert caught.value.failure is Failure.LEDGER_FORK
    assert client.state().opened == {}


def test_what_is_refused_among_many_is_said_and_the_rest_is_opened(world: PartnerWorld) -> None:
    _, pair = sent_between(world, 1)
    pair[0].submit(alert_to("xb-bravo", lane="trade", purpose="prevent"))
    world.sequence()
    send(world, pair[0], 1)
    pair[1].suspend(["xa-alpha"], ["trade"])
    news = watched(pair[1], opening=True)
    assert [item.opened is not None for item in news] == [True, False, True]
    assert isinstance(news[1].error, RefusedError)
    assert (news[1].error.slug, news[1].error.status) == ("flow-suspended", 409)
    assert Delivery.objects.filter(fetched_at__isnull=True).count() == 1


def give_scopes(client: Client, scopes: Collection[str]) -> None:
    """Give the client's API key these scopes, as if it had been issued with them."""
    prefix, _, secret = client.state().api_key.partition(".")
    row = ApiKey.objects.get(pk=prefix)
    row.scopes = sorted(scopes)
    row.digest = KEYRING.digest_of(prefix, secret, row.agency_id, row.scopes, row.networks)
    row.save(update_fields=["scopes", "digest"])


def test_with_a_key_that_may_not_fetch_nothing_is_passed_over(world: PartnerWorld) -> None:
    _, pair = sent_between(world, 2)
    give_scopes(pair[1], EXCHANGE_SCOPES - {Capability.ENVELOPE_READ})
    with pytest.raises(RefusedError, match="cannot"):
        watched(pair[1], opening=True)
    assert pair[1].state().watched == 0
    give_scopes(pair[1], EXCHANGE_SCOPES)
    assert numbers(watched(pair[1], opening=True)) == [1, 2]


def test_no_slice_is_served_twice_where_attachments_end_a_batch_early(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    file = Attachment("a.bin", "application/octet-stream", b"x" * 4096)
    for _ in range(3):
        pair[0].submit(alert_to("xb-bravo", attachments=(file,)))
        world.sequence()
    news = list(pair[1].watch(opening=True, once=True, rhythm=replace(STEADY, held_bytes=1)))
    assert numbers(news) == [1, 2, 3]
    assert AuditEvent.objects.filter(act="slice.served").count() == 3
