# SPDX-License-Identifier: Apache-2.0
"""Items that an agency gave a peer or got from it: facts of the manifest, and how each counts as a keyed token.

What an item says is only in tokens and in `sealed`; no row names it in clear.
"""

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

from alerts.models import Alert, ReceivedAlert
from callers.capabilities import Capability
from callers.markings import levels_within
from peers.models import Agency

if TYPE_CHECKING:
    from callers.actors import Actor


def sees_records(actor: "Actor") -> bool:
    """Tell whether the actor may see records with partners: readers of alerts whom no ceiling keeps from any item.

    A record is of the whole agency, and equal on both sides; a part of it would be neither.
    """
    return Capability.ALERT_READ in actor.capabilities and levels_within(actor) is None


class ContributionQuerySet(models.QuerySet["Contribution"]):
    def visible_to(self, actor: "Actor") -> "ContributionQuerySet":
        """Return the rows of the actor's own agency, if the actor sees records."""
        if actor.agency_id is None or not sees_records(actor):
            return self.none()
        return self.filter(agency_id=actor.agency_id)


class Contribution(models.Model):
    """Item of status actual between an agency and a peer; `is_given` by the agency.

    - `logged_at` is None for one that has not reached the peer yet, as far as the desk knows; it does not count then.
    - `counts_as` is the token of `accord.reciprocity.counts_as`; None for RED, and while the agency has not opened it.
    - `re_md` is the question that an answer answers, or the item that a reply is about. `sealed` is the day of a verdict.
    """

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    peer = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    is_given = models.BooleanField()
    md = models.CharField(max_length=43)
    re_md = models.CharField(max_length=43, blank=True)
    is_red = models.BooleanField()
    counts_as = models.BinaryField(max_length=16, null=True)
    sealed = models.BinaryField(null=True)
    logged_at = models.DateTimeField(null=True)
    alert = models.ForeignKey(Alert, models.PROTECT, null=True, related_name="+")
    received = models.ForeignKey(ReceivedAlert, models.PROTECT, null=True, related_name="+")

    objects = ContributionQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["agency", "peer", "counts_as", "logged_at"], name="contribution_counted"),
            models.Index(fields=["agency", "peer", "logged_at"], name="contribution_period"),
            models.Index(
                fields=["agency", "peer", "re_md"], condition=~Q(re_md=""), name="contribution_about"
            ),
            models.Index(
                fields=["agency", "peer"], condition=Q(sealed__isnull=False), name="contribution_verdicts"
            ),
            models.Index(fields=["agency"], condition=Q(logged_at=None), name="contribution_unsettled"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "md", "peer"], name="contribution_once"),
            models.CheckConstraint(
                condition=Q(is_given=True, alert__isnull=False, received=None)
                | Q(is_given=False, alert=None, received__isnull=False),
                name="contribution_of_one_item",
            ),
        ]

    def __str__(self) -> str:
        return self.md


class DailyCount(models.Model):
    """Number `n` of the logged items of a pair that one day (UTC), direction, marking and token have.

    A trigger of the table of items keeps it (migration 0001): a year of a busy pair is read without its items.
    """

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    peer = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    day = models.DateField()
    is_given = models.BooleanField()
    is_red = models.BooleanField()
    counts_as = models.BinaryField(max_length=16, null=True)
    n = models.IntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agency", "peer", "day", "is_given", "is_red", "counts_as"],
                nulls_distinct=False,
                name="daily_count_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.n}"
