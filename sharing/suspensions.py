# SPDX-License-Identifier: Apache-2.0
"""Suspension of lanes between two agencies, and resumption, by the signed statement of either.

- A suspension is of a lane and a pair, whatever agreements the two have now or make later. It stops nothing under an agreement by
  which the lane, or what is about life, survives.
- Only the agency that suspended resumes; the lane opens when neither of the two suspends it.
- Suspending deletes nothing: a delivery without a number is held when its turn comes. Resuming puts it back in the queue, in
  order and once.
- To suspend what is suspended changes nothing. To resume what is not is refused.

| the agency's suspension of the lane with this peer | suspend | resume |
|---|---|---|
| none | begins | refused |
| in force | stays | ends; held deliveries are queued again |
"""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q, QuerySet

from accord.envelope.statements.entitlement import check_entitled
from accord.envelope.statements.form import Statement
from callers.errors import AbsentError
from sharing.agreements import partners_of, requeue
from sharing.errors import AgreementError
from sharing.locks import own_parties
from sharing.models import LaneSuspension


def suspend_lanes(stated: Statement, now: datetime) -> Collection[str]:
    """Apply a signed suspension; return the agencies it names, to whom it goes.

    Waits for every transaction that relies on the policy of one of them. Raises `AbsentError` for an agency with which the
    issuer never had an agreement, `VerificationError` for one that names itself.
    """
    lanes, peers = _enter(stated)
    known = set(_in_force(stated.iss, lanes, peers).values_list("peer_id", "lane"))
    LaneSuspension.objects.bulk_create(
        LaneSuspension(agency_id=stated.iss, peer_id=peer, lane=lane, suspended_at=now)
        for peer in peers
        for lane in lanes
        if (peer, lane) not in known
    )
    return peers


def resume_lanes(stated: Statement, now: datetime) -> Collection[str]:
    """Apply a signed resumption; return the agencies it names. Held deliveries are queued again, where nothing else holds them.

    Raises as `suspend_lanes`, and `AgreementError` unless the issuer suspends each of these lanes with each of these agencies.
    """
    lanes, peers = _enter(stated)
    rows = _in_force(stated.iss, lanes, peers)
    if rows.count() != len(lanes) * len(peers):
        raise AgreementError("lanes", "not suspended by your agency with each of these agencies")
    rows.update(lifted_at=now)
    requeue(Q(iss=stated.iss, recipient__in=peers) | Q(iss__in=peers, recipient=stated.iss))
    return peers


def _enter(stated: Statement) -> tuple[list[str], list[str]]:
    """Return lanes and agencies once nothing relies on their policy any more."""
    check_entitled(stated, None)
    lanes, peers = stated.body["lanes"], stated.body["with"]
    if not partners_of(stated.iss).issuperset(peers):
        raise AbsentError
    own_parties({stated.iss, *peers})
    return lanes, peers


def _in_force(agency: str, lanes: Collection[str], peers: Collection[str]) -> QuerySet[LaneSuspension]:
    return LaneSuspension.objects.filter(
        agency_id=agency, peer_id__in=peers, lane__in=lanes, lifted_at__isnull=True
    )
