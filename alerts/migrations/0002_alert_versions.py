# SPDX-License-Identifier: Apache-2.0
"""Versions of alerts: what amends what, and which version of a received alert is the newest."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("alerts", "0001_initial")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="alert",
            name="previous",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="amendments",
                to="alerts.alert",
            ),
        ),
        migrations.AddField(model_name="alert", name="version", field=models.PositiveIntegerField(default=1)),
        migrations.AddField(model_name="alert", name="replaced_at", field=models.DateTimeField(null=True)),
        migrations.AddField(
            model_name="receivedalert", name="answer", field=models.CharField(blank=True, max_length=10)
        ),
        migrations.AddField(
            model_name="receivedalert", name="first_md", field=models.CharField(blank=True, max_length=43)
        ),
        migrations.AddField(
            model_name="receivedalert", name="version", field=models.PositiveIntegerField(default=1)
        ),
        migrations.AddField(
            model_name="receivedalert",
            name="replaced_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="alerts.receivedalert",
            ),
        ),
        migrations.RunSQL(
            "UPDATE alerts_receivedalert SET first_md = md WHERE first_md = ''", migrations.RunSQL.noop
        ),
        migrations.AddIndex(
            model_name="receivedalert",
            index=models.Index(fields=["agency", "first_md"], name="received_versions"),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "discarded"), _negated=True),
                fields=("previous",),
                name="alert_amended_once",
            ),
        ),
    ]
