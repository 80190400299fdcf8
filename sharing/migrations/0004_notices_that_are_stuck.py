# SPDX-License-Identifier: Apache-2.0
"""Held and failed notices are counted each time the hub is watched."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("sharing", "0003_desk_cursor"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                fields=["state"], condition=Q(state__in=("held", "failed")), name="notification_stuck"
            ),
        ),
    ]
