# SPDX-License-Identifier: Apache-2.0
"""Envelopes that an agency's desk sent, and what the exchange says became of each at each recipient, from the desk's own rows."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from callers.binding import keep_bound
from callers.deliveries import UNACKNOWLEDGED
from callers.errors import NotBoundError
from peers.models import SentDelivery, SentEnvelope


@dataclass(frozen=True)
class DeliveryFact:
    """Facts of one recipient; `answer` is that of its last acknowledgement: opened, refused, unopenable or "".

    `mail_failed`: every mail about it failed, as far as this desk knows, so that nobody there was told.
    """

    recipient: str
    state: str
    told_at: datetime | None = None
    fetched_at: datetime | None = None
    opened_at: datetime | None = None
    acknowledged_at: datetime | None = None
    answer: str = ""
    recalled_at: datetime | None = None
    recall_confirmed_at: datetime | None = None
    mail_failed: bool = False

    @property
    def is_awaited(self) -> bool:
        """Tell whether its acknowledgement is awaited."""
        return self.state in UNACKNOWLEDGED and self.acknowledged_at is None and self.recalled_at is None


@dataclass(frozen=True)
class Sent:
    """Envelope of the agency: until when it is to be acknowledged and answered, when it expires, until when it is kept, to whom it went.

    The times are those that were signed.
    """

    ack_by: datetime | None
    reply_by: datetime | None
    exp: datetime
    keep: datetime
    facts: tuple[DeliveryFact, ...]


def note_sent(
    agency_id: str,
    md: str,
    recipients: Collection[str],
    *,
    ack_by: datetime | None,
    reply_by: datetime | None,
    exp: datetime,
    keep: datetime,
) -> None:
    """Keep an envelope and its recipients, in the transaction that releases it."""
    rows = [SentDelivery(reader=agency_id, md=md, recipient=recipient) for recipient in recipients]
    listed = sorted(recipients)
    envelope = SentEnvelope(
        reader=agency_id, md=md, recipients=listed, ack_by=ack_by, reply_by=reply_by, exp=exp, keep=keep
    )
    keep_bound([envelope, *rows])


def sent_by(agency_id: str, mds: Collection[str]) -> dict[str, Sent]:
    """Return what became of envelopes that this desk sent, in two queries whatever their number.

    Raises NotBoundError for a row that was altered, moved to another agency or deleted.
    """
    envelopes = {row.md: row for row in SentEnvelope.objects.filter(reader=agency_id, md__in=mds)}
    said = claimed_of(agency_id, mds)
    return {md: _sent(agency_id, md, envelopes.get(md), said.get(md, {})) for md in set(mds)}


def claimed_of(agency_id: str, mds: Collection[str]) -> Mapping[str, Mapping[str, DeliveryFact]]:
    """Return what the exchange says of envelopes in the agency's name, by recipient, even of those that this desk never sent.

    Raises NotBoundError for a row that was altered or moved to another agency.
    """
    facts: defaultdict[str, dict[str, DeliveryFact]] = defaultdict(dict)
    for row in deliveries_of(agency_id).filter(md__in=mds).order_by("recipient"):
        row.require_bound()
        said = {name: getattr(row, name) for name in SentDelivery.SAID}
        facts[row.md][row.recipient] = DeliveryFact(row.recipient, **said)
    return facts


def deliveries_of(agency_id: str) -> QuerySet[SentDelivery]:
    """Select the rows themselves, for conditions on a list; their codes are checked only where they are shown."""
    return SentDelivery.objects.filter(reader=agency_id)


def awaited_of(agency_id: str) -> QuerySet[SentDelivery]:
    """Select the deliveries whose acknowledgement is awaited, as `deliveries_of` and by the rule of `DeliveryFact.is_awaited`."""
    return deliveries_of(agency_id).filter(acknowledged_at=None, recalled_at=None, state__in=UNACKNOWLEDGED)


def envelopes_of(agency_id: str) -> QuerySet[SentEnvelope]:
    """Select the rows themselves, as `deliveries_of`."""
    return SentEnvelope.objects.filter(reader=agency_id)


def _sent(agency_id: str, md: str, row: SentEnvelope | None, said: Mapping[str, DeliveryFact]) -> Sent:
    if row is None:
        raise NotBoundError(SentEnvelope._meta.db_table, f"{md} of {agency_id}")
    row.require_bound()
    missing = [recipient for recipient in row.recipients if recipient not in said]
    if missing:
        raise NotBoundError(SentDelivery._meta.db_table, f"{md} of {agency_id} at {missing[0]}")
    facts = tuple(said[recipient] for recipient in row.recipients)
    return Sent(row.ack_by, row.reply_by, row.exp, row.keep, facts)
