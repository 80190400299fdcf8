# SPDX-License-Identifier: Apache-2.0
"""Requests and tasks of tests run under the login of the role that serves them, so that a missing grant is noticed.

The suite's own connection is the owner's. For the length of a request, or of a task, it takes the login's rights by
SET ROLE; what tests do beside remains the owner's.
"""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import pytest
from celery.app.task import Task
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from psycopg import sql

from hub.roles import LOGINS

EXCHANGE_ADDRESSES = "hub.urls.exchange"
OPERATOR_ADDRESSES = "hub.urls.operator"
DESK_TASKS = ("alerts.", "officers.", "vault.")


@contextmanager
def under_login_of(role: str) -> Generator[None]:
    """Work with the rights of a role's login.

    The driver's own connection is used: these statements are none that a test should count.
    """
    try:
        connection.ensure_connection()
    except RuntimeError:
        # A test without a database: whoever needs it is told so by its own statement.
        yield
        return
    opened = connection.connection
    before = opened.execute("SELECT current_user").fetchone()[0]
    opened.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(LOGINS[role])))
    try:
        yield
    finally:
        # A transaction that failed takes SET ROLE back by itself, and a connection that was closed has ended.
        with suppress(psycopg.errors.InFailedSqlTransaction, psycopg.OperationalError):
            opened.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(before)))


def role_of_request(request: HttpRequest) -> str:
    """Return who would answer it: the exchange a partner's system at its own addresses, the desk all else.

    The operator's addresses are another process's, which a test takes on whole (`tests.operators`).

    What brings a session comes from a browser, and the exchange reads no sessions.
    """
    if settings.ROOT_URLCONF == OPERATOR_ADDRESSES:
        return "operator"
    is_system = request.META.get("HTTP_AUTHORIZATION", "").lower().startswith("api-key ")
    if is_system and settings.SESSION_COOKIE_NAME not in request.COOKIES:
        with suppress(Resolver404):
            resolve(request.path_info, urlconf=EXCHANGE_ADDRESSES)
            return "exchange"
    return "desk"


@contextmanager
def requests_and_tasks_under_their_logins() -> Generator[None]:
    """For as long as the block lasts, in this process."""
    answer, run = BaseHandler.get_response, Task.__call__

    def answer_under_login(self: BaseHandler, request: HttpRequest) -> HttpResponseBase:
        with under_login_of(role_of_request(request)):
            return answer(self, request)

    def run_under_login(self: Task, *args: Any, **kwargs: Any) -> Any:
        with under_login_of("desk-worker" if self.name.startswith(DESK_TASKS) else "worker"):
            return run(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseHandler, "get_response", answer_under_login)
        patch.setattr(Task, "__call__", run_under_login)
        yield
