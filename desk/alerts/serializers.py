# SPDX-License-Identifier: Apache-2.0
"""Serializers of the desk's JSON, in and out. They have no rules: the table of fields says what a value may be."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers as s

from alerts.boxes.inbox import InboxRow
from alerts.boxes.on_the_way import ActsNext, WayRow, WayState
from alerts.document.choices import ALERT_TYPES, ANSWER_CODES, QUESTION_CHANGES
from alerts.document.findings import Findings
from alerts.document.identity import show_scheme
from alerts.document.reading import AsText
from alerts.drafting.revisions import DraftContent
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.opening import OpeningReason
from alerts.receiving.signature_state import SignatureFacts
from alerts.receiving.verification import Verification
from alerts.review.preview import Preview
from alerts.sending.withdrawal import WITHDRAWAL_CODES
from alerts.states import AlertState
from callers.deliveries import DeliveryState
from desk.alerts.compose.api_fields import DraftFields
from officers.models import Officer
from substances.identification import SCHEME_CODES

DRAFTS_AT_MOST: Final = 100


class DraftIn(s.Serializer[Any]):
    """Fields by name, as the table of fields lists them; those left out get the defaults of the kind."""

    alert_type = s.ChoiceField(ALERT_TYPES, required=False, allow_null=True)
    data = DraftFields(required=False, default=dict)  # type: ignore[assignment]


@extend_schema_field(DraftIn)
class DraftItem(s.JSONField):
    """One of several drafts, read by itself so that a bad one does not stop the others."""


class BulkDraftsIn(s.Serializer[Any]):
    """Up to 100 drafts, each of the shape that `POST /alerts` takes."""

    drafts = s.ListField(child=DraftItem(), min_length=1, max_length=DRAFTS_AT_MOST)


class CheckIn(s.Serializer[Any]):
    """The fields of a draft; `kept` are codes of questions answered "Keep it"."""

    data = DraftFields()  # type: ignore[assignment]
    kept = s.ListField(child=s.CharField(max_length=40), required=False, default=list, max_length=20)


class SearchIn(s.Serializer[Any]):
    """An identifier, words, a kind or a country. `cursor` is `next` of the last page, to search older alerts."""

    text = s.CharField(required=False, default="", allow_blank=True, max_length=200)
    box = s.ChoiceField(["received", "sent"], required=False, default="", allow_blank=True)
    kind = s.ChoiceField(ALERT_TYPES, required=False, default="", allow_blank=True)
    country = s.CharField(required=False, default="", allow_blank=True, max_length=2)
    in_words = s.BooleanField(required=False, default=False)
    cursor = s.CharField(required=False, default="", allow_blank=True, max_length=600)


class ChangeIn(s.Serializer[Any]):
    """Fields by name; fields left out stay as they are. `kept` are codes of questions answered "Keep it"."""

    data = DraftFields(required=False, default=dict)  # type: ignore[assignment]
    kept = s.ListField(child=s.CharField(max_length=40), required=False, max_length=20)


class FileIn(s.Serializer[Any]):
    file = s.FileField()


class ValidateIn(s.Serializer[Any]):
    """`preview`: digest of the recipients that were shown."""

    preview = s.CharField(required=False, max_length=43)


class ReturnIn(s.Serializer[Any]):
    reason = s.CharField(max_length=1000)


class WithdrawIn(s.Serializer[Any]):
    code = s.ChoiceField(choices=list(WITHDRAWAL_CODES))


class OpenIn(s.Serializer[Any]):
    """The reason for opening; `reference` is the case number, if that is the reason."""

    reason = s.ChoiceField(choices=OpeningReason.choices)
    reference = s.CharField(required=False, default="", max_length=60)


class RecipientsIn(s.Serializer[Any]):
    """The fields of a draft; without `recipients` the whole directory is judged."""

    data = DraftFields()  # type: ignore[assignment]


class FileOut(s.Serializer[Any]):
    n = s.IntegerField()
    filename = s.CharField()
    media_type = s.CharField(required=False)
    size = s.IntegerField()


class QuestionOut(s.Serializer[Any]):
    code = s.CharField()
    field = s.CharField()
    text = s.CharField()
    kept = s.BooleanField()


class ReleaserOut(s.Serializer[Any]):
    """An officer who could check or send the alert, or who gave it back."""

    id = s.CharField(source="public_id")
    full_name = s.CharField()
    unit = s.CharField()


class FindingsOut(s.Serializer[Findings]):
    """Obstacles (`errors`, questions not kept), values that are only counted, and fields that a life-safety alert leaves out."""

    errors = s.DictField(child=s.ListField(child=s.CharField()))  # type: ignore[assignment]
    questions = QuestionOut(many=True)
    hints = s.ListField(child=s.CharField())
    left_out = s.ListField(child=s.CharField())
    blocks = s.BooleanField()


class VerdictOut(s.Serializer[Any]):
    agency = s.CharField()
    name = s.CharField()
    country = s.CharField()
    kind = s.CharField()
    will = s.BooleanField()
    code = s.CharField()
    text = s.CharField()
    agreement = s.CharField()
    lane = s.CharField()
    ceiling = s.CharField()
    custody = s.CharField()
    suite = s.CharField()
    timezone = s.CharField()


class PreviewOut(s.Serializer[Preview]):
    """The preview of recipients. `as_of` is the time of an earlier answer of the exchange; null if the answer is current."""

    digest = s.CharField()
    as_of = s.DateTimeField(allow_null=True)
    items = VerdictOut(many=True, source="rows")


class AlertFactsOut(s.Serializer[Alert]):
    """An alert of ours without its content."""

    id = s.UUIDField()
    state = s.ChoiceField(AlertState.values)
    revision = s.IntegerField(source="current")
    status = s.CharField()
    pri = s.CharField()
    lane = s.CharField()
    tlp = s.CharField()
    created_at = s.DateTimeField()
    changed_at = s.DateTimeField()
    submitted_at = s.DateTimeField(allow_null=True)
    validated_at = s.DateTimeField(allow_null=True)
    released_at = s.DateTimeField(allow_null=True)
    second_look_by = s.DateTimeField(allow_null=True)
    withdrawn_at = s.DateTimeField(allow_null=True)
    jti = s.CharField()
    md = s.CharField()
    version = s.IntegerField()
    previous = s.UUIDField(source="previous_id", allow_null=True)
    replaced_at = s.DateTimeField(allow_null=True)


class BulkItemOut(s.Serializer[Any]):
    """The outcome for one draft: `alert` and its `etag` if it was made, else the `problem`."""

    index = s.IntegerField()
    status = s.IntegerField()
    etag = s.CharField(required=False)
    alert = AlertFactsOut(required=False)
    problem = s.DictField(required=False)


class BulkDraftsOut(s.Serializer[Any]):
    """One item for each draft, in the order given."""

    created = s.IntegerField()
    refused = s.IntegerField()
    items = BulkItemOut(many=True)


class SchemeOut(s.Serializer[Any]):
    """The minimum scheme for identifying a drug over the alert's analyses: `codes` for programs, the rest for people.

    Files are not read for it: a page leaves out a line whose spectrum is of another substance.
    """

    meets = s.BooleanField()
    codes = s.ListField(child=s.ChoiceField(sorted(SCHEME_CODES)))
    head = s.CharField()
    why = s.CharField()
    citation = s.CharField()


def scheme_out(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the conclusion from the evidence of a document; None where it names no analysis."""
    shown = show_scheme(document)
    return None if shown is None else SchemeOut(shown).data


