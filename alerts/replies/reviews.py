# SPDX-License-Identifier: Apache-2.0
"""Reviews of an identification by other laboratories: one standing review from each agency.

The newest review of an agency is its standing one. If that was withdrawn, or its signature does not count, the agency has
none: no earlier one takes its place.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from alerts.document.choices import OPINIONS
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.signature_state import SignatureFacts
from alerts.replies.kinds import PEER_REVIEW
from alerts.replies.summary import ReplySummary, opinion_words
from alerts.replies.thread_rows import RepliesHeld, agency_of, read_replies, still_counts
from alerts.rows.replies import Reply
from officers.models import Officer


@dataclass(frozen=True)
class Review:
    """Standing review. `version` is the alert's version that was reviewed; `alert` the reviewer's own."""

    agency: str
    name: str
    opinion: str
    text: str = field(repr=False)
    contact: str = field(repr=False)
    evidence: int
    at: dt.datetime | None
    log_index: int | None
    version: int
    is_of_newest: bool
    suite: str
    standing: SignatureFacts
    alert: uuid.UUID | None = None
    received: uuid.UUID | None = None

    @property
    def words(self) -> str:
        """Words after the reviewer's name."""
        return opinion_words(self.opinion)


def reviews_of(
    officer: Officer,
    versions: Mapping[str, int],
    *,
    held: RepliesHeld | None = None,
    issuer: str = "",
    now: dt.datetime,
) -> list[Review]:
    """Return the standing reviews of these versions of one alert (their number by address), by the reviewers' names.

    Reviews that have not reached the officer's agency are not included. `held` are the replies, if the caller has read them, and
    `issuer` is the alert's originator, if known.
    """
    replies = held or read_replies(officer, versions, now=now)
    summaries = replies.summaries
    reviews = [
        row
        for row in replies.rows
        if row.re_md in versions and _is_review(summaries.get(str(row.pk), ReplySummary()))
    ]
    newest = {agency_of(row): row for row in sorted(reviews, key=_order)}
    for originator in _issuers(versions, issuer) if newest else ():
        # The originator cannot review its own identification.
        newest.pop(originator, None)
    if not newest:
        return []
    latest = max(versions.values())
    standing = [
        _review(row, summaries[str(row.pk)], _name_of(row, officer), versions[row.re_md], latest)
        for row in newest.values()
        if still_counts(row)
    ]
    return sorted(standing, key=lambda review: (review.name, review.agency))


def _issuers(versions: Mapping[str, int], known: str) -> Collection[str]:
    if known:
        return [known]
    sent = Alert.objects.filter(md__in=versions).order_by().values_list("agency_id")
    received = ReceivedAlert.objects.filter(md__in=versions).order_by().values_list("issuer_id")
    return [agency for (agency,) in sent.union(received)]


def _name_of(row: Reply, officer: Officer) -> str:
    if isinstance(row.received, ReceivedAlert):
        return row.received.issuer.name
    return officer.agency.name if officer.agency else row.agency_id


def _is_review(summary: ReplySummary) -> bool:
    return summary.alert_type == PEER_REVIEW and summary.opinion in dict(OPINIONS)


def _order(row: Reply) -> tuple[dt.datetime, int]:
    """Return the order within one agency: of the log, or of sending for own reviews."""
    if isinstance(row.received, ReceivedAlert):
        return row.received.logged_at, row.received.log_index
    assert isinstance(row.alert, Alert) and row.alert.released_at is not None
    return row.alert.released_at, 0


def _review(row: Reply, summary: ReplySummary, name: str, version: int, latest: int) -> Review:
    received = row.received if isinstance(row.received, ReceivedAlert) else None
    own = row.alert if isinstance(row.alert, Alert) else None
    return Review(
        agency=agency_of(row),
        name=name,
        opinion=summary.opinion,
        text=summary.text,
        contact=summary.contact,
        evidence=summary.evidence,
        at=received.logged_at if received else own.released_at if own else None,
        log_index=received.log_index if received else None,
        version=version,
        is_of_newest=version == latest,
        suite=received.suite if received else "PQ1",
        standing=(received.standing if received else None) or SignatureFacts(),
        alert=own.pk if own else None,
        received=received.pk if received else None,
    )
