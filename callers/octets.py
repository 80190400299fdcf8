# SPDX-License-Identifier: Apache-2.0
"""Request bodies as raw octets: what was signed is never re-serialised."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from accord.envelope.encoding import MAX_STATEMENT_BYTES


class JoseParser(BaseParser):
    """Parser of a signed object; one octet more than the limit is read, so that a body that is too large is noticed."""

    media_type = "application/jose+json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return stream.read(MAX_STATEMENT_BYTES + 1)


class JsonOctetsParser(JoseParser):
    media_type = "application/json"


SIGNED = [JoseParser, JsonOctetsParser]


def octets_of(request: Request) -> bytes:
    """Return the body that one of these parsers has read; empty where there is none."""
    body: object = request.data
    return body if isinstance(body, bytes) else b""