class AlertOut(AlertFactsOut):
    """An alert of ours with its newest revision, for officers who may read it.

    `could_release`: officers who could send it, or, if it is a draft, could if the reader submitted it. Empty: it
    cannot be submitted.
    """

    data = s.DictField()  # type: ignore[assignment]
    kept = s.ListField(child=s.CharField())
    attachments = FileOut(many=True)
    return_note = s.CharField()
    scheme = SchemeOut(allow_null=True)
    findings = FindingsOut()
    preview = PreviewOut(
        allow_null=True, help_text="Null: the exchange could not be asked, and there is no answer of before."
    )
    could_release = ReleaserOut(many=True)


class CardOut(s.Serializer[Any]):
    title = s.CharField()
    alert_type = s.CharField()
    substances = s.ListField(child=s.CharField())
    countries = s.ListField(child=s.CharField())
    hints = s.IntegerField()
    analyses = s.IntegerField(help_text="Lines of evidence.")
    analyses_with_file = s.IntegerField(help_text="Lines of evidence that name a file, such as a spectrum.")
    is_damaged = s.BooleanField()


class SignatureStateOut(s.Serializer[SignatureFacts]):
    """The present worth of the signatures; times are the log's, `text` is empty if nothing is wrong."""

    state = s.CharField()
    text = s.CharField()
    logged_at = s.DateTimeField(allow_null=True)
    since = s.DateTimeField(allow_null=True)
    revoked_at = s.DateTimeField(allow_null=True)
    reaffirmed_at = s.DateTimeField(allow_null=True)


class ListedAlertOut(s.Serializer[Any]):
    """A row of drafts, queue or outbox; the counts are for sent alerts."""

    alert = AlertFactsOut()
    card = CardOut(allow_null=True)
    to = s.ListField(child=s.CharField(), required=False)
    told = s.IntegerField(required=False)
    opened = s.IntegerField(required=False)
    acknowledged = s.IntegerField(required=False)
    total = s.IntegerField(required=False)
    standing = SignatureStateOut(required=False)


