# SPDX-License-Identifier: Apache-2.0
"""Columns of a received question by which its answer is due."""

from datetime import datetime


def due(moment: datetime) -> dict[str, datetime]:
    """Return them for an answer that no suspension has moved."""
    return {"reply_by": moment, "answer_by": moment}
