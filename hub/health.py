# SPDX-License-Identifier: Apache-2.0
"""Three questions, three addresses: does this process live, can it take requests, does the whole hub do its work.

A balancer asks the second and takes a process out that fails it; so nothing stands there that all processes would
fail together while they still serve. A sequencer that is silent is the third: intake goes on without it.
"""

import threading
import time
from datetime import timedelta
from typing import Final

from django.apps import apps
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from accord.version import VERSION
from callers import clock
from callers.binding import has_maker
from hub import faults
from ledger.halting import halt_reason
from sharing import backpressure
from sharing.waiting import late_since

SEQUENCER_SILENT_SECONDS = 10
LOOKED_AT_EVERY_SECS: Final = 10.0


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """200 while the process runs; asks nobody."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 while this process can take requests, else 503 with why: `database`, `migrations`, `storage`."""
    failing = _faults_of_process()
    return JsonResponse({"ready": not failing, "failing": failing}, status=503 if failing else 200)


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the hub does its work, else 503 with what does not: the above, `sequencer`, `clock`, `desk`, `contacts`,
    `policy`.

    `desk` is a feed that has waited two minutes for the desk-worker, `contacts` a mail to an agency's contact point that
    has waited as long for the worker or the mail server. `policy` is an agency's policy, or its entry in the
    desk's directory, that was written past the program; only a process that holds the key-encryption key can tell.
    `clock` stands for a sequencer that halted for its clock; why is on the operator's page, not here.
    """
    failing = _faults_of_process()
    if "database" not in failing:
        failing += _faults_of_hub()
    said = {"healthy": not failing, "failing": failing, "version": VERSION}
    return JsonResponse(said, status=503 if failing else 200)


def _faults_of_process() -> list[str]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        waits = MIGRATIONS.are_pending()
    except DatabaseError:
        return ["database"]
    return [*(["migrations"] if waits else []), *(["storage"] if faults.STORAGE.is_lately() else [])]


def _faults_of_hub() -> list[str]:
    try:
        silent = backpressure.sequencer_silence(clock.now())
        is_halted = bool(halt_reason())
        is_desk_late = _is_desk_late()
        is_mail_late = late_since(now=clock.now()) is not None
        is_altered = POLICIES.are_altered()
    except DatabaseError:
        return ["database"]
    found = {"desk": is_desk_late, "contacts": is_mail_late, "policy": is_altered}
    return [
        *_fault_of_sequencer(silent, is_halted=is_halted),
        *(name for name, stands in found.items() if stands),
    ]


def _is_desk_late() -> bool:
    """Of a process that knows of a desk."""
    if not apps.is_installed("peers"):
        return False
    from peers.progress import desk_depth

    return desk_depth().is_late(clock.now())


def _fault_of_sequencer(silent: timedelta | None, *, is_halted: bool) -> list[str]:
    if is_halted:
        return ["clock"]
    return ["sequencer"] if silent is None or silent.total_seconds() > SEQUENCER_SILENT_SECONDS else []


class Migrations:
    """Whether this code waits for a migration. Once none is pending none becomes so: that takes new code, a new process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._are_pending = True
        self._looked_at = float("-inf")

    def are_pending(self) -> bool:
        """Looked up at most every ten seconds, since anybody may ask; raises DatabaseError."""
        with self._lock:
            if self._are_pending and time.monotonic() - self._looked_at >= LOOKED_AT_EVERY_SECS:
                executor = MigrationExecutor(connection)
                self._are_pending = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
                self._looked_at = time.monotonic()
            return self._are_pending


class Policies:
    """Whether an agency's policy or entry was written past the program."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._are_altered = False
        self._looked_at = float("-inf")

    def are_altered(self) -> bool:
        """Looked up at most every ten seconds, since anybody may ask; raises DatabaseError."""
        with self._lock:
            if time.monotonic() - self._looked_at >= LOOKED_AT_EVERY_SECS:
                self._are_altered = _are_policies_altered()
                self._looked_at = time.monotonic()
            return self._are_altered


def _are_policies_altered() -> bool:
    """Only a process that holds the key-encryption key can tell."""
    if not has_maker():
        return False
    from officers.policy_in_force import altered_policies
    from peers.entries import altered_agencies

    return bool(altered_policies() or altered_agencies())


MIGRATIONS: Final = Migrations()
POLICIES: Final = Policies()
