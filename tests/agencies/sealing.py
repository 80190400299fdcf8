# SPDX-License-Identifier: Apache-2.0
"""An alert that goes from a hosted agency to its recipients as over the exchange, but without the exchange's app."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from accord.envelope.blobs import measure_blob
from accord.envelope.content import Attachment
from accord.envelope.intake import VerifiedEnvelope, parse_submission, verify_submission
from accord.envelope.manifest import Terms
from accord.envelope.seal import SealedEnvelope
from accord.envelope.slices import build_slice
from accord.envelope.statements.form import SubjectRef
from agencies.directory import DatabaseKeyDirectory
from ledger.entries import append_entry
from ledger.proofs import receipt_for
from officers.models import Officer
from tests.agencies.world import DAY, NOW, log_everything, new_id, seconds
from vault import services

DOCUMENT: dict[str, Any] = {"schema": "accord-alert/1", "title": "Blue tablets", "substance": "etizolam"}
SPECTRUM = Attachment("etizolam.msp", "text/plain", b"Num Peaks: 2\n")


def terms(now: datetime = NOW, **changed: Any) -> Terms:
    good: dict[str, Any] = {
        "kind": "alert",
        "status": "actual",
        "jti": new_id(now),
        "iat": seconds(now),
        "exp": seconds(now + 60 * DAY),
        "keep": seconds(now + 90 * DAY),
        "tlp": "GREEN",
        "rel": "none",
        "lane": "science",
        "purpose": "science",
        "pri": "routine",
    }
    return Terms(**(good | changed))


def seal(
    officer: Officer,
    recipients: Sequence[str],
    *,
    now: datetime = NOW,
    suite: str = "PQ1",
    attachments: Sequence[Attachment] = (SPECTRUM,),
    **changed: Any,
) -> SealedEnvelope:
    """Seal and sign an alert through the vault's services."""
    more = {name: changed.pop(name) for name in ("pins", "names", "confirm_ec1") if name in changed}
    sealed = services.seal_alert(
        officer,
        terms=terms(now, **changed),
        alert=DOCUMENT,
        suite=suite,
        recipients=recipients,
        attachments=attachments,
        peers=DatabaseKeyDirectory(now),
        now=now,
        **more,
    )
    return services.sign_manifest(officer, sealed, now=now)


@dataclass(frozen=True)
class Carried:
    """An envelope that passed every check of intake and is logged in the ledger."""

    envelope: SealedEnvelope
    verified: VerifiedEnvelope
    receipt: dict[str, Any]

    def slice_for(self, agency: str) -> bytes:
        entry = next(entry for entry in self.verified.entries if entry.agency == agency)
        return build_slice(
            manifest=self.verified.manifest_bytes,
            jwe_head=self.verified.jwe_head,
            entry=entry.text,
            index=entry.index,
            path=self.verified.path(entry.index),
            receipts=[self.receipt],
        )


def carry(envelope: SealedEnvelope, folder: Path, *, now: datetime = NOW) -> Carried:
    """Verify the envelope and log it, as intake and sequencer do."""
    facts = [measure_blob(blob) for blob in envelope.blobs]
    unverified = parse_submission(envelope.manifest, envelope.jwe, facts, caller=envelope.iss)
    verified = verify_submission(unverified, directory=DatabaseKeyDirectory(now), now=seconds(now))
    with transaction.atomic():
        append_entry(envelope.md, now=now)
    log_everything(folder, now=now)
    receipt = receipt_for(envelope.md)
    assert receipt is not None
    return Carried(envelope, verified, receipt)


def subject(carried: Carried) -> SubjectRef:
    return SubjectRef("manifest", carried.envelope.jti, carried.envelope.md)
