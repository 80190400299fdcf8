# SPDX-License-Identifier: Apache-2.0
"""Entitlement: who may issue which statement; checked at intake and again by every reader.

The caller looks up the facts of the subject; a statement by anyone else is refused, not ignored. Source: docs/spec/envelope.md,
"Who may issue what".
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.statements.bodies import MANIFEST
from accord.envelope.statements.form import Statement

_BY_ORIGINATOR = frozenset({"retract", "answer"})
_BY_HOLDER = frozenset({"ack", "confirm", "ask"})
_BY_PARTY = frozenset({"accept", "leave"})
_WITH_OTHERS = frozenset({"suspend", "resume"})


@dataclass(frozen=True)
class SubjectFacts:
    """The known facts of a subject.

    `iss` issued the subject itself, `manifest_iss` the envelope it belongs to (None for agreements); `holders` are agencies
    with an entry in that envelope or in a release of it; `parties` are those of the agreement.
    """

    k: str
    id: str
    d: str
    iss: str
    manifest_iss: str | None = None
    holders: Collection[str] = frozenset()
    parties: Collection[str] = frozenset()


def check_entitled(statement: Statement, subject: SubjectFacts | None) -> None:
    """Raise VerificationError unless `statement` is about `subject` and its issuer may say it.

    Statements without a subject: an agreement by one of its parties; suspend and resume by an agency with others; keyset,
    revoke, pop, entry and apikey by the agency itself. A release's rights are those of `accord.envelope.releases`.
    """
    if statement.sub is None:
        _check_without_subject(statement)
        return
    if subject is None or (statement.sub.k, statement.sub.id, statement.sub.d) != (
        subject.k,
        subject.id,
        subject.d,
    ):
        raise VerificationError(Failure.SUBJECT)
    if statement.iss not in _entitled(statement.k, subject):
        raise VerificationError(Failure.NOT_ENTITLED, statement.k)


def _check_without_subject(statement: Statement) -> None:
    if statement.k == "agreement" and statement.iss not in statement.body["parties"]:
        raise VerificationError(Failure.NOT_ENTITLED, statement.k)
    if statement.k in _WITH_OTHERS and statement.iss in statement.body["with"]:
        raise VerificationError(Failure.NOT_ENTITLED, statement.k)


def _entitled(kind: str, subject: SubjectFacts) -> Collection[str]:
    originator = set() if subject.manifest_iss is None else {subject.manifest_iss}
    if kind in _BY_ORIGINATOR:
        return originator
    if kind in _BY_HOLDER:
        return subject.holders
    if kind in _BY_PARTY:
        return subject.parties
    if kind == "unrelease":
        return originator | {subject.iss}
    if kind == "reaffirm":
        return originator if subject.k == MANIFEST else {subject.iss}
    if kind == "release":
        return originator | set(subject.holders)
    return ()
