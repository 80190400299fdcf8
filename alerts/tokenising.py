# SPDX-License-Identifier: Apache-2.0
"""Gives sent alerts their search tokens soon after they were sent, and those that were sent before there were any.

The structures of sent alerts are put away with them.
"""

import logging
import uuid
from typing import Final

from django.db import transaction

from agencies.vault.errors import VaultError
from alerts.models import Alert
from alerts.outbox import sent_document
from alerts.revisions import read_revision
from alerts.science.stored import keep_sent_structure
from alerts.tokens import keep_sent_tokens

log = logging.getLogger(__name__)
AT_MOST: Final = 200
"""How many in one round."""


def tokenise_sent(*, limit: int = AT_MOST) -> int:
    """Tokens for at most `limit` sent alerts of all agencies, and their structures put away; returns how many.

    One that does not open gets none.
    """
    rows = Alert.objects.filter(released_at__isnull=False, tokens_kept=False).order_by("pk")
    done = 0
    for pk in list(rows.values_list("pk", flat=True)[:limit]):
        done += _tokenise(pk)
    return done


@transaction.atomic
def _tokenise(pk: uuid.UUID) -> int:
    rows = Alert.objects.select_related("agency").select_for_update(of=("self",), skip_locked=True)
    alert = rows.filter(pk=pk, tokens_kept=False).first()
    if alert is None:
        return 0
    try:
        content = read_revision(alert)
    except VaultError:
        log.warning("sent alert %s does not open: it is found by its words only", alert.pk)
        Alert.objects.filter(pk=alert.pk).update(tokens_kept=True)
        return 0
    digests = [note.sha256 for note in content.attachments if note.sha256]
    document = sent_document(alert, content)
    keep_sent_tokens(alert, document, digests)
    keep_sent_structure(alert, document)
    return 1
