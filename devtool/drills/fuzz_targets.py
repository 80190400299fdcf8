# SPDX-License-Identifier: Apache-2.0
"""Every parser that octets from outside reach, each as a target: octets in, a value or a refusal of its family out.

Where a writer exists, an accepted input is written and read again and must be the same. Any exception that is not a refusal is
a crash. Payloads behind base64url are targets of their own as well (`...-payload`), so that the fuzzer reaches their checks
directly.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from accord.client.errors import ClientError
from accord.envelope import encoding, jwe, private
from accord.envelope.content import read_inner
from accord.envelope.errors import EnvelopeError
from accord.envelope.keys import EC1, ENC, PQ1, SIGN
from accord.envelope.slices import parse_slice
from accord.envelope.standin import parse_inner_jws
from accord.envelope.statements.form import parse_statement
from accord.envelope.tree import notes
from accord.envelope.tree.receipts import LeafEntry, Receipt
from accord.envelope.vocabulary import TYP_CHALLENGE, TYP_JWE
from accord.keyerrors import KeyFileError
from accord.keyfile import _parse_file
from accord.state import StateError
from devtool.drills import fuzz_readers as r
from devtool.drills import fuzz_seeds as seeds


@dataclass(frozen=True)
class Target:
    """One parser. `write` is its inverse, as octets; `refusals` are the errors that it may raise."""

    name: str
    read: r.Read
    seeds: Callable[[], Iterable[bytes]]
    write: Callable[[Any], bytes] | None = None
    refusals: tuple[type[Exception], ...] = (EnvelopeError,)

    def try_input(self, data: bytes) -> bool:
        """Tell whether it was accepted; raise for anything that must not happen."""
        try:
            value = self.read(data)
        except self.refusals:
            return False
        if self.write is not None:
            again = self.read(self.write(value))
            assert again == value, f"{self.name}: written and read again it is another value"
        return True


def _jwe_target(name: str, suite: str, typ: str, examples: Callable[[], Iterable[bytes]]) -> Target:
    def read(data: bytes) -> jwe.UnverifiedJwe:
        return jwe.parse_jwe(data, suite, limit=r.LIMIT, typ=typ)

    return Target(name, read, examples, lambda value: r.joined(value).encode())


def _sealed_parts(suite: str) -> Iterable[bytes]:
    return [seeds.sealed(suite).jwe]


def _entries_target(suite: str) -> Target:
    def read(data: bytes) -> tuple[jwe.Entry, ...]:
        return jwe.read_entries(encoding.parse_json(data, limit=encoding.MAX_ENTRIES_BYTES), suite)

    def write(entries: tuple[jwe.Entry, ...]) -> bytes:
        return f"[{','.join(entry.text for entry in entries)}]".encode()

    def examples() -> Iterable[bytes]:
        return [seeds.as_bytes(json.loads(seeds.sealed(suite).jwe)["recipients"])]

    return Target(f"entries-{suite.lower()}", read, examples, write)


def _all_targets() -> Iterable[Target]:
    yield Target(
        "json",
        r.read_json,
        lambda: [*r.manifests(), *seeds.slices()[:2], b'"\\ud83d\\ude00"'],
        r.canonical_or_same,
    )
    yield Target("base64url", lambda data: encoding.unb64u(r.as_text(data)), lambda: [b"AAAA", b"-_8", b"AA"],
                 lambda value: encoding.b64u(value).encode())  # fmt: skip
    yield Target("identifiers", r.read_identifiers, r.identifiers)
    yield Target(
        "jws", r.read_jws, lambda: [item.manifest for _, item in seeds.envelopes()], r.write_parsed_jws
    )
    yield Target("manifest-payload", r.read_manifest_payload, r.manifests, r.write_manifest)
    yield Target("inner-jws", parse_inner_jws, lambda: [seeds.inner_jws(*item) for item in seeds.envelopes()],
                 r.write_parsed_jws)  # fmt: skip
    yield Target("inner-payload", read_inner, r.inner_payloads)
    for suite in (PQ1, EC1):
        name = suite.lower()
        yield _jwe_target(f"jwe-{name}", suite, TYP_JWE, partial(_sealed_parts, suite))
        yield _jwe_target(f"challenge-{name}", suite, TYP_CHALLENGE, partial(r.challenge_jwes, suite))
        yield _entries_target(suite)
    yield Target("challenge-opening", r.open_challenge, lambda: r.challenge_jwes(PQ1))
    yield Target("slice", parse_slice, seeds.slices, r.write_slice)
    yield Target("submission", r.read_submission, r.submissions)
    yield Target("statement", parse_statement, lambda: seeds.statements().values(), lambda said: said.raw)
    yield Target("statement-payload", r.read_statement_payload, r.payloads, r.write_payload)
    yield Target("keyset-payload", r.read_keyset, r.payload_of_kind("keyset"))
    yield Target("keyset-verifying", r.verify_keyset, r.payload_of_kind("keyset"))
    yield Target("revoke-payload", r.verify_revoke_payload, r.payload_of_kind("revoke"))
    yield Target("pop-payload", r.verify_pop_payload, r.payload_of_kind("pop"))
    yield Target("release-entries", r.accept_release_with_entries, r.releases)
    yield Target("receipt", Receipt.parse_bytes, lambda: map(seeds.as_bytes, seeds.receipts()),
                 lambda receipt: seeds.as_bytes(receipt.as_json()))  # fmt: skip
    yield Target("leaf", LeafEntry.parse, lambda: [seeds.as_bytes(item["leaf"]) for item in seeds.receipts()],
                 lambda leaf: leaf.encode())  # fmt: skip
    yield Target("tlog-proof", lambda data: Receipt.parse_tlog_proof(r.as_text(data)), r.proofs,
                 lambda receipt: receipt.tlog_proof().encode())  # fmt: skip
    yield Target("signed-note", lambda data: notes.parse_note(r.as_text(data)), lambda: map(str.encode, r.noted()),
                 r.write_note)  # fmt: skip
    yield Target("checkpoint", lambda data: notes.Checkpoint.parse(r.as_text(data)),
                 lambda: [notes.parse_note(note).text.encode() for note in r.noted()],
                 lambda checkpoint: checkpoint.text.encode())  # fmt: skip
    yield Target("vkey", lambda data: notes.VerifierKey.parse(r.as_text(data)),
                 lambda: [seeds.world(PQ1).ledger.key.vkey.encode()], lambda key: key.text.encode())  # fmt: skip
    yield Target("proof-hashes", r.verify_proof, lambda: [bytes([3, 7]) + bytes(32 * 4)])
    for use in (SIGN, ENC):
        yield Target(f"jwk-{use}", r.read_jwk(use), lambda: map(seeds.as_bytes, seeds.jwks()),
                     lambda key: seeds.as_bytes(key.jwk))  # fmt: skip
    yield Target("private-key", r.read_private, r.privates)
    yield Target("ledger-key", lambda data: private.LedgerKey.from_text(r.as_text(data)).to_text().encode(),
                 lambda: [seeds.world(PQ1).ledger.key.to_text().encode()], lambda text: text)  # fmt: skip
    yield Target("blob", r.open_blob, lambda: [seeds.sealed(PQ1).blobs[0], bytes(36)])
    yield Target("client-answers", r.read_answers, lambda: map(seeds.as_bytes, seeds.fed_page()),
                 refusals=(ClientError,))  # fmt: skip
    yield Target("key-file", lambda data: _parse_file(r.NOWHERE, data), r.key_file, refusals=(KeyFileError,))
    yield Target(
        "state-file", r.open_state, lambda: [b"accord-state 1\n" + bytes(40)], refusals=(StateError,)
    )


TARGETS = {target.name: target for target in _all_targets()}
