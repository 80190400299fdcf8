# SPDX-License-Identifier: Apache-2.0
"""Forms that an agency's root signs and that are passed on by hand: no statements, taken by no exchange, never logged.

The kinds are a reopening (`accord.envelope.reopening`) and a list of fingerprints (`accord.envelope.fingerprints`). Here is
their common part: the members of a head, and that a payload is canonical and names the keys that sign it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from accord.envelope.encoding import (
    agency_id,
    b64u,
    canonical,
    digest,
    integer,
    members,
    object_digest,
    one_of,
    parse_object,
    timestamp,
    unb64u,
    uuid7,
)
from accord.envelope.errors import Failure, MalformedError, VerificationError
from accord.envelope.jws import JwsSigner, UnverifiedJws, verify_jws
from accord.envelope.keys import PQ1, PublicKey
from accord.envelope.vocabulary import VERSION

NONCE_BYTES: Final = 16
HEAD: Final = frozenset({"v", "k", "suite", "iss", "id", "iat", "nonce", "signers"})


@dataclass(frozen=True, kw_only=True)
class RootForm:
    """The common head of all forms; its signers are not checked. `iat` in seconds, `od` over the payload."""

    k: str
    iss: str
    id: str
    iat: int
    signers: tuple[str, ...]
    od: str


def build_form(
    k: str,
    own: Mapping[str, Any],
    *,
    iss: str,
    root: Sequence[PublicKey],
    id: str,
    iat: int,
    nonce: bytes,
) -> bytes:
    """Build the canonical payload of a form with its own members; check nothing of it."""
    head = {
        "v": VERSION,
        "k": k,
        "suite": PQ1,
        "iss": iss,
        "id": id,
        "iat": iat,
        "nonce": b64u(nonce),
        "signers": [key.kid for key in root],
    }
    return canonical(head | dict(own))


def read_form(
    payload: bytes, k: str, typ: str, own: frozenset[str], *, limit: int
) -> tuple[RootForm, dict[str, Any]]:
    """Check a form's head, its other members, and that it is canonical; raise MalformedError."""
    value = members(parse_object(payload, limit=limit, where=k), HEAD | own, k)
    if canonical(value) != payload:
        raise MalformedError(f"{k} is not canonical")
    integer(value["v"], f"{k} v", least=VERSION, most=VERSION)
    one_of(value["k"], frozenset({k}), f"{k} k")
    one_of(value["suite"], frozenset({PQ1}), f"{k} suite")
    unb64u(value["nonce"], size=NONCE_BYTES, where=f"{k} nonce")
    head = RootForm(
        k=k,
        iss=agency_id(value["iss"], f"{k} iss"),
        id=uuid7(value["id"], f"{k} id"),
        iat=timestamp(value["iat"], f"{k} iat"),
        signers=_signers(value["signers"], k),
        od=object_digest(typ, payload),
    )
    return head, value


def sign_form(form: RootForm, payload: bytes, typ: str, signer: JwsSigner) -> bytes:
    """Sign the payload of a form as it is; raise MalformedError where it names other signers."""
    if form.signers != tuple(key.kid for key in signer.signers):
        raise MalformedError(f"{form.k} signers")
    return signer.sign_jws(typ, payload)


def verify_form(form: RootForm, jws: UnverifiedJws, root: Sequence[PublicKey]) -> None:
    """Raise VerificationError for a form that this root has not signed, or whose signers it does not name."""
    if form.signers != jws.kids:
        raise VerificationError(Failure.SIGNERS)
    verify_jws(jws, root)


def _signers(value: Any, k: str) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) != 2:
        raise MalformedError(f"{k} signers")
    return tuple(digest(kid, f"{k} signers") for kid in value)
