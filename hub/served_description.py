# SPDX-License-Identifier: Apache-2.0
"""The API description as it is served: to anybody, in the notation and language asked for."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils import translation
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from hub.generator import KeptDescription
from hub.kept_answers import answer_kept


class _NotationByName(DefaultContentNegotiation):
    """Content negotiation that also reads `?format=`; no other address does."""

    class settings:  # noqa: N801 - named by the framework
        URL_FORMAT_OVERRIDE = "format"


class _Compact:
    """Without indentation, which would be a third of the size."""

    def get_indent(self, accepted_media_type: str, renderer_context: Any) -> None:
        return None


class _Json(_Compact, OpenApiJsonRenderer):
    pass


class _PlainJson(_Compact, OpenApiJsonRenderer2):
    pass


class Description(APIView):
    """The description, written out once a process, language and notation, and sent compressed."""

    authentication_classes = ()
    permission_classes = [AllowAny]
    throttle_classes = ()
    content_negotiation_class = _NotationByName
    renderer_classes = [OpenApiYamlRenderer, OpenApiYamlRenderer2, _Json, _PlainJson]
    schema = None

    def get(self, request: Request) -> HttpResponse:
        """Return the description; `?lang=` names one of the hub's languages."""
        renderer: Any = request.accepted_renderer
        language = _language(request.query_params.get("lang") or translation.get_language() or "")

        def write() -> bytes:
            generator: Any = KeptDescription
            with translation.override(language):
                described = generator().get_schema(request=None, public=True)
                return bytes(renderer.render(described, renderer.media_type, {}))

        key = ("description", settings.ROOT_URLCONF, type(renderer), language)
        return answer_kept(request._request, key, f"{renderer.media_type}; charset=utf-8", write)


def _language(asked: str) -> str:
    """Return one of the hub's languages: what is kept must not depend on a caller's text."""
    known = dict(settings.LANGUAGES)
    return next((name for name in (asked, asked.partition("-")[0]) if name in known), settings.LANGUAGE_CODE)
