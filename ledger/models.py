# SPDX-License-Identifier: Apache-2.0
"""The ledger's tables: digests, the tree over them, checkpoints, and the audit.

The ledger knows no agency and no alert: it refers by text and uuid, never by a foreign key out. Entry, leaf, node, checkpoint
and audit event are insert-only; triggers of the first migration refuse every other change, to every login.
"""

import uuid
from collections.abc import Collection
from typing import Protocol

from django.db import models
from django.db.models import Q

DIGEST_PATTERN = r"^[A-Za-z0-9_-]{43}$"
SEES_AGENCY = "audit:read"
FOLLOWS_AGENCY = "audit:follow"
"""The capability of an agency's own system that receives the events as they come."""
SEES_ALL = frozenset({"desk:keep", "hub:operate"})
"""The capabilities of those who run a desk, and of those who run the exchange."""
HUB_LEVEL = ""


class AuditReader(Protocol):
    """A reader of audit events: an officer or a client with its capabilities."""

    @property
    def agency_id(self) -> str | None: ...

    @property
    def capabilities(self) -> Collection[str]: ...


class EntryKind(models.TextChoices):
    """The kind that a leaf carries as `k`."""

    KEYSET = "keyset"
    REVOKE = "revoke"
    OTHER = "x"


class Entry(models.Model):
    """One digest that was handed in, in the transaction of the object it proves."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    od = models.TextField(unique=True)
    kind = models.TextField(choices=EntryKind.choices)
    agency = models.TextField(blank=True, default="")
    is_audit = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="ledger_entry_od", condition=Q(od__regex=DIGEST_PATTERN)),
            models.CheckConstraint(
                name="ledger_entry_kind",
                condition=Q(kind=EntryKind.OTHER, agency="")
                | (Q(kind__in=[EntryKind.KEYSET, EntryKind.REVOKE]) & ~Q(agency="")),
            ),
        ]

    def __str__(self) -> str:
        return f"entry {self.od}"


class PendingEntry(models.Model):
    """An entry that has no leaf yet. The id gives the order of arrival only."""

    entry_id = models.UUIDField(unique=True)
    od = models.TextField()
    kind = models.TextField(choices=EntryKind.choices)
    agency = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "pending entries"

    def __str__(self) -> str:
        return f"pending {self.od}"


class Leaf(models.Model):
    """One leaf of the tree: canonical `{d, k, t}` (with `a` for the kinds of an agency) and its hash."""

    index = models.BigIntegerField(primary_key=True)
    od = models.TextField(unique=True)
    t = models.BigIntegerField(help_text="log time, seconds since 1970 UTC")
    data = models.TextField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        verbose_name_plural = "leaves"
        constraints = [models.CheckConstraint(name="ledger_leaf_index", condition=Q(index__gte=0))]

    def __str__(self) -> str:
        return f"leaf {self.index}"


class Wanted(models.Model):
    """A leaf that was replayed after a restore while its object is lost; deleted once the object is submitted again."""

    od = models.TextField(primary_key=True)

    class Meta:
        verbose_name_plural = "wanted"

    def __str__(self) -> str:
        return f"wanted {self.od}"


class Node(models.Model):
    """The root of a complete subtree of 2**level leaves; level 0 is the leaves themselves."""

    pk = models.CompositePrimaryKey("level", "index")
    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"node {self.level}/{self.index}"


class Checkpoint(models.Model):
    """A signed statement of size and root. Numbers have no gaps, so that a missing one is noticed."""

    size = models.BigIntegerField(primary_key=True)
    number = models.BigIntegerField(unique=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"checkpoint {self.size}"


class SequencerLease(models.Model):
    """One row. A sequencer must not write if its epoch is not the newest, or if it is halted."""

    epoch = models.BigIntegerField(default=0)
    halted = models.TextField(
        blank=True, default="", help_text="why nothing is logged until a person has looked"
    )
    looked_at = models.DateTimeField(null=True, help_text="when a person last vouched for the clock")
    beat = models.DateTimeField(
        null=True, help_text="when a desk's sequencer last signed or looked; the exchange's marks its feeds"
    )

    def __str__(self) -> str:
        return f"epoch {self.epoch}"


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    """The only access to audit events."""

    def visible_to(self, reader: AuditReader) -> "AuditEventQuerySet":
        """Return an agency's events for its auditors and system, the hub's own for whoever runs desk or exchange, else nothing."""
        if reader.agency_id and not {SEES_AGENCY, FOLLOWS_AGENCY}.isdisjoint(reader.capabilities):
            return self.filter(agency=reader.agency_id)
        if not (reader.agency_id or SEES_ALL.isdisjoint(reader.capabilities)):
            return self.filter(agency=HUB_LEVEL)
        return self.none()


class AuditEvent(models.Model):
    """An audited act: who did what to which subject, when and why; its salted digest `od` is in the tree.

    `agency` is whose business it is, empty for the hub's own. Never holds content. The database fills in `logged_at`, `login`
    and the final `od` (a trigger of the first migration).
    """

    seq = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    actor = models.TextField()
    agency = models.TextField(blank=True, default="")
    act = models.TextField()
    subject = models.TextField(blank=True, default="")
    reason = models.TextField(blank=True, default="")
    detail = models.JSONField(default=dict, blank=True)
    salt = models.BinaryField(max_length=16)
    od = models.TextField(unique=True)
    logged_at = models.DateTimeField(null=True, editable=False)
    login = models.TextField(blank=True, default="", editable=False)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering = ["-seq"]
        indexes = [
            models.Index(fields=["agency", "-seq"], name="ledger_audit_agency"),
            models.Index(fields=["agency", "subject", "-seq"], name="ledger_audit_subject"),
            models.Index(fields=["agency", "act", "-seq"], name="ledger_audit_act"),
            models.Index(fields=["agency", "actor", "-seq"], name="ledger_audit_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.subject}"


class Distrust(models.TextChoices):
    """The thing that nobody should rely on while an item is set aside: the item's subject is one of these."""

    NOTHING = "", "nothing"
    ALERT = "alert", "an alert, by its digest"
    AGENCY = "agency", "an agency's keys, by its id"


