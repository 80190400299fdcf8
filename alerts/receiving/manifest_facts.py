# SPDX-License-Identifier: Apache-2.0
"""Facts of a received alert from its manifest: the columns of its row, and whether its originator's keys signed it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from accord.calls.answers import FeedEntry
from accord.envelope.errors import Failure, VerificationError
from accord.envelope.jws import UnverifiedJws, verify_jws
from accord.envelope.keyrule import keys_of_signers
from accord.envelope.manifest import Manifest
from accord.envelope.releases import EMERGENCY, end_of
from accord.envelope.statements.form import UnverifiedStatement
from accord.envelope.tree.receipts import Receipt
from accord.following.follower import Follower
from accord.following.slices import verify_logged_manifest
from accord.moments import moment_of, moment_or_none
from alerts.models import AwaitedEnvelope, ReceivedAlert
from alerts.peers.directory import VerifiedDirectory
from peers.models import Agency

AWAITED_FIRST: Final = timedelta(seconds=20)
AWAITED_LONGEST: Final = timedelta(hours=1)
"""Waiting times before the exchange is asked again for what it did not give: the first, doubled each time up to the second."""


def received_of(agency: Agency, issuer: Agency, manifest: Manifest, receipt: Receipt) -> ReceivedAlert:
    """Return the row of an alert, not saved, from its manifest and its receipt."""
    terms = manifest.terms
    received = ReceivedAlert(
        agency=agency,
        issuer=issuer,
        jti=terms.jti,
        md=manifest.md,
        suite=manifest.suite,
        signers=list(manifest.signers),
        files=len(manifest.att),
        re_jti=terms.re.jti if terms.re else "",
        re_md=terms.re.md if terms.re else "",
        log_index=receipt.index,
        logged_at=moment_of(receipt.leaf.t),
    )
    for name in ("kind", "status", "tlp", "lane", "purpose", "pri"):
        setattr(received, name, getattr(terms, name))
    for name in ("iat", "exp", "keep", "ack_by", "reply_by"):
        setattr(received, name, moment_or_none(getattr(terms, name)))
    received.answer_by = received.reply_by
    return received


def note_release(received: ReceivedAlert, via: Sequence[UnverifiedStatement]) -> None:
    """Note by whom the alert was released onward to the agency, as its slice says, which is verified at each opening."""
    if via:
        said = via[-1].statement
        received.via, received.is_emergency = said.iss, said.body["code"] == EMERGENCY
        received.access_until = moment_of(min(end_of(release.statement) for release in via))


def verify_signed(
    follower: Follower, peers: VerifiedDirectory, manifest: Manifest, jws: UnverifiedJws, receipt: Receipt
) -> None:
    """Verify the manifest by its originator's keys, even if they were revoked when it was logged.

    Raises VerificationError.
    """
    try:
        verify_logged_manifest(follower, manifest, jws, receipt)
    except VerificationError as failed:
        if failed.failure is not Failure.KEY_REVOKED or manifest.signers != jws.kids:
            raise
        verify_jws(jws, keys_of_signers(peers, manifest.iss, manifest.signers))


def awaited_of(agency: Agency, item: FeedEntry, now: datetime) -> AwaitedEnvelope:
    """Return the row, not saved, of an alert that the feed named and of which nothing else is known."""
    return AwaitedEnvelope(
        agency=agency,
        number=item.number,
        md=item.d,
        iss=item.iss,
        jti=item.id,
        reference=item.ref or "",
        named_at=now,
        due_at=now,
    )


def awaited_again(received: ReceivedAlert, now: datetime) -> AwaitedEnvelope:
    """Return the row, not saved, of an alert that was filed but not delivered as its originator signed it."""
    return AwaitedEnvelope(
        agency_id=received.agency_id,
        number=received.number,
        md=received.md,
        iss=received.issuer_id,
        jti=received.jti,
        reference=received.reference,
        named_at=now,
        due_at=now,
    )


def ask_later(awaited: AwaitedEnvelope, now: datetime) -> None:
    """Save the row of an alert that could not be used as it was given, for the exchange to be asked again."""
    awaited.due_at = now + min(AWAITED_FIRST * 2 ** min(awaited.tries, 16), AWAITED_LONGEST)
    awaited.tries += 1
    awaited.save()
