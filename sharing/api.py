# SPDX-License-Identifier: Apache-2.0
"""The exchange over REST. Every write carries its own id and digest: sent again, it gets the same answer.

Signed objects go in and out as the octets they are. Another agency's object is answered like one that does not exist.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import ParseError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accord.envelope.encoding import MAX_ENVELOPE_BYTES
from accord.envelope.encoding import digest as require_digest
from accord.envelope.errors import MalformedError, VerificationError
from callers import clock
from callers.answers import problem_of
from callers.caller import caller_of
from callers.capabilities import Capability
from callers.cursors import open_cursor, open_lasting, seal_cursor, seal_lasting
from callers.errors import InputError
from callers.idempotency import Outcome, idempotent, repeatable
from callers.octets import SIGNED, octets_of
from callers.reading import read_body, read_query
from ledger.proofs import receipt_for, receipts_for, wanted_of
from sharing import serializers
from sharing.api_agreements import AgreementsView, CirclesView
from sharing.api_previews import PreviewsView
from sharing.blobs import Received
from sharing.changes import read_changes
from sharing.deliveries import Report, report_facts
from sharing.errors import CheckFailedError, RangeOutsideError
from sharing.feed import (
    FeedPage,
    note_read,
    parse_place,
    present_epoch,
    read_feed_state,
    read_page,
    resolve_reference,
)
from sharing.intake import Submission, submit_envelope
from sharing.models import Statement
from sharing.ranges import Extent, asked_extent
from sharing.reminders import newest_reminder, remind_recipients
from sharing.slices import MOST_SLICES, SliceAnswer, manifest_of, slice_for, slices_for, stored_blob
from sharing.statements import (
    Accepted,
    accept_posted,
    accept_release_onward,
    find_statement,
    statements_about,
)
from sharing.submissions import find_submission, list_submissions

RECEIPT_TAKES_SECS = "1"
FETCHED_BY = ["get", "options"]
"""Fetching is recorded: HEAD, which gives no byte, must not count as it."""
_BLOB_PART = re.compile(r"blob-(0|[1-9][0-9]?)")


class IntakeView(APIView):
    """A failed check answers alike whatever failed: the exact cause is for the caller's auditor."""

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, VerificationError):
            coarse = CheckFailedError()
            coarse.__cause__ = exc
            return super().handle_exception(coarse)
        return super().handle_exception(exc)


class EnvelopesView(IntakeView):
    capability = Capability.ENVELOPE_SUBMIT
    parser_classes = [MultiPartParser]

    @extend_schema(request=serializers.EnvelopeParts, responses={202: serializers.SubmissionAnswer})
    def post(self, request: Request) -> Response:
        """Submit an envelope. The receipt follows, usually within a second, under `/submissions/{md}`."""
        manifest, jwe, blobs = _read_parts(request)
        caller, now = caller_of(request), clock.now()

        def submit() -> Submission:
            return submit_envelope(caller, manifest=manifest, jwe=jwe, blobs=blobs, now=now)

        submission = repeatable(request, caller, submit, now=now)
        return _accepted(vars(submission))


class EnvelopeView(APIView):
    capability = Capability.ENVELOPE_READ
    http_method_names = FETCHED_BY

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request, md: str) -> HttpResponse:
        """Return the caller's slice of an envelope."""
        octets = slice_for(caller_of(request), md, now=clock.now())
        return HttpResponse(octets, content_type="application/json")


class ManifestView(APIView):
    capability = Capability.ENVELOPE_READ

    @extend_schema(responses={200: serializers.ManifestSerializer})
    def get(self, request: Request, md: str) -> HttpResponse:
        """Return the signed manifest of an envelope and its receipt, even while its content is withheld."""
        manifest, receipt = manifest_of(caller_of(request), md)
        text = json.dumps(receipt, ensure_ascii=False, separators=(",", ":"))
        body = b'{"manifest":' + manifest + b',"receipt":' + text.encode() + b"}"
        return HttpResponse(body, content_type="application/json")


