# SPDX-License-Identifier: Apache-2.0
"""Addresses of the desk: the officers' pages, and the desk in JSON; nothing of the exchange."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from hub.docs import api_docs
from hub.urls import common

urlpatterns: list[URLPattern | URLResolver] = [
    *common.urlpatterns,
    path("api/docs/", api_docs, name="api-docs"),
    path("api/v1/", include("desk.web.api_urls")),
    path("", admin.site.urls),
]

handler400 = "hub.desk_fallback.unreadable"
handler403 = "desk.web.error_pages.forbidden"
handler404 = "hub.desk_fallback.absent"
handler500 = "hub.desk_fallback.broken"
