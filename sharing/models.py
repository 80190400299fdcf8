# SPDX-License-Identifier: Apache-2.0
"""Tables of the exchange: who may share what, sealed envelopes, deliveries, feeds, notices. Nothing here opens content.

Times inside signed objects are integer seconds (`iat`, `exp`, `keep`), the hub's own are aware datetimes. Where one insert
would cost hundreds of checks, agencies are named without a database constraint; intake has already read them in one query.
"""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from agencies.models import Agency
from callers.closed_lists import Lane, Purpose, Tlp
from sharing import visibility
from sharing.contact_rows import ContactMail as ContactMail  # noqa: PLC0414 - this app's too
from sharing.contact_rows import FeedRead as FeedRead  # noqa: PLC0414
from sharing.revoked import FeedReminder as FeedReminder  # noqa: PLC0414 - the rows of `revoked` are this app's too
from sharing.rows import Row
from sharing.states import DeliveryState


class Agreement(Row):
    """An agreement between agencies; its terms stand in its versions, and the newest begun one counts."""

    ref = models.CharField(max_length=20, unique=True)
    title = models.CharField(max_length=120)
    recorded_at = models.DateTimeField()

    objects = visibility.AgreementQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["ref"]

    def __str__(self) -> str:
        return self.ref


class AgreementVersion(Row):
    """The terms of an agreement, never edited; of those in force the one with the highest number counts.

    `od` is the digest of the statement that proposes them, empty for what the operator recorded, which is in force at once. An
    empty `purposes` allows every purpose. `until` is null for no end. `text_md` is the address of its sealed text.
    """

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    ceiling = models.CharField(max_length=12, choices=Tlp)
    purposes = ArrayField(models.CharField(max_length=18, choices=Purpose), default=list, blank=True)
    nbf = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    survive_lanes = ArrayField(models.CharField(max_length=13, choices=Lane), default=list, blank=True)
    survive_flash = models.BooleanField(default=False)
    emergency = models.BooleanField(default=False)
    recorded_at = models.DateTimeField()
    od = models.CharField(max_length=43, blank=True, default="")
    text_md = models.CharField(max_length=43, blank=True, default="")
    in_force_at = models.DateTimeField(null=True, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["agreement", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agreement", "number"],
                condition=Q(in_force_at__isnull=False),
                name="agreement_version_once",
            ),
            models.UniqueConstraint(fields=["od"], condition=~Q(od=""), name="agreement_proposed_once"),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=models.F("nbf")),
                name="agreement_ends_after_begin",
            ),
            models.CheckConstraint(condition=Q(ceiling__in=Tlp.values), name="agreement_ceiling_known"),
        ]

        indexes: ClassVar = [
            models.Index(fields=["text_md"], condition=~Q(text_md=""), name="agreement_of_text")
        ]

    def __str__(self) -> str:
        return f"{self.agreement} v{self.number}"


class AgreementParty(Row):
    """A party of a version. `accepted_at` is null before it accepts, and for what the operator recorded."""

    version = models.ForeignKey(AgreementVersion, models.PROTECT, related_name="parties")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="agreement_parties")
    accepted_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "agency"], name="agreement_party_once")
        ]


class AgreementLane(Row):
    version = models.ForeignKey(AgreementVersion, models.PROTECT, related_name="lanes")
    lane = models.CharField(max_length=13, choices=Lane)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "lane"], name="agreement_lane_once")
        ]


