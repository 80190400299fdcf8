# SPDX-License-Identifier: Apache-2.0
"""Which acknowledgements no longer count: judged at each display, since the key that signed one may be revoked later."""

from collections.abc import Collection
from datetime import datetime

from accord.envelope.keyrule import Repudiated
from agencies.models import Key, KeyState, KeyUse
from sharing.models import Delivery, Statement
from sharing.signatures import Refused, Worth, judge_signed, signed_statements

ANSWERED = ("opened", "refused")
"""What acknowledges; `unopenable` leaves the clock running."""


def answers_in_doubt(mds: Collection[str], *, now: datetime) -> dict[tuple[str, str], Worth]:
    """By envelope and recipient: what its acknowledgement is worth, where none of that recipient's counts."""
    suspects = _signed_with_revoked_keys(mds)
    worth = judge_signed(signed_statements(suspects), now=now)
    failing = {
        row.od: worth[row.od] for row in suspects if isinstance(worth.get(row.od), Repudiated | Refused)
    }
    if not failing:
        return {}
    doubted = {(row.sub_d, row.iss_id): failing[row.od] for row in suspects if row.od in failing}
    others = Statement.objects.filter(k="ack", sub_d__in={md for md, _ in doubted}, body__st__in=ANSWERED)
    counting = set(others.exclude(pk__in=failing).values_list("sub_d", "iss_id"))
    return {answer: found for answer, found in doubted.items() if answer not in counting}


def _signed_with_revoked_keys(mds: Collection[str]) -> list[Statement]:
    """One query where no recipient ever revoked a key: the register knows of a revocation from its acceptance on."""
    recipients = Delivery.objects.filter(envelope_id__in=mds).values("recipient_id")
    revoked = Key.objects.filter(agency_id__in=recipients, use=KeyUse.SIGN, st=KeyState.REVOKED)
    kids = list(revoked.values_list("kid", flat=True))
    if not kids:
        return []
    acks = Statement.objects.filter(k="ack", sub_d__in=mds, signers__overlap=kids, body__st__in=ANSWERED)
    return list(acks.defer("jws").order_by("received_at", "od"))
