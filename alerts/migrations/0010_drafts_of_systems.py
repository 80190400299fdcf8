# SPDX-License-Identifier: Apache-2.0
"""A draft that a system wrote bears the chain of the key that wrote it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0009_worker_reads_each_once"),
    ]

    operations = [
        migrations.AddField(
            model_name="alert",
            name="key_line",
            field=models.CharField(blank=True, editable=False, max_length=16),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(
                condition=models.Q(("key_line", ""), _negated=True),
                fields=["key_line", "-created_at", "-id"],
                name="alert_by_key",
            ),
        ),
    ]
