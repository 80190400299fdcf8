# SPDX-License-Identifier: Apache-2.0
"""HTTP to the hub: the one place that opens a connection.

- https with a verified certificate (plain http to this machine only), and a time-out on every call.
- No redirects: the API key goes to one host.
- Answers have a bounded size.
- A call is repeated only where that is safe: reads, and writes that the protocol makes idempotent.
- Refusals become typed errors. No body, key or header is ever part of an error text.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import ssl
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final, Protocol
from urllib.parse import urlencode, urlsplit

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from accord.calls.errors import (
    NO_PROBLEM,
    AbsentError,
    AnswerError,
    ApiKeyRefusedError,
    BusyError,
    HubAddressError,
    ProxyTroubleError,
    RefusedError,
    UnreachableError,
)
from accord.calls.multipart import Moved, MultipartBody, Part
from accord.calls.proxies import Proxy, explain_trouble, pool_through, trouble_of
from accord.envelope.encoding import parse_json
from accord.envelope.errors import MalformedError

API_ROOT: Final = "/api/v1"

_MAX_PROBLEM_BYTES = 64 * 1024
_BUSY = frozenset({429, 502, 503, 504})
_LOOPBACK_NAMES = frozenset({"localhost"})
_KINDS: Final[Mapping[int, type[RefusedError]]] = {401: ApiKeyRefusedError, 404: AbsentError}
_NO_CONNECTION = (ConnectTimeoutError, NameResolutionError, NewConnectionError, ProxyError, SSLError)
_PROBLEM_TYPE = "application/problem+json"
_PROBLEM_PREFIX = "urn:accord:problem:"
_PROBLEM_MEMBERS = ("type", "title", "status", "detail", "instance")
_CHUNK_BYTES = 256 * 1024
_CONNECTIONS = 6
_SLOWEST_BYTES_A_SEC = 1024 * 1024
"""A large body is stored before it is answered: the read time-out grows by this rate."""
KEPT_UP_TO_BYTES: Final = 64 * 1024
MOST_KEPT: Final = 128
_RANGE = re.compile(r"bytes ([0-9]{1,15})-[0-9]{1,15}/.*")


@dataclass(frozen=True)
class Answer:
    """A successful answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Patience:
    """Time-outs and number of tries; seconds."""

    connect_secs: float = 5
    read_secs: float = 30
    tries: int = 4
    backoff_secs: float = 0.3
    longest_pause_secs: int = 30


