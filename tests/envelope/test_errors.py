# SPDX-License-Identifier: Apache-2.0
"""The text of an error: code, detail and agencies, in this order, without an absent one."""

from accord.envelope.errors import (
    Failure,
    NoteError,
    OpeningError,
    ProofError,
    SealingError,
    SealRefusal,
    TooLargeError,
    VerificationError,
)


def test_a_failed_check_names_code_detail_and_agencies() -> None:
    whole = VerificationError(Failure.KEYSET_STALE, "no key", iter(["xb-b", "xa-a"]))
    assert str(whole) == "keyset-stale: no key: xb-b, xa-a"
    assert (whole.code, whole.failure, whole.detail) == ("keyset-stale", Failure.KEYSET_STALE, "no key")
    assert whole.agencies == ("xb-b", "xa-a")
    bare = VerificationError(Failure.SIGNATURE)
    assert (str(bare), bare.detail, bare.agencies) == ("bad-signature", "", ())


def test_proofs_and_notes_say_what_is_wrong_with_them() -> None:
    assert str(ProofError("too long")) == "proof-refused: too long"
    assert str(ProofError("other", Failure.RECEIPT)) == "receipt-refused: other"
    assert str(NoteError("not base64")) == "note-refused: not base64"
    assert (str(ProofError()), str(NoteError())) == ("proof-refused", "note-refused")
    assert NoteError("x", Failure.LEDGER_FORK).failure is Failure.LEDGER_FORK


def test_what_cannot_be_sealed_names_all_concerned_sorted() -> None:
    refused = SealingError(SealRefusal.NO_KEY, "of the suite", ["xc-c", "xa-a"])
    assert str(refused) == "no-valid-key-of-the-suite: of the suite: xa-a, xc-c"
    assert (refused.reason, refused.detail) == (SealRefusal.NO_KEY, "of the suite")
    assert (refused.agencies, refused.code) == (("xa-a", "xc-c"), "no-valid-key-of-the-suite")
    assert (str(SealingError(SealRefusal.PIN)), SealingError(SealRefusal.PIN).detail) == (
        "root-is-not-the-pinned-one", "",
    )  # fmt: skip


def test_an_opening_that_failed_keeps_its_cause_for_the_own_audit() -> None:
    for cause in Failure:
        failed = OpeningError(cause, "which one")
        assert (failed.cause, failed.cause_detail) == (cause, "which one")
        assert (str(failed), failed.code) == ("this envelope cannot be opened", "unopenable")
        assert failed.args == ("this envelope cannot be opened",)
        expected = "key-missing" if cause is Failure.KEY_MISSING else "check-failed"
        assert failed.ack_code == expected
    assert OpeningError(Failure.BLOB).cause_detail == ""


def test_what_is_too_large_says_the_limit() -> None:
    too_large = TooLargeError("slice", 7)
    assert (str(too_large), too_large.limit, too_large.where) == (
        "malformed: slice over its limit of 7", 7, "slice over its limit of 7",
    )  # fmt: skip
