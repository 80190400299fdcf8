# SPDX-License-Identifier: Apache-2.0
"""Replies with what they answer, questions about profiles, and the sealed profiles of samples."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

ONE_SOURCE = models.Q(
    models.Q(("alert__isnull", True), ("received__isnull", False)),
    models.Q(("alert__isnull", False), ("received__isnull", True)),
    _connector="OR",
)
PROTECT = django.db.models.deletion.PROTECT


class Migration(migrations.Migration):
    dependencies = [("agencies", "0002_affairs"), ("alerts", "0006_spectra_library")]

    operations = [
        migrations.CreateModel(
            name="ProfileQuestion",
            fields=[
                (
                    "alert",
                    models.OneToOneField(
                        on_delete=PROTECT,
                        primary_key=True,
                        related_name="profile_question",
                        serialize=False,
                        to="alerts.alert",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "sample",
                    models.ForeignKey(on_delete=PROTECT, related_name="profile_questions", to="alerts.alert"),
                ),
            ],
            options={"ordering": ["-created_at", "alert"]},
        ),
        migrations.CreateModel(
            name="Reply",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("re_jti", models.CharField(max_length=36)),
                ("re_md", models.CharField(max_length=43)),
                ("source", models.BinaryField(null=True)),
                ("gist", models.BinaryField(null=True)),
                ("created_at", models.DateTimeField()),
                ("agency", models.ForeignKey(on_delete=PROTECT, related_name="+", to="agencies.agency")),
                (
                    "alert",
                    models.OneToOneField(
                        null=True, on_delete=PROTECT, related_name="reply", to="alerts.alert"
                    ),
                ),
                (
                    "received",
                    models.OneToOneField(
                        null=True, on_delete=PROTECT, related_name="reply", to="alerts.receivedalert"
                    ),
                ),
                (
                    "sample",
                    models.ForeignKey(null=True, on_delete=PROTECT, related_name="+", to="alerts.alert"),
                ),
            ],
            options={
                "verbose_name_plural": "replies",
                "ordering": ["created_at", "id"],
                "indexes": [models.Index(fields=["agency", "re_md"], name="replies_to")],
                "constraints": [models.CheckConstraint(condition=ONE_SOURCE, name="reply_of_one_alert")],
            },
        ),
        migrations.CreateModel(
            name="SampleProfile",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("sealed", models.BinaryField()),
                ("stored_at", models.DateTimeField()),
                ("agency", models.ForeignKey(on_delete=PROTECT, related_name="+", to="agencies.agency")),
                (
                    "alert",
                    models.OneToOneField(
                        null=True, on_delete=PROTECT, related_name="sample_profile", to="alerts.alert"
                    ),
                ),
                (
                    "received",
                    models.OneToOneField(
                        null=True,
                        on_delete=PROTECT,
                        related_name="sample_profile",
                        to="alerts.receivedalert",
                    ),
                ),
            ],
            options={
                "ordering": ["-stored_at", "-id"],
                "indexes": [models.Index(fields=["agency", "-stored_at", "-id"], name="profiles_newest")],
                "constraints": [models.CheckConstraint(condition=ONE_SOURCE, name="profile_of_one_alert")],
            },
        ),
    ]