class LaneSuspension(Row):
    """An agency's stop of one lane with one other agency, both ways; only that agency lifts it."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    peer = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    lane = models.CharField(max_length=13, choices=Lane)
    suspended_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agency", "peer", "lane"],
                condition=Q(lifted_at__isnull=True),
                name="lane_suspended_once_by_agency",
            )
        ]


class Circle(Row):
    """A named group of at most 500 agencies under one agreement."""

    name = models.CharField(max_length=60, unique=True)
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="circles")
    recorded_at = models.DateTimeField()
    members: "models.ManyToManyField[Agency, models.Model]" = models.ManyToManyField(Agency, related_name="+")

    objects = visibility.CircleQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name"]


class Envelope(Row):
    """A sealed alert as it was signed. The content columns become null at `keep`; the digests stay.

    `text_of` is the version of an agreement whose text it is, sent because of its proposal alone.
    """

    md = models.CharField(primary_key=True, max_length=43)
    iss = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    jti = models.CharField(max_length=36)
    suite = models.CharField(max_length=3)
    kind = models.CharField(max_length=7)
    status = models.CharField(max_length=8)
    tlp = models.CharField(max_length=12, choices=Tlp)
    lane = models.CharField(max_length=13, choices=Lane)
    purpose = models.CharField(max_length=18, choices=Purpose)
    pri = models.CharField(max_length=7)
    rel = models.CharField(max_length=10)
    iat = models.BigIntegerField()
    exp = models.BigIntegerField()
    keep = models.BigIntegerField()
    ack_by = models.BigIntegerField(null=True)
    reply_by = models.BigIntegerField(null=True)
    named = models.PositiveIntegerField()
    rn = models.PositiveSmallIntegerField()
    re_jti = models.CharField(max_length=36, null=True)  # noqa: DJ001 - a signed null is not an empty text
    re_md = models.CharField(max_length=43, null=True)  # noqa: DJ001
    text_of = models.ForeignKey(
        AgreementVersion, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    size_bytes = models.BigIntegerField()
    manifest = models.BinaryField(null=True)
    jwe_head = models.TextField(null=True)  # noqa: DJ001 - null is the tombstone
    origin_entry = models.TextField(null=True)  # noqa: DJ001
    origin_index = models.PositiveSmallIntegerField()
    leaf_hashes = models.BinaryField(null=True)
    signers = ArrayField(models.CharField(max_length=43))
    received_at = models.DateTimeField()

    objects = visibility.EnvelopeQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["iss", "jti"], name="envelope_id_once"),
            models.UniqueConstraint(
                fields=["re_md"], condition=Q(kind="update"), name="envelope_updated_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["iss", "-received_at", "-md"], name="envelope_sent"),
            models.Index(fields=["keep"], condition=Q(manifest__isnull=False), name="envelope_to_delete"),
            GinIndex(fields=["signers"], name="envelope_signed_with"),
        ]


class Release(Row):
    """A release onward of an envelope, by the signed statement `od`, until `until` in seconds.

    `parent` is the release by which its issuer has the envelope; null where it sent or received it. `leaf_hashes` are those of
    its entries, null from the envelope's `keep` on.
    """

    od = models.CharField(primary_key=True, max_length=43)
    envelope = models.ForeignKey(Envelope, models.PROTECT, related_name="releases")
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    iss = models.CharField(max_length=23)
    purpose = models.CharField(max_length=18, choices=Purpose)
    is_emergency = models.BooleanField()
    until = models.BigIntegerField()
    leaf_hashes = models.BinaryField(null=True)


class Delivery(Row):
    """One envelope for one recipient. `index` is its position among the entries of the manifest, or of `release`, by which
    the recipient has it; `number` that in the feed.

    `iss` is the envelope's. A database trigger writes `changed`: the transaction that last changed what the originator is told
    (`sharing.changes`).
    """

    envelope = models.ForeignKey(Envelope, models.PROTECT, related_name="deliveries")
    recipient = models.ForeignKey(Agency, models.PROTECT, related_name="+", db_constraint=False)
    iss = models.CharField(max_length=23)
    index = models.PositiveSmallIntegerField()
    entry = models.TextField(null=True)  # noqa: DJ001 - null is the tombstone
    agreement_version = models.ForeignKey(
        AgreementVersion, models.PROTECT, related_name="+", db_constraint=False
    )
    release = models.ForeignKey(Release, models.PROTECT, null=True, related_name="deliveries", db_index=False)
    state = models.CharField(max_length=12, choices=DeliveryState, default=DeliveryState.PENDING)
    reference = models.CharField(max_length=9)
    number = models.BigIntegerField(null=True)
    told_at = models.DateTimeField(null=True)
    fetched_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=10, blank=True)
    recalled_at = models.DateTimeField(null=True)
    recall_confirmed_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    changed = models.BigIntegerField(default=0)

    objects = visibility.DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["envelope", "recipient"], name="delivery_once"),
            models.UniqueConstraint(fields=["reference"], name="delivery_reference_once"),
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="delivery_state_known"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["recipient", "state"], name="delivery_of_recipient"),
            models.Index(fields=["release"], condition=Q(release__isnull=False), name="delivery_released"),
            models.Index(fields=["iss", "changed", "id"], name="delivery_changed"),
        ]


class Blob(Row):
    """One sealed attachment as it was sent; served only through its envelope."""

    envelope = models.ForeignKey(Envelope, models.PROTECT, related_name="blobs")
    n = models.PositiveSmallIntegerField()
    sha256 = models.CharField(max_length=43)
    size_bytes = models.BigIntegerField()
    content = models.BinaryField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["envelope", "n"], name="blob_once")]


class Statement(Row):
    """A signed statement as received; insert-only. `statement_id` is its own `id`, `sub_*` name its subject."""

    od = models.CharField(primary_key=True, max_length=43)
    iss = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    statement_id = models.CharField(max_length=36)
    k = models.CharField(max_length=12)
    sub_k = models.CharField(max_length=12, blank=True)
    sub_id = models.CharField(max_length=36, blank=True)
    sub_d = models.CharField(max_length=43, blank=True)
    act = models.CharField(max_length=64, blank=True)
    iat = models.BigIntegerField()
    exp = models.BigIntegerField(null=True)
    body = models.JSONField()
    jws = models.BinaryField()
    suite = models.CharField(max_length=3)
    signers = ArrayField(models.CharField(max_length=43))
    received_at = models.DateTimeField()

    objects = visibility.StatementQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["iss", "statement_id"], name="statement_id_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["iss", "-received_at", "-od"], name="statement_sent"),
            models.Index(fields=["sub_d", "k"], name="statement_about"),
            GinIndex(fields=["signers"], name="statement_signed_with"),
        ]


class StatementDelivery(Row):
    """A recipient of a statement; `number` is its position in that agency's feed."""

    statement = models.ForeignKey(Statement, models.PROTECT, related_name="deliveries")
    recipient = models.ForeignKey(Agency, models.PROTECT, related_name="+", db_constraint=False)
    number = models.BigIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["statement", "recipient"], name="statement_delivery_once")
        ]


