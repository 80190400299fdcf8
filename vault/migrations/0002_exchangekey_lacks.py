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
    ]
