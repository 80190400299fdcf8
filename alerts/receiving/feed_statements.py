# SPDX-License-Identifier: Apache-2.0
"""Statements that a feed names: fetched, verified by keys that are refreshed first, and held."""

import logging
from collections.abc import Generator, Set
from contextlib import contextmanager
from typing import Final

from accord.calls import errors as calls
from accord.calls.answers import StatementAnswer
from accord.calls.errors import ClientError
from accord.envelope.errors import Failure, VerificationError
from accord.envelope.jws import verify_jws
from accord.envelope.keyrule import keys_of_signers
from accord.envelope.reaffirming import REAFFIRM
from accord.envelope.releases import UNRELEASE
from accord.envelope.statements.entitlement import SubjectFacts, check_entitled
from accord.envelope.statements.form import Statement, parse_statement
from accord.following.errors import LedgerAlarmError
from accord.following.follower import Follower
from accord.following.statements import note_statement
from alerts.errors import ExchangeAwayError
from alerts.peers.directory import VerifiedDirectory
from peers.feed_memory import FeedMemory

log = logging.getLogger(__name__)
WITHDRAWALS: Final = ("retract", REAFFIRM)
"""Statements that withdraw an alert, or restore a withdrawal."""


@contextmanager
def asked_again() -> Generator[None]:
    """Raise ExchangeAwayError for any failure to ask the exchange or read its answer, so that the item is tried again.

    Two answers pass through: that the exchange has nothing of the kind, and that its ledger is another one.
    """
    try:
        yield
    except (calls.AbsentError, LedgerAlarmError):
        raise
    except ClientError as trouble:
        raise ExchangeAwayError from trouble


def refresh_keys(peers: VerifiedDirectory, follower: Follower, issuers: Set[str]) -> None:
    """Fetch newer keys of the reader and these agencies. Raises ExchangeAwayError."""
    asked = {peers.reader, *issuers}
    try:
        peers.refresh(asked)
    except ClientError as trouble:
        raise ExchangeAwayError from trouble
    except VerificationError:
        log.exception("the ledger is not the one that %s has seen before", peers.reader)
    follower.fresh |= asked


def hold_statement(
    peers: VerifiedDirectory, follower: Follower, od: str, given: StatementAnswer | None
) -> None:
    """Verify a statement, `given` or fetched from the exchange, and keep it in memory; the caller writes.

    Raises VerificationError, MalformedError, LedgerAlarmError.

    - A statement logged after its key's revocation is held, too: it never counts, and a reader sees why.
    - An answer to an envelope that somebody else sent with the agency's keys is skipped, and so is one of an agency whose keys
      cannot be trusted now. A withdrawal is not skipped.
    """
    answer = given or _ask_for(follower, od)
    unverified = parse_statement(answer.jws)
    said = unverified.statement
    if unverified.od != od:
        raise VerificationError(Failure.SUBJECT, "the hub gave another statement")
    refresh_keys(peers, follower, {said.iss})
    subject = _subject(said, peers.memory) if said.sub else None
    is_doubtful = said.iss in peers.refused or (said.sub is not None and subject is None)
    if is_doubtful and said.k not in (*WITHDRAWALS, UNRELEASE):
        log.warning("statement %s of %s is passed over at %s", od, said.iss, peers.reader)
        return
    try:
        with asked_again():
            note_statement(follower, answer, subject)
    except VerificationError as failed:
        if failed.failure is not Failure.KEY_REVOKED or answer.receipt is None:
            raise
        verify_jws(unverified.jws, keys_of_signers(peers, said.iss, said.signers))
        check_entitled(said, subject)
        peers.memory.keep_refused(answer.jws, answer.receipt)


def _ask_for(follower: Follower, od: str) -> StatementAnswer:
    with asked_again():
        return follower.exchange.statement(od)


def _subject(said: Statement, memory: FeedMemory) -> SubjectFacts | None:
    """Return what a statement is about; the issuer of a withdrawal counts as originator of an alert that is not here.

    It can withdraw nothing else, since it is compared with the alert's own manifest whenever it is judged.
    """
    assert said.sub is not None
    known = memory.subject_of(said.sub.d)
    if known is None and said.k in (*WITHDRAWALS, UNRELEASE):
        return SubjectFacts(said.sub.k, said.sub.id, said.sub.d, said.iss, said.iss)
    return known
