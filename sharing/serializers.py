# SPDX-License-Identifier: Apache-2.0
"""Serializers of the exchange's answers; no rules."""

from typing import Any

from rest_framework import serializers

from accord.envelope.encoding import MAX_INTEGER
from callers.answers import JwsField, ProblemSerializer, ReceiptField
from callers.closed_lists import Lane, Purpose, Tlp
from callers.cursors import LONGEST
from callers.limits import FEED_ITEMS, SUBMISSIONS
from sharing.changes import MOST_CHANGES
from sharing.deliveries import MOST_REPORTED, OPENED, TOLD
from sharing.models import FeedItem
from sharing.slices import MOST_SLICES
from sharing.states import DeliveryState

SUBMITTED = (FeedItem.ENVELOPE, FeedItem.STATEMENT)
ANSWERS = ("opened", "refused", "unopenable", "")
"""The answers of an acknowledgement; empty before the first."""

MOST_ASKED = 50
"""The most digests in one URL."""


class InboxQuery(serializers.Serializer[Any]):
    """The place in the feed to go on from, or the reference of one item."""

    after = serializers.RegexField(
        r"\A(?:[0-9a-z]{1,16}\.)?[0-9]{1,15}\Z",
        required=False,
        default="0",
        max_length=32,
        help_text="`next` of the last page; 0 from the beginning.",
    )
    limit = serializers.IntegerField(
        required=False, default=100, min_value=1, max_value=FEED_ITEMS, help_text="How many items at most."
    )
    ref = serializers.CharField(required=False, max_length=60, help_text="The reference in a mail.")


class SubmissionsQuery(serializers.Serializer[Any]):
    """The page of the own submissions."""

    after = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=400, help_text="`next` of the last page."
    )
    limit = serializers.IntegerField(
        required=False, default=50, min_value=1, max_value=SUBMISSIONS, help_text="How many items at most."
    )


class SubmissionAnswer(serializers.Serializer[Any]):
    iss = serializers.CharField()
    jti = serializers.CharField()
    md = serializers.CharField()
    receipt = ReceiptField(allow_null=True)


class StatementAnswer(serializers.Serializer[Any]):
    iss = serializers.CharField()
    id = serializers.CharField()
    od = serializers.CharField()
    receipt = ReceiptField(allow_null=True)


class DeliverySerializer(serializers.Serializer[Any]):
    recipient = serializers.CharField()
    state = serializers.ChoiceField(DeliveryState.values)
    told_at = serializers.DateTimeField(allow_null=True)
    fetched_at = serializers.DateTimeField(allow_null=True)
    opened_at = serializers.DateTimeField(allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    answer = serializers.ChoiceField(ANSWERS)
    recalled_at = serializers.DateTimeField(allow_null=True)
    recall_confirmed_at = serializers.DateTimeField(allow_null=True)


class ChangedDeliverySerializer(DeliverySerializer):
    md = serializers.CharField(source="envelope_id")
    recipient = serializers.CharField(source="recipient_id")


class ChangesQuery(serializers.Serializer[Any]):
    """The place to go on from."""

    changed_since = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=LONGEST,
        help_text="`next` of the last answer, however old; empty for all.",
    )
    limit = serializers.IntegerField(
        required=False,
        default=MOST_CHANGES,
        min_value=1,
        max_value=MOST_CHANGES,
        help_text="How many items at most.",
    )


class ChangesSerializer(serializers.Serializer[Any]):
    """Changed deliveries. `next` is the place to go on from; `more`: ask again at once, since this reading is not over."""

    items = ChangedDeliverySerializer(many=True)
    next = serializers.CharField(allow_blank=True)
    more = serializers.BooleanField()


class ReportSerializer(serializers.Serializer[Any]):
    md = serializers.RegexField(r"\A[A-Za-z0-9_-]{43}\Z")
    fact = serializers.ChoiceField((TOLD, OPENED))
    at = serializers.IntegerField(
        min_value=0, max_value=MAX_INTEGER, help_text="When it happened, in seconds since 1970."
    )


class ReportsSerializer(serializers.Serializer[Any]):
    items = serializers.ListField(child=ReportSerializer(), min_length=1, max_length=MOST_REPORTED)


class ReportAnswerSerializer(serializers.Serializer[Any]):
    """The outcome of one report: accepted, or `problem` says why not."""

    md = serializers.CharField()
    fact = serializers.ChoiceField((TOLD, OPENED))
    problem = ProblemSerializer(required=False)


class ReportAnswersSerializer(serializers.Serializer[Any]):
    items = ReportAnswerSerializer(many=True)


