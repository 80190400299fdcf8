# SPDX-License-Identifier: Apache-2.0
"""Here is an officer at the desk, over HTTP: signs in as a browser does, then speaks the desk's JSON."""

import json
import re
from http.cookies import SimpleCookie
from typing import Any

import urllib3

from demo.ticks import StepFailedError

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
TIMEOUT = urllib3.Timeout(connect=5, read=30)


class DeskSession:
    """One signed-in officer."""

    def __init__(self, hub_url: str, email: str, password: str) -> None:
        self._url = hub_url
        self._pool = urllib3.PoolManager(timeout=TIMEOUT, retries=False)
        self._cookies: dict[str, str] = {}
        self._sign_in(email, password)

    def get(self, path: str) -> dict[str, Any]:
        return self._json("GET", path)

    def post(self, path: str, body: Any = None, *, etag: str = "") -> dict[str, Any]:
        return self._json("POST", path, body, etag)

    def attach(self, path: str, filename: str, data: bytes, *, etag: str) -> dict[str, Any]:
        """Uploads one file."""
        body, content_type = urllib3.encode_multipart_formdata({"file": (filename, data)})
        return self._answer(
            self._call("POST", f"/api/v1{path}", body, {"Content-Type": content_type, "If-Match": etag})
        )

    def page(self, path: str) -> str:
        """The HTML of a page."""
        return self._call("GET", path, None, {}).data.decode()

    def _sign_in(self, email: str, password: str) -> None:
        token = self._token_on("/login/")
        form = {"csrfmiddlewaretoken": token, "username": email, "password": password, "next": "/"}
        body, content_type = urllib3.encode_multipart_formdata(form)
        answer = self._call("POST", "/login/", body, {"Content-Type": content_type})
        if answer.status != 302:
            raise StepFailedError(
                f"{email} could not sign in ({answer.status}).",
                "Run ./dev reset; passwords belong to one seeding.",
            )
        self._csrf = self._token_on("/")

    def _token_on(self, path: str) -> str:
        found = TOKEN.search(self.page(path))
        if found is None:
            raise StepFailedError(f"The page {path} has no form to sign in or out with.")
        return found[1]

    def _json(self, method: str, path: str, body: Any = None, etag: str = "") -> dict[str, Any]:
        headers = {"Accept": "application/json"}
        if method == "POST":
            headers |= {"Content-Type": "application/json", "X-CSRFToken": self._csrf}
        if etag:
            headers["If-Match"] = etag
        octets = None if body is None and method == "GET" else json.dumps(body or {}).encode()
        return self._answer(self._call(method, f"/api/v1{path}", octets, headers))

    def _answer(self, answer: urllib3.BaseHTTPResponse) -> dict[str, Any]:
        if answer.status >= 300:
            raise StepFailedError(f"The desk answered {answer.status}: {answer.data.decode()[:500]}")
        value: dict[str, Any] = json.loads(answer.data)
        return value | {"etag": answer.headers.get("ETag", "")}

    def _call(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> urllib3.BaseHTTPResponse:
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())} | headers
        if method == "POST" and path.startswith("/api/"):
            sent["X-CSRFToken"] = self._csrf
        answer = self._pool.request(method, f"{self._url}{path}", body=body, headers=sent, redirect=False)
        for header in answer.headers.getlist("Set-Cookie"):
            self._cookies |= {name: morsel.value for name, morsel in SimpleCookie(header).items()}
        return answer
