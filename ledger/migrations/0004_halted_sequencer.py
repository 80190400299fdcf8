# SPDX-License-Identifier: Apache-2.0
"""Why the sequencer stands still, and when a person last vouched for its clock."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("ledger", "0003_set_aside")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="sequencerlease",
            name="halted",
            field=models.TextField(
                blank=True, default="", help_text="why nothing is logged until a person has looked"
            ),
        ),
        migrations.AddField(
            model_name="sequencerlease",
            name="looked_at",
            field=models.DateTimeField(help_text="when a person last vouched for the clock", null=True),
        ),
    ]
