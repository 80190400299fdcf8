# SPDX-License-Identifier: Apache-2.0
"""Titles of received and sent alerts, for pages that are about one of them."""

import uuid
from collections.abc import Sequence

from alerts.models import Alert, ReceivedAlert
from alerts.projections.cards import open_alert_cards, open_received_cards

About = Alert | ReceivedAlert


def titles_of(abouts: Sequence[About]) -> dict[uuid.UUID, str]:
    """Return the titles of alerts that the officer may see, the reference where a card does not open; with two queries."""
    received = [one for one in abouts if isinstance(one, ReceivedAlert)]
    sent = [one for one in abouts if isinstance(one, Alert)]
    agency = abouts[0].agency_id if abouts else ""
    cards = open_received_cards(agency, received) | open_alert_cards(agency, sent)
    titles = {pk: card.title for pk, card in cards.items()}
    references = {one.pk: one.reference for one in received} | {one.pk: one.md[:12] for one in sent}
    return {pk: titles.get(str(pk)) or reference for pk, reference in references.items()}


def title_of(about: About) -> str:
    return titles_of([about])[about.pk]