class SlicesView(APIView):
    capability = Capability.ENVELOPE_READ

    @extend_schema(request=serializers.SlicesQuestion, responses={200: serializers.SlicesSerializer})
    def post(self, request: Request) -> HttpResponse:
        """Return the caller's slices of many envelopes, in the order asked for: the first ones that fit into one answer.

        Each is given or refused, and recorded, as by `/envelopes/{md}`. Ask again for the rest.
        """
        caller, mds, now = caller_of(request), _digests(request), clock.now()
        answers = repeatable(request, caller, lambda: slices_for(caller, mds, now=now), now=now)
        items = ",".join(json.dumps(self._item(answer), separators=(",", ":")) for answer in answers)
        return HttpResponse(f'{{"items":[{items}]}}', content_type="application/json")

    def _item(self, answer: SliceAnswer) -> dict[str, Any]:
        if isinstance(answer.given, bytes):
            return {"md": answer.md, "slice": answer.given.decode("ascii")}
        return {"md": answer.md, "problem": problem_of(answer.given, self.get_exception_handler_context())}


class BlobView(APIView):
    capability = Capability.ENVELOPE_READ
    http_method_names = FETCHED_BY

    @extend_schema(
        parameters=[
            OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="`bytes=1000-`, one range."),
            OpenApiParameter(
                "If-Range",
                str,
                OpenApiParameter.HEADER,
                description="The ETag of the first part: another one gives the whole.",
            ),
        ],
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
        },
    )
    def get(self, request: Request, md: str, n: int) -> HttpResponseBase:
        """Return one sealed attachment, or with `Range` a part of it; several ranges at once give the whole."""
        blob = stored_blob(caller_of(request), md, n, now=clock.now())
        etag = f'"{blob.sha256}"'
        unchanged = get_conditional_response(request._request, etag=etag)
        if unchanged is not None:
            return unchanged
        named = request.headers.get("Range"), request.headers.get("If-Range")
        part = asked_extent(*named, etag=etag, size_bytes=blob.size_bytes)
        extent = part or Extent(0, blob.size_bytes)
        headers = {
            "Content-Disposition": f'attachment; filename="blob-{n}"',
            "Content-Length": str(extent.size_bytes),
            "Accept-Ranges": "bytes",
            "ETag": etag,
        }
        if part is not None:
            headers["Content-Range"] = part.says(blob.size_bytes)
        return StreamingHttpResponse(
            blob.pieces_between(extent.first, extent.end),
            status=status.HTTP_200_OK if part is None else status.HTTP_206_PARTIAL_CONTENT,
            content_type="application/octet-stream",
            headers=headers,
        )

    def handle_exception(self, exc: Exception) -> Response:
        answer = super().handle_exception(exc)
        if isinstance(exc, RangeOutsideError):
            answer["Content-Range"] = f"bytes */{exc.size_bytes}"
        return answer


class EnvelopeStatementsView(APIView):
    capability = Capability.ENVELOPE_READ

    @extend_schema(responses={200: serializers.StatementListSerializer})
    def get(self, request: Request, md: str) -> HttpResponse:
        """List the statements about an envelope, as far as they have reached the caller."""
        rows = statements_about(caller_of(request), md)
        receipts = receipts_for([row.od for row in rows])
        items = b",".join(_with_receipt(row, receipts.get(row.od)) for row in rows)
        return HttpResponse(b'{"items":[' + items + b"]}", content_type="application/json")


class RemindersView(APIView):
    capability = Capability.STATEMENT_SUBMIT

    @extend_schema(
        operation_id="envelopes_remind", request=None, responses={200: serializers.ReminderSerializer}
    )
    def post(self, request: Request, md: str) -> Response:
        """Remind recipients that have not answered: to confirm a withdrawal if there is one, else to acknowledge.

        Each finds an item `reminder` in its feed. Allowed once an hour for each envelope; it is unsigned and stops no
        clock.
        """
        caller, now = caller_of(request), clock.now()

        def remind() -> Outcome:
            remind_recipients(caller, md, now=now)
            return Outcome(status.HTTP_200_OK, md)

        outcome = idempotent(request, caller, remind, now=now)
        return Response(serializers.ReminderSerializer(newest_reminder(caller, outcome.resource)).data)


