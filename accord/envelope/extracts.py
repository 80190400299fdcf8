# SPDX-License-Identifier: Apache-2.0
"""Extracts: a part of an envelope is an envelope of its own, by its originator.

One content key opens one ciphertext whole, so that there is no releasing half of it. The originator writes
the chosen parts anew, seals them under an id and key of their own, attachments too, and names the original.

    sealed = seal(extract_terms(original, terms), parts, ...)

Source: docs/spec/envelope.md, "Parts".
"""

from __future__ import annotations

from dataclasses import replace

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.manifest import Manifest, Reference, Terms

EXTRACT = "extract"


def extract_terms(original: Manifest, terms: Terms) -> Terms:
    """Return the sender's terms for an extract of `original`: kind, status and `re` are set, the rest stays."""
    reference = Reference(original.jti, original.md)
    return replace(terms, kind=EXTRACT, status=original.terms.status, re=reference)


def check_extract(extract: Manifest, original: Manifest) -> None:
    """Check that `extract` is a part of `original`, by the same originator and sealed afresh; raise VerificationError.

    It is for the exchange, and for readers of both. Signatures and the form of both are checked elsewhere.
    """
    if extract.terms.kind != EXTRACT or extract.terms.re != Reference(original.jti, original.md):
        raise VerificationError(Failure.SUBJECT)
    if extract.iss != original.iss:
        raise VerificationError(Failure.NOT_ENTITLED, EXTRACT)
    if original.terms.kind == EXTRACT:
        raise VerificationError(Failure.EXTRACT, "of an extract")
    if extract.terms.status != original.terms.status:
        raise VerificationError(Failure.EXTRACT, "status")
    _check_sealed_afresh(extract, original)


def _check_sealed_afresh(extract: Manifest, original: Manifest) -> None:
    if extract.jti == original.jti or extract.ct == original.ct or extract.pd == original.pd:
        raise VerificationError(Failure.EXTRACT, "not sealed afresh")
    taken = {blob.sha256 for blob in original.att} & {blob.sha256 for blob in extract.att}
    if taken:
        raise VerificationError(Failure.EXTRACT, "attachment not sealed afresh")
