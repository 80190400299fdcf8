# SPDX-License-Identifier: Apache-2.0
"""Worth of signed and logged objects now, for programs that store their facts: the key rule, and later statements.

No signature is verified again here: the facts were stored after verification. Judged at each display, against the newest
keysets, and never stored. Source: docs/spec/envelope.md, "Log time and the key rule" and "Reaffirm".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from accord.envelope.errors import VerificationError
from accord.envelope.keyrule import Repudiated, Standing, Valid, judge_signers
from accord.envelope.keysets import KeyDirectory
from accord.envelope.reaffirming import standing_after
from accord.envelope.statements.checks import VerifiedStatement
from accord.envelope.statements.form import SubjectRef


@dataclass(frozen=True)
class Refused:
    """Its signatures do not count at all: logged once its key was known to be revoked, or outside the key's time."""

    log_time: int
    failure: str


Worth = Standing | Refused
Said = Mapping[str, Sequence[VerifiedStatement]]
"""Verified statements that reaffirm an object, by its digest."""


@dataclass(frozen=True)
class Signed:
    """A logged object as it was stored; `ref.k` is "manifest" or a statement's kind, `log_time` in seconds.

    `index` is its leaf, which decides within a second.
    """

    ref: SubjectRef
    iss: str
    signers: tuple[str, ...]
    suite: str
    log_time: int
    index: int | None = None


def worth_of(
    objects: Iterable[Signed], directory: KeyDirectory, said_about: Callable[[Collection[str]], Said]
) -> dict[str, Worth]:
    """Return the worth of each object, by digest; `said_about` is called once, and only about repudiated ones."""
    signed = {item.ref.d: item for item in objects}
    worth = {d: _judge(directory, item) for d, item in signed.items()}
    doubted = [d for d, found in worth.items() if isinstance(found, Repudiated)]
    said = said_about(doubted) if doubted else {}
    return worth | {d: _after(worth[d], signed[d], said) for d in doubted}


def has_force(worth: Worth | None) -> bool:
    """Tell whether it may be relied on: neither repudiated nor refused; an object that was not judged may."""
    return not isinstance(worth, Repudiated | Refused)


def _judge(directory: KeyDirectory, item: Signed) -> Worth:
    revoked = {word.kid for word in directory.revocations(item.iss)}
    if not revoked.intersection(item.signers):
        return Valid()
    try:
        _, standing = judge_signers(
            directory, item.iss, item.signers, item.suite, item.log_time, index=item.index
        )
    except VerificationError as failure:
        return Refused(item.log_time, failure.code)
    return standing


def _after(worth: Worth, item: Signed, said: Said) -> Worth:
    return (
        worth
        if isinstance(worth, Refused)
        else standing_after(worth, said.get(item.ref.d, ()), item.ref, item.iss)
    )
