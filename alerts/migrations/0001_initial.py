# SPDX-License-Identifier: Apache-2.0
"""Tables of `alerts`. When they are generated afresh, the operation at the end stays."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("peers", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Alert",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("created_by", models.CharField(max_length=120)),
                ("key_line", models.CharField(blank=True, editable=False, max_length=16)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("submitted", "Waiting for release"),
                            ("validated", "Checked, not sent"),
                            ("queued", "Waiting for the exchange"),
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
                ("floor", models.CharField(blank=True, max_length=12)),
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
                ("is_bare_code", models.BooleanField(default=False)),
                ("tokens_kept", models.BooleanField(default=False)),
                ("version", models.PositiveIntegerField(default=1)),
                ("replaced_at", models.DateTimeField(null=True)),
                ("question_change", models.CharField(blank=True, max_length=9)),
                ("answers_due_at", models.DateTimeField(null=True)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="alerts", to="peers.agency"
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
                    "previous",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="amendments",
                        to="alerts.alert",
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
                ("log_index", models.BigIntegerField(null=True)),
                ("logged_at", models.DateTimeField(null=True)),
                (
                    "signers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=43), default=list, size=None
                    ),
                ),
                ("reminded_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["-changed_at", "-id"],
                "indexes": [
                    models.Index(fields=["agency", "state", "-changed_at", "-id"], name="alert_lists"),
                    models.Index(fields=["agency", "md"], name="alert_by_md"),
                    models.Index(
                        condition=models.Q(("key_line", ""), _negated=True),
                        fields=["key_line", "-created_at", "-id"],
                        name="alert_by_key",
                    ),
                    models.Index(
                        condition=models.Q(("released_at__isnull", False)),
                        fields=["agency", "-released_at", "-id"],
                        name="alert_outbox",
                    ),
                    models.Index(
                        condition=models.Q(("released_at__isnull", False), ("tokens_kept", False)),
                        fields=["id"],
                        name="alert_to_tokenise",
                    ),
                    models.Index(
                        condition=models.Q(("answers_due_at__isnull", False)),
                        fields=["answers_due_at"],
                        name="alert_answers_due",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("second_look_at__isnull", True), ("second_look_by__isnull", False)
                        ),
                        fields=["agency", "second_look_by"],
                        name="alert_second_look",
                    ),
                    models.Index(
                        condition=models.Q(("log_index__isnull", True), ("released_at__isnull", False)),
                        fields=["agency", "released_at"],
                        name="alert_unlogged",
                    ),
                    models.Index(
                        condition=models.Q(("logged_at__isnull", False)),
                        fields=["agency", "-logged_at"],
                        name="alert_logged",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "draft",
                                    "submitted",
                                    "validated",
                                    "queued",
                                    "released",
                                    "withdrawn",
                                    "discarded",
                                ],
                            )
                        ),
                        name="alert_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["released", "withdrawn"]), _negated=True),
                            models.Q(("released_at__isnull", False), models.Q(("md", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="alert_sent_has_md",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("jti", ""), _negated=True),
                        fields=("agency", "jti"),
                        name="alert_jti_once_per_agency",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "discarded"), _negated=True),
                        fields=("previous",),
                        name="alert_amended_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PinBook",
            fields=[
                (
                    "agency",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="peers.agency",
                    ),
                ),
                ("revision", models.PositiveIntegerField(default=1)),
                ("sealed", models.BinaryField()),
                ("changed_at", models.DateTimeField()),
            ],
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
                "constraints": [
                    models.UniqueConstraint(fields=("alert", "number"), name="alert_revision_once"),
                ],
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
                "constraints": [
                    models.UniqueConstraint(fields=("alert", "n"), name="draft_attachment_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="DraftTemplate",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("sealed", models.BinaryField()),
                ("tlp", models.CharField(max_length=12)),
                ("created_at", models.DateTimeField()),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="peers.agency"
                    ),
                ),
                (
                    "created_by",
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
                "indexes": [
                    models.Index(fields=["agency", "-created_at"], name="draft_templates"),
                ],
            },
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
                ("answer_by", models.DateTimeField(null=True)),
                ("logged_at", models.DateTimeField()),
                ("log_index", models.BigIntegerField()),
                ("received_at", models.DateTimeField()),
                ("card", models.BinaryField(null=True)),
                ("derived_at", models.DateTimeField(null=True)),
                ("unopenable", models.BooleanField(default=False)),
                ("is_elsewhere", models.BooleanField(default=False)),
                ("first_opened_at", models.DateTimeField(null=True)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("retract_od", models.CharField(blank=True, max_length=43)),
                ("retract_id", models.CharField(blank=True, max_length=36)),
                ("retract_code", models.CharField(blank=True, max_length=16)),
                ("retract_judged_on", models.PositiveIntegerField(default=0)),
                ("withdrawal_confirmed_at", models.DateTimeField(null=True)),
                ("answer", models.CharField(blank=True, max_length=10)),
                ("interim_at", models.DateTimeField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("remind_at", models.DateTimeField(null=True)),
                ("question_change", models.CharField(blank=True, max_length=9)),
                ("for_attention", models.BooleanField(default=False)),
                ("first_md", models.CharField(blank=True, max_length=43)),
                ("version", models.PositiveIntegerField(default=1)),
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
                        to="peers.agency",
                    ),
                ),
                (
                    "issuer",
                    models.ForeignKey(
                        db_column="iss",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="peers.agency",
                    ),
                ),
                (
                    "replaced_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alerts.receivedalert",
                    ),
                ),
                ("files", models.PositiveSmallIntegerField(default=0)),
                (
                    "named",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64), default=list, size=None
                    ),
                ),
                ("is_opening_reported", models.BooleanField(default=False)),
                ("re_jti", models.CharField(blank=True, max_length=36)),
                ("re_md", models.CharField(blank=True, max_length=43)),
                (
                    "signers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=43), default=list, size=None
                    ),
                ),
                ("is_telling_reported", models.BooleanField(default=False)),
                ("resent_at", models.DateTimeField(null=True)),
                ("resent_jti", models.CharField(blank=True, max_length=36)),
                ("access_until", models.DateTimeField(null=True)),
                ("is_emergency", models.BooleanField(default=False)),
                ("via", models.CharField(blank=True, max_length=23)),
            ],
            options={
                "ordering": ["-number"],
                "indexes": [
                    models.Index(fields=["agency", "md"], name="received_by_md"),
                    models.Index(fields=["agency", "reference"], name="received_by_reference"),
                    models.Index(fields=["agency", "first_md"], name="received_versions"),
                    models.Index(
                        condition=models.Q(("retract_od", ""), _negated=True),
                        fields=["issuer", "retract_judged_on"],
                        name="received_retracted",
                    ),
                    models.Index(
                        condition=models.Q(("card__isnull", False)),
                        fields=["keep"],
                        name="received_to_forget",
                    ),
                    models.Index(fields=["agency", "issuer", "-number"], name="received_from"),
                    models.Index(
                        condition=models.Q(("derived_at__isnull", True), ("unopenable", False)),
                        fields=["agency", "number"],
                        name="received_unread_by_worker",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("first_opened_at__isnull", True),
                            ("unopenable", False),
                            ("withdrawn_at__isnull", True),
                        ),
                        fields=["agency", "-number"],
                        name="received_unread",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("ack_by__isnull", False),
                            ("acknowledged_at__isnull", True),
                            ("unopenable", False),
                            ("withdrawn_at__isnull", True),
                        ),
                        fields=["agency", "ack_by", "number"],
                        name="received_to_acknowledge",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("answered_at__isnull", True),
                            ("reply_by__isnull", False),
                            ("unopenable", False),
                            ("withdrawn_at__isnull", True),
                        ),
                        fields=["agency", "answer_by", "number"],
                        name="received_to_answer",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("answered_at__isnull", True),
                            ("remind_at__isnull", False),
                            ("unopenable", False),
                            ("withdrawn_at__isnull", True),
                        ),
                        fields=["remind_at"],
                        name="received_to_remind",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("withdrawal_confirmed_at__isnull", True), ("withdrawn_at__isnull", False)
                        ),
                        fields=["agency", "-number"],
                        name="received_to_confirm",
                    ),
                    models.Index(
                        condition=models.Q(("pri", "flash")),
                        fields=["agency", "-number"],
                        name="received_flash",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("first_opened_at__isnull", False), ("is_opening_reported", False)
                        ),
                        fields=["agency"],
                        name="received_to_report",
                    ),
                    models.Index(
                        condition=models.Q(("is_telling_reported", False)),
                        fields=["agency", "-number"],
                        name="received_untold",
                    ),
                    models.Index(
                        condition=models.Q(("resent_jti", ""), _negated=True),
                        fields=["agency", "issuer", "resent_jti"],
                        name="received_resent",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("agency", "issuer", "jti"), name="received_alert_once"),
                    models.UniqueConstraint(fields=("agency", "number"), name="received_number_once"),
                ],
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="peers.agency"
                    ),
                ),
                (
                    "alert",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tokens",
                        to="alerts.alert",
                    ),
                ),
                (
                    "received",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tokens",
                        to="alerts.receivedalert",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["agency", "token"], name="card_token_lookup"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("received", "token"), name="card_token_once"),
                    models.UniqueConstraint(fields=("alert", "token"), name="card_token_of_sent_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("alert__isnull", True), ("received__isnull", False)),
                            models.Q(("alert__isnull", False), ("received__isnull", True)),
                            _connector="OR",
                        ),
                        name="card_token_of_one_alert",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Reply",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("re_jti", models.CharField(max_length=36)),
                ("re_md", models.CharField(max_length=43)),
                ("source", models.BinaryField(null=True)),
                ("summary", models.BinaryField(null=True)),
                ("created_at", models.DateTimeField()),
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
                        related_name="reply",
                        to="alerts.alert",
                    ),
                ),
                (
                    "received",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reply",
                        to="alerts.receivedalert",
                    ),
                ),
                (
                    "sample",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alerts.alert",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "replies",
                "ordering": ["created_at", "id"],
                "indexes": [
                    models.Index(fields=["agency", "re_md"], name="replies_to"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("alert__isnull", True), ("received__isnull", False)),
                            models.Q(("alert__isnull", False), ("received__isnull", True)),
                            _connector="OR",
                        ),
                        name="reply_of_one_alert",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SampleProfile",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("sealed", models.BinaryField()),
                ("stored_at", models.DateTimeField()),
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
                        related_name="sample_profile",
                        to="alerts.alert",
                    ),
                ),
                (
                    "received",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sample_profile",
                        to="alerts.receivedalert",
                    ),
                ),
            ],
            options={
                "ordering": ["-stored_at", "-id"],
                "indexes": [
                    models.Index(fields=["agency", "-stored_at", "-id"], name="profiles_newest"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("alert__isnull", True), ("received__isnull", False)),
                            models.Q(("alert__isnull", False), ("received__isnull", True)),
                            _connector="OR",
                        ),
                        name="profile_of_one_alert",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "box",
                    models.CharField(
                        choices=[
                            ("inbox", "Inbox"),
                            ("outbox", "Sent"),
                            ("queue", "To release"),
                            ("drafts", "Drafts"),
                            ("on_the_way", "Yours, on the way"),
                        ],
                        max_length=10,
                    ),
                ),
                ("name", models.CharField(max_length=40)),
                ("filters", models.JSONField(default=dict)),
                ("is_default", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                (
                    "officer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_views",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["box", "name"],
                "constraints": [
                    models.UniqueConstraint(fields=("officer", "box", "name"), name="saved_view_name_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("officer", "box"),
                        name="saved_view_one_default",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProfileQuestion",
            fields=[
                (
                    "alert",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="profile_question",
                        serialize=False,
                        to="alerts.alert",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "sample",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="profile_questions",
                        to="alerts.alert",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "alert"],
            },
        ),
        migrations.CreateModel(
            name="HeldEnvelope",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("md", models.CharField(max_length=43)),
                ("slice", models.BinaryField()),
                ("keep", models.DateTimeField()),
                ("fetched_at", models.DateTimeField()),
                ("is_whole", models.BooleanField(default=False)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="peers.agency"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["keep"], name="held_envelope_keep"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_whole", True)),
                        fields=("agency", "md"),
                        name="held_envelope_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HeldBlob",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("n", models.PositiveSmallIntegerField()),
                ("content", models.BinaryField()),
                (
                    "envelope",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="blobs",
                        to="alerts.heldenvelope",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("envelope", "n"), name="held_blob_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="AwaitedEnvelope",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.BigIntegerField()),
                ("md", models.CharField(max_length=43)),
                ("iss", models.CharField(max_length=23)),
                ("jti", models.CharField(max_length=36)),
                ("reference", models.CharField(max_length=16)),
                ("named_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("tries", models.PositiveIntegerField(default=0)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="peers.agency"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["agency", "due_at"], name="awaited_envelope_due"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("agency", "md"), name="awaited_envelope_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="AgreementText",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("iss", models.CharField(max_length=23)),
                ("jti", models.CharField(max_length=36)),
                ("md", models.CharField(max_length=43)),
                ("sealed", models.BinaryField()),
                ("kept_at", models.DateTimeField()),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="peers.agency"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("agency", "md"), name="agreement_text_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="CallNote",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("called_at", models.DateTimeField()),
                ("noted_at", models.DateTimeField()),
                ("sealed", models.BinaryField()),
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
                        related_name="calls",
                        to="alerts.alert",
                    ),
                ),
                (
                    "noted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "peer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="peers.agency"
                    ),
                ),
                (
                    "received",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calls",
                        to="alerts.receivedalert",
                    ),
                ),
            ],
            options={
                "ordering": ["-called_at", "-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("alert__isnull", True), ("received__isnull", False)),
                            models.Q(("alert__isnull", False), ("received__isnull", True)),
                            _connector="OR",
                        ),
                        name="call_about_one_alert",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WithheldAlert",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("lane", models.CharField(max_length=16)),
                ("agreement", models.CharField(blank=True, max_length=20)),
                ("kind", models.BinaryField(max_length=16)),
                ("released_at", models.DateTimeField()),
                ("keep", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Not decided"),
                            ("not_needed", "Not needed"),
                            ("chosen", "Chosen to be sent"),
                            ("refused", "Could not be sent"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("code", models.CharField(blank=True, max_length=60)),
                ("batch", models.UUIDField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="peers.agency"
                    ),
                ),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withheld",
                        to="alerts.alert",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "peer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="peers.agency"
                    ),
                ),
                (
                    "sent",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="resent_from",
                        to="alerts.alert",
                    ),
                ),
            ],
            options={
                "ordering": ["-released_at", "-id"],
                "indexes": [
                    models.Index(
                        fields=["agency", "peer", "lane", "-released_at", "-id"], name="withheld_lists"
                    ),
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["agency", "peer", "lane"],
                        name="withheld_undecided",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("alert", "peer"), name="withheld_once"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "not_needed", "chosen", "refused"])),
                        name="withheld_state_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OnwardRelease",
            fields=[
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "recipients",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=23), size=None
                    ),
                ),
                ("until", models.DateTimeField()),
                ("purpose", models.CharField(max_length=24)),
                ("is_emergency", models.BooleanField()),
                ("prepared_at", models.DateTimeField()),
                ("released_at", models.DateTimeField(null=True)),
                ("od", models.CharField(blank=True, default="", max_length=43)),
                ("review_by", models.DateTimeField(null=True)),
                ("reviewed_at", models.DateTimeField(null=True)),
                ("is_justified", models.BooleanField(null=True)),
                ("review", models.BinaryField(null=True)),
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
                        related_name="onward",
                        to="alerts.alert",
                    ),
                ),
                (
                    "prepared_by",
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
                        related_name="onward",
                        to="alerts.receivedalert",
                    ),
                ),
                (
                    "released_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["prepared_at", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("alert__isnull", True), ("received__isnull", False)),
                            models.Q(("alert__isnull", False), ("received__isnull", True)),
                            _connector="OR",
                        ),
                        name="onward_of_one_alert",
                    )
                ],
            },
        ),
        # Sealed octets hardly get smaller: trying to compress each of them takes longer than storing it.
        migrations.RunSQL("ALTER TABLE alerts_heldenvelope ALTER COLUMN slice SET STORAGE EXTERNAL"),
    ]
