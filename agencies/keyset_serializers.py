# SPDX-License-Identifier: Apache-2.0
"""Serializers of keysets in answers; no rules."""

from typing import Any

from rest_framework import serializers

from callers.answers import JwsField, ReceiptField
from callers.directory import Custody


class LoggedStatementSerializer(serializers.Serializer[Any]):
    statement = JwsField(help_text="The JWS as signed.")
    receipt = ReceiptField()


class PublishedKeysetSerializer(serializers.Serializer[Any]):
    keyset = JwsField(help_text="The JWS as signed by the agency's root.")
    receipt = ReceiptField(allow_null=True, help_text="Null until the ledger has logged it.")
    revokes = LoggedStatementSerializer(many=True)
    custody = serializers.ChoiceField(Custody.values, help_text="Who holds the private keys.")


class NewerKeysetSerializer(PublishedKeysetSerializer):
    """Keyset as `/agencies/{id}/keyset` answers it."""

    agency = serializers.CharField()
    receipt = ReceiptField()


class NewerKeysetsSerializer(serializers.Serializer[Any]):
    """Each agency that was asked about stands in one of the four lists."""

    items = NewerKeysetSerializer(many=True)
    unchanged = serializers.ListField(child=serializers.CharField())
    unknown = serializers.ListField(
        child=serializers.CharField(), help_text="No agency of the directory, or none with a keyset in force."
    )
    rest = serializers.ListField(
        child=serializers.CharField(),
        help_text="What else is newer and did not fit into this answer: ask again.",
    )
