# SPDX-License-Identifier: Apache-2.0
"""Drafts and templates bear the marking of what they were made from, so that no copy is looser than its source."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, OuterRef, Subquery


def mark_what_stands(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Mark versions as what they replace, and replies as they are marked; of other copies the source was not kept."""
    alerts = apps.get_model("alerts", "Alert").objects
    before = alerts.filter(pk=OuterRef("previous_id")).values("tlp")
    alerts.filter(previous__isnull=False).update(floor=Subquery(before))
    alerts.filter(previous__isnull=True, kind="reply").update(floor=F("tlp"))


class Migration(migrations.Migration):
    dependencies = [("alerts", "0010_drafts_of_systems")]

    operations = [
        migrations.AddField(
            "alert", "floor", models.CharField(blank=True, default="", max_length=12), preserve_default=False
        ),
        # Which marking a template was made under is known by its sealed content only: the strictest is safe.
        migrations.AddField(
            "drafttemplate", "tlp", models.CharField(default="RED", max_length=12), preserve_default=False
        ),
        migrations.RunPython(mark_what_stands, migrations.RunPython.noop),
    ]
