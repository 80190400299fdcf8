# SPDX-License-Identifier: Apache-2.0
from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """A circle of before counts from when its agreement was recorded, the earliest that it can be."""

    dependencies: ClassVar = [("sharing", "0001_initial")]

    operations: ClassVar = [
        migrations.AddField("circle", "recorded_at", models.DateTimeField(null=True)),
        migrations.RunSQL(
            "UPDATE sharing_circle SET recorded_at = sharing_agreement.recorded_at FROM sharing_agreement"
            " WHERE sharing_agreement.id = sharing_circle.agreement_id",
            migrations.RunSQL.noop,
        ),
        migrations.AlterField("circle", "recorded_at", models.DateTimeField()),
    ]
