# SPDX-License-Identifier: Apache-2.0
"""Roles that accept no connections serve no address."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
