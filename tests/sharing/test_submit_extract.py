# SPDX-License-Identifier: Apache-2.0
"""An extract at the exchange: a part of an own envelope, sealed afresh, as long as the original is there."""

from typing import Any

import pytest

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.seal import SealedEnvelope
from callers.errors import AbsentError
from sharing.errors import ContentDeletedError
from sharing.models import Envelope
from sharing.tombstones import delete_contents
from tests.builders import HeldAgency, Hub, reference_to
from tests.sharing.conftest import Four


@pytest.fixture
def original(hub: Hub, four: Four) -> SealedEnvelope:
    return hub.deliver(four.alpha, four.bravo)


def extract_of(
    hub: Hub, original: SealedEnvelope, sender: HeldAgency, *recipients: HeldAgency, **terms: Any
) -> SealedEnvelope:
    return hub.alert_to(*recipients, sender=sender, kind="extract", re=reference_to(original), **terms)


def test_the_originator_gives_a_part_to_others(hub: Hub, four: Four, original: SealedEnvelope) -> None:
    part = extract_of(hub, original, four.alpha, four.charlie)
    assert hub.carry(four.alpha, part).md == part.md
    row = Envelope.objects.get(pk=part.md)
    assert (row.kind, row.re_md) == ("extract", original.md)


@pytest.mark.parametrize(
    ("sender", "terms", "failure"),
    [
        ("bravo", {}, Failure.NOT_ENTITLED),
        ("alpha", {"status": "exercise"}, Failure.EXTRACT),
    ],
)
def test_neither_by_others_nor_of_another_status(
    hub: Hub, four: Four, original: SealedEnvelope, sender: str, terms: dict[str, str], failure: Failure
) -> None:
    agency: HeldAgency = getattr(four, sender)
    part = extract_of(hub, original, agency, four.charlie, **terms)
    with pytest.raises(VerificationError) as refused:
        hub.carry(agency, part)
    assert refused.value.failure is failure and not Envelope.objects.filter(pk=part.md).exists()


def test_there_is_no_extract_of_an_extract(hub: Hub, four: Four, original: SealedEnvelope) -> None:
    part = extract_of(hub, original, four.alpha, four.charlie)
    hub.carry(four.alpha, part)
    again = extract_of(hub, part, four.alpha, four.bravo)
    with pytest.raises(VerificationError) as refused:
        hub.carry(four.alpha, again)
    assert refused.value.failure is Failure.EXTRACT


def test_who_cannot_see_the_original_is_told_it_is_absent(
    hub: Hub, four: Four, original: SealedEnvelope
) -> None:
    part = extract_of(hub, original, four.charlie, four.bravo)
    with pytest.raises(AbsentError):
        hub.carry(four.charlie, part)


@pytest.mark.parametrize("swept", [False, True])
def test_there_is_none_of_what_was_deleted(hub: Hub, four: Four, swept: bool) -> None:
    """The content counts as deleted from `keep` on, before the sweep and after."""
    gone = hub.deliver(
        four.alpha,
        four.bravo,
        status="exercise",
        keep=int(hub.now.timestamp()) + 60,
        exp=int(hub.now.timestamp()) + 30,
        ack_by=None,
    )
    hub.later(seconds=60)
    if swept:
        assert delete_contents(now=hub.now, limit=10) == 1
    part = extract_of(hub, gone, four.alpha, four.charlie)
    with pytest.raises(ContentDeletedError):
        hub.carry(four.alpha, part)
