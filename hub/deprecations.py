# SPDX-License-Identifier: Apache-2.0
"""Deprecated addresses of the API, in one table: since when, until when, and what to call instead.

Their answers have the headers `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and a `Link` to the successor; the
description marks them. An address stays for at least half a year after it was declared here; `docs/api-changes.md`
lists the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.http import http_date


@dataclass(frozen=True)
class Deprecation:
    """`since` is when it was declared, `sunset` when the address may stop answering."""

    since: datetime
    sunset: datetime
    successor: str

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Deprecation": f"@{int(self.since.timestamp())}",
            "Sunset": http_date(self.sunset.timestamp()),
            "Link": f'<{self.successor}>; rel="successor-version"',
        }


DEPRECATIONS: Final[Mapping[str, Deprecation]] = {
    "alerts/schema": Deprecation(
        since=datetime(2026, 12, 1, tzinfo=UTC),
        sunset=datetime(2027, 7, 1, tzinfo=UTC),
        successor="/api/schema/alert.json",
    )
}
"""Deprecations by address below `/api/v1/`."""


def announce(request: HttpRequest, response: HttpResponse) -> None:
    """Add the headers of a deprecated address, whatever it answers."""
    match = request.resolver_match
    if match is not None and (declared := DEPRECATIONS.get(match.route.removeprefix("api/v1/"))):
        for name, value in declared.headers.items():
            response[name] = value
