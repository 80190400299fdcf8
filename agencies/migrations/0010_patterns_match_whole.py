# SPDX-License-Identifier: Apache-2.0
from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import migrations, models


class Migration(migrations.Migration):
    """No line feed passes at the end of an id, a country or a fingerprint."""

    dependencies: ClassVar = [("agencies", "0009_first_release_stays")]

    operations: ClassVar = [
        migrations.AlterField(
            "agency", "country", models.CharField(max_length=2, validators=[RegexValidator(r"\A[A-Z]{2}\Z")])
        ),
        migrations.AlterField(
            "agency",
            "id",
            models.CharField(
                max_length=23,
                primary_key=True,
                serialize=False,
                validators=[
                    RegexValidator(
                        r"\A[a-z]{2}-[a-z0-9]{2,20}\Z", "Agency id: use a country code, a hyphen, a name."
                    )
                ],
            ),
        ),
        migrations.AlterField(
            "agency",
            "root_fingerprint",
            models.CharField(blank=True, max_length=64, validators=[RegexValidator(r"\A[0-9a-f]{64}\Z")]),
        ),
    ]
