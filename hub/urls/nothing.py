# SPDX-License-Identifier: Apache-2.0
"""Empty table of addresses, for roles that accept no connections."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