class SubmissionSerializer(serializers.Serializer[Any]):
    what = serializers.ChoiceField(SUBMITTED)
    digest = serializers.CharField(source="d", help_text="`md` of an envelope, `od` of a statement.")
    id = serializers.CharField()
    iat = serializers.IntegerField()
    received_at = serializers.DateTimeField()
    receipt = ReceiptField(allow_null=True)
    deliveries = DeliverySerializer(many=True)
    signers = serializers.ListField(child=serializers.CharField())


class SubmissionPageSerializer(serializers.Serializer[Any]):
    items = SubmissionSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class FeedItemSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    what = serializers.ChoiceField((*SUBMITTED, FeedItem.REPUDIATED, FeedItem.REMINDER))
    digest = serializers.CharField(source="d", help_text="`md` of an envelope, `od` of a statement.")
    iss = serializers.CharField()
    id = serializers.CharField(
        source="item_id", help_text="`jti` of an envelope, `id` of a statement; a reminder's own."
    )
    ref = serializers.SerializerMethodField()

    def get_ref(self, item: Any) -> str | None:
        return item.ref or None


class ReminderSerializer(serializers.Serializer[Any]):
    """The recipients of an envelope's newest reminder, and the time from which another one may follow."""

    md = serializers.CharField()
    recipients = serializers.ListField(
        child=serializers.CharField(), help_text="Empty where all have answered."
    )
    reminded_at = serializers.DateTimeField(allow_null=True)
    again_at = serializers.DateTimeField(allow_null=True)


class FeedPageSerializer(serializers.Serializer[Any]):
    """A page of the feed. `next` is the place to go on from: the feed's epoch, a full stop, and the last item's number."""

    items = FeedItemSerializer(many=True)
    head = serializers.IntegerField()
    next = serializers.CharField()


class WantedQuery(serializers.Serializer[Any]):
    """Digests of the caller's own objects to look for."""

    digests = serializers.RegexField(
        rf"\A[A-Za-z0-9_-]{{43}}(?:,[A-Za-z0-9_-]{{43}}){{0,{MOST_ASKED - 1}}}\Z",
        max_length=44 * MOST_ASKED,
        help_text=f"Up to {MOST_ASKED} digests (`md` or `od`), with commas.",
    )


class WantedSerializer(serializers.Serializer[Any]):
    items = serializers.ListField(child=serializers.CharField())


class SlicesQuestion(serializers.Serializer[Any]):
    mds = serializers.ListField(
        child=serializers.RegexField(r"\A[A-Za-z0-9_-]{43}\Z"), min_length=1, max_length=MOST_SLICES
    )


class SliceAnswerSerializer(serializers.Serializer[Any]):
    """One slice: `slice` is its own text; if there is none, `problem` says why, as `/envelopes/{md}` would."""

    md = serializers.CharField()
    slice = serializers.CharField(required=False)
    problem = ProblemSerializer(required=False)


class SlicesSerializer(serializers.Serializer[Any]):
    items = SliceAnswerSerializer(many=True)


class EnvelopeParts(serializers.Serializer[Any]):
    """Multipart; further parts are `blob-0`, `blob-1` ... as the manifest counts them."""

    manifest = serializers.FileField()
    jwe = serializers.FileField()


class StatementSerializer(serializers.Serializer[Any]):
    statement = JwsField()
    receipt = ReceiptField(allow_null=True)


class ManifestSerializer(serializers.Serializer[Any]):
    manifest = JwsField()
    receipt = ReceiptField()


class StatementListSerializer(serializers.Serializer[Any]):
    items = StatementSerializer(many=True)


class ReleaseParts(serializers.Serializer[Any]):
    """Parts of a release onward: the signed statement, and the JSON array of entries in the order of its `aud`."""

    release = serializers.FileField()
    entries = serializers.FileField()


class AgreementSerializer(serializers.Serializer[Any]):
    ref = serializers.CharField()
    title = serializers.CharField()
    version = serializers.IntegerField()
    od = serializers.CharField(help_text="Digest of the proposal; empty: recorded by the operator.")
    parties = serializers.ListField(child=serializers.CharField())
    lanes = serializers.ListField(child=serializers.ChoiceField(Lane.values))
    ceiling = serializers.ChoiceField(Tlp.values)
    purposes = serializers.ListField(
        child=serializers.ChoiceField(Purpose.values), help_text="None: every purpose."
    )
    nbf = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True)
    survive_lanes = serializers.ListField(child=serializers.ChoiceField(Lane.values))
    survive_flash = serializers.BooleanField()
    emergency = serializers.BooleanField()


class AgreementListSerializer(serializers.Serializer[Any]):
    items = AgreementSerializer(many=True)


class CircleSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    agreement = serializers.CharField()
    members = serializers.ListField(child=serializers.CharField())
    since = serializers.DateTimeField()


class CircleListSerializer(serializers.Serializer[Any]):
    items = CircleSerializer(many=True)
