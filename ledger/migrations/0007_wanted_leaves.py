# SPDX-License-Identifier: Apache-2.0
"""Leaves that were replayed after a restore while what they prove is gone."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("ledger", "0006_key_handovers")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Wanted",
            fields=[("od", models.TextField(primary_key=True, serialize=False))],
            options={"verbose_name_plural": "wanted"},
        ),
    ]
