# SPDX-License-Identifier: Apache-2.0
"""Redirects after an act, only ever to an address of this site."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


def own_address(request: HttpRequest, given: str) -> str:
    """Return the given address if it is of this site, else the start page. Schemes, hosts and backslashes are refused."""
    is_ours = url_has_allowed_host_and_scheme(given, allowed_hosts=None, require_https=request.is_secure())
    return given if given.startswith("/") and is_ours else reverse("admin:index")
