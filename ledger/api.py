# SPDX-License-Identifier: Apache-2.0
"""What the ledger shows over REST: the newest checkpoint, proofs of inclusion, proofs of consistency."""

from typing import Any

from django.http import Http404
from django.urls import path
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accord.envelope.encoding import b64u
from ledger import proofs

CAPABILITY = frozenset({"ledger:read"})
FIXED = {"Cache-Control": "private, max-age=31536000, immutable"}


class PlainTextRenderer(BaseRenderer):
    """C2SP texts as they are; a problem, which is an object, as JSON."""

    media_type = "text/plain"
    format = "txt"
    charset = "utf-8"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        if isinstance(data, str):
            return data.encode()
        return bytes(JSONRenderer().render(data, accepted_media_type, renderer_context))


class CheckpointView(APIView):
    """The newest signed checkpoint, a C2SP signed note."""

    capability = CAPABILITY
    renderer_classes = [PlainTextRenderer, JSONRenderer]

    @extend_schema(responses={(200, "text/plain"): str})
    def get(self, request: Request) -> Response:
        newest = proofs.latest_checkpoint()
        if newest is None:
            raise Http404
        return Response(
            newest.note, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-cache"}
        )


class ProofView(APIView):
    """The proof that a leaf is in the tree, C2SP tlog-proof text; its `extra` line is the leaf."""

    capability = CAPABILITY
    renderer_classes = [PlainTextRenderer, JSONRenderer]

    @extend_schema(responses={(200, "text/plain"): str})
    def get(self, request: Request, index: int) -> Response:
        receipt = proofs.receipt_at(index)
        if receipt is None:
            raise Http404
        return Response(receipt.tlog_proof(), content_type="text/plain; charset=utf-8", headers=FIXED)


class ConsistencyView(APIView):
    """The proof that the tree of `second` leaves extends the tree of `first`."""

    capability = CAPABILITY

    @extend_schema(
        responses=inline_serializer(
            "LedgerConsistency",
            {
                "first": serializers.IntegerField(),
                "second": serializers.IntegerField(),
                "path": serializers.ListField(child=serializers.CharField()),
            },
        )
    )
    def get(self, request: Request, first: int, second: int) -> Response:
        path_hashes = proofs.consistency(first, second)
        if path_hashes is None:
            raise Http404
        body = {"first": first, "second": second, "path": [b64u(value) for value in path_hashes]}
        return Response(body, headers=FIXED)


urlpatterns = [
    path("ledger/checkpoint", CheckpointView.as_view(), name="ledger-checkpoint"),
    path("ledger/proof/<int:index>", ProofView.as_view(), name="ledger-proof"),
    path("ledger/consistency/<int:first>/<int:second>", ConsistencyView.as_view(), name="ledger-consistency"),
]
