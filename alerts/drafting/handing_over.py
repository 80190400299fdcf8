# SPDX-License-Identifier: Apache-2.0
"""Drafts of an officer who leaves, for a successor. Who wrote their revisions stays, and so who may not release them."""

from django.db.models import QuerySet

from alerts.models import Alert
from alerts.states import AlertState
from officers.models import Officer


def drafts_to_hand_over(person: Officer) -> QuerySet[Alert]:
    """Select the drafts that the officer has not submitted, or that came back."""
    return Alert.objects.filter(author=person, agency_id=person.agency_id, state=AlertState.DRAFT)


def hand_over_drafts(person: Officer, to: Officer) -> int:
    """Make `to` the author of the officer's drafts, as far as `to` may see and write them; return how many. Inside a transaction."""
    seen = Alert.objects.visible_to(to).filter(pk__in=drafts_to_hand_over(person).values("pk"))
    return seen.update(author=to)
