# SPDX-License-Identifier: Apache-2.0
"""A signed-in officer who calls the desk's JSON API in the test's own process."""

import json
from typing import Any

from django.test import Client

from officers.models import Officer


class Session:
    """A session, called as `session("POST", "alerts", body, etag=...)`; further keyword arguments are headers."""

    def __init__(self, officer: Officer, **defaults: Any) -> None:
        self.client = Client(**defaults)
        self.client.force_login(officer, "officers.login.backends.EmailBackend")

    def __call__(self, method: str, path: str, body: Any = None, *, etag: str = "", **headers: str) -> Any:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent |= {"if-match": etag} if etag else {}
        return self.client.generic(
            method,
            f"/api/v1/{path}",
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers=sent,
        )
