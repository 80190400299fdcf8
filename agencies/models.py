# SPDX-License-Identifier: Apache-2.0
"""Who: agencies, their officers, public keys and keysets, API keys. Nothing secret but digests stands here."""

import secrets
import uuid
import zoneinfo
from typing import ClassVar, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from agencies.apikey_rows import ApiKey as ApiKey  # noqa: PLC0414
from agencies.binding import BoundRow
from agencies.capabilities import WITHHELD, Capability, Role, capabilities_of_roles
from agencies.names import check_name
from agencies.power_rows import PowerChange as PowerChange  # noqa: PLC0414
from agencies.restore_rows import Restore as Restore  # noqa: PLC0414
from agencies.restore_rows import RestoreReview as RestoreReview  # noqa: PLC0414
from agencies.revocation_rows import Revocation as Revocation  # noqa: PLC0414
from agencies.shortlived import (  # noqa: F401
    AccountLink,
    Challenge,
    FirstApiKey,
    IdempotentRequest,
    LoginAttempts,
)
from agencies.visibility import AgencyQuerySet, KeyQuerySet, OfficerManager
from ledger.retention import DEFAULT_KEEP_DAYS, KEEP_DAYS

AGENCY_ID = RegexValidator(
    r"\A[a-z]{2}-[a-z0-9]{2,20}\Z", _("Agency id: use a country code, a hyphen, a name.")
)


AUDIT_KEEP_DAYS: Final = KEEP_DAYS
AUDIT_KEEP_DEFAULT_DAYS: Final = DEFAULT_KEEP_DAYS


def _new_public_id() -> str:
    return secrets.token_urlsafe(16)


def _check_one_line(text: str) -> None:
    check_name(text)


def _check_timezone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("Time zone: choose a name of the IANA database."))


def default_mfa_roles() -> list[str]:
    """Whoever sends, keeps keys or manages proves more than a password, unless the agency decides otherwise."""
    return [Role.RELEASER.value, Role.KEY_OFFICER.value, Role.AGENCY_ADMIN.value]


class AgencyKind(models.TextChoices):
    LABORATORY = "laboratory", _("Laboratory")
    PUBLIC_HEALTH = "public_health", _("Public health")
    CUSTOMS = "customs", _("Customs")
    REGULATOR = "regulator", _("Regulator")
    DRUG_ENFORCEMENT = "drug_enforcement", _("Drug enforcement")
    POLICE = "police", _("Police")
    PROSECUTOR = "prosecutor", _("Prosecutor")


class Custody(models.TextChoices):
    """Who holds an agency's private keys (envelope profile, "Keys")."""

    AGENCY = "agency", _("Keys held by the agency")
    HUB_OWN_ROOT = "hub-own-root", _("Operational keys held by the hub, root with the agency's head")
    HUB = "hub", _("The hub can act as this agency")


class AgencyStatus(models.TextChoices):
    ENTERING = "entering", _("Entering")
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended on this hub")


