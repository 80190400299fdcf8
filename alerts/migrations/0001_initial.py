# SPDX-License-Identifier: Apache-2.0
import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("agencies", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DeskCursor",
            fields=[
                (
                    "agency",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="agencies.agency",
                    ),
                ),
                ("after", models.BigIntegerField(default=0)),
                ("moved_at", models.DateTimeField(null=True)),
                ("checkpoint", models.TextField(blank=True)),
                ("kept_at", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Alert",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("created_by", models.CharField(max_length=120)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("submitted", "Waiting for release"),
                            ("validated", "Checked, not sent"),
                            ("released", "Sent"),
                            ("withdrawn", "Withdrawn"),
                            ("discarded", "Discarded"),
                        ],
                        default="draft",
                        max_length=9,
                    ),
                ),
                ("kind", models.CharField(default="alert", max_length=8)),
                ("status", models.CharField(default="actual", max_length=8)),
                ("pri", models.CharField(default="routine", max_length=8)),
                ("lane", models.CharField(blank=True, max_length=16)),
                ("tlp", models.CharField(default="AMBER", max_length=12)),
                ("current", models.PositiveIntegerField(default=0)),
                ("card", models.BinaryField(null=True)),
                ("created_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("submitted_at", models.DateTimeField(null=True)),
                ("validated_at", models.DateTimeField(null=True)),
                ("validated_digest", models.CharField(blank=True, max_length=43)),
                ("validated_preview", models.JSONField(null=True)),
                ("returned_at", models.DateTimeField(null=True)),
                ("return_note", models.BinaryField(null=True)),
                ("released_at", models.DateTimeField(null=True)),
                ("second_look_by", models.DateTimeField(null=True)),
                ("second_look_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("jti", models.CharField(blank=True, max_length=36)),
                ("md", models.CharField(blank=True, max_length=43)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alerts",
                        to="agencies.agency",
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alerts_written",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "released_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "returned_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "submitted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "validated_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "withdrawn_by",
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
                "ordering": ["-changed_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="AlertRevision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("author", models.CharField(max_length=120)),
                ("sealed", models.BinaryField()),
                ("digest", models.CharField(max_length=43)),
                ("saved_at", models.DateTimeField()),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revisions",
                        to="alerts.alert",
                    ),
                ),
            ],
            options={
                "ordering": ["alert", "-number"],
            },
        ),
        migrations.CreateModel(
            name="DraftAttachment",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("n", models.PositiveIntegerField()),
                ("sealed", models.BinaryField()),
                ("size", models.PositiveBigIntegerField()),
                ("digest", models.CharField(max_length=43)),
                ("added_at", models.DateTimeField()),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attachments",
                        to="alerts.alert",
                    ),
                ),
            ],
            options={
                "ordering": ["alert", "n"],
            },
        ),
        migrations.CreateModel(
            name="PeerPin",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("root_fingerprint", models.CharField(max_length=64)),
                ("version", models.PositiveIntegerField()),
                ("seen_at", models.DateTimeField()),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="pins", to="agencies.agency"
                    ),
                ),
                (
                    "peer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReceivedAlert",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("jti", models.CharField(max_length=36)),
                ("md", models.CharField(max_length=43)),
                ("number", models.BigIntegerField()),
                ("reference", models.CharField(max_length=16)),
                ("suite", models.CharField(max_length=3)),
                ("kind", models.CharField(max_length=8)),
                ("status", models.CharField(max_length=8)),
                ("tlp", models.CharField(max_length=12)),
                ("lane", models.CharField(max_length=16)),
                ("purpose", models.CharField(max_length=24)),
                ("pri", models.CharField(max_length=8)),
                ("iat", models.DateTimeField()),
                ("exp", models.DateTimeField()),
                ("keep", models.DateTimeField()),
                ("ack_by", models.DateTimeField(null=True)),
                ("reply_by", models.DateTimeField(null=True)),
                ("logged_at", models.DateTimeField()),
                ("log_index", models.BigIntegerField()),
                ("received_at", models.DateTimeField()),
                ("held_elsewhere", models.BooleanField(default=False)),
                ("card", models.BinaryField(null=True)),
                ("unopenable", models.BooleanField(default=False)),
                ("first_opened_at", models.DateTimeField(null=True)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("retract_od", models.CharField(blank=True, max_length=43)),
                ("retract_id", models.CharField(blank=True, max_length=36)),
                ("retract_code", models.CharField(blank=True, max_length=16)),
                ("retract_judged_on", models.PositiveIntegerField(default=0)),
                ("withdrawal_confirmed_at", models.DateTimeField(null=True)),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="received_alerts",
                        to="agencies.agency",
                    ),
                ),
                (
                    "issuer",
                    models.ForeignKey(
                        db_column="iss",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="agencies.agency",
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
            },
        ),
        migrations.CreateModel(
            name="CardToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token", models.BinaryField(max_length=16)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                    ),
                ),
                (
                    "received",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tokens",
                        to="alerts.receivedalert",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["agency", "state", "-changed_at", "-id"], name="alert_lists"),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["agency", "md"], name="alert_by_md"),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(
                condition=models.Q(("released_at__isnull", False)),
                fields=["agency", "-released_at", "-id"],
                name="alert_outbox",
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["draft", "submitted", "validated", "released", "withdrawn", "discarded"])
                ),
                name="alert_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["released", "withdrawn"]), _negated=True),
                    models.Q(("released_at__isnull", False), models.Q(("md", ""), _negated=True)),
                    _connector="OR",
                ),
                name="alert_sent_has_md",
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.UniqueConstraint(
                condition=models.Q(("jti", ""), _negated=True),
                fields=("agency", "jti"),
                name="alert_jti_once_per_agency",
            ),
        ),
        migrations.AddConstraint(
            model_name="alertrevision",
            constraint=models.UniqueConstraint(fields=("alert", "number"), name="alert_revision_once"),
        ),
        migrations.AddConstraint(
            model_name="draftattachment",
            constraint=models.UniqueConstraint(fields=("alert", "n"), name="draft_attachment_once"),
        ),
        migrations.AddConstraint(
            model_name="peerpin",
            constraint=models.UniqueConstraint(fields=("agency", "peer"), name="peer_pin_once"),
        ),
        migrations.AddIndex(
            model_name="receivedalert",
            index=models.Index(fields=["agency", "md"], name="received_by_md"),
        ),
        migrations.AddIndex(
            model_name="receivedalert",
            index=models.Index(fields=["agency", "reference"], name="received_by_reference"),
        ),
        migrations.AddIndex(
            model_name="receivedalert",
            index=models.Index(
                condition=models.Q(("retract_od", ""), _negated=True),
                fields=["issuer", "retract_judged_on"],
                name="received_retracted",
            ),
        ),
        migrations.AddIndex(
            model_name="receivedalert",
            index=models.Index(
                condition=models.Q(("card__isnull", False)), fields=["keep"], name="received_to_forget"
            ),
        ),
        migrations.AddConstraint(
            model_name="receivedalert",
            constraint=models.UniqueConstraint(
                fields=("agency", "issuer", "jti"), name="received_alert_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="receivedalert",
            constraint=models.UniqueConstraint(fields=("agency", "number"), name="received_number_once"),
        ),
        migrations.AddIndex(
            model_name="cardtoken",
            index=models.Index(fields=["agency", "token"], name="card_token_lookup"),
        ),
        migrations.AddConstraint(
            model_name="cardtoken",
            constraint=models.UniqueConstraint(fields=("received", "token"), name="card_token_once"),
        ),
    ]
