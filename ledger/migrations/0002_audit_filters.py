from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """An auditor's filters, by act and by person, at any size."""

    dependencies: ClassVar = [("ledger", "0001_initial")]

    operations: ClassVar = [
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["agency", "act", "-seq"], name="ledger_audit_act"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["agency", "actor", "-seq"], name="ledger_audit_actor"),
        ),
    ]
