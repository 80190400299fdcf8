# SPDX-License-Identifier: Apache-2.0
"""Present worth of signatures, from what an agency's desk holds: its peers' keys, and statements since.

It is judged anew each time, for lists and pages. Of signatures, only those of `reaffirm` are verified again here; opening an
alert and counting a withdrawal verify the others. A row that was changed past the program counts for nothing.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from accord.envelope.errors import EnvelopeError
from accord.envelope.keyrule import Valid
from accord.envelope.reaffirming import REAFFIRM
from accord.envelope.releases import UNRELEASE, withdrawn_by
from accord.envelope.slices import UnverifiedSlice
from accord.envelope.statements.checks import VerifiedStatement, verify_statement
from accord.envelope.statements.form import parse_statement
from accord.envelope.worth import Said, Signed, Worth, has_force, worth_of
from alerts.peers.directory import VerifiedDirectory
from peers.models import HeldStatement

log = logging.getLogger(__name__)
ANSWERED = ("opened", "refused")
"""States that acknowledge; `unopenable` leaves the clock running."""


def judge_signed(directory: VerifiedDirectory, objects: Collection[Signed]) -> dict[str, Worth]:
    """Return each object's worth to the directory's reader, by digest; two statements where no key was ever revoked."""
    suspects = directory.revokers({item.iss for item in objects})
    directory.preload(suspects)
    judged = worth_of(
        [item for item in objects if item.iss in suspects], directory, lambda ds: reaffirms_of(directory, ds)
    )
    return {item.ref.d: judged.get(item.ref.d, Valid()) for item in objects}


def judge_statements(directory: VerifiedDirectory, rows: Iterable[HeldStatement]) -> dict[str, Worth]:
    """Return the worth of those held statements that are in the ledger, by digest."""
    return judge_signed(directory, [signed for row in rows if (signed := row.signed) is not None])


def reaffirms_of(directory: VerifiedDirectory, ds: Collection[str]) -> Said:
    """Return the verified statements that reaffirm these objects, by the object's digest; bad ones are left out."""
    said: defaultdict[str, list[VerifiedStatement]] = defaultdict(list)
    rows = HeldStatement.objects.filter(reader=directory.reader, k=REAFFIRM, sub_d__in=ds) if ds else ()
    for row in rows:
        word = _verified(directory, row)
        if word is not None:
            said[row.sub_d].append(word)
    return said


def withdrawn_releases(directory: VerifiedDirectory, unverified: UnverifiedSlice) -> frozenset[str]:
    """Return the ods of those releases of a slice that an `unrelease` held here withdraws; no query without a release."""
    releases = [release.statement for release in unverified.via]
    if not releases:
        return frozenset()
    held = _held(directory, k=UNRELEASE, sub_d__in=[release.od for release in releases])
    said = [word for row in held if (word := _verified(directory, row)) is not None]
    return withdrawn_by(unverified.manifest, releases, said)


def recalls_that_count(directory: VerifiedDirectory, mds: Collection[str]) -> set[str]:
    """Return those of these envelopes whose retract counts now; one not logged yet counts at once."""
    retracts = _held(directory, k="retract", sub_d__in=mds) if mds else []
    worth = judge_statements(directory, retracts)
    return {row.sub_d for row in retracts if has_force(worth.get(row.od))}


def statements_that_count(reader: str, kinds: Collection[str], *, now: datetime) -> list[HeldStatement]:
    """Return the statements of these kinds that the reader holds and that count now, in the ledger's order; own unlogged ones last.

    Raises NotBoundError for one that was altered past the program.
    """
    rows = list(HeldStatement.objects.filter(reader=reader, k__in=kinds))
    for row in rows:
        row.require_bound()
    if not rows:
        return []
    worth = judge_statements(VerifiedDirectory(reader, now), rows)
    ordered = sorted(rows, key=lambda row: (row.log_index is None, row.log_index or row.pk))
    return [row for row in ordered if has_force(worth.get(row.od))]


def answers_in_doubt(directory: VerifiedDirectory, mds: Collection[str]) -> dict[tuple[str, str], Worth]:
    """Return, by envelope and recipient, the worth of an acknowledgement, where none of that recipient's counts."""
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
