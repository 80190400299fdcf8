# SPDX-License-Identifier: Apache-2.0
"""JSON bodies, read by the envelope's strict parser: no duplicate member, no lone surrogate, limited depth."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from accord.envelope.encoding import parse_json
from accord.envelope.errors import MalformedError


class StrictJSONParser(JSONParser):
    """Parser that refuses what two readers could read differently; decimals are sent as text."""

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            return parse_json(stream.read(), limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE, where="body")
        except MalformedError as malformed:
            raise ParseError from malformed