class Transport(Protocol):
    """Transport of calls to the exchange: one address, one credential; answers bounded, refusals raised as typed errors."""

    def get(self, path: str, *, query: Mapping[str, object] | None = None, accept: str, limit: int) -> Answer:
        """Read; `limit` is the largest body taken, in octets."""
        ...

    def post(
        self, path: str, *, body: bytes, media_type: str, limit: int, repeat: bool, key: str = ""
    ) -> Answer:
        """Write one body. `repeat`: a second sending is harmless. `key`: Idempotency-Key."""
        ...

    def put(self, path: str, *, body: bytes, media_type: str, limit: int, key: str = "") -> Answer:
        """Replace a resource with one body, which is harmless to repeat. `key`: Idempotency-Key."""
        ...

    def post_parts(
        self,
        path: str,
        parts: Sequence[Part],
        *,
        limit: int,
        repeat: bool,
        key: str = "",
        moved: Moved | None = None,
    ) -> Answer:
        """Write a multipart body, its parts byte for byte as given."""
        ...

    def delete(self, path: str, *, limit: int) -> Answer:
        """Delete a resource, which is harmless to repeat."""
        ...

    def download(self, path: str, *, size: int) -> Iterator[bytes]:
        """Yield `size` octets in chunks."""
        ...

    def hub_clock(self) -> int | None:
        """Return the exchange's clock now (seconds), None if unknown."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...


class HttpTransport:
    """Calls to one hub with one API key; safe to use from several threads."""

    def __init__(
        self,
        address: str,
        *,
        api_key: str = "",
        patience: Patience | None = None,
        ca_file: str | None = None,
        proxy: Proxy | None = None,
        most_kept: int = MOST_KEPT,
        key_refused: Callable[[], object] | None = None,
    ) -> None:
        """`address` is the hub's base address without path; `ca_file` replaces the system's authorities.

        `proxy` serves every https address; plain http goes to this machine only, and through no proxy. `key_refused` is called
        each time the hub refuses the API key, before the error is raised.
        """
        self.address = require_hub_address(address)
        self._api_key = api_key
        self._key_refused = key_refused
        self._patience = patience or Patience()
        self._proxy = proxy if self.address.startswith("https:") else None
        options: dict[str, Any] = {
            "timeout": urllib3.Timeout(connect=self._patience.connect_secs, read=self._patience.read_secs),
            "cert_reqs": "CERT_REQUIRED",
            "ssl_minimum_version": ssl.TLSVersion.TLSv1_2,
            "ca_certs": ca_file,
            "blocksize": _CHUNK_BYTES,
            "maxsize": _CONNECTIONS,
        }
        self._pool = pool_through(self._proxy, **options) if self._proxy else urllib3.PoolManager(**options)
        self._heard: tuple[int, float] | None = None
        self._most_kept = most_kept
        self._kept: OrderedDict[str, Answer] = OrderedDict()

    def hub_clock(self) -> int | None:
        """Return the hub's clock now (seconds), going by its last answer; None before it has stated one."""
        if self._heard is None:
            return None
        said, at = self._heard
        return said + int(time.monotonic() - at)

    def get(self, path: str, *, query: Mapping[str, object] | None = None, accept: str, limit: int) -> Answer:
        """Read; retry on failure. `limit` is the largest body taken, in octets.

        A small answer with an ETag is cached in this object, and revalidated by its tag.
        """
        address = path + ("?" + urlencode(query) if query else "")
        kept = self._kept.get(address)
        headers = {"Accept": accept} | ({"If-None-Match": kept.headers["etag"]} if kept else {})
        answer = self._call("GET", address, headers=headers, limit=limit, repeat=True)
        if kept is not None and answer.status == HTTPStatus.NOT_MODIFIED:
            return kept
        self._keep(address, answer)
        return answer

    def post(
        self, path: str, *, body: bytes, media_type: str, limit: int, repeat: bool, key: str = ""
    ) -> Answer:
        """Write one body. `repeat`: the protocol makes a second sending harmless. `key`: Idempotency-Key."""
        return self._write("POST", path, body, media_type, limit=limit, repeat=repeat, key=key)

    def put(self, path: str, *, body: bytes, media_type: str, limit: int, key: str = "") -> Answer:
        """Replace a resource with one body; retry on failure."""
        return self._write("PUT", path, body, media_type, limit=limit, repeat=True, key=key)

    def _write(
        self, method: str, path: str, body: bytes, media_type: str, *, limit: int, repeat: bool, key: str
    ) -> Answer:
        headers = {"Accept": "application/json", "Content-Type": media_type}
        if key:
            headers["Idempotency-Key"] = key
        return self._call(method, path, headers=headers, body=body, limit=limit, repeat=repeat)

    def post_parts(
        self,
        path: str,
        parts: Sequence[Part],
        *,
        limit: int,
        repeat: bool,
        key: str = "",
        moved: Moved | None = None,
    ) -> Answer:
        """Write a multipart body, its parts byte for byte as given; files are read while they are sent."""
        with MultipartBody(parts, moved=moved) as body:
            headers = {
                "Accept": "application/json",
                "Content-Type": body.media_type,
                "Content-Length": str(body.len),
            }
            if key:
                headers["Idempotency-Key"] = key
            return self._call("POST", path, headers=headers, body=body, limit=limit, repeat=repeat)

    def delete(self, path: str, *, limit: int) -> Answer:
        """Delete a resource; retry on failure."""
        return self._call("DELETE", path, headers={"Accept": "application/json"}, limit=limit, repeat=True)

    def download(self, path: str, *, size: int) -> Iterator[bytes]:
        """Yield `size` octets in chunks; a broken connection is resumed where it broke.

        Raises AnswerError for another length, and as `get`. What was yielded is not verified.
        """
        done = broken = 0
        while True:
            try:
                for chunk in self._tail(path, done, size):
                    done += len(chunk)
                    yield chunk
            except HTTPError as exc:
                broken += 1
                if broken >= self._patience.tries:
                    raise self.error_of(exc) from exc
                continue
            if done != size:
                raise _other_length()
            return

    def _keep(self, address: str, answer: Answer) -> None:
        self._kept.pop(address, None)
        if answer.headers.get("etag") and len(answer.body) <= KEPT_UP_TO_BYTES:
            self._kept[address] = answer
        # Another thread may have removed one in between.
        with contextlib.suppress(KeyError):
            while len(self._kept) > self._most_kept:
                self._kept.popitem(last=False)

    def close(self) -> None:
        """Close idle connections."""
        self._pool.clear()

    def _tail(self, path: str, done: int, size: int) -> Iterator[bytes]:
        """Yield the octets after the first `done`, from a hub that sends parts or from one that sends the whole."""
        headers = {"Accept": "*/*"} | ({"Range": f"bytes={done}-"} if done else {})
        response, ended = self._send("GET", path, headers, None, repeat=True), False
        if response.status >= 300:
            raise self._refused(_read(response, 0))
        try:
            position = _begins_at(response.status, response.headers, done)
            for chunk in response.stream(_CHUNK_BYTES):
                if position + len(chunk) > size:
                    raise _other_length()
                if position + len(chunk) > done:
                    yield chunk[max(done - position, 0) :]
                position += len(chunk)
            ended = True
        finally:
            # A connection with unread octets must not be reused for the next call.
            response.release_conn() if ended else response.close()

    def _call(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str],
        limit: int,
        repeat: bool,
        body: bytes | MultipartBody | None = None,
    ) -> Answer:
        try:
            answer = _read(self._send(method, path, headers, body, repeat=repeat), limit)
        except HTTPError as exc:
            raise self._unreachable(exc) from exc
        if answer.status >= 300 and not _is_unchanged(answer, headers):
            raise self._refused(answer)
        return answer

    def _unreachable(self, trouble: HTTPError) -> UnreachableError:
        """Return the error; it `is_unsent` only if the single try found no connection, since an earlier try may have arrived."""
        unreachable = self.error_of(trouble)
        reason = trouble.reason if isinstance(trouble, MaxRetryError) else trouble
        unreachable.is_unsent = self._patience.tries == 1 and isinstance(reason, _NO_CONNECTION)
        return unreachable

    def error_of(self, trouble: HTTPError) -> UnreachableError:
        """Return the error for why a call got no answer, and whether that was the proxy's fault."""
        found = trouble_of(trouble) if self._proxy else None
        if self._proxy and found:
            return ProxyTroubleError(explain_trouble(self._proxy, self.address, *found), *found)
        return UnreachableError(explain(self.address, trouble, proxied=self._proxy is not None))

    def _refused(self, answer: Answer) -> Exception:
        refusal = _refusal(answer)
        if isinstance(refusal, ApiKeyRefusedError) and self._key_refused is not None:
            self._key_refused()
        return refusal

    def _send(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes | MultipartBody | None,
        *,
        repeat: bool,
    ) -> urllib3.BaseHTTPResponse:
        if self._api_key:
            headers["Authorization"] = f"Api-Key {self._api_key}"
        more_secs = body.len // _SLOWEST_BYTES_A_SEC if isinstance(body, MultipartBody) else 0
        patience = self._patience
        response = self._pool.request(
            method,
            self.address + API_ROOT + path,
            body=body,
            headers=headers,
            retries=self._retries(method, repeat=repeat),
            timeout=urllib3.Timeout(connect=patience.connect_secs, read=patience.read_secs + more_secs),
            redirect=False,
            preload_content=False,
        )
        said = moment_of(response.headers)
        self._heard = self._heard if said is None else (said, time.monotonic())
        return response

    def _retries(self, method: str, *, repeat: bool) -> urllib3.Retry:
        again = self._patience.tries - 1
        return urllib3.Retry(
            total=again,
            # A connection that was never made carried nothing, so any method may be tried again.
            connect=again,
            read=again if repeat else 0,
            status=again if repeat else 0,
            # A proxy that refuses is asked once: some lock an account after a few wrong passwords.
            other=0 if self._proxy else None,
            redirect=0,
            allowed_methods={"GET", method} if repeat else {"GET"},
            status_forcelist=_BUSY if repeat else (),
            backoff_factor=self._patience.backoff_secs,
            retry_after_max=self._patience.longest_pause_secs,
            raise_on_status=False,
            raise_on_redirect=False,
        )


