# SPDX-License-Identifier: Apache-2.0
"""A visitor who sets an own desk up over HTTP: forms as its pages have them, by a published port of this machine."""

import html
import re
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Final

import urllib3

from demo.desk import CODES, SECOND_STEP, SECRET, TOKEN
from demo.telephone import Telephone
from demo.ticks import StepFailedError
from devtool.ports import LOOPBACK

_HIDDEN: Final = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


class Visitor:
    """A browser without cookies, which resolves the desk's name itself."""

    def __init__(self, host: str, port: int, authority: Path, telephone: Telephone) -> None:
        self._host, self._telephone = host, telephone
        self._cookies: dict[str, str] = {}
        self._pool = urllib3.HTTPSConnectionPool(
            LOOPBACK,
            port,
            server_hostname=host,
            assert_hostname=host,
            ca_certs=str(authority),
            cert_reqs="CERT_REQUIRED",
            timeout=urllib3.Timeout(connect=5, read=30),
            retries=False,
        )

    def get(self, path: str) -> urllib3.BaseHTTPResponse:
        return self._call("GET", path)

    def is_answered(self) -> bool:
        """Tell whether the desk answers: its proxy may be a moment behind its containers."""
        try:
            return self.get("/livez").status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def text(self, path: str) -> str:
        """Return the HTML of a page that answers 200."""
        return self._text_of(self.get(path), path)

    def send(self, path: str, page: str = "", **fields: str) -> urllib3.BaseHTTPResponse:
        """Send a form with its hidden fields; read the page first unless it is given."""
        page = page or self.text(path)
        token = TOKEN.search(page)
        if token is None:
            raise StepFailedError(f"The page {path} has no form.")
        hidden = {name: html.unescape(value) for name, value in _HIDDEN.findall(page)}
        body, content_type = urllib3.encode_multipart_formdata(
            {**hidden, "csrfmiddlewaretoken": token[1], **fields}
        )
        return self._call(
            "POST", path, body, {"Content-Type": content_type, "Origin": f"https://{self._host}"}
        )

    def sent(self, path: str, page: str = "", **fields: str) -> str:
        """Send a form that is accepted without a redirect; return the HTML of the answer."""
        return self._text_of(self.send(path, page, **fields), path)

    def sign_in(self, email: str, password: str) -> None:
        """Sign in with a second factor, setting it up the first time."""
        answer = self.send("/login/", username=email, password=password, next="/")
        if answer.status != 302:
            raise StepFailedError(f"{email} could not sign in ({answer.status}).")
        if answer.headers["Location"] == SECOND_STEP:
            self.send(SECOND_STEP, proof_code=self._telephone.code())
            return
        page = self.sent(CODES)
        found = SECRET.search(page)
        if found is None:
            raise StepFailedError(f"The page {CODES} shows no secret to keep.")
        self._telephone.keep(found[1])
        self.send(CODES, page, code=self._telephone.code())

    def _text_of(self, answer: urllib3.BaseHTTPResponse, path: str) -> str:
        if answer.status != 200:
            raise StepFailedError(f"{path} was answered {answer.status}.")
        return answer.data.decode()

    def _call(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        sent = {"Host": self._host, "Cookie": cookies, **(headers or {})}
        answer = self._pool.request(method, path, body=body, headers=sent, redirect=False)
        for header in answer.headers.getlist("Set-Cookie"):
            self._cookies |= {name: morsel.value for name, morsel in SimpleCookie(header).items()}
        return answer
