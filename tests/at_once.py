# SPDX-License-Identifier: Apache-2.0
"""Acts that begin at one moment, each on a database connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

from accord.envelope.errors import VerificationError
from alerts.errors import AlertsError
from callers.errors import CallerError


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts at once and return, in order, what each returned or the refusal that it raised."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        start.wait(timeout=180)
        try:
            return act()
        except (AlertsError, CallerError, VerificationError) as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))
