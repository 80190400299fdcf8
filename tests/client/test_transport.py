# SPDX-License-Identifier: Apache-2.0
"""Calls to the hub: https only, repeated only if that is safe, refusals as typed errors."""

import json
from collections.abc import Iterator

import pytest

from accord.calls.multipart import Part
from accord.calls.transport import (
    KEPT_UP_TO_BYTES,
    MOST_KEPT,
    HttpTransport,
    Patience,
    require_hub_address,
)
from accord.client.errors import (
    AbsentError,
    AnswerError,
    ApiKeyRefusedError,
    BusyError,
    HubAddressError,
    RefusedError,
    UnreachableError,
)
from tests.client.scripted_hub import ScriptedHub

QUICK = Patience(connect_secs=2, read_secs=5, tries=3, backoff_secs=0, longest_pause_secs=1)


@pytest.fixture
def transport(hub: ScriptedHub) -> Iterator[HttpTransport]:
    transport = HttpTransport(hub.address, api_key="abc.secret", patience=QUICK)
    yield transport
    transport.close()


def read(transport: HttpTransport, limit: int = 1000) -> bytes:
    return transport.get("/inbox", query={"after": 3}, accept="application/json", limit=limit).body


def write(transport: HttpTransport, *, repeat: bool) -> bytes:
    media = "application/jose+json"
    return transport.post("/statements", body=b"{}", media_type=media, limit=1000, repeat=repeat).body


def problem(status: int, **members: object) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/problem+json"}, json.dumps(members).encode()


def test_a_read_carries_the_key_and_the_query(hub: ScriptedHub, transport: HttpTransport) -> None:
    assert read(transport) == b"{}"
    method, path, headers, _ = hub.asked[0]
    assert (method, path) == ("GET", "/api/v1/inbox?after=3")
    assert headers["authorization"] == "Api-Key abc.secret"


def test_what_has_not_changed_is_not_sent_again(hub: ScriptedHub, transport: HttpTransport) -> None:
    hub.answers[:] = [(200, {"ETag": '"1"'}, b"[1]"), (304, {"ETag": '"1"'}, b""), (200, {}, b"[2]")]
    assert [read(transport) for _ in range(3)] == [b"[1]", b"[1]", b"[2]"]
    tags = [headers.get("if-none-match") for _, _, headers, _ in hub.asked]
    assert tags == [None, '"1"', '"1"']
    hub.answers[:] = [(304, {}, b"")]
    with pytest.raises(RefusedError):
        read(transport)


def test_so_much_is_kept_and_no_more(hub: ScriptedHub, transport: HttpTransport) -> None:
    hub.answers[:] = [(200, {"ETag": '"1"'}, b"{}")]
    for number in range(MOST_KEPT + 1):
        transport.get("/inbox", query={"after": number}, accept="application/json", limit=1000)
    hub.answers[:] = [(200, {"ETag": '"1"'}, b" " * (KEPT_UP_TO_BYTES + 1))]
    transport.get("/large", accept="application/json", limit=KEPT_UP_TO_BYTES + 1)
    for path in ("/inbox?after=0", "/large", "/inbox?after=1"):
        transport.get(path, accept="application/json", limit=KEPT_UP_TO_BYTES + 1)
    assert [asked[2].get("if-none-match") for asked in hub.asked[-3:]] == [None, None, '"1"']


def test_a_busy_hub_is_asked_again(hub: ScriptedHub, transport: HttpTransport) -> None:
    hub.answers[:] = [(503, {"Retry-After": "0"}, b""), (429, {}, b""), (200, {}, b"[]")]
    assert read(transport) == b"[]"
    assert len(hub.asked) == 3


def test_a_hub_that_stays_busy_is_told_so(hub: ScriptedHub, transport: HttpTransport) -> None:
    hub.answers[:] = [problem(503, title="Too many submissions wait.")]
    with pytest.raises(BusyError, match="Too many submissions wait") as caught:
        read(transport)
    assert (caught.value.status, len(hub.asked)) == (503, 3)


def test_a_broken_connection_is_tried_again_where_a_repeat_is_harmless(
    hub: ScriptedHub, transport: HttpTransport
) -> None:
    hub.answers[:] = [(0, {}, b""), (202, {}, b"{}")]
    assert write(transport, repeat=True) == b"{}"
    assert [asked[3] for asked in hub.asked] == [b"{}", b"{}"]


