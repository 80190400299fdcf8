# SPDX-License-Identifier: Apache-2.0
"""Onward releases: may this chain of releases give access?

Signatures and log times are verified before (`accord.envelope.verifying`, at intake `accord.envelope.release_intake`); here are
the rules of the chain itself, the same for exchange, reader and releaser. `check_chain` needs the manifest only; `check_access`
needs the inner audience, which a reader has after opening. All raise VerificationError. Source: docs/spec/envelope.md,
"Releasing onward".
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from accord.envelope.content import holds
from accord.envelope.errors import Failure, VerificationError
from accord.envelope.keyrule import Repudiated, Standing
from accord.envelope.manifest import Manifest
from accord.envelope.statements.bodies import MANIFEST
from accord.envelope.statements.checks import VerifiedStatement
from accord.envelope.statements.form import Statement, SubjectRef
from accord.envelope.vocabulary import MAX_RELEASE_DEPTH

RELEASE, UNRELEASE, REKEY, EMERGENCY = "release", "unrelease", "rekey", "emergency"


@dataclass(frozen=True)
class MadeRelease:
    """The exact octets to submit, and to submit again until there is a receipt."""

    od: str
    id: str
    aud: tuple[str, ...]
    jws: bytes = field(repr=False)
    entries: bytes = field(repr=False)


def manifest_ref(manifest: Manifest) -> SubjectRef:
    """Return the envelope as the subject of a statement."""
    return SubjectRef(MANIFEST, manifest.jti, manifest.md)


def check_releasable(manifest: Manifest, standings: Iterable[Standing], *, now: int) -> None:
    """Check that a release is allowed now: not from the manifest's `exp` on, nor on a repudiated signature.

    `standings` are those of the manifest and of the releases by which the issuer has access.
    """
    if now >= manifest.terms.exp:
        raise VerificationError(Failure.EXPIRED, "manifest")
    if any(isinstance(standing, Repudiated) for standing in standings):
        raise VerificationError(Failure.REPUDIATED)


def access_before(manifest: Manifest, via: Sequence[Statement], issuer: str) -> tuple[Statement, ...]:
    """Return the releases before one by `issuer`, who itself has access by `via`; its `parent` is the last of them.

    Nothing precedes the originator's release. A rekey gave no right, so it is left out: its issuer had one before it.
    """
    if issuer == manifest.iss:
        return ()
    return tuple(release for release in via if not is_rekey(release))


def withdrawn_by(
    manifest: Manifest, releases: Iterable[Statement], said: Iterable[VerifiedStatement]
) -> frozenset[str]:
    """Return the ods of those releases that an `unrelease` in `said` withdraws; ignore other statements.

    It counts by the release's issuer or the manifest's, unless it was itself repudiated. An agency with a withdrawn release
    anywhere in `via` has no access: see `check_chain`.
    """
    words = {
        (word.statement.sub, word.statement.iss)
        for word in said
        if word.statement.k == UNRELEASE and not isinstance(word.standing, Repudiated)
    }
    return frozenset(
        release.od
        for release in releases
        if not words.isdisjoint({(release.ref, release.iss), (release.ref, manifest.iss)})
    )


def check_chain(
    manifest: Manifest, via: Sequence[Statement], *, now: int, withdrawn: Collection[str]
) -> None:
    """Check subject, suite, times, rights and order of a chain, oldest first; `withdrawn` = ods of unreleased."""
    if len(via) > MAX_RELEASE_DEPTH:
        raise VerificationError(Failure.VIA, "depth")
    for release in via:
        _check_release(manifest, release, now)
        if release.od in withdrawn:
            raise VerificationError(Failure.WITHDRAWN_ACCESS)
    for parent, child in itertools.pairwise(via):
        _check_link(manifest, parent, child)
    if via and via[0].body["parent"] is not None:
        raise VerificationError(Failure.VIA, "parent")
    audiences = [agency for release in via if not is_rekey(release) for agency in release.body["aud"]]
    if len(set(audiences)) != len(audiences):
        raise VerificationError(Failure.VIA, "agency twice")


def _check_release(manifest: Manifest, release: Statement, now: int) -> None:
    if release.sub != manifest_ref(manifest):
        raise VerificationError(Failure.SUBJECT)
    if release.suite != manifest.suite:
        raise VerificationError(Failure.SUITE)
    if not now < end_of(release) <= manifest.terms.keep:
        raise VerificationError(Failure.VIA, "exp")
    if release.iss in release.body["aud"] or manifest.iss in release.body["aud"]:
        raise VerificationError(Failure.VIA, "aud")
    if manifest.terms.rel == "none" and not is_rekey(release):
        raise VerificationError(Failure.VIA, "rel none")
    if manifest.terms.rel == "originator" and release.iss != manifest.iss:
        raise VerificationError(Failure.VIA, "rel originator")
    if is_rekey(release) and release.iss != manifest.iss:
        raise VerificationError(Failure.VIA, "rekey")


def _check_link(manifest: Manifest, parent: Statement, child: Statement) -> None:
    if is_rekey(parent):
        raise VerificationError(Failure.VIA, "rekey gives no wider right")
    if is_rekey(child):
        if child.body["parent"] is not None:
            raise VerificationError(Failure.VIA, "parent")
    elif child.iss == manifest.iss or child.body["parent"] != parent.od:
        raise VerificationError(Failure.VIA, "parent")
    elif child.iss not in parent.body["aud"] or parent.body["rel"] != "recipients":
        raise VerificationError(Failure.VIA, "not a holder who may release")
    if end_of(child) > end_of(parent):
        raise VerificationError(Failure.VIA, "exp after its parent's")


def end_of(release: Statement) -> int:
    """Return when the access ends, in seconds; every release has such a time."""
    assert release.exp is not None
    return release.exp


def is_rekey(release: Statement) -> bool:
    """Tell whether it is for agencies that have access but lost their key: by the originator alone, the last of a chain."""
    return bool(release.body["code"] == REKEY)


def check_access(manifest: Manifest, via: Sequence[Statement], inner_aud: Sequence[str]) -> None:
    """Check that these releases, at least one, give access to agencies that had none, or a rekey to those that had it.

    A rekey goes to the inner audience and to that of the releases before it in the chain, which prove it.
    """
    if via[0].iss != manifest.iss and via[0].iss not in inner_aud:
        raise VerificationError(Failure.VIA, "first issuer is no recipient")
    having = set(inner_aud)
    for release in via:
        if is_rekey(release):
            if not having.issuperset(release.body["aud"]):
                raise VerificationError(Failure.VIA, "rekey to an agency without access")
        elif not having.isdisjoint(release.body["aud"]):
            raise VerificationError(Failure.VIA, "agency has access already")
        having.update(release.body["aud"])


def check_audience(
    manifest: Manifest, via: Sequence[Statement], inner_aud: Sequence[str], reader: str
) -> None:
    """Check that `reader` may have this, given the sorted inner audience.

    Without `via`: the originator and the inner audience; with it: the last `aud`, by a chain that gives access.
    """
    if not via:
        if reader != manifest.iss and not holds(inner_aud, reader):
            raise VerificationError(Failure.AUDIENCE)
        return
    if reader not in via[-1].body["aud"]:
        raise VerificationError(Failure.AUDIENCE)
    check_access(manifest, via, inner_aud)
