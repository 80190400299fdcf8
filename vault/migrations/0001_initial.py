# SPDX-License-Identifier: Apache-2.0

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("agencies", "0001_initial"),
        ("peers", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="VaultKey",
            fields=[
                (
                    "key",
                    models.OneToOneField(
                        db_column="kid",
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="agencies.key",
                    ),
                ),
                ("epoch", models.PositiveIntegerField()),
                ("wrapped", models.BinaryField()),
            ],
            options={
                "ordering": ["key"],
            },
        ),
        migrations.CreateModel(
            name="Proposal",
            fields=[
                ("od", models.CharField(max_length=43, primary_key=True, serialize=False)),
                ("k", models.CharField(max_length=6)),
                ("change", models.CharField(max_length=15)),
                ("kid", models.CharField(blank=True, max_length=43)),
                ("payload", models.BinaryField()),
                ("made_by", models.CharField(max_length=100)),
                ("made_at", models.DateTimeField()),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="peers.agency"
                    ),
                ),
            ],
            options={
                "ordering": ["agency", "made_at"],
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
                ("epoch", models.PositiveIntegerField()),
                ("kek", models.CharField(max_length=32)),
                ("wrapped", models.BinaryField()),
                ("created_at", models.DateTimeField()),
                (
                    "agency",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="peers.agency",
                    ),
                ),
            ],
            options={
                "ordering": ["agency", "epoch"],
            },
        ),
        migrations.AddConstraint(
            model_name="proposal",
            constraint=models.UniqueConstraint(
                condition=models.Q(("k", "keyset")), fields=("agency",), name="proposal_keyset_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="vaultsecret",
            constraint=models.UniqueConstraint(fields=("agency", "epoch"), name="vault_secret_epoch_once"),
        ),
        migrations.AddConstraint(
            model_name="vaultsecret",
            constraint=models.UniqueConstraint(
                condition=models.Q(("agency__isnull", True)), fields=("epoch",), name="vault_secret_hub_once"
            ),
        ),
    ]
