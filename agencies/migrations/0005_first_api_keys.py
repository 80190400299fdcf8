# SPDX-License-Identifier: Apache-2.0
"""The first API key of an agency that enters with its own keys, sealed to it, for a day."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agencies", "0004_power_changes"),
    ]

    operations = [
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
    ]
