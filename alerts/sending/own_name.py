# SPDX-License-Identifier: Apache-2.0
"""Objects signed in an agency's own name, as its desk has them: sent from here, and never sent from here.

Rows are found by their columns: signing key and log time. The worth of a signature is judged anew each time, by the newest keys.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from accord.envelope.keyrule import Repudiated
from accord.envelope.keysets import Revocation
from accord.envelope.reaffirming import REAFFIRM
from accord.envelope.worth import Signed, Worth
from accord.moments import moment_of
from alerts.boxes.paging import PAGE_ROWS
from alerts.models import Alert, ReceivedAlert
from alerts.peers.directory import VerifiedDirectory
from alerts.receiving.signature_judging import judge_signed, recalls_that_count
from alerts.states import SENT, AlertState
from callers.binding import BoundRow
from callers.capabilities import Capability
from callers.markings import levels_within, rows_within
from officers.models import Officer
from peers.models import HeldStatement, UnsentEnvelope

log = logging.getLogger(__name__)
ROUND_ROWS: Final = 200
AnyRow = TypeVar("AnyRow", bound=Model)
OwnRow = TypeVar("OwnRow", bound=Alert | UnsentEnvelope | HeldStatement)


@dataclass(frozen=True)
class Span:
    """Revoked key, and the first and last log time (seconds) at which its signatures may be in doubt."""

    kid: str
    first: int
    last: int


@dataclass(frozen=True)
class Impact:
    """Number of alerts and statements that would stop counting."""

    alerts: int
    statements: int


def revoked_spans(peers: VerifiedDirectory) -> tuple[Span, ...]:
    """Return the span of each revoked key of the directory's reader; two SQL statements where none is revoked."""
    if not peers.revokers({peers.reader}):
        return ()
    words: defaultdict[str, list[Revocation]] = defaultdict(list)
    for word in peers.revocations(peers.reader):
        words[word.kid].append(word)
    return tuple(
        Span(kid, min(word.since for word in said), max(word.log_time for word in said))
        for kid, said in sorted(words.items())
    )


def sent_within(officer: Officer, spans: Collection[Span]) -> QuerySet[Alert]:
    """Return alerts sent from here, signed with one of these keys and logged in its span, newest first.

    Only alerts that the officer may see are included.
    """
    found = Q(pk__in=())
    for span in spans:
        logged = moment_of(span.first), moment_of(span.last)
        found |= Q(signers__contains=[span.kid], logged_at__range=logged)
    return Alert.objects.visible_to(officer).filter(found, state__in=SENT).order_by("-logged_at", "-pk")


def unsent_within(officer: Officer, spans: Collection[Span]) -> QuerySet[UnsentEnvelope]:
    """Return envelopes in the agency's name that were never sent from here, as `sent_within`."""
    return _rows_within(unsent_in_sight(officer), spans).order_by("-log_time", "-pk")


def unsent_in_sight(officer: Officer) -> QuerySet[UnsentEnvelope]:
    """Return the envelopes in the agency's name, never sent from here, that the officer may see."""
    if officer.agency_id is None or Capability.ALERT_READ not in officer.capabilities:
        return UnsentEnvelope.objects.none()
    return UnsentEnvelope.objects.filter(rows_within(officer), reader=officer.agency_id)


def own_statements_within(officer: Officer, spans: Collection[Span]) -> QuerySet[HeldStatement]:
    """Return statements in the agency's name, as `sent_within`, without reaffirmations."""
    rows = own_statements(officer).exclude(k=REAFFIRM)
    return _rows_within(rows, spans).order_by("-log_time", "-pk")


def own_statements(officer: Officer) -> QuerySet[HeldStatement]:
    """Return statements in the agency's name.

    Left out are those about an alert that the officer may not see, and those about such statements.
    """
    rows = HeldStatement.objects.visible_to(officer).issued_by(officer.agency_id or "")
    if levels_within(officer) is None:
        return rows
    above = _is_about_one_above(officer)
    answers = HeldStatement.objects.filter(reader=officer.agency_id, od=OuterRef("sub_d")).filter(above)
    return rows.exclude(above).exclude(Exists(answers))


