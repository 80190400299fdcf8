# SPDX-License-Identifier: Apache-2.0
"""The database itself says when and by which login an audit event was written, and who may write which act.

The application hands in the digest of what it says (`d`); the trigger puts time and login beside it and makes the
event's digest of all three, as `ledger.audit.event_digest` does. Which acts a login may write is a function that the
owner of the tables replaces after each migration (`hub.act_rights`); until then it is none.
"""

from typing import ClassVar

from django.db import migrations, models

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
UNDO = """
DROP TRIGGER ledger_bind_audit_event ON ledger_auditevent;
DROP FUNCTION ledger_bind_audit_event();
DROP FUNCTION ledger_may_write_act(text, text);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("ledger", "0004_halted_sequencer")]

    operations: ClassVar = [
        migrations.AddField("auditevent", "logged_at", models.DateTimeField(null=True, editable=False)),
        migrations.AddField("auditevent", "login", models.TextField(blank=True, default="", editable=False)),
        migrations.RunSQL(ORIGIN, UNDO),
    ]
