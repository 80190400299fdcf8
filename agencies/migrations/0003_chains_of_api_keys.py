# SPDX-License-Identifier: Apache-2.0
"""API keys know the chain they belong to and the key they replaced; keys for accession are a kind of their own."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def begin_chains(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Make every key that stands the first of its chain: which one replaced which was not kept."""
    apps.get_model("agencies", "ApiKey").objects.update(line=F("prefix"))


class Migration(migrations.Migration):
    dependencies = [("agencies", "0002_affairs")]

    operations = [
        migrations.AddField("apikey", "is_entry", models.BooleanField(default=False)),
        migrations.AddField(
            "apikey",
            "line",
            models.CharField(db_index=True, default="", editable=False, max_length=16),
            preserve_default=False,
        ),
        migrations.AddField(
            "apikey",
            "follows",
            models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=models.deletion.PROTECT,
                related_name="successors",
                to="agencies.apikey",
            ),
        ),
        migrations.RunPython(begin_chains, migrations.RunPython.noop),
    ]
