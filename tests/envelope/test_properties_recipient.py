# SPDX-License-Identifier: Apache-2.0
"""A slice opens for its own agency and no other, whatever keys and names the other tries."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.envelope.errors import EnvelopeError, Failure, OpeningError, VerificationError
from accord.envelope.keys import EC1, PQ1
from accord.envelope.private import DecryptionKey
from tests.envelope.examples import examples
from tests.envelope.releasing import Chain
from tests.envelope.world import ALERT, MemoryDirectory, MemoryLedger, World, known_agency

POOL = ("xb-bravo", "xc-charlie", "xd-delta", "xe-echo", "xf-fox", "xg-golf", "xh-hotel")
SUITES = pytest.mark.parametrize("suite", [PQ1, EC1])


def world_of(suite: str, recipients: list[str]) -> World:
    """A world in which alpha writes to these; all others of the pool are at the hub too."""
    alpha, everyone = known_agency("xa-alpha"), [known_agency(name) for name in POOL]
    others = [known_agency(name) for name in recipients]
    return World(suite, alpha, others, MemoryDirectory(alpha, *everyone), MemoryLedger())


@SUITES
@examples(5)
@given(data=st.data())
def test_a_slice_opens_for_its_recipient_only(suite: str, data: st.DataObject) -> None:
    recipients = sorted(data.draw(st.sets(st.sampled_from(POOL), min_size=1)))
    world = world_of(suite, recipients)
    carried = world.intake(world.seal())
    receipts = [world.ledger.log(carried.md)]
    everyone = [known_agency(name) for name in ("xa-alpha", *POOL)]
    for owner in (world.alpha, *world.others):
        octets = world.slice_of(carried, owner.id, receipts)
        for reader in everyone:
            if reader is owner:
                assert world.open(octets, reader).alert == ALERT
                continue
            with pytest.raises(VerificationError) as refused:
                world.open(octets, reader)
            assert refused.value.failure is Failure.PATH
            # Another agency's keys under the owner's name, and under the owner's kid.
            with pytest.raises(OpeningError) as unopened:
                world.open(octets, replace(reader, id=owner.id))
            assert unopened.value.cause is Failure.KEY_MISSING
            disguised = DecryptionKey(reader.decryption[suite].material, owner.decryption[suite].public, b"")
            with pytest.raises(OpeningError) as unopened:
                world.open(octets, replace(owner, decryption={suite: disguised}))
            assert unopened.value.cause is Failure.UNWRAP


@SUITES
@examples(4)
@given(data=st.data())
def test_the_slice_of_a_release_opens_for_its_recipient_only(suite: str, data: st.DataObject) -> None:
    chain = Chain(world_of(suite, ["xb-bravo", "xc-charlie"]))
    released = sorted(data.draw(st.sets(st.sampled_from(POOL[2:]), min_size=1)))
    via = [chain.release(known_agency("xb-bravo"), released)]
    for owner in released:
        octets = chain.slice(owner, via)
        for reader in ("xa-alpha", *POOL):
            if reader == owner:
                assert chain.open(octets, reader).alert == ALERT
            else:
                with pytest.raises(EnvelopeError):
                    chain.open(octets, reader)
