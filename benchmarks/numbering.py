# SPDX-License-Identifier: Apache-2.0
"""Ten thousand deliveries that a suspension held, from its end until the running hub's sequencer has numbered the last of them.

By the clock, its rounds included; how many still wait is asked twenty times a second, as whoever watches it does. The floor is
writing as many rows of the feed and numbers in two statements, without policy, order or locks. Envelopes are rows that were
never sealed; nobody fetches them.
"""

import secrets
import sys
import time
from datetime import datetime, timedelta

from benchmarks._figures import report
from demo.ownership import set_up_every_app

NEEDS_HUB = True
HELD, LIMIT_SECONDS = 10_000, 30
POLL_SECONDS = 0.05


def main() -> None:
    set_up_every_app()
    from django.utils import timezone

    # Its import makes this process act for both halves.
    from benchmarks import _hub  # noqa: F401
    from demo.ownership import at_the_exchange

    now = timezone.now()
    with at_the_exchange():
        issuer, recipient = agree(now)
        hold(issuer, recipient, now)
        took, steps = number_again(issuer, recipient)
        floor = write_bare(recipient, now)
    print(f"numbered in {steps} steps, as seen from outside", file=sys.stderr, flush=True)
    report(f"held {HELD} numbered", took, floor, unit="s", limit=LIMIT_SECONDS)


def agree(now: datetime) -> tuple[str, str]:
    """Enter two agencies of which no desk follows a feed, with an agreement."""
    from benchmarks._hub import OPERATOR
    from benchmarks.policy import found_entries
    from callers.closed_lists import Lane
    from sharing.agreements import record_agreement

    issuer, recipient = found_entries(2, now)
    record_agreement(
        OPERATOR,
        ref=f"{secrets.token_hex(3)}-held",
        title="Agreement",
        parties=[issuer, recipient],
        lanes=Lane.values,
        ceiling="AMBER",
        nbf=now - timedelta(days=1),
        now=now,
    )
    return issuer, recipient


def hold(issuer: str, recipient: str, now: datetime) -> None:
    """Write envelopes and deliveries as numbering leaves them where it is denied."""
    from sharing.models import AgreementVersion, Delivery, Envelope, FeedHeld
    from sharing.states import DeliveryState

    version = AgreementVersion.objects.get(parties__agency_id=issuer)
    at = int(now.timestamp())
    envelopes = Envelope.objects.bulk_create(
        Envelope(
            md=secrets.token_urlsafe(32), iss_id=issuer, jti=secrets.token_hex(18), suite="PQ1", kind="alert",
            status="actual", tlp="GREEN", lane="science", purpose="prevent", pri="routine", rel="originator", iat=at,
            exp=at + 86_400, keep=at + 86_400, named=1, rn=0, size_bytes=1, origin_index=0, signers=[], received_at=now,
        )
        for _ in range(HELD)
    )  # fmt: skip
    deliveries = Delivery.objects.bulk_create(
        Delivery(
            envelope=one, recipient_id=recipient, iss=issuer, index=0, agreement_version=version,
            state=DeliveryState.HELD, reference=secrets.token_hex(4),
        )
        for one in envelopes
    )  # fmt: skip
    FeedHeld.objects.bulk_create(
        FeedHeld(delivery=one, position=n, iss=issuer, recipient=recipient)
        for n, one in enumerate(deliveries)
    )


def number_again(issuer: str, recipient: str) -> tuple[float, int]:
    """Queue them again as the end of a suspension does; return the seconds until all have numbers, and in how many steps."""
    from django.db import transaction

    from sharing.agreements import requeue_between
    from sharing.locks import own_parties
    from sharing.models import FeedRequeue

    waiting, seen = HELD, set[int]()
    began = time.monotonic()
    with transaction.atomic():
        own_parties({issuer, recipient})
        requeue_between([issuer, recipient])
    while waiting:
        time.sleep(POLL_SECONDS)
        waiting = FeedRequeue.objects.filter(iss=issuer).count()
        seen.add(waiting)
    return time.monotonic() - began, len(seen - {HELD})


def write_bare(recipient: str, now: datetime) -> float:
    """Write as many rows of a feed and as many numbers, and take them back."""
    from django.db import connection, transaction

    began = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sharing_feeditem (recipient, number, what, d, iss, item_id, ref, numbered_at)"
            " SELECT recipient, number + %s, what, d, iss, item_id, ref, %s FROM sharing_feeditem WHERE recipient = %s",
            [HELD, now, recipient],
        )
        cursor.execute(
            "UPDATE sharing_delivery SET number = number + %s WHERE recipient_id = %s", [HELD, recipient]
        )
        took = time.monotonic() - began
        transaction.set_rollback(True)
    return took


if __name__ == "__main__":
    main()
