# SPDX-License-Identifier: Apache-2.0
"""Opening of an envelope in the vault, fetched if it is not here: every check, every time; nothing opened is kept."""

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from accord.calls.errors import ClientError, UnreachableError
from accord.envelope.content import OpenedAlert
from accord.envelope.errors import EnvelopeError, Failure, MalformedError, OpeningError, VerificationError
from accord.envelope.releases import end_of
from accord.envelope.slices import UnverifiedSlice
from accord.envelope.verifying import Ledger
from accord.following.log import KeptLog
from accord.moments import moment_of
from alerts.errors import (
    AccessEndedError,
    AlertsError,
    ContentDeletedError,
    ExchangeAwayError,
    NotJudgedError,
)
from alerts.exchange_errors import away_error_for
from alerts.models import ReceivedAlert
from alerts.peers.alarm import raise_alarms
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.pin_updates import keep_known, keep_seen
from alerts.receiving.held_envelopes import Held, drop_envelope, envelope_of, fetch_again
from alerts.receiving.signature_judging import withdrawn_releases
from callers.actors import Actor
from callers.errors import AbsentError
from ledger.audit import record_event
from vault import services

Seen = Callable[[str, str], str | None]
OCTETS: Final = frozenset(
    {Failure.AAD, Failure.CIPHERTEXT, Failure.PATH, Failure.PROOF, Failure.RECEIPT, Failure.SIGNATURE}
    | {Failure.SIGNERS, Failure.SUBJECT}
)
"""Failures of a slice's own octets, which no other keys would mend."""


def fetch_and_open(
    actor: Actor,
    md: str,
    *,
    reason: str,
    seen: Seen | None = None,
    peers: VerifiedDirectory | None = None,
    held: Held | None = None,
    opened_ahead: OpenedAlert | None = None,
    now: datetime,
) -> OpenedAlert:
    """Open an envelope; raises `AbsentError`, one of `CLOSED`, `EnvelopeError`, `ExchangeAwayError`. Not inside a transaction.

    - `peers` is the caller's directory for this moment, `held` the envelope if the caller has just read it, `opened_ahead` what
      `open_ahead` has opened of it.
    - The receipt is compared with the newest checkpoint that the agency has kept.
    - While the exchange is away the kept keys are used; where they do not suffice nothing is concluded.
    - The vault audits who opened what, and why, even if the opening fails.
    """
    peers = peers or VerifiedDirectory(actor.agency_id or "", now)
    act = _Act(actor, md, reason, seen, peers, opened_ahead, now)
    try:
        held = held or envelope_of(actor, md, now=now)
        try:
            return act.open(held)
        except EnvelopeError as failure:
            if held.is_new or not _is_of_octets(failure):
                raise
            # Somebody may have changed the octets that were kept here: what the exchange has decides.
            act.record(failure)
            held = _fetched_again(actor, held, failure, now)
            return act.open(held)
    except EnvelopeError as failure:
        if held is not None and held.is_new and _is_of_octets(failure):
            drop_envelope(held)
        act.record(failure)
        raise
    except ExchangeAwayError as away:
        if away.is_answered:
            _record(actor, md, "answer-unusable", now)
        raise
    except ClientError as trouble:
        raise away_error_for(trouble, actor.agency_id or "") from trouble


@dataclass(frozen=True)
class _Act:
    """Opening of one envelope: by whom, for what reason, with whose keys."""

    actor: Actor
    md: str
    reason: str
    seen: Seen | None
    peers: VerifiedDirectory
    opened_ahead: OpenedAlert | None
    now: datetime

    def open(self, held: Held) -> OpenedAlert:
        """Open the envelope; raises EnvelopeError, also its NotJudgedError; ExchangeAwayError, ClientError."""
        unverified = held.unverified
        if moment_of(unverified.manifest.terms.keep) <= self.now:
            # The manifest decides, whatever the row's column says.
            raise ContentDeletedError
        require_access(self.peers, unverified, self.now)
        signers = _signers_of(unverified)
        away = _refresh(self.peers, {self.peers.reader, *signers})
        try:
            opened = self.opened_ahead or self._opened(held, unverified, is_away=away is not None)
            if opened.manifest.md != self.md:
                raise OpeningError(Failure.SUBJECT, "another envelope lies under this address")
        except EnvelopeError as failure:
            if away is not None:
                # Newer keys could change the result, and they could not be asked for: nothing is concluded.
                raise ExchangeAwayError from away
            if self.peers.refused.keys() & {self.peers.reader, *signers}:
                raise _not_judged(failure) from failure
            raise
        raise_alarms(self.actor, self.peers.reader, self.peers.take_alarms(), now=self.now)
        keep_seen(self.peers, [opened.manifest.iss], now=self.now)
        _note_receipts(self.peers, unverified, opened)
        return opened

    def _opened(self, held: Held, unverified: UnverifiedSlice, *, is_away: bool) -> OpenedAlert:
        """Open it in the vault; if the exchange goes away meanwhile, open it without comparing the log, which is done later."""
        try:
            return services.open_envelope(
                self.actor,
                unverified,
                peers=self.peers,
                reason=self.reason,
                blobs=held.blobs if unverified.manifest.att else (),
                seen=self.seen,
                ledger=kept_ledger(self.peers.log(is_away=is_away), unverified),
                now=self.now,
            )
        except UnreachableError:
            if is_away:
                raise
            return self._opened(held, unverified, is_away=True)

    def record(self, failure: EnvelopeError) -> None:
        """Audit a failure, and raise alarms for failed keys."""
        _record(self.actor, self.md, str(getattr(failure, "cause", failure.code)), self.now)
        raise_alarms(self.actor, self.peers.reader, self.peers.take_alarms(), now=self.now)
        keep_known(self.peers, now=self.now)


