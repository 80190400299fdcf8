# SPDX-License-Identifier: Apache-2.0
"""The browsable API description; the only page whose policy allows the viewer's inline script and style."""

from csp.decorators import csp_update
from django.utils.decorators import method_decorator
from drf_spectacular.views import SpectacularSwaggerView


@method_decorator(
    csp_update({"script-src": ["'unsafe-inline'"], "style-src": ["'unsafe-inline'"], "img-src": ["data:"]}),
    name="dispatch",
)
class ApiDocsView(SpectacularSwaggerView):
    """Swagger UI from files of our own origin; it shows the schema and holds no session of its own."""

    url_name = "schema"
    http_method_names = ("get", "head")
