# SPDX-License-Identifier: Apache-2.0
"""The tables of what this desk knows of agencies, and a trigger: the moment of an agency's first release is written once.

Taking it away would end the waiting of changes of power. When the tables are generated afresh, `TRIGGER` and the
operation at the end stay.
"""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import callers.names
import callers.timezones

TRIGGER = """
CREATE FUNCTION peers_first_release_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the first release of an agency stays as it is' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER peers_first_release_stays BEFORE UPDATE ON peers_agency FOR EACH ROW
WHEN (OLD.first_release_at IS NOT NULL AND NEW.first_release_at IS DISTINCT FROM OLD.first_release_at)
EXECUTE FUNCTION peers_first_release_stays();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Agency",
            fields=[
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                (
                    "id",
                    models.CharField(
                        max_length=23,
                        primary_key=True,
                        serialize=False,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[a-z]{2}-[a-z0-9]{2,20}\\Z",
                                "Agency id: use a country code, a hyphen, a name.",
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=120, validators=[callers.names.check_name])),
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
                            ("international", "International organisation"),
                            ("focal_point", "Focal point"),
                            ("postal_operator", "Postal operator"),
                            ("drug_checking", "Drug-checking service"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "country",
                    models.CharField(
                        max_length=2, validators=[django.core.validators.RegexValidator("\\A[A-Z]{2}\\Z")]
                    ),
                ),
                (
                    "timezone",
                    models.CharField(
                        default="UTC", max_length=64, validators=[callers.timezones.check_timezone]
                    ),
                ),
                ("language", models.CharField(default="en", max_length=16)),
                (
                    "custody",
                    models.CharField(
                        choices=[
                            ("agency", "Keys held by the agency"),
                            (
                                "hub-own-root",
                                "Operational keys held by its desk, root with the agency's head",
                            ),
                            ("hub", "Its desk can act as this agency"),
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
                            ("suspended", "Suspended at the exchange"),
                        ],
                        default="entering",
                        max_length=9,
                    ),
                ),
                (
                    "root_fingerprint",
                    models.CharField(
                        blank=True,
                        max_length=64,
                        validators=[django.core.validators.RegexValidator("\\A[0-9a-f]{64}\\Z")],
                    ),
                ),
                (
                    "duty_phone",
                    models.CharField(blank=True, max_length=40, validators=[callers.names.check_name]),
                ),
                (
                    "phone_said",
                    models.CharField(blank=True, max_length=40, validators=[callers.names.check_name]),
                ),
                ("is_hosted", models.BooleanField(default=False)),
                ("admitted_at", models.DateTimeField()),
                ("first_release_at", models.DateTimeField(blank=True, null=True)),
                ("gone_at", models.DateTimeField(blank=True, null=True)),
                ("heard_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name_plural": "agencies",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="KnownCredential",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("agency_id", models.CharField(max_length=23)),
                ("prefix", models.CharField(max_length=16)),
                ("client", models.CharField(max_length=60)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("has_replaced", models.BooleanField()),
            ],
            options={
                "ordering": ["agency_id", "prefix"],
                "constraints": [
                    models.UniqueConstraint(fields=("agency_id", "prefix"), name="known_credential_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="OwnExchange",
            fields=[
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("url", models.CharField(max_length=200)),
                ("vkey", models.CharField(max_length=400)),
                ("told_at", models.DateTimeField()),
            ],
            options={
                "abstract": False,
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
                ("revokes", models.BooleanField(default=False)),
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
        migrations.CreateModel(
            name="DeliveriesPlace",
            fields=[
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("reader", models.CharField(max_length=23, primary_key=True, serialize=False)),
                ("place", models.TextField(blank=True, default="")),
                ("asked_at", models.DateTimeField(blank=True, null=True)),
                ("failures", models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SentDelivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("reader", models.CharField(max_length=23)),
                ("md", models.CharField(max_length=43)),
                ("recipient", models.CharField(max_length=23)),
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
                ("told_at", models.DateTimeField(null=True)),
                ("fetched_at", models.DateTimeField(null=True)),
                ("opened_at", models.DateTimeField(null=True)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("answer", models.CharField(blank=True, default="", max_length=10)),
                ("recalled_at", models.DateTimeField(null=True)),
                ("recall_confirmed_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name_plural": "sent deliveries",
                "indexes": [
                    models.Index(
                        condition=models.Q(("acknowledged_at__isnull", True), ("recalled_at__isnull", True)),
                        fields=["reader", "md"],
                        name="sent_awaited",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("reader", "md", "recipient"), name="sent_delivery_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="SentEnvelope",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("reader", models.CharField(max_length=23)),
                ("md", models.CharField(max_length=43)),
                ("recipients", models.JSONField()),
                ("ack_by", models.DateTimeField(null=True)),
                ("reply_by", models.DateTimeField(null=True)),
                ("exp", models.DateTimeField()),
                ("keep", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("reply_by__isnull", False)),
                        fields=["reader", "reply_by"],
                        name="sent_questions",
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("reader", "md"), name="sent_envelope_once")],
            },
        ),
        migrations.CreateModel(
            name="PeerAgreement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("reader", models.CharField(max_length=23)),
                ("ref", models.TextField()),
                ("said", models.JSONField()),
            ],
            options={
                "ordering": ["ref"],
                "constraints": [
                    models.UniqueConstraint(fields=("reader", "ref"), name="peer_agreement_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="PeerCircle",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("reader", models.CharField(max_length=23)),
                ("name", models.TextField()),
                ("said", models.JSONField()),
            ],
            options={
                "ordering": ["name"],
                "constraints": [models.UniqueConstraint(fields=("reader", "name"), name="peer_circle_once")],
            },
        ),
        migrations.CreateModel(
            name="SeenAgreements",
            fields=[
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("reader", models.CharField(max_length=23, primary_key=True, serialize=False)),
                ("digest", models.CharField(max_length=43)),
                ("asked_at", models.DateTimeField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="FeedCursor",
            fields=[
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("reader", models.CharField(max_length=23, primary_key=True, serialize=False)),
                ("epoch", models.CharField(blank=True, default="", max_length=16)),
                ("number", models.BigIntegerField(default=0)),
                ("moved_at", models.DateTimeField(null=True)),
                ("head", models.BigIntegerField(default=0)),
                ("asked_at", models.DateTimeField(null=True)),
                ("behind_since", models.DateTimeField(null=True)),
                ("clock_ahead_secs", models.IntegerField(null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="HeldStatement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("reader", models.CharField(max_length=23)),
                ("od", models.CharField(max_length=43)),
                ("iss", models.CharField(max_length=23)),
                ("k", models.CharField(max_length=12)),
                ("statement_id", models.CharField(max_length=36)),
                ("sub_d", models.CharField(blank=True, default="", max_length=43)),
                ("act", models.CharField(blank=True, default="", max_length=64)),
                ("body", models.JSONField()),
                ("suite", models.CharField(max_length=3)),
                (
                    "signers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=43), size=None
                    ),
                ),
                ("jws", models.TextField()),
                ("log_time", models.BigIntegerField(null=True)),
                ("log_index", models.BigIntegerField(null=True)),
                ("held_since", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["reader", "sub_d", "k"], name="held_statement_about"),
                    models.Index(fields=["reader", "iss", "-log_time"], name="held_statement_of"),
                    models.Index(
                        condition=models.Q(("k", "retract")), fields=["reader", "iss"], name="held_retracts"
                    ),
                    models.Index(
                        condition=models.Q(("log_time__isnull", True)),
                        fields=["reader"],
                        name="held_statement_unlogged",
                    ),
                ],
                "constraints": [models.UniqueConstraint(fields=("reader", "od"), name="held_statement_once")],
            },
        ),
        migrations.CreateModel(
            name="Outgoing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("reader", models.CharField(max_length=23)),
                ("d", models.CharField(max_length=43)),
                ("item_id", models.CharField(max_length=36)),
                ("k", models.CharField(max_length=12)),
                ("subject", models.CharField(blank=True, default="", max_length=43)),
                ("pri", models.CharField(blank=True, default="", max_length=8)),
                ("by", models.CharField(blank=True, default="", max_length=36)),
                ("signed", models.BinaryField()),
                ("jwe", models.BinaryField(default=b"")),
                ("octets", models.CharField(max_length=64)),
                ("recipients", models.JSONField(default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("sent", "Sent"),
                            ("refused", "Refused"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="queued",
                        max_length=9,
                    ),
                ),
                ("queued_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
                ("not_before", models.DateTimeField()),
                ("trying_until", models.DateTimeField(null=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("may_have_arrived", models.BooleanField(default=False)),
                ("cause", models.CharField(blank=True, default="", max_length=60)),
                ("denials", models.JSONField(default=list)),
                ("told_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["reader", "subject"], name="outgoing_about"),
                    models.Index(
                        condition=models.Q(("state", "queued")),
                        fields=["reader", "id"],
                        name="outgoing_queued",
                    ),
                    models.Index(
                        condition=models.Q(("state", "queued"), _negated=True),
                        fields=["settled_at"],
                        name="outgoing_settled",
                    ),
                ],
                "constraints": [models.UniqueConstraint(fields=("reader", "d"), name="outgoing_once")],
            },
        ),
        migrations.CreateModel(
            name="OutgoingBlob",
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
                    "outgoing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="blobs", to="peers.outgoing"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("outgoing", "n"), name="outgoing_blob_once")],
            },
        ),
        migrations.CreateModel(
            name="LastVerdicts",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("reader", models.CharField(max_length=23)),
                ("terms", models.CharField(max_length=200)),
                ("answers", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name_plural": "last verdicts",
                "constraints": [
                    models.UniqueConstraint(fields=("reader", "terms"), name="last_verdicts_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="SubmissionsPlace",
            fields=[
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("reader", models.CharField(max_length=23, primary_key=True, serialize=False)),
                ("place", models.TextField(blank=True, default="")),
                ("whole_at", models.DateTimeField(null=True)),
                ("revocations", models.PositiveIntegerField(default=0)),
                ("asked_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="UnsentEnvelope",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mac", models.CharField(blank=True, default="", editable=False, max_length=76)),
                ("reader", models.CharField(max_length=23)),
                ("md", models.CharField(max_length=43)),
                ("jti", models.CharField(blank=True, default="", max_length=36)),
                ("tlp", models.CharField(blank=True, default="", max_length=12)),
                ("pri", models.CharField(blank=True, default="", max_length=8)),
                ("lane", models.CharField(blank=True, default="", max_length=16)),
                ("suite", models.CharField(blank=True, default="", max_length=3)),
                (
                    "signers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=43), default=list, size=None
                    ),
                ),
                ("log_time", models.BigIntegerField(null=True)),
                ("log_index", models.BigIntegerField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["reader", "-log_time"], name="unsent_envelope_logged"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("reader", "md"), name="unsent_envelope_once"),
                ],
            },
        ),
        migrations.RunSQL(TRIGGER),
    ]
