# SPDX-License-Identifier: Apache-2.0
"""Refusals of exchange and recipient, and slices for a recipient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accord.envelope.errors import Failure, OpeningError, VerificationError
from accord.envelope.seal import SealedEnvelope
from tests.envelope.tampering import read, write
from tests.envelope.world import Agency, World


def slice_for(scene: World, sealed: SealedEnvelope, reader: Agency) -> bytes:
    return scene.slice_of(scene.intake(sealed), reader.id)


def slice_failure(scene: World, octets: bytes, reader: Agency, **changes: Any) -> Failure:
    with pytest.raises(VerificationError) as refused:
        scene.open(octets, reader, **changes)
    return refused.value.failure


def opening_cause(scene: World, octets: bytes, reader: Agency, **changes: Any) -> Failure:
    with pytest.raises(OpeningError) as refused:
        scene.open(octets, reader, **changes)
    assert (str(refused.value), refused.value.code) == ("this envelope cannot be opened", "unopenable")
    return refused.value.cause


def changed(octets: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    value = read(octets)
    change(value)
    return write(value)


def intake_failure(world: World, sealed: SealedEnvelope, **changes: Any) -> Failure:
    with pytest.raises(VerificationError) as refused:
        world.intake(sealed, **changes)
    return refused.value.failure
