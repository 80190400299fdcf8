# SPDX-License-Identifier: Apache-2.0
"""Filing of received alerts: their rows; and of one's content, once it was opened: card, tokens, the alert it answers, projections.

All parts of a content are made in one savepoint. If that fails, each is made in its own, so that one part's failure affects neither the
others nor the alert. A second run changes nothing. Of RED nothing is filed but whom it names, and what it asks or answers.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import partial

from django.db import transaction

from alerts.document.reading import ReadDocument
from alerts.models import ReceivedAlert
from alerts.projections.cards import card_of, seal_received_card
from alerts.projections.registry import projections
from alerts.projections.tokens import keep_tokens
from alerts.receiving.versions import place_copy
from alerts.red_readers import is_red
from alerts.replies.projection import keep_received
from peers.entries import note_first_release


def file_rows(rows: Sequence[ReceivedAlert], *, now: datetime) -> None:
    """Save new rows; in the caller's transaction."""
    ReceivedAlert.objects.bulk_create(rows)
    for projection in projections():
        projection.on_filed(rows)
    for issuer in {row.issuer for row in rows if row.status == "actual"}:
        if issuer.first_release_at is None:
            note_first_release(issuer.pk, now=now)


def file_content(
    received: ReceivedAlert, document: ReadDocument, named: Collection[str], *, now: datetime
) -> None:
    """File every part of the content of a saved row; then raise the first failure, if there was any.

    `named` are the ids of the agency's own officers whom it names.
    """
    if is_red(received.tlp):
        _file_names(received, named)
        keep_received(received, document.data, now=now)
        return
    parts = (
        partial(_file_card, received, document),
        partial(keep_tokens, received, document.data, document.digests),
        *(partial(projection.on_received, received, document) for projection in projections()),
        partial(keep_received, received, document.data, now=now),
    )
    before = received.card
    if _trouble_with(*parts) is None:
        return
    received.card = before
    troubles = [trouble for part in parts if (trouble := _trouble_with(part)) is not None]
    if troubles:
        raise troubles[0]


def _file_names(received: ReceivedAlert, named: Collection[str]) -> None:
    received.named = sorted(named)
    received.save(update_fields=["named"])


def _file_card(received: ReceivedAlert, document: ReadDocument) -> None:
    if received.card is None:
        place_copy(received, document.data)
        received.card = seal_received_card(received, card_of(document.data))
        received.save(update_fields=["card", "resent_jti", "resent_at", "first_md", "version"])


def _trouble_with(*parts: Callable[[], None]) -> Exception | None:
    try:
        with transaction.atomic():
            for part in parts:
                part()
    except Exception as trouble:  # noqa: BLE001 - the caller raises it, after the other parts
        return trouble
    return None
