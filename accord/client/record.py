# SPDX-License-Identifier: Apache-2.0
"""The record with another agency, as far as a home holds its facts: everything that counts, by kind of envelope, and its digest.

- The list is the one that a desk has, so that the two digests are compared. Texts of agreements are no items.
- What an item says is not kept in a home: types, what was supplied and answer times are a desk's figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from accord.calls.deliveries import REACHED
from accord.client.agreement_texts import TEXT, texts_among
from accord.client.inbox import records_after
from accord.client.manifests import learn_manifests
from accord.client.outcome import listed_since, settle_listed
from accord.client.sending import ENVELOPE
from accord.client.session import Act
from accord.envelope.vocabulary import MAX_IAT_AGE_SECS
from accord.following.judging import retraction_of
from accord.reciprocity import RETRACTED_WITHIN, Period, list_digest

ACTUAL = "actual"
RETRACT = "retract"


@dataclass(frozen=True)
class PartnerRecord:
    """Items that count between the own agency and another in a period; `gave` and `got` by kind of envelope.

    `unknown` counts received items of the other agency whose manifest could not be verified: they may be missing here.
    """

    peer: str
    gave: Mapping[str, int]
    got: Mapping[str, int]
    withdrawn_gave: int
    withdrawn_got: int
    items: tuple[str, ...]
    digest: str
    unknown: int


@dataclass(frozen=True)
class _Item:
    """`retracted_at` is the log time of a retract that counts; times in seconds."""

    md: str
    kind: str
    log_time: int
    retracted_at: int | None

    @property
    def is_withdrawn(self) -> bool:
        limit = self.log_time + RETRACTED_WITHIN.total_seconds()
        return self.retracted_at is not None and self.retracted_at < limit


def record_with(act: Act, peer: str, period: Period) -> PartnerRecord:
    """Return the record with another agency; the feed has been followed. Raises as listing the own submissions does."""
    texts = texts_among(act.state, [one for one in act.state.inbox.values() if one.iss == peer])
    doubts = learn_manifests(act, [one for one in records_after(act.state, 0) if one.iss == peer])
    begins, ends = int(period.begins.timestamp()), int(period.ends.timestamp())
    gave = [one for one in _given(act, peer, begins) if begins <= one.log_time < ends]
    received = (one for one in _received(act, peer) if one.md not in texts)
    got = [one for one in received if begins <= one.log_time < ends]
    items = tuple(sorted(one.md for one in (*gave, *got) if not one.is_withdrawn))
    return PartnerRecord(
        peer,
        dict(Counter(one.kind for one in gave if not one.is_withdrawn)),
        dict(Counter(one.kind for one in got if not one.is_withdrawn)),
        sum(one.is_withdrawn for one in gave),
        sum(one.is_withdrawn for one in got),
        items,
        list_digest(items),
        len(doubts),
    )


def _received(act: Act, peer: str) -> Iterator[_Item]:
    for record in act.state.manifests.values():
        if record is not None and record.iss == peer and record.status == ACTUAL:
            retract = retraction_of(act, record.md, peer)
            yield _Item(record.md, record.kind, record.log_time, retract.log_time if retract else None)


def _given(act: Act, peer: str, begins: int) -> Iterator[_Item]:
    """Yield what was sent from here and reached the other agency, as the hub says."""
    listed = list(listed_since(act, begins - MAX_IAT_AGE_SECS))
    times = {facts.d: settle_listed(act, facts) for facts in listed}
    retracted = {
        record.about: times[facts.d]
        for facts in listed
        if (record := act.state.submissions.get(facts.d)) is not None and record.kind == RETRACT
    }
    for facts in listed:
        record, log_time = act.state.submissions.get(facts.d), times[facts.d]
        has_it = any(one.recipient == peer and one.state in REACHED for one in facts.deliveries)
        if record is None or log_time is None or not has_it:
            continue
        if (record.what, record.status) == (ENVELOPE, ACTUAL) and record.kind != TEXT:
            yield _Item(record.d, record.kind, log_time, retracted.get(record.d))
