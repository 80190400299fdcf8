# SPDX-License-Identifier: Apache-2.0
"""Agencies, their public keys and keysets, API keys of their systems. No secret is stored here, only digests."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from agencies.apikey_rows import ApiKey as ApiKey  # noqa: PLC0414
from agencies.expiring_rows import Challenge as Challenge  # noqa: PLC0414
from agencies.expiring_rows import FirstApiKey as FirstApiKey  # noqa: PLC0414
from agencies.instance_rows import Instance as Instance  # noqa: PLC0414
from agencies.own_statement_rows import ContactPoint as ContactPoint  # noqa: PLC0414
from agencies.own_statement_rows import OwnStatement as OwnStatement  # noqa: PLC0414
from agencies.revocation_rows import Revocation as Revocation  # noqa: PLC0414
from agencies.visibility import AgencyQuerySet, KeyQuerySet
from callers.directory import AGENCY_ID, AgencyKind, AgencyStatus, Custody, kind_and_country
from callers.names import check_name
from callers.timezones import check_timezone


class Agency(models.Model):
    """The exchange's record of an agency: its name, its contact details, and whether it takes part."""

    id = models.CharField(primary_key=True, max_length=23, validators=[AGENCY_ID])
    name = models.CharField(max_length=120, unique=True, validators=[check_name])
    kind = models.CharField(max_length=20, choices=AgencyKind)
    country = models.CharField(max_length=2, validators=[RegexValidator(r"\A[A-Z]{2}\Z")])
    timezone = models.CharField(max_length=64, default="UTC", validators=[check_timezone])
    language = models.CharField(max_length=16, default="en")
    custody = models.CharField(max_length=12, choices=Custody)
    custody_allowed = models.CharField(max_length=12, choices=Custody, blank=True, default="")
    """The other holder that its next keyset may name, as the operator has allowed; empty where no move is planned."""
    status = models.CharField(max_length=9, choices=AgencyStatus, default=AgencyStatus.ENTERING)
    suspended_at = models.DateTimeField(null=True, blank=True)
    root_fingerprint = models.CharField(
        max_length=64, blank=True, validators=[RegexValidator(r"\A[0-9a-f]{64}\Z")]
    )
    """The root in force; from paper at accession, empty until the vault has made a hosted root.

    It changes within the hour after a recovery's delay, or with the agency's next keyset. Once a keyset is accepted nothing is
    decided by this column: `directory.list_agencies_now`, the key facts and every check use the keyset in force.
    """
    duty_phone = models.CharField(max_length=40, blank=True, validators=[check_name])
    admitted_at = models.DateTimeField()

    objects = AgencyQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["id"]
        verbose_name_plural = "agencies"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(id__regex=r"^[a-z]{2}-[a-z0-9]{2,20}$"), name="agency_id_form"
            ),
            models.CheckConstraint(condition=Q(status__in=AgencyStatus.values), name="agency_status_known"),
            models.CheckConstraint(condition=Q(custody__in=Custody.values), name="agency_custody_known"),
            models.CheckConstraint(
                condition=Q(root_fingerprint="") | Q(root_fingerprint__regex=r"^[0-9a-f]{64}$"),
                name="agency_fingerprint_form",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_hosted(self) -> bool:
        """Tell whether the hub signs and opens for this agency."""
        return self.custody != Custody.AGENCY

    @property
    def kind_and_country(self) -> str:
        """Return what it is and where, for people; without a country where it belongs to none."""
        return kind_and_country(self.kind, self.country)

    @property
    def is_suspended(self) -> bool:
        """Tell whether the operator has stopped new flow to and from this agency."""
        return self.status == AgencyStatus.SUSPENDED


class KeyUse(models.TextChoices):
    SIGN = "sign", _("Signing")
    ENC = "enc", _("Encryption")
    ROOT = "root", _("Root")


class KeyState(models.TextChoices):
    CURRENT = "current", _("Current")
    RETIRING = "retiring", _("Retiring")
    RETIRED = "retired", _("Retired")
    REVOKED = "revoked", _("Revoked")


class Succession(models.TextChoices):
    """The root by which a keyset follows the one before it (envelope profile, "Keys")."""

    SAME = "same", _("Same root")
    CHANGED = "changed", _("Root changed, signed by both")
    RECOVERED = "recovered", _("Root recovered by the announced one alone")


class Keyset(models.Model):
    """A root-signed list of every key an agency ever had, kept as signed; never changed once stored.

    `rows` repeats the facts of its keys (kid, use, alg, crv, suites, nbf, exp, st, since) in the order signed, so that the keys
    of 500 recipients are found without parsing 500 signed objects.
    """

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="keysets")
    version = models.PositiveIntegerField()
    od = models.CharField(max_length=43, unique=True)
    prev = models.CharField(max_length=43, null=True, blank=True)  # noqa: DJ001
    succession = models.CharField(max_length=9, choices=Succession)
    jws = models.BinaryField()
    root_fingerprint = models.CharField(max_length=64)
    custody = models.CharField(max_length=12, choices=Custody)
    low = models.CharField(max_length=3)
    iat = models.BigIntegerField()
    exp = models.BigIntegerField()
    rows = models.JSONField()
    accepted_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["agency", "-version"]
        # Within its delay a recovery may be cancelled by a keyset of the old root with the same version.
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agency", "version"],
                condition=~Q(succession=Succession.RECOVERED),
                name="keyset_version_once",
            ),
            models.UniqueConstraint(
                fields=["agency", "version"],
                condition=Q(succession=Succession.RECOVERED),
                name="keyset_recovery_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agency_id} keyset {self.version}"


class Key(models.Model):
    """A public key as its agency's newest keyset states it, ignoring a recovery that waits. Times are integer seconds.

    One kid belongs to one agency and one use, for ever. The two keys of a root are stored here too, so that nobody can register
    them for anything else; they have no end (`exp` is null).
    """

    kid = models.CharField(primary_key=True, max_length=43)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="public_keys")
    use = models.CharField(max_length=4, choices=KeyUse)
    alg = models.CharField(max_length=16)
    suites = ArrayField(models.CharField(max_length=3))
    jwk = models.JSONField()
    nbf = models.BigIntegerField()
    exp = models.BigIntegerField(null=True, blank=True)
    st = models.CharField(max_length=8, choices=KeyState)
    since = models.BigIntegerField(null=True, blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    until_keyset = models.BooleanField(default=False)
    """Suspended by a system of its agency; a keyset signed later that lists it as current lifts the suspension."""

    objects = KeyQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["agency", "use", "alg", "-nbf"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(exp__isnull=False) | Q(use=KeyUse.ROOT), name="key_end_unless_root"
            )
        ]

    def __str__(self) -> str:
        return self.kid

    @property
    def suite(self) -> str:
        """The suites this key serves, for people."""
        return ", ".join(self.suites)
