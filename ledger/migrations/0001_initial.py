# SPDX-License-Identifier: Apache-2.0
"""The ledger's tables, the triggers that keep them append-only, and what the database says of an audit event.

When the tables are generated afresh, `APPEND_ONLY`, `ORIGIN` and the operations at the end stay.

The database itself says when and by which login an audit event was written, and who may write which act: the
application hands in the digest of what it says (`d`); the trigger puts time and login beside it and makes the event's
digest of all three, as `ledger.audit.event_digest` does. Which acts a login may write is a function that the owner of
the tables replaces after each migration (`hub.act_rights`); until then it is none.
"""

import uuid

from django.db import migrations, models

# A trigger of our own rather than a library's: that one obeys a session setting which every login may set.
# For each statement, so that one which would touch no row is refused as well.
APPEND_ONLY_TABLES = (
    "ledger_entry",
    "ledger_leaf",
    "ledger_node",
    "ledger_checkpoint",
    "ledger_auditevent",
    "ledger_keyhandover",
)
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
ORIGIN = r"""
CREATE FUNCTION ledger_may_write_act(login text, act text) RETURNS boolean LANGUAGE sql IMMUTABLE
    AS 'SELECT false';
CREATE FUNCTION ledger_bind_audit_event() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    owner oid := (SELECT relowner FROM pg_class WHERE oid = TG_RELID);
BEGIN
    IF NOT (pg_has_role(session_user, owner, 'MEMBER') OR public.ledger_may_write_act(session_user::text, NEW.act)) THEN
        RAISE EXCEPTION 'the login % may not write the act %', session_user, NEW.act
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.od !~ '^[A-Za-z0-9_-]{43}$' THEN
        RAISE EXCEPTION 'an audit event without the digest of what it says' USING ERRCODE = 'check_violation';
    END IF;
    NEW.logged_at := clock_timestamp();
    NEW.login := session_user;
    NEW.od := translate(rtrim(encode(sha256(
        convert_to('accord-audit+json', 'UTF8') || '\x00'::bytea || convert_to(format(
            '{"d":"%s","login":%s,"t":%s,"v":2}',
            NEW.od, to_json(NEW.login), (extract(epoch FROM NEW.logged_at) * 1000000)::bigint
        ), 'UTF8')
    ), 'base64'), '='), '+/', '-_');
    RETURN NEW;
END
$$;
CREATE TRIGGER ledger_bind_audit_event BEFORE INSERT ON ledger_auditevent
    FOR EACH ROW EXECUTE FUNCTION ledger_bind_audit_event();
"""


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
            options={
                "ordering": ["pk"],
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
            name="Restore",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("restored_at", models.DateTimeField(unique=True)),
                ("backup_at", models.DateTimeField(blank=True, null=True)),
                ("contents_deleted_at", models.DateTimeField(blank=True, null=True)),
                ("cards_deleted_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-restored_at"],
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
                (
                    "halted",
                    models.TextField(
                        blank=True, default="", help_text="why nothing is logged until a person has looked"
                    ),
                ),
                (
                    "looked_at",
                    models.DateTimeField(help_text="when a person last vouched for the clock", null=True),
                ),
                (
                    "beat",
                    models.DateTimeField(
                        help_text="when a desk's sequencer last signed or looked; the exchange's marks its feeds",
                        null=True,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Wanted",
            fields=[
                ("od", models.TextField(primary_key=True, serialize=False)),
            ],
            options={
                "verbose_name_plural": "wanted",
            },
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
                ("logged_at", models.DateTimeField(editable=False, null=True)),
                ("login", models.TextField(blank=True, default="", editable=False)),
            ],
            options={
                "ordering": ["-seq"],
                "indexes": [
                    models.Index(fields=["agency", "-seq"], name="ledger_audit_agency"),
                    models.Index(fields=["agency", "subject", "-seq"], name="ledger_audit_subject"),
                    models.Index(fields=["agency", "act", "-seq"], name="ledger_audit_act"),
                    models.Index(fields=["agency", "actor", "-seq"], name="ledger_audit_actor"),
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
            name="LoopState",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("loop", models.TextField()),
                ("agency", models.TextField(blank=True, default="")),
                ("in_a_row", models.PositiveIntegerField()),
                ("version", models.TextField()),
                ("stopped_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("loop", "agency"), name="ledger_loop_once")],
            },
        ),
        migrations.CreateModel(
            name="SetAside",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("loop", models.TextField()),
                ("agency", models.TextField(blank=True, default="")),
                ("key", models.TextField()),
                ("subject", models.TextField(blank=True, default="")),
                (
                    "distrusts",
                    models.TextField(
                        blank=True,
                        choices=[
                            ("", "nothing"),
                            ("alert", "an alert, by its digest"),
                            ("agency", "an agency's keys, by its id"),
                        ],
                        default="",
                    ),
                ),
                ("reason", models.TextField()),
                ("version", models.TextField()),
                ("tries", models.PositiveIntegerField(default=1)),
                ("first_at", models.DateTimeField()),
                ("tried_at", models.DateTimeField()),
                ("retry_asked_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name_plural": "items set aside",
                "ordering": ["-first_at", "-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("distrusts", ""), _negated=True),
                        fields=["distrusts", "subject"],
                        name="ledger_distrusted",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("loop", "agency", "key"), name="ledger_set_aside_once")
                ],
            },
        ),
        migrations.RunSQL(APPEND_ONLY),
        migrations.RunSQL(ORIGIN),
    ]
