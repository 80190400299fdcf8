# SPDX-License-Identifier: Apache-2.0
"""The ledger's tables, and the triggers that keep them append-only.

When the tables are generated afresh, `APPEND_ONLY` and the operation at the end stay.
"""

import uuid

from django.db import migrations, models

# A trigger of our own rather than a library's: that one obeys a session setting which every login may set.
# For each statement, so that one which would touch no row is refused as well.
APPEND_ONLY_TABLES = ("ledger_entry", "ledger_leaf", "ledger_node", "ledger_checkpoint", "ledger_auditevent")
APPEND_ONLY = """
CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only, % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;
""" + "".join(
    f"CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();\n"
    for table in APPEND_ONLY_TABLES
)


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("size", models.BigIntegerField(primary_key=True, serialize=False)),
                ("number", models.BigIntegerField(unique=True)),
                ("root", models.BinaryField(max_length=32)),
                ("note", models.TextField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Leaf",
            fields=[
                ("index", models.BigIntegerField(primary_key=True, serialize=False)),
                ("od", models.TextField(unique=True)),
                ("t", models.BigIntegerField(help_text="log time, seconds since 1970 UTC")),
                ("data", models.TextField()),
                ("hash", models.BinaryField(max_length=32)),
            ],
            options={
                "verbose_name_plural": "leaves",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("index__gte", 0)), name="ledger_leaf_index")
                ],
            },
        ),
        migrations.CreateModel(
            name="Node",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "level", "index", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("level", models.SmallIntegerField()),
                ("index", models.BigIntegerField()),
                ("hash", models.BinaryField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name="PendingEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("entry_id", models.UUIDField(unique=True)),
                ("od", models.TextField()),
                (
                    "kind",
                    models.TextField(choices=[("keyset", "Keyset"), ("revoke", "Revoke"), ("x", "Other")]),
                ),
                ("agency", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "pending entries",
            },
        ),
        migrations.CreateModel(
            name="SequencerLease",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("epoch", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("actor", models.TextField()),
                ("agency", models.TextField(blank=True, default="")),
                ("act", models.TextField()),
                ("subject", models.TextField(blank=True, default="")),
                ("reason", models.TextField(blank=True, default="")),
                ("detail", models.JSONField(blank=True, default=dict)),
                ("salt", models.BinaryField(max_length=16)),
                ("od", models.TextField(unique=True)),
            ],
            options={
                "ordering": ["-seq"],
                "indexes": [
                    models.Index(fields=["agency", "-seq"], name="ledger_audit_agency"),
                    models.Index(fields=["agency", "subject", "-seq"], name="ledger_audit_subject"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("od", models.TextField(unique=True)),
                (
                    "kind",
                    models.TextField(choices=[("keyset", "Keyset"), ("revoke", "Revoke"), ("x", "Other")]),
                ),
                ("agency", models.TextField(blank=True, default="")),
                ("is_audit", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("od__regex", "^[A-Za-z0-9_-]{43}$")), name="ledger_entry_od"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("agency", ""), ("kind", "x")),
                            models.Q(
                                ("kind__in", ["keyset", "revoke"]), models.Q(("agency", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="ledger_entry_kind",
                    ),
                ],
            },
        ),
        migrations.RunSQL(APPEND_ONLY),
    ]
