# SPDX-License-Identifier: Apache-2.0

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="VaultKey",
            fields=[
                ("kid", models.CharField(max_length=43, primary_key=True, serialize=False)),
                ("agency_id", models.CharField(db_index=True, max_length=23)),
                ("use", models.CharField(max_length=4)),
                ("jwk", models.JSONField()),
                ("epoch", models.PositiveIntegerField()),
                ("wrapped", models.BinaryField()),
            ],
            options={
                "ordering": ["kid"],
            },
        ),
        migrations.CreateModel(
            name="Proposal",
            fields=[
                ("od", models.CharField(max_length=43, primary_key=True, serialize=False)),
                ("agency_id", models.CharField(max_length=23)),
                ("k", models.CharField(max_length=6)),
                ("change", models.CharField(max_length=15)),
                ("kid", models.CharField(blank=True, max_length=43)),
                ("payload", models.BinaryField()),
                ("made_by", models.CharField(max_length=100)),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["agency_id", "made_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("k", "keyset")),
                        fields=("agency_id",),
                        name="proposal_keyset_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DrawnKey",
            fields=[
                ("kid", models.CharField(max_length=43, primary_key=True, serialize=False)),
                ("use", models.CharField(max_length=4)),
                ("epoch", models.PositiveIntegerField()),
                ("wrapped", models.BinaryField()),
                (
                    "proposal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="drawn", to="vault.proposal"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="VaultSecret",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("agency_id", models.CharField(blank=True, max_length=23, null=True)),
                ("epoch", models.PositiveIntegerField()),
                ("kek", models.CharField(max_length=32)),
                ("wrapped", models.BinaryField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["agency_id", "epoch"],
                "constraints": [
                    models.UniqueConstraint(fields=("agency_id", "epoch"), name="vault_secret_epoch_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("agency_id__isnull", True)),
                        fields=("epoch",),
                        name="vault_secret_hub_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EntryKey",
            fields=[
                ("agency_id", models.CharField(max_length=23, primary_key=True, serialize=False)),
                ("sealed", models.TextField()),
                ("expires_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ExchangeKey",
            fields=[
                ("agency_id", models.CharField(max_length=23, primary_key=True, serialize=False)),
                ("revision", models.PositiveIntegerField(default=1)),
                ("sealed", models.BinaryField()),
                ("expires_at", models.DateTimeField()),
                ("is_refused", models.BooleanField(default=False)),
                ("lacks", models.JSONField(blank=True, default=list)),
            ],
        ),
        migrations.CreateModel(
            name="SuspendedKey",
            fields=[
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("kid", models.CharField(max_length=43, primary_key=True, serialize=False)),
                ("agency_id", models.CharField(max_length=23)),
                ("suspended_by", models.CharField(max_length=100)),
                ("suspended_at", models.DateTimeField()),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                ("refused_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="KeyStatement",
            fields=[
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("od", models.CharField(max_length=43, primary_key=True, serialize=False)),
                ("agency_id", models.CharField(max_length=23)),
                ("k", models.CharField(max_length=6)),
                ("kid", models.CharField(blank=True, max_length=43)),
                ("jws", models.TextField()),
                ("succession", models.CharField(blank=True, max_length=9)),
                ("drawn", models.JSONField(default=list)),
                ("act", models.CharField(max_length=40)),
                ("detail", models.JSONField(default=dict)),
                ("made_by", models.CharField(max_length=100)),
                ("made_at", models.DateTimeField()),
                ("taken_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("cause", models.CharField(blank=True, max_length=60)),
                ("tried_at", models.DateTimeField(blank=True, null=True)),
                ("trouble", models.CharField(blank=True, max_length=60)),
            ],
            options={
                "ordering": ["agency_id", "made_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None), ("k", "keyset"), ("taken_at", None)),
                        fields=("agency_id",),
                        name="own_keyset_waits_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DeskInstance",
            fields=[
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("instance_id", models.CharField(max_length=36)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="desk_instance_only_one")
                ],
            },
        ),
        migrations.CreateModel(
            name="Announcement",
            fields=[
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("agency_id", models.CharField(max_length=23, primary_key=True, serialize=False)),
                ("refused_at", models.DateTimeField(blank=True, null=True)),
                ("holder", models.CharField(blank=True, default="", max_length=36)),
                ("software", models.CharField(blank=True, default="", max_length=60)),
                ("free_at", models.DateTimeField(blank=True, null=True)),
                ("versions", models.JSONField(blank=True, default=list)),
                ("answered_at", models.DateTimeField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Departure",
            fields=[
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("agency_id", models.CharField(max_length=23, primary_key=True, serialize=False)),
                ("asked_by", models.CharField(max_length=100)),
                ("asked_at", models.DateTimeField()),
                ("agreed_by", models.CharField(blank=True, default="", max_length=100)),
                ("agreed_at", models.DateTimeField(blank=True, null=True)),
                ("files", models.JSONField(blank=True, default=list)),
                ("destroyed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Arrival",
            fields=[
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("agency_id", models.CharField(max_length=23, primary_key=True, serialize=False)),
                ("begun_by", models.CharField(max_length=100)),
                ("begun_at", models.DateTimeField()),
                ("files", models.JSONField(blank=True, default=list)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="HandedEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("agency_id", models.CharField(max_length=23)),
                ("md", models.CharField(max_length=43)),
                ("entry", models.TextField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("agency_id", "md"), name="handed_entry_once")
                ],
            },
        ),
    ]
