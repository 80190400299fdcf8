# SPDX-License-Identifier: Apache-2.0
"""Officers of agencies: accounts, sign-ins, and changes of who may do what."""

import secrets
import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac

from callers.binding import BoundRow
from callers.capabilities import WITHHELD, Capability, Role, capabilities_of_roles
from callers.names import check_name
from callers.timezones import check_timezone
from officers.calendar_rows import AgencyCalendar as AgencyCalendar  # noqa: PLC0414
from officers.deskkey_rows import DeskKey as DeskKey  # noqa: PLC0414
from officers.expiring_rows import AccountLink as AccountLink  # noqa: PLC0414
from officers.expiring_rows import LoginAttempts as LoginAttempts  # noqa: PLC0414
from officers.policy_rows import AgencyPolicy as AgencyPolicy  # noqa: PLC0414
from officers.power_rows import PowerChange as PowerChange  # noqa: PLC0414
from officers.reopening_rows import Reopening as Reopening  # noqa: PLC0414
from officers.restore_rows import RestoreReview as RestoreReview  # noqa: PLC0414
from officers.session_rows import OfficerSession as OfficerSession  # noqa: PLC0414
from officers.transition_rows import Transition as Transition  # noqa: PLC0414
from officers.visibility import OfficerManager
from peers.models import Agency


def _new_public_id() -> str:
    return secrets.token_urlsafe(16)


class Officer(BoundRow, AbstractBaseUser):
    """Person who signs in. `public_id` is the opaque name used in statements and in the audit.

    The row must be bound (`callers.binding`) wherever somebody is let in or a role decides.
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
    full_name = models.CharField(max_length=120, validators=[check_name])
    unit = models.CharField(max_length=60, blank=True, default="", validators=[check_name])
    """Unit within the agency; it distinguishes people of one name and gives no right."""
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, blank=True, related_name="officers")
    roles = ArrayField(models.CharField(max_length=16, choices=Role), default=list, blank=True)
    is_active = models.BooleanField(default=True)
    timezone = models.CharField(max_length=64, blank=True, validators=[check_timezone])
    language = models.CharField(max_length=16, blank=True)
    duty_rank = models.PositiveSmallIntegerField(null=True, blank=True)
    """Place on the duty list, from 1; None: not on it."""
    deputy = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="stands_in_for")
    """Person to call when this officer is away. It gives no right."""
    routine_mail = models.BooleanField(default=True)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    """Local hours in which mail about routine alerts waits (`officers.quiet_hours`); both or none."""
    joined_at = models.DateTimeField()
    invited_email = models.EmailField(max_length=254, blank=True)
    """Address of the invitation. Until it is accepted `email` is a placeholder that nobody can sign in with."""
    admin_until = models.DateTimeField(null=True, blank=True)
    """When this officer last ceased to be an agency admin."""
    factors_reset_at = models.DateTimeField(null=True, blank=True)
    password_mailed_at = models.DateTimeField(null=True, blank=True)
    """When a password was last chosen by a mailed link."""
    powers_withheld_at = models.DateTimeField(null=True, blank=True)
    """Since when this officer may not validate, release or manage, until somebody confirms the person."""
    session_salt = models.CharField(max_length=22, default=_new_public_id, editable=False)
    """Part of every session's hash; a new value ends all sessions of this officer."""
    factors = ArrayField(models.BigIntegerField(), default=list, blank=True, editable=False)
    """Ids of the rows of second factors; a factor whose row was deleted by SQL is still asked for."""

    objects: ClassVar[OfficerManager] = OfficerManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    class Meta:
        ordering: ClassVar = ["full_name"]
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="officer_email_once"),
            models.CheckConstraint(
                condition=~Q(roles__contains=["keeper"]) | Q(agency__isnull=True),
                name="officer_keeper_has_no_agency",
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
    def is_in_service(self) -> bool:
        """Tell whether the officer is active, and of no agency or of one whose keys are at this desk."""
        return self.is_active and (self.agency is None or self.agency.is_hosted)

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Capabilities of this officer now; none while not in service."""
        if not self.is_in_service:
            return frozenset()
        granted = capabilities_of_roles(self.roles)
        return granted if self.powers_withheld_at is None else granted - WITHHELD

    @property
    def tlp_ceiling(self) -> str | None:
        """Strictest marking this officer may see and send; None without a limit. Raises NotBoundError."""
        from officers.ceilings import ceiling_of

        return ceiling_of(self)

    @property
    def audit_name(self) -> str:
        return f"officer:{self.public_id}"

    @property
    def display_name(self) -> str:
        """Name as colleagues see it, with the unit where there is one, since two officers may have one name."""
        return f"{self.full_name} ({self.unit})" if self.unit else self.full_name

    @property
    def address(self) -> str:
        """Mail address of this person: the account's, or the invitation's before it is accepted."""
        return self.invited_email or self.email

    @property
    def effective_timezone(self) -> str:
        return self.timezone or (self.agency.timezone if self.agency else "UTC")

    @property
    def effective_language(self) -> str:
        """Language of pages and mails; where the hub does not have it, pages use the browser's and mails English."""
        return self.language or (self.agency.language if self.agency else "")

    def check_password(self, raw_password: str | None) -> bool:
        """Tell whether this is the password; a hash of an older kind is renewed, on the locked row."""

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
        """Return the hash that binds a session to password and `session_salt`; sessions ended by disabling stay ended."""
        value = f"{self.password}{self.session_salt}"
        return salted_hmac("officers.session", value, secret=secret, algorithm="sha256").hexdigest()

    @property
    def is_staff(self) -> bool:
        """True for every active officer, who may enter the admin site; capabilities decide what is shown there."""
        return self.is_active

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        """Deny always: Django's model permissions are not used, capabilities decide."""
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False