class SetAsideQuerySet(models.QuerySet["SetAside"]):
    def visible_to(self, reader: AuditReader) -> "SetAsideQuerySet":
        """Return the agency's own items for its auditors, every item for whoever runs the desk or the exchange, else nothing.

        Items hold no content.
        """
        if reader.agency_id and SEES_AGENCY in reader.capabilities:
            return self.filter(agency=reader.agency_id)
        if not (reader.agency_id or SEES_ALL.isdisjoint(reader.capabilities)):
            return self.all()
        return self.none()

    def of(self, loop: str, agency: str) -> "SetAsideQuerySet":
        """Return a loop's items of one agency; of every agency where the loop is the hub's."""
        return self.filter(loop=loop, agency=agency) if agency else self.filter(loop=loop)

    def due_again(self, version: str) -> "SetAsideQuerySet":
        """Return items whose retry a person asked for, or which another version tried last; longest waiting first."""
        return self.filter(~Q(version=version) | Q(retry_asked_at__isnull=False)).order_by("tried_at", "id")


class SetAside(models.Model):
    """An item that a loop could not take, and the reason; `version` tried it last, `tries` times in all.

    `agency` is whose business it is, empty for the hub's own. Holds no content.
    """

    loop = models.TextField()
    agency = models.TextField(blank=True, default="")
    key = models.TextField()
    subject = models.TextField(blank=True, default="")
    distrusts = models.TextField(choices=Distrust.choices, blank=True, default=Distrust.NOTHING)
    reason = models.TextField()
    version = models.TextField()
    tries = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    tried_at = models.DateTimeField()
    retry_asked_at = models.DateTimeField(null=True)

    objects = SetAsideQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "items set aside"
        ordering = ["-first_at", "-id"]
        indexes = [
            models.Index(
                fields=["distrusts", "subject"], condition=~Q(distrusts=""), name="ledger_distrusted"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["loop", "agency", "key"], name="ledger_set_aside_once"),
        ]

    def __str__(self) -> str:
        return f"{self.loop} {self.key}"


class LoopState(models.Model):
    """The number of a loop's items set aside in a row; it has stopped since `stopped_at`. No row where all goes well."""

    loop = models.TextField()
    agency = models.TextField(blank=True, default="")
    in_a_row = models.PositiveIntegerField()
    version = models.TextField()
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["loop", "agency"], name="ledger_loop_once"),
        ]

    def __str__(self) -> str:
        return f"{self.loop} {self.agency}"


class KeyHandover(models.Model):
    """A note by which the ledger's key names its successor, signed by both (verifier keys `old`, `new`)."""

    old = models.TextField(unique=True)
    new = models.TextField(unique=True)
    note = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"hand-over to {self.new}"


class Restore(models.Model):
    """A restore of this half from a backup (`ledger.restores`): older rows that grant access no longer count."""

    restored_at = models.DateTimeField(unique=True)
    backup_at = models.DateTimeField(null=True, blank=True)
    """The newest moment in the backup; null where it held none."""
    contents_deleted_at = models.DateTimeField(null=True, blank=True)
    """The time by which the exchange had deleted everything past its `keep` at its restore; null at a desk."""
    cards_deleted_at = models.DateTimeField(null=True, blank=True)
    """The time by which the desk had deleted everything past its `keep` at its restore; null at the exchange."""

    class Meta:
        ordering = ["-restored_at"]

    def __str__(self) -> str:
        return f"restored {self.restored_at}"

    @property
    def deletes_still(self) -> bool:
        """Tell whether content whose `keep` had passed may still be at this desk."""
        return self.cards_deleted_at is None
