# SPDX-License-Identifier: Apache-2.0
from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q

_ID = models.BigAutoField(primary_key=True, auto_created=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    """Items that a loop set aside, and loops that stand."""

    dependencies: ClassVar = [("ledger", "0002_audit_filters")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="LoopState",
            fields=[
                ("id", _ID),
                ("loop", models.TextField()),
                ("agency", models.TextField(blank=True, default="")),
                ("in_a_row", models.PositiveIntegerField()),
                ("version", models.TextField()),
                ("stopped_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("loop", "agency"), name="ledger_loop_once")],
            },
        ),
        migrations.CreateModel(
            name="SetAside",
            fields=[
                ("id", _ID),
                ("loop", models.TextField()),
                ("agency", models.TextField(blank=True, default="")),
                ("key", models.TextField()),
                ("subject", models.TextField(blank=True, default="")),
                (
                    "distrusts",
                    models.TextField(
                        blank=True,
                        choices=[
                            ("", "nothing"),
                            ("alert", "an alert, by its digest"),
                            ("agency", "an agency's keys, by its id"),
                        ],
                        default="",
                    ),
                ),
                ("reason", models.TextField()),
                ("version", models.TextField()),
                ("tries", models.PositiveIntegerField(default=1)),
                ("first_at", models.DateTimeField()),
                ("tried_at", models.DateTimeField()),
                ("retry_asked_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name_plural": "items set aside",
                "ordering": ["-first_at", "-id"],
                "indexes": [
                    models.Index(
                        condition=~Q(distrusts=""),
                        fields=["distrusts", "subject"],
                        name="ledger_distrusted",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("loop", "agency", "key"), name="ledger_set_aside_once")
                ],
            },
        ),
    ]
