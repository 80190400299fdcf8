# SPDX-License-Identifier: Apache-2.0
"""Shorter ways to the same end for what is done for each test client, request, file and transactional test."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from django.core.management.commands import flush
from django.db import connection, connections
from django.test.client import ClientHandler
from django.test.signals import setting_changed

LOADED: Final = (
    "_view_middleware",
    "_template_response_middleware",
    "_exception_middleware",
    "_middleware_chain",
)
"""What `load_middleware` leaves in a handler."""
KEPT: Final = frozenset({"django_content_type", "auth_permission"})
"""Tables of which the rows follow from the models."""


@contextmanager
def middleware_loaded_once() -> Generator[None]:
    """One chain for all test clients: each would load its own, and whitenoise list every static file for it.

    A changed setting makes a new one, as middleware reads settings when it is loaded.
    """
    load, loaded = ClientHandler.load_middleware, dict[str, Any]()

    def load_once(self: ClientHandler, is_async: bool = False) -> None:
        if not loaded:
            load(self, is_async)
            loaded.update((name, vars(self)[name]) for name in LOADED)
        vars(self).update(loaded)

    def forget(**_: object) -> None:
        loaded.clear()

    setting_changed.connect(forget)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClientHandler, "load_middleware", load_once)
        yield
    setting_changed.disconnect(forget)


@contextmanager
def quick_flush() -> Generator[None]:
    """After a transactional test the rows are deleted.

    Django truncates every table, which makes hundreds of files anew, and then works out content types, permissions
    and the logins' grants again: nobody took those. As with TRUNCATE, whoever still writes is waited for.
    """

    def delete_rows(self: object, style: object, tables: list[str], **_: object) -> list[str]:
        names = [f'"{table}"' for table in sorted(set(tables) - KEPT)]
        deletes = [f"DELETE FROM {name}" for name in names]  # noqa: S608 - names of the catalogue
        return ["; ".join([f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE", *deletes])]

    with pytest.MonkeyPatch.context() as patch:
        # Of every connection: while a browser's event loop runs in this thread, Django uses another than without.
        patch.setattr(type(connection.ops), "sql_flush", delete_rows)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *_, **__: None)
        yield


@contextmanager
def connections_stay_open() -> Generator[None]:
    """A thread that serves keeps its connection to the database for as long as its client keeps its own.

    The served hub draws from a pool; Django's test server would connect anew for each request.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(connections.settings["default"], "CONN_MAX_AGE", None)
        yield


@contextmanager
def disk_not_waited_for() -> Generator[None]:
    """As with the test database, what is written need not outlive the machine: no test takes its power away."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: os.fstat(descriptor) and None)
        yield
