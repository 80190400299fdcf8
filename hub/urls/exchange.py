# SPDX-License-Identifier: Apache-2.0
"""Addresses of the exchange, called by systems of agencies; API keys only, no admin, no sessions."""

from django.urls import URLPattern, URLResolver, include, path

from hub.urls import common

urlpatterns: list[URLPattern | URLResolver] = [
    *common.urlpatterns,
    path("api/v1/", include("agencies.api")),
    path("api/v1/", include("sharing.api")),
]

handler400 = "hub.problems.unreadable"
handler404 = "hub.problems.absent"
handler500 = "hub.problems.broken"
