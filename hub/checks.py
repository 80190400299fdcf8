# SPDX-License-Identifier: Apache-2.0
"""System checks: settings that must not reach production."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks


def register() -> None:
    checks.register(check_addresses, checks.Tags.security, deploy=True)


def check_addresses(app_configs: Sequence[Any] | None, **_: Any) -> list[checks.CheckMessage]:
    """Links in mail must be https outside development."""
    if not settings.HUB_URL.startswith("https://"):
        return [
            checks.Warning("HUB_URL is not https; officers would be sent to an open address.", id="hub.W001")
        ]
    return []
