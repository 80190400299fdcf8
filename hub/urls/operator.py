# SPDX-License-Identifier: Apache-2.0
"""Addresses of the operator: pages behind a passkey, and health checks. No API, and nothing of a desk."""

from django.urls import URLPattern, URLResolver, path

from hub import health
from operators.pages.urls import PAGES

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    *(page.pattern() for page in PAGES),
]

handler400 = "operators.pages.errors.unreadable"
handler404 = "operators.pages.errors.absent"
handler500 = "operators.pages.errors.broken"
