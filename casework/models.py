# SPDX-License-Identifier: Apache-2.0
"""Casework of one agency: units, cases with what was put into them, tasks, notes. Nothing of it is ever sent.

- Who may see a case sees what is in it only as far as each alert in it may be seen; what may not is in no list and no count.
- A note or a task about an alert is visible to those who may see that alert, and to nobody else.
- Text that an officer wrote is only in `sealed` columns. The number of a case is a keyed token beside it.
"""

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from alerts.models import Alert, ReceivedAlert
from alerts.rows.about import about_visible
from callers.capabilities import Capability
from callers.names import check_name
from peers.models import Agency

if TYPE_CHECKING:
    from callers.actors import Actor


def nothing_hidden(actor: "Actor") -> Q:
    """Return the condition: the row is about no alert, or about one that the actor may see."""
    return Q(received=None, alert=None) | about_visible(actor)


def _officer(related_name: str = "+") -> "models.ForeignKey[models.Model | None, models.Model | None]":
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name=related_name
    )


def _received() -> "models.ForeignKey[ReceivedAlert | None, ReceivedAlert | None]":
    return models.ForeignKey(ReceivedAlert, models.PROTECT, null=True, related_name="+")


def _own() -> "models.ForeignKey[Alert | None, Alert | None]":
    return models.ForeignKey(Alert, models.PROTECT, null=True, related_name="+")


class UnitQuerySet(models.QuerySet["Unit"]):
    def visible_to(self, actor: "Actor") -> "UnitQuerySet":
        """Return the units of the actor's own agency, if the actor may work in cases."""
        if actor.agency_id is None or Capability.CASE_READ not in actor.capabilities:
            return self.none()
        return self.filter(agency_id=actor.agency_id)


class Unit(models.Model):
    """Unit of an agency: officers who share cases and tasks. Its name is in clear, as officers' names are.

    Without a lead an agency admin acts for it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    name = models.CharField(max_length=60, validators=[check_name])
    lead = _officer()
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="units")

    objects = UnitQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.UniqueConstraint("agency", Lower("name"), name="unit_name_once")]

    def __str__(self) -> str:
        return self.name


class CaseAccess(models.TextChoices):
    """Officers who may see a case."""

    UNIT = "unit", _("The whole unit")
    NAMED = "named", _("Only the officers named here")


class CaseState(models.TextChoices):
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, actor: "Actor") -> "CaseQuerySet":
        """Return cases of the actor's unit, those that name the actor, and those that the actor is in charge of."""
        if actor.agency_id is None or Capability.CASE_READ not in actor.capabilities:
            return self.none()
        person = actor.public_id or ""
        units = Unit.members.through.objects.filter(officer__public_id=person).values("unit")
        named = Case.named.through.objects.filter(officer__public_id=person).values("case")
        return self.filter(
            Q(officer__public_id=person)
            | Q(access=CaseAccess.UNIT, unit__in=units)
            | Q(access=CaseAccess.NAMED, pk__in=named),
            agency_id=actor.agency_id,
        )


