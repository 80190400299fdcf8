# SPDX-License-Identifier: Apache-2.0
"""Faster equivalents of what is done for each test client, request, file and transactional test.

`ACCORD_WITHOUT_SPEEDUPS=1` has the suite go without them, and without worlds, schema and hasher of its own.
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

WITHOUT_SPEEDUPS: Final = "ACCORD_WITHOUT_SPEEDUPS" in os.environ
"""True if the environment switches the faster ways off."""
LOADED: Final = (
    "_view_middleware",
    "_template_response_middleware",
    "_exception_middleware",
    "_middleware_chain",
)
"""Attributes that `load_middleware` sets on a handler."""
KEPT: Final = frozenset({"django_content_type", "auth_permission"})
"""Tables whose rows follow from the models."""
ALLOCATIONS: Final = 20_000
"""Allocations between two collections of the youngest objects; Python's own 2,000 suit a heap a tenth as large."""


@contextmanager
def speedups() -> Generator[None]:
    """Use all of them inside the block, except the one for the collection."""
    with ExitStack() as taken:
        for way in () if WITHOUT_SPEEDUPS else WAYS:
            taken.enter_context(way())
        yield


@contextmanager
def middleware_loaded_once() -> Generator[None]:
    """Load the middleware once for all test clients: each would load its own, and whitenoise would list every static file.

    A changed setting makes it load anew, as middleware reads settings when it is loaded.
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
    """Delete rows after a transactional test.

    Django truncates every table, which makes hundreds of files anew, and then works out content types, permissions
    and the logins' grants again, which are all still there. As with TRUNCATE, other writers are waited for.
    """

    def delete_rows(self: object, style: object, tables: list[str], **_: object) -> list[str]:
        names = [f'"{table}"' for table in sorted(set(tables) - KEPT)]
        deletes = [f"DELETE FROM {name}" for name in names]  # noqa: S608 - names of the catalogue
        return ["; ".join([f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE", *deletes])]

    with pytest.MonkeyPatch.context() as patch:
        # On the class, for every connection: while a browser's event loop runs in this thread, Django uses another one.
        patch.setattr(type(connection.ops), "sql_flush", delete_rows)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *_, **__: None)
        yield


@contextmanager
def connections_stay_open() -> Generator[None]:
    """Keep a serving thread's connection to the database open for as long as its client keeps its own.

    The served hub draws from a pool; Django's test server would connect anew for each request.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(connections.settings["default"], "CONN_MAX_AGE", None)
        yield


@contextmanager
def without_fsync() -> Generator[None]:
    """Skip `fsync`: as with the test database, no written file needs to outlive a power cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: os.fstat(descriptor) and None)
        yield


WAYS: Final = (middleware_loaded_once, quick_flush, connections_stay_open, without_fsync)


@contextmanager
def exempt_from_collection() -> Generator[None]:
    """Exempt all that the block imports and makes from garbage collection: it stays to the end of the run.

    Modules and test items are a million objects, which each full collection would walk through again.
    """
    if WITHOUT_SPEEDUPS:
        yield
        return
    gc.disable()
    yield
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, *gc.get_threshold()[1:])
    gc.enable()
