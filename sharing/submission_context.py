# SPDX-License-Identifier: Apache-2.0
"""The facts that intake needs about an envelope before it verifies anything, read in one SQL statement."""

from dataclasses import dataclass
from typing import Final

from django.db import connection

from ledger.proofs import LeafPlace, wanted_place
from sharing.backpressure import Queue

_LOOK: Final = """
SELECT (SELECT md FROM sharing_envelope WHERE iss_id = %(iss)s AND jti = %(jti)s),
    (SELECT status FROM agencies_agency WHERE id = %(iss)s),
    (SELECT beat FROM sharing_feedmark),
    (SELECT min(queued_at) FROM sharing_feedpending),
    EXISTS (SELECT FROM ledger_wanted WHERE od = %(md)s)
"""


@dataclass(frozen=True)
class SubmissionContext:
    """`known` is the digest already stored under its (iss, jti), `status` its issuer's; None where there is none.

    `leaf` is its leaf in the ledger, where a restore lost the object itself.
    """

    known: str | None
    status: str | None
    queue: Queue
    leaf: LeafPlace | None


def load_submission_context(iss: str, jti: str, md: str) -> SubmissionContext:
    """Read these facts without a lock; storing the envelope detects anything that changes in between."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, {"iss": iss, "jti": jti, "md": md})
        known, status, beat, oldest, is_wanted = cursor.fetchone()
    return SubmissionContext(known, status, Queue(beat, oldest), wanted_place(md) if is_wanted else None)
