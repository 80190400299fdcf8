# SPDX-License-Identifier: Apache-2.0
"""Rows of the desk: own alerts with their sealed revisions, received alerts with their sealed cards.

- Columns in clear hold what the signed manifest shows to the exchange anyway, and who did what when.
- Text that an officer wrote is only in `sealed` and `card` columns, which `vault` opens for its own agency.
- None of these models is ever registered with the admin: its log and its lists would copy content.
"""

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q

from accord.envelope.keys import PQ1
from accord.envelope.statements.bodies import MANIFEST
from accord.envelope.statements.form import SubjectRef
from accord.envelope.vocabulary import RED
from accord.envelope.worth import Signed
from alerts.red_readers import is_limited, reads_by_name
from alerts.rows.agreement_texts import AgreementText as AgreementText  # noqa: PLC0414
from alerts.rows.calls import CallNote  # noqa: F401
from alerts.rows.held import AwaitedEnvelope as AwaitedEnvelope  # noqa: PLC0414
from alerts.rows.held import HeldBlob as HeldBlob  # noqa: PLC0414
from alerts.rows.held import HeldEnvelope as HeldEnvelope  # noqa: PLC0414
from alerts.rows.onward import OnwardRelease  # noqa: F401
from alerts.rows.pins import PinBook  # noqa: F401
from alerts.rows.replies import ProfileQuestion, Reply, SampleProfile  # noqa: F401
from alerts.rows.saved import DraftTemplate, SavedView  # noqa: F401
from alerts.rows.withheld import WithheldAlert as WithheldAlert  # noqa: PLC0414
from alerts.states import IN_REVIEW, SENT, AlertState
from callers.capabilities import Capability
from callers.markings import levels_within, rows_within
from notices.alert_facts import AlertFacts
from peers.models import Agency

if TYPE_CHECKING:
    from datetime import datetime

    from alerts.receiving.signature_state import SignatureFacts
    from callers.actors import Actor, ApiClient


def _officer(related_name: str = "+") -> "models.ForeignKey[models.Model | None, models.Model | None]":
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name=related_name
    )


def _in_sight(actor: "Actor") -> Q:
    """Return the condition of `officers.ceilings` for own alerts; the marking of an alert's source counts like its own."""
    reached = levels_within(actor)
    if reached is None:
        return _red_in_sight(actor)
    others = AlertRevision.objects.filter(alert=OuterRef("pk")).exclude(author=actor.audit_name)
    own = Q(~Exists(others), created_by=actor.audit_name, floor="") & ~Q(state__in=sorted(SENT))
    about_life = Q(pri="flash", lane="public_health")
    return (Q(tlp__in=reached, floor__in=("", *reached)) | about_life | own) & _red_in_sight(actor)


def _red_in_sight(actor: "Actor") -> Q:
    """Return the condition of `alerts.red_readers`."""
    if not is_limited(actor):
        return Q()
    wrote = AlertRevision.objects.filter(alert=OuterRef("pk"), author=actor.audit_name)
    by_system = Q(state=AlertState.DRAFT) & ~Q(key_line="")
    return ~(Q(tlp=RED) | Q(floor=RED)) | Q(Exists(wrote)) | by_system


def _red_received_in_sight(actor: "Actor") -> Q:
    """Return the condition for received alerts marked RED: at an own desk a person sees those that name this person.

    One that does not open has told nobody whom it names, and shows nothing: every reader sees that it came.
    """
    if not reads_by_name(actor):
        return Q()
    return ~Q(tlp=RED) | Q(named__contains=[actor.public_id]) | Q(unopenable=True)


