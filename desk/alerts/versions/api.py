# SPDX-License-Identifier: Apache-2.0
"""Versions of an alert in JSON: the list of them, statements about them, and reminders of a withdrawal."""

import uuid
from collections.abc import Iterable
from typing import Any, Final

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.access import find_alert, find_received
from alerts.boxes.thread import read_thread
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.retractions import judge_retracts
from alerts.receiving.versions import versions_held
from alerts.sending.amendment import versions_seen
from alerts.sending.receipts import read_receipts
from alerts.sending.reminders import remind_recipients
from alerts.states import SENT
from callers.capabilities import Capability
from callers.errors import AbsentError
from desk.alerts.versions import serializers
from desk.web.api import DeskView


class SentVersionsView(DeskView):
    capability = Capability.ALERT_READ

    @extend_schema(responses={200: serializers.VersionsOut})
    def get(self, request: Request, alert_id: uuid.UUID) -> Response:
        """List all versions of a sent alert, given any of them."""
        return _versions(_sent_row(row) for row in _sent(self, alert_id))


class ReceivedVersionsView(DeskView):
    capability = Capability.ALERT_READ

    @extend_schema(responses={200: serializers.VersionsOut})
    def get(self, request: Request, received_id: uuid.UUID) -> Response:
        """List the versions of a received alert that reached this agency."""
        return _versions(_received_row(row) for row in _held(self, received_id))


class SentThreadView(DeskView):
    capability = Capability.ALERT_READ

    @extend_schema(responses={200: serializers.ThreadOut})
    def get(self, request: Request, alert_id: uuid.UUID) -> Response:
        """List the events of a sent alert: versions, answers, withdrawals, confirmations."""
        return _thread(self, {row.md: row.version for row in _sent(self, alert_id)})


class ReceivedThreadView(DeskView):
    capability = Capability.ALERT_READ

    @extend_schema(responses={200: serializers.ThreadOut})
    def get(self, request: Request, received_id: uuid.UUID) -> Response:
        """List the events of a received alert, as far as they reached this agency."""
        return _thread(self, {row.md: row.version for row in _held(self, received_id)})


class RemindView(DeskView):
    capability = Capability.ALERT_WITHDRAW

    @extend_schema(request=None, responses={200: serializers.RemindedOut})
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Remind every agency that has not confirmed the withdrawal of an alert."""

        def change(alert: Alert) -> None:
            remind_recipients(self.officer, alert, now=self.now)

        alert = find_alert(self.officer, self.once(alert_id, change).resource)
        receipts = read_receipts(self.officer, alert, now=self.now)
        agencies = sorted(row.agency for row in receipts.unconfirmed)
        return Response(serializers.RemindedOut({"agencies": agencies}).data)


def _sent(view: DeskView, alert_id: uuid.UUID) -> list[Alert]:
    alert = find_alert(view.officer, alert_id)
    if alert.state not in SENT:
        raise AbsentError
    return versions_seen(view.officer, alert)


def _held(view: DeskView, received_id: uuid.UUID) -> list[ReceivedAlert]:
    rows = versions_held(view.officer, find_received(view.officer, received_id), now=view.now)
    judge_retracts(rows, now=view.now)
    return rows


def _sent_row(row: Alert) -> dict[str, Any]:
    return _row(row) | {"at": row.released_at, "replaced": row.replaced_at is not None}


def _received_row(row: ReceivedAlert) -> dict[str, Any]:
    return _row(row) | {"at": row.logged_at, "replaced": row.replaced_by_id is not None}


def _row(row: Alert | ReceivedAlert) -> dict[str, Any]:
    return {"id": row.pk, "version": row.version, "md": row.md, "withdrawn_at": row.withdrawn_at}


def _versions(rows: Iterable[dict[str, Any]]) -> Response:
    return Response(serializers.VersionsOut({"items": list(rows)}).data)


def _thread(view: DeskView, numbers: dict[str, int]) -> Response:
    entries = read_thread(view.officer, numbers, now=view.now)
    return Response(serializers.ThreadOut({"items": entries}).data)


_A: Final = "alerts/<uuid:alert_id>"
_R: Final = "alerts/received/<uuid:received_id>"

urlpatterns = [
    path(f"{_A}/versions", SentVersionsView.as_view(), name="alert-versions"),
    path(f"{_A}/thread", SentThreadView.as_view(), name="alert-thread"),
    path(f"{_A}/remind", RemindView.as_view(), name="alert-remind"),
    path(f"{_R}/versions", ReceivedVersionsView.as_view(), name="received-versions"),
    path(f"{_R}/thread", ReceivedThreadView.as_view(), name="received-thread"),
]
