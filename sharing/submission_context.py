# SPDX-License-Identifier: Apache-2.0
"""The facts that intake needs about an envelope before it verifies anything, read in one SQL statement."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from ledger.proofs import LeafPlace, wanted_place
from sharing.backpressure import Queue

_LOOK: Final = """
SELECT (SELECT md FROM sharing_envelope WHERE iss_id = %(iss)s AND jti = %(jti)s),
    (SELECT status FROM agencies_agency WHERE id = %(iss)s),
    (SELECT beat FROM sharing_feedmark),
    (SELECT min(queued_at) FROM sharing_feedpending),
    EXISTS (SELECT FROM ledger_wanted WHERE od = %(md)s),
    (SELECT version.id FROM sharing_agreementversion AS version
        JOIN sharing_statement AS proposal ON proposal.od = version.od AND proposal.iss_id = %(iss)s
        WHERE version.text_md = %(md)s AND version.refused_at IS NULL AND version.until > %(now)s
        ORDER BY version.id LIMIT 1)
"""


@dataclass(frozen=True)
class SubmissionContext:
    """`known` is the digest already stored under its (iss, jti), `status` its issuer's; None where there is none.

    `leaf` is its leaf in the ledger, where a restore lost the object itself. `text_of` is the version of an agreement, proposed by
    its issuer and neither refused nor ended, that names it as its text.
    """

    known: str | None
    status: str | None
    queue: Queue
    leaf: LeafPlace | None
    text_of: int | None


def load_submission_context(iss: str, jti: str, md: str, *, now: datetime) -> SubmissionContext:
    """Read these facts without a lock; storing the envelope detects anything that changes in between."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, {"iss": iss, "jti": jti, "md": md, "now": now})
        known, status, beat, oldest, is_wanted, text_of = cursor.fetchone()
    leaf = wanted_place(md) if is_wanted else None
    return SubmissionContext(known, status, Queue(beat, oldest), leaf, text_of)
