# SPDX-License-Identifier: Apache-2.0
"""What the exchange has to know of an envelope before it verifies anything, read in one statement."""

from dataclasses import dataclass
from typing import Final

from django.db import connection

from sharing.backpressure import Queue

_LOOK: Final = """
SELECT (SELECT md FROM sharing_envelope WHERE iss_id = %(iss)s AND jti = %(jti)s),
    (SELECT status FROM agencies_agency WHERE id = %(iss)s),
    (SELECT beat FROM sharing_feedmark),
    (SELECT min(queued_at) FROM sharing_feedpending)
"""


@dataclass(frozen=True)
class Arrival:
    """`known` is the digest that stands under its (iss, jti), `status` its issuer's; None where there is none."""

    known: str | None
    status: str | None
    queue: Queue


def look_at_arrival(iss: str, jti: str) -> Arrival:
    """As it is now, without a lock: what comes in between is found when it is stored."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, {"iss": iss, "jti": jti})
        known, status, beat, oldest = cursor.fetchone()
    return Arrival(known, status, Queue(beat, oldest))
