# SPDX-License-Identifier: Apache-2.0
"""Checks of the exchange before it gives agencies access by a release.

Pure: the caller looks up its facts about the envelope and the releases by which the issuer has access. Every reader accepts
what is accepted here, for the rules of a chain are the same functions (`accord.envelope.releases`). No key is used that could
open anything.

    unverified = parse_statement(octets)
    ...                     # the envelope that `sub` names
    via = trace_parents(unverified.statement.body["parent"], find_release)
    release = accept_release(unverified, entries, envelope=facts, via=via, caller="xb-customs",
                             directory=directory, now=now)
    ...                     # policy for each of its `aud`: the exchange's

Source: docs/spec/envelope.md, "Releasing onward".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from accord.envelope.encoding import MAX_ENTRIES_BYTES, parse_json
from accord.envelope.errors import Failure, TooLargeError, VerificationError
from accord.envelope.intake import RecipientEntry, agencies_of, check_recipient_keys, place_entries
from accord.envelope.jwe import Entry, leaf_hashes, read_entries, recipients_root
from accord.envelope.keyrule import Standing, Valid
from accord.envelope.keysets import IntakeDirectory
from accord.envelope.manifest import Manifest
from accord.envelope.releases import RELEASE, check_access, check_chain, check_releasable
from accord.envelope.statements.checks import VerifiedStatement, accept_statement
from accord.envelope.statements.form import Statement, UnverifiedStatement
from accord.envelope.tree import merkle
from accord.envelope.vocabulary import MAX_RELEASE_DEPTH


@dataclass(frozen=True)
class EnvelopeFacts:
    """The exchange's facts about the envelope that is released.

    `audience` are the agencies with an entry in it, without the originator; `standing` is judged now, against the newest
    keysets and with every `reaffirm`; `withdrawn` holds the ods of its releases that were withdrawn (`releases.withdrawn_by`).
    """

    manifest: Manifest
    audience: Sequence[str]
    standing: Standing = field(default_factory=Valid)
    retracted: bool = False
    withdrawn: Collection[str] = frozenset()


@dataclass(frozen=True)
class VerifiedRelease:
    """A release that may take effect once it is logged. `entries` are in the order of its `rr`."""

    statement: Statement
    jws: bytes = field(repr=False)
    entries: tuple[RecipientEntry, ...]
    leaf_hashes: tuple[bytes, ...] = field(repr=False)

    @property
    def od(self) -> str:
        """The object digest."""
        return self.statement.od

    def path(self, index: int) -> list[bytes]:
        """Return the inclusion path of entry `index` under the release's `rr`."""
        return merkle.inclusion_path(self.leaf_hashes, index)

    def paths(self) -> list[list[bytes]]:
        """Return all inclusion paths at once, in the order of `entries`."""
        return merkle.inclusion_paths(self.leaf_hashes)


def trace_parents(
    parent: str | None, find: Callable[[str], VerifiedStatement | None]
) -> tuple[VerifiedStatement, ...]:
    """Return the releases from the first one to `parent`, oldest first; none without a parent.

    `find(od)` returns a release that was accepted before, with its present standing. Raises VerificationError for an unknown
    one, and for more than a chain may hold.
    """
    chain: list[VerifiedStatement] = []
    while parent is not None:
        if len(chain) == MAX_RELEASE_DEPTH:
            raise VerificationError(Failure.VIA, "depth")
        found = find(parent)
        if found is None:
            raise VerificationError(Failure.VIA, "unknown parent")
        chain.append(found)
        parent = found.statement.body["parent"]
    return tuple(reversed(chain))


def accept_release(
    unverified: UnverifiedStatement,
    entries: bytes,
    *,
    envelope: EnvelopeFacts,
    via: Sequence[VerifiedStatement] = (),
    caller: str,
    directory: IntakeDirectory,
    now: int,
) -> VerifiedRelease:
    """Make every check that needs no policy; raise TooLargeError, MalformedError or VerificationError.

    `via` are the releases by which the issuer has access, oldest first, with their present standing: none where it has the
    envelope itself. For a rekey they are those by which its agencies have access. `Failure.KEYSET_STALE` names the agencies
    whose entry is not for their newest key.
    """
    _check_form(unverified.statement, entries)
    accept_statement(unverified, caller=caller, directory=directory, now=now)
    return check_release(unverified, entries, envelope=envelope, via=via, directory=directory, now=now)


def check_release(
    unverified: UnverifiedStatement,
    entries: bytes,
    *,
    envelope: EnvelopeFacts,
    via: Sequence[VerifiedStatement],
    directory: IntakeDirectory,
    now: int,
) -> VerifiedRelease:
    """Check a release whose signatures were checked before; as `accept_release`."""
    statement, manifest = unverified.statement, envelope.manifest
    _check_form(statement, entries)
    if envelope.retracted:
        raise VerificationError(Failure.RETRACTED)
    check_releasable(manifest, (envelope.standing, *(release.standing for release in via)), now=now)
    chain = (*(release.statement for release in via), statement)
    check_chain(manifest, chain, now=now, withdrawn=envelope.withdrawn)
    check_access(manifest, chain, envelope.audience)
    read, leaves = _check_entries(entries, statement, manifest, directory, now)
    placed = place_entries(statement.body["aud"], read)
    return VerifiedRelease(statement, unverified.raw, placed, leaves)


def _check_form(statement: Statement, entries: bytes) -> None:
    if len(entries) > MAX_ENTRIES_BYTES:
        raise TooLargeError("entries", MAX_ENTRIES_BYTES)
    if statement.k != RELEASE:
        raise VerificationError(Failure.TYP, statement.k)


def _check_entries(
    entries: bytes, statement: Statement, manifest: Manifest, directory: IntakeDirectory, now: int
) -> tuple[tuple[Entry, ...], tuple[bytes, ...]]:
    """Check one entry for each of `aud` in its order, `rr` over them, each for the newest key; return entries and leaf hashes."""
    agencies = statement.body["aud"]
    read = read_entries(parse_json(entries, limit=MAX_ENTRIES_BYTES, where="entries"), manifest.suite)
    if agencies_of(read, directory) != agencies:
        raise VerificationError(Failure.RECIPIENTS, "an entry for each of aud")
    leaves = leaf_hashes(agencies, [entry.text for entry in read])
    if recipients_root(leaves) != statement.body["rr"]:
        raise VerificationError(Failure.RECIPIENTS)
    check_recipient_keys(manifest, agencies, read, directory, now)
    return read, tuple(leaves)
