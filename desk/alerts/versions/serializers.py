# SPDX-License-Identifier: Apache-2.0
"""Serializers of versions and of the thread of an alert, and of answers beyond an acknowledgement."""

from typing import Any

from rest_framework import serializers as s

from alerts.boxes.thread import ThreadEntry
from alerts.receiving.acknowledgement import ANSWERS, OPENED


class AnswerIn(s.Serializer[Any]):
    """`opened`, or why the agency does not take the alert."""

    answer = s.ChoiceField(choices=[code for code, _ in ANSWERS], required=False, default=OPENED)


class VersionOut(s.Serializer[Any]):
    """One version of an alert: an alert of ours, or a received one."""

    id = s.UUIDField()
    version = s.IntegerField()
    md = s.CharField()
    at = s.DateTimeField()
    replaced = s.BooleanField()
    withdrawn_at = s.DateTimeField(allow_null=True)


class VersionsOut(s.Serializer[Any]):
    """Newest first."""

    items = VersionOut(many=True)


class ThreadEntryOut(s.Serializer[ThreadEntry]):
    """What was sent or stated; `index` is null until the log has it, `counts` false under a key revoked for then.

    Of a reply `alert` (of ours) or `received` is its id.
    """

    what = s.CharField()
    at = s.DateTimeField()
    index = s.IntegerField(allow_null=True)
    agency = s.CharField()
    name = s.CharField()
    officer = s.CharField()
    text = s.CharField()
    version = s.IntegerField()
    counts = s.BooleanField()
    alert = s.UUIDField(allow_null=True)
    received = s.UUIDField(allow_null=True)


class ThreadOut(s.Serializer[Any]):
    """In the order of the log."""

    items = ThreadEntryOut(many=True)


class RemindedOut(s.Serializer[Any]):
    """The agencies that have not confirmed, and were told once more."""

    agencies = s.ListField(child=s.CharField())
