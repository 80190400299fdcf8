# SPDX-License-Identifier: Apache-2.0
"""Odd addresses and odd or large bodies: a clear refusal, no needless reading, never a 500."""

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from pytest_django import Settings

from hub.uploads import MAX_UPLOAD_BYTES
from tests.builders import Hub
from tests.pages.desk_world import DeskWorld

ODD_TEXTS = ("%00", "%ED%A0%80", "9" * 20, "a" * 5000, "..%2F..%2Fetc%2Fpasswd", "%0d%0aSet-Cookie:x")


@pytest.fixture
def caller(db: None, tmp_path: Path) -> Client:
    hub = Hub(tmp_path / "ledger", now=timezone.now())
    return Client(headers={"authorization": hub.api_key(hub.make_agency("xa-lab"))})


@pytest.fixture
def desk(db: None, tmp_path: Path) -> DeskWorld:
    return DeskWorld.kept(tmp_path / "ledger")


def _session(desk: DeskWorld, login: str, **options: bool) -> Client:
    client = Client(**options)  # type: ignore[arg-type]
    client.force_login(desk.officers[login], "officers.login.backends.EmailBackend")
    return client


def _routes(urlconf: str, text: str) -> Iterator[str]:
    """Yield every address with text parameters, each parameter replaced by `text`."""

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[str]:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            elif "<str:" in route:
                yield (
                    "/"
                    + route.replace("<int:n>", "0").replace("<int:", "<").split("<")[0]
                    + text
                    + (route.rpartition(">")[2])
                )

    yield from walk(get_resolver(urlconf).url_patterns, "")


def test_an_odd_text_in_an_address_is_absent_or_refused(caller: Client) -> None:
    for text in ODD_TEXTS:
        routes = list(_routes("hub.urls.exchange", text))
        assert len(routes) >= 5
        for route in routes:
            assert 400 <= caller.get(route).status_code < 500, route[:80]


def test_an_odd_text_in_a_query_is_refused_or_finds_nothing(desk: DeskWorld) -> None:
    officer = _session(desk, "benno")
    boxes, names = (
        ("inbox", "outbox", "drafts", "queue", "on_the_way"),
        ("lane", "sender", "to", "pri", "cursor", "state"),
    )
    asked = [f"/api/v1/alerts?box={box}&{name}=" for box, name in product(boxes, names)]
    for address, text in product([*asked, "/inbox/?lane=", "/inbox/?cursor=", "/a/"], ODD_TEXTS):
        assert officer.get(address + text).status_code < 500, (address + text)[:80]


BODIES = {
    "a duplicate member": '{"data": {}, "data": {}}',
    "a lone surrogate": '{"data": {"\\ud800": 1}}',
    "nested too deep": '{"data": ' + "[" * 40 + "]" * 40 + "}",
    "a number that is none": '{"data": {"quantity": NaN}}',
    "no JSON at all": "data=1",
    "bytes after it": '{"data": {}} {}',
}


def test_json_that_two_readers_could_read_differently_is_refused(desk: DeskWorld) -> None:
    officer = _session(desk, "ilka")
    for case, body in BODIES.items():
        answer = officer.post("/api/v1/alerts", body, content_type="application/json")
        assert answer.status_code == 400, case
        assert answer.json()["type"] == "urn:accord:problem:malformed-request"


def test_another_content_type_is_refused_before_anything_is_read(desk: DeskWorld) -> None:
    officer = _session(desk, "ilka")
    for content_type in ("text/xml", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        answer = officer.generic("POST", "/api/v1/alerts", b"<data/>", content_type=content_type)
        assert answer.status_code == 415, content_type
        assert answer.json()["type"] == "urn:accord:problem:unsupported-media-type"


def test_a_body_over_the_limit_is_refused(desk: DeskWorld, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000
    body = json.dumps({"data": {"narrative": "x" * 10_000}})
    answer = _session(desk, "ilka").post("/api/v1/alerts", body, content_type="application/json")
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:accord:problem:too-large")


def test_a_parameter_that_comes_twice_is_refused(desk: DeskWorld) -> None:
    officer = _session(desk, "ilka")
    for query in ("box=inbox&box=outbox", "limit=1&limit=1", "cursor=&cursor="):
        answer = officer.get(f"/api/v1/alerts?{query}")
        assert (answer.status_code, answer.json()["type"]) == (400, "urn:accord:problem:malformed-request")


def test_a_stranger_cannot_make_the_desk_read_a_large_form(db: None) -> None:
    client = Client(enforce_csrf_checks=True)
    for address in ("/login/", "/drafts/new/", "/inbox/"):
        large = SimpleUploadedFile("large.bin", b"x" * (2 * 1024 * 1024))
        answer = client.post(address, {"file": large})
        assert answer.status_code == 413, address


@pytest.mark.parametrize(
    "address", ["/drafts/new/", "/science/similar/", "/keys/history/", "/desk/agencies/move-in/"]
)
def test_an_officers_large_form_is_read_where_pages_take_files(desk: DeskWorld, address: str) -> None:
    def post(there: str) -> int:
        large = SimpleUploadedFile("large.bin", b"x" * (2 * 1024 * 1024))
        return _session(desk, "ilka").post(there, {"file": large}).status_code

    assert post(address) != 413 and post("/inbox/") == 413


def test_a_file_over_the_limit_is_named_on_the_page(desk: DeskWorld) -> None:
    officer = _session(desk, "ilka")
    draft = desk.draft()
    large = SimpleUploadedFile("spectrum.bin", b"\0" * (MAX_UPLOAD_BYTES + 1024))
    form = {"revision": draft.current, "files": large, "attach": "1"}
    answer = officer.post(f"/drafts/{draft.pk}/10/", form, follow=True)
    assert "Files: over 64 MiB; split it." in answer.content.decode()


def test_a_blob_over_the_limit_is_refused_by_the_exchange(caller: Client) -> None:
    large = SimpleUploadedFile("blob-0", b"\0" * (MAX_UPLOAD_BYTES + 1024))
    parts = {name: SimpleUploadedFile(name, b"{}") for name in ("manifest", "jwe")}
    answer = caller.post("/api/v1/envelopes", {**parts, "blob-0": large})
    assert answer.status_code in {400, 413, 422}
    assert answer["Content-Type"] == "application/problem+json"


def test_too_many_files_answer_problem_json(caller: Client) -> None:
    parts = {f"blob-{n}": SimpleUploadedFile(f"blob-{n}", b"x") for n in range(60)}
    answer = caller.post("/api/v1/envelopes", parts)
    assert answer.status_code == 413
    assert json.loads(answer.content)["type"] == "urn:accord:problem:too-large"