class StatementsView(IntakeView):
    capability = Capability.STATEMENT_SUBMIT
    parser_classes = SIGNED

    @extend_schema(
        request={"application/jose+json": OpenApiTypes.OBJECT}, responses={202: serializers.StatementAnswer}
    )
    def post(self, request: Request) -> Response:
        """Submit a signed statement: an acknowledgement, a retraction, a confirmation, a revocation."""
        jws, caller, now = octets_of(request), caller_of(request), clock.now()
        accepted = repeatable(request, caller, lambda: accept_posted(caller, jws, now=now), now=now)
        return _stated(accepted)


class ReleasesView(IntakeView):
    capability = Capability.ENVELOPE_SUBMIT
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="releases_create",
        request=serializers.ReleaseParts,
        responses={202: serializers.StatementAnswer},
    )
    def post(self, request: Request) -> Response:
        """Release an envelope that the caller sent or received onward: the signed `release`, and an entry for each agency."""
        if sorted([*request.FILES, *request.POST]) != ["entries", "release"]:
            raise ParseError(_("Send the parts release and entries, each once."))
        jws, entries = _octets_of(request, "release"), _octets_of(request, "entries")
        caller, now = caller_of(request), clock.now()
        accepted = repeatable(
            request, caller, lambda: accept_release_onward(caller, jws, entries, now=now), now=now
        )
        return _stated(accepted)


class StatementView(APIView):
    capability = Capability.ENVELOPE_READ

    @extend_schema(responses={200: serializers.StatementSerializer})
    def get(self, request: Request, od: str) -> HttpResponse:
        """Return one statement as it was received, with its receipt."""
        row = find_statement(caller_of(request), od)
        return HttpResponse(_with_receipt(row, receipt_for(od)), content_type="application/json")


class InboxView(APIView):
    capability = Capability.FEED_READ

    @extend_schema(parameters=[serializers.InboxQuery], responses={200: serializers.FeedPageSerializer})
    def get(self, request: Request) -> HttpResponse:
        """Return the caller's feed after a number; or the one item that a mail's reference names."""
        query, caller = read_query(serializers.InboxQuery, request), caller_of(request)
        if "ref" in query:
            item = resolve_reference(caller, query["ref"])
            return Response(_feed_page(FeedPage([item], item.number, present_epoch()), item.number))
        (epoch, after), limit = parse_place(query["after"]), query["limit"]
        state = read_feed_state(caller, epoch=epoch, after=after)
        note_read(caller, state, after=after, now=clock.now())
        # Numbered items never change: a poll without news reads none of them.
        etag = f'W/"{state.epoch}.{after}-{state.head}-{limit}"'
        answer = get_conditional_response(request._request, etag=etag)
        if answer is None:
            page = read_page(caller, state, after=after, limit=limit)
            answer = Response(_feed_page(page, page.items[-1].number if page.items else after))
        answer["ETag"], answer["Cache-Control"] = etag, "private, no-cache"
        return answer


class SubmissionsView(APIView):
    capability = frozenset({Capability.ENVELOPE_SUBMIT, Capability.STATEMENT_SUBMIT})

    @extend_schema(
        operation_id="submissions_list",
        parameters=[serializers.SubmissionsQuery],
        responses={200: serializers.SubmissionPageSerializer},
    )
    def get(self, request: Request) -> Response:
        """List the submissions of the caller's agency, newest first, with receipts and outcomes."""
        query = read_query(serializers.SubmissionsQuery, request)
        caller, now = caller_of(request), clock.now()
        place = open_cursor(caller, "submissions", query["after"], now=now)
        page = list_submissions(caller, after=place, limit=query["limit"])
        answer = serializers.SubmissionPageSerializer(page).data
        return Response({**answer, "next": seal_cursor(caller, "submissions", page.next, now=now)})