class Agency(BoundRow):
    """An agency. Its policy is read by `agencies.policy_in_force` alone, which asks for the row's code."""

    BOUND: ClassVar = (
        "id",
        "four_eyes",
        "flash_single_releaser",
        "role_ceilings",
        "case_number_required",
        "mfa_required_roles",
        "audit_keep_days",
    )

    id = models.CharField(primary_key=True, max_length=23, validators=[AGENCY_ID])
    name = models.CharField(max_length=120, unique=True, validators=[_check_one_line])
    kind = models.CharField(max_length=20, choices=AgencyKind)
    country = models.CharField(max_length=2, validators=[RegexValidator(r"\A[A-Z]{2}\Z")])
    timezone = models.CharField(max_length=64, default="UTC", validators=[_check_timezone])
    language = models.CharField(max_length=16, default="en")
    custody = models.CharField(max_length=12, choices=Custody)
    status = models.CharField(max_length=9, choices=AgencyStatus, default=AgencyStatus.ENTERING)
    suspended_at = models.DateTimeField(null=True, blank=True)
    root_fingerprint = models.CharField(
        max_length=64, blank=True, validators=[RegexValidator(r"\A[0-9a-f]{64}\Z")]
    )
    """Of the root in force; from paper at accession, empty until the vault has made a hosted root.

    It follows a recovery within the hour after the delay, or with the agency's next keyset. Nothing is decided by
    it once a keyset stands: `directory.list_agencies_now`, the key facts and every check go by the keyset in force.
    """
    duty_phone = models.CharField(max_length=40, blank=True, validators=[_check_one_line])
    four_eyes = models.BooleanField(default=True)
    flash_single_releaser = models.BooleanField(default=False)
    mfa_required_roles = ArrayField(
        models.CharField(max_length=16, choices=Role), default=default_mfa_roles, blank=True
    )
    """Whoever has one of these roles signs in with a second factor."""
    role_ceilings = models.JSONField(default=dict, blank=True)
    """The highest TLP by role; a role that is not named has no limit (`agencies.ceilings`)."""
    case_number_required = models.BooleanField(default=False)
    """Whether each opening names a case number; what is sent as flash may always be opened on duty."""
    audit_keep_days = models.PositiveSmallIntegerField(default=AUDIT_KEEP_DEFAULT_DAYS)
    admitted_at = models.DateTimeField()
    first_release_at = models.DateTimeField(null=True, blank=True)
    """When its first actual alert went out; until then changes of power wait for nobody (`agencies.powers`)."""

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
                condition=Q(audit_keep_days__gte=AUDIT_KEEP_DAYS[0])
                & Q(audit_keep_days__lte=AUDIT_KEEP_DAYS[1]),
                name="agency_audit_keep_range",
            ),
            models.CheckConstraint(
                condition=Q(root_fingerprint="") | Q(root_fingerprint__regex=r"^[0-9a-f]{64}$"),
                name="agency_fingerprint_form",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_hosted(self) -> bool:
        """Whether the hub signs and opens for this agency."""
        return self.custody != Custody.AGENCY

    @property
    def is_suspended(self) -> bool:
        """Whether the operator has stopped new flow to and from this agency."""
        return self.status == AgencyStatus.SUSPENDED


class Officer(BoundRow, AbstractBaseUser):
    """A person who signs in. `public_id` is the opaque name used in statements and in the audit.

    Where somebody is let in or judged by a role the row must be bound (`agencies.binding`).
    """

    BOUND: ClassVar = (
        "id",
        "public_id",
        "email",
        "password",
        "agency",
        "roles",
        "is_active",
        "session_salt",
        "factors",
        "invited_email",
        "admin_until",
        "factors_reset_at",
        "password_mailed_at",
        "powers_withheld_at",
    )

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    public_id = models.CharField(max_length=22, unique=True, default=_new_public_id, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    full_name = models.CharField(max_length=120, validators=[_check_one_line])
    unit = models.CharField(max_length=60, blank=True, default="", validators=[_check_one_line])
    """The part of the agency; it tells people of one name apart and gives no right."""
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, blank=True, related_name="officers")
    roles = ArrayField(models.CharField(max_length=16, choices=Role), default=list, blank=True)
    is_active = models.BooleanField(default=True)
    timezone = models.CharField(max_length=64, blank=True, validators=[_check_timezone])
    language = models.CharField(max_length=16, blank=True)
    duty_rank = models.PositiveSmallIntegerField(null=True, blank=True)
    """The place on the duty list, from 1; none: not on it."""
    deputy = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="stands_in_for")
    """Whom to call when this officer is away. It gives no right."""
    routine_mail = models.BooleanField(default=True)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    """Local hours in which mail about routine alerts waits (`agencies.quiet`); both or none."""
    joined_at = models.DateTimeField()
    invited_email = models.EmailField(max_length=254, blank=True)
    """Where the invitation went. Until it is accepted `email` is a placeholder that nobody can sign in with."""
    admin_until = models.DateTimeField(null=True, blank=True)
    """When this officer last ceased to be an agency admin."""
    factors_reset_at = models.DateTimeField(null=True, blank=True)
    password_mailed_at = models.DateTimeField(null=True, blank=True)
    """When a password was last chosen by a mailed link."""
    powers_withheld_at = models.DateTimeField(null=True, blank=True)
    """Since when this officer may not validate, release or manage, until somebody has confirmed the person."""
    session_salt = models.CharField(max_length=22, default=_new_public_id, editable=False)
    """Part of every session's hash; a new value ends all sessions of this officer."""
    factors = ArrayField(models.BigIntegerField(), default=list, blank=True, editable=False)
    """Which second factors there are, by the ids of their rows; one that was deleted by SQL is still asked for."""

    objects: ClassVar[OfficerManager] = OfficerManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    class Meta:
        ordering: ClassVar = ["full_name"]
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="officer_email_once"),
            models.CheckConstraint(
                condition=~Q(roles__contains=["operator"]) | Q(agency__isnull=True),
                name="officer_operator_has_no_agency",
            ),
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="officer_quiet_both_or_none",
            ),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this officer may do now; nothing when disabled."""
        if not self.is_active:
            return frozenset()
        granted = capabilities_of_roles(self.roles)
        return granted if self.powers_withheld_at is None else granted - WITHHELD

    @property
    def audit_name(self) -> str:
        return f"officer:{self.public_id}"

    @property
    def display_name(self) -> str:
        """The name as colleagues see it, with the unit where there is one: two officers may have one name."""
        return f"{self.full_name} ({self.unit})" if self.unit else self.full_name

    @property
    def address(self) -> str:
        """Where mail to this person goes: the account's address, before it is accepted the invitation's."""
        return self.invited_email or self.email

    @property
    def effective_timezone(self) -> str:
        return self.timezone or (self.agency.timezone if self.agency else "UTC")

    @property
    def effective_language(self) -> str:
        """Of pages and mails; a hub that does not speak it falls back to the browser's, mails to English."""
        return self.language or (self.agency.language if self.agency else "")

    def check_password(self, raw_password: str | None) -> bool:
        """Whether this is the password; a hash of an older kind is renewed, on the locked row."""

        def renew(raw: str) -> None:
            with transaction.atomic():
                same = Officer.objects.select_for_update(of=("self",)).filter(
                    pk=self.pk, password=self.password
                )
                row = same.first()
                if row is not None and row.is_bound:
                    row.password = make_password(raw)
                    row.save(update_fields=["password"])
            self.refresh_from_db(fields=["password"])

        return check_password(raw_password, self.password, renew)

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        """Binds a session to the password and to `session_salt`: disabling ends sessions even if undone."""
        value = f"{self.password}{self.session_salt}"
        return salted_hmac("agencies.officer.session", value, secret=secret, algorithm="sha256").hexdigest()

    @property
    def is_staff(self) -> bool:
        """The admin's own gate: every active officer may enter; what is shown is decided by capabilities."""
        return self.is_active

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        """Django's model permissions are not used: capabilities decide, so this denies always."""
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False


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
    """By which root a keyset follows the one before it (envelope profile, "Keys")."""

    SAME = "same", _("Same root")
    CHANGED = "changed", _("Root changed, signed by both")
    RECOVERED = "recovered", _("Root recovered by the announced one alone")


class Keyset(models.Model):
    """A root-signed list of every key an agency ever had, kept as signed; never changed once stored.

    `rows` repeats the facts of its keys (kid, use, alg, crv, suites, nbf, exp, st, since) in the order signed,
    so that the keys of 500 recipients are found without reading 500 signed objects.
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
        # A recovery may be cancelled, within its delay, by a keyset of the old root of the same version.
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
    """A public key as its agency's newest keyset states it, one that waits left aside. Times are integer seconds.

    One kid belongs to one agency and one use, for ever; the two keys of a root stand here too, so that
    nobody can register them for anything else, and have no end (`exp` is null).
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
