# SPDX-License-Identifier: Apache-2.0
"""Run requests and tasks of tests under the login of the role that serves them, so that a missing grant is noticed.

The suite's own connection is the owner's. For the length of a request, or of a task, it takes the login's rights by
SET ROLE; the rest of a test keeps the owner's.
"""

import contextvars
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
from psycopg.pq import ExecStatus, TransactionStatus

from hub import halves
from hub.roles import EXCHANGE, LOGINS, ROLES

EXCHANGE_ADDRESSES = "hub.urls.exchange"
DESK_ADDRESSES = "hub.urls.desk"
OPERATOR_ADDRESSES = "hub.urls.operator"
ROLES_BY_ADDRESSES = {EXCHANGE_ADDRESSES: "exchange", OPERATOR_ADDRESSES: "operator"}
WORKERS = {"agencies": "exchange-worker", "sharing": "exchange-worker", "notices": "mailer"}
"""The role that runs a task, by the task's app; the desk-worker runs those of all other apps."""
TAKE_ROLE = "WITH before AS MATERIALIZED (SELECT current_user AS name) SELECT name, set_config('role', '{}', false) FROM before"
"""SET ROLE that returns the former role, in one round trip: thousands of requests take and give back a role."""
_plays: contextvars.ContextVar[str] = contextvars.ContextVar("plays", default="")


@contextmanager
def under_login_of(role: str) -> Generator[None]:
    """Work with the rights of a role's login inside the block.

    The library under the driver is used: a test counts none of these statements, and a cursor takes longer than they do.
    """
    try:
        connection.ensure_connection()
    except RuntimeError:
        # The test has no database; code that needs one fails with its own statement.
        yield
        return
    opened = connection.connection
    if not opened.autocommit and opened.pgconn.transaction_status == TransactionStatus.IDLE:
        # The driver begins its transaction only now; the role is to end with it if it fails.
        opened.execute("SELECT")
    before = _run(opened, TAKE_ROLE.format(LOGINS[role]))
    played = _plays.set(role)
    try:
        yield
    finally:
        _plays.reset(played)
        # A failed transaction undoes SET ROLE by itself, and a closed connection has no role to give back.
        with suppress(psycopg.errors.InFailedSqlTransaction, psycopg.OperationalError):
            _run(opened, f'SET ROLE "{before}"')


def _run(opened: psycopg.Connection, statement: str) -> str:
    """Run one statement; return the first value that it gives."""
    result = opened.pgconn.exec_(statement.encode())
    if result.status not in {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}:
        raise psycopg.errors.error_from_result(result)
    return (result.get_value(0, 0) or b"").decode()


def role_of_request(request: HttpRequest) -> str:
    """Return the role that would answer the request: the exchange at its own addresses, the desk at all others.

    At the addresses of both, a request with an API key goes to the exchange, and one with a session, which comes from
    a browser, to the desk. The operator's addresses are another process's, which a test takes on whole
    (`tests.operators`).
    """
    if settings.ROOT_URLCONF in ROLES_BY_ADDRESSES:
        return ROLES_BY_ADDRESSES[settings.ROOT_URLCONF]
    if request.COOKIES.get(settings.SESSION_COOKIE_NAME) or not _is_of(request, EXCHANGE_ADDRESSES):
        return "desk"
    is_system = request.META.get("HTTP_AUTHORIZATION", "").lower().startswith("api-key ")
    return "exchange" if is_system or not _is_of(request, DESK_ADDRESSES) else "desk"


def _is_of(request: HttpRequest, addresses: str) -> bool:
    try:
        resolve(request.path_info, urlconf=addresses)
    except Resolver404:
        return False
    return True


def is_of_the_exchange() -> bool:
    """Tell whether this process now plays a role of the exchange."""
    return ROLES[_plays.get() or settings.HUB_ROLE].half == EXCHANGE


@contextmanager
def requests_and_tasks_under_their_logins() -> Generator[None]:
    """Give each request and task inside the block, in this process, the rights of its role."""
    from agencies.authentication import ApiKeyAuthentication
    from officers.login.authentication import DeskKeyAuthentication

    answer, run = BaseHandler.get_response, Task.__call__
    knows_key, knows_desk_key = ApiKeyAuthentication.authenticate, DeskKeyAuthentication.authenticate

    def answer_under_login(self: BaseHandler, request: HttpRequest) -> HttpResponseBase:
        role = role_of_request(request)
        if role == "exchange":
            request.urlconf = EXCHANGE_ADDRESSES
        with under_login_of(role):
            return answer(self, request)

    def authenticate(self: ApiKeyAuthentication, request: Any) -> Any:
        # A view that a test calls directly has no address of either half.
        return knows_key(self, request) if _plays.get() in {"", "exchange"} else None

    def authenticate_at_desk(self: DeskKeyAuthentication, request: Any) -> Any:
        return None if _plays.get() == "exchange" else knows_desk_key(self, request)

    def run_under_login(self: Task, *args: Any, **kwargs: Any) -> Any:
        with under_login_of(WORKERS.get(self.name.partition(".")[0], "desk-worker")):
            return run(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseHandler, "get_response", answer_under_login)
        patch.setattr(Task, "__call__", run_under_login)
        patch.setattr(ApiKeyAuthentication, "authenticate", authenticate)
        patch.setattr(DeskKeyAuthentication, "authenticate", authenticate_at_desk)
        patch.setattr(halves, "is_of_the_exchange", is_of_the_exchange)
        yield
