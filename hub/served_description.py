# SPDX-License-Identifier: Apache-2.0
"""The API description as it is served: written out once a process, language and notation."""

from typing import Any, Final, cast

from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.views import SpectacularAPIView
from rest_framework.renderers import BaseRenderer

from hub.generator import is_kept

_written: Final[dict[tuple[int, type[BaseRenderer]], bytes]] = {}
"""By the identity of a kept description."""


class _WrittenOnce(BaseRenderer):
    """To write a description out takes as long as to work it out."""

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        key = (id(data), type(self))
        if key in _written and accepted_media_type == self.media_type:
            return _written[key]
        octets = cast("bytes", super().render(data, accepted_media_type, renderer_context))
        # Who asks for a parameter beside (an indent) gets an answer of his own, so that nobody fills the memory.
        if is_kept(data) and accepted_media_type == self.media_type:
            _written[key] = octets
        return octets


class _Yaml(_WrittenOnce, OpenApiYamlRenderer):
    pass


class _PlainYaml(_WrittenOnce, OpenApiYamlRenderer2):
    pass


class _Json(_WrittenOnce, OpenApiJsonRenderer):
    pass


class _PlainJson(_WrittenOnce, OpenApiJsonRenderer2):
    pass


class Description(SpectacularAPIView):
    """The API description, in the notation that is asked for."""

    renderer_classes = [_Yaml, _PlainYaml, _Json, _PlainJson]
