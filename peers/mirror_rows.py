# SPDX-License-Identifier: Apache-2.0
"""Rows of what an agency's desk has verified of directory and ledger, and of agreements as the exchange stated them.

Part of `peers.models`; only `peers.memory` and `peers.agreements` read them.

Each row is bound to its reader: one that was altered outside the program or moved to another agency is not used.
"""

from typing import ClassVar

from django.db import models

from callers.binding import BoundRow


class PeerKeyset(BoundRow):
    """Keyset of an agency, as its reader verified it: JWS and receipt (JSON) as received, log time in seconds.

    `succession` as in `accord.envelope.keysets`; `revokes`: one of its keys is marked as revoked.
    """

    reader = models.CharField(max_length=23)
    peer = models.CharField(max_length=23)
    od = models.CharField(max_length=43)
    version = models.PositiveIntegerField()
    jws = models.TextField()
    receipt = models.TextField()
    log_time = models.BigIntegerField()
    succession = models.CharField(max_length=9)
    revokes = models.BooleanField(default=False)

    BOUND = ("reader", "peer", "od", "version", "jws", "receipt", "log_time", "succession", "revokes")

    class Meta:
        ordering: ClassVar = ["version", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["reader", "peer", "od"], name="peer_keyset_once")
        ]

    def __str__(self) -> str:
        return f"{self.reader} on {self.peer} {self.version}"


class PeerRevocation(BoundRow):
    """Logged `revoke` of an agency, as its reader verified it; octets as in `PeerKeyset`."""

    reader = models.CharField(max_length=23)
    peer = models.CharField(max_length=23)
    od = models.CharField(max_length=43)
    jws = models.TextField()
    receipt = models.TextField()
    log_time = models.BigIntegerField()

    BOUND = ("reader", "peer", "od", "jws", "receipt", "log_time")

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["reader", "peer", "od"], name="peer_revocation_once")
        ]

    def __str__(self) -> str:
        return f"{self.reader} on {self.peer}"


class PeerAgreement(BoundRow):
    """Agreement of its reader as the exchange stated it: the members of `accord.calls.agreements.AgreementAnswer`."""

    reader = models.CharField(max_length=23)
    ref = models.TextField()
    said = models.JSONField()

    BOUND = ("reader", "ref", "said")

    class Meta:
        ordering: ClassVar = ["ref"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["reader", "ref"], name="peer_agreement_once")
        ]

    def __str__(self) -> str:
        return f"{self.ref} of {self.reader}"


class PeerCircle(BoundRow):
    """Circle of its reader as the exchange stated it: the members of `accord.calls.agreements.CircleAnswer`."""

    reader = models.CharField(max_length=23)
    name = models.TextField()
    said = models.JSONField()

    BOUND = ("reader", "name", "said")

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["reader", "name"], name="peer_circle_once")]

    def __str__(self) -> str:
        return f"{self.name} of {self.reader}"


class SeenAgreements(BoundRow):
    """Digest of all agreements and circles of a reader, by which a missing one is noticed; no code covers `asked_at`."""

    reader = models.CharField(primary_key=True, max_length=23)
    digest = models.CharField(max_length=43)
    asked_at = models.DateTimeField()

    BOUND = ("reader", "digest")

    def __str__(self) -> str:
        return f"agreements of {self.reader}"


class LastVerdicts(BoundRow):
    """Last answer of the exchange about sending under some terms: for each recipient whether it may, why not, and when asked."""

    reader = models.CharField(max_length=23)
    terms = models.CharField(max_length=200)
    """Values of the terms in a fixed order, joined."""
    answers = models.JSONField(default=dict)

    BOUND = ("reader", "terms", "answers")

    class Meta:
        verbose_name_plural = "last verdicts"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["reader", "terms"], name="last_verdicts_once")
        ]

    def __str__(self) -> str:
        return f"{self.reader} under {self.terms}"


class SeenLedger(BoundRow):
    """The ledger as one reader has seen it: the largest checkpoint that was compared, and what ties later ones to the same tree.

    `checkpoint` is a signed note, empty before the first; `kept_at` and `newest_log_time` in seconds; `handovers` are
    the notes by which the ledger's key was replaced, `uncompared` the checkpoints that are still to be compared. No
    code covers `troubles`, what failed when each peer's newest keys were last taken in; `asked_at`, when the worker
    asked for everybody's keys; and `alarmed`, what it raised an alarm of.
    """

    reader = models.CharField(primary_key=True, max_length=23)
    checkpoint = models.TextField(blank=True, default="")
    size = models.BigIntegerField(default=0)
    kept_at = models.BigIntegerField(default=0)
    newest_log_time = models.BigIntegerField(default=0)
    handovers = models.JSONField(default=list)
    uncompared = models.JSONField(default=list)
    troubles = models.JSONField(default=dict)
    asked_at = models.DateTimeField(null=True, blank=True)
    alarmed = models.JSONField(default=dict)

    BOUND = ("reader", "checkpoint", "size", "kept_at", "newest_log_time", "handovers", "uncompared")

    def __str__(self) -> str:
        return f"the ledger as {self.reader} has seen it"
