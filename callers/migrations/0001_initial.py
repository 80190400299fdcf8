# SPDX-License-Identifier: Apache-2.0

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
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
    ]
