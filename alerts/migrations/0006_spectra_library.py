# SPDX-License-Identifier: Apache-2.0
"""An agency's own library of spectra, and spectra that came with alerts, sealed."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agencies", "0002_affairs"),
        ("alerts", "0005_stored_structures"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SpectraImport",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("sealed", models.BinaryField()),
                ("created_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(null=True)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["agency", "-created_at"], name="spectra_imports")],
            },
        ),
        migrations.CreateModel(
            name="LibrarySpectrum",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.PositiveIntegerField()),
                ("token", models.BinaryField()),
                ("sealed", models.BinaryField()),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="spectra",
                        to="alerts.spectraimport",
                    ),
                ),
                (
                    "received",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="spectra",
                        to="alerts.receivedalert",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["agency", "token"], name="library_spectrum_tokens")],
                "constraints": [
                    models.UniqueConstraint(fields=("batch", "number"), name="library_spectrum_number_once"),
                    models.UniqueConstraint(
                        fields=("received", "number"), name="received_spectrum_number_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("batch__isnull", True), ("received__isnull", False)),
                            models.Q(("batch__isnull", False), ("received__isnull", True)),
                            _connector="OR",
                        ),
                        name="spectrum_of_one_source",
                    ),
                ],
            },
        ),
    ]