def open_ahead(
    actor: Actor, held: Iterable[Held], *, reason: str, seen: Seen, peers: VerifiedDirectory, now: datetime
) -> dict[str, OpenedAlert]:
    """Open those of these envelopes that have no files and open at once, for `fetch_and_open`; the others are left to it.

    Of several under one id the first is opened; none while the exchange is away. Not inside a transaction.
    """
    given, met = list[UnverifiedSlice](), set[tuple[str, str]]()
    for one in held:
        with suppress(EnvelopeError):
            manifest = one.unverified.manifest
            if (
                manifest.att
                or one.unverified.via
                or moment_of(manifest.terms.keep) <= now
                or (manifest.iss, manifest.jti) in met
            ):
                continue
            met.add((manifest.iss, manifest.jti))
            given.append(one.unverified)
    signers = {name for unverified in given for name in _signers_of(unverified)}
    try:
        if not given or _refresh(peers, {peers.reader, *signers}) is not None:
            return {}
        log = peers.log(is_away=False)
        log.ask_ahead(receipt.checkpoint for unverified in given for receipt in unverified.receipts)
        ledgers = [(unverified, kept_ledger(log, unverified)) for unverified in given]
        return services.open_ahead(actor, ledgers, peers=peers, reason=reason, seen=seen, now=now)
    except (ClientError, VerificationError):
        return {}


def require_access(peers: VerifiedDirectory, unverified: UnverifiedSlice, now: datetime) -> None:
    """Raise AccessEndedError where a release by which the agency has it has ended, or was withdrawn."""
    ended = [release for release in unverified.via if moment_of(end_of(release.statement)) <= now]
    if ended or withdrawn_releases(peers, unverified):
        raise AccessEndedError


def _signers_of(unverified: UnverifiedSlice) -> set[str]:
    """Return the originator, and the agencies that released the alert onward."""
    return {unverified.manifest.iss, *(release.statement.iss for release in unverified.via)}


def _refresh(peers: VerifiedDirectory, agencies: Collection[str]) -> ClientError | None:
    """Fetch the newest keys; return the error if the exchange could not be asked."""
    try:
        peers.refresh(agencies)
    except ClientError as trouble:
        return trouble
    return None


def is_not_as_signed(failure: EnvelopeError) -> bool:
    """Tell whether the octets are not those that the originator signed, so that they were changed on the way."""
    cause = failure.cause if isinstance(failure, OpeningError) else None
    return cause is Failure.BLOB or str(failure.code) in OCTETS


def _is_of_octets(failure: EnvelopeError) -> bool:
    """Tell whether the slice or its blobs fail by themselves, whatever keys are used."""
    return isinstance(failure, MalformedError | OpeningError) or str(failure.code) in OCTETS


def _fetched_again(actor: Actor, held: Held, failure: EnvelopeError, now: datetime) -> Held:
    """Return the exchange's copy in place of the one here; raises NotJudgedError where it gives none."""
    try:
        return fetch_again(actor, held, now=now)
    except (AlertsError, AbsentError):
        raise _not_judged(failure) from failure


def _not_judged(failure: EnvelopeError) -> NotJudgedError:
    known = failure if isinstance(failure, VerificationError) else None
    return NotJudgedError(known.failure if known else Failure.MALFORMED, str(failure.code))


def kept_ledger(log: KeptLog, unverified: UnverifiedSlice) -> Ledger:
    """Return the ledger as the agency has seen it, with its newest keys."""
    log.learn_keys([receipt.checkpoint for receipt in unverified.receipts])
    return log.as_ledger()


def _note_receipts(peers: VerifiedDirectory, unverified: UnverifiedSlice, opened: OpenedAlert) -> None:
    """Keep what the receipts of an opened slice prove; a checkpoint that could not be compared is kept for later."""
    log = peers.log(is_away=not opened.log_compared)
    for receipt in unverified.receipts:
        log.note(receipt, receipt.leaf.d, receipt.leaf.t, compared=opened.log_compared)
        if not opened.log_compared:
            peers.memory.keep_uncompared(receipt.checkpoint)
    peers.memory.write()


def seen_by(agency_id: str) -> Seen:
    """Return a function that gives the address already received under an issuer's id, or None."""

    def seen(iss: str, jti: str) -> str | None:
        rows = ReceivedAlert.objects.filter(agency_id=agency_id, issuer_id=iss, jti=jti)
        return rows.values_list("md", flat=True).first()

    return seen


@transaction.atomic
def _record(actor: Actor, md: str, cause: str, now: datetime) -> None:
    """Audit a refusal under the address that was asked for, since the envelope may not have that address."""
    record_event(
        "alert.refused",
        actor=actor.audit_name,
        agency=actor.agency_id or "",
        subject=md,
        detail={"move": "open", "cause": cause},
        now=now,
    )
