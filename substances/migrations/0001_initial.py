# SPDX-License-Identifier: Apache-2.0

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ControlVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("rules", "Class rules"),
                            ("listings", "Listings"),
                            ("precursors", "Precursors"),
                        ],
                        max_length=10,
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("digest", models.CharField(max_length=43)),
                ("text", models.TextField()),
                ("source", models.CharField(blank=True, max_length=200)),
                ("applied_at", models.DateTimeField()),
                ("applied_by", models.CharField(max_length=120)),
            ],
            options={
                "ordering": ["kind", "-number"],
                "indexes": [models.Index(fields=["digest"], name="control_by_digest")],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "number"), name="control_version_once"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["rules", "listings", "precursors"])),
                        name="control_kind_known",
                    ),
                ],
            },
        ),
    ]