class WantedView(APIView):
    capability = frozenset({Capability.ENVELOPE_SUBMIT, Capability.STATEMENT_SUBMIT})

    @extend_schema(
        operation_id="submissions_wanted",
        parameters=[serializers.WantedQuery],
        responses={200: serializers.WantedSerializer},
    )
    def get(self, request: Request) -> Response:
        """List which of these digests the ledger has while a restore lost the object: submit its bytes again.

        Such objects are accepted as of their log time, whatever their `iat` and `exp`.
        """
        query = read_query(serializers.WantedQuery, request)
        return Response({"items": wanted_of(query["digests"].split(","))})


class SubmissionView(APIView):
    capability = frozenset({Capability.ENVELOPE_SUBMIT, Capability.STATEMENT_SUBMIT})

    @extend_schema(responses={200: serializers.SubmissionSerializer})
    def get(self, request: Request, digest: str) -> Response:
        """Return one submission of the caller's agency, by its digest."""
        return Response(serializers.SubmissionSerializer(find_submission(caller_of(request), digest)).data)


class DeliveriesView(APIView):
    capability = frozenset({Capability.ENVELOPE_SUBMIT, Capability.ENVELOPE_READ})

    @extend_schema(
        operation_id="deliveries_list",
        parameters=[serializers.ChangesQuery],
        responses={200: serializers.ChangesSerializer},
    )
    def get(self, request: Request) -> Response:
        """List changes of the caller's own deliveries, by recipient, since it last asked.

        Nothing is skipped; a delivery may come twice. The cursor stays valid until the hub is restored.
        """
        query, caller = read_query(serializers.ChangesQuery, request), caller_of(request)
        place = open_lasting(caller, "deliveries", query["changed_since"])
        changes = read_changes(caller, since=place, limit=query["limit"])
        following = seal_lasting(caller, "deliveries", changes.next) if changes.next else ""
        answer = {"items": changes.items, "next": following, "more": changes.more}
        return Response(serializers.ChangesSerializer(answer).data)


class DeliveryFactsView(APIView):
    capability = Capability.STATEMENT_SUBMIT

    @extend_schema(
        operation_id="deliveries_report_facts",
        request=serializers.ReportsSerializer,
        responses={200: serializers.ReportAnswersSerializer},
    )
    def post(self, request: Request) -> Response:
        """Report when an officer was told of a received alert, or opened it; the first report of each fact counts.

        Reports are unsigned and acknowledge nothing. Each item is accepted or refused by itself; a repeated one is
        harmless.
        """
        caller, now = caller_of(request), clock.now()
        reports = [Report(**item) for item in read_body(serializers.ReportsSerializer, request)["items"]]
        refusals = repeatable(request, caller, lambda: report_facts(caller, reports, now=now), now=now)
        items = [self._item(*answer) for answer in zip(reports, refusals, strict=True)]
        return Response({"items": items})

    def _item(self, report: Report, refusal: Exception | None) -> dict[str, Any]:
        answer: dict[str, Any] = {"md": report.md, "fact": report.fact}
        return (
            answer
            if refusal is None
            else answer | {"problem": problem_of(refusal, self.get_exception_handler_context())}
        )


def _read_parts(request: Request) -> tuple[bytes, bytes, list[Received]]:
    """Return manifest, JWE and blobs in their order; raises `ParseError` for a part too few or too many."""
    names = [*request.FILES, *request.POST]
    blobs = sorted((name for name in names if _BLOB_PART.fullmatch(name)), key=lambda name: int(name[5:]))
    expected = ["manifest", "jwe", *(f"blob-{n}" for n in range(len(blobs)))]
    if sorted(names) != sorted(expected):
        raise ParseError(_("Send the parts manifest, jwe, blob-0, blob-1 and so on, each once."))
    manifest, jwe = (_octets_of(request, name) for name in expected[:2])
    return manifest, jwe, [_blob_of(request, name) for name in expected[2:]]


