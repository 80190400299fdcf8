# SPDX-License-Identifier: Apache-2.0
"""Refusals: the exact cause goes to the caller's audit, a coarse answer to the caller.

The event is written after the refused transaction has rolled back. A caller that holds an outer transaction loses the event
with it and must record its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accord.envelope.errors import EnvelopeError, Failure, VerificationError
from callers.actors import Actor
from callers.denials import THEIRS
from callers.errors import AbsentError
from ledger.audit import record_event
from sharing.errors import (
    Denial,
    IdTakenError,
    KeysetStaleError,
    LaggingError,
    PolicyDeniedError,
    SharingError,
)

MAX_REASON_LENGTH = 1000


@dataclass
class Attempt:
    """The attempted act; `subject` becomes its digest as soon as it is known."""

    subject: str = "unread"


@contextmanager
def audit_refusal(act: str, caller: Actor, *, now: datetime) -> Iterator[Attempt]:
    """Audit any refusal inside the block as `act`, then raise the error that the caller may see."""
    attempt = Attempt()
    try:
        yield attempt
    except LaggingError:
        raise
    except (SharingError, EnvelopeError, AbsentError) as refusal:
        _record(act, caller, attempt, refusal, now)
        raise answer_to(refusal, caller) from refusal


def _record(act: str, caller: Actor, attempt: Attempt, refusal: Exception, now: datetime) -> None:
    with transaction.atomic():
        record_event(
            act,
            actor=caller.audit_name,
            agency=caller.agency_id or "",
            subject=attempt.subject,
            reason=cause_of(refusal),
            now=now,
        )


def cause_of(refusal: Exception) -> str:
    """Return a text distinct for every cause: the envelope's failure code, or this app's error class and its data."""
    name = type(refusal).__name__.removesuffix("Error")
    named = f"{name}: {refusal}" if str(refusal) else name
    return (str(refusal) if isinstance(refusal, EnvelopeError) else named)[:MAX_REASON_LENGTH]


def answer_to(refusal: Exception, caller: Actor) -> Exception:
    """Return the error for the caller: some have their own answer, every other one keeps its class and reveals no more."""
    if not isinstance(refusal, VerificationError):
        return refusal
    if refusal.failure is Failure.ISSUER:
        return AbsentError()
    if refusal.failure is Failure.KEYSET_STALE:
        return KeysetStaleError(refusal.agencies)
    if refusal.failure is Failure.REPLAY:
        return IdTakenError(caller.agency_id or "", refusal.detail)
    if refusal.failure is Failure.RED_CUSTODY:
        return PolicyDeniedError(
            Denial(agency, "red-custody", {"keys": THEIRS}) for agency in refusal.agencies
        )
    return refusal