class AlertQuerySet(models.QuerySet["Alert"]):
    def visible_to(self, actor: "Actor") -> "AlertQuerySet":
        """Return sent alerts for every reader of the agency, waiting ones for authors and releasers, drafts for authors.

        Above the actor's ceiling: only unsent alerts that the actor alone has written and that have no source. For RED at an
        own desk, `alerts.red_readers` applies.
        """
        can = actor.capabilities
        if actor.agency_id is None or Capability.ALERT_READ not in can:
            return self.none()
        states: set[str] = set(SENT)
        if Capability.ALERT_WRITE in can:
            states |= IN_REVIEW | {AlertState.DRAFT}
        if Capability.QUEUE_READ in can:
            states |= IN_REVIEW
        return self.filter(_in_sight(actor), agency_id=actor.agency_id, state__in=states)

    def written_with(self, client: "ApiClient") -> "AlertQuerySet":
        """Return the alerts that this system has written, with any key of its chain."""
        if not client.line or Capability.DRAFT_WRITE not in client.capabilities:
            return self.none()
        return self.filter(key_line=client.line, agency_id=client.agency_id)

    def changed_by(self, actor: "Actor") -> "AlertQuerySet":
        """Return the alerts that the actor created or gave back, whose state but not content the actor may know."""
        if actor.agency_id is None:
            return self.none()
        given_back = Q(returned_by__public_id=actor.audit_name.removeprefix("officer:"))
        return self.filter(Q(created_by=actor.audit_name) | given_back, agency_id=actor.agency_id)


class Alert(models.Model):
    """Own alert, from draft to withdrawal. `current` is the number of the newest revision.

    Each version that is sent is a row of its own: `previous` is the one it amends, `replaced_at` when the next one
    was sent.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="alerts")
    author = _officer("alerts_written")
    created_by = models.CharField(max_length=120)
    key_line = models.CharField(max_length=16, blank=True, editable=False)
    """Chain of the API key (`ApiKey.line`) of the system that wrote it, which may ask for its state."""
    state = models.CharField(max_length=9, choices=AlertState, default=AlertState.DRAFT)
    kind = models.CharField(max_length=8, default="alert")
    status = models.CharField(max_length=8, default="actual")
    pri = models.CharField(max_length=8, default="routine")
    lane = models.CharField(max_length=16, blank=True)
    tlp = models.CharField(max_length=12, default="AMBER")
    floor = models.CharField(max_length=12, blank=True)
    """Marking of its source (an alert, a template, the alert a reply answers); its own is never looser."""
    current = models.PositiveIntegerField(default=0)
    card = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    submitted_by = _officer()
    validated_at = models.DateTimeField(null=True)
    validated_by = _officer()
    validated_digest = models.CharField(max_length=43, blank=True)
    validated_preview = models.JSONField(null=True)
    returned_at = models.DateTimeField(null=True)
    returned_by = _officer()
    return_note = models.BinaryField(null=True)
    released_at = models.DateTimeField(null=True)
    released_by = _officer()
    second_look_by = models.DateTimeField(null=True)
    second_look_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = _officer()
    reminded_at = models.DateTimeField(null=True)
    jti = models.CharField(max_length=36, blank=True)
    md = models.CharField(max_length=43, blank=True)
    signers = ArrayField(models.CharField(max_length=43), default=list)
    """Key ids of its signatures, once it was sent."""
    log_index = models.BigIntegerField(null=True)
    logged_at = models.DateTimeField(null=True)
    """Its place in the ledger, by a receipt that was verified; None before."""
    is_bare_code = models.BooleanField(default=False)
    """As it was submitted it is an answer that says a code alone, without text or files."""
    tokens_kept = models.BooleanField(default=False)
    previous = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="amendments")
    version = models.PositiveIntegerField(default=1)
    replaced_at = models.DateTimeField(null=True)
    question_change = models.CharField(max_length=9, blank=True)
    """Change that this version makes to its question, once it was sent: asks_anew, closed; empty: earlier answers stand."""
    answers_due_at = models.DateTimeField(null=True)
    """When to look next whether its recipients have answered in time; None where nothing is asked, or the agency was told."""

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-changed_at", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["agency", "state", "-changed_at", "-id"], name="alert_lists"),
            models.Index(fields=["agency", "md"], name="alert_by_md"),
            models.Index(
                fields=["key_line", "-created_at", "-id"], condition=~Q(key_line=""), name="alert_by_key"
            ),
            models.Index(
                fields=["agency", "-released_at", "-id"],
                condition=Q(released_at__isnull=False),
                name="alert_outbox",
            ),
            models.Index(
                fields=["agency", "released_at"],
                condition=Q(released_at__isnull=False, log_index__isnull=True),
                name="alert_unlogged",
            ),
            models.Index(
                fields=["agency", "-logged_at"], condition=Q(logged_at__isnull=False), name="alert_logged"
            ),
            models.Index(
                fields=["id"],
                condition=Q(released_at__isnull=False, tokens_kept=False),
                name="alert_to_tokenise",
            ),
            models.Index(
                fields=["answers_due_at"],
                condition=Q(answers_due_at__isnull=False),
                name="alert_answers_due",
            ),
            models.Index(
                fields=["agency", "second_look_by"],
                condition=Q(second_look_by__isnull=False, second_look_at__isnull=True),
                name="alert_second_look",
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=AlertState.values), name="alert_state_known"),
            models.CheckConstraint(
                condition=~Q(state__in=sorted(SENT)) | (Q(released_at__isnull=False) & ~Q(md="")),
                name="alert_sent_has_md",
            ),
            models.UniqueConstraint(
                fields=["agency", "jti"], condition=~Q(jti=""), name="alert_jti_once_per_agency"
            ),
            models.UniqueConstraint(
                fields=["previous"], condition=~Q(state=AlertState.DISCARDED), name="alert_amended_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def signed(self) -> Signed | None:
        """Facts by which its signatures are judged; None before it is in the ledger."""
        if self.logged_at is None:
            return None
        ref, logged = SubjectRef(MANIFEST, self.jti, self.md), int(self.logged_at.timestamp())
        return Signed(ref, self.agency_id, tuple(self.signers), PQ1, logged, self.log_index)


class AlertRevision(models.Model):
    """Save of a draft: insert-only. `digest` is over the sealed bytes, so it reveals nothing of the text."""

    alert = models.ForeignKey(Alert, models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    author = models.CharField(max_length=120)
    sealed = models.BinaryField()
    digest = models.CharField(max_length=43)
    saved_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["alert", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["alert", "number"], name="alert_revision_once")
        ]

    def __str__(self) -> str:
        return f"{self.alert_id} revision {self.number}"


class DraftAttachment(models.Model):
    """File of a draft, sealed. Its name and type are in the revision that lists it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    alert = models.ForeignKey(Alert, models.PROTECT, related_name="attachments")
    n = models.PositiveIntegerField()
    sealed = models.BinaryField()
    size = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=43)
    added_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["alert", "n"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["alert", "n"], name="draft_attachment_once")]

    def __str__(self) -> str:
        return f"{self.alert_id} file {self.n}"


