# SPDX-License-Identifier: Apache-2.0
"""How far older alerts have been looked at, second looks at harm, and rows of alerts that state a name only."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agencies", "0002_affairs"),
        ("alerts", "0007_profile_queries"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Backfill",
            fields=[
                (
                    "agency",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="agencies.agency",
                    ),
                ),
                ("received_after", models.BigIntegerField(default=0)),
                ("sent_after", models.UUIDField(null=True)),
                ("total", models.PositiveIntegerField()),
                ("done", models.PositiveIntegerField(default=0)),
                ("kept", models.PositiveIntegerField(default=0)),
                ("unopened", models.PositiveIntegerField(default=0)),
                ("passed_over", models.PositiveIntegerField(default=0)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="HarmLook",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("sealed", models.BinaryField()),
                ("next_on", models.DateField(null=True)),
                ("looked_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-looked_at", "-id"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="storedstructure",
            name="structure_mark_known",
        ),
        migrations.AlterField(
            model_name="storedstructure",
            name="mark",
            field=models.CharField(
                choices=[
                    ("waiting", "Waits to be read"),
                    ("read", "Read"),
                    ("named", "Known by name only"),
                    ("unreadable", "Cannot be read"),
                ],
                default="waiting",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="storedstructure",
            constraint=models.CheckConstraint(
                condition=models.Q(("mark__in", ["waiting", "read", "named", "unreadable"])),
                name="structure_mark_known",
            ),
        ),
        migrations.AddField(
            model_name="harmlook",
            name="agency",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
            ),
        ),
        migrations.AddField(
            model_name="harmlook",
            name="alert",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="harm_looks",
                to="alerts.alert",
            ),
        ),
        migrations.AddField(
            model_name="harmlook",
            name="looked_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="harmlook",
            name="received",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="harm_looks",
                to="alerts.receivedalert",
            ),
        ),
        migrations.AddIndex(
            model_name="harmlook",
            index=models.Index(fields=["agency", "-looked_at", "-id"], name="harm_looks_newest"),
        ),
        migrations.AddConstraint(
            model_name="harmlook",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("alert__isnull", True), ("received__isnull", False)),
                    models.Q(("alert__isnull", False), ("received__isnull", True)),
                    _connector="OR",
                ),
                name="harm_look_at_one_alert",
            ),
        ),
    ]
