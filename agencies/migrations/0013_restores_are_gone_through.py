# SPDX-License-Identifier: Apache-2.0
import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """When the database was restored, and which agencies have gone through it."""

    dependencies = [
        ("agencies", "0012_bound_policies"),
    ]

    operations = [
        migrations.CreateModel(
            name="Restore",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("restored_at", models.DateTimeField(unique=True)),
                ("backup_at", models.DateTimeField(blank=True, null=True)),
                ("contents_deleted_at", models.DateTimeField(blank=True, null=True)),
                ("cards_deleted_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-restored_at"],
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
                        to="agencies.agency",
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
                "indexes": [models.Index(fields=["agency", "restored_at"], name="restore_review_of_agency")],
            },
        ),
    ]