class ReceivedFactsOut(s.Serializer[ReceivedAlert]):
    """The facts of a received alert in its manifest and in the ledger."""

    id = s.UUIDField()
    iss = s.CharField(source="issuer_id")
    jti = s.CharField()
    md = s.CharField()
    number = s.IntegerField()
    reference = s.CharField()
    suite = s.CharField()
    kind = s.CharField()
    status = s.CharField()
    tlp = s.CharField()
    lane = s.CharField()
    purpose = s.CharField()
    pri = s.CharField()
    iat = s.DateTimeField()
    exp = s.DateTimeField()
    ack_by = s.DateTimeField(allow_null=True)
    reply_by = s.DateTimeField(allow_null=True)
    answer_by = s.DateTimeField(
        allow_null=True,
        help_text="By when the answer is due: `reply_by`, and later by suspensions that are over.",
    )
    log_index = s.IntegerField(allow_null=True)
    logged_at = s.DateTimeField(allow_null=True)
    unopenable = s.BooleanField()
    first_opened_at = s.DateTimeField(allow_null=True)
    acknowledged_at = s.DateTimeField(allow_null=True)
    question_change = s.ChoiceField(QUESTION_CHANGES, help_text="Empty: earlier answers stand.")
    for_attention = s.BooleanField(help_text="Its question owes no answer of this agency.")
    frozen_since = s.DateTimeField(
        allow_null=True, help_text="Since when a suspension stops the clock of its answer."
    )
    suspended_since = s.DateTimeField(
        allow_null=True,
        help_text="Since when a suspension holds its answer back, whether its clock runs or not.",
    )
    stopped_by = s.ListField(
        child=s.CharField(), help_text="Which of the two agencies suspend the lane, where that holds it back."
    )
    interim_at = s.DateTimeField(
        allow_null=True, help_text="When an answer was sent after which another follows."
    )
    answered_at = s.DateTimeField(
        allow_null=True, help_text="When the final answer to its question was sent."
    )
    withdrawn_at = s.DateTimeField(allow_null=True)
    retract_code = s.CharField()
    retract_doubt = s.CharField()
    standing = SignatureStateOut(allow_null=True)
    withdrawal_confirmed_at = s.DateTimeField(allow_null=True)
    answer = s.CharField()
    version = s.IntegerField()
    replaced_by = s.UUIDField(source="replaced_by_id", allow_null=True)
    resent_at = s.DateTimeField(
        allow_null=True, help_text="When it was written, of an alert sent after a suspension."
    )
    via = s.CharField(
        help_text="The agency that released it onward to this one; empty where its issuer sent it."
    )
    is_emergency = s.BooleanField(help_text="It was released onward in an emergency.")
    access_until = s.DateTimeField(
        allow_null=True, help_text="Until when it may be opened, of an alert released onward."
    )


class ListedReceivedOut(s.Serializer[InboxRow]):
    received = ReceivedFactsOut()
    card = CardOut(allow_null=True)
    state = s.CharField()
    state_text = s.CharField()
    answers = s.CharField(allow_null=True)
    reply_waits = s.BooleanField(
        help_text="It owes an answer, and a reply of this agency is submitted and not sent yet."
    )


class AlertPageOut(s.Serializer[Any]):
    """`next` is the cursor of the following page."""

    items = ListedAlertOut(many=True, source="rows")
    next = s.CharField(allow_null=True)


class ListedWayOut(s.Serializer[WayRow]):
    """An alert of the caller's on the way. `state` tells apart what `alert.state` does not: returned, refused by the exchange.

    `could_act`: officers who could check or send it, if `acts_next` is `officers`; empty: nobody of the agency could. `text`
    says why it came back or waits, and of a question that was sent how many have answered; if somebody owes an answer, `acts_next`
    is `recipients`.
    """

    alert = AlertFactsOut()
    card = CardOut(allow_null=True)
    state = s.ChoiceField([state.value for state in WayState])
    state_text = s.CharField()
    since = s.DateTimeField()
    acts_next = s.ChoiceField([actor.value for actor in ActsNext])
    could_act = ReleaserOut(many=True)
    returned_by = ReleaserOut(allow_null=True)
    text = s.CharField()


class WayPageOut(s.Serializer[Any]):
    items = ListedWayOut(many=True, source="rows")
    next = s.CharField(allow_null=True)


class ReceivedPageOut(s.Serializer[Any]):
    items = ListedReceivedOut(many=True, source="rows")
    next = s.CharField(allow_null=True)


class SearchOut(s.Serializer[Any]):
    """`is_exact`: found by an identifier, in everything the agency holds."""

    received = ListedReceivedOut(many=True)
    sent = ListedAlertOut(many=True)
    is_exact = s.BooleanField()
    next = s.CharField(allow_null=True)