def test_a_write_that_must_not_be_repeated_is_sent_once(hub: ScriptedHub, transport: HttpTransport) -> None:
    hub.answers[:] = [(0, {}, b""), (202, {}, b"{}")]
    with pytest.raises(UnreachableError):
        write(transport, repeat=False)
    assert len(hub.asked) == 1


@pytest.mark.parametrize(
    ("status", "kind"), [(401, ApiKeyRefusedError), (404, AbsentError), (409, RefusedError)]
)
def test_a_refusal_keeps_what_the_problem_says(
    hub: ScriptedHub, transport: HttpTransport, status: int, kind: type[RefusedError]
) -> None:
    hub.answers[:] = [
        problem(
            status,
            type="urn:accord:problem:keyset-stale",
            title="Stale.",
            detail="Read.",
            agencies=["xa-lab"],
        )
    ]
    with pytest.raises(RefusedError) as caught:
        write(transport, repeat=True)
    refused = caught.value
    assert type(refused) is kind
    assert (refused.status, refused.slug, str(refused)) == (status, "keyset-stale", "Stale. Read.")
    assert (refused.members, len(hub.asked)) == ({"agencies": ["xa-lab"]}, 1)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"title":"a","title":"b"}'])
def test_a_refusal_without_a_sound_problem_is_still_a_refusal(
    hub: ScriptedHub, transport: HttpTransport, body: bytes
) -> None:
    hub.answers[:] = [(500, {}, body)]
    with pytest.raises(RefusedError, match="HTTP 500"):
        read(transport)


def test_a_redirect_is_not_followed(hub: ScriptedHub, transport: HttpTransport) -> None:
    hub.answers[:] = [(302, {"Location": "http://127.0.0.1:1/elsewhere"}, b"")]
    with pytest.raises(RefusedError, match="HTTP 302"):
        read(transport)
    assert len(hub.asked) == 1


def test_an_answer_over_its_limit_is_refused(hub: ScriptedHub, transport: HttpTransport) -> None:
    hub.answers[:] = [(200, {}, b"x" * 11)]
    assert read(transport, limit=11) == b"x" * 11
    with pytest.raises(AnswerError):
        read(transport, limit=10)


def test_parts_travel_octet_for_octet(hub: ScriptedHub, transport: HttpTransport) -> None:
    blob = bytes(range(256))
    parts = [
        Part("manifest", "m", b"{}", "application/jose+json"),
        Part("blob-0", "b", blob, "application/octet-stream"),
    ]
    transport.post_parts("/envelopes", parts, limit=1000, repeat=True, key="0190")
    _, _, headers, body = hub.asked[0]
    assert headers["content-type"].startswith("multipart/form-data; boundary=")
    assert headers["idempotency-key"] == "0190"
    assert b"\r\n\r\n" + blob + b"\r\n" in body


def test_a_hub_that_is_down_is_one_clear_sentence() -> None:
    transport = HttpTransport("http://127.0.0.1:9", patience=QUICK)
    with pytest.raises(UnreachableError, match="refuses connections"):
        read(transport)


def test_no_error_shows_the_key(hub: ScriptedHub, transport: HttpTransport) -> None:
    hub.answers[:] = [(0, {}, b"")]
    with pytest.raises(UnreachableError) as caught:
        read(transport)
    assert "secret" not in str(caught.value)


def test_plain_http_to_a_machine_that_speaks_tls_or_not_at_all(hub: ScriptedHub) -> None:
    transport = HttpTransport(hub.address.replace("http:", "https:"), patience=QUICK)
    with pytest.raises(UnreachableError, match="certificate"):
        read(transport)
    transport.close()


@pytest.mark.parametrize(
    "address",
    [
        "https://hub.example",
        "https://hub.example/",
        "https://hub.example:8443",
        "http://127.0.0.1:8000",
        "http://localhost:8000",
        "http://[::1]:8000",
    ],
)
def test_addresses_that_may_be_called(address: str) -> None:
    assert require_hub_address(address) == address.rstrip("/")


@pytest.mark.parametrize(
    "address",
    [
        "http://hub.example",
        "http://10.0.0.1",
        "http://localhost.example",
        "hub.example",
        "",
        "ftp://hub.example",
        "https://",
        "https://hub.example/api",
        "https://hub.example?x=1",
        "https://me:pw@hub.example",
        "https://hub.example:99999",
    ],
)
def test_addresses_that_may_not_be_called(address: str) -> None:
    with pytest.raises(HubAddressError):
        require_hub_address(address)
