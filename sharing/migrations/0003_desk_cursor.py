# SPDX-License-Identifier: Apache-2.0
"""How far the desk has taken each feed is known to the exchange's side, which tells officers and says what waits."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sharing", "0002_circles_have_a_date"),
    ]

    operations = [
        migrations.CreateModel(
            name="DeskCursor",
            fields=[
                (
                    "agency",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="agencies.agency",
                    ),
                ),
                ("after", models.BigIntegerField(default=0)),
                ("moved_at", models.DateTimeField()),
            ],
        ),
    ]
