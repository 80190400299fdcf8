# SPDX-License-Identifier: Apache-2.0
"""Rows that the hub holds for hosted agencies and itself: wrapped secrets and private keys. None opens without the KEK."""

from typing import ClassVar, Final

from django.db import models

from accord.envelope.keysets import Keyset, read_keyset
from callers.binding import BoundRow
from vault.instance_rows import Announcement as Announcement  # noqa: PLC0414
from vault.instance_rows import DeskInstance as DeskInstance  # noqa: PLC0414
from vault.move_rows import Arrival as Arrival  # noqa: PLC0414
from vault.move_rows import Departure as Departure  # noqa: PLC0414
from vault.move_rows import HandedEntry as HandedEntry  # noqa: PLC0414

HUB: Final = "hub"


class VaultSecret(models.Model):
    """Random root secret of one agency and epoch, wrapped under a key of the KEK ring. Deleting it erases the agency.

    The row without an agency is the hub's own: second factors and keys for entering are sealed under it (`hubsecret`).
    """

    agency_id = models.CharField(max_length=23, null=True, blank=True)  # noqa: DJ001 - none is the hub's own
    epoch = models.PositiveIntegerField()
    kek = models.CharField(max_length=32)
    wrapped = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["agency_id", "epoch"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency_id", "epoch"], name="vault_secret_epoch_once"),
            models.UniqueConstraint(
                fields=["epoch"], condition=models.Q(agency_id__isnull=True), name="vault_secret_hub_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.holder} epoch {self.epoch}"

    @property
    def holder(self) -> str:
        """Id of the agency, or `HUB`."""
        return self.agency_id or HUB


class VaultKey(models.Model):
    """Private key that the hub holds, sealed under its agency's secret of `epoch`, with its public half.

    `use` is sign, enc or root; the two keys of a root are signing keys.
    """

    kid = models.CharField(primary_key=True, max_length=43)
    agency_id = models.CharField(max_length=23, db_index=True)
    use = models.CharField(max_length=4)
    jwk = models.JSONField()
    epoch = models.PositiveIntegerField()
    wrapped = models.BinaryField()

    class Meta:
        ordering: ClassVar = ["kid"]

    def __str__(self) -> str:
        return self.kid


class ExchangeKey(models.Model):
    """API key by which the desk calls the exchange for an agency, sealed under the agency's secret."""

    agency_id = models.CharField(primary_key=True, max_length=23)
    revision = models.PositiveIntegerField(default=1)
    sealed = models.BinaryField()
    expires_at = models.DateTimeField()
    is_refused = models.BooleanField(default=False)
    """The exchange took it no more when it was last used."""
    lacks = models.JSONField(default=list, blank=True)
    """Scopes of a desk that it was not given, as the exchange said last."""

    def __str__(self) -> str:
        return f"API key of {self.agency_id}"


class EntryKey(models.Model):
    """Key for entering of an agency that is coming in, sealed under the hub's own secret; deleted once its keys stand."""

    agency_id = models.CharField(primary_key=True, max_length=23)
    sealed = models.TextField()
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"key for entering of {self.agency_id}"


class Proposal(models.Model):
    """Statement that an agency's head is asked to sign with a root that the hub does not hold; deleted once it is signed.

    `payload` is the statement exactly as it is to be signed, `od` its object digest. `change` names the change, `kid`
    the key that it concerns, if any.
    """

    od = models.CharField(primary_key=True, max_length=43)
    agency_id = models.CharField(max_length=23)
    k = models.CharField(max_length=6)
    change = models.CharField(max_length=15)
    kid = models.CharField(max_length=43, blank=True)
    payload = models.BinaryField()
    made_by = models.CharField(max_length=100)
    made_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["agency_id", "made_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agency_id"], condition=models.Q(k="keyset"), name="proposal_keyset_once"
            )
        ]

    def __str__(self) -> str:
        return self.od


class DrawnKey(models.Model):
    """Private key drawn for a proposal, sealed as in `VaultKey`; not registered before the head has signed."""

    kid = models.CharField(primary_key=True, max_length=43)
    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="drawn")
    use = models.CharField(max_length=4)
    epoch = models.PositiveIntegerField()
    wrapped = models.BinaryField()

    def __str__(self) -> str:
        return self.kid


class KeyStatement(BoundRow):
    """Keyset or revocation that the agency's root has signed, from before it is handed in until the log has it.

    `succession` as in `accord.envelope.keysets`; `drawn`: kids of the private keys kept for it; `act` and `detail`: the
    audit event once the exchange has taken it. It waits until it is taken or ended. `ended_at`: when it was refused for
    `cause`, or given up. `tried_at` and `trouble`, the last attempt and its obstacle, are not covered by the row's
    code.
    """

    od = models.CharField(primary_key=True, max_length=43)
    agency_id = models.CharField(max_length=23)
    k = models.CharField(max_length=6)
    kid = models.CharField(max_length=43, blank=True)
    jws = models.TextField()
    succession = models.CharField(max_length=9, blank=True)
    drawn = models.JSONField(default=list)
    act = models.CharField(max_length=40)
    detail = models.JSONField(default=dict)
    made_by = models.CharField(max_length=100)
    made_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    cause = models.CharField(max_length=60, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(max_length=60, blank=True)

    BOUND = (
        *("od", "agency_id", "k", "kid", "jws", "succession", "drawn", "act", "detail", "made_by"),
        *("made_at", "taken_at", "ended_at", "cause"),
    )

    class Meta:
        ordering: ClassVar = ["agency_id", "made_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agency_id"],
                condition=models.Q(k="keyset", taken_at=None, ended_at=None),
                name="own_keyset_waits_once",
            )
        ]

    def __str__(self) -> str:
        return self.od

    @property
    def keyset(self) -> Keyset:
        """The keyset, without a log time; raises VerificationError for a revocation."""
        return read_keyset(self.jws.encode(), succession=self.succession)

    @property
    def is_waiting(self) -> bool:
        """Tell whether the exchange has yet to take it."""
        return self.taken_at is None and self.ended_at is None


class SuspendedKey(BoundRow):
    """Key that an officer has suspended: it signs nothing here, whatever the exchange says.

    `told_at`: when the exchange had taken it, `refused_at`: when it refused to last; they trust nobody, and carry no code.
    """

    kid = models.CharField(primary_key=True, max_length=43)
    agency_id = models.CharField(max_length=23)
    suspended_by = models.CharField(max_length=100)
    suspended_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)

    BOUND = ("kid", "agency_id", "suspended_by", "suspended_at")

    def __str__(self) -> str:
        return self.kid
