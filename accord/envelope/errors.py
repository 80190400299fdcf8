# SPDX-License-Identifier: Apache-2.0
"""Errors of envelopes: one typed family.

Verification raises, it never returns False. `str(error)` is fit for a log: it holds codes, member names and agency ids, never
content, keys or signatures. HTTP statuses are chosen by the caller.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class EnvelopeError(Exception):
    """Base of every error of `accord.envelope`. `code` is stable and machine-readable."""

    code = "envelope"


class MalformedError(EnvelopeError):
    """The bytes are not what the profile allows. `where` names the member or rule, never its value."""

    code = "malformed"

    def __init__(self, where: str) -> None:
        super().__init__(f"malformed: {where}")
        self.where = where


class TooLargeError(MalformedError):
    """Larger, deeper or longer than a limit of the profile; `limit` in octets, levels or items."""

    code = "too-large"

    def __init__(self, where: str, limit: int) -> None:
        super().__init__(f"{where} over its limit of {limit}")
        self.limit = limit


class KeyRefusedError(MalformedError):
    """A public key that must not be registered: small order, off the curve, wrong length or kind."""

    code = "key-refused"


class Failure(StrEnum):
    """The reasons why a verification failed; closed."""

    MALFORMED = "malformed"
    TYP = "wrong-typ"
    SIGNATURE = "bad-signature"
    SIGNERS = "signers-differ"
    ALG = "alg-differs-from-key"
    KEY_UNKNOWN = "key-unknown"
    KEY_USE = "key-of-other-use"
    KEY_NOT_CURRENT = "key-not-current"
    KEY_SUSPENDED = "key-suspended"
    KEY_ENDING = "key-ends-within-the-hour"
    KEY_NOT_VALID_THEN = "key-not-valid-then"
    KEY_REVOKED = "key-revoked"
    SUITE = "suites-mixed"
    SUITE_BELOW_LOW = "suite-below-the-lowest-of-the-agency"
    KEYSET_UNKNOWN = "keyset-unknown"
    KEYSET_EXPIRED = "keyset-expired"
    KEYSET_ROOT = "keyset-not-of-the-pinned-root"
    KEYSET_CHAIN = "keyset-does-not-follow"
    KEYSET_STALE = "keyset-stale"
    ISSUER = "issuer-differs"
    NOT_ENTITLED = "issuer-not-entitled"
    STALE = "iat-too-old"
    FUTURE = "iat-in-the-future"
    EXPIRED = "expired"
    SUBJECT = "subject-differs"
    AAD = "aad-differs"
    CIPHERTEXT = "ct-differs"
    RECIPIENTS = "recipients-differ"
    RED = "red-rule"
    RED_CUSTODY = "red-needs-agency-held-keys"
    BLOB = "blob-differs"
    RECEIPT_MISSING = "receipt-missing"
    RECEIPT = "receipt-refused"
    LEDGER_FORK = "ledger-forked"
    LEDGER_TIME = "ledger-time-refused"
    VIA = "release-refused"
    WITHDRAWN_ACCESS = "access-withdrawn"
    RETRACTED = "retracted"
    REPUDIATED = "repudiated"
    EXTRACT = "not-an-extract-of-it"
    PATH = "not-a-recipient-by-path"
    PROOF = "proof-refused"
    NOTE = "note-refused"
    KEY_MISSING = "no-private-key-for-the-entry"
    UNWRAP = "content-key-not-unwrapped"
    DECRYPT = "content-not-decrypted"
    INNER_DIGEST = "pd-differs"
    INNER_DIFFERS = "inner-and-manifest-differ"
    AUDIENCE = "not-in-the-audience"
    REPLAY = "same-id-with-other-bytes"
    CHALLENGE = "challenge-not-met"
    CREDENTIAL = "no-credential"


class VerificationError(EnvelopeError):
    """A check failed. `failure` says which; `agencies` names those concerned, where a rule demands it."""

    def __init__(self, failure: Failure, detail: str = "", agencies: Iterable[str] = ()) -> None:
        self.failure = failure
        self.detail = detail
        self.agencies = tuple(agencies)
        parts = [str(failure), detail, ", ".join(self.agencies)]
        super().__init__(": ".join(part for part in parts if part))

    @property
    def code(self) -> str:  # type: ignore[override]
        """The failure as text."""
        return str(self.failure)


class ProofError(VerificationError):
    """An inclusion or consistency proof does not hold."""

    def __init__(self, detail: str = "", failure: Failure = Failure.PROOF) -> None:
        super().__init__(failure, detail)


class NoteError(VerificationError):
    """A signed note, checkpoint or verifier key is malformed or not signed as required."""

    def __init__(self, detail: str = "", failure: Failure = Failure.NOTE) -> None:
        super().__init__(failure, detail)


class OpeningError(EnvelopeError):
    """Opening failed. There is one text and one code for every cause, so that no caller becomes an oracle.

    `cause` is for the reader's own audit log only; `ack_code` is what `ack unopenable` may say: "key-missing" (decided before
    any key was used) or "check-failed".
    """

    code = "unopenable"

    def __init__(self, cause: Failure, detail: str = "") -> None:
        super().__init__("this envelope cannot be opened")
        self.cause = cause
        self.cause_detail = detail

    @property
    def ack_code(self) -> str:
        """The code of an automatic `ack unopenable`."""
        return "key-missing" if self.cause is Failure.KEY_MISSING else "check-failed"


class SealRefusal(StrEnum):
    """The reasons why nothing is signed or sealed, for one agency or for the whole; closed."""

    NO_RECIPIENT = "no-recipient"
    TOO_MANY = "too-many-recipients"
    DUPLICATE = "recipient-twice"
    PIN = "root-is-not-the-pinned-one"
    ROLLBACK = "keyset-older-than-seen"
    NOT_LOGGED = "keyset-not-logged"
    EXPIRED = "keyset-expired"
    SUITE_BELOW_LOW = "suite-below-the-lowest-of-the-agency"
    NO_KEY = "no-valid-key-of-the-suite"
    RED_CUSTODY = "red-needs-agency-held-keys"
    RED_SUITE = "red-needs-pq1"
    RED_RULES = "red-rule"
    RED_NAMES = "red-without-named-officer"
    STRICT_SUITE = "amber-strict-needs-pq1"
    EC1_UNCONFIRMED = "ec1-not-confirmed"
    SIGNER = "signing-keys-not-current"
    CONTENT_TOO_LARGE = "content-too-large"
    ATTACHMENT = "attachment-refused"
    TERMS = "terms-refused"


class SealingError(EnvelopeError):
    """Nothing was sealed. `reason` says why; `agencies` names every agency concerned, sorted."""

    def __init__(self, reason: SealRefusal, detail: str = "", agencies: Iterable[str] = ()) -> None:
        self.reason = reason
        self.detail = detail
        self.agencies = tuple(sorted(agencies))
        parts = [str(reason), detail, ", ".join(self.agencies)]
        super().__init__(": ".join(part for part in parts if part))

    @property
    def code(self) -> str:  # type: ignore[override]
        """The reason as text."""
        return str(self.reason)


class BackendError(EnvelopeError):
    """The cryptographic library lacks a primitive or gives a wrong known answer; refuse to start."""

    code = "backend"
