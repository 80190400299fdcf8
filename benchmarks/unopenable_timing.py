# SPDX-License-Identifier: Apache-2.0
"""Timing of refusals: does it tell which check failed? One alert per failing check, opened in shuffled order.

Every failure to open has one text and one code; this measures whether the time reveals the rest. There are two figures a suite:
the median of the slowest failure divided by that of the fastest, and how often the best threshold tells two failures apart from
one measurement (0.5 is blind guessing), beside the same for one failure measured twice.

The claim is limited to this process, its own processor time, and alerts of one size and shape. What remains is the noise of
Python, the parsing of content whose shape the stand-in cannot know, and early refusals inside a primitive. A sender does not
see even this: a refusal leaves the reader as a signed acknowledgement, at a time of the reader's choosing.
"""

import itertools
import os
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from accord.envelope.blobs import BlobFacts
from accord.envelope.content import Attachment
from accord.envelope.encoding import b64u, canonical, parse_object, sha256, unb64u
from accord.envelope.errors import Failure, OpeningError
from accord.envelope.jwe import IV_BYTES, TAG_BYTES, UnverifiedJwe, read_entries, wrap_for
from accord.envelope.jws import UnverifiedJws, parse_jws, write_jws
from accord.envelope.keys import EC1, PQ1
from accord.envelope.private import SignerSet, generate_signing_keys
from accord.envelope.reading import open_alert
from accord.envelope.verifying import Ledger, VerifiedSlice, verify_slice
from accord.envelope.vocabulary import TYP_INNER
from benchmarks._agencies import NOW, HeldAgency, World, alert_of
from benchmarks._figures import report

RECIPIENTS = 50
ROUNDS = 400
RATIO_BAR = 1.10
Seen = Callable[[str, str], str | None]


@dataclass(frozen=True)
class Case:
    """One slice to open, and the reason why that must fail."""

    cause: Failure
    verified: VerifiedSlice
    blobs: tuple[BlobFacts, ...]
    seen: Seen = lambda iss, jti: None


def main() -> None:
    world = World(RECIPIENTS)
    for suite in (EC1, PQ1):
        taken = _measure(world.recipients[0], _cases(world, suite))
        medians = [statistics.median(times) for times in taken.values()]
        report(f"unopenable median {suite}", max(medians) / 1e6, min(medians) / 1e6, bar=RATIO_BAR)
        told, by_chance = _told_apart(taken)
        report(f"unopenable told apart {suite}", told, by_chance, unit="share of guesses")


def _measure(reader: HeldAgency, cases: Sequence[Case]) -> dict[str, list[int]]:
    """Return the nanoseconds of each refusal, by the name of its case; cases take turns in a new order each round."""
    names = [f"{n} {case.cause}" for n, case in enumerate(cases)]
    taken: dict[str, list[int]] = {name: [] for name in names}
    order = list(zip(names, cases, strict=True))
    for turn in range(ROUNDS + 20):
        random.shuffle(order)
        for name, case in order:
            nanoseconds = _time(reader, case)
            # The first rounds warm up caches.
            if turn >= 20:
                taken[name].append(nanoseconds)
    return taken


def _time(reader: HeldAgency, case: Case) -> int:
    # Processor time is finer than any clock an observer has, since it leaves out other work on the machine.
    began = time.thread_time_ns()
    try:
        open_alert(case.verified, keys=reader.private_keys, blobs=case.blobs, seen=case.seen, now=NOW)
    except OpeningError as refused:
        ended = time.thread_time_ns()
        assert refused.cause is case.cause, (refused.cause, case.cause)
        return ended - began
    raise AssertionError(f"opened in spite of {case.cause}")


def _told_apart(taken: dict[str, list[int]]) -> tuple[float, float]:
    """Return the best success over all pairs of failures, and over the halves of each failure with itself (chance alone)."""
    pairs = max(_best_guess(one, other) for one, other in itertools.combinations(taken.values(), 2))
    halves = max(_best_guess(times[::2], times[1::2]) for times in taken.values())
    return pairs, halves


def _best_guess(one: Sequence[int], other: Sequence[int]) -> float:
    """Return how often the best threshold tells correctly from which of the two a measurement comes."""
    marked = sorted([(value, 1 / len(one)) for value in one] + [(value, -1 / len(other)) for value in other])
    gap = max(abs(total) for total in itertools.accumulate(weight for _, weight in marked))
    return 0.5 + gap / 2


