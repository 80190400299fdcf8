# SPDX-License-Identifier: Apache-2.0
"""Token of what has reached an officer: when it differs, a list would show something new."""

import hashlib
import json

from django.db.models import Max

from alerts.models import Alert, ReceivedAlert
from alerts.states import IN_REVIEW
from callers.capabilities import Capability
from officers.models import Officer
from peers.models import HeldStatement

ARRIVALS_AT_MOST = 5
QUEUE_AT_MOST = 200
"""Limit of waiting alerts that count; with a longer queue the token changes when the newest of them change."""


def arrivals_token(officer: Officer, *, md: str = "") -> str:
    """Return 32 hexadecimal digits over the newest received alert, the release queue, and whether `md` is logged.

    Only what the officer may see counts. `md` is the digest of an own alert or statement for which a page waits.
    """
    received = ReceivedAlert.objects.visible_to(officer).aggregate(newest=Max("number"))
    queue = Alert.objects.none()
    if Capability.QUEUE_READ in officer.capabilities:
        queue = Alert.objects.visible_to(officer).filter(state__in=IN_REVIEW)
    waiting = queue.order_by("-submitted_at").values_list("pk", "state")[:QUEUE_AT_MOST]
    facts = [
        received["newest"],
        [[str(pk), state] for pk, state in waiting],
        bool(md) and _is_logged(officer, md),
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


def _is_logged(officer: Officer, d: str) -> bool:
    own = Alert.objects.visible_to(officer).filter(md=d, log_index__isnull=False)
    said = HeldStatement.objects.visible_to(officer).filter(od=d, log_index__isnull=False)
    return own.exists() or said.exists()
