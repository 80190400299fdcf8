# SPDX-License-Identifier: Apache-2.0
"""An officer at the desk, over HTTP: signs in as a browser does, then uses the desk's JSON.

Where a second factor is required, one-time codes are set up at the first sign-in and used at later ones.
"""

import json
import re
from http.cookies import SimpleCookie
from typing import Any

import urllib3

from demo.telephone import Telephone
from demo.ticks import StepFailedError

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
SECRET = re.compile(r'id="totp-secret">([A-Z2-7 ]+)<')
SECOND_STEP, SECURITY, CODES = "/login/second/", "/security/", "/security/totp/"
CONFIRM = "/confirm/"


class DeskBrowser:
    """A visitor of the desk's pages, signed in or not."""

    READ_SECONDS = 30
    """The longest that a person waits for an answer."""

    def __init__(self, hub_url: str) -> None:
        self._url = hub_url
        patience = urllib3.Timeout(connect=5, read=self.READ_SECONDS)
        self._pool = urllib3.PoolManager(timeout=patience, retries=False)
        self._cookies: dict[str, str] = {}
        self._csrf = ""

    def page(self, path: str) -> str:
        """Return the HTML of a page."""
        return self._call("GET", path, None, {}).data.decode()

    def file(self, path: str) -> bytes:
        """Return the octets at a path."""
        return self._call("GET", path, None, {}).data

    def send_form(
        self, path: str, page: str = "", **fields: str | list[str] | tuple[str, bytes]
    ) -> urllib3.BaseHTTPResponse:
        """Submit a form as its page has it; read the page first unless it is given. A file is its name and its octets."""
        token = self._token_in(page or self.page(path), path)
        sent: list[tuple[str, str | tuple[str, bytes]]] = [("csrfmiddlewaretoken", token)]
        for name, value in fields.items():
            sent += [(name, one) for one in (value if isinstance(value, list) else [value])]
        body, content_type = urllib3.encode_multipart_formdata(sent)
        return self._call("POST", path, body, {"Content-Type": content_type})

    def _token_on(self, path: str) -> str:
        return self._token_in(self.page(path), path)

    def _token_in(self, page: str, path: str) -> str:
        found = TOKEN.search(page)
        if found is None:
            raise StepFailedError(f"The page {path} has no form to sign in or out with.")
        return found[1]

    def _call(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> urllib3.BaseHTTPResponse:
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())} | headers
        if method == "POST":
            # As a browser sends it; over https the desk accepts no form without it.
            sent["Origin"] = self._url
        if method == "POST" and path.startswith("/api/"):
            sent["X-CSRFToken"] = self._csrf
        answer = self._pool.request(method, f"{self._url}{path}", body=body, headers=sent, redirect=False)
        for header in answer.headers.getlist("Set-Cookie"):
            self._cookies |= {name: morsel.value for name, morsel in SimpleCookie(header).items()}
        return answer


class DeskSession(DeskBrowser):
    """One signed-in officer."""

    def __init__(self, hub_url: str, email: str, password: str, telephone: Telephone) -> None:
        super().__init__(hub_url)
        self._telephone, self._password = telephone, password
        self._sign_in(email, password)

    def get(self, path: str) -> dict[str, Any]:
        return self._json("GET", path)

    def post(self, path: str, body: Any = None, *, etag: str = "") -> dict[str, Any]:
        return self._json("POST", path, body, etag)

    def attach(self, path: str, filename: str, data: bytes, *, etag: str) -> dict[str, Any]:
        """Upload one file."""
        body, content_type = urllib3.encode_multipart_formdata({"file": (filename, data)})
        return self._answer(
            self._call("POST", f"/api/v1{path}", body, {"Content-Type": content_type, "If-Match": etag})
        )

    def prove_again(self) -> None:
        """Answer whether it is still this officer: by a code where codes are set up, else by the password."""
        page = self.page(CONFIRM)
        by_code = {"proof_code": self._telephone.code()} if 'name="proof_code"' in page else {}
        self.send_form(CONFIRM, page, **(by_code or {"proof_password": self._password}))

    def _sign_in(self, email: str, password: str) -> None:
        answer = self.send_form("/login/", username=email, password=password, next="/")
        if answer.status != 302:
            raise StepFailedError(
                f"{email} could not sign in ({answer.status}).",
                "Run ./dev reset; passwords belong to one seeding.",
            )
        if answer.headers["Location"] == SECOND_STEP:
            self.send_form(SECOND_STEP, proof_code=self._telephone.code())
        elif self._call("GET", "/", None, {}).headers.get("Location") == SECURITY:
            self._set_up_codes()
        self._csrf = self._token_on("/")

    def _set_up_codes(self) -> None:
        """Set up one-time codes: without a required second factor nothing else is open."""
        page = self.send_form(CODES).data.decode()
        found = SECRET.search(page)
        if found is None:
            raise StepFailedError(f"The page {CODES} shows no secret to keep.")
        self._telephone.keep(found[1])
        self.send_form(CODES, page, code=self._telephone.code())

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
