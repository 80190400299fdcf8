# SPDX-License-Identifier: Apache-2.0
"""The tables of agencies and their keys."""

import datetime

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import callers.names
import callers.timezones


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
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
                                "\\A[a-z]{2}-[a-z0-9]{2,20}\\Z",
                                "Agency id: use a country code, a hyphen, a name.",
                            )
                        ],
                    ),
                ),
                (
                    "name",
                    models.CharField(max_length=120, unique=True, validators=[callers.names.check_name]),
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
                            ("international", "International organisation"),
                            ("focal_point", "Focal point"),
                            ("postal_operator", "Postal operator"),
                            ("drug_checking", "Drug-checking service"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "country",
                    models.CharField(
                        max_length=2, validators=[django.core.validators.RegexValidator("\\A[A-Z]{2}\\Z")]
                    ),
                ),
                (
                    "timezone",
                    models.CharField(
                        default="UTC", max_length=64, validators=[callers.timezones.check_timezone]
                    ),
                ),
                ("language", models.CharField(default="en", max_length=16)),
                (
                    "custody",
                    models.CharField(
                        choices=[
                            ("agency", "Keys held by the agency"),
                            (
                                "hub-own-root",
                                "Operational keys held by its desk, root with the agency's head",
                            ),
                            ("hub", "Its desk can act as this agency"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "custody_allowed",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("agency", "Keys held by the agency"),
                            (
                                "hub-own-root",
                                "Operational keys held by its desk, root with the agency's head",
                            ),
                            ("hub", "Its desk can act as this agency"),
                        ],
                        default="",
                        max_length=12,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("entering", "Entering"),
                            ("active", "Active"),
                            ("suspended", "Suspended at the exchange"),
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
                        validators=[django.core.validators.RegexValidator("\\A[0-9a-f]{64}\\Z")],
                    ),
                ),
                (
                    "duty_phone",
                    models.CharField(blank=True, max_length=40, validators=[callers.names.check_name]),
                ),
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
                            (
                                "hub-own-root",
                                "Operational keys held by its desk, root with the agency's head",
                            ),
                            ("hub", "Its desk can act as this agency"),
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
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("succession", "recovered"), _negated=True),
                        fields=("agency", "version"),
                        name="keyset_version_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("succession", "recovered")),
                        fields=("agency", "version"),
                        name="keyset_recovery_once",
                    ),
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
                ("until_keyset", models.BooleanField(default=False)),
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
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("exp__isnull", False), ("use", "root"), _connector="OR"),
                        name="key_end_unless_root",
                    ),
                ],
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
                ("is_entry", models.BooleanField(default=False)),
                ("stated_in", models.CharField(blank=True, editable=False, max_length=43)),
                ("line", models.CharField(db_index=True, editable=False, max_length=16)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="api_keys",
                        to="agencies.agency",
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
                        to="agencies.apikey",
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
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("stated_in", ""), _negated=True),
                        fields=("stated_in",),
                        name="apikey_stated_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FirstApiKey",
            fields=[
                (
                    "keyset",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="first_api_key",
                        serialize=False,
                        to="agencies.keyset",
                    ),
                ),
                ("kid", models.CharField(max_length=43)),
                ("jwe", models.JSONField()),
                ("expires_at", models.DateTimeField()),
                (
                    "api_key",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.apikey"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ContactPoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("address", models.CharField(max_length=254)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contact_points",
                        to="agencies.agency",
                    ),
                ),
            ],
            options={
                "ordering": ["agency", "address"],
                "constraints": [
                    models.UniqueConstraint(fields=("agency", "address"), name="contact_point_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Instance",
            fields=[
                (
                    "agency",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="instance",
                        serialize=False,
                        to="agencies.agency",
                    ),
                ),
                ("instance_id", models.CharField(max_length=36)),
                ("software", models.CharField(max_length=60)),
                ("since", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="OwnStatement",
            fields=[
                ("od", models.CharField(max_length=43, primary_key=True, serialize=False)),
                ("k", models.CharField(max_length=12)),
                ("statement_id", models.CharField(max_length=36)),
                ("iat", models.BigIntegerField()),
                ("jws", models.BinaryField()),
                ("accepted_at", models.DateTimeField()),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="own_statements",
                        to="agencies.agency",
                    ),
                ),
            ],
            options={
                "ordering": ["agency", "-iat"],
                "constraints": [
                    models.UniqueConstraint(fields=("agency", "statement_id"), name="own_statement_id_once")
                ],
            },
        ),
    ]
