# SPDX-License-Identifier: Apache-2.0
"""Token of what has reached an officer: when it differs, a list or a count of the menu would show something else.

The stamp of an agency is what it is without regard to who looks, in one read; while it stays, no token of the agency changes.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import astuple
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.db.models import Max, Q

from alerts.boxes.inbox import unread_here
from alerts.boxes.waiting import count_waiting
from alerts.models import Alert, ReceivedAlert
from alerts.states import IN_REVIEW
from callers.capabilities import Capability
from officers.models import Officer
from peers.models import HeldStatement

ARRIVALS_AT_MOST = 5
QUEUE_AT_MOST = 200
"""Limit of waiting alerts that count; with a longer queue the token changes when the newest of them change."""
COUNTED_AT_MOST: Final = 101

_RECEIVED, _OWN = ReceivedAlert._meta.db_table, Alert._meta.db_table
_CAN_BE_OPENED: Final = "withdrawn_at IS NULL AND NOT unopenable"
_COUNTED: Final = (
    (_RECEIVED, "derived_at IS NULL AND NOT unopenable"),
    (_RECEIVED, f"first_opened_at IS NULL AND {_CAN_BE_OPENED}"),
    (_RECEIVED, f"acknowledged_at IS NULL AND ack_by IS NOT NULL AND {_CAN_BE_OPENED}"),
    (_RECEIVED, f"acknowledged_at IS NULL AND ack_by <= %(now)s AND {_CAN_BE_OPENED}"),
    (_RECEIVED, f"answered_at IS NULL AND answer_by IS NOT NULL AND {_CAN_BE_OPENED}"),
    (_RECEIVED, f"answered_at IS NULL AND answer_by <= %(now)s AND {_CAN_BE_OPENED}"),
    (_RECEIVED, "withdrawn_at IS NOT NULL AND withdrawal_confirmed_at IS NULL"),
    (_OWN, "state = 'draft' AND return_note IS NOT NULL"),
)
"""What an agency's lists count, each by an index and up to `COUNTED_AT_MOST`."""


def _counts() -> Iterator[str]:
    for table, condition in _COUNTED:
        yield (
            f'(SELECT count(*) FROM (SELECT 1 FROM "{table}" WHERE agency_id = %(agency)s AND {condition}'  # noqa: S608
            f" LIMIT {COUNTED_AT_MOST}) AS counted)"
        )


# Written out, since every open page asks for it: put together from querysets it costs ten times as much.
_STAMP: Final = (
    f'(SELECT max(number) FROM "{_RECEIVED}" WHERE agency_id = %(agency)s),'  # noqa: S608
    " (SELECT md5(string_agg(concat(id, state, changed_at), ' ' ORDER BY id)) FROM"
    f' (SELECT id, state, changed_at FROM "{_OWN}" WHERE agency_id = %(agency)s AND state = ANY(%(waiting)s)'
    f" LIMIT {QUEUE_AT_MOST}) AS queue), {', '.join(_counts())}"
)


def arrivals_stamp(agency_id: str, *, beside: Sequence[str] = (), now: datetime) -> str:
    """Return what the lists of an agency hold, as text that means nothing by itself; never shown to anybody.

    `beside` are statements for one value each, about what else pages show of `%(agency)s`.
    """
    asked: dict[str, Any] = {"agency": agency_id, "now": now, "waiting": sorted(IN_REVIEW)}
    with connection.cursor() as cursor:
        parts = ", ".join((_STAMP, *(f"({statement})" for statement in beside)))
        cursor.execute(f"SELECT concat_ws(' ', {parts})", asked)
        return str(cursor.fetchone()[0])


def arrivals_token(officer: Officer, *, md: str = "", beside: Sequence[str] = (), now: datetime) -> str:
    """Return 32 hexadecimal digits over what the officer's lists hold, the counts of the menu, and whether `md` is logged.

    Only what the officer may see counts. `md` is the digest of an own alert or statement for which a page waits, `beside` what
    else the page shows.
    """
    received = ReceivedAlert.objects.visible_to(officer)
    queue = Alert.objects.none()
    if Capability.QUEUE_READ in officer.capabilities:
        queue = Alert.objects.visible_to(officer).filter(state__in=IN_REVIEW)
    waiting = queue.order_by("-submitted_at").values_list("pk", "state")[:QUEUE_AT_MOST]
    facts = [
        received.aggregate(newest=Max("number"))["newest"],
        astuple(count_waiting(officer, now=now)),
        _count(received.filter(unread_here())),
        _count(received.filter(Q(derived_at=None, unopenable=False))),
        _count(received.filter(withdrawn_at__isnull=False, withdrawal_confirmed_at=None)),
        [[str(pk), state] for pk, state in waiting],
        bool(md) and _is_logged(officer, md),
        list(beside),
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


def arrived_since(officer: Officer, number: int) -> list[ReceivedAlert]:
    """Return the alerts after this feed number that the officer may see, at most `ARRIVALS_AT_MOST`."""
    found = ReceivedAlert.objects.visible_to(officer).filter(number__gt=number)
    return list(found.only("number", "reference", "pri", "status").order_by("number")[:ARRIVALS_AT_MOST])


def newest_arrival(officer: Officer) -> int:
    """Return the number of the newest alert that the officer may see; 0 without one."""
    newest = ReceivedAlert.objects.visible_to(officer).aggregate(newest=Max("number"))["newest"]
    return int(newest or 0)


def _count(rows: Any) -> int:
    return len(rows.order_by().values_list("pk")[:COUNTED_AT_MOST])


def _is_logged(officer: Officer, d: str) -> bool:
    own = Alert.objects.visible_to(officer).filter(md=d, log_index__isnull=False)
    said = HeldStatement.objects.visible_to(officer).filter(od=d, log_index__isnull=False)
    return own.exists() or said.exists()
