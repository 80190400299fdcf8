# SPDX-License-Identifier: Apache-2.0
"""Concurrent submitters, each on one connection that stays open, and a system that polls."""

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
    """An address and its headers."""

    address: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Form:
    """A multipart body and its content type."""

    content_type: str
    body: bytes


@dataclass(frozen=True)
class Posted:
    """The seconds from the first octet to the last answer, and how often the server answered 503 (try later)."""

    seconds: float
    put_off: int


def make_form(parts: Mapping[str, bytes], fields: Sequence[tuple[str, str]] = ()) -> Form:
    """Make a form with each part as a file, so that its octets stay as they are, followed by the fields."""
    boundary = secrets.token_hex(16)
    files = [_part(boundary, f'name="{name}"; filename="{name}"', octets) for name, octets in parts.items()]
    texts = [_part(boundary, f'name="{name}"', text.encode()) for name, text in fields]
    body = b"".join((*files, *texts, f"--{boundary}--\r\n".encode()))
    return Form(f"multipart/form-data; boundary={boundary}", body)


def _part(boundary: str, named: str, octets: bytes) -> bytes:
    kind = "Content-Type: application/octet-stream\r\n" if "filename" in named else ""
    head = f"--{boundary}\r\nContent-Disposition: form-data; {named}\r\n{kind}\r\n"
    return head.encode() + octets + b"\r\n"


def post_all(target: Target, forms: Sequence[Form], *, submitters: int) -> Posted:
    """Post every form once; raise a refusal other than 503."""
    shares = [forms[first::submitters] for first in range(submitters)]
    began = time.perf_counter()
    with ThreadPoolExecutor(submitters) as pool:
        posting = [pool.submit(post_in_turn, target, share) for share in shares]
        put_off = sum(each.result() for each in posting)
    return Posted(time.perf_counter() - began, put_off)


def post_in_turn(target: Target, forms: Sequence[Form]) -> int:
    """Post the forms one after the other over one connection, retrying after 503; return how often that happened."""
    connection = _connect(target)
    try:
        return sum(_post(connection, target, form) for form in forms)
    finally:
        connection.close()


def get_in_turn(target: Target, count: int, *, status: int) -> list[float]:
    """Ask `count` times over one connection; return the seconds of each answer, which must have this status."""
    connection = _connect(target)
    try:
        return [_get(connection, target, status) for _ in range(count)]
    finally:
        connection.close()


def _connect(target: Target) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(target.address).netloc, timeout=60)


def _post(connection: http.client.HTTPConnection, target: Target, form: Form) -> int:
    put_off = 0
    for _ in range(ATTEMPTS):
        headers = {**target.headers, "Content-Type": form.content_type}
        connection.request("POST", target.path, body=form.body, headers=headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != http.HTTPStatus.SERVICE_UNAVAILABLE:
            break
        put_off += 1
        time.sleep(PAUSE_SECS)
    if answer.status != http.HTTPStatus.ACCEPTED:
        raise RuntimeError(f"{target.path}: {answer.status} {said.decode(errors='replace')[:300]}")
    return put_off


def _get(connection: http.client.HTTPConnection, target: Target, status: int) -> float:
    began = time.perf_counter()
    connection.request("GET", target.path, headers=dict(target.headers))
    answer = connection.getresponse()
    said = answer.read()
    taken = time.perf_counter() - began
    if answer.status != status:
        raise RuntimeError(f"{target.path}: {answer.status} {said.decode(errors='replace')[:300]}")
    return taken
