# SPDX-License-Identifier: Apache-2.0
"""What the signatures under logged objects are worth now, for lists and notices: the key rule over stored facts.

Judged anew each time, against the newest keysets and what issuers have said since to stand by their word. No
signature is verified again here; whoever opens an alert or counts a statement does that.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from accord.envelope.errors import EnvelopeError, VerificationError
from accord.envelope.keyrule import Repudiated, Standing, Valid, judge_signers
from accord.envelope.keysets import KeyDirectory
from accord.envelope.reaffirming import REAFFIRM, standing_after
from accord.envelope.statements.bodies import MANIFEST
from accord.envelope.statements.checks import VerifiedStatement, verify_statement
from accord.envelope.statements.form import SubjectRef, parse_statement
from agencies.directory import DatabaseKeyDirectory
from agencies.models import Key, Keyset, KeyState, KeyUse, Succession
from ledger.proofs import log_places
from sharing.models import Envelope, Statement


@dataclass(frozen=True)
class Refused:
    """Its signatures do not count at all: logged once its key was known as revoked, or outside the key's time."""

    log_time: int
    failure: str


Worth = Standing | Refused


@dataclass(frozen=True)
class Signed:
    """A logged object as its row has it; `ref.k` is "manifest" or a statement's kind, `log_time` in seconds.

    `index` is its leaf, which decides within a second.
    """

    ref: SubjectRef
    iss: str
    signers: tuple[str, ...]
    suite: str
    log_time: int
    index: int | None = None


def issuers_with_revocations(agencies: Iterable[str]) -> set[str]:
    """Those that may have revoked a signing key, in one query; whatever any other signed is simply in force.

    The register marks a key as soon as a revocation is accepted; a recovered root's keys it marks a little late, so
    every agency with one is among them.
    """
    wanted = set(agencies)
    if not wanted:
        return set()
    revoked = Key.objects.filter(agency_id__in=wanted, use=KeyUse.SIGN, st=KeyState.REVOKED)
    recovered = Keyset.objects.filter(agency_id__in=wanted, succession=Succession.RECOVERED)
    found = revoked.order_by().values_list("agency_id").union(recovered.order_by().values_list("agency_id"))
    return {agency for (agency,) in found}


def signed_envelopes(mds: Iterable[str]) -> list[Signed]:
    """Those of these envelopes that the ledger has logged."""
    wanted = list(mds)
    rows = Envelope.objects.filter(pk__in=wanted).values_list("md", "jti", "iss_id", "signers", "suite")
    places = log_places(wanted) if wanted else {}
    return [
        _signed(SubjectRef(MANIFEST, jti, md), iss, signers, suite, places[md])
        for md, jti, iss, signers, suite in rows
        if md in places
    ]


def signed_statements(
    rows: Iterable[Statement], places: Mapping[str, tuple[int, int]] | None = None
) -> list[Signed]:
    """Those of these statements that the ledger has logged; `places` as of `log_places`, where they are read already."""
    found = list(rows)
    if places is None:
        places = log_places(row.od for row in found) if found else {}
    return [
        _signed(
            SubjectRef(row.k, row.statement_id, row.od), row.iss_id, row.signers, row.suite, places[row.od]
        )
        for row in found
        if row.od in places
    ]


def _signed(ref: SubjectRef, iss: str, signers: Iterable[str], suite: str, place: tuple[int, int]) -> Signed:
    index, logged = place
    return Signed(ref, iss, tuple(signers), suite, logged, index)


def judge_signed(objects: Collection[Signed], *, now: datetime) -> dict[str, Worth]:
    """What each object is worth, by digest; a few queries however many, one where no key was ever revoked."""
    suspects = issuers_with_revocations(item.iss for item in objects)
    directory = DatabaseKeyDirectory(now)
    directory.preload(suspects)
    worth = {item.ref.d: _judge(directory, item) if item.iss in suspects else Valid() for item in objects}
    doubted = [item for item in objects if isinstance(worth[item.ref.d], Repudiated)]
    said = reaffirms_of((item.ref.d for item in doubted), directory)
    return worth | {item.ref.d: _after(worth[item.ref.d], item, said) for item in doubted}


def reaffirms_of(ds: Iterable[str], directory: KeyDirectory) -> Mapping[str, Sequence[VerifiedStatement]]:
    """What was said to stand by these objects, each word verified, by what it is about; bad ones are left out."""
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


def _judge(directory: DatabaseKeyDirectory, item: Signed) -> Worth:
    revoked = {word.kid for word in directory.revocations(item.iss)}
    if not revoked.intersection(item.signers):
        return Valid()
    try:
        _, standing = judge_signers(
            directory, item.iss, item.signers, item.suite, item.log_time, index=item.index
        )
        return standing
    except VerificationError as failure:
        return Refused(item.log_time, failure.code)


def _after(worth: Worth, item: Signed, said: Mapping[str, Sequence[VerifiedStatement]]) -> Worth:
    if isinstance(worth, Refused):
        return worth
    return standing_after(worth, said.get(item.ref.d, ()), item.ref, item.iss)
