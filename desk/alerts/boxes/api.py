# SPDX-License-Identifier: Apache-2.0
"""The desk's five boxes in JSON, as lists by page: inbox, outbox, drafts, queue, on_the_way.

Lists are ordered by an immutable key, newest first, and a cursor holds the place of the last row: what comes in while
somebody reads page by page neither hides a row nor shows one twice.
"""

from collections.abc import Mapping
from typing import Any, Final

from rest_framework.response import Response

from alerts.boxes.drafts import list_drafts
from alerts.boxes.inbox import InboxFilters, list_received
from alerts.boxes.on_the_way import list_on_the_way
from alerts.boxes.outbox import list_sent, outbox_filters
from alerts.boxes.paging import FIRST_WRITTEN, Page
from alerts.boxes.queue import list_waiting
from callers.cursors import list_name, open_cursor, seal_cursor
from desk.alerts import serializers
from desk.alerts.boxes.queries import filters_of, is_set
from desk.web.api import DeskView

Filters = Mapping[str, Any]


def read_box(view: DeskView, query: Filters) -> Response:
    """Return the page that the query asks for, with a sealed cursor for the next one."""
    filters = filters_of(query)
    listed = list_name(query["box"], filters)
    place = open_cursor(view.actor, listed, query["cursor"], now=view.now)
    page, shape = BOXES[query["box"]](view, filters, place, query["limit"])
    following = seal_cursor(view.actor, listed, page.next, now=view.now)
    return Response({**shape(page).data, "next": following})


def inbox_filters(filters: Filters) -> InboxFilters:
    """Convert the inbox's filters from their names in the API."""
    return InboxFilters(
        unread=is_set(filters, "unread"),
        waiting=is_set(filters, "waiting"),
        to_answer=is_set(filters, "to_answer"),
        overdue=is_set(filters, "overdue"),
        kind=filters.get("kind", ""),
        lane=filters.get("lane", ""),
        pri=filters.get("pri", ""),
        tlp=filters.get("tlp", ""),
        sender=filters.get("sender", ""),
        exercise={"1": True, "0": False}.get(filters.get("exercise", "")),
    )


def _inbox(view: DeskView, filters: Filters, place: str, limit: int) -> tuple[Page[Any], Any]:
    page = list_received(view.officer, cursor=place, limit=limit, now=view.now, **inbox_filters(filters))
    return page, serializers.ReceivedPageOut


def _outbox(view: DeskView, filters: Filters, place: str, limit: int) -> tuple[Page[Any], Any]:
    page = list_sent(view.officer, cursor=place, limit=limit, now=view.now, **outbox_filters(filters))
    return page, serializers.AlertPageOut


def _drafts(view: DeskView, filters: Filters, place: str, limit: int) -> tuple[Page[Any], Any]:
    page = list_drafts(
        view.officer,
        cursor=place,
        limit=limit,
        mine=is_set(filters, "mine"),
        returned=is_set(filters, "returned"),
        by=FIRST_WRITTEN,
    )
    return page, serializers.AlertPageOut


def _queue(view: DeskView, filters: Filters, place: str, limit: int) -> tuple[Page[Any], Any]:
    page = list_waiting(
        view.officer,
        cursor=place,
        limit=limit,
        pri=filters.get("pri", ""),
        state=filters.get("state", ""),
        by=FIRST_WRITTEN,
    )
    return page, serializers.AlertPageOut


def _on_the_way(view: DeskView, filters: Filters, place: str, limit: int) -> tuple[Page[Any], Any]:
    page = list_on_the_way(
        view.officer,
        cursor=place,
        limit=limit,
        state=filters.get("state", ""),
        returned=is_set(filters, "returned"),
        by=FIRST_WRITTEN,
        now=view.now,
    )
    return page, serializers.WayPageOut


BOXES: Final = {
    "inbox": _inbox,
    "outbox": _outbox,
    "drafts": _drafts,
    "queue": _queue,
    "on_the_way": _on_the_way,
}