def _octets_of(request: Request, name: str) -> bytes:
    """Return a whole part; if it is larger than any manifest or JWE, only enough of it to show that."""
    part = _blob_of(request, name)
    if isinstance(part, bytes):
        return part
    octets: bytes = part.read(MAX_ENVELOPE_BYTES + 1)
    return octets


def _blob_of(request: Request, name: str) -> Received:
    """Return a blob where it lies; a part without a file name was decoded as UTF-8 text."""
    if name not in request.FILES:
        return str(request.POST[name]).encode("utf-8")
    found = request.FILES.getlist(name)
    if len(found) != 1:
        raise ParseError(_("Send each part once."))
    part: Received = found[0]
    return part


def _stated(accepted: Accepted) -> Response:
    return _accepted(
        {"iss": accepted.iss, "id": accepted.id, "od": accepted.od, "receipt": receipt_for(accepted.od)}
    )


def _accepted(answer: Mapping[str, Any]) -> Response:
    headers = {} if answer["receipt"] else {"Retry-After": RECEIPT_TAKES_SECS}
    return Response(answer, status=status.HTTP_202_ACCEPTED, headers=headers)


def _with_receipt(row: Statement, receipt: Mapping[str, Any] | None) -> bytes:
    text = json.dumps(receipt, ensure_ascii=False, separators=(",", ":"))
    return b'{"statement":' + bytes(row.jws) + b',"receipt":' + text.encode() + b"}"


def _feed_page(page: FeedPage, last: int) -> dict[str, Any]:
    following = f"{page.epoch}.{last}"
    return dict(
        serializers.FeedPageSerializer({"items": page.items, "head": page.head, "next": following}).data
    )


def _digests(request: Request) -> list[str]:
    body = request.data
    mds = body.get("mds") if isinstance(body, dict) else None
    if not isinstance(mds, list) or not 1 <= len(mds) <= MOST_SLICES or len(body) > 1:
        raise InputError("mds", _("Name 1 to %(most)s envelopes by their digests.") % {"most": MOST_SLICES})
    try:
        return [require_digest(md, "mds") for md in mds]
    except MalformedError:
        raise InputError("mds", _("A digest is 43 characters of base64url.")) from None


urlpatterns = [
    path("envelopes", EnvelopesView.as_view(), name="envelopes"),
    path("envelopes/<str:md>", EnvelopeView.as_view(), name="envelope"),
    path("envelopes/<str:md>/manifest", ManifestView.as_view(), name="envelope-manifest"),
    path("slices", SlicesView.as_view(), name="slices"),
    path("envelopes/<str:md>/blobs/<int:n>", BlobView.as_view(), name="envelope-blob"),
    path("envelopes/<str:md>/statements", EnvelopeStatementsView.as_view(), name="envelope-statements"),
    path("envelopes/<str:md>/reminders", RemindersView.as_view(), name="envelope-reminders"),
    path("releases", ReleasesView.as_view(), name="releases"),
    path("statements", StatementsView.as_view(), name="statements"),
    path("statements/<str:od>", StatementView.as_view(), name="statement"),
    path("deliveries", DeliveriesView.as_view(), name="deliveries"),
    path("deliveries/facts", DeliveryFactsView.as_view(), name="delivery-facts"),
    path("agreements", AgreementsView.as_view(), name="agreements"),
    path("circles", CirclesView.as_view(), name="circles"),
    path("previews", PreviewsView.as_view(), name="previews"),
    path("inbox", InboxView.as_view(), name="inbox"),
    path("submissions", SubmissionsView.as_view(), name="submissions"),
    path("submissions/wanted", WantedView.as_view(), name="submissions-wanted"),
    path("submissions/<str:digest>", SubmissionView.as_view(), name="submission"),
]
