# SPDX-License-Identifier: Apache-2.0
"""The ledger over REST: the newest checkpoint, proofs of inclusion, proofs of consistency."""

import re
from typing import Any

from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accord.envelope.encoding import b64u
from ledger import proofs
from ledger.handovers import handover_notes

CAPABILITY = frozenset({"ledger:read"})
MOST_PAIRS = 100
_PAIR = re.compile(r"[0-9]{1,15}-[0-9]{1,15}")
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
        _take_no_query(request)
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
        _take_no_query(request)
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
        _take_no_query(request)
        path_hashes = proofs.consistency(first, second)
        if path_hashes is None:
            raise Http404
        body = {"first": first, "second": second, "path": [b64u(value) for value in path_hashes]}
        return Response(body, headers=FIXED)


class ConsistenciesView(APIView):
    """The same for many pairs of sizes at once: `pairs=5-8,8-13`, at most a hundred; `path` is null without a proof."""

    capability = CAPABILITY

    @extend_schema(
        operation_id="ledger_consistencies_retrieve",
        parameters=[OpenApiParameter("pairs", OpenApiTypes.STR, required=True)],
        responses=inline_serializer(
            "LedgerConsistencies",
            {
                "items": inline_serializer(
                    "LedgerConsistencyOfMany",
                    {
                        "first": serializers.IntegerField(),
                        "second": serializers.IntegerField(),
                        "path": serializers.ListField(child=serializers.CharField(), allow_null=True),
                    },
                    many=True,
                )
            },
        ),
    )
    def get(self, request: Request) -> Response:
        pairs = _pairs(request.query_params.get("pairs", ""))
        items = [
            {
                "first": first,
                "second": second,
                "path": None if path is None else [b64u(node) for node in path],
            }
            for (first, second), path in zip(pairs, proofs.consistencies(pairs), strict=True)
        ]
        return Response({"items": items}, headers={"Cache-Control": "no-cache"})


def _take_no_query(request: Request) -> None:
    """Raises ValidationError for any parameter: none is taken and passed over."""
    for name in request.query_params:
        raise serializers.ValidationError({name[:60]: _("There is no such parameter here.")})


def _pairs(text: str) -> list[tuple[int, int]]:
    words = text.split(",")
    if len(words) > MOST_PAIRS or not all(_PAIR.fullmatch(word) for word in words):
        raise serializers.ValidationError({"pairs": _("Write 1 to 100 pairs of sizes: 5-8,8-13")})
    return [(int(first), int(second)) for first, _dash, second in (word.partition("-") for word in words)]


class HandoversView(APIView):
    """The signed notes by which the ledger's key was replaced, oldest first: whoever pins one key learns the others."""

    capability = CAPABILITY

    @extend_schema(
        responses=inline_serializer(
            "LedgerHandovers", {"items": serializers.ListField(child=serializers.CharField())}
        )
    )
    def get(self, request: Request) -> Response:
        return Response({"items": handover_notes()}, headers={"Cache-Control": "no-cache"})


urlpatterns = [
    path("ledger/checkpoint", CheckpointView.as_view(), name="ledger-checkpoint"),
    path("ledger/proof/<int:index>", ProofView.as_view(), name="ledger-proof"),
    path("ledger/handovers", HandoversView.as_view(), name="ledger-handovers"),
    path("ledger/consistency", ConsistenciesView.as_view(), name="ledger-consistencies"),
    path("ledger/consistency/<int:first>/<int:second>", ConsistencyView.as_view(), name="ledger-consistency"),
]