def require_hub_address(address: str) -> str:
    """Return the address without a trailing slash; raise HubAddressError unless https, or http to this machine."""
    parts = urlsplit(address)
    try:
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        has_port = False
    if not parts.hostname or not has_port or parts.query or parts.fragment or parts.username:
        raise HubAddressError("The hub's address must look like https://hub.example")
    if parts.path not in ("", "/"):
        raise HubAddressError("Give the hub's address without a path, like https://hub.example")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_this_machine(parts.hostname)):
        raise HubAddressError("The hub's address must begin with https://")
    return f"{parts.scheme}://{parts.netloc}"


def is_this_machine(host: str) -> bool:
    """Tell whether a host is the loopback interface, by name or number, without a DNS lookup."""
    if host.lower() in _LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _read(response: urllib3.BaseHTTPResponse, limit: int) -> Answer:
    cap = limit if response.status < 300 else _MAX_PROBLEM_BYTES
    chunks, size = [], 0
    try:
        for chunk in response.stream(64 * 1024):
            size += len(chunk)
            if size > cap:
                if response.status >= 300:
                    # A foreign page of any length tells no more than its status.
                    return Answer(response.status, {}, b"")
                raise AnswerError(f"The hub's answer is larger than the protocol allows ({cap} octets).")
            chunks.append(chunk)
    finally:
        # A connection with unread octets must not be reused for the next call.
        response.release_conn() if size <= cap else response.close()
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status, headers, b"".join(chunks))


