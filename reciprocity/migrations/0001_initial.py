# SPDX-License-Identifier: Apache-2.0
"""The tables of what agencies gave each other, and a trigger that counts the items of each day.

An item is counted in the transaction that changes it. The counts that one change touches are written in the order of their key,
those of items that were not opened first, as an item is filed before it is opened: transactions wait for each other in one order.
When the tables are generated afresh, `TRIGGER` and the operation at the end stay.
"""

import django.db.models.deletion
from django.db import migrations, models

TRIGGER = """
CREATE FUNCTION reciprocity_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reciprocity_dailycount AS kept (agency_id, peer_id, day, is_given, is_red, counts_as, n)
    SELECT agency_id, peer_id, (logged_at AT TIME ZONE 'UTC')::date AS day, is_given, is_red, counts_as, sum(change)
    FROM (VALUES
        (OLD.agency_id, OLD.peer_id, OLD.logged_at, OLD.is_given, OLD.is_red, OLD.counts_as, -1),
        (NEW.agency_id, NEW.peer_id, NEW.logged_at, NEW.is_given, NEW.is_red, NEW.counts_as, 1)
    ) AS item (agency_id, peer_id, logged_at, is_given, is_red, counts_as, change)
    WHERE logged_at IS NOT NULL
    GROUP BY agency_id, peer_id, day, is_given, is_red, counts_as HAVING sum(change) <> 0
    ORDER BY agency_id, peer_id, day, is_given, is_red, counts_as NULLS FIRST
    ON CONFLICT (agency_id, peer_id, day, is_given, is_red, counts_as) DO UPDATE SET n = kept.n + excluded.n;
    RETURN NULL;
END
$$;
CREATE TRIGGER reciprocity_count AFTER INSERT OR UPDATE OR DELETE ON reciprocity_contribution
FOR EACH ROW EXECUTE FUNCTION reciprocity_count();
"""


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
                        fields=["agency", "peer", "counts_as", "logged_at"], name="contribution_counted"
                    ),
                    models.Index(fields=["agency", "peer", "logged_at"], name="contribution_period"),
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
        migrations.CreateModel(
            name="DailyCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("is_given", models.BooleanField()),
                ("is_red", models.BooleanField()),
                ("counts_as", models.BinaryField(max_length=16, null=True)),
                ("n", models.IntegerField()),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="peers.agency"
                    ),
                ),
                (
                    "peer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="peers.agency"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("agency", "peer", "day", "is_given", "is_red", "counts_as"),
                        name="daily_count_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.RunSQL(TRIGGER),
    ]
