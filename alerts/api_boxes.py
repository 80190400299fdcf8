# SPDX-License-Identifier: Apache-2.0
"""The JSON desk's four boxes, as lists by page: inbox, outbox, drafts, queue."""

from collections.abc import Mapping
from typing import Final

from rest_framework.response import Response

from alerts import shapes
from alerts.api_desk import DeskView
from alerts.drafts_list import list_drafts
from alerts.inbox import list_received
from alerts.outbox import list_sent
from alerts.queue import list_waiting


def read_box(view: DeskView, query: Mapping[str, str]) -> Response:
    """The page that the query asks for; the inbox when it names no box, or one that is not there."""
    return BOXES.get(query.get("box", "inbox"), _inbox)(view, query)


def _inbox(view: DeskView, query: Mapping[str, str]) -> Response:
    exercise = {"1": True, "0": False}.get(query.get("exercise", ""))
    page = list_received(
        view.officer,
        cursor=query.get("cursor", ""),
        unread=query.get("unread") == "1",
        overdue=query.get("overdue") == "1",
        kind=query.get("kind", ""),
        lane=query.get("lane", ""),
        sender=query.get("from", ""),
        exercise=exercise,
        now=view.now,
    )
    return Response(shapes.ReceivedPageOut(page).data)


def _outbox(view: DeskView, query: Mapping[str, str]) -> Response:
    page = list_sent(
        view.officer,
        cursor=query.get("cursor", ""),
        state=query.get("state", ""),
        to=query.get("to", ""),
        now=view.now,
    )
    return Response(shapes.AlertPageOut(page).data)


def _drafts(view: DeskView, query: Mapping[str, str]) -> Response:
    page = list_drafts(view.officer, cursor=query.get("cursor", ""), mine=query.get("mine") == "1")
    return Response(shapes.AlertPageOut(page).data)


def _queue(view: DeskView, query: Mapping[str, str]) -> Response:
    page = list_waiting(view.officer, cursor=query.get("cursor", ""), pri=query.get("pri", ""))
    return Response(shapes.AlertPageOut(page).data)


BOXES: Final = {"inbox": _inbox, "outbox": _outbox, "drafts": _drafts, "queue": _queue}
