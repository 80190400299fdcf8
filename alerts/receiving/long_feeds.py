# SPDX-License-Identifier: Apache-2.0
"""Long feeds, as after days away: alerts that stand alone are verified and filed together, and are read after the feed's end.

- An alert stands alone if it names no other, asks for no answer, has no files, came by no release and is not RED, and if nothing here
  is about it. Every other one, and one that fails a check, is taken by itself (`alerts.receiving.taking`), which says why.
- Officers are told of it as of any other, and may open it. Card, tokens and other projections are made when the worker opens it.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

from accord.calls.answers import FeedEntry
from accord.calls.errors import ClientError
from accord.envelope.errors import EnvelopeError
from accord.envelope.slices import UnverifiedSlice
from accord.envelope.verifying import verify_slice
from accord.following.log import KeptLog
from alerts.models import ReceivedAlert
from alerts.peers.alarm import raise_alarms
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.pin_updates import keep_seen
from alerts.receiving.feed_notices import FeedNotices
from alerts.receiving.fetching import kept_ledger
from alerts.receiving.filing import file_rows
from alerts.receiving.held_envelopes import Held
from alerts.receiving.page_facts import PageFacts
from alerts.receiving.versions import UPDATE
from alerts.red_readers import is_red
from callers.actors import Actor

LONG: Final = 100
"""Number of items that wait from which on a feed is long."""
LONG_TURN: Final = 500
"""Limit of items of a long feed before another agency has its turn."""
TOGETHER: Final = 100
"""Limit of alerts that are filed in one transaction."""


def is_long(number: int, head: int) -> bool:
    """Tell whether a feed whose last item is `head` is long from this item on."""
    return head - number >= LONG


class LongFeed:
    """Alerts of one agency's long feed that may be filed together."""

    def __init__(
        self, actor: Actor, peers: VerifiedDirectory, facts: PageFacts, notices: FeedNotices, now: datetime
    ) -> None:
        self._actor, self._peers, self._facts, self._notices = actor, peers, facts, notices
        self._now = now
        self._left: set[str] = set()

    def leave(self, mds: Iterable[str]) -> None:
        """Leave these alerts to be taken one by one."""
        self._left.update(mds)

    def verify(self, given: Iterable[tuple[FeedEntry, Held]]) -> list[tuple[FeedEntry, UnverifiedSlice]]:
        """Return the first of these alerts, which stand alone and pass each check of an opening that needs no private key.

        The directory has the newest keys of their originators. What the receipts prove is kept. Not inside a transaction.
        """
        passed, ids = list[tuple[FeedEntry, UnverifiedSlice]](), set[tuple[str, str]]()
        log = self._peers.log(is_away=False)
        given = list(given)
        with suppress(ClientError, EnvelopeError):
            log.ask_ahead(_notes_of(held for _, held in given))
            for item, held in given:
                if (item.iss, item.id) in ids or not self._stands_alone(item, held):
                    break
                self.leave([item.d])
                self._verify_one(held.unverified, log)
                ids.add((item.iss, item.id))
                passed.append((item, held.unverified))
        raise_alarms(self._actor, self._peers.reader, self._peers.take_alarms(), now=self._now)
        keep_seen(self._peers, {item.iss for item, _ in passed}, now=self._now)
        self._peers.memory.write()
        self._left -= {item.d for item, _ in passed}
        return passed

    def file(self, rows: Sequence[ReceivedAlert]) -> None:
        """Save the rows, which the worker has not read, and tell officers of each; in the caller's transaction."""
        file_rows(rows, now=self._now)
        self._notices.tell_of_arrivals(rows)

    def _stands_alone(self, item: FeedEntry, held: Held) -> bool:
        """Raises MalformedError, VerificationError."""
        if item.d in self._left or not self._facts.is_alone(item.iss, item.id, item.d):
            return False
        unverified = held.unverified
        manifest, terms = unverified.manifest, unverified.manifest.terms
        is_more = terms.re or terms.reply_by or terms.kind == UPDATE or manifest.att or unverified.via
        is_named_so = (manifest.iss, terms.jti) == (item.iss, item.id)
        is_text = self._facts.is_text(item.iss, item.id, item.d)
        return is_named_so and not is_more and not is_text and not is_red(terms.tlp)

    def _verify_one(self, unverified: UnverifiedSlice, log: KeptLog) -> None:
        """Raises MalformedError, VerificationError, ClientError."""
        verified = verify_slice(
            unverified,
            reader=self._peers.reader,
            directory=self._peers,
            ledger=kept_ledger(log, unverified),
            now=int(self._now.timestamp()),
        )
        log.note(unverified.receipts[0], verified.md, verified.log_time, compared=verified.log_compared)


def _notes_of(given: Iterable[Held]) -> Iterator[str]:
    """Yield the checkpoints by which the ledger proves these envelopes; none for one that is no slice."""
    for held in given:
        with suppress(EnvelopeError):
            yield from [receipt.checkpoint for receipt in held.unverified.receipts]
