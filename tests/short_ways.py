# SPDX-License-Identifier: Apache-2.0
"""Shorter ways to the same end for what is done for each test client, request, file and transactional test.

`ACCORD_LONG_WAYS=1` has the suite go without them, and without worlds, schema and hasher of its own.
"""

import gc
import os
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import pytest
from django.core.management.commands import flush
from django.db import connection, connections
from django.test.client import ClientHandler
from django.test.signals import setting_changed

LONG_WAYS: Final = "ACCORD_LONG_WAYS" in os.environ
"""Whether nothing is shortened."""
LOADED: Final = (
    "_view_middleware",
    "_template_response_middleware",
    "_exception_middleware",
    "_middleware_chain",
)
"""What `load_middleware` leaves in a handler."""
KEPT: Final = frozenset({"django_content_type", "auth_permission"})
"""Tables of which the rows follow from the models."""
ALLOCATIONS: Final = 20_000
"""Between two searches of the youngest objects; Python's own 2,000 suit a heap a tenth as large."""


@contextmanager
def short_ways() -> Generator[None]:
    """Take all of them, but the one of the collection, for as long as the block lasts."""
    with ExitStack() as taken:
        for way in () if LONG_WAYS else WAYS:
            taken.enter_context(way())
        yield


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


WAYS: Final = (middleware_loaded_once, quick_flush, connections_stay_open, disk_not_waited_for)


@contextmanager
def what_is_collected_stays() -> Generator[None]:
    """Keep what the block imports and makes from ever being searched for unreachable objects: it stays to the end of the run.

    Modules and test items are a million objects, which each full search would walk through again.
    """
    if LONG_WAYS:
        yield
        return
    gc.disable()
    yield
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, *gc.get_threshold()[1:])
    gc.enable()