class Case(models.Model):
    """Case of an agency. Number, title, summary and the reason for which it was closed are only in `sealed`.

    `officer` is in charge of it. `named` counts for access "named" alone. `review_on`: when a person is asked whether its
    notes are still needed; a case prolongs no alert.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    number_token = models.BinaryField(max_length=16)
    sealed = models.BinaryField()
    state = models.CharField(max_length=6, choices=CaseState, default=CaseState.OPEN)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="cases")
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    access = models.CharField(max_length=5, choices=CaseAccess, default=CaseAccess.UNIT)
    named = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")
    review_on = models.DateField()
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-changed_at", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["agency", "state", "-changed_at", "-id"], name="case_lists"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "number_token"], name="case_number_once")
        ]

    def __str__(self) -> str:
        return str(self.id)


class CaseItemQuerySet(models.QuerySet["CaseItem"]):
    def visible_to(self, actor: "Actor") -> "CaseItemQuerySet":
        """Return what is in cases that the actor may see, as far as the alerts themselves may be seen."""
        return self.filter(nothing_hidden(actor), case__in=Case.objects.visible_to(actor).values("pk"))


class CaseItem(models.Model):
    """Alert in a case, received or own. The row outlives the alert's content, and its own removal."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="items")
    received = _received()
    alert = _own()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    objects = CaseItemQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-added_at", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(received=None, alert__isnull=False) | Q(received__isnull=False, alert=None),
                name="case_item_is_one_alert",
            ),
            models.UniqueConstraint(
                fields=["case", "received"], condition=Q(removed_at=None), name="case_item_received_once"
            ),
            models.UniqueConstraint(
                fields=["case", "alert"], condition=Q(removed_at=None), name="case_item_own_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class TaskKind(models.TextChoices):
    """Kinds of tasks. A question that waits for an answer is one of kind *answer*, whose state is the question's."""

    ANSWER = "answer", _("Answer")
    FOLLOW_UP = "follow_up", _("Follow up")
    EXAMINE = "examine", _("Examine")
    CALL = "call", _("Call")
    OTHER = "other", _("Other")


class TaskState(models.TextChoices):
    OPEN = "open", _("Open")
    ASSIGNED = "assigned", _("Assigned")
    DONE = "done", _("Done")
    DROPPED = "dropped", _("Dropped")


class TaskQuerySet(models.QuerySet["Task"]):
    def visible_to(self, actor: "Actor") -> "TaskQuerySet":
        """Return tasks of the actor's agency whose case and whose alert the actor may see."""
        if actor.agency_id is None or Capability.CASE_READ not in actor.capabilities:
            return self.none()
        cases = Case.objects.visible_to(actor).values("pk")
        in_sight = Q(case=None) | Q(case__in=cases)
        return self.filter(nothing_hidden(actor), in_sight, agency_id=actor.agency_id)


class Task(models.Model):
    """Task about an alert or within a case; text and result are only in `sealed`.

    `outcome` is empty until it ends. A task of an officer who is no longer active is open again (`state`). Of kind *answer* there is
    a row only once the question was assigned; its outcome is never set.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=9, choices=TaskKind)
    received = _received()
    alert = _own()
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="tasks")
    officer = _officer("tasks")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    due_at = models.DateTimeField(null=True)
    sealed = models.BinaryField()
    outcome = models.CharField(max_length=7, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["due_at", "created_at", "id"]
        indexes: ClassVar = [
            models.Index(fields=["agency", "due_at", "id"], condition=Q(outcome=""), name="task_lists"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["received"], condition=Q(kind=TaskKind.ANSWER), name="task_answer_once"
            ),
            models.CheckConstraint(
                condition=Q(case__isnull=False) | Q(received__isnull=False) | Q(alert__isnull=False),
                name="task_about_something",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def state(self) -> TaskState:
        """State of the task; one of kind *answer* ends with its question, which only its list knows."""
        if self.outcome:
            return TaskState(self.outcome)
        return TaskState.ASSIGNED if self.assignee else TaskState.OPEN

    @property
    def assignee(self) -> "models.Model | None":
        """Officer who has it, while active."""
        return (
            self.officer if self.officer is not None and getattr(self.officer, "is_active", False) else None
        )

    @property
    def has_lost_officer(self) -> bool:
        """Tell whether it was assigned to somebody who has left since."""
        return self.officer is not None and self.assignee is None


class NoteQuerySet(models.QuerySet["Note"]):
    def visible_to(self, actor: "Actor", about: "Alert | ReceivedAlert | None" = None) -> "NoteQuerySet":
        """Return notes on cases and on alerts that the actor may see; on this alert, where one is given."""
        if actor.agency_id is None or Capability.CASE_READ not in actor.capabilities:
            return self.none()
        if about is not None:
            return self.filter(about_visible(actor, about), agency_id=actor.agency_id)
        cases = Case.objects.visible_to(actor).values("pk")
        return self.filter(nothing_hidden(actor), Q(case=None) | Q(case__in=cases), agency_id=actor.agency_id)


class Note(models.Model):
    """Note on a case or on an alert, insert-only: a correction is a new note that supersedes the earlier one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="notes")
    received = _received()
    alert = _own()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    supersedes = models.OneToOneField("self", models.CASCADE, null=True, related_name="superseded_by")
    sealed = models.BinaryField()

    objects = NoteQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-at", "-id"]
        indexes: ClassVar = [models.Index(fields=["agency", "-at", "-id"], name="note_lists")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(case__isnull=False, received=None, alert=None)
                | Q(case=None, received__isnull=False, alert=None)
                | Q(case=None, received=None, alert__isnull=False),
                name="note_about_one_thing",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)
