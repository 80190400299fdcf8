# SPDX-License-Identifier: Apache-2.0

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("peers", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Notification",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("subject", models.CharField(max_length=64)),
                ("occasion", models.CharField(max_length=24)),
                ("channel", models.CharField(max_length=12)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting"),
                            ("deferred", "Will be tried again"),
                            ("leased", "Being sent"),
                            ("uncertain", "Perhaps told twice"),
                            ("sent", "Told"),
                            ("failed", "Mail failed, phone them"),
                            ("held", "Held: address or key is bad"),
                            ("suppressed", "Not sent"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("uncertain", models.BooleanField(default=False)),
                ("lease", models.UUIDField(blank=True, null=True)),
                ("leased_until", models.DateTimeField(blank=True, null=True)),
                ("lease_position", models.PositiveIntegerField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("not_before", models.DateTimeField()),
                ("queued_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("message_id", models.CharField(max_length=120)),
                ("reply", models.CharField(blank=True, max_length=300)),
                ("cause", models.CharField(blank=True, max_length=40)),
                (
                    "officer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notifications",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="peers.agency",
                    ),
                ),
                ("about", models.CharField(blank=True, max_length=43)),
                ("lane", models.CharField(blank=True, max_length=16)),
                ("pri", models.CharField(blank=True, max_length=8)),
                ("reference", models.CharField(blank=True, max_length=16)),
                ("status", models.CharField(blank=True, max_length=8)),
                ("tlp", models.CharField(blank=True, max_length=12)),
                ("withheld", models.CharField(blank=True, max_length=40)),
            ],
            options={
                "ordering": ["-queued_at", "id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ("queued", "deferred", "uncertain"))),
                        fields=["not_before"],
                        name="notification_due",
                    ),
                    models.Index(
                        condition=models.Q(("state", "leased")),
                        fields=["leased_until"],
                        name="notification_leased",
                    ),
                    models.Index(
                        condition=models.Q(("state__in", ("held", "failed"))),
                        fields=["state"],
                        name="notification_stuck",
                    ),
                    models.Index(fields=["recipient", "-queued_at"], name="notification_of_agency"),
                    models.Index(fields=["recipient", "about", "occasion"], name="notification_about"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subject", "occasion", "officer", "channel"), name="notification_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "queued",
                                    "deferred",
                                    "leased",
                                    "uncertain",
                                    "sent",
                                    "failed",
                                    "held",
                                    "suppressed",
                                ],
                            )
                        ),
                        name="notification_state_known",
                    ),
                ],
            },
        ),
    ]
