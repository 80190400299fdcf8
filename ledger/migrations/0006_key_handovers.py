# SPDX-License-Identifier: Apache-2.0
"""Signed notes by which the ledger's key was replaced; append-only as the tables of the first migration."""

from typing import ClassVar

from django.db import migrations, models

APPEND_ONLY = """
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_keyhandover
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("ledger", "0005_audit_origin")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="KeyHandover",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("old", models.TextField(unique=True)),
                ("new", models.TextField(unique=True)),
                ("note", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            options={"ordering": ["pk"]},
        ),
        migrations.RunSQL(APPEND_ONLY, "DROP TRIGGER ledger_append_only ON ledger_keyhandover"),
    ]
