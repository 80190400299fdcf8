# SPDX-License-Identifier: Apache-2.0
"""Several submitters at once, each on one connection that stays open."""

import http.client
import secrets
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

ATTEMPTS = 20
PAUSE_SECS = 0.05


@dataclass(frozen=True)
class Target:
    """Where to post, and with which headers."""

    address: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Form:
    """A multipart body and its content type."""

    content_type: str
    body: bytes


def make_form(parts: Mapping[str, bytes]) -> Form:
    """Each part as a file, so that its octets stay as they are."""
    boundary = secrets.token_hex(16)
    body = b"".join(
        b"".join(
            (
                f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n'.encode(),
                b"Content-Type: application/octet-stream\r\n\r\n",
                octets,
                b"\r\n",
            )
        )
        for name, octets in parts.items()
    )
    return Form(f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--\r\n".encode())


def post_all(target: Target, forms: Sequence[Form], *, submitters: int) -> float:
    """Post every form once; the seconds from the first octet to the last answer."""
    shares = [forms[first::submitters] for first in range(submitters)]
    began = time.perf_counter()
    with ThreadPoolExecutor(submitters) as pool:
        for submitting in [pool.submit(post_in_turn, target, share) for share in shares]:
            submitting.result()
    return time.perf_counter() - began


def post_in_turn(target: Target, forms: Sequence[Form]) -> None:
    """One after the other over one connection; a server that asks for patience gets some."""
    connection = http.client.HTTPConnection(urlsplit(target.address).netloc, timeout=60)
    try:
        for form in forms:
            _post(connection, target, form)
    finally:
        connection.close()


def _post(connection: http.client.HTTPConnection, target: Target, form: Form) -> None:
    for _ in range(ATTEMPTS):
        headers = {**target.headers, "Content-Type": form.content_type}
        connection.request("POST", target.path, body=form.body, headers=headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != http.HTTPStatus.SERVICE_UNAVAILABLE:
            break
        time.sleep(PAUSE_SECS)
    if answer.status != http.HTTPStatus.ACCEPTED:
        raise RuntimeError(f"{target.path}: {answer.status} {said.decode(errors='replace')[:300]}")
