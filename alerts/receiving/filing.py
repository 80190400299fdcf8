# SPDX-License-Identifier: Apache-2.0
"""Files what a received alert says, once it was opened: card, tokens, structure, spectra, notices, what it answers.

All parts are made at once; where one cannot be made, each by itself, so that it takes no other with it, nor the alert.
Twice is once.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.db import transaction

from alerts.document.reading import ReadDocument
from alerts.models import ReceivedAlert
from alerts.projections.cards import card_of, seal_received_card
from alerts.projections.tokens import keep_tokens
from alerts.science.library_received import keep_received_files
from alerts.science.replies.keeping import keep_received
from alerts.science.stored import keep_received_structure
from alerts.science.watching import tell_of_published


def file_content(received: ReceivedAlert, document: ReadDocument, *, now: datetime) -> None:
    """Files every part of what a saved row's alert says, then raises the first trouble, if there was any."""
    parts = (
        partial(_file_card, received, document),
        partial(keep_tokens, received, document.data, document.digests),
        partial(keep_received_structure, received, document.data),
        partial(keep_received_files, received, document.spectra, document.data),
        partial(tell_of_published, received, document.data, now=received.received_at),
        partial(keep_received, received, document.data, now=now),
    )
    before = received.card
    if _trouble_with(*parts) is None:
        return
    received.card = before
    troubles = [trouble for part in parts if (trouble := _trouble_with(part)) is not None]
    if troubles:
        raise troubles[0]


def _file_card(received: ReceivedAlert, document: ReadDocument) -> None:
    if received.card is None:
        received.card = seal_received_card(received, card_of(document.data))
        received.save(update_fields=["card"])


def _trouble_with(*parts: Callable[[], None]) -> Exception | None:
    try:
        with transaction.atomic():
            for part in parts:
                part()
    except Exception as trouble:  # noqa: BLE001 - the caller raises it, after the other parts
        return trouble
    return None
