# SPDX-License-Identifier: Apache-2.0
"""The exchange's tables, and a trigger: each delivery names the transaction that last changed what its originator is told.

Taking it away would hide changes from those who ask for them (`sharing.changes`). When the tables are generated afresh,
`TRIGGER` and the operation at the end stay.
"""

import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

TRIGGER = """
CREATE FUNCTION sharing_name_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed := pg_current_xact_id()::text::bigint;
    RETURN NEW;
END
$$;
CREATE TRIGGER sharing_delivery_added BEFORE INSERT ON sharing_delivery FOR EACH ROW
EXECUTE FUNCTION sharing_name_change();
CREATE TRIGGER sharing_delivery_changed BEFORE UPDATE ON sharing_delivery FOR EACH ROW
WHEN (
    (OLD.state, OLD.told_at, OLD.fetched_at, OLD.opened_at, OLD.acknowledged_at, OLD.answer, OLD.recalled_at,
        OLD.recall_confirmed_at)
    IS DISTINCT FROM
    (NEW.state, NEW.told_at, NEW.fetched_at, NEW.opened_at, NEW.acknowledged_at, NEW.answer, NEW.recalled_at,
        NEW.recall_confirmed_at)
)
EXECUTE FUNCTION sharing_name_change();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("agencies", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Agreement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ref", models.CharField(max_length=20, unique=True)),
                ("title", models.CharField(max_length=120)),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["ref"],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("iss", models.CharField(max_length=23)),
                ("index", models.PositiveSmallIntegerField()),
                ("entry", models.TextField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Being logged"),
                            ("held", "Waiting"),
                            ("expired", "Expired"),
                            ("available", "On its way"),
                            ("fetched", "Collected"),
                            ("acknowledged", "Acknowledged"),
                        ],
                        default="pending",
                        max_length=12,
                    ),
                ),
                ("reference", models.CharField(max_length=9)),
                ("number", models.BigIntegerField(null=True)),
                ("told_at", models.DateTimeField(null=True)),
                ("fetched_at", models.DateTimeField(null=True)),
                ("opened_at", models.DateTimeField(null=True)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("answer", models.CharField(blank=True, max_length=10)),
                ("recalled_at", models.DateTimeField(null=True)),
                ("recall_confirmed_at", models.DateTimeField(null=True)),
                ("reminded_at", models.DateTimeField(null=True)),
                ("changed", models.BigIntegerField(default=0)),
            ],
            options={
                "verbose_name_plural": "deliveries",
            },
        ),
        migrations.CreateModel(
            name="FeedHead",
            fields=[
                ("recipient", models.CharField(max_length=23, primary_key=True, serialize=False)),
                ("last", models.BigIntegerField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="FeedItem",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "recipient", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("recipient", models.CharField(max_length=23)),
                ("number", models.BigIntegerField()),
                ("what", models.CharField(max_length=10)),
                ("d", models.CharField(max_length=43)),
                ("iss", models.CharField(max_length=23)),
                ("item_id", models.CharField(max_length=36)),
                ("ref", models.CharField(blank=True, max_length=9)),
                ("numbered_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["recipient", "number"],
            },
        ),
        migrations.CreateModel(
            name="KeyWord",
            fields=[
                ("od", models.CharField(max_length=43, primary_key=True, serialize=False)),
                ("agency", models.CharField(max_length=23)),
                ("due_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="AgreementVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                (
                    "ceiling",
                    models.CharField(
                        choices=[
                            ("CLEAR", "TLP:CLEAR"),
                            ("GREEN", "TLP:GREEN"),
                            ("AMBER", "TLP:AMBER"),
                            ("AMBER+STRICT", "TLP:AMBER+STRICT"),
                            ("RED", "TLP:RED"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "purposes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("investigate", "Investigate"),
                                ("prevent", "Prevent"),
                                ("public_health", "Public health"),
                                ("regulatory_control", "Regulatory control"),
                                ("science", "Science"),
                            ],
                            max_length=18,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("nbf", models.DateTimeField()),
                ("until", models.DateTimeField(blank=True, null=True)),
                (
                    "survive_lanes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("enforcement", "Enforcement"),
                                ("science", "Science"),
                                ("public_health", "Public health"),
                                ("trade", "Trade"),
                            ],
                            max_length=13,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("survive_flash", models.BooleanField(default=False)),
                ("emergency", models.BooleanField(default=False)),
                ("recorded_at", models.DateTimeField()),
                ("od", models.CharField(blank=True, default="", max_length=43)),
                ("text_md", models.CharField(blank=True, default="", max_length=43)),
                ("in_force_at", models.DateTimeField(blank=True, null=True)),
                ("refused_at", models.DateTimeField(blank=True, null=True)),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="sharing.agreement",
                    ),
                ),
            ],
            options={
                "ordering": ["agreement", "-number"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("text_md", ""), _negated=True),
                        fields=["text_md"],
                        name="agreement_of_text",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("in_force_at__isnull", False)),
                        fields=("agreement", "number"),
                        name="agreement_version_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("od", ""), _negated=True),
                        fields=("od",),
                        name="agreement_proposed_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until__isnull", True), ("until__gt", models.F("nbf")), _connector="OR"
                        ),
                        name="agreement_ends_after_begin",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ceiling__in", ["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"])
                        ),
                        name="agreement_ceiling_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AgreementParty",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("left_at", models.DateTimeField(blank=True, null=True)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agreement_parties",
                        to="agencies.agency",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parties",
                        to="sharing.agreementversion",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("version", "agency"), name="agreement_party_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="AgreementLane",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "lane",
                    models.CharField(
                        choices=[
                            ("enforcement", "Enforcement"),
                            ("science", "Science"),
                            ("public_health", "Public health"),
                            ("trade", "Trade"),
                        ],
                        max_length=13,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lanes",
                        to="sharing.agreementversion",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("version", "lane"), name="agreement_lane_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Circle",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True)),
                ("recorded_at", models.DateTimeField()),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="circles",
                        to="sharing.agreement",
                    ),
                ),
                ("members", models.ManyToManyField(related_name="+", to="agencies.agency")),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="FeedHeld",
            fields=[
                (
                    "delivery",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="sharing.delivery",
                    ),
                ),
                ("position", models.BigIntegerField()),
                ("iss", models.CharField(max_length=23)),
                ("recipient", models.CharField(max_length=23)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["iss", "recipient"], name="feedheld_pair"),
                ],
            },
        ),
        migrations.CreateModel(
            name="FeedRequeue",
            fields=[
                (
                    "delivery",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="sharing.delivery",
                    ),
                ),
                ("position", models.BigIntegerField()),
                ("iss", models.CharField(max_length=23)),
                ("recipient", models.CharField(max_length=23)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["position"], name="feedrequeue_order"),
                ],
            },
        ),
        migrations.AddField(
            model_name="delivery",
            name="agreement_version",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="sharing.agreementversion",
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="recipient",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="agencies.agency",
            ),
        ),
        migrations.CreateModel(
            name="Doubt",
            fields=[
                ("d", models.CharField(max_length=43, primary_key=True, serialize=False)),
                ("what", models.CharField(max_length=9)),
                ("kid", models.CharField(max_length=43)),
                ("found_at", models.DateTimeField()),
                ("expanded_at", models.DateTimeField(null=True)),
                (
                    "iss",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("expanded_at__isnull", True)),
                        fields=["found_at"],
                        name="doubt_to_expand",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Envelope",
            fields=[
                ("md", models.CharField(max_length=43, primary_key=True, serialize=False)),
                ("jti", models.CharField(max_length=36)),
                ("suite", models.CharField(max_length=3)),
                ("kind", models.CharField(max_length=7)),
                ("status", models.CharField(max_length=8)),
                (
                    "tlp",
                    models.CharField(
                        choices=[
                            ("CLEAR", "TLP:CLEAR"),
                            ("GREEN", "TLP:GREEN"),
                            ("AMBER", "TLP:AMBER"),
                            ("AMBER+STRICT", "TLP:AMBER+STRICT"),
                            ("RED", "TLP:RED"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "lane",
                    models.CharField(
                        choices=[
                            ("enforcement", "Enforcement"),
                            ("science", "Science"),
                            ("public_health", "Public health"),
                            ("trade", "Trade"),
                        ],
                        max_length=13,
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("investigate", "Investigate"),
                            ("prevent", "Prevent"),
                            ("public_health", "Public health"),
                            ("regulatory_control", "Regulatory control"),
                            ("science", "Science"),
                        ],
                        max_length=18,
                    ),
                ),
                ("pri", models.CharField(max_length=7)),
                ("rel", models.CharField(max_length=10)),
                ("iat", models.BigIntegerField()),
                ("exp", models.BigIntegerField()),
                ("keep", models.BigIntegerField()),
                ("ack_by", models.BigIntegerField(null=True)),
                ("reply_by", models.BigIntegerField(null=True)),
                ("named", models.PositiveIntegerField()),
                ("rn", models.PositiveSmallIntegerField()),
                ("re_jti", models.CharField(max_length=36, null=True)),
                ("re_md", models.CharField(max_length=43, null=True)),
                (
                    "text_of",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sharing.agreementversion",
                    ),
                ),
                ("size_bytes", models.BigIntegerField()),
                ("manifest", models.BinaryField(null=True)),
                ("jwe_head", models.TextField(null=True)),
                ("origin_entry", models.TextField(null=True)),
                ("origin_index", models.PositiveSmallIntegerField()),
                ("leaf_hashes", models.BinaryField(null=True)),
                (
                    "signers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=43), size=None
                    ),
                ),
                ("received_at", models.DateTimeField()),
                (
                    "iss",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["iss", "-received_at", "-md"], name="envelope_sent"),
                    models.Index(
                        condition=models.Q(("manifest__isnull", False)),
                        fields=["keep"],
                        name="envelope_to_delete",
                    ),
                    django.contrib.postgres.indexes.GinIndex(fields=["signers"], name="envelope_signed_with"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("iss", "jti"), name="envelope_id_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "update")),
                        fields=("re_md",),
                        name="envelope_updated_once",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="delivery",
            name="envelope",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="deliveries", to="sharing.envelope"
            ),
        ),
        migrations.CreateModel(
            name="Release",
            fields=[
                ("od", models.CharField(max_length=43, primary_key=True, serialize=False)),
                ("iss", models.CharField(max_length=23)),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("investigate", "Investigate"),
                            ("prevent", "Prevent"),
                            ("public_health", "Public health"),
                            ("regulatory_control", "Regulatory control"),
                            ("science", "Science"),
                        ],
                        max_length=18,
                    ),
                ),
                ("is_emergency", models.BooleanField()),
                ("until", models.BigIntegerField()),
                ("leaf_hashes", models.BinaryField(null=True)),
                (
                    "envelope",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="releases",
                        to="sharing.envelope",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sharing.release",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="delivery",
            name="release",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deliveries",
                to="sharing.release",
            ),
        ),
        migrations.CreateModel(
            name="Blob",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("n", models.PositiveSmallIntegerField()),
                ("sha256", models.CharField(max_length=43)),
                ("size_bytes", models.BigIntegerField()),
                ("content", models.BinaryField(null=True)),
                (
                    "envelope",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="blobs",
                        to="sharing.envelope",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("envelope", "n"), name="blob_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="FeedMark",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("next_leaf", models.BigIntegerField(default=0)),
                ("beat", models.DateTimeField()),
                ("epoch", models.CharField(default="0", max_length=16)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="feedmark_one_row")
                ],
            },
        ),
        migrations.CreateModel(
            name="FeedPending",
            fields=[
                ("od", models.CharField(max_length=43, primary_key=True, serialize=False)),
                ("what", models.CharField(max_length=9)),
                ("iss", models.CharField(max_length=23)),
                ("width", models.PositiveSmallIntegerField()),
                ("queued_at", models.DateTimeField(db_index=True)),
                ("leaf", models.BigIntegerField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("leaf__isnull", False)), fields=["leaf"], name="feedpending_leaf"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FeedRead",
            fields=[
                (
                    "agency",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="agencies.agency",
                    ),
                ),
                ("epoch", models.CharField(max_length=16)),
                ("after", models.BigIntegerField()),
                ("moved_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ContactMail",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("address", models.CharField(max_length=254)),
                ("epoch", models.CharField(max_length=16)),
                ("number", models.BigIntegerField()),
                ("is_flash", models.BooleanField()),
                ("waits_since", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("sending", "Sending"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                            ("uncertain", "Uncertain"),
                        ],
                        default="queued",
                        max_length=9,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("queued_at", models.DateTimeField()),
                ("not_before", models.DateTimeField()),
                ("begun_at", models.DateTimeField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
                ("reply", models.CharField(blank=True, max_length=200)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="agencies.agency",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "queued")),
                        fields=["not_before"],
                        name="contact_mail_to_send",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("agency", "address", "epoch", "number", "is_flash"),
                        name="contact_mail_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["queued", "sending", "sent", "failed", "uncertain"])
                        ),
                        name="contact_mail_state_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FeedReminder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("recipient", models.CharField(max_length=23)),
                ("d", models.CharField(max_length=43)),
                ("iss", models.CharField(max_length=23)),
                ("item_id", models.CharField(max_length=36)),
                ("ref", models.CharField(blank=True, max_length=9)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("recipient", "d"), name="feedreminder_once")],
            },
        ),
        migrations.CreateModel(
            name="FeedRepudiated",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("recipient", models.CharField(max_length=23)),
                ("d", models.CharField(max_length=43)),
                ("iss", models.CharField(max_length=23)),
                ("item_id", models.CharField(max_length=36)),
                ("ref", models.CharField(blank=True, max_length=9)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("recipient", "d"), name="feedrepudiated_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="LaneSuspension",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "lane",
                    models.CharField(
                        choices=[
                            ("enforcement", "Enforcement"),
                            ("science", "Science"),
                            ("public_health", "Public health"),
                            ("trade", "Trade"),
                        ],
                        max_length=13,
                    ),
                ),
                ("suspended_at", models.DateTimeField()),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                    ),
                ),
                (
                    "peer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("lifted_at__isnull", True)),
                        fields=("agency", "peer", "lane"),
                        name="lane_suspended_once_by_agency",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RevokedKey",
            fields=[
                ("kid", models.CharField(max_length=43, primary_key=True, serialize=False)),
                ("since", models.BigIntegerField()),
                ("found_at", models.DateTimeField()),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Statement",
            fields=[
                ("od", models.CharField(max_length=43, primary_key=True, serialize=False)),
                ("statement_id", models.CharField(max_length=36)),
                ("k", models.CharField(max_length=12)),
                ("sub_k", models.CharField(blank=True, max_length=12)),
                ("sub_id", models.CharField(blank=True, max_length=36)),
                ("sub_d", models.CharField(blank=True, max_length=43)),
                ("act", models.CharField(blank=True, max_length=64)),
                ("iat", models.BigIntegerField()),
                ("exp", models.BigIntegerField(null=True)),
                ("body", models.JSONField()),
                ("jws", models.BinaryField()),
                ("suite", models.CharField(max_length=3)),
                (
                    "signers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=43), size=None
                    ),
                ),
                ("received_at", models.DateTimeField()),
                (
                    "iss",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["iss", "-received_at", "-od"], name="statement_sent"),
                    models.Index(fields=["sub_d", "k"], name="statement_about"),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["signers"], name="statement_signed_with"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("iss", "statement_id"), name="statement_id_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="StatementDelivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.BigIntegerField(null=True)),
                (
                    "recipient",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="agencies.agency",
                    ),
                ),
                (
                    "statement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="sharing.statement",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("statement", "recipient"), name="statement_delivery_once"
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["recipient", "state"], name="delivery_of_recipient"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("release__isnull", False)),
                fields=["release"],
                name="delivery_released",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["iss", "changed", "id"], name="delivery_changed"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("envelope", "recipient"), name="delivery_once"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("reference",), name="delivery_reference_once"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["pending", "held", "expired", "available", "fetched", "acknowledged"])
                ),
                name="delivery_state_known",
            ),
        ),
        migrations.RunSQL(TRIGGER),
    ]
