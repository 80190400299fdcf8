# SPDX-License-Identifier: Apache-2.0
"""Document of an own alert as it was signed, rebuilt from its revision."""

import datetime as dt
from typing import Any

from alerts.document.building import build_document
from alerts.document.check import check_document, is_life_safety
from alerts.document.rules import Circumstances
from alerts.document.structures import seen_structure
from alerts.drafting.revisions import DraftContent
from alerts.models import Alert


def sent_document(alert: Alert, content: DraftContent) -> dict[str, Any]:
    """Return the document as it was sent: a life-safety alert leaves out fields that were bad on the day of its release."""
    assert alert.released_at is not None
    known = Circumstances(
        alert.released_at.astimezone(dt.UTC).date(),
        now=alert.released_at,
        structure=seen_structure(content.data) if is_life_safety(content.data) else None,
    )
    left_out = check_document(content.data, known=known).left_out_fields
    return build_document(content.data, left_out=left_out)
