# SPDX-License-Identifier: Apache-2.0

import uuid

import django.db.models.deletion
from django.db import migrations, models

import callers.names
import operators.models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Operator",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "public_id",
                    models.CharField(
                        default=operators.models._new_public_id, editable=False, max_length=22, unique=True
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True, validators=[callers.names.check_name])),
                ("is_active", models.BooleanField(default=False)),
                ("invited_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Enrolment",
            fields=[
                ("digest", models.CharField(max_length=43, primary_key=True, serialize=False)),
                ("issued_by", models.CharField(max_length=100)),
                ("issued_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "operator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="enrolments",
                        to="operators.operator",
                    ),
                ),
            ],
            options={
                "ordering": ["-issued_at"],
            },
        ),
        migrations.CreateModel(
            name="OperatorSession",
            fields=[
                ("digest", models.CharField(max_length=43, primary_key=True, serialize=False)),
                ("challenge", models.CharField(max_length=43, unique=True)),
                ("signed_in_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "operator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sessions",
                        to="operators.operator",
                    ),
                ),
            ],
            options={
                "ordering": ["-signed_in_at"],
            },
        ),
        migrations.CreateModel(
            name="Passkey",
            fields=[
                ("digest", models.CharField(max_length=43, primary_key=True, serialize=False)),
                ("credential", models.BinaryField()),
                ("made_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "operator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="passkeys",
                        to="operators.operator",
                    ),
                ),
            ],
            options={
                "ordering": ["made_at"],
            },
        ),
    ]
