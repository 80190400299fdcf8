# SPDX-License-Identifier: Apache-2.0
"""Drafts: payloads for the root to sign.

A draft is the canonical payload of a `keyset` or a `revoke` that names its signers. The root signs it here at once, or where it
is kept: the payload is then the proposal file, octet for octet.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from accord.client.session import Session
from accord.envelope.keys import PQ1, PublicKey
from accord.envelope.keysets import MAX_KEYSET_SECS, KeyRow, Keyset, build_keyset_body
from accord.envelope.naming import NamedSigners
from accord.envelope.statements.form import build_statement


@dataclass(frozen=True)
class Draft:
    """A payload to sign; `kind` names the request in the command's words."""

    kind: str
    payload: bytes


@dataclass(frozen=True)
class RootWord:
    """The root of a coming keyset, the one it announces, and the signers."""

    root: tuple[PublicKey, PublicKey]
    nroot: str
    signers: tuple[PublicKey, ...]


def same_root(keyset: Keyset) -> RootWord:
    """Keep the root and the one it announced."""
    return RootWord(keyset.root, keyset.nroot, keyset.root)


def changed_root(keyset: Keyset, new: tuple[PublicKey, PublicKey], announce: str) -> RootWord:
    """Have both roots sign; the new one announces another."""
    return RootWord(new, announce, (*keyset.root, *new))


def recovered_root(new: tuple[PublicKey, PublicKey], announce: str) -> RootWord:
    """Have the announced root alone sign, and wait 72 hours in public."""
    return RootWord(new, announce, new)


def draft_keyset(
    session: Session,
    kind: str,
    standing: Keyset,
    rows: Sequence[KeyRow],
    word: RootWord,
    *,
    low: str | None = None,
    now: int,
) -> Draft:
    """Return the keyset that follows `standing`, for 90 days."""
    # A slow clock must not make the next keyset older than this agency's last statement.
    iat = max([now, standing.iat, *(row.since for row in rows if row.since is not None)])
    body = build_keyset_body(
        version=standing.version + 1,
        prev=standing.od,
        root=word.root,
        nroot=word.nroot,
        custody=standing.custody,
        low=low or standing.low,
        rows=rows,
    )
    payload = build_statement(
        "keyset",
        iss=standing.agency,
        signer=NamedSigners(word.signers),
        suite=PQ1,
        id=session.new_id(now),
        iat=iat,
        nonce=os.urandom(16),
        exp=iat + MAX_KEYSET_SECS,
        body=body,
    )
    return Draft(kind, payload)


def draft_first_keyset(
    session: Session,
    agency: str,
    keys: Sequence[KeyRow],
    root: tuple[PublicKey, PublicKey],
    nroot: str,
    *,
    low: str,
    now: int,
) -> Draft:
    """Return keyset version 1 of an agency that holds its own keys, for 90 days."""
    body = build_keyset_body(
        version=1, prev=None, root=root, nroot=nroot, custody="agency", low=low, rows=keys
    )
    payload = build_statement(
        "keyset",
        iss=agency,
        signer=NamedSigners(root),
        suite=PQ1,
        id=session.new_id(now),
        iat=now,
        nonce=os.urandom(16),
        exp=now + MAX_KEYSET_SECS,
        body=body,
    )
    return Draft("enrol", payload)


def draft_revocation(session: Session, keyset: Keyset, kid: str, *, code: str, since: int, now: int) -> Draft:
    """Return the root's revocation of a key since a time, which is not after now."""
    payload = build_statement(
        "revoke",
        iss=keyset.agency,
        signer=NamedSigners(keyset.root),
        suite=PQ1,
        id=session.new_id(now),
        iat=now,
        nonce=os.urandom(16),
        body={"kid": kid, "since": since, "code": code},
    )
    return Draft(f"revoke {kid}", payload)