def _is_about_one_above(officer: Officer) -> Q:
    mine = {"agency": officer.agency_id, "md": OuterRef("sub_d")}
    seen = Alert.objects.visible_to(officer).filter(md=OuterRef("md"))
    sent = Alert.objects.filter(~Exists(seen), **mine)
    received = ReceivedAlert.objects.filter(**mine).exclude(rows_within(officer))
    unsent = UnsentEnvelope.objects.filter(reader=officer.agency_id, md=OuterRef("sub_d"))
    return Q(Exists(sent)) | Q(Exists(received)) | Q(Exists(unsent.exclude(rows_within(officer))))


def _rows_within(rows: QuerySet[AnyRow], spans: Collection[Span]) -> QuerySet[AnyRow]:
    found = Q(pk__in=())
    for span in spans:
        found |= Q(signers__contains=[span.kid], log_time__range=(span.first, span.last))
    return rows.filter(found)


def in_doubt(peers: VerifiedDirectory, rows: QuerySet[OwnRow]) -> list[tuple[OwnRow, Worth]]:
    """Return at most a page of these rows that a revocation put in doubt and that are neither reaffirmed nor withdrawn."""
    found: list[tuple[OwnRow, Worth]] = []
    for some in in_rounds(rows):
        found += _in_doubt(peers, some)
        if len(found) >= PAGE_ROWS:
            break
    return found[:PAGE_ROWS]


def _in_doubt(peers: VerifiedDirectory, rows: list[OwnRow]) -> list[tuple[OwnRow, Worth]]:
    signed = [(row, one) for row in rows if (one := _kept(row)) is not None]
    worth = judge_signed(peers, [one for _, one in signed])
    doubted = [(row, one.ref.d) for row, one in signed if isinstance(worth[one.ref.d], Repudiated)]
    withdrawn = recalls_that_count(peers, [d for _, d in doubted])
    return [(row, worth[d]) for row, d in doubted if d not in withdrawn]


def _kept(row: Alert | UnsentEnvelope | HeldStatement) -> Signed | None:
    """Return the row's facts for judging; None for a row that was changed past the program, which counts for nothing."""
    if isinstance(row, BoundRow) and not row.is_bound:
        log.error("a row of %s does not carry its code", row._meta.db_table, extra={"row": str(row.pk)})
        return None
    return row.signed


def in_rounds(rows: QuerySet[AnyRow], *, size: int = ROUND_ROWS) -> Iterator[list[AnyRow]]:
    """Yield rows in pieces, each twice as long as the one before, so that a long history is read only as far as needed."""
    start = 0
    while True:
        piece = list(rows[start : start + size])
        if piece:
            yield piece
        if len(piece) < size:
            return
        start, size = start + size, 2 * size


def count_signed(agency_id: str, kid: str, *, since: datetime) -> Impact:
    """Count what this key has signed in the agency's name that was logged since then, or waits for exchange or ledger."""
    signed = SENT | {AlertState.QUEUED}
    sent = Alert.objects.filter(agency=agency_id, state__in=signed, signers__contains=[kid])
    unsent = UnsentEnvelope.objects.filter(reader=agency_id, signers__contains=[kid])
    said = HeldStatement.objects.issued_by(agency_id).filter(signers__contains=[kid])
    late = int(since.timestamp())
    alerts = sent.filter(Q(logged_at=None) | Q(logged_at__gte=moment_of(late)))
    envelopes = alerts.order_by().values("md").union(unsent.filter(log_time__gte=late).values("md"))
    return Impact(
        envelopes.count(),
        said.filter(Q(log_time=None) | Q(log_time__gte=late)).count(),
    )