class ReceivedAlertQuerySet(models.QuerySet["ReceivedAlert"]):
    def visible_to(self, actor: "Actor") -> "ReceivedAlertQuerySet":
        """Return what reached the actor's own agency, if the actor may read alerts; of RED, what names the actor."""
        if actor.agency_id is None or Capability.ALERT_READ not in actor.capabilities:
            return self.none()
        in_sight = rows_within(actor) & _red_received_in_sight(actor)
        return self.filter(in_sight, agency_id=actor.agency_id)


class ReceivedAlert(models.Model):
    """Alert that one of our agencies received: the manifest's facts in clear, the rest in the envelope.

    - The facts are those of the manifest as its slice came. `number` is the feed's. The content is in the held envelope and is
      opened at each reading.
    - `re_jti` and `re_md` name what a reply answers or an update replaces, `signers` are the kids of the manifest's signatures,
      `files` counts the files that came with it.
    - `retract_od` names the retract that came. `withdrawn_at` is set while the retract counts, as judged when
      `retract_judged_on` revocations of the issuer's keys were known.
    - Versions of one alert share `first_md`, the address of the first; `replaced_by` is the newest one that counts and reached
      the agency.
    - `answer_by` is until when its answer is due as it counts: `reply_by`, as it was signed, and later by suspensions that are
      over (`alerts.replies.due_times`).
    - `answered_at` is when the agency's newest answer to its question was sent, if that is final; `interim_at`, if another follows.
    - `question_change` is what this version changes in the question: asks_anew, as its content says; closed, as its manifest asks
      no more while one before did.
    - `for_attention`: by its content its question is for this agency's attention, and it owes no answer.
    - `remind_at` is when officers are next told that the answer waits (`alerts.replies.reminding`), None while nobody is to be.
    - `named` are the ids of the own agency's officers whom a RED alert names, once the worker has opened it: lists and mails, which
      open nothing, need them in clear.
    - `derived_at` is when the worker made card, tokens, files and notices, or gave up; None while that waits.
    - `resent_jti` and `resent_at`, of one that was sent after a suspension: what its originator had written before, by id and by its
      log time, as the content says.
    - `via` is the agency that released it onward to this one until `access_until`, empty where its issuer sent it; `is_emergency`:
      it did so in an emergency.
    - `is_elsewhere`: no check failed, but it is sealed to keys of the agency that another desk has.
    """

    retract_doubt = ""
    """Not a column: why the retract does not count, set when it is judged for display."""
    is_distrusted = False
    """Not a column: something about it was set aside unread, set when it is judged for display."""
    standing: "SignatureFacts | None" = None
    """Not a column: present state of its signatures, set when they are judged for display."""
    suspended_since: "datetime | None" = None
    """Not a column: since when a suspension holds its answer back (`alerts.peers.suspensions`), set for display."""
    runs_on = True
    """Not a column, beside it: by the agreements the clock of its answer runs on meanwhile."""
    stopped_by: "tuple[str, ...]" = ()
    """Not a column, beside it: which of the two agencies suspend the lane."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="received_alerts")
    issuer = models.ForeignKey(Agency, models.PROTECT, related_name="+", db_column="iss")
    jti = models.CharField(max_length=36)
    md = models.CharField(max_length=43)
    number = models.BigIntegerField()
    reference = models.CharField(max_length=16)
    suite = models.CharField(max_length=3)
    kind = models.CharField(max_length=8)
    status = models.CharField(max_length=8)
    tlp = models.CharField(max_length=12)
    lane = models.CharField(max_length=16)
    purpose = models.CharField(max_length=24)
    pri = models.CharField(max_length=8)
    iat = models.DateTimeField()
    exp = models.DateTimeField()
    keep = models.DateTimeField()
    ack_by = models.DateTimeField(null=True)
    reply_by = models.DateTimeField(null=True)
    answer_by = models.DateTimeField(null=True)
    logged_at = models.DateTimeField()
    log_index = models.BigIntegerField()
    received_at = models.DateTimeField()
    card = models.BinaryField(null=True)
    derived_at = models.DateTimeField(null=True)
    unopenable = models.BooleanField(default=False)
    is_elsewhere = models.BooleanField(default=False)
    first_opened_at = models.DateTimeField(null=True)
    is_opening_reported = models.BooleanField(default=False)
    is_telling_reported = models.BooleanField(default=False)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = _officer()
    withdrawn_at = models.DateTimeField(null=True)
    retract_od = models.CharField(max_length=43, blank=True)
    retract_id = models.CharField(max_length=36, blank=True)
    retract_code = models.CharField(max_length=16, blank=True)
    retract_judged_on = models.PositiveIntegerField(default=0)
    withdrawal_confirmed_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=10, blank=True)
    interim_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    remind_at = models.DateTimeField(null=True)
    question_change = models.CharField(max_length=9, blank=True)
    for_attention = models.BooleanField(default=False)
    re_jti = models.CharField(max_length=36, blank=True)
    re_md = models.CharField(max_length=43, blank=True)
    signers = ArrayField(models.CharField(max_length=43), default=list)
    named = ArrayField(models.CharField(max_length=64), default=list)
    files = models.PositiveSmallIntegerField(default=0)
    first_md = models.CharField(max_length=43, blank=True)
    version = models.PositiveIntegerField(default=1)
    replaced_by = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    resent_jti = models.CharField(max_length=36, blank=True)
    resent_at = models.DateTimeField(null=True)
    via = models.CharField(max_length=23, blank=True)
    is_emergency = models.BooleanField(default=False)
    access_until = models.DateTimeField(null=True)

    objects = ReceivedAlertQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-number"]
        indexes: ClassVar = [
            models.Index(fields=["agency", "md"], name="received_by_md"),
            models.Index(fields=["agency", "reference"], name="received_by_reference"),
            models.Index(fields=["agency", "first_md"], name="received_versions"),
            models.Index(
                fields=["agency", "issuer", "resent_jti"],
                condition=~Q(resent_jti=""),
                name="received_resent",
            ),
            models.Index(
                fields=["issuer", "retract_judged_on"], condition=~Q(retract_od=""), name="received_retracted"
            ),
            models.Index(fields=["keep"], condition=Q(card__isnull=False), name="received_to_forget"),
            models.Index(fields=["agency", "issuer", "-number"], name="received_from"),
            models.Index(
                fields=["agency", "number"],
                condition=Q(derived_at__isnull=True, unopenable=False),
                name="received_unread_by_worker",
            ),
            models.Index(
                fields=["agency", "-number"],
                condition=Q(first_opened_at__isnull=True, withdrawn_at__isnull=True, unopenable=False),
                name="received_unread",
            ),
            models.Index(
                fields=["agency"],
                condition=Q(first_opened_at__isnull=False, is_opening_reported=False),
                name="received_to_report",
            ),
            models.Index(
                fields=["agency", "-number"],
                condition=Q(is_telling_reported=False),
                name="received_untold",
            ),
            models.Index(
                fields=["agency", "ack_by", "number"],
                condition=Q(
                    acknowledged_at__isnull=True,
                    withdrawn_at__isnull=True,
                    unopenable=False,
                    ack_by__isnull=False,
                ),
                name="received_to_acknowledge",
            ),
            models.Index(
                fields=["agency", "answer_by", "number"],
                condition=Q(
                    reply_by__isnull=False,
                    answered_at__isnull=True,
                    withdrawn_at__isnull=True,
                    unopenable=False,
                ),
                name="received_to_answer",
            ),
            models.Index(
                fields=["remind_at"],
                condition=Q(
                    remind_at__isnull=False,
                    answered_at__isnull=True,
                    withdrawn_at__isnull=True,
                    unopenable=False,
                ),
                name="received_to_remind",
            ),
            models.Index(
                fields=["agency", "-number"],
                condition=Q(withdrawn_at__isnull=False, withdrawal_confirmed_at__isnull=True),
                name="received_to_confirm",
            ),
            models.Index(fields=["agency", "-number"], condition=Q(pri="flash"), name="received_flash"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "issuer", "jti"], name="received_alert_once"),
            models.UniqueConstraint(fields=["agency", "number"], name="received_number_once"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_in_doubt(self) -> bool:
        """Tell whether a person must call the sender before relying on it, as it was judged for display."""
        return self.is_distrusted or (self.standing is not None and not self.standing.counts)

    @property
    def frozen_since(self) -> "datetime | None":
        """Moment since which a suspension stops the clock of its answer; None while it runs."""
        return None if self.runs_on else self.suspended_since

    @property
    def moved_from(self) -> "datetime | None":
        """Time by which its answer was due as it was signed, where suspensions have moved that."""
        return self.reply_by if self.reply_by != self.answer_by else None

    @property
    def about(self) -> AlertFacts:
        """Facts that notices need."""
        named = frozenset(self.named)
        return AlertFacts(self.md, self.reference, self.pri, self.status, self.tlp, self.lane, named)

    @property
    def signed(self) -> Signed:
        """Facts by which its signatures are judged."""
        ref = SubjectRef(MANIFEST, self.jti, self.md)
        logged = int(self.logged_at.timestamp())
        return Signed(ref, self.issuer_id, tuple(self.signers), self.suite, logged, self.log_index)


class CardToken(models.Model):
    """Keyed token of one exact identifier in an alert. The key is the agency's, so tokens of two agencies cannot be compared.

    It belongs to a received or to a sent alert: exactly one of the two is set.
    """

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    received = models.ForeignKey(ReceivedAlert, models.PROTECT, null=True, related_name="tokens")
    alert = models.ForeignKey(Alert, models.PROTECT, null=True, related_name="tokens")
    token = models.BinaryField(max_length=16)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["agency", "token"], name="card_token_lookup")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["received", "token"], name="card_token_once"),
            models.UniqueConstraint(fields=["alert", "token"], name="card_token_of_sent_once"),
            models.CheckConstraint(
                condition=Q(alert__isnull=True, received__isnull=False)
                | Q(alert__isnull=False, received__isnull=True),
                name="card_token_of_one_alert",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