def _is_unchanged(answer: Answer, asked: Mapping[str, str]) -> bool:
    return answer.status == HTTPStatus.NOT_MODIFIED and "If-None-Match" in asked


def _refusal(answer: Answer) -> Exception:
    refused = refusal_of(answer.status, _problem(answer))
    if isinstance(refused, RefusedError):
        refused.answered_at = moment_of(answer.headers)
    return refused


def refusal_of(status: int, problem: Mapping[str, Any]) -> RefusedError | BusyError:
    """Return the error that a problem (RFC 9457) stands for; a proxy's page says nothing about key, object or address."""
    kind_of_problem = str(problem.get("type") or "")
    is_of_hub = kind_of_problem.startswith(_PROBLEM_PREFIX)
    plain = "The hub refused" if is_of_hub else "The answer is none of the hub's problems"
    title = str(problem.get("title") or f"{plain} (HTTP {status}).")
    detail = str(problem.get("detail") or "")
    if status in _BUSY:
        return BusyError(f"The hub cannot serve this now: {title} Try again later.", status)
    kind = _KINDS.get(status, RefusedError) if is_of_hub else RefusedError
    slug = kind_of_problem.removeprefix(_PROBLEM_PREFIX) if is_of_hub else NO_PROBLEM
    more = {name: value for name, value in problem.items() if name not in _PROBLEM_MEMBERS}
    return kind(status, slug, title, detail, more)


def moment_of(headers: Mapping[str, str]) -> int | None:
    """Return the hub's clock; use it only as a hint to a person."""
    try:
        return int(parsedate_to_datetime(headers["date"]).timestamp())
    except (KeyError, ValueError, OverflowError):
        return None


def _begins_at(status: int, headers: Mapping[str, str], done: int) -> int:
    """Return where the body of an answer begins; refuse a part that begins elsewhere than asked for."""
    if status != 206:
        return 0
    named = _RANGE.fullmatch(headers.get("Content-Range", ""))
    if named is None or int(named[1]) != done:
        raise AnswerError("The hub gave another part of an attachment than the one asked for.")
    return done


def _other_length() -> AnswerError:
    return AnswerError("The hub gave an attachment with another length than the sender signed.")


def _problem(answer: Answer) -> dict[str, Any]:
    if answer.headers.get("content-type", "").partition(";")[0].strip().lower() != _PROBLEM_TYPE:
        return {}
    try:
        value = parse_json(answer.body, limit=_MAX_PROBLEM_BYTES, where="problem")
    except MalformedError:
        return {}
    return value if isinstance(value, dict) else {}


def explain(address: str, error: HTTPError, *, proxied: bool = False) -> str:
    """Return a sentence on why a call to this address got no answer; it holds nothing of the call."""
    cause = error.reason if isinstance(error, MaxRetryError) and error.reason else error
    if isinstance(cause, NameResolutionError):
        return f"The name of {address} is not known. Check the address and the network."
    if isinstance(cause, SSLError) and proxied:
        return (
            f"Through the proxy {address} shows no certificate that is trusted. Either the proxy inspects TLS, and its authority"
            " is not known here, or something else answers in the place of the hub. Do not go on before you know which."
        )
    if isinstance(cause, SSLError):
        return f"The certificate of {address} is not trusted. Check the address; do not go on."
    if isinstance(cause, NewConnectionError):
        return f"{address} refuses connections. Is the hub up, and the address right?"
    if isinstance(cause, (ConnectTimeoutError, ReadTimeoutError)):
        return f"{address} did not answer in time. Try again later."
    return f"The connection to {address} broke ({type(cause).__name__}). Try again."
