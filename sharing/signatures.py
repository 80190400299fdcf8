# SPDX-License-Identifier: Apache-2.0
"""Judge what the signatures under logged objects are worth now, for lists and notices: the key rule over stored facts.

Each call judges anew, against the newest keysets and reaffirmations. Signatures are not verified again here; opening an alert
or counting a statement does that.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from accord.envelope.errors import EnvelopeError
from accord.envelope.keyrule import Valid
from accord.envelope.keysets import KeyDirectory
from accord.envelope.reaffirming import REAFFIRM
from accord.envelope.statements.checks import VerifiedStatement, verify_statement
from accord.envelope.statements.form import SubjectRef, parse_statement
from accord.envelope.worth import Signed, Worth, worth_of
from agencies.directory import DatabaseKeyDirectory
from agencies.models import Key, Keyset, KeyState, KeyUse, Succession
from ledger.proofs import log_places
from sharing.models import Statement


def issuers_with_revocations(agencies: Iterable[str]) -> set[str]:
    """Return the agencies that may have revoked a signing key, in one query; objects of any other agency are simply in force.

    The register marks a key as soon as a revocation is accepted. It marks a recovered root's keys a little late, so every
    agency with a recovery is included.
    """
    wanted = set(agencies)
    if not wanted:
        return set()
    revoked = Key.objects.filter(agency_id__in=wanted, use=KeyUse.SIGN, st=KeyState.REVOKED)
    recovered = Keyset.objects.filter(agency_id__in=wanted, succession=Succession.RECOVERED)
    found = revoked.order_by().values_list("agency_id").union(recovered.order_by().values_list("agency_id"))
    return {agency for (agency,) in found}


def signed_statements(rows: Iterable[Statement]) -> list[Signed]:
    """Return those of these statements that the ledger has logged."""
    found = list(rows)
    places = log_places(row.od for row in found) if found else {}
    return [_signed(row, places[row.od]) for row in found if row.od in places]


def _signed(row: Statement, place: tuple[int, int]) -> Signed:
    index, logged = place
    ref = SubjectRef(row.k, row.statement_id, row.od)
    return Signed(ref, row.iss_id, tuple(row.signers), row.suite, logged, index)


def judge_signed(objects: Collection[Signed], *, now: datetime) -> dict[str, Worth]:
    """Return what each object is worth, by digest; a few queries for any number, one where no key was ever revoked."""
    suspects = issuers_with_revocations(item.iss for item in objects)
    directory = DatabaseKeyDirectory(now)
    directory.preload(suspects)
    judged = worth_of(
        [item for item in objects if item.iss in suspects], directory, lambda ds: reaffirms_of(ds, directory)
    )
    return {item.ref.d: judged.get(item.ref.d, Valid()) for item in objects}


def reaffirms_of(ds: Iterable[str], directory: KeyDirectory) -> Mapping[str, Sequence[VerifiedStatement]]:
    """Return the verified reaffirmations of these objects, by object; leave out invalid ones."""
    wanted = list(ds)
    said: defaultdict[str, list[VerifiedStatement]] = defaultdict(list)
    rows = list(Statement.objects.filter(k=REAFFIRM, sub_d__in=wanted)) if wanted else []
    places = log_places(row.od for row in rows) if rows else {}
    for row in rows:
        word = _verified(row, places.get(row.od), directory)
        if word is not None:
            said[row.sub_d].append(word)
    return said


def _verified(
    row: Statement, place: tuple[int, int] | None, directory: KeyDirectory
) -> VerifiedStatement | None:
    if place is None:
        return None
    index, logged = place
    try:
        return verify_statement(parse_statement(bytes(row.jws)), directory, log_time=logged, index=index)
    except EnvelopeError:
        return None
