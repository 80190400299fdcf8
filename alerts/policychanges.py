# SPDX-License-Identifier: Apache-2.0
"""Changing the agency's policy, with everybody told whom it concerns, in the transaction of the change."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from agencies.errors import AbsentError
from agencies.models import Agency, Officer
from agencies.policy import Changed, Policy, change_policy, decide_on_policy, policy_of
from agencies.shortlived import PolicyRequest
from sharing.notices.policy_changes import tell_other_admins, tell_releasers


@transaction.atomic
def change_own_policy(
    admin: Officer, wanted: Policy, *, seen: str, confirmed: bool = False, now: datetime
) -> Changed:
    """As `agencies.policy.change_policy`; what weakens it at once is told to all releasers, what waits to the admins."""
    if admin.agency is None:
        raise AbsentError
    changed = change_policy(admin, admin.agency, wanted, seen=seen, confirmed=confirmed, now=now)
    if changed.asked is not None:
        tell_other_admins(admin, _subject(changed.asked), now=now)
    elif changed.weakened:
        tell_releasers(
            admin.agency.pk, f"policy:{policy_of_now(admin).digest[:20]}:{now:%Y%m%d%H%M%S}", now=now
        )
    return changed


@transaction.atomic
def decide_on_own_policy(admin: Officer, request_id: UUID, *, confirm: bool, now: datetime) -> PolicyRequest:
    """As `agencies.policy.decide_on_policy`; once confirmed all releasers are told."""
    request, applied = decide_on_policy(admin, request_id, confirm=confirm, now=now)
    if applied:
        tell_releasers(request.agency_id, _subject(request), now=now)
    return request


def policy_of_now(officer: Officer) -> Policy:
    """The policy of the officer's agency as it stands in the database."""
    return policy_of(Agency.objects.get(pk=officer.agency_id))


def _subject(request: PolicyRequest) -> str:
    return f"policy:{request.pk}"
