# SPDX-License-Identifier: Apache-2.0
"""Find objects that others sent under this agency's keys: the hub's list against what was sent from here.

- The hub lists every envelope and statement it has accepted from the agency. One that was never sent from this home was sent by
  another client of the agency, or by somebody who holds its signing keys.
- An object that was sent from here and accepted, but is not listed, has been lost or withheld.
- The own keyset is checked too: a key in it that is not in this home's key file was put there by a holder of the root.

The hub may hide a thief's object, but it cannot put one into a recipient's feed without a receipt. Source:
docs/spec/envelope.md, "Stolen signing key".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from accord.calls.deliveries import SubmissionFacts
from accord.client.errors import AbsentError, RefusedError
from accord.client.outcome import PAGE, settle_listed
from accord.client.sending import ENVELOPE
from accord.client.session import Act
from accord.envelope.errors import EnvelopeError, VerificationError
from accord.envelope.slices import parse_slice
from accord.envelope.statements.form import parse_statement
from accord.state import State, SubmissionRecord

LIVE = ("current", "retiring")


@dataclass(frozen=True)
class UnknownSubmission:
    """An object under our name that was not sent from here. `kids` are the keys that signed it, where known.

    `log_time` is proved by its receipt, None until there is one or where it does not hold; `iat` is its own claim. Times in
    seconds.
    """

    what: str
    d: str
    id: str
    iat: int
    log_time: int | None
    kids: tuple[str, ...]


@dataclass(frozen=True)
class SubmissionCheck:
    """The result of the comparison; `listed` counts objects at the hub, `waiting` those without a receipt yet.

    `unlisted`: accepted from here, and not listed. `foreign_keys`: kids in use in the own keyset, whose private keys are not in
    this home. `revoked`: kids whose revocation is logged.
    """

    listed: int
    waiting: int
    strangers: tuple[UnknownSubmission, ...]
    unlisted: tuple[SubmissionRecord, ...]
    foreign_keys: tuple[str, ...]
    revoked: tuple[str, ...] = ()

    @property
    def alarm(self) -> bool:
        """Tell whether anything must be looked into."""
        return bool(self.strangers or self.unlisted or self.foreign_keys)

    @property
    def since(self) -> int | None:
        """The time from which the keys count as stolen (seconds): the first object that was not ours."""
        moments = [item.iat if item.log_time is None else item.log_time for item in self.strangers]
        return min(moments, default=None)

    @property
    def kids(self) -> tuple[str, ...]:
        """The keys that signed objects that were not ours."""
        return tuple(sorted({kid for item in self.strangers for kid in item.kids}))

    @property
    def revocable(self) -> tuple[str, ...]:
        """The keys in `kids` that are not revoked yet."""
        return tuple(kid for kid in self.kids if kid not in self.revoked)


def check_submissions(act: Act) -> SubmissionCheck:
    """Compare over all pages; fetch receipts of our own on the way. Raises the hub's errors."""
    listed = list(list_submissions(act))
    # Read afresh: another program of this home records an object before it sends it.
    state = act.session.state_file.read()
    strangers = [facts for facts in listed if facts.d not in state.submissions]
    for facts in listed:
        if facts.d in state.submissions:
            settle_listed(act, facts)
    act.refresh(act.agency)
    act.changes.write()
    places = {facts.d for facts in listed}
    return SubmissionCheck(
        listed=len(listed),
        waiting=sum(
            record.logged_at is None for record in act.session.state_file.read().submissions.values()
        ),
        strangers=tuple(_describe(act, facts) for facts in strangers),
        unlisted=tuple(_unlisted(act.state, places)),
        foreign_keys=_foreign_keys(act),
        revoked=tuple(sorted({word.kid for word in act.directory.revocations(act.agency)})),
    )


def list_submissions(act: Act) -> Iterator[SubmissionFacts]:
    """Yield everything that the hub lists in this agency's name, newest first."""
    after: str | None = None
    while True:
        page = act.session.exchange.submissions(after=after, limit=PAGE)
        yield from page.items
        if page.next is None or page.next == after:
            return
        after = page.next


def _unlisted(state: State, listed: set[str]) -> Iterator[SubmissionRecord]:
    """Yield unlisted objects by the state before the listing: objects sent during it need not be listed."""
    for record in sorted(state.submissions.values(), key=lambda record: record.id):
        if record.d not in listed and (record.accepted or record.logged_at is not None):
            yield record


def _describe(act: Act, facts: SubmissionFacts) -> UnknownSubmission:
    log_time = None
    if facts.receipt is not None:
        try:
            log_time = act.log.prove(facts.receipt, d=facts.d)
        except VerificationError:
            log_time = None
    return UnknownSubmission(facts.what, facts.d, facts.id, facts.iat, log_time, _kids_of(act, facts))


def _kids_of(act: Act, facts: SubmissionFacts) -> tuple[str, ...]:
    """Return its signers, by the object itself; none where the hub does not return it (yet)."""
    exchange = act.session.exchange
    try:
        if facts.what == ENVELOPE:
            manifest = parse_slice(exchange.slice(facts.d)).manifest
            return manifest.signers if manifest.md == facts.d else ()
        unverified = parse_statement(exchange.statement(facts.d).jws)
        return unverified.statement.signers if unverified.od == facts.d else ()
    except (AbsentError, RefusedError, EnvelopeError):
        return ()


def _foreign_keys(act: Act) -> tuple[str, ...]:
    keyset = act.directory.keyset(act.agency)
    held = {key.public.kid for key in act.session.ring.keys}
    rows = keyset.rows if keyset is not None else ()
    return tuple(row.kid for row in rows if row.st in LIVE and row.kid not in held)
