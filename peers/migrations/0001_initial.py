# SPDX-License-Identifier: Apache-2.0

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    # The table is the exchange's own while both halves share one database.
    dependencies = [("agencies", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Agency",
            fields=[
                ("id", models.CharField(max_length=23, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("laboratory", "Laboratory"),
                            ("public_health", "Public health"),
                            ("customs", "Customs"),
                            ("regulator", "Regulator"),
                            ("drug_enforcement", "Drug enforcement"),
                            ("police", "Police"),
                            ("prosecutor", "Prosecutor"),
                        ],
                        max_length=20,
                    ),
                ),
                ("country", models.CharField(max_length=2)),
                ("timezone", models.CharField(default="UTC", max_length=64)),
                ("language", models.CharField(default="en", max_length=16)),
                (
                    "custody",
                    models.CharField(
                        choices=[
                            ("agency", "Keys held by the agency"),
                            ("hub-own-root", "Operational keys held by the hub, root with the agency's head"),
                            ("hub", "The hub can act as this agency"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("entering", "Entering"),
                            ("active", "Active"),
                            ("suspended", "Suspended on this hub"),
                        ],
                        default="entering",
                        max_length=9,
                    ),
                ),
                ("suspended_at", models.DateTimeField(blank=True, null=True)),
                ("root_fingerprint", models.CharField(blank=True, max_length=64)),
                ("duty_phone", models.CharField(blank=True, max_length=40)),
                ("admitted_at", models.DateTimeField()),
                ("first_release_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name_plural": "agencies",
                "db_table": "agencies_agency",
                "ordering": ["id"],
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="SeenLedger",
            fields=[
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("reader", models.CharField(max_length=23, primary_key=True, serialize=False)),
                ("checkpoint", models.TextField(blank=True, default="")),
                ("size", models.BigIntegerField(default=0)),
                ("kept_at", models.BigIntegerField(default=0)),
                ("newest_log_time", models.BigIntegerField(default=0)),
                ("handovers", models.JSONField(default=list)),
                ("uncompared", models.JSONField(default=list)),
                ("troubles", models.JSONField(default=dict)),
                ("asked_at", models.DateTimeField(blank=True, null=True)),
                ("alarmed", models.JSONField(default=dict)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PeerKeyset",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("reader", models.CharField(max_length=23)),
                ("peer", models.CharField(max_length=23)),
                ("od", models.CharField(max_length=43)),
                ("version", models.PositiveIntegerField()),
                ("jws", models.TextField()),
                ("receipt", models.TextField()),
                ("log_time", models.BigIntegerField()),
                ("succession", models.CharField(max_length=9)),
            ],
            options={
                "ordering": ["version", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("reader", "peer", "od"), name="peer_keyset_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="PeerRevocation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("reader", models.CharField(max_length=23)),
                ("peer", models.CharField(max_length=23)),
                ("od", models.CharField(max_length=43)),
                ("jws", models.TextField()),
                ("receipt", models.TextField()),
                ("log_time", models.BigIntegerField()),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("reader", "peer", "od"), name="peer_revocation_once")
                ],
            },
        ),
    ]
