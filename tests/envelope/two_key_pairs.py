# SPDX-License-Identifier: Apache-2.0
"""Agencies with a second pair of keys, so that one pair can be revoked and the other still signs."""

from __future__ import annotations

from typing import Any

from accord.envelope.keys import PQ1
from accord.envelope.keysets import KeyRow, Revocation
from accord.envelope.private import SignerSet, generate_signing_keys
from accord.envelope.statements.checks import VerifiedStatement, verify_statement
from accord.envelope.statements.form import SubjectRef, make_statement, parse_statement
from tests.envelope.world import DAY, NOW, Agency, World, make_agency, uuid7

HOUR = 3600
SINCE, REVOKED_AT = NOW - HOUR, NOW + HOUR


def with_two_pairs(name: str) -> tuple[Agency, SignerSet]:
    """An agency, and a second PQ1 pair of keys that is in its keyset too."""
    agency = make_agency(name)
    second = SignerSet(generate_signing_keys(PQ1))
    agency.rows = [*agency.rows, *(KeyRow(key, NOW - 10 * DAY, NOW + 365 * DAY) for key in second.signers)]
    return agency.publish(), second


def revoke(
    world: World, agency: Agency, signer: SignerSet, since: int, log_time: int, index: int | None = None
) -> None:
    """Revoke both keys of this pair as stolen since then."""
    world.directory.revokes += [
        Revocation(agency.id, key.kid, since, "stolen", "A" * 43, log_time, index) for key in signer.signers
    ]


def reaffirm(
    world: World,
    agency: Agency,
    signer: SignerSet,
    sub: SubjectRef,
    log_time: int,
    index: int | None = None,
    **changes: Any,
) -> VerifiedStatement:
    """Reaffirm by this pair; the statement is judged by the newest keysets."""
    terms: dict[str, Any] = {
        "iss": agency.id, "signer": signer, "suite": PQ1, "id": uuid7(70), "iat": NOW,
        "nonce": bytes(16), "sub": sub,
    }  # fmt: skip
    octets = make_statement("reaffirm", **(terms | changes))
    return verify_statement(parse_statement(octets), world.directory, log_time=log_time, index=index)
