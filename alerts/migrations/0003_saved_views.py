# SPDX-License-Identifier: Apache-2.0
"""Views that officers keep, tokens of sent alerts, and indexes for lists of very many alerts."""

import uuid
from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("alerts", "0002_alert_versions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "box",
                    models.CharField(
                        choices=[
                            ("inbox", "Inbox"),
                            ("outbox", "Outbox"),
                            ("queue", "Release queue"),
                            ("drafts", "Drafts"),
                        ],
                        max_length=8,
                    ),
                ),
                ("name", models.CharField(max_length=40)),
                ("filters", models.JSONField(default=dict)),
                ("is_default", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                (
                    "officer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_views",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["box", "name"],
                "constraints": [
                    models.UniqueConstraint(fields=("officer", "box", "name"), name="saved_view_name_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("officer", "box"),
                        name="saved_view_one_default",
                    ),
                ],
            },
        ),
        migrations.AddField(model_name="alert", name="tokens_kept", field=models.BooleanField(default=False)),
        migrations.AddField(
            model_name="cardtoken",
            name="alert",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tokens",
                to="alerts.alert",
            ),
        ),
        migrations.AlterField(
            model_name="cardtoken",
            name="received",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tokens",
                to="alerts.receivedalert",
            ),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(
                condition=models.Q(("released_at__isnull", False), ("tokens_kept", False)),
                fields=["id"],
                name="alert_to_tokenise",
            ),
        ),
        migrations.AddIndex(
            model_name="receivedalert",
            index=models.Index(fields=["agency", "issuer", "-number"], name="received_from"),
        ),
        migrations.AddIndex(
            model_name="receivedalert",
            index=models.Index(
                condition=models.Q(
                    ("first_opened_at__isnull", True), ("unopenable", False), ("withdrawn_at__isnull", True)
                ),
                fields=["agency", "-number"],
                name="received_unread",
            ),
        ),
        migrations.AddIndex(
            model_name="receivedalert",
            index=models.Index(
                condition=models.Q(
                    ("ack_by__isnull", False),
                    ("acknowledged_at__isnull", True),
                    ("unopenable", False),
                    ("withdrawn_at__isnull", True),
                ),
                fields=["agency", "ack_by", "number"],
                name="received_to_acknowledge",
            ),
        ),
        migrations.AddIndex(
            model_name="receivedalert",
            index=models.Index(
                condition=models.Q(
                    ("withdrawal_confirmed_at__isnull", True), ("withdrawn_at__isnull", False)
                ),
                fields=["agency", "-number"],
                name="received_to_confirm",
            ),
        ),
        migrations.AddConstraint(
            model_name="cardtoken",
            constraint=models.UniqueConstraint(fields=("alert", "token"), name="card_token_of_sent_once"),
        ),
        migrations.AddConstraint(
            model_name="cardtoken",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("alert__isnull", True), ("received__isnull", False)),
                    models.Q(("alert__isnull", False), ("received__isnull", True)),
                    _connector="OR",
                ),
                name="card_token_of_one_alert",
            ),
        ),
    ]