def _cases(world: World, suite: str) -> list[Case]:
    """Return one case for every check that follows the choice of the key, in the profile's order."""
    reader = world.recipients[0]
    sealed = world.seal(suite, RECIPIENTS, alert_of(4096), [Attachment("a.txt", "text/plain", b"a")])
    ledger = Ledger(keys=[world.ledger_key.verifier])
    good = verify_slice(
        world.slice_for(reader, sealed), reader=reader.id, directory=world.directory, ledger=ledger, now=NOW
    )
    blobs = tuple(BlobFacts(blob.sha256, blob.len) for blob in good.manifest.att)
    opened = open_alert(good, keys=reader.private_keys, blobs=blobs, seen=lambda iss, jti: None, now=NOW)
    signed = parse_jws(opened.inner_jws, TYP_INNER, limit=len(opened.inner_jws))
    strangers = SignerSet(generate_signing_keys(suite))

    def sealing(cause: Failure, inner: bytes, **changes: object) -> Case:
        manifest = replace(good.manifest, pd=b64u(sha256(inner)), **changes)  # type: ignore[arg-type]
        jwe = _sealed_again(good.jwe, inner, reader, suite)
        return Case(cause, replace(good, manifest=manifest, jwe=jwe), blobs)

    def signing(payload: bytes) -> bytes:
        return world.signers[suite].sign_jws(TYP_INNER, payload)

    other_terms = replace(good.manifest.terms, pri="flash")
    other_key = _entry_for(good.jwe, reader, suite, os.urandom(32))
    return [
        Case(Failure.UNWRAP, replace(good, jwe=_unwrappable(good.jwe)), blobs),
        Case(Failure.DECRYPT, replace(good, jwe=other_key), blobs),
        Case(Failure.INNER_DIGEST, replace(good, manifest=replace(good.manifest, pd="A" * 43)), blobs),
        sealing(Failure.MALFORMED, bytes(len(opened.inner_jws))),
        sealing(Failure.SIGNERS, strangers.sign_jws(TYP_INNER, signed.payload)),
        *(sealing(Failure.SIGNATURE, _spoiled(signed, n)) for n in range(len(signed.signatures))),
        sealing(Failure.MALFORMED, signing(_without_nonce(signed.payload))),
        sealing(Failure.INNER_DIFFERS, opened.inner_jws, terms=other_terms),
        sealing(Failure.RECIPIENTS, opened.inner_jws, rn=RECIPIENTS + 2),
        Case(Failure.AUDIENCE, replace(good, reader="xz-stranger"), blobs),
        Case(Failure.REPLAY, good, blobs, seen=lambda iss, jti: "A" * 43),
        Case(Failure.BLOB, good, ()),
    ]


def _sealed_again(jwe: UnverifiedJwe, inner: bytes, reader: HeldAgency, suite: str) -> UnverifiedJwe:
    content_key, iv = os.urandom(32), os.urandom(IV_BYTES)
    whole = AESGCM(content_key).encrypt(iv, inner, jwe.gcm_aad)
    sealed = replace(jwe, iv=iv, ciphertext=whole[:-TAG_BYTES], tag=whole[-TAG_BYTES:])
    return _entry_for(sealed, reader, suite, content_key)


def _entry_for(jwe: UnverifiedJwe, reader: HeldAgency, suite: str, content_key: bytes) -> UnverifiedJwe:
    text = wrap_for(suite, reader.decryption[suite].public, content_key)
    return replace(jwe, entries=read_entries([parse_object(text.encode(), limit=len(text))], suite))


def _unwrappable(jwe: UnverifiedJwe) -> UnverifiedJwe:
    """Return the JWE with one bit of the wrapped key flipped."""
    entry = jwe.entries[0]
    value = parse_object(entry.text.encode(), limit=len(entry.text))
    wrapped = bytearray(unb64u(value["encrypted_key"]))
    wrapped[0] ^= 1
    value["encrypted_key"] = b64u(bytes(wrapped))
    return replace(jwe, entries=(replace(entry, text=canonical(value).decode()),))


def _spoiled(jws: UnverifiedJws, n: int) -> bytes:
    """Return the JWS with its n-th signature changed in the first octet: the computation runs to its end."""
    pairs = []
    for place, signature in enumerate(jws.signatures):
        raw = bytearray(signature.signature)
        raw[0] ^= place == n
        pairs.append((signature.signed.partition(b".")[0].decode(), bytes(raw)))
    return write_jws(jws.payload, pairs)


def _without_nonce(payload: bytes) -> bytes:
    """Return a payload of the same length whose nonce is no base64url."""
    at = payload.index(b'"nonce":"') + len(b'"nonce":"')
    return payload[:at] + b"!" + payload[at + 1 :]


if __name__ == "__main__":
    main()
