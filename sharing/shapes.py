# SPDX-License-Identifier: Apache-2.0
"""The shapes of the exchange's answers; no rules."""

from typing import Any

from rest_framework import serializers


class SubmissionAnswer(serializers.Serializer[Any]):
    iss = serializers.CharField()
    jti = serializers.CharField()
    md = serializers.CharField()
    receipt = serializers.JSONField(allow_null=True)


class StatementAnswer(serializers.Serializer[Any]):
    iss = serializers.CharField()
    id = serializers.CharField()
    od = serializers.CharField()
    receipt = serializers.JSONField(allow_null=True)


class DeliveryShape(serializers.Serializer[Any]):
    recipient = serializers.CharField()
    state = serializers.CharField()
    told_at = serializers.DateTimeField(allow_null=True)
    fetched_at = serializers.DateTimeField(allow_null=True)
    opened_at = serializers.DateTimeField(allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    answer = serializers.CharField()
    recalled_at = serializers.DateTimeField(allow_null=True)
    recall_confirmed_at = serializers.DateTimeField(allow_null=True)


class SubmissionShape(serializers.Serializer[Any]):
    what = serializers.CharField()
    d = serializers.CharField()
    id = serializers.CharField()
    iat = serializers.IntegerField()
    received_at = serializers.DateTimeField()
    receipt = serializers.JSONField(allow_null=True)
    deliveries = DeliveryShape(many=True)


class SubmissionPageShape(serializers.Serializer[Any]):
    items = SubmissionShape(many=True)
    next = serializers.CharField(allow_null=True)


class FeedItemShape(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    what = serializers.CharField()
    d = serializers.CharField()
    iss = serializers.CharField()
    id = serializers.CharField(source="item_id")
    ref = serializers.SerializerMethodField()

    def get_ref(self, item: Any) -> str | None:
        return item.ref or None


class FeedPageShape(serializers.Serializer[Any]):
    items = FeedItemShape(many=True)
    head = serializers.IntegerField()


class EnvelopeParts(serializers.Serializer[Any]):
    """Multipart; further parts are `blob-0`, `blob-1` ... as the manifest counts them."""

    manifest = serializers.FileField()
    jwe = serializers.FileField()


class StatementShape(serializers.Serializer[Any]):
    statement = serializers.JSONField()
    receipt = serializers.JSONField(allow_null=True)


class StatementListShape(serializers.Serializer[Any]):
    items = StatementShape(many=True)
