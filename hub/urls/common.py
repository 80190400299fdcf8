# SPDX-License-Identifier: Apache-2.0
"""Addresses of both halves: health checks, the API description, and the ledger."""

from django.urls import URLPattern, URLResolver, include, path

from hub import health
from hub.docs import alert_schema
from hub.security_txt import ADDRESS, security_txt
from hub.served_description import Description

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path(ADDRESS, security_txt, name="security-txt"),
    path("healthz", health.healthz, name="healthz"),
    path("api/schema/", Description.as_view(), name="schema"),
    path("api/schema/alert.json", alert_schema, name="alert-schema"),
    path("api/v1/", include("ledger.api")),
]
