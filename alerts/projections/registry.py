# SPDX-License-Identifier: Apache-2.0
"""Projections: rows that features derive from alerts. A feature registers once, when its app is ready.

- `on_filed` runs for all received alerts, of any marking and opened or not, when their rows are saved: one, or several at once.
- `on_received` and `on_sent` run inside the transaction that files the alert; a second run changes nothing.
- `on_received` never has an alert marked RED; `on_sent` has it, and keeps nothing of it.
- `on_forgotten` deletes what is kept of received alerts whose `keep` has passed, inside the transaction that forgets them.
- `wants_file` chooses, by name and size in octets, files that `on_received` receives in the clear.
- `each_round` is run in each round of the desk-worker; one that raises does not stop the others.
- `task` is called after a round where `has_work`, for work that takes longer than a round may.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from alerts.document.reading import ReadDocument
from alerts.models import Alert, ReceivedAlert
from callers.task_calls import call_task


def _nothing(*_: object) -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class Projection:
    """Hooks of one feature in the life of an alert."""

    name: str
    on_filed: Callable[[Sequence[ReceivedAlert]], None] = _nothing
    on_received: Callable[[ReceivedAlert, ReadDocument], None] = _nothing
    on_sent: Callable[[Alert, Mapping[str, Any]], None] = _nothing
    on_forgotten: Callable[[Sequence[ReceivedAlert]], None] = _nothing
    wants_file: Callable[[str, int], bool] = lambda filename, size: False
    each_round: Sequence[Callable[[datetime], object]] = ()
    task: str = ""
    has_work: Callable[[], bool] = lambda: False


_registered: Final[dict[str, Projection]] = {}


def register(projection: Projection) -> None:
    """Add a feature's projection; raises ValueError for a name that is taken."""
    if projection.name in _registered:
        raise ValueError(f"projection {projection.name} is registered twice")
    _registered[projection.name] = projection


def projections() -> Iterable[Projection]:
    """Return all projections, in the order in which they were registered."""
    return _registered.values()


def wants_file(filename: str, size: int) -> bool:
    """Tell whether any projection wants the file in the clear."""
    return any(projection.wants_file(filename, size) for projection in projections())


def call_tasks_with_work() -> None:
    for projection in projections():
        if projection.task and projection.has_work():
            call_task(projection.task)
