# SPDX-License-Identifier: Apache-2.0
"""Checks that may be deleted one at a time without a failing test, each with the reason why that is harmless.

The keys are what the drill prints: module, function, and what was removed. An entry that a test has come to notice is reported,
and so is one that no longer matches.
"""

_ENVELOPE = "accord.envelope"
_LIBRARY = (
    "the library has the primitive; a test takes it away, in a process of its own "
    "(tests/envelope/test_selftest.py)"
)
_SAME_LIMIT = "whoever calls has refused what is longer"
_TEXT = "the next call is unb64u, which refuses what is no text"
_SAME_KIDS = "verify_jws compares the kids with the keys of `signers`, in order"
_NARROWS = "cannot be: tells the type checker what was refused before"

SETTLED: dict[tuple[str, str, str], str] = {
    (f"{_ENVELOPE}.{module}", function, words): reason
    for module, function, words, reason in (
        (
            "content", "parse_inner", "limit=PADDED_SIZES[-1] in parse_object(payload, limit=PADDED_SIZES[-1], where='inner')",
            "a payload is one of the padded sizes, of which this is the largest",
        ),
        (
            "content", "_read_attachments", "if … len(value) > MAX_ATTACHMENTS",
            "their numbers are 0, 1, 2 … and end one below the limit",
        ),
        (
            "encoding", "unb64u", "if … '=' in text",
            "the last character is none, and binascii is strict about others",
        ),
        ("encoding", "_holds_more", "return False", "a first look that saves time: the exact count that follows decides"),
        (
            "intake", "verify_logged_submission", "raise VerificationError(Failure.SIGNERS)", _SAME_KIDS,
        ),
        (
            "intake", "parse_submission", "limit=MAX_ENVELOPE_BYTES in parse_jwe(jwe, read.suite, limit=MAX_ENVELOPE_BYTES)",
            "manifest and JWE together have been measured",
        ),
        ("jwe", "parse_jwe_object", "text(jwe['aad'], 'jwe aad')", _TEXT),
        (
            "jws", "add_signatures", "limit=len(part) in parse_object(part, limit=len(part))",
            "the limit is the length itself",
        ),
        ("jws", "parse_jws_object", "text(jws['payload'], 'jws payload')", _TEXT),
        ("jws", "_parse_signature", "text(item['protected'], 'jws protected')", _TEXT),
        ("keyrule", "_check_usable_now", "if … row is None", _NARROWS),
        (
            "keys", "PublicKey.material",
            "raise BackendError(f'no {self.alg} in this cryptographic library') from missing", _LIBRARY,
        ),
        ("keysets", "_is_in_time", "answer … word.log_time is not None", _NARROWS),
        ("keysets", "_is_in_time", "answer … end is not None", _NARROWS),
        (
            "private", "SigningKey.generate",
            "raise BackendError(f'no {alg} in this cryptographic library') from missing", _LIBRARY,
        ),
        (
            "private", "DecryptionKey.from_bytes",
            "raise BackendError('no ML-KEM-768 in this cryptographic library') from missing", _LIBRARY,
        ),
        (
            "release_intake", "_check_entries",
            "limit=MAX_ENTRIES_BYTES in parse_json(entries, limit=MAX_ENTRIES_BYTES, where='entries')", _SAME_LIMIT,
        ),
        ("rootforms", "verify_form", "raise VerificationError(Failure.SIGNERS)", _SAME_KIDS),
        (
            "seal", "seal_content", "read_manifest(octets)",
            "a second look at what has been checked part by part, before it is signed",
        ),
        ("seal", "check_signer", "if … row is None", _NARROWS),
        (
            "slices", "parse_slice", "most=MAX_INTEGER in integer(value['index'], 'slice index', most=MAX_INTEGER)",
            "the parser reads no larger integer",
        ),
        (
            "standin", "parse_inner_jws",
            "limit=MAX_INNER_JWS_BYTES in parse_jws(inner_jws, TYP_INNER, limit=MAX_INNER_JWS_BYTES)",
            "no ciphertext is longer",
        ),
        (
            "statements.bodies", "_agreement",
            "most=MAX_PARTIES in _agencies(body['parties'], 'agreement parties', least=2, most=MAX_PARTIES)",
            "the usual limit is the same number",
        ),
        ("statements.checks", "_check_suite", "if … keyset is None", _NARROWS),
        (
            "statements.form", "sign_statement",
            "text(parse_object(payload, limit=MAX_STATEMENT_BYTES).get('k'), 'statement k')",
            "read_payload, next, knows no kind that is no text",
        ),
        (
            "statements.form", "sign_statement",
            "limit=MAX_STATEMENT_BYTES in parse_object(payload, limit=MAX_STATEMENT_BYTES)",
            "read_payload, next, has the same limit",
        ),
        (
            "statements.form", "parse_statement_object",
            "limit=MAX_STATEMENT_BYTES in parse_object(octets, limit=MAX_STATEMENT_BYTES, where='statement')",
            "read_payload, later, has the same limit",
        ),
        (
            "statements.form", "read_payload",
            "limit=MAX_STATEMENT_BYTES in parse_object(payload, limit=MAX_STATEMENT_BYTES, where='statement')",
            "parse_statement_object, before, has the same limit",
        ),
        (
            "statements.form", "read_payload", "raise MalformedError('statement body')",
            "the check of every body begins with its members",
        ),
        (
            "suites.ec1", "_read_epk", "size=32 in unb64u(epk['x'], size=32)",
            "the pattern before it fits 32 octets alone",
        ),
        ("suites.pq1", "hpke_suite", "raise BackendError('no X-Wing HPKE in this cryptographic library') from missing", _LIBRARY),
        ("tree.handovers", "verify_handover", "if … lines[4] != ''", "the text of a note ends with a line feed"),
        (
            "tree.receipts", "LeafEntry.parse", "limit=MAX_LEAF_SIZE_BYTES in encoding.parse_json(data, limit=MAX_LEAF_SIZE_BYTES, where='leaf')",
            "no canonical leaf is longer, and others are refused next",
        ),
        (
            "verifying", "verify_manifest", "raise VerificationError(Failure.SIGNERS)", _SAME_KIDS,
        ),
    )
}  # fmt: skip
