"""The moment of an agency's first release is written once: taking it away would end the waiting of changes of power."""

from django.db import migrations

TRIGGER = """
CREATE FUNCTION agencies_first_release_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the first release of an agency stays as it is' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER agencies_first_release_stays BEFORE UPDATE ON agencies_agency FOR EACH ROW
WHEN (OLD.first_release_at IS NOT NULL AND NEW.first_release_at IS DISTINCT FROM OLD.first_release_at)
EXECUTE FUNCTION agencies_first_release_stays();
"""
BACK = """
DROP TRIGGER agencies_first_release_stays ON agencies_agency;
DROP FUNCTION agencies_first_release_stays();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("agencies", "0008_bound_power_changes"),
    ]

    operations = [
        migrations.RunSQL(TRIGGER, BACK),
    ]
