# SPDX-License-Identifier: Apache-2.0
"""A list of fingerprints: an agency's root says which roots its officers have compared, for partners that trust it.

It goes by file from agency to agency. It is no statement, no exchange takes it, and no ledger holds it.
`verify_list` is the only door for one from outside. Whether anybody believes it is for two officers of the reader to
decide. Source: docs/spec/envelope.md, "A list of fingerprints".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from accord.envelope.encoding import agency_id, text
from accord.envelope.errors import Failure, MalformedError, VerificationError
from accord.envelope.jws import JwsSigner, parse_jws
from accord.envelope.keys import PublicKey
from accord.envelope.rootforms import RootForm, build_form, read_form, sign_form, verify_form
from accord.envelope.vocabulary import MAX_CLOCK_AHEAD_SECS, TYP_FINGERPRINTS

FINGERPRINTS: Final = "fingerprints"
MAX_LISTED: Final = 500
MAX_LIST_BYTES: Final = 128 * 1024
LIVES_SECS: Final = 90 * 24 * 3600
"""A list counts for this long after it was made: a root may have changed since."""

_MEMBERS: Final = frozenset({"roots"})
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class FingerprintList(RootForm):
    """A well-formed list; says nothing about who signed it. `roots`: the fingerprint of each agency's root, by its id."""

    roots: Mapping[str, str]


def build_list(
    *, iss: str, root: Sequence[PublicKey], id: str, iat: int, nonce: bytes, roots: Mapping[str, str]
) -> bytes:
    """Return the canonical payload for a root to sign; `nonce` is 16 fresh random octets. Raises MalformedError."""
    payload = build_form(FINGERPRINTS, {"roots": roots}, iss=iss, root=root, id=id, iat=iat, nonce=nonce)
    read_list(payload)
    return payload


def read_list(payload: bytes) -> FingerprintList:
    """Check every member of a payload, and that it is canonical; raise MalformedError."""
    head, value = read_form(payload, FINGERPRINTS, TYP_FINGERPRINTS, _MEMBERS, limit=MAX_LIST_BYTES)
    return FingerprintList(**asdict(head), roots=_roots(value["roots"], head.iss))


def sign_list(payload: bytes, signer: JwsSigner) -> bytes:
    """Sign a payload as it is; raise MalformedError where it names other signers."""
    return sign_form(read_list(payload), payload, TYP_FINGERPRINTS, signer)


def read_signed_list(data: bytes) -> FingerprintList:
    """Read a signed list without verifying it, to learn which root should have signed it. Raises MalformedError."""
    return read_list(parse_jws(data, TYP_FINGERPRINTS, limit=MAX_LIST_BYTES).payload)


def verify_list(data: bytes, *, root: Sequence[PublicKey], now: int) -> FingerprintList:
    """Verify a list signed by this root, its issuer's, at most 90 days old; raise MalformedError or VerificationError."""
    jws = parse_jws(data, TYP_FINGERPRINTS, limit=MAX_LIST_BYTES)
    said = read_list(jws.payload)
    verify_form(said, jws, root)
    if said.iat < now - LIVES_SECS:
        raise VerificationError(Failure.STALE)
    if said.iat > now + MAX_CLOCK_AHEAD_SECS:
        raise VerificationError(Failure.FUTURE)
    return said


def _roots(value: Any, iss: str) -> dict[str, str]:
    if not isinstance(value, dict) or not 1 <= len(value) <= MAX_LISTED or iss in value:
        raise MalformedError("fingerprints roots")
    for agency, root in value.items():
        agency_id(agency, "fingerprints roots")
        if _FINGERPRINT.fullmatch(text(root, "fingerprints roots")) is None:
            raise MalformedError("fingerprints roots")
    return dict(value)
