# SPDX-License-Identifier: Apache-2.0
"""Rows of an agency's structures, and of the law that it follows. Part of `science.models`.

Structures, verdicts and the text of an adopted rule are only in `sealed` columns. In clear are the agency, the alert a row
belongs to, and the digests of the rule sets it was judged by.
"""

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alerts.rows.about import ONE_ALERT, about_visible
from callers.capabilities import Capability
from peers.models import Agency

if TYPE_CHECKING:
    from callers.actors import Actor

JURISDICTION_CHARS = 12
"""Length of a jurisdiction's code, such as UK or US-NY, as it is watched."""


class Mark(models.TextChoices):
    """Stage of a structure."""

    WAITING = "waiting", _("Waits to be read")
    READ = "read", _("Read")
    NAMED = "named", _("Known by name only")
    UNREADABLE = "unreadable", _("Cannot be read")


class StoredStructureQuerySet(models.QuerySet["StoredStructure"]):
    def visible_to(self, actor: "Actor") -> "StoredStructureQuerySet":
        """Return rows of the actor's own agency whose alerts the actor may see, if the actor may use the science pages.

        An API key that may only ask has all of its agency's structures compared, and learns the identity of none
        (`science.structures.analogues`).
        """
        wanted = {Capability.SCIENCE_READ, Capability.SCIENCE_QUERY}
        if actor.agency_id is None or not wanted & actor.capabilities:
            return self.none()
        rows = self.filter(agency_id=actor.agency_id)
        if Capability.SCIENCE_READ not in actor.capabilities:
            return rows
        return rows.filter(about_visible(actor))

    def standing(self) -> "StoredStructureQuerySet":
        """Return structures that count: not of exercises, nor of alerts withdrawn or replaced by a newer version."""
        return self.filter(
            Q(received__isnull=True)
            | Q(received__status="actual", received__withdrawn_at=None, received__replaced_by=None),
            Q(alert__isnull=True)
            | Q(alert__status="actual", alert__withdrawn_at=None, alert__replaced_at=None),
        )


class StoredStructure(models.Model):
    """Structure of one alert, read and judged by the desk-worker. Deleted with the alert's card.

    An alert that states no structure, but a name or a CAS number, has a row too, since lists can be searched for those.
    `ruleset` (with the engine's number before it) and `listings` are the digests of what it was last judged by, empty
    before; `stored_at` is when it came.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    received = models.OneToOneField(
        "alerts.ReceivedAlert", models.PROTECT, null=True, related_name="structure"
    )
    alert = models.OneToOneField("alerts.Alert", models.PROTECT, null=True, related_name="structure")
    mark = models.CharField(max_length=10, choices=Mark, default=Mark.WAITING)
    sealed = models.BinaryField()
    ruleset = models.CharField(max_length=43, blank=True)
    listings = models.CharField(max_length=43, blank=True)
    stored_at = models.DateTimeField()
    judged_at = models.DateTimeField(null=True)

    objects = StoredStructureQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-stored_at", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["agency", "-stored_at", "-id"], name="structures_newest"),
            models.Index(fields=["agency", "ruleset", "listings"], name="structures_by_ruleset"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=ONE_ALERT, name="structure_of_one_alert"),
            models.CheckConstraint(condition=Q(mark__in=Mark.values), name="structure_mark_known"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class CaughtStructure(models.Model):
    """Stored structure that rules or listings newly reach; which ones is sealed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    structure = models.ForeignKey(StoredStructure, models.CASCADE, related_name="caught")
    ruleset = models.CharField(max_length=43)
    listings = models.CharField(max_length=43)
    sealed = models.BinaryField()
    caught_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-caught_at", "-id"]
        indexes: ClassVar = [models.Index(fields=["agency", "-caught_at", "-id"], name="caught_newest")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["structure", "ruleset", "listings"], name="caught_once_a_law")
        ]

    def __str__(self) -> str:
        return str(self.id)


class Reevaluation(models.Model):
    """Progress of judging an agency's structures by one law; the structures themselves show what is due.

    The law is a rule set and listings, by their digests, as an `engine` reads them; `rules_before` and `listings_before` are
    those that the agency followed until then, empty for the first.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    ruleset = models.CharField(max_length=43)
    listings = models.CharField(max_length=43)
    engine = models.PositiveSmallIntegerField()
    rules_before = models.CharField(max_length=43, blank=True)
    listings_before = models.CharField(max_length=43, blank=True)
    number = models.PositiveIntegerField()
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    caught = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["agency", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "number"], name="reevaluation_once"),
            models.UniqueConstraint(
                fields=["agency"], condition=Q(finished_at=None), name="reevaluation_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agency_id} {self.number}"


class AdoptedRulesQuerySet(models.QuerySet["AdoptedRules"]):
    def visible_to(self, actor: "Actor") -> "AdoptedRulesQuerySet":
        """Return rows of the actor's own agency, if the actor may use the science pages."""
        if actor.agency_id is None or Capability.SCIENCE_READ not in actor.capabilities:
            return self.none()
        return self.filter(agency_id=actor.agency_id)

    def in_use(self) -> "AdoptedRulesQuerySet":
        return self.filter(set_aside_at=None)


class AdoptedRules(models.Model):
    """Rules that an authority published in an alert and this agency follows beside the hub's, until set aside.

    The text, its effective date and the rules' names are sealed. `md` names the signed alert, which the agency received or sent;
    `reference` is that of its delivery.
    """

    is_withdrawn = False
    """Not a column: whether its sender withdrew that alert, set where the row is listed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    issuer = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    received = models.ForeignKey("alerts.ReceivedAlert", models.PROTECT, null=True, related_name="adopted")
    alert = models.ForeignKey("alerts.Alert", models.PROTECT, null=True, related_name="adopted")
    md = models.CharField(max_length=43)
    reference = models.CharField(max_length=16, blank=True)
    sealed = models.BinaryField()
    adopted_at = models.DateTimeField()
    adopted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    set_aside_at = models.DateTimeField(null=True)
    set_aside_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = AdoptedRulesQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-adopted_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agency", "md"], condition=Q(set_aside_at=None), name="adopted_rules_once"
            ),
            models.CheckConstraint(condition=ONE_ALERT, name="adopted_rules_of_one_alert"),
        ]

    def __str__(self) -> str:
        return self.md


class AgencyRules(models.Model):
    """Rule set that an agency has followed, hub's and adopted ones together, sealed; the highest number counts.

    Kept so that a verdict can be replayed by the digest in the alert. `hub_digest` is the hub's set it was made from.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=43)
    hub_digest = models.CharField(max_length=43)
    sealed = models.BinaryField()
    made_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["agency", "-number"]
        indexes: ClassVar = [models.Index(fields=["agency", "digest"], name="agency_rules_by_digest")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "number"], name="agency_rules_once")
        ]

    def __str__(self) -> str:
        return f"{self.agency_id} {self.number}"


class ControlWatch(models.Model):
    """Watch of an officer on changes of a jurisdiction's law; empty: of any."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="control_watches")
    jurisdiction = models.CharField(max_length=JURISDICTION_CHARS, blank=True)
    drug_class = models.CharField(max_length=24, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["jurisdiction", "drug_class"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["officer", "jurisdiction", "drug_class"], name="control_watch_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.id)
