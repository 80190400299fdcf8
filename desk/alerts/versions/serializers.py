# SPDX-License-Identifier: Apache-2.0
"""Serializers of versions and of the thread of an alert, and of answers beyond an acknowledgement."""

from typing import Any

from rest_framework import serializers as s

from alerts.boxes.thread import ThreadEntry
from alerts.receiving.acknowledgement import ANSWERS, OPENED


class AnswerIn(s.Serializer[Any]):
    """The answer: `opened`, or why the agency does not accept the alert."""

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
    """One envelope or statement; `index` is null until it is logged, `counts` false if its key was revoked for that time.

    `alert` (of ours) or `received` is the id of a reply.
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
    """Entries in the order of the log."""

    items = ThreadEntryOut(many=True)


class RemindedOut(s.Serializer[Any]):
    """The agencies that have not confirmed and were reminded."""

    agencies = s.ListField(child=s.CharField())
