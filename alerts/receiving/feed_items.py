# SPDX-License-Identifier: Apache-2.0
"""Names of what a feed brings, by which it is set aside and found again."""

from accord.calls.answers import FeedEntry, StatementAnswer
from accord.envelope.errors import EnvelopeError
from accord.envelope.statements.form import parse_statement
from alerts.models import ReceivedAlert
from ledger.models import Distrust
from ledger.set_aside import Item

ENVELOPE, STATEMENT, REPUDIATED, REMINDER = "envelope", "statement", "repudiated", "reminder"
"""What an item of a feed is (`FeedEntry.what`)."""


def name_of(item: FeedEntry, answer: StatementAnswer | None) -> Item:
    """Return the item's name for setting it aside; the alert that it is about is then not to be relied on."""
    if item.what == ENVELOPE:
        return name_of_envelope(item.number, item.d)
    about = _subject_of(answer) if answer else ""
    return Item(_key(item.number, item.d), about or item.d, Distrust.ALERT)


def name_of_envelope(number: int, md: str) -> Item:
    return Item(_key(number, md), md)


def name_of_received(received: ReceivedAlert) -> Item:
    return Item(str(received.pk), received.md)


def _key(number: int, d: str) -> str:
    """Return the key by which an item that was set aside is taken again: its number in the feed and its digest."""
    return f"{number} {d}"


def _subject_of(answer: StatementAnswer) -> str:
    """Return the digest of a statement's subject, not verified."""
    try:
        said = parse_statement(answer.jws).statement
    except EnvelopeError:
        return ""
    return said.sub.d if said.sub else ""
