# SPDX-License-Identifier: Apache-2.0
"""Checks of a recipient before any private key is used: slice -> VerifiedSlice.

Order: receipts, manifest signatures and the key rule, each `via` the same way, own path to the right `rr`, `ct` and `aad`. The
rest, after opening, is in `accord.envelope.reading`. Processes without private keys may import this; its result is not yet an
alert anyone may show.

    ledger = Ledger(keys=[VerifierKey.parse(vkey)], kept=kept, consistency=fetch_path)
    verified = verify_slice(octets, reader="xe-drugs", directory=directory, ledger=ledger, now=now)

Source: docs/spec/envelope.md, "Recipient".
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Protocol

from accord.envelope.encoding import unb64u
from accord.envelope.errors import Failure, ProofError, VerificationError
from accord.envelope.jwe import UnverifiedJwe, leaf_hashes
from accord.envelope.jws import UnverifiedJws, verify_jws
from accord.envelope.keyrule import Standing, judge_signers, worst_of
from accord.envelope.keys import PublicKey
from accord.envelope.keysets import KeyDirectory
from accord.envelope.manifest import Manifest, aad_of
from accord.envelope.reaffirming import standing_after
from accord.envelope.releases import check_chain, manifest_ref
from accord.envelope.slices import UnverifiedSlice, parse_slice
from accord.envelope.statements.checks import VerifiedStatement, verify_statement
from accord.envelope.statements.form import Statement
from accord.envelope.tree import merkle
from accord.envelope.tree.notes import Checkpoint, VerifierKey
from accord.envelope.tree.receipts import Receipt

CLOCK_SLACK_SECS = 300


class Comparison(Enum):
    """The outcome of comparing two checkpoints; a contradiction is an error, not an outcome."""

    EXTENDED = "one tree extends the other"
    NOT_ASKED = "nobody could be asked"


@dataclass(frozen=True)
class KeptCheckpoint:
    """The last checkpoint a verifier kept, and when (seconds); see `keep_checkpoint`."""

    checkpoint: Checkpoint
    kept_at: int


class LogTimes(Protocol):
    """The smallest log time proved for each object."""

    def get(self, od: str, unknown: int, /) -> int:
        """Return that of this object, or `unknown` where there is none."""
        ...


@dataclass(frozen=True)
class Ledger:
    """A verifier's knowledge of the ledger.

    `consistency(m, n)` fetches the proof between two sizes, m <= n, or returns None without a network; `known_log_times`
    returns the smallest log time proved for an od, as a dict does.
    """

    keys: Sequence[VerifierKey]
    kept: KeptCheckpoint | None = None
    consistency: Callable[[int, int], Sequence[bytes] | None] | None = None
    known_log_times: LogTimes = field(default_factory=dict[str, int])


@dataclass(frozen=True)
class LoggedObject:
    """An object the ledger proves: log time in seconds, the checkpoint, and whether it was compared.

    `index` is its leaf at that log time; None where an older receipt proved a smaller one.
    """

    log_time: int
    checkpoint: Checkpoint
    compared: bool
    index: int | None = None


@dataclass(frozen=True)
class VerifiedSlice:
    """A slice whose outer checks held. `checkpoint` is the largest verified one, to be kept.

    `standings` are those of the manifest's signatures and of each `via`, in this order: a repudiated release concerns its
    issuer and says nothing against the originator.
    """

    manifest: Manifest
    reader: str
    keys: tuple[PublicKey, ...]
    jwe: UnverifiedJwe = field(repr=False)
    via: tuple[Statement, ...]
    standings: tuple[Standing, ...]
    log_time: int
    log_compared: bool
    checkpoint: Checkpoint

    @property
    def md(self) -> str:
        """The manifest's object digest."""
        return self.manifest.md

    @property
    def standing(self) -> Standing:
        """The worst of `standings`, which must be shown with the alert."""
        return worst_of(self.standings)


def keep_checkpoint(checkpoint: Checkpoint, *, now: int, newest_log_time: int) -> KeptCheckpoint:
    """Keep a verified checkpoint; bound its time, so that a fast clock does not refuse everything later."""
    return KeptCheckpoint(checkpoint, min(now, newest_log_time + CLOCK_SLACK_SECS))


def verify_receipt(
    receipt: Receipt, od: str, ledger: Ledger, *, kind: str = "x", agency: str | None = None
) -> LoggedObject:
    """Prove that the ledger holds `od`; raise VerificationError.

    Also compares the ledger with the kept checkpoint: the same tree, and no later entry with an older time.
    """
    checkpoint = receipt.checkpoint_under(ledger.keys)
    log_time = receipt.verify_under(checkpoint, d=od, k=kind, a=agency)
    kept = ledger.kept
    late = kept is not None and receipt.index >= kept.checkpoint.size
    if kept is not None and late and log_time < kept.kept_at - CLOCK_SLACK_SECS:
        raise VerificationError(Failure.LEDGER_TIME)
    compared = (
        kept is None
        or compare_checkpoints(kept.checkpoint, checkpoint, ledger.consistency) is Comparison.EXTENDED
    )
    smallest = min(log_time, ledger.known_log_times.get(od, log_time))
    return LoggedObject(smallest, checkpoint, compared, receipt.index_at(smallest))


