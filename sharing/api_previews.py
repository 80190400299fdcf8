# SPDX-License-Identifier: Apache-2.0
"""Previews over REST: a read, but by POST, as the body names the recipients."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accord.envelope.keys import EC1, PQ1
from accord.envelope.releases import EMERGENCY
from accord.envelope.vocabulary import MAX_RECIPIENTS, PRIORITIES, STATUSES
from callers import clock
from callers.caller import caller_of
from callers.capabilities import Capability
from callers.closed_lists import Lane, Purpose, Tlp
from callers.denials import CODES
from callers.directory import AGENCY_ID_FORM
from callers.idempotency import repeatable
from callers.reading import read_body
from sharing.policy import Terms
from sharing.previews import Previewed, preview_release, preview_sending


class PreviewQuestion(serializers.Serializer[Any]):
    """Terms as in a manifest, and the recipients."""

    lane = serializers.ChoiceField(Lane.values)
    purpose = serializers.ChoiceField(Purpose.values)
    tlp = serializers.ChoiceField(Tlp.values)
    pri = serializers.ChoiceField(sorted(PRIORITIES))
    status = serializers.ChoiceField(sorted(STATUSES))
    suite = serializers.ChoiceField([PQ1, EC1])
    recipients = serializers.ListField(
        child=serializers.RegexField(AGENCY_ID_FORM),
        min_length=1,
        max_length=MAX_RECIPIENTS,
        allow_null=True,
        help_text="Null: every other agency of the directory, which needs `directory:read` too.",
    )
    md = serializers.RegexField(
        r"\A[A-Za-z0-9_-]{43}\Z",
        required=False,
        default="",
        allow_blank=True,
        help_text="Of an envelope to release onward: its own terms count, and the purpose asked.",
    )
    code = serializers.ChoiceField(["", EMERGENCY], required=False, default="", help_text="Of that release.")


class PreviewedSerializer(serializers.Serializer[Any]):
    """The verdict on one recipient. `code` is the reason of a refusal, in no language.

    `args` name its subject, or the agreement that allows it and its ceiling.
    """

    agency = serializers.CharField()
    allowed = serializers.BooleanField()
    code = serializers.ChoiceField(["", *CODES])
    args = serializers.DictField()


class PreviewSerializer(serializers.Serializer[Any]):
    items = PreviewedSerializer(many=True)


class PreviewsView(APIView):
    capability = Capability.ENVELOPE_SUBMIT

    @extend_schema(
        request=PreviewQuestion, responses={200: PreviewSerializer}, operation_id="previews_create"
    )
    def post(self, request: Request) -> Response:
        """Preview by agency whether something of these terms would be received if the caller's agency sent it now.

        Intake's own rule decides first, then the presence of a key to seal to. Nothing is stored; sending asks again.
        """
        body, caller, now = read_body(PreviewQuestion, request), caller_of(request), clock.now()
        recipients, md, code = (body.pop(name) for name in ("recipients", "md", "code"))

        def preview() -> list[Previewed]:
            if not md:
                return preview_sending(caller, recipients, Terms(**body), now=now)
            purpose, urgent = body["purpose"], code == EMERGENCY
            return preview_release(caller, md, recipients, purpose=purpose, is_emergency=urgent, now=now)

        found = repeatable(request, caller, preview, now=now)
        return Response(PreviewSerializer({"items": found}).data, headers={"Cache-Control": "no-store"})
