# SPDX-License-Identifier: Apache-2.0
"""Releases onward: an alert that this agency sent or received goes to further agencies, and their withdrawal.

The content key is wrapped again here, for each of them; the exchange gets the entries with the signed release.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from accord.client.errors import RequestError
from accord.client.reading import Place, open_envelope
from accord.client.results import Stated
from accord.client.sending import send_spooled, spool_statement
from accord.client.session import Act
from accord.client.stating import own_officer, settled, state
from accord.envelope.errors import SealingError, SealRefusal
from accord.envelope.manifest import Manifest
from accord.envelope.releases import EMERGENCY, RELEASE, UNRELEASE, MadeRelease
from accord.envelope.reseal import ReleaseTerms, make_release
from accord.envelope.seal import Recipient
from accord.envelope.slices import parse_slice
from accord.envelope.statements.bodies import UNRELEASE_CODES
from accord.envelope.statements.form import SubjectRef
from accord.following.keysets import refresh_keysets, require_pins
from accord.following.slices import verify_kept
from accord.state import SubmissionRecord

NOBODY_MAY = "Its sender has said that it is not released onward: call the sender."
SENDER_MAY = "Its sender alone releases it onward: call the sender."


@dataclass(frozen=True)
class OnwardOrder:
    """Order of a release: to whom, until when. `until` in seconds; without a purpose the alert's own. `further`: they may release it, too."""

    to: Sequence[str]
    until: int
    purpose: str | None = None
    conditions: Collection[str] = ()
    further: bool = False
    emergency: bool = False


def release_onward(
    act: Act, place: Place, order: OnwardOrder, *, officer: str | None, wait_secs: float
) -> Stated:
    """Open an alert, wrap its content key for further agencies, sign, send.

    Raises RequestError, UnpinnedError, SealingError naming every agency that cannot receive it, RefusedError, and the errors of
    opening and sending.
    """
    own_officer(officer)
    opened = open_envelope(act, place, officer=officer)
    require_releasable(opened.manifest, act.agency)
    if not act.now < order.until <= opened.manifest.terms.keep:
        raise RequestError("until: it ends later than now, and not after the alert itself is deleted.")
    require_pins(act.memory, order.to)
    for agency in (act.agency, *order.to):
        refresh_keysets(act, agency)
    act.changes.write()
    made = _make(act, opened.slice_octets, opened.content.audience, order, officer)
    record = SubmissionRecord("statement", RELEASE, made.id, made.od, act.now, to=made.aud, about=opened.md)
    spool_statement(act, record, made.jws, made.entries)
    send_spooled(act, record)
    return settled(act, Stated(made.od, made.id, RELEASE, opened.md, None), wait_secs)


def require_releasable(manifest: Manifest, agency: str) -> None:
    """Raise RequestError where the sender has said that this agency does not release it."""
    if manifest.terms.rel == "none":
        raise RequestError(NOBODY_MAY)
    if manifest.terms.rel == "originator" and manifest.iss != agency:
        raise RequestError(SENDER_MAY)


def _make(
    act: Act, octets: bytes, audience: Sequence[str], order: OnwardOrder, officer: str | None
) -> MadeRelease:
    verified = verify_kept(act, parse_slice(octets))
    manifest, entry = verified.manifest, verified.jwe.entries[0]
    return make_release(
        verified,
        audience=audience,
        terms=ReleaseTerms(
            id=act.session.new_id(act.now),
            iat=act.now,
            exp=order.until,
            nonce=os.urandom(16),
            purpose=order.purpose or manifest.terms.purpose,
            rel="recipients" if order.further else "none",
            cond=sorted(set(order.conditions)),
            code=EMERGENCY if order.emergency else None,
            act=officer,
            cp=act.log.reference(),
        ),
        issuer=_recipient(act, act.agency),
        key=act.decryption_keys[entry.kid],
        recipients=[_recipient(act, agency) for agency in sorted(set(order.to))],
        signer=act.signer(manifest.suite),
        now=act.now,
    )


def _recipient(act: Act, agency: str) -> Recipient:
    found = act.directory.recipient(agency)
    if found is None:
        raise SealingError(SealRefusal.NOT_LOGGED, agencies=(agency,))
    return found


def unrelease(act: Act, d: str, *, code: str, officer: str | None, wait_secs: float) -> Stated:
    """End a release by its digest: one of our own, or of an alert that we sent. Raises RequestError, RefusedError."""
    if code not in UNRELEASE_CODES:
        raise RequestError(f"code: choose one of {', '.join(sorted(UNRELEASE_CODES))}.")
    own, said = act.state.submissions.get(d), act.state.statements.get(d)
    found = own.id if own and own.kind == RELEASE else said.id if said and said.k == RELEASE else None
    if found is None:
        raise RequestError("No release of this digest is known here. Run: accord inbox, accord submissions")
    stated = state(
        act, UNRELEASE, SubjectRef(RELEASE, found, d), {"code": code}, officer=own_officer(officer)
    )
    return settled(act, stated, wait_secs)
