# SPDX-License-Identifier: Apache-2.0
"""Search tokens of sent alerts, made soon after sending; also for alerts sent before tokens existed.

Rows that features derive from sent alerts are made with them.
"""

import logging
import uuid
from datetime import datetime
from typing import Final

from django.db import transaction

from alerts.drafting.revisions import read_revision
from alerts.models import Alert
from alerts.projections.registry import projections
from alerts.projections.tokens import keep_sent_tokens
from alerts.sending.sent_document import sent_document
from ledger.set_aside import Item, Loop, begin_round
from vault.errors import SealBrokenError, is_ring_away, is_vault_away

log = logging.getLogger(__name__)
TOKENISING: Final = Loop("desk.tokens-of-sent", "system:desk-worker", is_ring_away)
AT_MOST: Final = 200
"""Limit of alerts in one round."""


def tokenise_sent(*, now: datetime, limit: int = AT_MOST) -> int:
    """Make tokens and projections for at most `limit` sent alerts of all agencies; return how many.

    An alert that does not open gets none.
    """
    a_round, done = begin_round(TOKENISING, now=now), list[int]()
    a_round.try_again(lambda key: done.append(_tokenise(uuid.UUID(key))))
    rows = Alert.objects.filter(released_at__isnull=False, tokens_kept=False).exclude(
        pk__in=a_round.keys_aside()
    )
    for pk, agency in list(rows.order_by("pk").values_list("pk", "agency_id")[:limit]):
        a_round.take(Item(str(pk), agency=agency), lambda pk=pk: done.append(_tokenise(pk)))  # type: ignore[misc]
    return sum(done)


@transaction.atomic
def _tokenise(pk: uuid.UUID) -> int:
    rows = Alert.objects.select_related("agency").select_for_update(of=("self",), skip_locked=True)
    alert = rows.filter(pk=pk, tokens_kept=False).first()
    if alert is None:
        return 0
    try:
        content = read_revision(alert)
    except SealBrokenError as broken:
        if is_vault_away(broken):
            raise
        log.warning("sent alert %s does not open: it is found by its words only", alert.pk)
        Alert.objects.filter(pk=alert.pk).update(tokens_kept=True)
        return 0
    digests = [note.sha256 for note in content.attachments if note.sha256]
    document = sent_document(alert, content)
    keep_sent_tokens(alert, document, digests)
    for projection in projections():
        projection.on_sent(alert, document)
    return 1
