# SPDX-License-Identifier: Apache-2.0
"""A write with an `Idempotency-Key` happens once, and no row holds the request's content."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from agencies.expiring_rows import Challenge
from agencies.tasks import tidy
from agencies.tidying import forget_expired
from callers.actors import ApiClient
from callers.errors import IdempotencyKeyReusedError, InputError, RequestInProgressError
from callers.idempotency import GIVEN_UP_AFTER, KEPT_FOR, Outcome, idempotent
from callers.models import IdempotentRequest
from tests.agencies.world import NOW, admit

pytestmark = pytest.mark.django_db
ALPHA = ApiClient("xa-lab", "case system", "0" * 12, frozenset())
BRAVO = ApiClient("xb-health", "case system", "1" * 12, frozenset())
TICK = timedelta(microseconds=1)


class Work:
    """A write that must happen once; `done` counts its calls."""

    def __init__(self) -> None:
        self.done = 0

    def __call__(self) -> Outcome:
        self.done += 1
        return Outcome(201, f"thing-{self.done}")


def request_of(body: Any = None, *, key: str | None = "k-1", path: str = "/things") -> Request:
    headers = {} if key is None else {"HTTP_IDEMPOTENCY_KEY": key}
    plain = APIRequestFactory().post(path, {"a": 1} if body is None else body, format="json", **headers)
    return Request(plain, parsers=[JSONParser()])


def upload_of(content: bytes, *, key: str = "k-1") -> Request:
    parts = {"keyset": SimpleUploadedFile("keyset.json", content), "note": "x"}
    plain = APIRequestFactory().post("/things", parts, format="multipart", HTTP_IDEMPOTENCY_KEY=key)
    return Request(plain, parsers=[MultiPartParser()])


def test_the_second_request_gets_the_first_outcome() -> None:
    work = Work()
    first = idempotent(request_of(), ALPHA, work, now=NOW)
    second = idempotent(request_of(), ALPHA, work, now=NOW + timedelta(hours=1))
    assert (first, second) == (Outcome(201, "thing-1"), Outcome(201, "thing-1", is_replayed=True))
    assert work.done == 1


def test_without_a_key_every_request_counts() -> None:
    work = Work()
    for _ in range(2):
        idempotent(request_of(key=None), ALPHA, work, now=NOW)
    assert work.done == 2
    assert not IdempotentRequest.objects.exists()


def test_two_actors_may_choose_the_same_key() -> None:
    work = Work()
    idempotent(request_of(), ALPHA, work, now=NOW)
    assert idempotent(request_of(), BRAVO, work, now=NOW).resource == "thing-2"


OTHER = {"another body": ({"a": 2}, "/things"), "another address": ({"a": 1}, "/others")}


@pytest.mark.parametrize(("body", "path"), OTHER.values(), ids=OTHER.keys())
def test_the_same_key_with_another_request_is_refused(body: Any, path: str) -> None:
    work = Work()
    idempotent(request_of(), ALPHA, work, now=NOW)
    with pytest.raises(IdempotencyKeyReusedError):
        idempotent(request_of(body, path=path), ALPHA, work, now=NOW)
    assert work.done == 1


def test_the_order_of_members_makes_no_other_request() -> None:
    work = Work()
    idempotent(request_of({"a": 1, "b": 2}), ALPHA, work, now=NOW)
    assert idempotent(request_of({"b": 2, "a": 1}), ALPHA, work, now=NOW).is_replayed


def test_files_are_part_of_the_request_and_stay_readable() -> None:
    work = Work()
    first = upload_of(b"one")
    idempotent(first, ALPHA, work, now=NOW)
    assert first.FILES["keyset"].read() == b"one"
    assert idempotent(upload_of(b"one"), ALPHA, work, now=NOW).is_replayed
    with pytest.raises(IdempotencyKeyReusedError):
        idempotent(upload_of(b"two"), ALPHA, work, now=NOW)


def test_a_refused_request_leaves_the_key_free() -> None:
    def refuse() -> Outcome:
        raise InputError("a", "wrong")

    with pytest.raises(InputError):
        idempotent(request_of(), ALPHA, refuse, now=NOW)
    assert idempotent(request_of(), ALPHA, Work(), now=NOW) == Outcome(201, "thing-1")


@pytest.mark.parametrize(("age", "may"), [(GIVEN_UP_AFTER - TICK, False), (GIVEN_UP_AFTER, True)])
def test_a_request_whose_process_died_is_taken_over_after_a_minute(age: timedelta, may: bool) -> None:
    idempotent(request_of(), ALPHA, Work(), now=NOW)
    IdempotentRequest.objects.update(status=None, resource="")
    if may:
        assert idempotent(request_of(), ALPHA, Work(), now=NOW + age).status == 201
    else:
        with pytest.raises(RequestInProgressError):
            idempotent(request_of(), ALPHA, Work(), now=NOW + age)


@pytest.mark.parametrize("key", ["", "has space", "ä", "x" * 121])
def test_a_key_of_another_form_is_refused(key: str) -> None:
    with pytest.raises(InputError):
        idempotent(request_of(key=key), ALPHA, Work(), now=NOW)


def test_no_row_holds_what_was_sent() -> None:
    idempotent(request_of({"title": "Blue tablets"}), ALPHA, Work(), now=NOW)
    row = IdempotentRequest.objects.values().get()
    assert b"Blue" not in bytes(row["request_mac"])
    assert "Blue" not in str(row)


def test_rows_that_have_served_are_removed_on_the_tick() -> None:
    idempotent(request_of(), ALPHA, Work(), now=NOW)
    Challenge.objects.create(
        chal="c" * 43, agency_id=admit("xa-lab").pk, nonce_digests={}, expires_at=NOW + KEPT_FOR
    )
    assert forget_expired(now=NOW + KEPT_FOR - TICK) == 0
    assert forget_expired(now=NOW + KEPT_FOR) == 2


def test_the_task_that_beat_asks_for_may_run_at_any_time() -> None:
    idempotent(request_of(), ALPHA, Work(), now=timezone.now() - KEPT_FOR)
    for _ in range(2):
        tidy()
    assert not IdempotentRequest.objects.exists()


class RefusedError(Exception):
    """An error that the write itself raises."""


@pytest.mark.django_db(transaction=True)
def test_a_key_that_is_given_back_while_others_ask_for_it_breaks_nothing() -> None:
    def refuse() -> Outcome:
        raise RefusedError

    def ask(_: int) -> type[Exception]:
        try:
            idempotent(request_of(), ALPHA, refuse, now=timezone.now())
        except Exception as raised:  # noqa: BLE001 - which one is the question
            return type(raised)
        finally:
            connection.close()
        raise AssertionError("the work was done")

    with ThreadPoolExecutor(8) as pool:
        seen = set(pool.map(ask, range(240)))
    assert seen <= {RefusedError, RequestInProgressError}
    assert not IdempotentRequest.objects.exists()
