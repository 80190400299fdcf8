# SPDX-License-Identifier: Apache-2.0
from typing import Any, ClassVar

from django.db import migrations, models
from django.db.models import F, Q


def note_what_was_read(apps: Any, schema_editor: Any) -> None:
    """An alert with a card was read by the worker; what an officer opened first is read once more."""
    received = apps.get_model("alerts", "ReceivedAlert")
    received.objects.filter(card__isnull=False, first_opened_at=None).update(derived_at=F("received_at"))


class Migration(migrations.Migration):
    """When the worker read a received alert, whoever opened it before."""

    dependencies: ClassVar = [("alerts", "0008_backfill_and_looks")]

    operations: ClassVar = [
        migrations.AddField("receivedalert", "derived_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "receivedalert",
            models.Index(
                fields=["agency", "number"],
                condition=Q(derived_at__isnull=True, unopenable=False, held_elsewhere=False),
                name="received_unread_by_worker",
            ),
        ),
        migrations.RunPython(note_what_was_read, migrations.RunPython.noop, elidable=True),
    ]
