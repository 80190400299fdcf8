# SPDX-License-Identifier: Apache-2.0
"""A stranger's request writes no row and is answered in few octets: every address, every method, from the URLs themselves."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from tests.security.routes import VERBS, Route, routes_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
URLCONFS: Final = ("hub.urls.desk", "hub.urls.exchange", "hub.urls.operator")
MOST_OCTETS: Final = 64 * 1024
MOST_OCTETS_OF_THE_DESCRIPTION: Final = 384 * 1024
MOST_QUERIES: Final = 7
MADE_UP: Final = {"int": 1, "uuid": uuid.UUID(int=7), "str": "no-such-thing", "slug": "no-such-thing"}
DESCRIPTION: Final = "api/schema/"


class Statements:
    """The SQL statements of a block; `writes` are those that change something."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    @property
    def writes(self) -> list[str]:
        return [
            sql
            for sql in self.asked
            if not sql.lstrip().upper().startswith(("SELECT", "SAVEPOINT", "RELEASE"))
        ]

    def note(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.asked.append(sql)
        return execute(sql, params, many, context)


@contextmanager
def statements() -> Iterator[Statements]:
    noted = Statements()
    with connection.execute_wrapper(noted.note):
        yield noted


def path_of(route: Route) -> str:
    return route.path({name: MADE_UP[kind] for name, kind in route.parameters})


@pytest.mark.parametrize("urlconf", URLCONFS)
@pytest.mark.parametrize("verb", VERBS)
def test_no_request_of_a_stranger_writes_a_row(settings: Settings, urlconf: str, verb: str) -> None:
    settings.ROOT_URLCONF = urlconf
    written, wide, busy = {}, {}, {}
    for route in routes_of(urlconf):
        address = path_of(route)
        with statements() as noted:
            answer = Client(raise_request_exception=False).generic(
                verb, address, headers={"accept-encoding": "gzip"}
            )
        if noted.writes:
            written[address] = noted.writes
        if len(noted.asked) > MOST_QUERIES:
            busy[address] = noted.asked
        most = MOST_OCTETS_OF_THE_DESCRIPTION if route.route == DESCRIPTION else MOST_OCTETS
        if len(answer.content) > most:
            wide[address] = len(answer.content)
    assert (written, wide, busy) == ({}, {}, {})
