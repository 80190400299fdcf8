# SPDX-License-Identifier: Apache-2.0
"""An agency's own submissions, with receipts: its proof of sending, and its alarm when it finds one it never sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db.models import Q, QuerySet

from accord.envelope.encoding import b64u, unb64u
from accord.envelope.errors import MalformedError
from callers.actors import Actor
from callers.capabilities import Capability
from callers.errors import AbsentError, InputError
from callers.limits import SUBMISSIONS
from ledger.proofs import receipts_for
from sharing.deliveries import OWN, DeliveryFact, delivery_facts_of
from sharing.models import Envelope, FeedItem, Statement

MAX_LIMIT: Final = SUBMISSIONS
_READS: Final = OWN | {Capability.STATEMENT_SUBMIT}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class SubmissionFacts:
    """An accepted envelope or statement of the agency's own; `receipt` is None until it is logged."""

    what: str
    d: str
    id: str
    iat: int
    received_at: datetime
    receipt: Mapping[str, Any] | None
    deliveries: Sequence[DeliveryFact]
    signers: Sequence[str]


@dataclass(frozen=True)
class SubmissionPage:
    """A page, newest first; `next` asks for older ones, None where there are none."""

    items: list[SubmissionFacts]
    next: str | None


def list_submissions(actor: Actor, *, after: str = "", limit: int = 50) -> SubmissionPage:
    """Return the agency's own envelopes and statements, newest first; `after` is a page's `next`.

    Raises `InputError` for a cursor that no page gave.
    """
    limit = max(1, min(limit, MAX_LIMIT))
    older = _older_than(after) if after else Q()
    envelopes = _envelopes(actor).filter(older).order_by("-received_at", "-md")[: limit + 1]
    statements = _statements(actor).filter(older).order_by("-received_at", "-od")[: limit + 1]
    rows: list[Envelope | Statement] = [*envelopes, *statements]
    rows.sort(key=_place, reverse=True)
    page = rows[:limit]
    return SubmissionPage(_facts(actor, page), _cursor(page[-1]) if len(rows) > limit else None)


def find_submission(actor: Actor, d: str) -> SubmissionFacts:
    """Return one of the agency's own envelopes or statements, by its digest; raise `AbsentError`."""
    row = _envelopes(actor).filter(pk=d).first() or _statements(actor).filter(pk=d).first()
    if row is None:
        raise AbsentError
    return _facts(actor, [row])[0]


def _envelopes(actor: Actor) -> QuerySet[Envelope]:
    own = Envelope.objects.originated_by(actor).only("md", "jti", "iat", "signers", "received_at")
    return own if _READS & actor.capabilities else own.none()


def _statements(actor: Actor) -> QuerySet[Statement]:
    own = Statement.objects.issued_by(actor).only("od", "statement_id", "iat", "signers", "received_at")
    return own if _READS & actor.capabilities else own.none()


def _place(row: Envelope | Statement) -> tuple[datetime, str]:
    return row.received_at, str(row.pk)


def _facts(actor: Actor, rows: Sequence[Envelope | Statement]) -> list[SubmissionFacts]:
    receipts = receipts_for([row.pk for row in rows])
    deliveries = delivery_facts_of(actor, [row.pk for row in rows if isinstance(row, Envelope)])
    return [
        SubmissionFacts(
            what=FeedItem.ENVELOPE if isinstance(row, Envelope) else FeedItem.STATEMENT,
            d=row.pk,
            id=row.jti if isinstance(row, Envelope) else row.statement_id,
            iat=row.iat,
            received_at=row.received_at,
            receipt=receipts.get(row.pk),
            deliveries=deliveries.get(row.pk, []),
            signers=row.signers,
        )
        for row in rows
    ]


def _cursor(row: Envelope | Statement) -> str:
    microseconds = (row.received_at - _EPOCH) // timedelta(microseconds=1)
    return b64u(f"{microseconds}:{row.pk}".encode("ascii"))


def _older_than(cursor: str) -> Q:
    try:
        microseconds, _, d = unb64u(cursor).decode("ascii").partition(":")
        at = _EPOCH + timedelta(microseconds=int(microseconds))
    except (MalformedError, ValueError, OverflowError):
        raise InputError("after", "Use the `next` of an earlier page.") from None
    return Q(received_at__lt=at) | Q(received_at=at, pk__lt=d)
