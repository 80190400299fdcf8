# SPDX-License-Identifier: Apache-2.0
"""Drafts of an officer who leaves, for a successor. Who wrote their revisions stays, and so who may not release them."""

from django.db.models import QuerySet

from alerts.models import Alert
from alerts.states import AlertState
from callers.actors import Actor
from callers.markings import levels_within
from officers.models import Officer


def drafts_to_hand_over(person: Officer) -> QuerySet[Alert]:
    """Select the drafts that the officer has not submitted, or that came back."""
    return Alert.objects.filter(author=person, agency_id=person.agency_id, state=AlertState.DRAFT)


def drafts_within(actor: Actor, person: Officer) -> QuerySet[Alert]:
    """Select those of them that the actor's ceiling reaches: what is above it is not counted either."""
    reached, rows = levels_within(actor), drafts_to_hand_over(person)
    return rows if reached is None else rows.filter(tlp__in=reached, floor__in=("", *reached))


def hand_over_drafts(person: Officer, to: Officer) -> int:
    """Make `to` the author of the officer's drafts, as far as `to` may see and write them; return how many. Inside a transaction."""
    seen = Alert.objects.visible_to(to).filter(pk__in=drafts_to_hand_over(person).values("pk"))
    return seen.update(author=to)
