# SPDX-License-Identifier: Apache-2.0
"""Rows that the hub holds for hosted agencies and itself: wrapped secrets and private keys. Nothing opens without the KEK."""

from typing import ClassVar, Final

from django.db import models

HUB: Final = "hub"


class VaultSecret(models.Model):
    """One random root secret per agency and epoch, wrapped under a key of the KEK ring. Deleting it erases the agency.

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
        """The agency's id, or `HUB`, which is no agency's."""
        return self.agency_id or HUB


class VaultKey(models.Model):
    """A private key the hub holds, sealed under its agency's secret of `epoch`, beside its public half.

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
    """The API key by which the desk calls the exchange for an agency, sealed under the agency's secret."""

    agency_id = models.CharField(primary_key=True, max_length=23)
    revision = models.PositiveIntegerField(default=1)
    sealed = models.BinaryField()
    expires_at = models.DateTimeField()
    is_refused = models.BooleanField(default=False)
    """The exchange took it no more when it was last used."""

    def __str__(self) -> str:
        return f"API key of {self.agency_id}"


class EntryKey(models.Model):
    """The key for entering of an agency that is coming in, sealed under the hub's own secret; gone once its keys stand."""

    agency_id = models.CharField(primary_key=True, max_length=23)
    sealed = models.TextField()
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"key for entering of {self.agency_id}"


class Proposal(models.Model):
    """A statement that an agency's head is asked to sign with the root the hub does not hold; gone once it is signed.

    `payload` is the statement exactly as it is to be signed, `od` its object digest. `change` is the verb, `kid`
    the key it is about, if it is about one.
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
    """A private key drawn for a proposal, sealed as in `VaultKey`; registered nowhere until the head has signed."""

    kid = models.CharField(primary_key=True, max_length=43)
    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="drawn")
    use = models.CharField(max_length=4)
    epoch = models.PositiveIntegerField()
    wrapped = models.BinaryField()

    def __str__(self) -> str:
        return self.kid
