# SPDX-License-Identifier: Apache-2.0
"""System checks: settings that must not reach production."""

import re
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks


def register() -> None:
    checks.register(check_addresses, checks.Tags.security, deploy=True)
    checks.register(check_contact, checks.Tags.security)
    checks.register(check_contact_given, checks.Tags.security, deploy=True)


def check_addresses(app_configs: Sequence[Any] | None, **_: Any) -> list[checks.CheckMessage]:
    """Warn where links in mail are not https."""
    if not settings.HUB_URL.startswith("https://"):
        return [
            checks.Warning("HUB_URL is not https; officers would be sent to an open address.", id="hub.W001")
        ]
    return []


def check_contact(app_configs: Sequence[Any] | None, **_: Any) -> list[checks.CheckMessage]:
    """Return an error where the security contact is not a single address."""
    contact = settings.SECURITY_CONTACT
    if contact and not re.fullmatch(r"(mailto:|https://)[\x21-\x7e]+", contact):
        remedy = "Use mailto:ADDRESS or https://..., without spaces; security.txt shows it."
        return [checks.Error("SECURITY_CONTACT is no contact.", hint=remedy, id="hub.E001")]
    return []


def check_contact_given(app_configs: Sequence[Any] | None, **_: Any) -> list[checks.CheckMessage]:
    """Return a warning where a web process names no contact for reports of weaknesses."""
    if settings.SECURITY_CONTACT or settings.ROOT_URLCONF == "hub.urls.nothing":
        return []
    hint = "Set SECURITY_CONTACT to mailto:ADDRESS or https://...; without it /.well-known/security.txt is absent."
    return [checks.Warning("SECURITY_CONTACT is not set.", hint=hint, id="hub.W002")]
