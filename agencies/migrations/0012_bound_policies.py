# SPDX-License-Identifier: Apache-2.0
from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """The code of an agency's policy; `bind_rows` makes it for agencies from before."""

    dependencies: ClassVar = [("agencies", "0011_units_of_officers")]

    operations: ClassVar = [
        migrations.AddField(
            "agency",
            "mac",
            models.CharField(blank=True, default="", editable=False, max_length=76),
        ),
    ]
