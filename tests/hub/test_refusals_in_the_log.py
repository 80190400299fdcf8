# SPDX-License-Identifier: Apache-2.0
"""Strangers' malformed requests fill no log: one short line for each kind and minute."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django import Settings

from hub.logs import REFUSALS_EVERY_SECS, BriefRefusals


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(clock: Clock) -> Iterator[io.StringIO]:
    """The output of the hub's own log handler, which begins with no memory of refusals."""
    handlers = [one for one in logging.getLogger("django.security").handlers if one.filters]
    (handler,) = handlers
    assert isinstance(handler, logging.StreamHandler) and not logging.getLogger("django.security").propagate
    written, kept = io.StringIO(), handler.filters[:]
    before = handler.setStream(written)
    handler.filters[:] = [BriefRefusals(clock)]
    yield written
    handler.filters[:] = kept
    handler.setStream(before)


def send_bad_host(times: int) -> None:
    for number in range(times):
        answer = Client(raise_request_exception=False).get(
            "/livez", headers={"host": f"evil{number}.example"}
        )
        assert answer.status_code == 400


def test_a_host_that_is_not_ours_leaves_one_short_line_a_minute(
    settings: Settings, log: io.StringIO, clock: Clock
) -> None:
    settings.ALLOWED_HOSTS = ["hub.example"]
    send_bad_host(5)
    (line,) = log.getvalue().splitlines()
    assert len(line) < 300
    assert "evil" not in line and "Traceback" not in line and "exception" not in line
    assert json.loads(line)["event"] == "request refused: DisallowedHost, and 0 more since the last line"
    clock.at += REFUSALS_EVERY_SECS
    send_bad_host(1)
    assert "DisallowedHost, and 4 more" in log.getvalue().splitlines()[1]


@pytest.mark.django_db
def test_a_form_without_its_token_leaves_one_too(log: io.StringIO) -> None:
    for _ in range(3):
        Client(enforce_csrf_checks=True).post("/login/", {"username": "secret@xa-lab.example"})
    (line,) = log.getvalue().splitlines()
    assert json.loads(line)["event"] == "request refused: csrf, and 0 more since the last line"