class FeedPending(Row):
    """A ledger entry that waits for its feed numbers; its recipients come from the deliveries."""

    od = models.CharField(primary_key=True, max_length=43)
    what = models.CharField(max_length=9)
    iss = models.CharField(max_length=23)
    width = models.PositiveSmallIntegerField()
    queued_at = models.DateTimeField(db_index=True)
    leaf = models.BigIntegerField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["leaf"], condition=Q(leaf__isnull=False), name="feedpending_leaf"),
        ]


class _Waiting(Row):
    """`position` is the leaf index of the envelope in the ledger: the order in which deliveries flow again."""

    delivery = models.OneToOneField(Delivery, models.PROTECT, primary_key=True, related_name="+")
    position = models.BigIntegerField()
    iss = models.CharField(max_length=23)
    recipient = models.CharField(max_length=23)

    class Meta:
        abstract = True


class FeedHeld(_Waiting):
    """A delivery that policy denied at its turn."""

    class Meta:
        indexes: ClassVar = [models.Index(fields=["iss", "recipient"], name="feedheld_pair")]


class FeedRequeue(_Waiting):
    """A held delivery whose turn has come again."""

    class Meta:
        indexes: ClassVar = [models.Index(fields=["position"], name="feedrequeue_order")]


class FeedMark(Row):
    """One row: the first leaf that is not numbered yet, the sequencer's last sign of life, and the feeds' epoch.

    Within an epoch a number never means two things; a restored database begins a new epoch (`sharing.feed`).
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    next_leaf = models.BigIntegerField(default=0)
    beat = models.DateTimeField()
    epoch = models.CharField(max_length=16, default="0")

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="feedmark_one_row")]


class FeedHead(Row):
    recipient = models.CharField(primary_key=True, max_length=23)
    last = models.BigIntegerField()


class FeedItem(Row):
    """Item `number` of one recipient's feed: without gaps, in order, never without a receipt.

    `repudiated` marks an object to be judged again, since a key that signed it was revoked; it proves nothing. `reminder` names
    an envelope whose originator asks again for an answer; its `item_id` is the reminder's own.
    """

    ENVELOPE, STATEMENT, REPUDIATED, REMINDER = "envelope", "statement", "repudiated", "reminder"

    pk = models.CompositePrimaryKey("recipient", "number")
    recipient = models.CharField(max_length=23)
    number = models.BigIntegerField()
    what = models.CharField(max_length=10)
    d = models.CharField(max_length=43)
    iss = models.CharField(max_length=23)
    item_id = models.CharField(max_length=36)
    ref = models.CharField(max_length=9, blank=True)
    numbered_at = models.DateTimeField()

    objects = visibility.FeedItemQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["recipient", "number"]
