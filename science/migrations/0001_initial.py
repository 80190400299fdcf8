# SPDX-License-Identifier: Apache-2.0

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("alerts", "0001_initial"),
        ("peers", "0001_initial"),
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="peers.agency"
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
                "indexes": [
                    models.Index(fields=["agency", "-created_at"], name="spectra_imports"),
                ],
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="peers.agency"
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
                (
                    "batch",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="spectra",
                        to="science.spectraimport",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["agency", "token"], name="library_spectrum_tokens"),
                ],
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
        migrations.CreateModel(
            name="StoredStructure",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "mark",
                    models.CharField(
                        choices=[
                            ("waiting", "Waits to be read"),
                            ("read", "Read"),
                            ("named", "Known by name only"),
                            ("unreadable", "Cannot be read"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("sealed", models.BinaryField()),
                ("ruleset", models.CharField(blank=True, max_length=43)),
                ("listings", models.CharField(blank=True, max_length=43)),
                ("stored_at", models.DateTimeField()),
                ("judged_at", models.DateTimeField(null=True)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="peers.agency"
                    ),
                ),
                (
                    "alert",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="structure",
                        to="alerts.alert",
                    ),
                ),
                (
                    "received",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="structure",
                        to="alerts.receivedalert",
                    ),
                ),
            ],
            options={
                "ordering": ["-stored_at", "-id"],
                "indexes": [
                    models.Index(fields=["agency", "-stored_at", "-id"], name="structures_newest"),
                    models.Index(fields=["agency", "ruleset", "listings"], name="structures_by_ruleset"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("alert__isnull", True), ("received__isnull", False)),
                            models.Q(("alert__isnull", False), ("received__isnull", True)),
                            _connector="OR",
                        ),
                        name="structure_of_one_alert",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("mark__in", ["waiting", "read", "named", "unreadable"])),
                        name="structure_mark_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CaughtStructure",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("ruleset", models.CharField(max_length=43)),
                ("listings", models.CharField(max_length=43)),
                ("sealed", models.BinaryField()),
                ("caught_at", models.DateTimeField()),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="peers.agency"
                    ),
                ),
                (
                    "structure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="caught",
                        to="science.storedstructure",
                    ),
                ),
            ],
            options={
                "ordering": ["-caught_at", "-id"],
                "indexes": [
                    models.Index(fields=["agency", "-caught_at", "-id"], name="caught_newest"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("structure", "ruleset", "listings"), name="caught_once_a_law"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AdoptedRules",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("md", models.CharField(max_length=43)),
                ("reference", models.CharField(blank=True, max_length=16)),
                ("sealed", models.BinaryField()),
                ("adopted_at", models.DateTimeField()),
                ("set_aside_at", models.DateTimeField(null=True)),
                (
                    "adopted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="peers.agency"
                    ),
                ),
                (
                    "alert",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="adopted",
                        to="alerts.alert",
                    ),
                ),
                (
                    "issuer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="peers.agency"
                    ),
                ),
                (
                    "received",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="adopted",
                        to="alerts.receivedalert",
                    ),
                ),
                (
                    "set_aside_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-adopted_at", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("set_aside_at", None)),
                        fields=("agency", "md"),
                        name="adopted_rules_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("alert__isnull", True), ("received__isnull", False)),
                            models.Q(("alert__isnull", False), ("received__isnull", True)),
                            _connector="OR",
                        ),
                        name="adopted_rules_of_one_alert",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AgencyRules",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.PositiveIntegerField()),
                ("digest", models.CharField(max_length=43)),
                ("hub_digest", models.CharField(max_length=43)),
                ("sealed", models.BinaryField()),
                ("made_at", models.DateTimeField()),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="peers.agency"
                    ),
                ),
            ],
            options={
                "ordering": ["agency", "-number"],
                "indexes": [models.Index(fields=["agency", "digest"], name="agency_rules_by_digest")],
                "constraints": [
                    models.UniqueConstraint(fields=("agency", "number"), name="agency_rules_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ControlWatch",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("jurisdiction", models.CharField(blank=True, max_length=12)),
                ("drug_class", models.CharField(blank=True, max_length=24)),
                ("created_at", models.DateTimeField()),
                (
                    "officer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="control_watches",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["jurisdiction", "drug_class"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("officer", "jurisdiction", "drug_class"), name="control_watch_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HarmReview",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("sealed", models.BinaryField()),
                ("next_on", models.DateField(null=True)),
                ("looked_at", models.DateTimeField()),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="peers.agency"
                    ),
                ),
                (
                    "alert",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="harm_looks",
                        to="alerts.alert",
                    ),
                ),
                (
                    "looked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "received",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="harm_looks",
                        to="alerts.receivedalert",
                    ),
                ),
            ],
            options={
                "ordering": ["-looked_at", "-id"],
                "indexes": [models.Index(fields=["agency", "-looked_at", "-id"], name="harm_looks_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("alert__isnull", True), ("received__isnull", False)),
                            models.Q(("alert__isnull", False), ("received__isnull", True)),
                            _connector="OR",
                        ),
                        name="harm_look_at_one_alert",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Reevaluation",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("ruleset", models.CharField(max_length=43)),
                ("listings", models.CharField(max_length=43)),
                ("engine", models.PositiveSmallIntegerField()),
                ("rules_before", models.CharField(blank=True, max_length=43)),
                ("listings_before", models.CharField(blank=True, max_length=43)),
                ("number", models.PositiveIntegerField()),
                ("total", models.PositiveIntegerField()),
                ("done", models.PositiveIntegerField(default=0)),
                ("caught", models.PositiveIntegerField(default=0)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="peers.agency"
                    ),
                ),
            ],
            options={
                "ordering": ["agency", "-number"],
                "constraints": [
                    models.UniqueConstraint(fields=("agency", "number"), name="reevaluation_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at", None)),
                        fields=("agency",),
                        name="reevaluation_one_at_a_time",
                    ),
                ],
            },
        ),
    ]
