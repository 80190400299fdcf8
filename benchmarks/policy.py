# SPDX-License-Identifier: Apache-2.0
"""Policy for 500 recipients at its worst: an agreement with each, one of all, and the lane suspended by every other one.

Processor time of the exchange, its three queries included. The floor is reading the same rows.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from benchmarks._figures import median_seconds, report
from demo.ownership import set_up_every_app

NEEDS_HUB = True
RECIPIENTS, LIMIT_MS = 500, 20


def main() -> None:
    set_up_every_app()
    from django.utils import timezone

    # Its import makes this process act for both halves.
    from benchmarks import _hub  # noqa: F401
    from demo.ownership import at_the_exchange
    from sharing.policy import Terms, judge_recipients
    from sharing.policy_facts import read_facts

    now, terms = timezone.now(), Terms("science", "prevent", "GREEN", "PQ1", "routine")
    with at_the_exchange():
        issuer, *others = found_entries(1 + RECIPIENTS, now)
        agree(issuer, others, now)
        taken = median_seconds(
            {
                "judged": lambda: judge_recipients(issuer, others, terms, now=now),
                "read": lambda: read_facts([issuer], others, now=now),
            }
        )
    report(f"policy {RECIPIENTS}", taken["judged"] * 1000, taken["read"] * 1000, limit=LIMIT_MS)


def found_entries(count: int, now: datetime) -> list[str]:
    """Enter agencies without keys, which policy does not look at."""
    from agencies.models import Agency

    word = secrets.token_hex(3)
    rows = [
        Agency(
            id=f"xz-{word}n{number}",
            name=f"Agency {number}",
            kind="laboratory",
            country="XZ",
            timezone="UTC",
            custody="agency",
            status="active",
            root_fingerprint=word + f"{number:058x}",
            admitted_at=now,
        )
        for number in range(count)
    ]
    return [row.pk for row in Agency.objects.bulk_create(rows)]


def agree(issuer: str, others: Sequence[str], now: datetime) -> None:
    """Record an agreement with each and one of all, and let every other one suspend a lane."""
    from benchmarks._hub import OPERATOR
    from callers.closed_lists import Lane
    from sharing.agreements import record_agreement
    from sharing.models import LaneSuspension

    word = secrets.token_hex(3)
    for number, parties in enumerate([*([issuer, other] for other in others), [issuer, *others]]):
        record_agreement(
            OPERATOR,
            ref=f"{word}-{number}",
            title="Agreement",
            parties=parties,
            lanes=Lane.values,
            ceiling="AMBER",
            nbf=now - timedelta(days=1),
            now=now,
        )
    LaneSuspension.objects.bulk_create(
        LaneSuspension(agency_id=other, peer_id=issuer, lane="science", suspended_at=now)
        for other in others[::2]
    )


if __name__ == "__main__":
    main()