def compare_checkpoints(
    one: Checkpoint,
    other: Checkpoint,
    consistency: Callable[[int, int], Sequence[bytes] | None] | None,
) -> Comparison:
    """Prove that one tree extends the other, if a proof can be fetched; raise VerificationError on a fork."""
    if one.origin != other.origin:
        raise VerificationError(Failure.LEDGER_FORK, "another origin")
    first, second = sorted((one, other), key=lambda checkpoint: checkpoint.size)
    path: Sequence[bytes] | None = ()
    if 0 < first.size < second.size:
        path = consistency(first.size, second.size) if consistency else None
    if path is None:
        return Comparison.NOT_ASKED
    try:
        merkle.verify_consistency(
            first=first.size,
            second=second.size,
            path=path,
            first_root=first.root,
            second_root=second.root,
        )
    except ProofError:
        raise VerificationError(Failure.LEDGER_FORK) from None
    return Comparison.EXTENDED


def verify_slice(
    data: bytes | UnverifiedSlice,
    *,
    reader: str,
    directory: KeyDirectory,
    ledger: Ledger,
    now: int,
    unreleased: Collection[str] = (),
    reaffirms: Sequence[VerifiedStatement] = (),
) -> VerifiedSlice:
    """Make every check that needs no private key, in the profile's order.

    `unreleased` are the ods of releases withdrawn since (`releases.withdrawn_by`), `reaffirms` later statements by which
    issuers stand by their objects. Raises MalformedError or VerificationError; `Failure.RECEIPT_MISSING` means: not yet, ask
    again.
    """
    unverified = parse_slice(data) if isinstance(data, bytes) else data
    manifest = unverified.manifest
    ods = (manifest.md, *(release.od for release in unverified.via))
    logged = [
        verify_receipt(receipt, od, ledger) for receipt, od in zip(unverified.receipts, ods, strict=True)
    ]
    for one, other in itertools.combinations(logged, 2):
        # The comparison that needs no proof: the same log, and at the same size the same tree.
        compare_checkpoints(one.checkpoint, other.checkpoint, None)
    keys, standing = verify_manifest(manifest, unverified.manifest_jws, directory, logged[0])
    standing = standing_after(standing, reaffirms, manifest_ref(manifest), manifest.iss)
    releases = _verify_releases(unverified, directory, logged[1:], reaffirms)
    via = tuple(release.statement for release in releases)
    check_chain(manifest, via, now=now, withdrawn=unreleased)
    _check_path(unverified, reader)
    _check_sealed_part(unverified)
    return VerifiedSlice(
        manifest=manifest,
        reader=reader,
        keys=keys,
        jwe=unverified.jwe,
        via=via,
        standings=(standing, *(release.standing for release in releases)),
        log_time=logged[0].log_time,
        log_compared=all(item.compared for item in logged),
        checkpoint=max((item.checkpoint for item in logged), key=lambda checkpoint: checkpoint.size),
    )


def verify_manifest(
    manifest: Manifest, jws: UnverifiedJws, directory: KeyDirectory, logged: LoggedObject
) -> tuple[tuple[PublicKey, ...], Standing]:
    """Check the signatures of a manifest that the ledger has logged; raise VerificationError."""
    if manifest.signers != jws.kids:
        raise VerificationError(Failure.SIGNERS)
    keys, standing = judge_signers(
        directory, manifest.iss, manifest.signers, manifest.suite, logged.log_time, index=logged.index
    )
    verify_jws(jws, keys)
    return keys, standing


def _verify_releases(
    unverified: UnverifiedSlice,
    directory: KeyDirectory,
    logged: Sequence[LoggedObject],
    reaffirms: Sequence[VerifiedStatement],
) -> list[VerifiedStatement]:
    releases = []
    for release, item in zip(unverified.via, logged, strict=True):
        verified = verify_statement(release, directory, log_time=item.log_time, index=item.index)
        said = verified.statement
        standing = standing_after(verified.standing, reaffirms, said.ref, said.iss)
        releases.append(replace(verified, standing=standing))
    return releases


def _check_path(unverified: UnverifiedSlice, reader: str) -> None:
    manifest = unverified.manifest
    root, size = manifest.rr, manifest.rn
    if unverified.via:
        body = unverified.via[-1].statement.body
        root, size = body["rr"], body["rn"]
    (leaf,) = leaf_hashes([reader], [unverified.jwe.entries[0].text])
    try:
        merkle.verify_inclusion(
            leaf=leaf, index=unverified.index, size=size, path=unverified.path, root=unb64u(root)
        )
    except ProofError:
        raise VerificationError(Failure.PATH) from None


def _check_sealed_part(unverified: UnverifiedSlice) -> None:
    manifest = unverified.manifest
    if unverified.jwe.ct != manifest.ct:
        raise VerificationError(Failure.CIPHERTEXT)
    if unverified.jwe.aad != aad_of(manifest.terms, manifest.iss):
        raise VerificationError(Failure.AAD)
