# SPDX-License-Identifier: Apache-2.0

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("alerts", "0001_initial"),
        ("peers", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Contribution",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_given", models.BooleanField()),
                ("md", models.CharField(max_length=43)),
                ("re_md", models.CharField(blank=True, max_length=43)),
                ("is_red", models.BooleanField()),
                ("counts_as", models.BinaryField(max_length=16, null=True)),
                ("sealed", models.BinaryField(null=True)),
                ("logged_at", models.DateTimeField(null=True)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="peers.agency"
                    ),
                ),
                (
                    "alert",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alerts.alert",
                    ),
                ),
                (
                    "peer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="peers.agency"
                    ),
                ),
                (
                    "received",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alerts.receivedalert",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["agency", "peer", "logged_at"],
                        include=("is_given", "is_red", "counts_as"),
                        name="contribution_period",
                    ),
                    models.Index(
                        condition=models.Q(("re_md", ""), _negated=True),
                        fields=["agency", "peer", "re_md"],
                        name="contribution_about",
                    ),
                    models.Index(
                        condition=models.Q(("sealed__isnull", False)),
                        fields=["agency", "peer"],
                        name="contribution_verdicts",
                    ),
                    models.Index(
                        condition=models.Q(("logged_at", None)),
                        fields=["agency"],
                        name="contribution_unsettled",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("agency", "md", "peer"), name="contribution_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("alert__isnull", False), ("is_given", True), ("received", None)),
                            models.Q(("alert", None), ("is_given", False), ("received__isnull", False)),
                            _connector="OR",
                        ),
                        name="contribution_of_one_item",
                    ),
                ],
            },
        ),
    ]
