# SPDX-License-Identifier: Apache-2.0
"""Feeds have an epoch, and what comes in again after a restore is numbered by the leaf it has."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("sharing", "0004_notices_that_are_stuck")]

    operations: ClassVar = [
        migrations.AddField("feedmark", "epoch", models.CharField(default="0", max_length=16)),
        migrations.AddField("deskcursor", "epoch", models.CharField(default="0", max_length=16)),
        migrations.AddField("feedpending", "leaf", models.BigIntegerField(null=True)),
        migrations.AddIndex(
            "feedpending",
            models.Index(
                condition=models.Q(("leaf__isnull", False)), fields=["leaf"], name="feedpending_leaf"
            ),
        ),
    ]
