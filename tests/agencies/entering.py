# SPDX-License-Identifier: Apache-2.0
"""Accession of an agency with proof or keyset replaced by the test."""

from typing import Any

import pytest

from accord.envelope.errors import Failure, VerificationError
from agencies.accession import accept_keyset, issue_challenge
from agencies.models import Keyset
from peers.models import Agency
from tests.agencies.world import (
    NOW,
    OwnKeys,
    enrolling,
)


def enter(
    agency: Agency, keys: OwnKeys, *, pop: bytes | None = None, keyset: bytes | None = None, now: Any = NOW
) -> Keyset:
    """Bring the agency in with `keys`; a test may replace the proof or the keyset."""
    if pop is None:
        pop = keys.pop(issue_challenge(enrolling(agency), agency.pk, keys.offered(), now=NOW), now=now)
    return accept_keyset(
        enrolling(agency), agency.pk, pop=pop, keyset=keyset or keys.keyset(now=now), now=now
    )


def refusal(agency: Agency, keys: OwnKeys, **parts: Any) -> Failure:
    with pytest.raises(VerificationError) as refused:
        enter(agency, keys, **parts)
    return refused.value.failure
