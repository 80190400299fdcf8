# SPDX-License-Identifier: Apache-2.0
from typing import ClassVar

from django.db import migrations, models

import agencies.models


class Migration(migrations.Migration):
    """An officer's unit, which stands beside the name."""

    dependencies: ClassVar = [("agencies", "0010_patterns_match_whole")]

    operations: ClassVar = [
        migrations.AddField(
            "officer",
            "unit",
            models.CharField(
                blank=True, default="", max_length=60, validators=[agencies.models._check_one_line]
            ),
        ),
    ]
