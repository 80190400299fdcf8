# SPDX-License-Identifier: Apache-2.0
from django.db import migrations

_COPY = """
INSERT INTO sharing_deskcursor (agency_id, after, moved_at)
SELECT agency_id, after, moved_at FROM alerts_deskcursor WHERE moved_at IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0012_books_of_pins"),
        ("sharing", "0003_desk_cursor"),
    ]

    operations = [
        migrations.RunSQL(_COPY, migrations.RunSQL.noop),
        migrations.RemoveField("deskcursor", "after"),
        migrations.RemoveField("deskcursor", "moved_at"),
        migrations.RenameModel("DeskCursor", "SeenCheckpoint"),
    ]
