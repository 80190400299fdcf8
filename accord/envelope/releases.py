# SPDX-License-Identifier: Apache-2.0
"""Onward releases: may this chain of releases give access?

Signatures and log times are verified before (`accord.envelope.verifying`); here are the rules of the
chain itself. `check_chain` needs the manifest only; `check_audience` needs the inner audience and so
comes after opening. Both raise VerificationError.
Source: docs/spec/envelope.md, "Releasing onward".
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence

from accord.envelope.content import holds
from accord.envelope.errors import Failure, VerificationError
from accord.envelope.manifest import Manifest
from accord.envelope.statements.bodies import MANIFEST
from accord.envelope.statements.form import Statement, SubjectRef
from accord.envelope.vocabulary import MAX_RELEASE_DEPTH

REKEY = "rekey"


def check_chain(
    manifest: Manifest, via: Sequence[Statement], *, now: int, withdrawn: Collection[str]
) -> None:
    """Subject, suite, times, rights and order of a chain, oldest first; `withdrawn` = ods of unreleased."""
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
    audiences = [
        agency for release in via if not is_rekey(manifest, release) for agency in release.body["aud"]
    ]
    if len(set(audiences)) != len(audiences):
        raise VerificationError(Failure.VIA, "agency twice")


def _check_release(manifest: Manifest, release: Statement, now: int) -> None:
    if release.sub != SubjectRef(MANIFEST, manifest.jti, manifest.md):
        raise VerificationError(Failure.SUBJECT)
    if release.suite != manifest.suite:
        raise VerificationError(Failure.SUITE)
    if release.exp is None or release.exp > manifest.terms.keep or now >= release.exp:
        raise VerificationError(Failure.VIA, "exp")
    if release.iss in release.body["aud"] or manifest.iss in release.body["aud"]:
        raise VerificationError(Failure.VIA, "aud")
    if manifest.terms.rel == "none" and not is_rekey(manifest, release):
        raise VerificationError(Failure.VIA, "rel none")
    if manifest.terms.rel == "originator" and release.iss != manifest.iss:
        raise VerificationError(Failure.VIA, "rel originator")
    if release.body["code"] == REKEY and release.iss != manifest.iss:
        raise VerificationError(Failure.VIA, "rekey")


def _check_link(manifest: Manifest, parent: Statement, child: Statement) -> None:
    if is_rekey(manifest, parent):
        raise VerificationError(Failure.VIA, "rekey gives no wider right")
    if is_rekey(manifest, child):
        if child.body["parent"] is not None:
            raise VerificationError(Failure.VIA, "parent")
    elif child.iss == manifest.iss or child.body["parent"] != parent.od:
        raise VerificationError(Failure.VIA, "parent")
    elif child.iss not in parent.body["aud"] or parent.body["rel"] != "recipients":
        raise VerificationError(Failure.VIA, "not a holder who may release")
    if child.exp is None or parent.exp is None or child.exp > parent.exp:
        raise VerificationError(Failure.VIA, "exp after its parent's")


def is_rekey(manifest: Manifest, release: Statement) -> bool:
    """The originator seals again to agencies that have access but lost their key; the last of a chain."""
    return release.body["code"] == REKEY and release.iss == manifest.iss


def check_audience(
    manifest: Manifest, via: Sequence[Statement], inner_aud: Sequence[str], reader: str
) -> None:
    """May `reader` have this, given the sorted inner audience?

    Without `via`: the originator and the inner audience; with it: the last `aud`. A rekey goes to those who
    had access: the inner audience, and that of the releases before it in the chain, which prove it.
    """
    if not via:
        if reader != manifest.iss and not holds(inner_aud, reader):
            raise VerificationError(Failure.AUDIENCE)
        return
    if reader not in via[-1].body["aud"]:
        raise VerificationError(Failure.AUDIENCE)
    if via[0].iss != manifest.iss and via[0].iss not in inner_aud:
        raise VerificationError(Failure.VIA, "first issuer is no recipient")
    having = set(inner_aud)
    for release in via:
        if is_rekey(manifest, release):
            if not having.issuperset(release.body["aud"]):
                raise VerificationError(Failure.VIA, "rekey to an agency without access")
        elif not having.isdisjoint(release.body["aud"]):
            raise VerificationError(Failure.VIA, "agency has access already")
        having.update(release.body["aud"])
