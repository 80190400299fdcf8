# SPDX-License-Identifier: Apache-2.0

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vault", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="exchangekey",
            name="lacks",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="suspendedkey",
            name="refused_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
