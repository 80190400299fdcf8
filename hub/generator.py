# SPDX-License-Identifier: Apache-2.0
"""Generator of the API description, which it makes once for each process and language: anybody may ask, and it takes half
a second.
"""

from typing import Any, Final

from django.utils.translation import get_language
from drf_spectacular.generators import SchemaGenerator

_kept: Final[dict[tuple[str | None, str], dict[str, Any]]] = {}


class KeptDescription(SchemaGenerator):
    """Generator that keeps what depends only on the addresses; callers must not change it."""

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:
        if not public or self.api_version:
            return self._worked_out(request, public)
        key = (self.urlconf, get_language() or "")
        if key not in _kept:
            _kept[key] = self._worked_out(request, public)
        return _kept[key]

    def _worked_out(self, request: Any, public: bool) -> dict[str, Any]:
        description: dict[str, Any] = super().get_schema(request=request, public=public)  # type: ignore[no-untyped-call]
        return description
