# SPDX-License-Identifier: Apache-2.0

import datetime
import uuid

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
from django.db import migrations, models

import agencies.models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

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
            name="Agency",
            fields=[
                (
                    "id",
                    models.CharField(
                        max_length=23,
                        primary_key=True,
                        serialize=False,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z]{2}-[a-z0-9]{2,20}$",
                                "Agency id: use a country code, a hyphen, a name.",
                            )
                        ],
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        max_length=120, unique=True, validators=[agencies.models._check_one_line]
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("laboratory", "Laboratory"),
                            ("public_health", "Public health"),
                            ("customs", "Customs"),
                            ("regulator", "Regulator"),
                            ("drug_enforcement", "Drug enforcement"),
                            ("police", "Police"),
                            ("prosecutor", "Prosecutor"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "country",
                    models.CharField(
                        max_length=2, validators=[django.core.validators.RegexValidator("^[A-Z]{2}$")]
                    ),
                ),
                (
                    "timezone",
                    models.CharField(
                        default="UTC", max_length=64, validators=[agencies.models._check_timezone]
                    ),
                ),
                ("language", models.CharField(default="en", max_length=16)),
                (
                    "custody",
                    models.CharField(
                        choices=[
                            ("agency", "Keys held by the agency"),
                            ("hub-own-root", "Operational keys held by the hub, root with the agency's head"),
                            ("hub", "The hub can act as this agency"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("entering", "Entering"),
                            ("active", "Active"),
                            ("suspended", "Suspended on this hub"),
                        ],
                        default="entering",
                        max_length=9,
                    ),
                ),
                ("suspended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "root_fingerprint",
                    models.CharField(
                        blank=True,
                        max_length=64,
                        validators=[django.core.validators.RegexValidator("^[0-9a-f]{64}$")],
                    ),
                ),
                (
                    "duty_phone",
                    models.CharField(blank=True, max_length=40, validators=[agencies.models._check_one_line]),
                ),
                ("four_eyes", models.BooleanField(default=True)),
                ("flash_single_releaser", models.BooleanField(default=False)),
                ("admitted_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "agencies",
                "ordering": ["id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id__regex", "^[a-z]{2}-[a-z0-9]{2,20}$")), name="agency_id_form"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["entering", "active", "suspended"])),
                        name="agency_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("custody__in", ["agency", "hub-own-root", "hub"])),
                        name="agency_custody_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("root_fingerprint", ""),
                            ("root_fingerprint__regex", "^[0-9a-f]{64}$"),
                            _connector="OR",
                        ),
                        name="agency_fingerprint_form",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Challenge",
            fields=[
                ("chal", models.CharField(max_length=43, primary_key=True, serialize=False)),
                ("nonce_digests", models.JSONField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="IdempotentRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("actor", models.CharField(max_length=120)),
                ("key", models.CharField(max_length=120)),
                ("request_mac", models.BinaryField(max_length=32)),
                ("status", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("resource", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("actor", "key"), name="idempotency_key_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Key",
            fields=[
                ("kid", models.CharField(max_length=43, primary_key=True, serialize=False)),
                (
                    "use",
                    models.CharField(
                        choices=[("sign", "Signing"), ("enc", "Encryption"), ("root", "Root")], max_length=4
                    ),
                ),
                ("alg", models.CharField(max_length=16)),
                (
                    "suites",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=3), size=None
                    ),
                ),
                ("jwk", models.JSONField()),
                ("nbf", models.BigIntegerField()),
                ("exp", models.BigIntegerField(blank=True, null=True)),
                (
                    "st",
                    models.CharField(
                        choices=[
                            ("current", "Current"),
                            ("retiring", "Retiring"),
                            ("retired", "Retired"),
                            ("revoked", "Revoked"),
                        ],
                        max_length=8,
                    ),
                ),
                ("since", models.BigIntegerField(blank=True, null=True)),
                ("suspended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="public_keys",
                        to="agencies.agency",
                    ),
                ),
            ],
            options={
                "ordering": ["agency", "use", "alg", "-nbf"],
            },
        ),
        migrations.CreateModel(
            name="Keyset",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("od", models.CharField(max_length=43, unique=True)),
                ("prev", models.CharField(blank=True, max_length=43, null=True)),
                (
                    "succession",
                    models.CharField(
                        choices=[
                            ("same", "Same root"),
                            ("changed", "Root changed, signed by both"),
                            ("recovered", "Root recovered by the announced one alone"),
                        ],
                        max_length=9,
                    ),
                ),
                ("jws", models.BinaryField()),
                ("root_fingerprint", models.CharField(max_length=64)),
                (
                    "custody",
                    models.CharField(
                        choices=[
                            ("agency", "Keys held by the agency"),
                            ("hub-own-root", "Operational keys held by the hub, root with the agency's head"),
                            ("hub", "The hub can act as this agency"),
                        ],
                        max_length=12,
                    ),
                ),
                ("low", models.CharField(max_length=3)),
                ("iat", models.BigIntegerField()),
                ("exp", models.BigIntegerField()),
                ("rows", models.JSONField()),
                ("accepted_at", models.DateTimeField()),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="keysets",
                        to="agencies.agency",
                    ),
                ),
            ],
            options={
                "ordering": ["agency", "-version"],
            },
        ),
        migrations.CreateModel(
            name="Revocation",
            fields=[
                ("od", models.CharField(max_length=43, primary_key=True, serialize=False)),
                ("since", models.BigIntegerField()),
                ("code", models.CharField(max_length=6)),
                ("jws", models.BinaryField()),
                ("accepted_at", models.DateTimeField()),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revocations",
                        to="agencies.agency",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revocations",
                        to="agencies.key",
                    ),
                ),
            ],
            options={
                "ordering": ["agency", "accepted_at"],
            },
        ),
        migrations.CreateModel(
            name="Officer",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "public_id",
                    models.CharField(
                        default=agencies.models._new_public_id, editable=False, max_length=22, unique=True
                    ),
                ),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("full_name", models.CharField(max_length=120, validators=[agencies.models._check_one_line])),
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
                                ("operator", "Hub operator"),
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
                    models.CharField(blank=True, max_length=64, validators=[agencies.models._check_timezone]),
                ),
                ("language", models.CharField(blank=True, max_length=16)),
                ("duty_rank", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("joined_at", models.DateTimeField()),
                (
                    "session_salt",
                    models.CharField(default=agencies.models._new_public_id, editable=False, max_length=22),
                ),
                (
                    "agency",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="officers",
                        to="agencies.agency",
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
                            models.Q(("roles__contains", ["operator"]), _negated=True),
                            ("agency__isnull", True),
                            _connector="OR",
                        ),
                        name="officer_operator_has_no_agency",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiKey",
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
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="api_keys",
                        to="agencies.agency",
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
                        name="apikey_ninety_days",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="key",
            constraint=models.CheckConstraint(
                condition=models.Q(("exp__isnull", False), ("use", "root"), _connector="OR"),
                name="key_end_unless_root",
            ),
        ),
        migrations.AddConstraint(
            model_name="keyset",
            constraint=models.UniqueConstraint(
                condition=models.Q(("succession", "recovered"), _negated=True),
                fields=("agency", "version"),
                name="keyset_version_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="keyset",
            constraint=models.UniqueConstraint(
                condition=models.Q(("succession", "recovered")),
                fields=("agency", "version"),
                name="keyset_recovery_once",
            ),
        ),
    ]
