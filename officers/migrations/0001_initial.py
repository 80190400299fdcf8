# SPDX-License-Identifier: Apache-2.0

import datetime
import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import callers.names
import callers.timezones
import officers.models
import officers.policy_rows


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("peers", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="LoginAttempts",
            fields=[
                ("source", models.CharField(max_length=43, primary_key=True, serialize=False)),
                ("attempts", models.PositiveIntegerField()),
                ("window_started_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "login attempts",
            },
        ),
        migrations.CreateModel(
            name="Officer",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "public_id",
                    models.CharField(
                        default=officers.models._new_public_id, editable=False, max_length=22, unique=True
                    ),
                ),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("full_name", models.CharField(max_length=120, validators=[callers.names.check_name])),
                (
                    "unit",
                    models.CharField(
                        blank=True, default="", max_length=60, validators=[callers.names.check_name]
                    ),
                ),
                (
                    "roles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("reader", "Reader"),
                                ("author", "Author"),
                                ("releaser", "Releaser"),
                                ("key_officer", "Key officer"),
                                ("agency_admin", "Agency admin"),
                                ("auditor", "Auditor"),
                                ("keeper", "Keeper"),
                            ],
                            max_length=16,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                (
                    "timezone",
                    models.CharField(
                        blank=True, max_length=64, validators=[callers.timezones.check_timezone]
                    ),
                ),
                ("language", models.CharField(blank=True, max_length=16)),
                ("duty_rank", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("routine_mail", models.BooleanField(default=True)),
                ("quiet_from", models.TimeField(blank=True, null=True)),
                ("quiet_until", models.TimeField(blank=True, null=True)),
                ("joined_at", models.DateTimeField()),
                ("invited_email", models.EmailField(blank=True, max_length=254)),
                ("admin_until", models.DateTimeField(blank=True, null=True)),
                ("factors_reset_at", models.DateTimeField(blank=True, null=True)),
                ("password_mailed_at", models.DateTimeField(blank=True, null=True)),
                ("powers_withheld_at", models.DateTimeField(blank=True, null=True)),
                (
                    "session_salt",
                    models.CharField(default=officers.models._new_public_id, editable=False, max_length=22),
                ),
                (
                    "factors",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        blank=True,
                        default=list,
                        editable=False,
                        size=None,
                    ),
                ),
                (
                    "agency",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="officers",
                        to="peers.agency",
                    ),
                ),
                (
                    "deputy",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stands_in_for",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["full_name"],
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("email"), name="officer_email_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("roles__contains", ["keeper"]), _negated=True),
                            ("agency__isnull", True),
                            _connector="OR",
                        ),
                        name="officer_keeper_has_no_agency",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("quiet_from__isnull", True), ("quiet_until__isnull", True)),
                            models.Q(("quiet_from__isnull", False), ("quiet_until__isnull", False)),
                            _connector="OR",
                        ),
                        name="officer_quiet_both_or_none",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AccountLink",
            fields=[
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("digest", models.CharField(max_length=43, primary_key=True, serialize=False)),
                (
                    "purpose",
                    models.CharField(
                        choices=[("invitation", "Invitation"), ("reset", "Password reset")], max_length=10
                    ),
                ),
                ("issued_by", models.CharField(max_length=100)),
                ("issued_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                ("mailed_at", models.DateTimeField(blank=True, null=True)),
                ("mail_cause", models.CharField(blank=True, max_length=12)),
                (
                    "officer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="account_links",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-issued_at"],
            },
        ),
        migrations.CreateModel(
            name="AgencyCalendar",
            fields=[
                (
                    "agency",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="calendar",
                        serialize=False,
                        to="peers.agency",
                    ),
                ),
                (
                    "working_days",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(), size=None
                    ),
                ),
                ("opens", models.TimeField(default=datetime.time(9, 0))),
                ("closes", models.TimeField(default=datetime.time(17, 0))),
                ("holidays", models.JSONField(blank=True, default=list)),
            ],
            options={
                "ordering": ["agency"],
            },
        ),
        migrations.CreateModel(
            name="AgencyPolicy",
            fields=[
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                (
                    "agency",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="desk_policy",
                        serialize=False,
                        to="peers.agency",
                    ),
                ),
                ("four_eyes", models.BooleanField(default=True)),
                ("flash_single_releaser", models.BooleanField(default=False)),
                ("bare_code_single_releaser", models.BooleanField(default=False)),
                (
                    "mfa_required_roles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("reader", "Reader"),
                                ("author", "Author"),
                                ("releaser", "Releaser"),
                                ("key_officer", "Key officer"),
                                ("agency_admin", "Agency admin"),
                                ("auditor", "Auditor"),
                                ("keeper", "Keeper"),
                            ],
                            max_length=16,
                        ),
                        blank=True,
                        default=officers.policy_rows.default_mfa_roles,
                        size=None,
                    ),
                ),
                ("role_ceilings", models.JSONField(blank=True, default=dict)),
                ("case_number_required", models.BooleanField(default=False)),
                ("audit_keep_days", models.PositiveSmallIntegerField(default=1095)),
            ],
            options={
                "verbose_name_plural": "agency policies",
                "ordering": ["agency"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("audit_keep_days__gte", 365), ("audit_keep_days__lte", 3650)),
                        name="policy_audit_keep_range",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OfficerSession",
            fields=[
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("digest", models.CharField(editable=False, max_length=43, unique=True)),
                ("standing", models.CharField(editable=False, max_length=43)),
                ("device", models.CharField(blank=True, max_length=80)),
                ("network", models.CharField(blank=True, max_length=43)),
                (
                    "proof",
                    models.CharField(
                        choices=[
                            ("passkey", "Passkey"),
                            ("code", "Code"),
                            ("recovery", "Recovery"),
                            ("password", "Password"),
                        ],
                        default="password",
                        max_length=8,
                    ),
                ),
                ("signed_in_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField(db_index=True)),
                ("proved_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "officer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sign_ins",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-seen_at"],
            },
        ),
        migrations.CreateModel(
            name="PowerChange",
            fields=[
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("roles", "Roles given"),
                            ("enable", "Account enabled again"),
                            ("policy", "Policy loosened"),
                            ("identity", "Person to be confirmed"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("invited", "Invited"),
                            ("factors-reset", "Second factor reset by an admin"),
                            ("machine-reset", "Second factor reset by the desk's keeper"),
                        ],
                        max_length=13,
                    ),
                ),
                ("changes", models.JSONField(blank=True, default=dict)),
                ("before", models.JSONField(blank=True, default=dict)),
                ("asked_at", models.DateTimeField()),
                ("delay_hours", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("waiting", "Waits"),
                            ("agreed", "Agreed to"),
                            ("applied", "Applied after its time"),
                            ("stopped", "Stopped"),
                            ("dropped", "Taken back or overtaken"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="power_changes",
                        to="peers.agency",
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "officer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="power_changes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-asked_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "policy"), ("outcome", "waiting")),
                        fields=("agency",),
                        name="power_policy_waits_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind__in", ["roles", "enable"]), ("outcome", "waiting")),
                        fields=("officer", "kind"),
                        name="power_of_officer_waits_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "policy"), ("officer__isnull", True)),
                            models.Q(("officer__isnull", False), models.Q(("kind", "policy"), _negated=True)),
                            _connector="OR",
                        ),
                        name="power_of_policy_or_officer",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DeskKey",
            fields=[
                ("prefix", models.CharField(max_length=16, primary_key=True, serialize=False)),
                ("digest", models.BinaryField(max_length=32)),
                ("client", models.CharField(max_length=60)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=24), size=None
                    ),
                ),
                (
                    "networks",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=43), blank=True, default=list, size=None
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(max_length=100)),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                ("line", models.CharField(db_index=True, editable=False, max_length=16)),
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="desk_keys",
                        to="peers.agency",
                    ),
                ),
                (
                    "follows",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="successors",
                        to="officers.deskkey",
                    ),
                ),
            ],
            options={
                "ordering": ["agency", "client", "-created_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "expires_at__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("created_at"), "+", models.Value(datetime.timedelta(days=90))
                                ),
                            )
                        ),
                        name="deskkey_ninety_days",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RestoreReview",
            fields=[
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("restored_at", models.DateTimeField()),
                ("reviewed_at", models.DateTimeField()),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="restore_reviews",
                        to="peers.agency",
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-reviewed_at"],
                "indexes": [
                    models.Index(fields=["agency", "restored_at"], name="restore_review_of_agency"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Reopening",
            fields=[
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("od", models.CharField(max_length=43, primary_key=True, serialize=False)),
                ("payload", models.TextField()),
                ("made_by", models.CharField(max_length=100)),
                ("made_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                ("handed_in_by", models.CharField(blank=True, max_length=100)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reopenings",
                        to="peers.agency",
                    ),
                ),
                (
                    "officer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reopenings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-made_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("used_at", None)), fields=("agency",), name="reopening_open_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("officer", None), ("used_at", None)),
                            models.Q(("officer__isnull", False), ("used_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="reopening_used_lets_in",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Transition",
            fields=[
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("began_at", models.DateTimeField()),
                ("root", models.CharField(blank=True, max_length=64)),
                (
                    "people",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=22), default=list, size=None
                    ),
                ),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transitions",
                        to="peers.agency",
                    ),
                ),
                (
                    "began_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "first_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "looked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-began_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("agency",),
                        name="transition_one_at_a_time",
                    )
                ],
            },
        ),
    ]
