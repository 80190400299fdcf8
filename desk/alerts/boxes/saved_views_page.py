# SPDX-License-Identifier: Apache-2.0
"""Saved views of the lists: saving one, and the page where an officer names, chooses and deletes them."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from alerts.boxes.saved_views import (
    NAME_AT_MOST,
    NEEDED,
    create_view,
    delete_view,
    find_view,
    rename_view,
    set_default_view,
    views_of,
)
from alerts.rows.saved import SavedBox, SavedView
from callers import clock
from callers.errors import InputError
from desk.alerts.boxes.page import offered_filters
from desk.web.filters import read_filters
from desk.web.frame import render_page, signed_in
from officers.models import Officer


def views(request: HttpRequest) -> HttpResponse:
    """List all views of this officer, by list."""
    return _page(request)


def create(request: HttpRequest) -> HttpResponseBase:
    """Save the filters that the list showed; an invalid name is asked for again."""
    officer, box = signed_in(request), request.POST.get("box", "")
    if box not in SavedBox.values:
        raise InputError("box", _("List: choose one."))
    filters = read_filters(request.POST, offered_filters(officer, box))
    name = request.POST.get("name", "")
    try:
        create_view(officer, box, name=name, filters=filters.chosen, now=clock.now())
    except InputError as refused:
        again = {"box": box, "filters": filters.chosen, "name": name, "problem": refused.problem}
        return _page(request, status=422, again=again)
    messages.success(request, _("The view is kept."))
    return redirect(reverse(f"admin:{box}") + filters.next_address(""))


def rename(request: HttpRequest, view_id: uuid.UUID) -> HttpResponseBase:
    """Rename a view."""
    officer, view = _found(request, view_id)
    name = request.POST.get("name", "")
    try:
        rename_view(officer, view, name=name, now=clock.now())
    except InputError as refused:
        return _page(request, status=422, wrong={"id": view.pk, "name": name, "problem": refused.problem})
    messages.success(request, _("The view is renamed."))
    return redirect("admin:views")


def choose(request: HttpRequest, view_id: uuid.UUID) -> HttpResponseBase:
    """Set or unset this view as the default of its list."""
    officer, view = _found(request, view_id)
    is_default = request.POST.get("default") == "yes"
    set_default_view(officer, view, is_default=is_default, now=clock.now())
    text = _("The list opens with this view.") if is_default else _("The list opens without a view.")
    messages.success(request, text)
    return redirect("admin:views")


def delete(request: HttpRequest, view_id: uuid.UUID) -> HttpResponseBase:
    """Delete a view; no alert is affected."""
    officer, view = _found(request, view_id)
    delete_view(officer, view, now=clock.now())
    messages.success(request, _("The view is deleted. No alert was touched."))
    return redirect("admin:views")


def _found(request: HttpRequest, view_id: uuid.UUID) -> tuple[Officer, SavedView]:
    officer = signed_in(request)
    return officer, find_view(officer, view_id)


def _page(request: HttpRequest, *, status: int = 200, **context: object) -> HttpResponse:
    officer = signed_in(request)
    boxes = [
        {"label": SavedBox(box).label, "name": box, "rows": _rows(officer, box)}
        for box in SavedBox.values
        if NEEDED[box] in officer.capabilities
    ]
    return render_page(
        request,
        "saved_views",
        _("Views"),
        status=status,
        boxes=boxes,
        has_views=any(box["rows"] for box in boxes),
        name_at_most=NAME_AT_MOST,
        **context,
    )


def _rows(officer: Officer, box: str) -> list[dict[str, object]]:
    """Return each view with its filters in words."""
    offered = offered_filters(officer, box)
    address = reverse(f"admin:{box}")
    rows: list[dict[str, object]] = []
    for view in views_of(officer, box):
        filters = read_filters(view.filters, offered)
        rows.append(
            {"view": view, "chips": list(filters.chips), "address": address + filters.next_address("")}
        )
    return rows
