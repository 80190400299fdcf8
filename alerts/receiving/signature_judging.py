# SPDX-License-Identifier: Apache-2.0
"""The worth of signatures now, by what an agency's desk holds: its peers' keys, and what was said to it since.

Judged anew each time, for lists and pages. No signature is verified again here but those of `reaffirm`; whoever opens an
alert or counts a withdrawal does that. A row that was changed past the program counts for nothing.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable

from accord.envelope.errors import EnvelopeError
from accord.envelope.keyrule import Valid
from accord.envelope.reaffirming import REAFFIRM
from accord.envelope.statements.checks import VerifiedStatement, verify_statement
from accord.envelope.statements.form import parse_statement
from accord.envelope.worth import Said, Signed, Worth, has_force, worth_of
from alerts.peers.directory import VerifiedDirectory
from peers.models import HeldStatement

log = logging.getLogger(__name__)
ANSWERED = ("opened", "refused")
"""What acknowledges; `unopenable` leaves the clock running."""


def judge_signed(directory: VerifiedDirectory, objects: Collection[Signed]) -> dict[str, Worth]:
    """What each object is worth to the directory's reader, by digest; two statements where nobody ever revoked a key."""
    suspects = directory.revokers({item.iss for item in objects})
    directory.preload(suspects)
    judged = worth_of(
        [item for item in objects if item.iss in suspects], directory, lambda ds: reaffirms_of(directory, ds)
    )
    return {item.ref.d: judged.get(item.ref.d, Valid()) for item in objects}


def judge_statements(directory: VerifiedDirectory, rows: Iterable[HeldStatement]) -> dict[str, Worth]:
    """The same of held statements, as far as the ledger has them."""
    return judge_signed(directory, [signed for row in rows if (signed := row.signed) is not None])


def reaffirms_of(directory: VerifiedDirectory, ds: Collection[str]) -> Said:
    """What was said to stand by these objects, each word verified, by what it is about; bad ones are left out."""
    said: defaultdict[str, list[VerifiedStatement]] = defaultdict(list)
    rows = HeldStatement.objects.filter(reader=directory.reader, k=REAFFIRM, sub_d__in=ds) if ds else ()
    for row in rows:
        word = _verified(directory, row)
        if word is not None:
            said[row.sub_d].append(word)
    return said


def recalls_that_count(directory: VerifiedDirectory, mds: Collection[str]) -> set[str]:
    """Of these envelopes those whose retract counts now; one that waits for the ledger counts at once."""
    retracts = _held(directory, k="retract", sub_d__in=mds) if mds else []
    worth = judge_statements(directory, retracts)
    return {row.sub_d for row in retracts if has_force(worth.get(row.od))}


def answers_in_doubt(directory: VerifiedDirectory, mds: Collection[str]) -> dict[tuple[str, str], Worth]:
    """By envelope and recipient: what its acknowledgement is worth, where none of that recipient's counts."""
    acks = HeldStatement.objects.filter(
        reader=directory.reader, k="ack", sub_d__in=mds, body__st__in=ANSWERED
    )
    issuers = set(acks.order_by().values_list("iss", flat=True).distinct()) if mds else set()
    suspects = directory.revokers(issuers)
    if not suspects:
        return {}
    rows = list(acks.filter(iss__in=suspects).order_by("pk"))
    worth = judge_statements(directory, rows)
    counting = {(row.sub_d, row.iss) for row in rows if row.is_bound and has_force(worth.get(row.od))}
    doubted = {(row.sub_d, row.iss): worth[row.od] for row in rows if not has_force(worth.get(row.od))}
    return {answer: found for answer, found in doubted.items() if answer not in counting}


def _held(directory: VerifiedDirectory, **wanted: object) -> list[HeldStatement]:
    return [row for row in HeldStatement.objects.filter(reader=directory.reader, **wanted) if row.is_bound]


def _verified(directory: VerifiedDirectory, row: HeldStatement) -> VerifiedStatement | None:
    if row.log_time is None or not row.is_bound:
        return None
    try:
        statement = parse_statement(row.jws.encode())
        return verify_statement(statement, directory, log_time=row.log_time, index=row.log_index)
    except EnvelopeError:
        return None
