# SPDX-License-Identifier: Apache-2.0
"""Reaffirmation: a repudiated signature and a `reaffirm` of its issuer under a live key.

Pure, and nothing is stored: a display judges the signed object, judges each `reaffirm` (`verify_statement`, against the same
newest keysets), and combines both here. A later revocation of the reaffirming key withdraws it in the same way.

    _, standing = judge_signers(directory, iss, signers, suite, log_time)
    standing = standing_after(standing, reaffirms, SubjectRef("manifest", jti, md), iss)

Source: docs/spec/envelope.md, "Reaffirm".
"""

from __future__ import annotations

from collections.abc import Iterable

from accord.envelope.keyrule import Reaffirmed, Repudiated, Standing, Valid
from accord.envelope.keysets import place_judged
from accord.envelope.statements.checks import VerifiedStatement
from accord.envelope.statements.form import SubjectRef

REAFFIRM = "reaffirm"


def standing_after(
    standing: Standing, reaffirms: Iterable[VerifiedStatement], subject: SubjectRef, iss: str
) -> Standing:
    """Return the standing of `subject`, which `iss` signed, after later statements about it.

    Only a Repudiated one changes, to Reaffirmed, by the earliest statement that counts. These do not count: of another kind,
    issuer or subject, not logged yet, logged before the revocation, itself repudiated.
    """
    if not isinstance(standing, Repudiated):
        return standing
    answers = [
        word.log_time
        for word in reaffirms
        if _stands_by(word, subject, iss)
        and word.log_time is not None
        and place_judged(word.log_time, word.index) > standing.revoked
    ]
    if not answers:
        return standing
    return Reaffirmed(standing.log_time, standing.since, standing.revoked_at, min(answers))


def _stands_by(word: VerifiedStatement, subject: SubjectRef, iss: str) -> bool:
    statement = word.statement
    named = statement.k == REAFFIRM and statement.sub == subject and statement.iss == iss
    return named and isinstance(word.standing, Valid)