class VerificationOut(s.Serializer[Verification]):
    state = s.CharField()
    text = s.CharField()
    signer = s.CharField()
    suite = s.CharField()
    index = s.IntegerField(allow_null=True)
    logged_at = s.DateTimeField(allow_null=True)


class _WithScheme(s.Serializer[Any]):
    """A document, and the conclusion from its evidence."""

    document = s.DictField()
    scheme = s.SerializerMethodField()

    @extend_schema_field(SchemeOut(allow_null=True))
    def get_scheme(self, shown: Any) -> dict[str, Any] | None:
        return scheme_out(shown.document)


class AsTextOut(s.Serializer[AsText]):
    name = s.CharField()
    text = s.CharField()


class OpenedOut(_WithScheme):
    received = ReceivedFactsOut()
    attachments = FileOut(many=True)
    audience = s.ListField(child=s.CharField())
    verification = VerificationOut()
    marks = s.ListField(child=s.CharField())
    as_text = AsTextOut(many=True, help_text="Members of the document that were not understood, at most 50.")
    missing = s.ListField(
        child=s.CharField(), help_text="Required members of the document that say nothing, by name."
    )


class AnswerGivenOut(s.Serializer[Any]):
    """The newest answer of one agency; `received` is the reply that holds it. `expected_on`: where another one follows."""

    code = s.ChoiceField(ANSWER_CODES)
    at = s.DateTimeField()
    is_final = s.BooleanField()
    is_late = s.BooleanField()
    expected_on = s.DateField(allow_null=True)
    text = s.CharField()
    received = s.UUIDField(allow_null=True)


class AskedBackOut(s.Serializer[Any]):
    """A question that a recipient asked in turn; `received` is the reply that holds it."""

    at = s.DateTimeField()
    is_answered = s.BooleanField()
    text = s.CharField()
    received = s.UUIDField(allow_null=True)


class RecipientFactOut(s.Serializer[Any]):
    agency = s.CharField()
    name = s.CharField()
    text = s.CharField()
    doubt = s.CharField()
    state = s.ChoiceField(DeliveryState.values, source="fact.state")
    told_at = s.DateTimeField(allow_null=True, source="fact.told_at")
    opened_at = s.DateTimeField(allow_null=True, source="fact.opened_at")
    acknowledged_at = s.DateTimeField(allow_null=True, source="fact.acknowledged_at")
    recall_confirmed_at = s.DateTimeField(allow_null=True, source="fact.recall_confirmed_at")
    answer = AnswerGivenOut(allow_null=True)
    asked_back = AskedBackOut(allow_null=True)
    for_attention = s.BooleanField(help_text="It owes no answer.")
    answer_by = s.DateTimeField(
        allow_null=True,
        help_text="By when its answer is due: `reply_by`, and later by suspensions that are over.",
    )
    frozen_since = s.DateTimeField(
        allow_null=True, help_text="Since when a suspension stops the clock of its answer."
    )
    suspended_since = s.DateTimeField(
        allow_null=True,
        help_text="Since when a suspension holds its answer back, whether its clock runs or not.",
    )
    stopped_by = s.ListField(
        child=s.CharField(), help_text="Which of the two agencies suspend the lane, where that holds it back."
    )


class AmendIn(s.Serializer[Any]):
    """The change that the next version makes to its question; without one, earlier answers stand."""

    question_change = s.ChoiceField(QUESTION_CHANGES, required=False, default="", allow_blank=True)


class SentOut(_WithScheme):
    alert = AlertFactsOut()
    question_change = s.ChoiceField(
        QUESTION_CHANGES, source="alert.question_change", help_text="Empty: earlier answers stand."
    )
    attachments = FileOut(many=True)
    recipients = RecipientFactOut(many=True)
    reply_by = s.DateTimeField(allow_null=True)
    shows_answers = s.BooleanField(help_text="False: RED, its answers are for other officers.")
    log_index = s.IntegerField(allow_null=True)
    logged_at = s.DateTimeField(allow_null=True)
    standing = SignatureStateOut()


def alert_out(
    alert: Alert,
    content: DraftContent,
    findings: Findings,
    preview: Preview | None,
    return_note: str,
    releasers: Sequence[Officer],
) -> dict[str, Any]:
    """Return an alert with its content, in the form of `AlertOut`."""
    return {
        **AlertFactsOut(alert).data,
        "data": content.data,
        "kept": content.kept,
        "attachments": FileOut(content.attachments, many=True).data,
        "return_note": return_note,
        "scheme": scheme_out(content.data),
        "findings": FindingsOut(findings).data,
        "preview": PreviewOut(preview).data if preview else None,
        "could_release": ReleaserOut(releasers, many=True).data,
    }
